"""One connection to the relay, owned by one client session."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.content import Content
from gateway.model import Unavailable
from gateway.upstream.wire import (
    NO_CAPABILITIES,
    Capabilities,
    RelayReply,
    RelayViolation,
    ReplyParser,
    parse_capabilities,
)

CHUNK: Final = 256 * 1024
_FAREWELL_SECONDS: Final = 2.0


class RelayRefusal(Exception):
    """The relay will not serve this connection; its words belong to the client."""

    def __init__(self, reply: RelayReply) -> None:
        """Keep the relay's reply."""
        super().__init__(reply.code)
        self.reply = reply


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayPoint:
    """Where the relay is and how long it may take, in seconds."""

    host: str = ""
    port: int = 0
    path: str = ""
    """A unix socket instead of host and port."""
    connect: float = 30.0
    reply: float = 300.0
    final: float = 600.0
    block: float = 180.0


class _Wire(asyncio.Protocol):
    """The socket: feeds the parser, queues replies, tells about room to write."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.replies: deque[RelayReply] = deque()
        self.lost: str | None = None
        self._parser = ReplyParser()
        self._waiter: asyncio.Future[None] | None = None
        self._room: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            msg = "a transport that cannot write"
            raise TypeError(msg)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        try:
            self.replies.extend(self._parser.feed(data))
        except RelayViolation as error:
            self._end(f"it sent {error}")
        _wake(self._waiter)

    def eof_received(self) -> bool:
        self._end("it closed the connection")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._end("the connection broke" if exc else "the connection ended")

    def pause_writing(self) -> None:
        self._room = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        _wake(self._room)
        self._room = None

    def _end(self, why: str) -> None:
        self.lost = self.lost or why
        if self.transport is not None:
            self.transport.close()
        _wake(self._waiter)
        _wake(self._room)

    async def next_reply(self, seconds: float) -> RelayReply:
        try:
            async with asyncio.timeout(seconds):
                while not self.replies:
                    if self.lost is not None:
                        raise Unavailable("relay", self.lost)
                    self._waiter = asyncio.get_running_loop().create_future()
                    await self._waiter
        except TimeoutError:
            raise Unavailable("relay", "no reply in time") from None
        return self.replies.popleft()

    async def drain(self, seconds: float) -> None:
        if self._room is not None:
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


class RelaySession:
    """A connection that said 220 and answered our EHLO or HELO."""

    def __init__(self, wire: _Wire, point: RelayPoint) -> None:
        """Use ``open_relay`` instead."""
        self._wire = wire
        self._point = point
        self.capabilities: Capabilities = NO_CAPABILITIES
        self.banner: RelayReply | None = None

    @property
    def alive(self) -> bool:
        """Tell whether the relay has neither gone nor spoken unasked (a 421 before closing)."""
        return self._wire.lost is None and not self._wire.replies

    @property
    def last_words(self) -> RelayReply | None:
        """Return what the relay said unasked, for instance ``421 4.4.2`` before it closed."""
        return self._wire.replies[0] if self._wire.replies else None

    async def hello(self, name: bytes, *, extended: bool) -> RelayReply:
        """Greet with the client's own name; falls back to HELO where EHLO is unknown. Returns the last reply."""
        if extended:
            reply = await self.command(b"EHLO " + name)
            if reply.positive:
                self.capabilities = parse_capabilities(reply)
                return reply
            if reply.code in {421, 521, 554}:
                return reply
        self.capabilities = NO_CAPABILITIES
        return await self.command(b"HELO " + name)

    async def command(self, line: bytes) -> RelayReply:
        """Send one command line (without CRLF) and return its reply. Raises Unavailable when the relay is lost."""
        return (await self.commands((line,)))[0]

    async def commands(self, lines: Sequence[bytes]) -> list[RelayReply]:
        """Send a group of commands and return a reply for each, in order.

        The group goes out at once where the relay offers PIPELINING (RFC 2920), else one by one.
        """
        if len(lines) > 1 and "PIPELINING" not in self.capabilities:
            return [await self.command(line) for line in lines]
        self._write(b"".join(line + b"\r\n" for line in lines))
        return [await self._wire.next_reply(self._point.reply) for _ in lines]

    async def send_content(self, content: Content) -> None:
        """Send the raw, dot-stuffed octets after 354; everything but the terminating dot."""
        position, size = 0, len(content)
        while position < size:
            chunk = content.read(position, CHUNK)
            position += len(chunk)
            self._write(chunk)
            await self._wire.drain(self._point.block)

    async def finish(self) -> RelayReply:
        """Send the terminating dot and return the relay's final reply. Shield this from cancellation.

        A refusal that came before the dot is final already, and the dot is not sent; anything
        else before the dot is nonsense and raises Unavailable.
        """
        early = self.last_words
        if early is not None:
            self.abort()
            if early.code >= 400:  # noqa: PLR2004 - RFC 5321 4.2.1
                return early
            raise Unavailable("relay", "a reply before the end of data")
        self._write(b".\r\n")
        return await self._wire.next_reply(self._point.final)

    def _write(self, octets: bytes) -> None:
        transport = self._wire.transport
        if self._wire.lost is not None or transport is None:
            raise Unavailable("relay", self._wire.lost or "not connected")
        transport.write(octets)

    async def quit(self) -> None:
        """Part in order; never raises and never takes longer than two seconds."""
        with contextlib.suppress(Unavailable, asyncio.TimeoutError):
            async with asyncio.timeout(_FAREWELL_SECONDS):
                await self.command(b"QUIT")
        self.abort()

    def abort(self) -> None:
        """Close without a word: nothing that was not ended with a dot is ever delivered."""
        if self._wire.transport is not None:
            self._wire.lost = self._wire.lost or "closed by us"
            self._wire.transport.abort()


async def open_relay(point: RelayPoint, name: bytes, *, extended: bool = True) -> RelaySession:
    """Connect, await the banner, greet.

    Raises RelayRefusal with the relay's words, or Unavailable when it cannot be reached or talks nonsense.
    """
    session = RelaySession(await _connect(point), point)
    try:
        session.banner = await session._wire.next_reply(point.reply)  # noqa: SLF001 - same module
        if session.banner.code != 220:  # noqa: PLR2004 - RFC 5321 3.1
            raise RelayRefusal(session.banner)
        reply = await session.hello(name, extended=extended)
        if not reply.positive:
            raise RelayRefusal(reply)
    except BaseException:
        session.abort()
        raise
    return session


async def _connect(point: RelayPoint) -> _Wire:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(point.connect):
            if point.path:
                _, wire = await loop.create_unix_connection(_Wire, point.path)
            else:
                _, wire = await loop.create_connection(_Wire, point.host, point.port)
    except TimeoutError:
        raise Unavailable("relay", "no connection in time") from None
    except OSError as error:
        raise Unavailable("relay", f"no connection ({error.strerror or type(error).__name__})") from None
    return wire
