"""The socket half of a client session: octets in, replies out, and the client's time.

``Connection`` is aiosmtpd's session class with its transport callbacks replaced. aiosmtpd cancels its handler on
every end of file, times a command from its start instead of by progress, and reads content line by line; its
constructor inspects the class anew at every connection (docs/decisions/0003).
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any, Final, cast

from aiosmtpd.smtp import SMTP

from gateway.alarm import Alarm
from gateway.model import Reply
from gateway.smtp import replies
from gateway.smtp.data import DotReader
from gateway.smtp.front import Front
from gateway.smtp.inbox import Inbox
from gateway.upstream.wire import RelayReply

HANDSHAKE_SECONDS: Final = 60.0
CROOKED_SECONDS: Final = 3.0
"""How long a line with a bare LF waits for its CRLF: its client hears nothing before, and may never send one."""
LINGER_SECONDS: Final = 2.0
"""How long a connection that was told good-bye is read from, so that the good-bye is not lost in a reset."""
UNREAD_SECONDS: Final = 30.0
"""The same where the client has not read everything yet."""
BURST: Final = 1024 * 1024
"""Octets taken from one client before all others have their turn; libuv would read eight megabytes at a stretch."""
_MOST_PARTING: Final = 500
"""Connections that may linger at one time."""


class Connection(SMTP):
    """One client's socket; ``Front`` holds what all sessions share."""

    __slots__ = (
        "_alarm",
        "_awaited",
        "_breathing",
        "_burst",
        "_closing",
        "_enhanced",
        "_final",
        "_full",
        "_handler",
        "_held",
        "_inbox",
        "_out",
        "_parted",
        "_progress",
        "_quit",
        "_room",
        "_taking",
        "_unsent",
        "_utf8",
        "encrypted",
        "front",
        "loop",
        "peer",
        "transport",
    )

    def __init__(self, front: Front) -> None:
        """Set what a connection needs, leaving out aiosmtpd's own constructor."""
        loop = asyncio.get_running_loop()
        asyncio.streams.FlowControlMixin.__init__(self, loop)
        self.loop = loop
        self.front = front
        self.transport: asyncio.Transport | None = None
        self.peer = ("", 0)
        self.encrypted = False
        self._out = bytearray()
        self._burst = 0
        self._breathing = False
        """Nothing is read from this client before the event loop has been round once."""
        self._full = False
        """Nothing is read before what came is taken."""
        self._inbox = Inbox(front.bounds.line, self._pause_reading, self._resume_reading)
        self._handler: asyncio.Task[None] | None = None
        self._alarm = Alarm(loop, self._look_at_the_time)
        self._progress = loop.time()
        self._awaited: float | None = None
        self._unsent = 0
        self._room: asyncio.Future[None] | None = None
        self._closing = False
        self._parted = False
        """Nothing the client sends now is read."""
        self._quit = False
        """The client has said QUIT, and so will send nothing more (RFC 5321 4.1.1.10)."""
        self._final = False
        """The relay has the final dot: the client's leaving changes nothing any more."""
        self._taking: DotReader | None = None
        """Takes the content that is arriving."""
        self._held = 0
        """Octets of content counted for this session."""
        self._enhanced = False
        self._utf8 = False

    async def serve(self) -> None:
        """Run the session to its end; for the subclass."""
        raise NotImplementedError

    def relay_idle_for(self, now: float) -> float | None:  # noqa: ARG002 - for the subclass
        """Return how long from ``now`` the client may still keep a relay connection idle, in seconds.

        None where there is none, or it may be kept.
        """
        return None

    def give_relay_back(self) -> None:
        """End the idle relay connection; for the subclass."""

    # --- the socket --------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start serving."""
        self.transport = cast("asyncio.Transport", transport)
        if not self.peer[0]:
            name = transport.get_extra_info("peername")
            self.peer = (name[0], name[1]) if isinstance(name, tuple) else ("", 0)
        self.front.sessions.add(self)
        self.front.per_address[self.peer[0]] += 1
        self.front.meters.session(1)
        self._handler = self.loop.create_task(self.serve())

    def data_received(self, data: bytes) -> None:
        """Take octets from the client."""
        if self._parted:
            return
        self._progress = self.loop.time()
        self._burst += len(data)
        if self._burst >= BURST:
            self._regulate(breathing=True, full=self._full)
            self.loop.call_soon(self._breathe)
        self._inbox.feed(data)
        if self._taking is not None:
            self._count_content(self._taking)
        elif self._inbox.unfinished:
            self._alarm.ring_at(self._progress + CROOKED_SECONDS)

    def _count_content(self, reader: DotReader) -> None:
        held = len(reader.content)
        self.front.count_in_flight(held - self._held)
        self._held = held
        if self.front.in_flight > self.front.bounds.in_flight:
            reader.give_up()
            self.front.count_in_flight(-held)
            self._held = 0

    def eof_received(self) -> bool:
        """Keep a half-closed connection until what it asked for is answered."""
        self._inbox.end()
        return not self.encrypted and not self._parted

    async def start_tls(self, context: ssl.SSLContext) -> None:
        """Encrypt; whatever came in plain text before is forgotten (RFC 3207 4.2). Raises OSError."""
        if self.transport is None:
            raise ConnectionResetError
        self._flush()
        self._inbox.clear()
        seconds = self.front.bounds.command_seconds
        plain, self.transport = self.transport, None
        try:
            upgraded = await self.loop.start_tls(
                plain, self, context, server_side=True, ssl_handshake_timeout=min(seconds, HANDSHAKE_SECONDS)
            )
        except BaseException:
            plain.abort()
            raise
        if upgraded is None:
            raise ConnectionResetError
        self.transport = upgraded
        self.encrypted = True

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """End the session; a message whose final dot the relay has is finished all the same."""
        if self._parted:
            self.front.parting -= 1
        self.transport = None
        self._closing = True
        self._inbox.retire()
        self.resume_writing()
        self._alarm.retire()
        handler, self._handler = self._handler, None
        if handler is not None and not self._final:
            handler.cancel()

    def pause_writing(self) -> None:
        """Note that the client does not read."""
        self._room = self.loop.create_future()

    def resume_writing(self) -> None:
        """Note that the client reads again."""
        if self._room is not None and not self._room.done():
            self._room.set_result(None)
        self._room = None

    def _pause_reading(self) -> None:
        self._regulate(breathing=self._breathing, full=True)

    def _resume_reading(self) -> None:
        self._regulate(breathing=self._breathing, full=False)

    def _breathe(self) -> None:
        self._burst = 0
        self._regulate(breathing=False, full=self._full)

    def _regulate(self, *, breathing: bool, full: bool) -> None:
        was, becomes = self._breathing or self._full, breathing or full
        self._breathing, self._full = breathing, full
        if self.transport is None or self.transport.is_closing() or was == becomes:
            return
        if becomes:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    # --- saying ------------------------------------------------------------------------------

    def _say(self, reply: Reply, stage: str = "other") -> None:
        self._out += reply.encode(enhanced=self._enhanced, utf8=self._utf8)
        self.front.meters.reply(stage, reply.code)
        if reply.code == 421:  # noqa: PLR2004 - RFC 5321 3.8: the channel closes
            self._closing = True

    def _relay_says(self, reply: RelayReply, stage: str) -> None:
        self._out += reply.raw
        self.front.meters.reply(stage, reply.code)
        if reply.code == 421:  # noqa: PLR2004 - RFC 5321 3.8: the channel closes
            self._closing = True

    def _flush(self) -> None:
        # A client that is gone already, or has our good-bye: uvloop refuses to write before it has told
        # connection_lost, and after write_eof.
        if self._out and self.transport is not None and not self.transport.is_closing():
            with suppress(RuntimeError):
                self.transport.write(bytes(self._out))
        self._out.clear()

    async def _drain(self) -> None:
        self._flush()
        if self._room is not None:
            await self._patiently(self.front.bounds.block_seconds, asyncio.shield(self._room))

    # --- time --------------------------------------------------------------------------------

    async def _patiently(self, seconds: float, wait: Awaitable[Any]) -> Any:
        """Wait for the client, who must make some progress every ``seconds``."""
        self._progress = now = self.loop.time()
        self._awaited = seconds
        self._unsent = 0 if self.transport is None else self.transport.get_write_buffer_size()
        idle = self.relay_idle_for(now)
        self._alarm.ring_at(now + (seconds if idle is None or idle > seconds else idle))
        try:
            return await wait
        finally:
            self._awaited = None

    def _look_at_the_time(self) -> None:
        if self.transport is None:
            return
        if self._parted:
            self.transport.abort()
        elif self._awaited is not None:
            self._look_at_the_client(self.transport, self._awaited)

    def _look_at_the_client(self, transport: asyncio.Transport, seconds: float) -> None:
        now = self.loop.time()
        unsent = transport.get_write_buffer_size()
        if unsent < self._unsent:
            self._progress = now
        self._unsent = unsent
        crooked = self._inbox.crooked
        left = self._progress + (min(seconds, CROOKED_SECONDS) if crooked else seconds) - now
        if left <= 0:
            self._end_with(replies.NO_LINE_END if crooked else replies.TIMED_OUT)
            return
        idle = self.relay_idle_for(now)
        if idle is not None and idle <= 0:
            self.give_relay_back()
            idle = self.relay_idle_for(now)
        self._alarm.ring_at(now + (left if idle is None else min(left, idle)))

    def _end_with(self, reply: Reply) -> None:
        self._say(reply)
        self._inbox.end()
        self._part()
        self.resume_writing()

    # --- the end -----------------------------------------------------------------------------

    def drain(self) -> None:
        """Say 421 at once where the session waits for a command, else after the present one."""
        if self._awaited is not None and self._taking is None and not self._closing:
            self._end_with(replies.SHUTTING_DOWN)

    def _part(self) -> None:
        """Send what is left to say, and close when the client has, or after a short time.

        To close a socket from which not everything was read is a TCP reset, and that can overtake the last reply.
        """
        self._flush()
        transport = self.transport
        if transport is None or self._parted or transport.is_closing():
            return
        self._parted = True
        self.front.parting += 1
        self._resume_reading()
        unread = transport.get_write_buffer_size() > 0
        if not self._quit and transport.can_write_eof() and self.front.parting <= _MOST_PARTING:
            transport.write_eof()
        else:
            transport.close()
        self._alarm.stop()
        self._alarm.ring_at(self.loop.time() + (UNREAD_SECONDS if unread else LINGER_SECONDS))
