"""What an operator may see and do of mailings (2.3): counts and pseudonyms, no address; each act is journalled."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from gateway.config import Settings
from gateway.ledger import Ledger, MailingSummary, Permit
from gateway.ledger.open import open_ledger
from gateway.model import Refused, Unavailable
from gateway.motivation.register import Motivation
from gateway.operator import note, responsible_of
from gateway.policy.rules import Policy
from gateway.stores import open_register

T = TypeVar("T")

MOST_HOURS: Final = 24 * 31
_ID: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_ID_LENGTH: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A permit as an operator asks for it."""

    sender: str
    persons: int
    hours: float
    mailing: str | None = None
    """None fits the first mailing of the sender that needs it."""


def listed(settings: Settings) -> list[dict[str, Any]]:
    """Return the mailings inside their window, latest first. Raises Refused."""
    return [_row(mailing) for mailing in _with_ledger(settings, lambda ledger: ledger.mailings(_now()))]


def shown(settings: Settings, mailing: str) -> dict[str, Any]:
    """Return one mailing with the permits that it may lean on. Raises Refused."""

    async def look(ledger: Ledger) -> tuple[list[MailingSummary], list[Permit]]:
        return await ledger.mailings(_now()), await ledger.permits(_now())

    mailings, permits = _with_ledger(settings, look)
    found = next((m for m in mailings if m.id == mailing), None)
    if found is None:
        raise Refused(f"no mailing {mailing} is remembered; see: utpost mailings list")
    fitting = [p for p in permits if p.sender == found.sender and p.mailing in (None, found.id)]
    return {**_row(found), "permits": [_permit_row(p) for p in fitting]}


def forget(settings: Settings, mailing: str) -> str:
    """Forget a mailing, whom it reached and what is in flight; return a line. Raises Refused."""
    if not _with_ledger(settings, lambda ledger: ledger.forget(mailing)):
        raise Refused(f"no mailing {mailing} is remembered; see: utpost mailings list")
    note(settings, "mailing_forgotten", mailing)
    return f"mailing {mailing} is forgotten: whom it reached no longer counts"


def permit(settings: Settings, policy: Policy, wish: Wish) -> str:
    """Grant a permit and return a line. Raises Refused."""
    sender = responsible_of(settings, policy, wish.sender)
    if wish.persons < 1:
        raise Refused("--persons must be 1 or more")
    if not 0 < wish.hours <= MOST_HOURS:
        raise Refused(f"--hours must be more than 0 and at most {MOST_HOURS}")
    now = _now()
    granted = Permit(
        id="".join(secrets.choice(_ID) for _ in range(_ID_LENGTH)),
        sender=sender,
        mailing=wish.mailing,
        persons=wish.persons,
        until=now + timedelta(hours=wish.hours),
        since=now,
    )

    async def grant(ledger: Ledger) -> bool:
        if wish.mailing is not None and wish.mailing not in {m.id for m in await ledger.mailings(now)}:
            return False
        await ledger.grant(granted)
        return True

    if not _with_ledger(settings, grant):
        raise Refused(f"no mailing {wish.mailing} is remembered; see: utpost mailings list")
    note(settings, "permit_granted", f"{granted.id} {wish.mailing or 'any'} {wish.persons}")
    which = f"mailing {wish.mailing}" if wish.mailing else "the sender's next mailing that needs it"
    until = granted.until.isoformat(timespec="minutes")
    return f"permit {granted.id}: {which} may reach {wish.persons} more persons until {until}"


def permits(settings: Settings) -> list[dict[str, Any]]:
    """Return the permits that are still good, soonest to end first. Raises Refused."""
    return [_permit_row(p) for p in _with_ledger(settings, lambda ledger: ledger.permits(_now()))]


def revoke(settings: Settings, permit_id: str) -> str:
    """End a permit and return a line. Raises Refused."""
    if not _with_ledger(settings, lambda ledger: ledger.revoke(permit_id)):
        raise Refused(f"there is no permit {permit_id}; see: utpost mailings permits")
    note(settings, "permit_revoked", permit_id)
    return f"permit {permit_id} is revoked; whom it has let through already stays reached"


def reasons(settings: Settings) -> list[dict[str, Any]]:
    """Return the register of motivated exceptions, latest first; the look is journalled. Raises Refused."""

    async def work() -> list[Motivation]:
        register = open_register(settings)
        try:
            return await register.listed()
        finally:
            await register.close()

    try:
        found = asyncio.run(work())
    except Unavailable as error:
        raise Refused(f"the register cannot be read: {error.why}") from None
    note(settings, "reasons_read", str(len(found)))
    return [_reason_row(motivation) for motivation in found]


def _reason_row(motivation: Motivation) -> dict[str, Any]:
    return {
        "at": motivation.at.isoformat(timespec="seconds"),
        "sender": motivation.sender,
        "mailing": motivation.mailing,
        "persons": motivation.persons,
        "state": motivation.state.value,
        "decider": motivation.decider or None,
        "permit": motivation.permit,
        "reason": motivation.reason,
    }


def _row(mailing: MailingSummary) -> dict[str, Any]:
    return {
        "id": mailing.id,
        "sender": mailing.sender,
        "reached": mailing.reached,
        "reserved": mailing.reserved,
        "announced": mailing.announced,
        "first": mailing.first.isoformat(timespec="seconds"),
        "last": mailing.last.isoformat(timespec="seconds"),
    }


def _permit_row(granted: Permit) -> dict[str, Any]:
    return {
        "id": granted.id,
        "sender": granted.sender,
        "mailing": granted.mailing,
        "persons": granted.persons,
        "used": granted.used,
        "until": granted.until.isoformat(timespec="seconds"),
    }


def _with_ledger(settings: Settings, ask: Callable[[Ledger], Awaitable[T]]) -> T:
    if settings.ledger.url == "memory":
        raise Refused('ledger.url is "memory": only the running process knows its mailings')

    async def work() -> T:
        ledger = open_ledger(settings.ledger.url, state=settings.state.directory, key_file=settings.ledger.key_file)
        try:
            return await ask(ledger)
        finally:
            await ledger.close()

    try:
        return asyncio.run(work())
    except Unavailable as error:
        raise Refused(f"the ledger cannot be asked: {error.why}") from None


def _now() -> datetime:
    return datetime.now(UTC)
