"""A ledger over any book: keys, sizes and outer forms in one place."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime
from functools import partial
from operator import methodcaller
from typing import Final, Protocol, TypeVar

from gateway.ledger import Claim, MailingSummary, Outcome, Permit, Reservation
from gateway.ledger.claiming import Book, settle, take
from gateway.ledger.keys import (
    Key,
    KeyChanged,
    KeyedClaim,
    Keyring,
    attempt_number,
    keyed,
    keyed_permit,
    mailing_number,
    mailing_text,
    milliseconds,
)
from gateway.ledger.returns import Returns
from gateway.model import Unavailable, Usage

T = TypeVar("T")
Work = Callable[[Book], T]

MANY: Final = 1000
"""Persons above which their ids are made beside the event loop."""
SWEPT: Final = 500
"""Rows that one transaction sweeps, so that nobody waits long for it."""
_SWEEPS: Final = 100
_LATELY: Final = 1000
_OUTCOMES: Final = {outcome.value: outcome for outcome in Outcome}


class Keeper(Protocol):
    """Where a book is kept."""

    async def agree(self, proposal: Key) -> str:
        """Record the key unless there is a record; return the one that stands. Raises Unavailable."""
        ...

    async def transact(self, key: Key, work: Work[T], *, concluding: bool) -> T:
        """Do the work in one durable transaction (``concluding`` as for ``Store.run``).

        Raises Unavailable, and KeyChanged where the record is another.
        """
        ...

    async def close(self) -> None:
        """Let go of the book."""
        ...


class BookLedger:
    """``Ledger`` over a kept book; see the Protocol for what the methods promise."""

    def __init__(self, keeper: Keeper, key: Key | None = None) -> None:
        """Keep the keeper, and the key if it comes from a file."""
        self._keeper = keeper
        self._ring = Keyring(key, keeper.agree)
        self._returns = Returns()
        self._lately: dict[str, tuple[Key, KeyedClaim]] = {}
        """Claims under way in keyed form, so that it is not made again when they end."""

    async def reserve(self, claim: Claim) -> Reservation:
        """Count and, when it fits, hold the persons of ``claim``, in one atomic step."""

        def prepare(key: Key) -> Work[Plain]:
            ours = keyed(claim, key)
            if len(self._lately) < _LATELY:
                self._lately[claim.attempt] = (key, ours)
            return partial(take_claim, ours)

        if self._returns:
            await self._returns.before(claim.attempt)
        try:
            taken = await self._do(prepare, len(claim.persons))
        except (Unavailable, asyncio.CancelledError):
            self._returns.start(claim.attempt, self._release(claim))
            raise
        reservation = _reservation(claim, taken)
        if reservation.outcome is not Outcome.GRANTED:
            self._lately.pop(claim.attempt, None)  # it holds nothing, so that nobody commits or releases it
        return reservation

    async def commit(self, reservation: Reservation, accepted: Collection[str], at: datetime) -> None:
        """Turn the reservation into reached persons: those of ``accepted``. Idempotent."""

        def prepare(key: Key) -> Work[None]:
            ours = self._once_more(reservation.claim, key, accepted, at)
            mailing = mailing_number(reservation.usage.mailing)
            return partial(settle_claim, ours, ours.mailing if mailing is None else mailing)

        try:
            await self._do(prepare, len(accepted), concluding=True)
        finally:
            self._lately.pop(reservation.claim.attempt, None)

    def _once_more(self, claim: Claim, key: Key, accepted: Collection[str], at: datetime) -> KeyedClaim:
        """Return the keyed form of a claim at its end, from that at its beginning where all persons are accepted."""
        made_with, before = self._lately.get(claim.attempt, (None, None))
        if before is None or made_with is not key or claim.persons.keys() != set(accepted):
            return keyed(replace(claim, at=at), key, accepted)
        return before.moved(at)

    async def release(self, reservation: Reservation) -> None:
        """Give the reservation back: nothing was delivered. Idempotent."""
        await self._release(reservation.claim)

    async def _release(self, claim: Claim) -> None:
        self._lately.pop(claim.attempt, None)

        def prepare(key: Key) -> Work[None]:
            attempt = attempt_number(claim, key)
            return partial(drop_attempt, attempt)

        await self._do(prepare, concluding=True)

    async def grant(self, permit: Permit) -> None:
        """Store a permit; one with the same id is replaced."""

        def prepare(key: Key) -> Work[None]:
            ours = keyed_permit(permit, key)
            return methodcaller("grant", ours)

        await self._do(prepare)

    async def permits(self, at: datetime) -> list[Permit]:
        """List the permits that are still good, soonest to end first."""
        return await self._do(lambda _: methodcaller("permits", milliseconds(at)))

    async def revoke(self, permit_id: str) -> bool:
        """End a permit; tell whether there was one."""
        return await self._do(lambda _: methodcaller("revoke", permit_id))

    async def mailings(self, at: datetime) -> list[MailingSummary]:
        """List the mailings inside their window, latest first."""
        return await self._do(lambda _: methodcaller("mailings", milliseconds(at)))

    async def forget(self, mailing: str) -> bool:
        """Forget a mailing; tell whether there was one."""
        number = mailing_number(mailing)
        return number is not None and await self._do(lambda _: methodcaller("forget", number))

    async def sweep(self, at: datetime) -> int:
        """Delete a bounded batch of what has expired; return how many rows went."""
        swept = 0
        for _ in range(_SWEEPS):
            went = await self._do(lambda _: methodcaller("sweep", milliseconds(at), SWEPT))
            swept += went
            if went < SWEPT:
                break
        return swept

    async def ping(self) -> None:
        """Raise Unavailable unless the store answers."""
        await self._do(lambda _: _nothing)

    async def close(self) -> None:
        """Let go of the store."""
        await self._returns.quiet()
        await self._keeper.close()

    async def _do(self, prepare: Callable[[Key], Work[T]], size: int = 0, *, concluding: bool = False) -> T:
        for _ in range(2):
            key = self._ring.sure or await self._ring.current()
            work = await asyncio.to_thread(prepare, key) if size > MANY else prepare(key)
            try:
                return await self._keeper.transact(key, work, concluding=concluding)
            except KeyChanged:
                self._ring.doubt()
        raise Unavailable("ledger", "its key keeps changing")


# --- work, as functions that can travel to another process ----------------------------------------


Plain = tuple[int, int, int, int, int, str, int]
"""What a claim came to, in numbers: mailing, reached, own, reserved, announced, outcome, permitted."""


def take_claim(claim: KeyedClaim, book: Book) -> Plain:
    """Count and hold a claim's persons; see ``claiming.take``."""
    taken = take(book, claim)
    found, ruling = taken.found, taken.ruling
    return (
        taken.mailing,
        found.reached,
        found.own,
        found.reserved,
        found.announced,
        ruling.outcome.value,
        ruling.permitted,
    )


def settle_claim(claim: KeyedClaim, mailing: int, book: Book) -> None:
    """Count a claim's persons as reached; see ``claiming.settle``."""
    settle(book, claim, mailing)


def drop_attempt(attempt: int, book: Book) -> None:
    """Give up what an attempt holds."""
    book.unhold(attempt, 0)


def _nothing(_: Book) -> None:
    return


def _reservation(claim: Claim, taken: Plain) -> Reservation:
    """Return the answer to a claim in its outer form."""
    mailing, reached, own, reserved, announced, outcome, permitted = taken
    usage = Usage(
        mailing=mailing_text(mailing),
        reached=reached,
        own=own,
        reserved=reserved,
        announced=announced,
        permitted=permitted,
    )
    return Reservation(outcome=_OUTCOMES[outcome], claim=claim, usage=usage)
