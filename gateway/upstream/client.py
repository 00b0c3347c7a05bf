"""One connection to the relay, owned by one client session."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final, cast

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


class RelayTls(Enum):
    """How much encryption towards the relay is worth (RFC 3207)."""

    OFF = "off"
    OPPORTUNISTIC = "opportunistic"
    """Encrypt without verifying where it is offered; go on in plain text where it is not or fails."""
    REQUIRED = "required"
    """Encrypt and verify name and chain, or do not speak."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayPoint:
    """Where the relay is and how long it may take, in seconds."""

    host: str = ""
    port: int = 0
    path: str = ""
    """A unix socket instead of host and port."""
    tls: RelayTls = RelayTls.OFF
    context: ssl.SSLContext | None = None
    """Needed unless ``tls`` is OFF."""
    server_name: str = ""
    """The name to verify; empty: ``host``."""
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

    @property
    def clean(self) -> bool:
        """Tell whether nothing was received that has not been read as a reply."""
        return not self.replies and self._parser.clean

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

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
        self.encrypted = False

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

    async def next_reply(self, seconds: float) -> RelayReply:
        """Return the next reply. Raises Unavailable when none comes."""
        return await self._wire.next_reply(seconds)

    async def start_tls(self) -> None:
        """Encrypt (RFC 3207). Raises Unavailable or OSError; the connection is of no use then."""
        point, wire = self._point, self._wire
        reply = await self.command(b"STARTTLS")
        if reply.code != 220 or wire.transport is None or point.context is None:  # noqa: PLR2004
            raise Unavailable("relay", "it refused STARTTLS")
        if not wire.clean:
            raise Unavailable("relay", "it sent plain text behind STARTTLS")
        name = (point.server_name or point.host or "localhost") if point.tls is RelayTls.REQUIRED else None
        loop = asyncio.get_running_loop()
        try:
            transport = await loop.start_tls(
                wire.transport, wire, point.context, server_hostname=name, ssl_handshake_timeout=point.connect
            )
        except ConnectionError as error:
            raise Unavailable("relay", type(error).__name__) from None
        if transport is None:
            raise Unavailable("relay", "TLS failed")
        wire.transport = transport
        self.encrypted = True
        self.capabilities = NO_CAPABILITIES

    async def impersonate(self, line: bytes, name: bytes) -> None:
        """Send XCLIENT and greet anew (Postfix, XCLIENT_README). Raises RelayRefusal with the relay's words."""
        if not line:
            return
        reply = await self.command(line)
        if reply.code == 220:  # noqa: PLR2004 - a new greeting
            reply = await self.hello(name, extended=True)
        if not reply.positive:
            raise RelayRefusal(reply)

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
    """Connect, await the banner, greet, and encrypt as ``point`` says.

    Raises RelayRefusal with the relay's words, or Unavailable when it cannot be reached or talks nonsense.
    """
    session = RelaySession(await _connect(point), point)
    try:
        await _greet(session, point, name, extended=extended)
        if extended and point.tls is not RelayTls.OFF:
            if not await _encrypt(session, point, name):
                session.abort()
                return await open_relay(replace(point, tls=RelayTls.OFF), name)
        elif point.tls is RelayTls.REQUIRED:
            raise Unavailable("relay", "HELO cannot encrypt, and the relay must be encrypted to")
    except BaseException:
        session.abort()
        raise
    return session


async def _greet(session: RelaySession, point: RelayPoint, name: bytes, *, extended: bool) -> None:
    session.banner = await session.next_reply(point.reply)
    if session.banner.code != 220:  # noqa: PLR2004 - RFC 5321 3.1
        raise RelayRefusal(session.banner)
    reply = await session.hello(name, extended=extended)
    if not reply.positive:
        raise RelayRefusal(reply)


async def _encrypt(session: RelaySession, point: RelayPoint, name: bytes) -> bool:
    """Start TLS and greet again; False where an opportunistic relay should be tried in plain text instead."""
    if "STARTTLS" not in session.capabilities:
        if point.tls is RelayTls.REQUIRED:
            raise Unavailable("relay", "it offers no STARTTLS")
        return True
    try:
        await session.start_tls()
    except (OSError, Unavailable):
        if point.tls is RelayTls.REQUIRED:
            raise Unavailable("relay", "TLS failed, or its certificate is not to be trusted") from None
        return False
    reply = await session.hello(name, extended=True)
    if not reply.positive:
        raise RelayRefusal(reply)
    return True


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
