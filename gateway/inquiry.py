"""What may be asked of the journal: a reference, figures, what operators did; a sender for a reason that is kept."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from gateway.config import Settings
from gateway.journal.journal import Journal, Tally
from gateway.journal.record import Record, pseudonym
from gateway.model import Refused, Unavailable
from gateway.operator import responsible_of
from gateway.policy.rules import Policy
from gateway.secret import installation_secret
from gateway.stores import open_journal

T = TypeVar("T")

SHORTEST_REASON: Final = 10
LONGEST_REASON: Final = 500


def by_reference(settings: Settings, reference: str) -> list[dict[str, Any]]:
    """Return the records of a reference, oldest first: one for each attempt. Raises Refused."""
    found = _with_journal(settings, lambda journal: journal.search(reference))
    if not found:
        days = settings.journal.retention_days
        raise Refused(f"no record of {reference.strip().upper()}: mistyped, or older than {days} days")
    return [record.as_object() for record in found]


def stats(settings: Settings, days: int) -> Tally:
    """Count the messages of the last days. Raises Refused."""
    since = _since(settings, days)
    return _with_journal(settings, lambda journal: journal.tally(since))


def acts(settings: Settings, days: int) -> list[dict[str, Any]]:
    """Return what operators did, oldest first. Raises Refused."""
    since = _since(settings, days)
    events = _with_journal(settings, lambda journal: journal.events(since))
    return [{"at": event.at.isoformat(timespec="seconds"), "act": event.kind, "of": event.text} for event in events]


def of_sender(settings: Settings, policy: Policy, sender: str, reason: str) -> list[dict[str, Any]]:
    """Return a sender's records, oldest first. The look and its reason are journalled before anything is shown.

    Raises Refused: for an address out of scope, a reason too short, or a journal that cannot note the look.
    """
    address = responsible_of(settings, policy, sender)
    why = " ".join(reason.split())
    if not SHORTEST_REASON <= len(why) <= LONGEST_REASON:
        raise Refused(f"--reason must be a text of {SHORTEST_REASON} to {LONGEST_REASON} characters: it is kept")
    since = _since(settings, settings.journal.retention_days)

    async def noted_look(journal: Journal) -> list[Record]:
        name = pseudonym(address, installation_secret(settings.state.directory))
        found = await journal.of_sender(name, since)
        await asyncio.to_thread(
            journal.write_event, datetime.now(UTC), "sender_looked_up", f"{name} {len(found)} {why}"
        )
        return found

    return [record.as_object() for record in _with_journal(settings, noted_look)]


def figures(tally: Tally) -> dict[str, Any]:
    """Return a tally in JSON's types."""
    return {
        "days": {day: dict(verdicts) for day, verdicts in tally.days.items()},
        "rules": {rule: dict(kinds) for rule, kinds in tally.rules.items()},
        "persons": dict(tally.persons),
        "codes": {str(code): count for code, count in tally.codes.items()},
    }


def sums(days: Iterable[dict[str, int]]) -> dict[str, int]:
    """Add up the verdicts of some days."""
    whole: Counter[str] = Counter()
    for day in days:
        whole.update(day)
    return dict(whole)


def _since(settings: Settings, days: int) -> datetime:
    most = settings.journal.retention_days
    if not 1 <= days <= most:
        raise Refused(f"--days must be 1 to {most}: older records are deleted (journal.retention_days)")
    return datetime.now(UTC) - timedelta(days=days)


def _with_journal(settings: Settings, ask: Callable[[Journal], Awaitable[T]]) -> T:
    if not (settings.state.directory / "journal.db").is_file():
        raise Refused(f"{settings.state.directory} holds no journal; name the state directory with --state")

    async def work() -> T:
        journal = open_journal(settings, installation_secret(settings.state.directory))
        try:
            return await ask(journal)
        finally:
            await journal.close()

    try:
        return asyncio.run(work())
    except Unavailable as error:
        raise Refused(f"the journal cannot be read or written: {error.why}") from None
