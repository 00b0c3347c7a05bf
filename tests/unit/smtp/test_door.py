"""A worker that has far more sessions than another lets that one take the next."""

from __future__ import annotations

import asyncio
import socket
from typing import Any, cast

import pytest

from gateway.smtp import door as doors
from gateway.smtp.door import PlainDoor
from gateway.smtp.front import Bounds, Front

BOUNDS = Bounds(
    message=1000,
    in_flight=1000,
    sessions=1000,
    sessions_per_address=1000,
    recipients=10,
    line=1000,
    command_seconds=5,
    block_seconds=5,
    relay_idle_seconds=5,
)


class House:
    """A front whose sessions hold their connection and say one word, and a neighbour whose sessions are made up."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.fewest: float | None = 0
        self.front = Front(
            hostname="h",
            bounds=BOUNDS,
            networks=(),
            open_relay=cast("Any", None),
            gatekeeper=cast("Any", None),
            meters=cast("Any", None),
            elsewhere=lambda: self.fewest,
        )
        monkeypatch.setattr(doors, "GateSession", lambda _: Guest(self.front))
        self.sock = socket.create_server(("127.0.0.1", 0))
        self.address = self.sock.getsockname()

    async def call(self) -> asyncio.StreamWriter:
        """Connect, and wait until somebody has let us in."""
        reader, writer = await asyncio.open_connection(*self.address)
        assert await reader.readexactly(1) == b"!"
        return writer


class Guest(asyncio.Protocol):
    def __init__(self, front: Front) -> None:
        self.front = front

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.front.sessions.add(cast("Any", self))
        cast("asyncio.Transport", transport).write(b"!")


@pytest.mark.parametrize(
    ("here", "fewest", "crowded"),
    [
        (2, 0, False),
        (3, 0, True),
        (12, 8, False),
        (13, 8, True),
        (1000, None, False),
        (102, 80, False),
        (103, 80, True),
    ],
)
def test_what_is_far_more(monkeypatch: pytest.MonkeyPatch, here: int, fewest: float | None, crowded: bool) -> None:
    house = House(monkeypatch)
    house.fewest = fewest
    house.front.sessions.update(cast("Any", range(here - 1)))
    assert house.front.crowded(1) is crowded
    house.sock.close()


async def test_whoever_has_far_more_waits_for_the_other_to_take_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "_LOOKS", 10_000)
    house = House(monkeypatch)
    door = PlainDoor(house.front, house.sock, backlog=10)
    await door.open()
    guests = [await house.call() for _ in range(3)]
    late = asyncio.create_task(house.call())
    await asyncio.sleep(0.1)
    assert not late.done()
    house.fewest = 2
    guests.append(await late)
    door.close()
    for guest in guests:
        guest.close()


async def test_nobody_waits_long_for_another_that_takes_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(monkeypatch)
    door = PlainDoor(house.front, house.sock, backlog=10)
    await door.open()
    async with asyncio.timeout(5):
        guests = [await house.call() for _ in range(12)]
    door.close()
    for guest in guests:
        guest.close()


async def test_a_door_closed_while_it_stood_aside_stays_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "_LOOKS", 10_000)
    house = House(monkeypatch)
    door = PlainDoor(house.front, house.sock, backlog=10)
    await door.open()
    guests = [await house.call() for _ in range(3)]
    door.close()
    house.fewest = 9
    await asyncio.sleep(0.05)
    with pytest.raises(OSError, match=r"refused|111"):
        await house.call()
    for guest in guests:
        guest.close()
