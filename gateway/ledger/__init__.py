"""Who has been reached by which mailing: one Protocol, several stores, one contract."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Protocol

from gateway.model import Fingerprint, Unavailable, Usage


class Outcome(Enum):
    """What a claim came to."""

    GRANTED = "granted"
    """The persons are reserved for this message: both ``usage.total + usage.reserved`` and ``usage.announced`` fit."""
    OVER = "over"
    """``usage.total`` or ``usage.announced`` exceeds limit and permit; nothing was reserved."""
    CONTENDED = "contended"
    """Only the reservations of others stand in the way; nothing was reserved: ask again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One message's wish to reach persons as part of a mailing."""

    attempt: str
    """Our reference of the message: the same attempt claimed twice is claimed once, and the later claim stands."""
    sender: str
    """The responsible sender, folded."""
    identities: tuple[str, ...]
    """XFORWARD IDENT, Message-ID: each alone makes two messages the same mailing. May be empty."""
    fingerprint: Fingerprint
    """Near-identical content makes two messages the same mailing."""
    persons: Mapping[str, int]
    """Canonical person → how many persons it stands for."""
    announced: int
    """Persons visible in this message (To, Cc, declared groups); over the limit, they alone decide."""
    limit: int | None
    """Most persons that a mailing may reach; None only counts reached persons (observe):
    ``usage.reserved`` is then 0."""
    at: datetime
    """Aware, UTC."""
    window: timedelta
    """How long a person counts as reached, from the last message that reached them; and a mailing is recognised."""
    hold: timedelta
    """This long after ``at`` the reservation expires by itself."""


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
    """The responsible sender, folded, when granted; a keyed pseudonym when listed."""
    mailing: str | None
    """None fits the first mailing that needs it, and belongs to that one as soon as a message is accepted on it."""
    persons: int
    """Persons in all that may be reached, those that the mailing reached before ``since`` not charged."""
    until: datetime
    used: int = 0
    """Persons charged so far. Not read when granted."""
    since: datetime | None = None
    """When it was granted. None charges every person of the mailing: it may then reach ``persons`` and no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailingSummary:
    """One remembered mailing, pseudonymous. One that was only refused has reached nobody."""

    id: str
    """As in ``Usage.mailing``."""
    sender: str
    """Keyed pseudonym."""
    reached: int
    reserved: int
    announced: int
    """The most that any accepted message of it named in the open."""
    first: datetime
    last: datetime


class KeyMismatch(Unavailable):
    """The store was written with another key than ours: a person must choose. A reason not to start."""

    def __init__(self, why: str) -> None:
        """Say which key would fit."""
        super().__init__("ledger", why)


class Ledger(Protocol):
    """Atomic count-and-claim of persons; each call is durable when it returns.

    Every method raises ``Unavailable("ledger", …)`` when the store cannot answer; nothing is then
    counted. Addresses are never stored: only keyed ids (HMAC-SHA-256) of them. Messages that share an
    identity, or whose content is near-identical, are one mailing from then on, whatever they were before.
    """

    async def reserve(self, claim: Claim) -> Reservation:
        """Count and, when it fits, hold the persons of ``claim``, in one atomic step."""
        ...

    async def commit(self, reservation: Reservation, accepted: Collection[str], at: datetime) -> None:
        """Turn the reservation into reached persons: those of ``accepted`` (canonical persons). Idempotent.

        Counts even where the reservation has expired or the store has forgotten everything: they were reached.
        """
        ...

    async def release(self, reservation: Reservation) -> None:
        """Give the reservation back: nothing was delivered. Idempotent."""
        ...

    async def grant(self, permit: Permit) -> None:
        """Store a permit; one with the same id is replaced."""
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
        """Forget a mailing, whom it reached and what is in flight; tell whether there was one."""
        ...

    async def sweep(self, at: datetime) -> int:
        """Delete a bounded batch of what has expired; return how many rows went."""
        ...

    async def ping(self) -> None:
        """Raise Unavailable unless the store answers; KeyMismatch where it was written with another key."""
        ...

    async def close(self) -> None:
        """Let go of the store."""
        ...
