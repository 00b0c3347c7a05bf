"""What it takes to claim and commit persons, over any book that remembers mailings.

These steps run inside one transaction of the book; nobody else sees what is between them. The script in ``lua/``
takes the same steps inside Redis, and one suite of tests holds it to them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from gateway.ledger import MailingSummary, Outcome, Permit
from gateway.ledger.counting import SAME, SIMILAR, Allowance, Count, Ruling, count, decide, likeness
from gateway.ledger.keys import KeyedClaim, KeyedPermit


class Book(Protocol):
    """Memory of mailings. Numbers as in ``KeyedClaim``; what has expired at ``at`` is as if it were not there."""

    def holder(self, attempt: int, at: int) -> int | None:
        """Return the mailing for which an attempt holds persons."""
        ...

    def marked(self, marks: Collection[int], at: int) -> set[int]:
        """Return the mailings that these marks belong to."""
        ...

    def contents(self, sender: int, at: int) -> Sequence[tuple[bytes, int]]:
        """Return minima and mailing (see ``root``) of the sender's contents, the latest used, ``RECALLED`` at most."""
        ...

    def root(self, mailing: int) -> int | None:
        """Return what became of a mailing; None when it is forgotten."""
        ...

    def begin(self, mailing: int, claim: KeyedClaim) -> None:
        """Remember a new mailing."""
        ...

    def join(self, mailings: Collection[int], at: int) -> int:
        """Make these mailings one, under the name of the oldest; return that."""
        ...

    def remember(self, mailing: int, claim: KeyedClaim, content: bytes) -> None:
        """Tie the claim's marks, and ``content`` unless empty, to the mailing for as long as it is recognised."""
        ...

    def reached(self, mailing: int, at: int) -> int:
        """Return how many persons the mailing has reached."""
        ...

    def known(self, mailing: int, persons: Collection[int], at: int) -> dict[int, int]:
        """Return those of ``persons`` that the mailing has reached, and their weights."""
        ...

    def held(self, mailing: int, besides: int, at: int) -> list[Mapping[int, int]]:
        """Return the persons of the mailing's reservations but that of the attempt ``besides``, in any grouping."""
        ...

    def allowances(self, sender: int, mailing: int, at: int) -> list[Allowance]:
        """Return what the sender's permits mean for the mailing: its own first, then the soonest to end."""
        ...

    def hold(self, mailing: int, claim: KeyedClaim, permit: str | None) -> None:
        """Reserve the claim's persons, in place of what the attempt held before."""
        ...

    def unhold(self, attempt: int, at: int) -> tuple[int, str | None] | None:
        """Drop an attempt's reservation; return its mailing and the permit it leant on, unless it has expired."""
        ...

    def charge(self, mailing: int, sender: int, persons: Mapping[int, int], at: int) -> None:
        """Note which persons are reached for the first time, if the sender has a permit that may count them."""
        ...

    def reach(self, mailing: int, persons: Mapping[int, int], at: int, until: int) -> None:
        """Note that an accepted message has reached persons; they count until ``until``."""
        ...

    def bind(self, permit: str, sender: int, mailing: int) -> None:
        """Make a permit that the sender has for any mailing one for this mailing."""
        ...

    def grant(self, permit: KeyedPermit) -> None:
        """Keep a permit."""
        ...

    def permits(self, at: int) -> list[Permit]:
        """Return the permits that are still good."""
        ...

    def revoke(self, permit: str) -> bool:
        """Drop a permit."""
        ...

    def mailings(self, at: int) -> list[MailingSummary]:
        """Return the mailings inside their window."""
        ...

    def forget(self, mailing: int) -> bool:
        """Drop a mailing and all that hangs on it."""
        ...

    def sweep(self, at: int, most: int) -> int:
        """Delete at most about ``most`` rows that have expired."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a claim came to in a book."""

    mailing: int
    found: Count
    ruling: Ruling


def take(book: Book, claim: KeyedClaim) -> Taken:
    """Find the claim's mailing, count, and hold the claim's persons where the ruling says so."""
    mailing = _locate(book, claim)
    # Without a limit nothing depends on the reservations of others, and there may be any number of them.
    others = [] if claim.limit is None else book.held(mailing, claim.attempt, claim.at)
    known = book.known(mailing, claim.persons.keys() | set().union(*others), claim.at)
    found = count(book.reached(mailing, claim.at), known, claim.persons, others, claim.announced)
    ruling = decide(claim.limit, found)
    if ruling.outcome is not Outcome.GRANTED:
        ruling = decide(claim.limit, found, book.allowances(claim.sender, mailing, claim.at))
    if ruling.outcome is Outcome.GRANTED:
        book.hold(mailing, claim, ruling.permit)
    else:
        book.unhold(claim.attempt, claim.at)
    return Taken(mailing=mailing, found=found, ruling=ruling)


def settle(book: Book, claim: KeyedClaim, mailing: int) -> None:
    """Count the claim's persons as reached at ``claim.at``.

    ``mailing`` is what the claim was told; where its reservation is gone, the mailing is found again by every means.
    """
    held = book.unhold(claim.attempt, claim.at)
    mailing = held[0] if held is not None else _locate(book, replace(claim, mailing=mailing))
    book.charge(mailing, claim.sender, claim.persons, claim.at)
    book.reach(mailing, claim.persons, claim.at, claim.until)
    if held is not None and held[1] is not None:
        book.bind(held[1], claim.sender, mailing)


def _locate(book: Book, claim: KeyedClaim) -> int:
    """Return the one mailing that the claim belongs to; what it ties together becomes one."""
    found = book.marked(claim.marks, claim.at)
    holder = book.holder(claim.attempt, claim.at)
    if holder is not None:
        found.add(holder)
    content, closest = claim.minima, SAME
    for minima, mailing in book.contents(claim.sender, claim.at) if claim.minima else ():
        share = likeness(minima, claim.minima)
        if share < SIMILAR:
            continue
        root = mailing if mailing in found else book.root(mailing)
        if root is not None:
            found.add(root)
        if root is not None and share >= closest:
            content, closest = minima, share
    mailing = book.join(found, claim.at) if found else _begun(book, claim)
    book.remember(mailing, claim, content)
    return mailing


def _begun(book: Book, claim: KeyedClaim) -> int:
    """Return the claim's own mailing: an attempt that nothing else ties to one meets itself here when repeated."""
    own = book.root(claim.mailing)
    if own is not None:
        return own
    book.begin(claim.mailing, claim)
    return claim.mailing
