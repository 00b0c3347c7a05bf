"""The socket towards the relay: octets out, whole replies in, and the relay's time by progress."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final, cast

from gateway.alarm import Alarm
from gateway.model import Unavailable
from gateway.upstream.wire import RelayReply, ReplyParser

FAREWELLS: Final = frozenset({221, 421})
"""Replies after which a relay closes (RFC 5321 4.1.1.10, 3.8)."""

UNASKED: Final = 16
"""Replies that a relay may send without being asked; one that sends more talks without end."""

PATIENCE: Final = 10
"""A reply that comes in crumbs may take so many times as long as its first octet."""


class RelayConnection(asyncio.Protocol):
    """Feed the parser, queue replies, tell about room to write; one reader and one writer at a time."""

    __slots__ = (
        "_alarm",
        "_asked",
        "_loop",
        "_parser",
        "_parting",
        "_room",
        "_waiter",
        "heard_at",
        "lost",
        "replies",
        "transport",
    )

    def __init__(self) -> None:
        """Wait to be connected."""
        self._loop = asyncio.get_running_loop()
        self.transport: asyncio.Transport | None = None
        self.replies: deque[RelayReply] = deque()
        self.lost: str | None = None
        """Why nothing more will come."""
        self._parser = ReplyParser()
        self._asked = 0
        self.heard_at = 0.0
        """When it was last waited for or heard (the loop's time)."""
        self._waiter: asyncio.Future[None] | None = None
        self._alarm = Alarm(self._loop, self._look_at_the_time)
        self._parting = False
        """It was told QUIT, and nobody waits for anything but the end."""
        self._room: asyncio.Future[None] | None = None

    @property
    def clean(self) -> bool:
        """Tell whether nothing was received that has not been read as a reply."""
        return not self.replies and self._parser.clean

    # --- asyncio's side ----------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Take octets of the relay."""
        self.heard_at = self._loop.time()
        self.replies.extend(self._parser.feed(data))
        if self._parting and any(reply.code in FAREWELLS for reply in self.replies):
            self.abort()
            return
        if self._parser.violation is not None:
            self.end(f"it sent {self._parser.violation}")
        elif len(self.replies) > self._asked + UNASKED:
            self.end("it talks without being asked")
        _wake(self._waiter)
        if self.replies:
            _wake(self._room)

    def eof_received(self) -> bool:
        """End, since a relay that says no more is of no use."""
        self.end("it closed the connection")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Note why."""
        self.end("the connection broke" if exc else "the connection ended")
        self._alarm.retire()
        self.transport = None

    def pause_writing(self) -> None:
        """Note that the relay takes no more for now."""
        self._room = self._loop.create_future()

    def resume_writing(self) -> None:
        """Note that it takes more."""
        _wake(self._room)
        self._room = None

    # --- our side ----------------------------------------------------------------------------

    def end(self, why: str) -> None:
        """Hear nothing more; replies that came before can still be read."""
        self.lost = self.lost or why
        if self.transport is not None:
            self.transport.close()
        self._alarm.stop()
        _wake(self._waiter)
        _wake(self._room)

    def _look_at_the_time(self) -> None:
        if self._parting:
            self.abort()
        else:
            _wake(self._waiter)

    def part(self, octets: bytes, seconds: float) -> None:
        """Send a farewell and close, at once where nothing else is to be answered; nobody waits for it.

        Else what is under way may be answered first, for so long.
        """
        try:
            self.send(octets, asks=1)
        except (Unavailable, RuntimeError):  # uvloop: the handle is closed already
            self.abort()
            return
        self._parting = True
        self._alarm.ring_at(self._loop.time() + seconds)
        if self._asked == 1 and self.clean and self.transport is not None and self.transport.can_write_eof():
            self.lost = "closed by us"
            self.transport.close()  # no answer to a farewell changes anything; Postfix does not wait for it either

    def abort(self) -> None:
        """Close at once, forgetting what was not sent yet."""
        self.lost = self.lost or "closed by us"
        if self.transport is not None:
            self.transport.abort()

    def send(self, octets: bytes, *, asks: int = 0) -> None:
        """Write, expecting so many replies to it. Raises Unavailable."""
        if self.lost is not None or self.transport is None:
            raise Unavailable("relay", self.lost or "not connected")
        self._asked += asks
        self.transport.write(octets)

    async def next_reply(self, seconds: float, patience: int = PATIENCE) -> RelayReply:
        """Return the next reply; ``seconds`` may pass between its octets, ``patience`` times that for all of it.

        Raises Unavailable.
        """
        loop = self._loop
        now = started = self.heard_at = loop.time()
        while not self.replies:
            if self.lost is not None:
                raise Unavailable("relay", self.lost)
            until = min(self.heard_at + seconds, started + patience * seconds)
            if now >= until:
                raise Unavailable("relay", "no reply in time")
            self._waiter = loop.create_future()
            self._alarm.ring_at(until)
            await self._waiter
            now = loop.time()
        self._asked = max(0, self._asked - 1)
        return self.replies.popleft()

    async def drain(self, seconds: float) -> None:
        """Return when the relay takes more, or has said something. Raises Unavailable."""
        await asyncio.sleep(0)  # a refusal that is here already must be read before the connection breaks under us
        if self._room is not None and not self.replies:
            try:
                async with asyncio.timeout(seconds):
                    await asyncio.shield(self._room)
            except TimeoutError:
                raise Unavailable("relay", "it took no data in time") from None
        if self.lost is not None:
            raise Unavailable("relay", self.lost)


def _wake(future: asyncio.Future[None] | None) -> None:
    if future is not None and not future.done():
        future.set_result(None)
