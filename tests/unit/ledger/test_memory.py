"""What is special about the ledger in memory; its contract is in tests/conformance."""

from __future__ import annotations

from gateway.ledger.memory import MemoryBook, memory_ledger
from tests.support.claims import START, WINDOW, claim, deliver, like, persons


async def test_it_forgets_when_closed() -> None:
    ledger = memory_ledger()
    await deliver(ledger, claim("a", persons(1, 60), "id:1"))
    await ledger.close()
    assert await ledger.mailings(START) == []


async def test_nothing_is_left_when_everything_has_expired() -> None:
    ledger = memory_ledger()
    for number in range(30):
        await deliver(ledger, claim(f"a{number}", persons(1, 60), f"id:{number}", fingerprint=like(number / 30)))
        await ledger.reserve(claim(f"b{number}", persons(61, 70), f"id:{number}"))
    await ledger.sweep(START + 3 * WINDOW)
    book = ledger._keeper._book  # type: ignore[attr-defined]
    assert isinstance(book, MemoryBook)
    tables = (book._mailings, book._marks, book._held, book._became, *book._contents.values())
    assert not any(tables)
