"""What an operator may do to a running Utpost; each act is journalled."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

from email_validator import EmailNotValidError, validate_email

from gateway.config import Settings
from gateway.model import Refused, Unavailable
from gateway.policy.rules import EVERY_RULE, Policy
from gateway.policy.sender import fold, read_plain
from gateway.secret import installation_secret
from gateway.stores import open_journal
from gateway.switches import read_switches, write_switches


def switch(settings: Settings, known: Collection[str], wanted: str | None, *, to_observe: bool) -> str:
    """Put a rule into observe or take it back, and return one line for the operator.

    ``wanted`` is a rule, ``*`` for every rule, or None, which only tells how the switches are. Raises Refused.
    """
    state = settings.state.directory
    before = read_switches(state)
    if wanted is None:
        return _told(before)
    if wanted != EVERY_RULE and wanted not in known:
        raise Refused(f"there is no rule {wanted!r}; there are: {', '.join(known)}")
    after = _changed(before, known, wanted, to_observe=to_observe)
    try:
        write_switches(state, after)
    except OSError as error:
        raise Refused(f"{state} cannot be written ({error.strerror})") from None
    note(settings, "observe" if to_observe else "enforce", wanted)
    return _told(after)


def _changed(before: frozenset[str], known: Collection[str], wanted: str, *, to_observe: bool) -> frozenset[str]:
    if wanted == EVERY_RULE:
        return frozenset({EVERY_RULE}) if to_observe else frozenset()
    if to_observe:
        return before | {wanted}
    opened = frozenset(known) if EVERY_RULE in before else before
    return opened - {wanted}


def _told(switches: frozenset[str]) -> str:
    if EVERY_RULE in switches:
        return "every rule only observes; take it back with: utpost enforce --all"
    if not switches:
        return "no rule is switched to observe"
    return f"only observing: {', '.join(sorted(switches))}; take it back with: utpost enforce RULE"


def note(settings: Settings, kind: str, text: str) -> None:
    """Note an act in the journal. It is done already; a journal that cannot be written must be said, not hidden."""
    journal = open_journal(settings, installation_secret(settings.state.directory))
    try:
        journal.write_event(datetime.now(UTC), kind, text)
    except Unavailable as error:
        raise Refused(f"done, but the journal could not note it ({error.why})") from None
    finally:
        journal.close_blocking()


def responsible_of(settings: Settings, policy: Policy, text: str) -> str:
    """Return the responsible sender that an address means, as the stores know it. Raises Refused."""
    try:
        validate_email(text, check_deliverability=False)
    except EmailNotValidError:
        raise Refused("--sender must be an e-mail address") from None
    address = fold(read_plain(text), policy.people.aliases)
    if address.domain not in settings.scope.folded:
        raise Refused(f"--sender must be in scope: {', '.join(sorted(settings.scope.folded))}")
    return str(address)
