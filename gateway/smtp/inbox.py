"""What a client has sent and nobody has read yet: command lines, or one message in bulk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from gateway.smtp.data import DotReader

HIGH_WATER: Final = 64 * 1024
"""Octets that may wait; above it the client is not read from."""

_TLS_HANDSHAKE: Final = b"\x16"
"""The first octet of a TLS connection (RFC 8446 5.1), and of no command."""


class ClientGone(Exception):
    """The client ended the connection and nothing whole is left to read."""


class LineTooLong(Exception):
    """A command line exceeded its limit; it has been discarded up to its CRLF."""


class NotText(Exception):
    """The client began TLS where commands are spoken."""


class Inbox:
    """The octets of one client, fed by the protocol and read by the session; one reader at a time."""

    __slots__ = (
        "_buffer",
        "_discarding",
        "_ended",
        "_message",
        "_pause",
        "_paused",
        "_resume",
        "_waiter",
        "line_limit",
    )

    def __init__(self, line_limit: int, pause: Callable[[], None], resume: Callable[[], None]) -> None:
        """``pause`` and ``resume`` stop and start reading from the socket."""
        self._buffer = bytearray()
        self.line_limit = line_limit
        """Octets of a line at most, its CRLF not counted."""
        self._pause, self._resume = pause, resume
        self._paused = False
        self._ended = False
        self._discarding = False
        self._message: DotReader | None = None
        self._waiter: asyncio.Future[None] | None = None

    def feed(self, octets: bytes) -> None:
        """Take octets from the socket."""
        if self._ended:
            return
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
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def end(self) -> None:
        """Note that nothing more will come."""
        self._ended = True
        self._wake()

    def retire(self) -> None:
        """Note that the connection is gone: nothing more will come, and nobody reads or stops reading."""
        self._pause = self._resume = _nothing
        self.end()

    def clear(self) -> None:
        """Forget everything unread (RFC 3207 4.2)."""
        self._buffer.clear()
        self._discarding = False
        self._flow()

    @property
    def unfinished(self) -> bool:
        """Tell whether the beginning of a line waits for its end."""
        return bool(self._buffer) and self._message is None

    @property
    def crooked(self) -> bool:
        """Tell whether what waits for its CRLF holds a bare LF: its client may never send a CRLF."""
        return self._message is None and b"\n" in self._buffer and not self.line_ready()

    def line_ready(self) -> bool:
        """Tell whether ``line`` would return without waiting."""
        return b"\r\n" in self._buffer

    async def line(self) -> bytes:
        """Return the next command line without its CRLF.

        Only CRLF ends a line (RFC 5321 2.3.8). Raises LineTooLong once a line beyond the limit has
        ended, NotText for TLS, ClientGone when the client left before a whole line.
        """
        while (found := self.take_line()) is None:
            if self._ended:
                raise ClientGone
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return found

    def take_line(self) -> bytes | None:
        """Return the next command line if it is here. Raises LineTooLong, NotText."""
        if self._buffer.startswith(_TLS_HANDSHAKE) and not self._discarding:
            raise NotText
        end = self._buffer.find(b"\r\n")
        if end < 0:
            if len(self._buffer) > self.line_limit + 1:
                self._discarding = True
                del self._buffer[:-1]
                self._flow()
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        if self._paused:
            self._flow()
        if self._discarding or end > self.line_limit:
            self._discarding = False
            raise LineTooLong
        return line

    def peek_line(self) -> bytes | None:
        """Return the next command line, leaving it where it is, if it is here and not too long."""
        end = self._buffer.find(b"\r\n", 0, self.line_limit + 2)
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


def _nothing() -> None:
    return
