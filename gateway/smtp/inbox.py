"""What a client has sent and nobody has read yet: command lines, or one message in bulk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from gateway.smtp.data import DotReader

HIGH_WATER: Final = 64 * 1024
"""Octets that may wait; above it the client is not read from."""


class ClientGone(Exception):
    """The client ended the connection and nothing whole is left to read."""


class LineTooLong(Exception):
    """A command line exceeded its limit; it has been discarded up to its CRLF."""


class Inbox:
    """The octets of one client, fed by the protocol and read by the session; one reader at a time."""

    def __init__(self, line_limit: int, pause: Callable[[], None], resume: Callable[[], None]) -> None:
        """``pause`` and ``resume`` stop and start reading from the socket."""
        self._buffer = bytearray()
        self._line_limit = line_limit
        self._pause, self._resume = pause, resume
        self._paused = False
        self._ended = False
        self._discarding = False
        self._message: DotReader | None = None
        self._waiter: asyncio.Future[None] | None = None

    def feed(self, octets: bytes) -> None:
        """Take octets from the socket."""
        if self._message is not None:
            rest = self._message.feed(octets)
            if rest is None:
                return
            self._message = None
            octets = rest
        self._buffer += octets
        if len(self._buffer) > HIGH_WATER and not self._paused:
            self._paused = True
            self._pause()
        self._wake()

    def end(self) -> None:
        """Note that nothing more will come."""
        self._ended = True
        self._wake()

    def clear(self) -> None:
        """Forget everything unread (RFC 3207 4.2)."""
        self._buffer.clear()

    def line_ready(self) -> bool:
        """Tell whether ``line`` would return without waiting."""
        return b"\r\n" in self._buffer

    async def line(self) -> bytes:
        """Return the next command line without its CRLF.

        Only CRLF ends a line (RFC 5321 2.3.8). Raises LineTooLong once a line beyond the limit has
        ended, ClientGone when the client left before a whole line.
        """
        while (found := self.take_line()) is None:
            if self._ended:
                raise ClientGone
            await self._wait()
        return found

    def take_line(self) -> bytes | None:
        """Return the next command line if it is here. Raises LineTooLong."""
        end = self._buffer.find(b"\r\n")
        if end < 0:
            if len(self._buffer) > self._line_limit:
                self._discarding = True
                del self._buffer[:-1]
                self._flow()
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        self._flow()
        if self._discarding or len(line) > self._line_limit:
            self._discarding = False
            raise LineTooLong
        return line

    def peek_line(self) -> bytes | None:
        """Return the next command line, leaving it where it is, if it is here and not too long."""
        end = self._buffer.find(b"\r\n", 0, self._line_limit + 2)
        return bytes(self._buffer[:end]) if end >= 0 and not self._discarding else None

    async def message(self, reader: DotReader) -> None:
        """Fill ``reader`` to its end of data. Raises ClientGone when the client left before it."""
        waiting, self._buffer = bytes(self._buffer), bytearray()
        rest = reader.feed(waiting)
        if rest is not None:
            self._buffer += rest
            return
        self._message = reader
        self._flow()
        try:
            while self._message is not None:
                if self._ended:
                    raise ClientGone
                await self._wait()
        finally:
            self._message = None

    async def exactly(self, octets: int) -> bytes:
        """Return exactly so many octets. Raises ClientGone."""
        while len(self._buffer) < octets:
            if self._ended:
                raise ClientGone
            await self._wait()
        found = bytes(self._buffer[:octets])
        del self._buffer[:octets]
        return found

    def _flow(self) -> None:
        if self._paused and len(self._buffer) <= HIGH_WATER:
            self._paused = False
            self._resume()

    async def _wait(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
