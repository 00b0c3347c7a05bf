"""The way to the relay: several places tried in order, encryption as configured, and what the metrics learn of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.content import Content
from gateway.model import Unavailable
from gateway.telemetry.board import Metrics
from gateway.tls import relay_tls
from gateway.upstream.client import RelayPoint, RelayRefusal, RelaySession, open_relay
from gateway.upstream.wire import RelayReply

if TYPE_CHECKING:
    from gateway.config import Endpoint, Settings


def relay_points(settings: Settings, endpoints: tuple[Endpoint, ...]) -> tuple[RelayPoint, ...]:
    """Return how each endpoint is spoken to. Raises InvalidConfiguration for a CA file that cannot be used."""
    mode, context = relay_tls(settings)
    timeouts = settings.timeouts
    return tuple(
        RelayPoint(
            host=endpoint.host,
            port=endpoint.port,
            path=endpoint.path,
            tls=mode,
            context=context,
            server_name=settings.relay.server_name,
            connect=settings.relay.connect_seconds,
            reply=timeouts.relay_reply,
            final=timeouts.relay_final,
            block=timeouts.data_block,
        )
        for endpoint in endpoints
    )


@dataclass(frozen=True, slots=True)
class RelayDoor:
    """Open connections to the first relay that serves."""

    points: tuple[RelayPoint, ...]
    metrics: Metrics
    clock: Callable[[], float] = time.time

    async def open(self, name: bytes, extended: bool) -> RelaySession:  # noqa: FBT001 - the leg's signature
        """Connect and greet. Raises RelayRefusal or Unavailable of the last relay tried.

        A relay that cannot be reached or says 4xx makes room for the next; 5xx is an answer.
        """
        failure: Exception = Unavailable("relay", "none is configured")
        for point in self.points:
            started = time.perf_counter()
            try:
                session = await open_relay(point, name, extended=extended)
            except RelayRefusal as refusal:
                self.metrics.set("relay_answered_timestamp_seconds", self.clock())
                self._count(f"{refusal.reply.code // 100}xx")
                failure = refusal
                if refusal.reply.code >= 500:  # noqa: PLR2004 - RFC 5321 4.2.1
                    break
            except Unavailable as error:
                self._count("lost")
                failure = error
            else:
                self._count("2xx")
                self.metrics.observe("relay_connect_seconds", time.perf_counter() - started)
                self.metrics.set("relay_up", 1)
                self.metrics.set("relay_answered_timestamp_seconds", self.clock())
                return session
        self.metrics.set("relay_up", 0)
        raise failure

    def _count(self, outcome: str) -> None:
        self.metrics.counter("relay_replies", stage="connect", **{"class": outcome}).inc()


@dataclass(frozen=True, slots=True)
class LetterCarrier:
    """Hand letters to the relay, one connection for each."""

    door: RelayDoor
    hostname: str
    sign: Callable[[bytes], bytes] | None = None
    """Puts signatures in front; beside the event loop, since RSA takes a millisecond or two."""

    async def deliver(self, sender: str, recipient: str, octets: bytes) -> tuple[int, str]:
        """Return code and enhanced code of the reply that decided. Raises RelayRefusal or Unavailable."""
        if self.sign is not None:
            octets = await asyncio.to_thread(self.sign, octets)
        session = await self.door.open(self.hostname.encode("ascii", "replace"), True)
        outcome = "lost"
        try:
            reply = await _transaction(session, sender, recipient, Content.of(_stuffed(octets), stuffed=True))
            outcome = f"{reply.code // 100}xx"
        finally:
            self.door.metrics.counter("relay_replies", stage="letter", **{"class": outcome}).inc()
            await session.quit()
        return reply.code, reply.enhanced


async def _transaction(session: RelaySession, sender: str, recipient: str, content: Content) -> RelayReply:
    utf8 = b" SMTPUTF8" if not recipient.isascii() and "SMTPUTF8" in session.capabilities else b""
    for line in (b"MAIL FROM:<" + sender.encode() + b">" + utf8, b"RCPT TO:<" + recipient.encode() + b">"):
        reply = await session.command(line)
        if not reply.positive:
            return reply
    reply = await session.begin_data()
    if reply.negative:
        return reply
    return await session.send_content(content) or await session.finish()


def _stuffed(octets: bytes) -> bytes:
    stuffed = octets.replace(b"\r\n.", b"\r\n..")
    return b"." + stuffed if stuffed.startswith(b".") else stuffed
