"""The ledger of a single process that forgets everything when it ends: for trying out, and as the others' measure."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, TypeVar

from gateway.ledger import MailingSummary, Permit
from gateway.ledger.books import BookLedger, Work
from gateway.ledger.claiming import Book
from gateway.ledger.counting import RECALLED, Allowance, allowance_of, count
from gateway.ledger.keys import (
    Key,
    KeyedClaim,
    KeyedPermit,
    mailing_text,
    moment,
    plain_permit,
    record_of,
    sender_text,
)

T = TypeVar("T")


def memory_ledger(key: Key | None = None) -> BookLedger:
    """Return an empty ledger in memory."""
    return BookLedger(_Keeper(), key)


class _Keeper:
    def __init__(self) -> None:
        self._book: Book = MemoryBook()

    async def agree(self, proposal: Key) -> str:
        return record_of(proposal)

    async def transact(self, key: Key, work: Work[T], *, concluding: bool) -> T:  # noqa: ARG002 - nobody else is here
        return work(self._book)

    async def close(self) -> None:
        self._book = MemoryBook()


@dataclass(frozen=True, slots=True)
class _Reached:
    weight: int
    until: int


@dataclass(slots=True, kw_only=True)
class _Mailing:
    sender: int
    first: int
    last: int
    until: int
    announced: int = 0
    reached: dict[int, _Reached] = field(default_factory=dict)
    charged: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Person → when first reached under a permit, and weight."""

    def alive(self, at: int) -> Iterator[tuple[int, int]]:
        return ((person, r.weight) for person, r in self.reached.items() if r.until > at)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    mailing: int
    until: int
    permit: str | None
    persons: Mapping[int, int]


class MemoryBook:
    """``claiming.Book`` in dictionaries."""

    def __init__(self) -> None:
        """Start empty."""
        self._mailings: dict[int, _Mailing] = {}
        self._became: dict[int, tuple[int, int]] = {}
        self._marks: dict[int, tuple[int, int]] = {}
        self._contents: dict[int, dict[bytes, tuple[int, int]]] = {}
        self._held: dict[int, _Held] = {}
        self._permits: dict[str, KeyedPermit] = {}

    # --- finding the mailing ---------------------------------------------------------------------

    def holder(self, attempt: int, at: int) -> int | None:
        """Return the mailing for which an attempt holds persons."""
        held = self._held.get(attempt)
        return held.mailing if held is not None and held.until > at else None

    def marked(self, marks: Collection[int], at: int) -> set[int]:
        """Return the mailings that these marks belong to."""
        found = {self.root(m[0]) for m in map(self._marks.get, marks) if m is not None and m[1] > at}
        return {m for m in found if m is not None}

    def contents(self, sender: int, at: int) -> Sequence[tuple[bytes, int]]:
        """Return minima and mailing of the sender's contents, the latest used."""
        alive = ((until, minima, m) for minima, (m, until) in self._contents.get(sender, {}).items() if until > at)
        return [(minima, mailing) for _, minima, mailing in heapq.nlargest(RECALLED, alive)]

    def root(self, mailing: int) -> int | None:
        """Return what became of a mailing."""
        while mailing in self._became:
            mailing = self._became[mailing][0]
        return mailing if mailing in self._mailings else None

    def begin(self, mailing: int, claim: KeyedClaim) -> None:
        """Remember a new mailing."""
        self._became.pop(mailing, None)
        self._mailings[mailing] = _Mailing(sender=claim.sender, first=claim.at, last=claim.at, until=claim.until)

    def join(self, mailings: Collection[int], at: int) -> int:
        """Make these mailings one, under the name of the oldest."""
        oldest, *others = sorted(mailings, key=lambda m: (self._mailings[m].first, m))
        for other in others:
            self._absorb(oldest, other, at)
        return oldest

    def _absorb(self, into: int, gone: int, at: int) -> None:
        ours, theirs = self._mailings[into], self._mailings.pop(gone)
        for person, weight in theirs.alive(at):
            ours.reached[person] = _merged(ours.reached.get(person), _Reached(weight, theirs.reached[person].until), at)
        for person, (first, weight) in theirs.charged.items():
            known = ours.charged.get(person, (first, weight))
            ours.charged[person] = (min(first, known[0]), max(weight, known[1]))
        ours.last, ours.until = max(ours.last, theirs.last), max(ours.until, theirs.until)
        ours.announced = max(ours.announced, theirs.announced)
        for attempt, held in self._held.items():
            if held.mailing == gone:
                self._held[attempt] = replace(held, mailing=into)
        for permit in self._permits.values():
            if permit.mailing == gone:
                self._permits[permit.id] = replace(permit, mailing=into)
        self._became[gone] = (into, theirs.until)

    def remember(self, mailing: int, claim: KeyedClaim, content: bytes) -> None:
        """Tie the claim's marks and content to the mailing for as long as it is recognised."""
        for mark in claim.marks:
            self._marks[mark] = (mailing, claim.tied_until)
        if content:
            self._contents.setdefault(claim.sender, {})[content] = (mailing, claim.tied_until)
        found = self._mailings[mailing]
        found.last = max(found.last, claim.at)
        found.until = max(found.until, claim.tied_until)

    # --- counting --------------------------------------------------------------------------------

    def reached(self, mailing: int, at: int) -> int:
        """Return how many persons the mailing has reached."""
        return sum(weight for _, weight in self._mailings[mailing].alive(at))

    def known(self, mailing: int, persons: Collection[int], at: int) -> dict[int, int]:
        """Return those of ``persons`` that the mailing has reached, and their weights."""
        return {person: weight for person, weight in self._mailings[mailing].alive(at) if person in persons}

    def held(self, mailing: int, besides: int, at: int) -> list[Mapping[int, int]]:
        """Return the persons of each reservation of the mailing but one attempt's."""
        return [h.persons for a, h in self._held.items() if h.mailing == mailing and a != besides and h.until > at]

    def allowances(self, sender: int, mailing: int, at: int) -> list[Allowance]:
        """Return what the sender's permits mean for the mailing."""
        fit = [p for p in self._good(at) if p.sender == sender and p.mailing in {None, mailing}]
        fit.sort(key=lambda p: (p.mailing is None, p.until, p.id))
        reached = self.reached(mailing, at)
        return [
            allowance_of(
                p.id,
                persons=p.persons,
                reached=reached,
                charged=self._charged(mailing, p.since, at),
                taken=p.mailing is None and self._leaning(p.id, mailing, at),
            )
            for p in fit
        ]

    def _good(self, at: int) -> Iterator[KeyedPermit]:
        return (p for p in self._permits.values() if p.until > at)

    def _leaning(self, permit: str, besides: int, at: int) -> bool:
        return any(h.permit == permit and h.mailing != besides and h.until > at for h in self._held.values())

    def _charged(self, mailing: int, since: int | None, at: int) -> int:
        if since is None:
            return self.reached(mailing, at)
        found = self._mailings[mailing]
        alive = dict(found.alive(at))
        return sum(weight for person, (first, weight) in found.charged.items() if first >= since and person in alive)

    # --- changing --------------------------------------------------------------------------------

    def hold(self, mailing: int, claim: KeyedClaim, permit: str | None) -> None:
        """Reserve the claim's persons, in place of what the attempt held before."""
        self._held[claim.attempt] = _Held(
            mailing=mailing, until=claim.held_until, permit=permit, persons=dict(claim.persons)
        )
        found = self._mailings[mailing]
        found.announced = max(found.announced, claim.announced)

    def unhold(self, attempt: int, at: int) -> tuple[int, str | None] | None:
        """Drop an attempt's reservation; return its mailing and the permit it leant on, unless it has expired."""
        held = self._held.pop(attempt, None)
        return (held.mailing, held.permit) if held is not None and held.until > at else None

    def charge(self, mailing: int, sender: int, persons: Mapping[int, int], at: int) -> None:
        """Note which persons are reached for the first time, if the sender has a permit that may count them."""
        if any(p.sender == sender for p in self._good(at)):
            known = self.known(mailing, persons.keys(), at)
            fresh = {person: (at, weight) for person, weight in persons.items() if person not in known}
            self._mailings[mailing].charged.update(fresh)

    def reach(self, mailing: int, persons: Mapping[int, int], at: int, until: int) -> None:
        """Note that an accepted message has reached persons."""
        found = self._mailings[mailing]
        for person, weight in persons.items():
            found.reached[person] = _merged(found.reached.get(person), _Reached(weight, until), at)
        found.last, found.until = max(found.last, at), max(found.until, until)

    def bind(self, permit: str, sender: int, mailing: int) -> None:
        """Make a permit that the sender has for any mailing one for this mailing."""
        found = self._permits.get(permit)
        if found is not None and found.sender == sender and found.mailing is None:
            self._permits[permit] = replace(found, mailing=mailing)

    def grant(self, permit: KeyedPermit) -> None:
        """Keep a permit."""
        root = None if permit.mailing is None else self.root(permit.mailing)
        self._permits[permit.id] = permit if root is None else replace(permit, mailing=root)

    def revoke(self, permit: str) -> bool:
        """Drop a permit."""
        return self._permits.pop(permit, None) is not None

    def forget(self, mailing: int) -> bool:
        """Drop a mailing and all that hangs on it."""
        root = self.root(mailing)
        if root is None:
            return False
        del self._mailings[root]
        self._held = {attempt: held for attempt, held in self._held.items() if held.mailing != root}
        return True

    # --- lists and sweeping ----------------------------------------------------------------------

    def permits(self, at: int) -> list[Permit]:
        """Return the permits that are still good, soonest to end first."""
        return [plain_permit(p, self._used(p, at)) for p in sorted(self._good(at), key=lambda p: (p.until, p.id))]

    def _used(self, permit: KeyedPermit, at: int) -> int:
        known = permit.mailing is not None and permit.mailing in self._mailings
        return self._charged(permit.mailing or 0, permit.since, at) if known else 0

    def mailings(self, at: int) -> list[MailingSummary]:
        """Return the mailings inside their window, latest first."""
        alive = [(number, m) for number, m in self._mailings.items() if m.until > at]
        alive.sort(key=lambda pair: (-pair[1].last, pair[0]))
        return [
            MailingSummary(
                id=mailing_text(number),
                sender=sender_text(m.sender),
                reached=self.reached(number, at),
                reserved=count(0, dict(m.alive(at)), {}, self.held(number, 0, at), 0).reserved,
                announced=m.announced,
                first=moment(m.first),
                last=moment(m.last),
            )
            for number, m in alive
        ]

    def sweep(self, at: int, most: int) -> int:
        """Delete at most ``most`` entries that have expired; a mailing goes with whom it reached."""
        expired = list(islice(self._expired(at), most))
        for table, key in expired:
            del table[key]
        return len(expired)

    def _expired(self, at: int) -> Iterator[tuple[dict[Any, Any], Any]]:
        ties: list[dict[Any, tuple[int, int]]] = [self._marks, self._became, *self._contents.values()]
        for tie in ties:
            yield from ((tie, key) for key, (_, until) in tie.items() if until <= at)
        tables: list[dict[Any, Any]] = [self._held, self._permits, self._mailings]
        for table in (*tables, *(m.reached for m in self._mailings.values())):
            yield from ((table, key) for key, entry in table.items() if entry.until <= at)


def _merged(one: _Reached | None, other: _Reached, at: int) -> _Reached:
    """Return one person's entry from two; one that has expired says nothing about the weight."""
    if one is None or one.until <= at:
        return other
    return _Reached(max(one.weight, other.weight), max(one.until, other.until))
