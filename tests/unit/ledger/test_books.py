"""What every ledger over a book does about keys and sizes."""

from __future__ import annotations

from typing import TypeVar

import pytest

from gateway.ledger import Outcome
from gateway.ledger.books import MANY, BookLedger, Work
from gateway.ledger.keys import Key, KeyChanged, key_of, record_of
from gateway.ledger.memory import MemoryBook
from gateway.model import Unavailable
from tests.support.claims import START, claim, deliver, persons

T = TypeVar("T")


class Keeper:
    """A keeper whose record changes before each of the next ``changes`` transactions."""

    def __init__(self, changes: int) -> None:
        self.changes = changes
        self.record = ""
        self.book = MemoryBook()

    async def agree(self, proposal: Key) -> str:
        self.record = self.record or record_of(proposal)
        return self.record

    async def transact(self, key: Key, work: Work[T], *, concluding: bool) -> T:
        del concluding
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
