"""Giving back what nobody waits for any more."""

from __future__ import annotations

import asyncio

from gateway.ledger.returns import Returns
from gateway.model import Unavailable


async def test_a_new_claim_waits_for_the_return_of_the_old() -> None:
    order: list[str] = []

    async def release() -> None:
        await asyncio.sleep(0)
        order.append("given back")

    returns = Returns()
    returns.start("a", release())
    await returns.before("other")
    assert order == []
    await returns.before("a")
    assert order == ["given back"]


async def test_a_store_that_is_away_is_nobodys_trouble() -> None:
    async def release() -> None:
        raise Unavailable("ledger", "no connection")

    returns = Returns()
    returns.start("a", release())
    await returns.quiet()


async def test_one_attempt_is_given_back_once_at_a_time() -> None:
    given: list[int] = []

    async def release(number: int) -> None:
        await asyncio.sleep(0)
        given.append(number)

    returns = Returns()
    returns.start("a", release(1))
    returns.start("a", release(2))
    await returns.quiet()
    assert given == [1]
