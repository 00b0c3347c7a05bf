"""The socket half of a client session: octets in, replies out, and the client's time.

``Connection`` is aiosmtpd's session class with its transport callbacks replaced. aiosmtpd cancels its handler on
every end of file, times a command from its start instead of by progress, and reads content line by line; its
constructor inspects the class anew at every connection (docs/decisions/0003).
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable
from typing import Any, Final, cast

from aiosmtpd.smtp import SMTP

from gateway.model import Reply
from gateway.smtp import replies
from gateway.smtp.front import Front
from gateway.smtp.inbox import Inbox
from gateway.upstream.wire import RelayReply

HANDSHAKE_SECONDS: Final = 60.0


class Connection(SMTP):
    """One client's socket; ``Front`` holds what all sessions share."""

    def __init__(self, front: Front) -> None:
        """Set what a connection needs, leaving out aiosmtpd's own constructor."""
        loop = asyncio.get_running_loop()
        asyncio.streams.FlowControlMixin.__init__(self, loop)
        self.loop = loop
        self.front = front
        self.transport: asyncio.Transport | None = None
        self.peer = ("", 0)
        self._out = bytearray()
        self._inbox = Inbox(front.bounds.line, self._pause_reading, self._resume_reading)
        self._handler: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._progress = loop.time()
        self._awaited: float | None = None
        self._room: asyncio.Future[None] | None = None
        self._closing = False
        self._final = False
        """The relay has the final dot: the client's leaving changes nothing any more."""
        self.encrypted = False
        self._receiving = False
        self._taken = 0
        self._enhanced = False
        self._utf8 = False

    async def serve(self) -> None:
        """Run the session to its end; for the subclass."""
        raise NotImplementedError

    def holds_idle_relay(self) -> bool:
        """Tell whether a relay connection is held that nothing uses; for the subclass."""
        return False

    def give_relay_back(self) -> None:
        """End the idle relay connection; for the subclass."""

    # --- the socket --------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start serving."""
        self.transport = cast("asyncio.Transport", transport)
        name = transport.get_extra_info("peername")
        self.peer = (name[0], name[1]) if isinstance(name, tuple) else ("", 0)
        self.front.sessions.add(self)
        self.front.per_address[self.peer[0]] += 1
        self.front.meters.session(1)
        self._handler = self.loop.create_task(self.serve())

    def rename_peer(self, address: str, port: int) -> None:
        """Take the address that a PROXY header announces for the socket's own."""
        counts = self.front.per_address
        counts[self.peer[0]] -= 1
        if counts[self.peer[0]] <= 0:
            del counts[self.peer[0]]
        self.peer = (address, port)
        counts[address] += 1

    def data_received(self, data: bytes) -> None:
        """Take octets from the client."""
        self._progress = self.loop.time()
        if self._receiving:
            self._taken += len(data)
            self.front.count_in_flight(len(data))
        self._inbox.feed(data)

    def eof_received(self) -> bool:
        """Keep a half-closed connection until what it asked for is answered."""
        self._inbox.end()
        return not self.encrypted

    async def start_tls(self, context: ssl.SSLContext) -> None:
        """Encrypt; whatever came in plain text before is forgotten (RFC 3207 4.2). Raises OSError."""
        if self.transport is None:
            raise ConnectionResetError
        self._flush()
        self._inbox.clear()
        seconds = self.front.bounds.command_seconds
        upgraded = await self.loop.start_tls(
            self.transport, self, context, server_side=True, ssl_handshake_timeout=min(seconds, HANDSHAKE_SECONDS)
        )
        if upgraded is None:
            raise ConnectionResetError
        self.transport = upgraded
        self.encrypted = True

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """End the session; a message whose final dot the relay has is finished all the same."""
        self.transport = None
        self._closing = True
        self._inbox.end()
        self.resume_writing()
        if self._timer is not None:
            self._timer.cancel()
        if self._handler is not None and not self._final:
            self._handler.cancel()

    def pause_writing(self) -> None:
        """Note that the client does not read."""
        self._room = self.loop.create_future()

    def resume_writing(self) -> None:
        """Note that the client reads again."""
        if self._room is not None and not self._room.done():
            self._room.set_result(None)
        self._room = None

    def _pause_reading(self) -> None:
        if self.transport is not None:
            self.transport.pause_reading()

    def _resume_reading(self) -> None:
        if self.transport is not None:
            self.transport.resume_reading()

    # --- saying ------------------------------------------------------------------------------

    def _say(self, reply: Reply, stage: str = "other") -> None:
        self._out += reply.encode(enhanced=self._enhanced, utf8=self._utf8)
        self.front.meters.reply(stage, reply.code)

    def _relay_says(self, reply: RelayReply, stage: str) -> None:
        self._out += reply.raw
        self.front.meters.reply(stage, reply.code)
        if reply.code == 421:  # noqa: PLR2004 - RFC 5321 3.8: the channel closes
            self._closing = True

    def _flush(self) -> None:
        if self._out and self.transport is not None:
            self.transport.write(bytes(self._out))
        self._out.clear()

    async def _drain(self) -> None:
        self._flush()
        if self._room is not None:
            await self._patiently(self.front.bounds.block_seconds, asyncio.shield(self._room))

    # --- time --------------------------------------------------------------------------------

    async def _patiently(self, seconds: float, wait: Awaitable[Any]) -> Any:  # noqa: ANN401 - as awaited
        """Wait for the client, who must make some progress every ``seconds``."""
        self._progress = self.loop.time()
        self._awaited = seconds
        self._watch()
        try:
            return await wait
        finally:
            self._awaited = None

    def _watch(self) -> None:
        """Look at the clock again no later than the present wait may end, or the idle relay is due to be let go."""
        seconds = self._awaited or self.front.bounds.command_seconds
        if self.holds_idle_relay():
            seconds = min(seconds, self.front.bounds.relay_idle_seconds)
        due = max(self._progress + seconds, self.loop.time() + 0.01)
        if self._timer is not None:
            if self._timer.when() <= due:
                return
            self._timer.cancel()
        self._timer = self.loop.call_at(due, self._tick)

    def _tick(self) -> None:
        self._timer = None
        idle = self.loop.time() - self._progress
        if self._awaited is not None:
            if idle >= self._awaited:
                self._end_with(replies.TIMED_OUT)
                return
            if idle >= self.front.bounds.relay_idle_seconds and self.holds_idle_relay():
                self.give_relay_back()
        self._watch()

    def _end_with(self, reply: Reply) -> None:
        self._say(reply)
        self._flush()
        self._closing = True
        self._inbox.end()
        if self.transport is not None:
            self.transport.close()

    def drain(self) -> None:
        """Say 421 at once where the session waits for a command, else after the present one."""
        if self._awaited is not None and not self._receiving and not self._closing:
            self._end_with(replies.SHUTTING_DOWN)
