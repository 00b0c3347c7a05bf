"""What the outbox hands out: the fate of a letter, a letter in a courier's hands, a digest that is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum

from gateway.letters.letter import Held


class Fate(Enum):
    """What became of a letter that was ready to go."""

    READY = "ready"
    """A courier will take it."""
    REPEATED = "repeated"
    """Its reader was told the same lately; erased."""
    HELD = "held"
    """Its reader has got enough for today; erased, and kept in mind for a digest."""
    GONE = "gone"
    """There is no such pending letter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxTerms:
    """How much one reader is told, and how long a courier may take."""

    repeat: timedelta = timedelta(hours=24)
    """One letter per (reader, rule, mailing) within this."""
    advice: timedelta = timedelta(days=7)
    """One letter of advice per (reader, rule) within this."""
    daily: int = 20
    """Letters to one reader within 24 hours; what exceeds it is told in a digest."""
    per_rule: int = 5
    """Letters to one reader about the same rules within 24 hours; what exceeds it is told in a digest too."""
    digest_after: timedelta = timedelta(hours=6)
    """A digest is written when the first letter of it was held this long ago."""
    lease: timedelta = timedelta(minutes=10)
    """A claimed letter that is neither sent nor failed after this may be claimed again; longer than any delivery."""
    unknown: timedelta = timedelta(minutes=15)
    """A letter that has been pending for so long is dropped: nobody will release it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A letter in the hands of one courier."""

    id: int
    lease: str
    kind: str
    recipient: str
    message_id: str
    reference: str
    octets: bytes
    written_at: datetime
    attempts: int
    """Deliveries tried before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A letter as the operator sees it, without its words."""

    id: int
    state: str
    kind: str
    recipient: str
    reference: str
    written_at: datetime
    due_at: datetime
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DueDigest:
    """What one reader was not told yet."""

    recipient: str
    held: tuple[Held, ...]
    ids: tuple[int, ...]


def item_of(lease: str, row: tuple[int, str, str, str, str, bytes, int, int]) -> Item:
    """Return a claimed letter from its row."""
    number, kind, recipient, message_id, reference, octets, written_at, attempts = row
    return Item(
        id=number,
        lease=lease,
        kind=kind,
        recipient=recipient,
        message_id=message_id,
        reference=reference,
        octets=octets,
        written_at=time_of(written_at),
        attempts=attempts,
    )


def waiting_of(row: tuple[int, str, str, str, str, int, int, int]) -> Waiting:
    """Return a letter from its row."""
    number, state, kind, recipient, reference, written_at, due_at, attempts = row
    return Waiting(
        id=number,
        state=state,
        kind=kind,
        recipient=recipient,
        reference=reference,
        written_at=time_of(written_at),
        due_at=time_of(due_at),
        attempts=attempts,
    )


def ms(at: datetime) -> int:
    """Return a time in milliseconds since 1970, as the file keeps it."""
    return int(at.timestamp() * 1000)


def span_ms(span: timedelta) -> int:
    """Return a span in milliseconds."""
    return int(span.total_seconds() * 1000)


def time_of(milliseconds: int) -> datetime:
    """Return the time that ``ms`` made a number of."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
