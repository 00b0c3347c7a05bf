"""One conversation with the relay, owned by one client session."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from gateway.content import Content
from gateway.model import Unavailable
from gateway.upstream.connection import FAREWELLS, RelayConnection
from gateway.upstream.wire import NO_CAPABILITIES, Capabilities, RelayReply, parse_capabilities

CHUNK: Final = 256 * 1024
HELD: Final = 32 * 1024
"""Octets of a message's last piece up to which it goes out together with the dot: one packet, one reading."""
_FAREWELL_SECONDS: Final = 2.0
_EHLO_UNKNOWN: Final = frozenset({500, 502, 504})
"""Replies that mean: say HELO (RFC 5321 3.2). Any other is the relay's word on this client."""


class RelayRefusal(Exception):
    """The relay will not serve this connection; its words belong to the client."""

    def __init__(self, reply: RelayReply) -> None:
        """Keep the relay's reply, 4xx or 5xx."""
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
    """The name to ask for and to verify; empty: ``host``."""
    connect: float = 30.0
    """For the connection, and again for the greeting."""
    reply: float = 300.0
    final: float = 600.0
    block: float = 180.0


class RelaySession:
    """A connection that said 220 and answered our EHLO or HELO."""

    __slots__ = ("_connection", "_in_content", "_last", "_point", "capabilities", "encrypted")

    def __init__(self, connection: RelayConnection, point: RelayPoint) -> None:
        """Use ``open_relay`` instead."""
        self._connection = connection
        self._point = point
        self.capabilities: Capabilities = NO_CAPABILITIES
        self.encrypted = False
        self._in_content = False
        """DATA was sent and not answered for good: whatever is said now is content."""
        self._last = b""
        """The end of the content, while it waits for the dot."""

    @property
    def alive(self) -> bool:
        """Tell whether the relay has neither gone nor spoken unasked (a 421 before closing)."""
        return self._connection.lost is None and not self._connection.replies

    @property
    def lost(self) -> bool:
        """Tell whether the connection is gone."""
        return self._connection.lost is not None

    @property
    def spoke(self) -> bool:
        """Tell whether a reply waits to be read."""
        return bool(self._connection.replies)

    @property
    def heard_at(self) -> float:
        """Return when the relay was last waited for or heard (the loop's time)."""
        return self._connection.heard_at

    @property
    def pipelining(self) -> bool:
        """Tell whether commands may go out in a group (RFC 2920)."""
        return "PIPELINING" in self.capabilities.keywords

    # --- greeting ----------------------------------------------------------------------------

    async def greeted(self) -> None:
        """Await the greeting. Raises RelayRefusal or Unavailable."""
        reply = await self._connection.next_reply(self._point.connect)
        _must_be(reply.code == 220, reply)  # noqa: PLR2004 - RFC 5321 3.1

    async def hello(self, name: bytes, *, extended: bool) -> None:
        """Greet with the client's own name; falls back to HELO where EHLO is unknown.

        Raises RelayRefusal or Unavailable.
        """
        self.capabilities = NO_CAPABILITIES
        if extended:
            reply = await self.command(b"EHLO " + name)
            if reply.code not in _EHLO_UNKNOWN:
                _must_be(reply.positive, reply)
                self.capabilities = parse_capabilities(reply)
                return
        reply = await self.command(b"HELO " + name)
        _must_be(reply.positive, reply)

    async def start_tls(self) -> None:
        """Encrypt (RFC 3207). Raises Unavailable or OSError; the connection is of no use then."""
        point, connection = self._point, self._connection
        reply = await self.command(b"STARTTLS")
        if reply.code != 220 or connection.transport is None or point.context is None:  # noqa: PLR2004
            raise Unavailable("relay", "it refused STARTTLS")
        if not connection.clean:
            raise Unavailable("relay", "it sent plain text behind STARTTLS")
        name = point.server_name or point.host or "localhost"
        transport = await asyncio.get_running_loop().start_tls(
            connection.transport, connection, point.context, server_hostname=name, ssl_handshake_timeout=point.connect
        )
        if transport is None:
            raise Unavailable("relay", "TLS failed")
        connection.transport = transport
        self.encrypted = True

    async def impersonate(self, line: bytes) -> None:
        """Say whose connection this is (Postfix, XCLIENT_README); the relay then waits for a new greeting.

        Raises RelayRefusal with the relay's word on that client, Unavailable where it does not let us do this.
        """
        reply = await self.command(line)
        if reply.code != 220 and reply.code not in {421, 521, 554}:  # noqa: PLR2004 - a new greeting
            raise Unavailable("relay", "it does not take XCLIENT from us")
        _must_be(reply.positive, reply)

    # --- commands ----------------------------------------------------------------------------

    def command(self, line: bytes) -> Coroutine[None, None, RelayReply]:
        """Send one command line (without CRLF) and return its reply. Raises Unavailable when the relay is lost."""
        self._connection.send(line + b"\r\n", asks=1)
        return self._connection.next_reply(self._point.reply)

    def send(self, lines: Sequence[bytes]) -> None:
        """Send command lines at once; each will be answered. Raises Unavailable."""
        self._connection.send(b"".join(line + b"\r\n" for line in lines), asks=len(lines))

    def next_reply(self) -> Coroutine[None, None, RelayReply]:
        """Return the next reply. Raises Unavailable when none comes."""
        return self._connection.next_reply(self._point.reply)

    async def commands(self, lines: Sequence[bytes]) -> list[RelayReply]:
        """Send commands and return a reply for each, in order: as a group where the relay takes groups."""
        if not self.pipelining:
            return [await self.command(line) for line in lines]
        self.send(lines)
        return [await self.next_reply() for _ in lines]

    # --- content -----------------------------------------------------------------------------

    async def begin_data(self) -> RelayReply:
        """Send DATA and return the relay's reply: 354, or its refusal. Raises Unavailable."""
        self._in_content = True
        reply = await self.command(b"DATA")
        if reply.negative:
            self._in_content = False
        elif reply.code != 354:  # noqa: PLR2004 - RFC 5321 4.1.1.4
            raise Unavailable("relay", "it answered DATA with neither 354 nor a refusal")
        return reply

    async def send_content(self, content: Content, above: bytes = b"") -> RelayReply | None:
        """Send the raw, dot-stuffed octets after 354, all but the terminating dot; ``above`` are whole header fields.

        A short last piece waits for the dot and goes out with it.

        Returns a refusal that came too early; the connection is of no use then. Raises Unavailable.
        """
        position, size = 0, len(content)
        try:
            if above:
                self._connection.send(above)
            while position < size and not self.spoke:
                chunk = content.read(position, CHUNK)
                position += len(chunk)
                if position >= size and len(chunk) <= HELD:
                    self._last = chunk
                    break
                self._connection.send(chunk)
                await self._connection.drain(self._point.block)
        except Unavailable:
            if not self.spoke:
                raise
        return self._early()

    async def finish(self) -> RelayReply:
        """Send the terminating dot and return the relay's final reply. Shield this from cancellation.

        A refusal that came before the dot is final already, and the dot is not sent. Raises Unavailable.
        """
        early = self._early()
        if early is not None:
            return early
        last, self._last = self._last, b""
        self._connection.send(last + b".\r\n", asks=1)
        reply = await self._connection.next_reply(self._point.final)
        self._in_content = False
        if not (reply.positive or reply.negative):
            raise Unavailable("relay", "it answered the end of data with neither yes nor no")
        return reply

    def _early(self) -> RelayReply | None:
        """Return what was said before the dot if it is a refusal; anything else there is nonsense."""
        if not self.spoke:
            return None
        reply = self._connection.replies.popleft()
        self.abort()
        if not reply.negative:
            raise Unavailable("relay", "a reply before the end of data")
        return reply

    # --- the end -----------------------------------------------------------------------------

    async def quit(self) -> None:
        """Part in order; never raises and never takes longer than two seconds."""
        if not self._in_content:
            clock = asyncio.get_running_loop().time
            until = clock() + _FAREWELL_SECONDS
            with contextlib.suppress(Unavailable):
                self.send((b"QUIT",))
                # Answers to what nobody waits for any more may come first.
                while (await self._connection.next_reply(until - clock(), patience=1)).code not in FAREWELLS:
                    pass
        self.abort()

    def part(self) -> None:
        """Part in order as ``quit`` does, without anybody who waits."""
        if self._in_content:
            self.abort()
        else:
            self._connection.part(b"QUIT\r\n", _FAREWELL_SECONDS)

    def abort(self) -> None:
        """Close without a word: nothing that was not ended with a dot is ever delivered."""
        self._connection.abort()


def _must_be(well: bool, reply: RelayReply) -> None:  # noqa: FBT001 - reads as a sentence
    if reply.negative:
        raise RelayRefusal(reply)
    if not well:
        raise Unavailable("relay", f"it answered {reply.code} out of place")


async def open_relay(point: RelayPoint, name: bytes, *, extended: bool = True) -> RelaySession:
    """Connect, await the greeting, greet, and encrypt as ``point`` says.

    ``extended`` is the last greeting's kind; before TLS it is EHLO in any case. Raises RelayRefusal with the relay's
    words, or Unavailable when it cannot be reached or talks nonsense.
    """
    session = RelaySession(await _connect(point), point)
    try:
        await session.greeted()
        if point.tls is RelayTls.OFF:
            await session.hello(name, extended=extended)
            return session
        await session.hello(name, extended=True)
        encrypted = await _encrypt(session, point)
        if encrypted or not extended:
            await session.hello(name, extended=extended)
    except _PlainInstead:
        session.abort()
        return await open_relay(replace(point, tls=RelayTls.OFF), name, extended=extended)
    except BaseException:
        session.abort()
        raise
    return session


class _PlainInstead(Exception):
    """TLS failed with a relay that may as well be spoken to in plain text."""


async def _encrypt(session: RelaySession, point: RelayPoint) -> bool:
    """Start TLS; False where an opportunistic relay does not offer it. Raises Unavailable or _PlainInstead."""
    if "STARTTLS" not in session.capabilities:
        if point.tls is RelayTls.REQUIRED:
            raise Unavailable("relay", "it offers no STARTTLS")
        return False
    try:
        await session.start_tls()
    except (OSError, Unavailable):
        if point.tls is RelayTls.REQUIRED:
            raise Unavailable("relay", "TLS failed, or its certificate is not to be trusted") from None
        raise _PlainInstead from None
    return True


async def _connect(point: RelayPoint) -> RelayConnection:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(point.connect):
            if point.path:
                _, connection = await loop.create_unix_connection(RelayConnection, point.path)
            else:
                _, connection = await loop.create_connection(RelayConnection, point.host, point.port)
    except TimeoutError:
        raise Unavailable("relay", "no connection in time") from None
    except OSError as error:
        raise Unavailable("relay", f"no connection ({error.strerror or type(error).__name__})") from None
    return connection
