"""Who has been reached by which mailing: one Protocol, several stores, one contract."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Protocol

from gateway.model import Fingerprint, Usage


class Outcome(Enum):
    """What a claim came to."""

    GRANTED = "granted"
    """The persons are reserved for this message."""
    OVER = "over"
    """Reached and own persons (or announced ones) exceed the limit; nothing was reserved."""
    CONTENDED = "contended"
    """Only the reservations of others stand in the way; nothing was reserved: ask again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One message's wish to reach persons as part of a mailing."""

    attempt: str
    """Our reference of the message: the same attempt claimed twice is claimed once."""
    sender: str
    """The responsible sender, folded."""
    identities: tuple[str, ...]
    """XFORWARD IDENT, Message-ID: each alone makes two messages the same mailing. May be empty."""
    fingerprint: Fingerprint
    """Near-identical content makes two messages the same mailing."""
    persons: Mapping[str, int]
    """Canonical person → how many persons it stands for."""
    announced: int
    """Persons visible in this message (To, Cc, declared groups)."""
    limit: int | None
    """Most persons that a mailing may reach; None only counts (observe)."""
    at: datetime
    """Aware, UTC."""
    window: timedelta
    """How long a person counts as reached."""
    hold: timedelta
    """When this reservation expires by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """The ledger's answer to a claim."""

    outcome: Outcome
    claim: Claim
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """Persons that one mailing (or any, once) of a sender may reach until a time."""

    id: str
    sender: str
    mailing: str | None
    """None fits the first mailing that needs it."""
    persons: int
    """Persons in all, those already reached not charged."""
    until: datetime
    used: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MailingSummary:
    """One remembered mailing, pseudonymous."""

    id: str
    sender: str
    """Keyed pseudonym."""
    reached: int
    reserved: int
    announced: int
    first: datetime
    last: datetime


class Ledger(Protocol):
    """Atomic count-and-claim of persons; each call is durable when it returns.

    Every method raises ``Unavailable("ledger", …)`` when the store cannot answer; nothing is then
    counted. Addresses are never stored: only keyed ids (HMAC-SHA-256) of them.
    """

    async def reserve(self, claim: Claim) -> Reservation:
        """Count and, when it fits, hold the persons of ``claim``, in one atomic step."""
        ...

    async def commit(self, reservation: Reservation, accepted: Collection[str], at: datetime) -> None:
        """Turn the reservation into reached persons: those of ``accepted`` (canonical persons). Idempotent."""
        ...

    async def release(self, reservation: Reservation) -> None:
        """Give the reservation back: nothing was delivered. Idempotent."""
        ...

    async def grant(self, permit: Permit) -> None:
        """Store a permit."""
        ...

    async def permits(self, at: datetime) -> list[Permit]:
        """List the permits that are still good, soonest to end first."""
        ...

    async def revoke(self, permit_id: str) -> bool:
        """End a permit; tell whether there was one."""
        ...

    async def mailings(self, at: datetime) -> list[MailingSummary]:
        """List the mailings inside their window, latest first."""
        ...

    async def forget(self, mailing: str) -> bool:
        """Forget a mailing and whom it reached; tell whether there was one."""
        ...

    async def sweep(self, at: datetime) -> int:
        """Delete a bounded batch of what has expired; return how many rows went."""
        ...

    async def ping(self) -> None:
        """Raise Unavailable unless the store answers."""
        ...

    async def close(self) -> None:
        """Let go of the store."""
        ...
