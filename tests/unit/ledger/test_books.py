"""What every ledger over a book does about keys and sizes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest

from gateway.ledger import Outcome
from gateway.ledger.books import MANY, BookLedger, Work
from gateway.ledger.keys import Key, KeyChanged, key_of, record_of
from gateway.ledger.memory import MemoryBook
from gateway.model import Unavailable
from tests.support.claims import START, WINDOW, claim, deliver, persons

T = TypeVar("T")


class Keeper:
    """A keeper whose record changes before each of the next ``changes`` transactions."""

    def __init__(self, changes: int) -> None:
        self.changes = changes
        self.record = ""
        self.book = MemoryBook()
        self.concluding: list[bool] = []

    async def agree(self, proposal: Key) -> str:
        self.record = self.record or record_of(proposal)
        return self.record

    async def transact(self, key: Key, work: Work[T], *, concluding: bool) -> T:
        self.concluding.append(concluding)
        if self.changes:
            self.changes -= 1
            self.record = record_of(key_of(b"%032d" % self.changes, given=False))
        if not self.record.startswith(key.id):
            raise KeyChanged
        return work(self.book)

    async def close(self) -> None:
        """Nothing to do."""


async def test_a_key_that_others_replaced_is_adopted() -> None:
    keeper = Keeper(changes=0)
    ledger = BookLedger(keeper)
    await ledger.ping()
    keeper.changes = 1
    assert (await ledger.reserve(claim("a", persons(1, 3)))).outcome is Outcome.GRANTED


async def test_a_key_that_never_rests_is_a_store_that_is_away() -> None:
    with pytest.raises(Unavailable, match="ledger: its key keeps changing"):
        await BookLedger(Keeper(changes=5)).ping()


async def test_large_claims_are_counted_like_small_ones() -> None:
    ledger = BookLedger(Keeper(changes=0))
    await deliver(ledger, claim("a", persons(1, MANY + 1), "id:1", limit=None))
    assert [m.reached for m in await ledger.mailings(START)] == [MANY + 1]


async def test_what_ends_a_claim_may_be_done_while_the_store_closes() -> None:
    keeper = Keeper(changes=0)
    ledger = BookLedger(keeper)
    one = await ledger.reserve(claim("a", persons(1, 3)))
    await ledger.commit(one, persons(1, 3), START)
    await ledger.release(await ledger.reserve(claim("b", persons(1, 3))))
    assert keeper.concluding == [False, True, False, True]


async def test_nothing_is_remembered_of_a_claim_that_has_ended_or_was_refused() -> None:
    """A thousand refusals filled the memory of claims under way for good."""
    ledger = BookLedger(Keeper(changes=0))
    refused = await ledger.reserve(claim("a", persons(1, 101)))
    assert (refused.outcome, ledger._lately) == (Outcome.OVER, {})
    granted = await ledger.reserve(claim("b", persons(1, 3)))
    assert len(ledger._lately) == 1
    await ledger.commit(granted, persons(1, 2), START)
    await ledger.release(await ledger.reserve(claim("c", persons(1, 3))))
    assert ledger._lately == {}


@pytest.mark.parametrize("accepted", [persons(1, 3), persons(2, 3), []])
async def test_those_who_were_accepted_are_reached_when_they_were(accepted: list[str]) -> None:
    ledger = BookLedger(Keeper(changes=0))
    one = await ledger.reserve(claim("a", persons(1, 3), "id:1"))
    later = START + timedelta(minutes=5)
    await ledger.commit(one, accepted, later)
    (mailing,) = await ledger.mailings(later)
    assert (mailing.id, mailing.reached, mailing.last) == (one.usage.mailing, len(accepted), later)


async def test_a_commit_whose_mailing_nobody_can_read_finds_it_by_its_attempt() -> None:
    ledger = BookLedger(Keeper(changes=0))
    one = await ledger.reserve(claim("a", persons(1, 3)))
    await ledger.release(one)
    await ledger.commit(replace(one, usage=replace(one.usage, mailing="?")), persons(1, 3), START)
    assert [m.reached for m in await ledger.mailings(START)] == [3]


async def test_what_has_expired_is_swept_whole() -> None:
    ledger = BookLedger(Keeper(changes=0))
    await deliver(ledger, claim("a", persons(1, 3), "id:1"))
    assert await ledger.sweep(START) == 0
    # Three persons, the mark and the mailing.
    assert await ledger.sweep(START + 3 * WINDOW) == 5
    assert await ledger.mailings(START) == []
