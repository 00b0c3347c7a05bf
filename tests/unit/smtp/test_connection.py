"""A client that sends much gives the others their turn."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections import Counter
from types import SimpleNamespace
from typing import Any, cast

import pytest

from gateway.smtp.connection import BURST, Connection
from gateway.smtp.front import Front
from gateway.smtp.inbox import Inbox


class Meters:
    """Counts nothing."""

    def session(self, change: int) -> None:
        """Hear of a session."""


class Transport:
    """Knows whether it is read from, as asyncio's do."""

    def __init__(self) -> None:
        self.reading = True
        self.closing = False
        self.calls = 0

    def get_extra_info(self, _: str) -> tuple[str, int]:
        return ("127.0.0.1", 1)

    def is_closing(self) -> bool:
        return self.closing

    def pause_reading(self) -> None:
        assert self.reading
        self.reading = False
        self.calls += 1

    def resume_reading(self) -> None:
        assert not self.reading
        self.reading = True


class Bottomless:
    """An inbox that is never full."""

    unfinished = False

    def feed(self, octets: bytes) -> None:
        """Take octets."""

    def retire(self) -> None:
        """Hear that there are no more."""


class Idle(Connection):
    """A session that does nothing."""

    async def serve(self) -> None:
        await asyncio.sleep(3600)


@pytest.fixture
async def connection() -> Any:
    front = SimpleNamespace(
        bounds=SimpleNamespace(line=100_000_000), sessions=set(), per_address=Counter(), meters=Meters(), parting=0
    )
    made = Idle(cast("Front", front))
    made._inbox = cast("Inbox", Bottomless())
    made.connection_made(cast("asyncio.Transport", Transport()))
    yield made
    made.connection_lost(None)


async def test_reading_stops_after_a_burst_until_the_loop_has_been_round(connection: Any) -> None:
    transport = connection.transport
    connection.data_received(b"x" * (BURST - 1))
    assert transport.reading
    connection.data_received(b"x")
    assert not transport.reading
    connection.data_received(b"x" * BURST)
    assert transport.calls == 1
    connection._resume_reading()  # the inbox was emptied meanwhile
    assert not transport.reading
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert transport.reading


async def test_a_full_inbox_is_not_read_into_after_the_burst(connection: Any) -> None:
    transport = connection.transport
    connection.data_received(b"x" * BURST)
    connection._pause_reading()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not transport.reading
    connection._resume_reading()
    assert transport.reading


async def test_a_connection_that_closes_is_left_alone(connection: Any) -> None:
    transport = connection.transport
    connection.data_received(b"x" * BURST)
    transport.closing = True
    await asyncio.sleep(0)
    assert not transport.reading


async def test_a_connection_that_is_gone_leaves_nothing_to_the_garbage_collector() -> None:
    bounds = SimpleNamespace(line=1000)
    front = SimpleNamespace(bounds=bounds, sessions=set(), per_address=Counter(), meters=Meters(), parting=0)
    gc.disable()
    try:
        made = Idle(cast("Front", front))
        made.connection_made(cast("asyncio.Transport", Transport()))
        made.data_received(b"NOO")
        made.connection_lost(None)
        front.sessions.clear()
        gone = weakref.ref(made)
        del made
        for _ in range(5):
            await asyncio.sleep(0)
        assert gone() is None
    finally:
        gc.enable()
