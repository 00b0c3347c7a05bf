"""Where MTAs come in: one task for each connection, packets in order, one message at a time."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import deque
from dataclasses import dataclass, field
from typing import Final, Protocol, cast

import structlog

from gateway.milter.codec import Packet, PacketReader, PeerViolation
from gateway.milter.session import Manners, MilterSession
from gateway.model import Unavailable
from gateway.telemetry.logs import fault

_LOG = structlog.get_logger()

HIGH_WATER: Final = 2 * 1024 * 1024
"""Octets of packets that wait before the MTA is read no further."""
_QUICKACK: Final = getattr(socket, "TCP_QUICKACK", None)


class Meters(Protocol):
    """What the server counts."""

    def session(self, change: int) -> None:
        """Count a connection that begins (1) or ends (-1)."""
        ...

    def admitted(self, *, accepted: bool) -> None:
        """Count a connection that was served, or turned away."""
        ...


@dataclass(slots=True, kw_only=True)
class MilterServer:
    """What the connections of a worker share."""

    manners: Manners
    meters: Meters
    most: int
    """Connections at one time."""
    connections: set[MilterConnection] = field(default_factory=set)
    draining: bool = False

    async def listen(self, sock: socket.socket, *, backlog: int) -> asyncio.AbstractServer:
        """Serve those who come to ``sock``."""
        loop = asyncio.get_running_loop()
        if sock.family == socket.AF_UNIX:
            return await loop.create_unix_server(lambda: MilterConnection(self), sock=sock, backlog=backlog)
        return await loop.create_server(lambda: MilterConnection(self), sock=sock, backlog=backlog)

    def drain(self) -> None:
        """Let messages under way end, and everybody else go."""
        self.draining = True
        for connection in tuple(self.connections):
            connection.drain()


class MilterConnection(asyncio.Protocol):
    """One MTA's socket."""

    def __init__(self, server: MilterServer) -> None:
        """Wait for the connection."""
        self._server = server
        self._reader = PacketReader()
        self._packets: deque[Packet] = deque()
        self._waiting = 0
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._transport: asyncio.Transport | None = None
        self._session = MilterSession(server.manners, self._send)
        self._task: asyncio.Task[None] | None = None
        self._busy = False
        """A message is being judged."""
        self._obeying = False
        """A command is being followed: those behind it wait."""

    # --- the socket ------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start serving, unless there are too many."""
        self._transport = cast("asyncio.Transport", transport)
        accepted = len(self._server.connections) < self._server.most and not self._server.draining
        self._server.meters.admitted(accepted=accepted)
        if not accepted:
            self._transport.abort()
            return
        self._server.connections.add(self)
        self._server.meters.session(1)
        self._task = asyncio.get_running_loop().create_task(self._serve())

    def data_received(self, data: bytes) -> None:
        """Take packets."""
        self._acknowledge()
        packets, session = self._packets, self._session
        try:
            for packet in self._reader.feed(data):
                if packets or self._obeying or not session.take(packet):
                    packets.append(packet)
                    self._waiting += len(packet.data)
        except PeerViolation as error:
            self._broken(error)
            return
        if self._waiting > HIGH_WATER and self._transport is not None:
            self._transport.pause_reading()
        if packets:
            self._arrived.set()

    def _acknowledge(self) -> None:
        """Acknowledge at once: an MTA that writes in small pieces would wait 40 ms for it, each time (tcp(7))."""
        sock = self._transport.get_extra_info("socket") if self._transport is not None else None
        if sock is not None and _QUICKACK is not None and sock.family != socket.AF_UNIX:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """End; a message that was accepted is finished all the same."""
        self._transport = None
        self._room.set()
        if self._task is not None:
            self._server.connections.discard(self)
            self._server.meters.session(-1)
            if not self._session.final:
                self._task.cancel()

    def pause_writing(self) -> None:
        """Note that the MTA does not read."""
        self._room.clear()

    def resume_writing(self) -> None:
        """Note that it reads again."""
        self._room.set()

    def drain(self) -> None:
        """Leave when no message is being judged."""
        if not self._busy and self._transport is not None:
            self._transport.close()

    # --- serving ---------------------------------------------------------------------------------------

    async def _serve(self) -> None:
        try:
            while await self._session.obey(await self._next()):
                if self._server.draining and not self._packets and not self._busy:
                    break
        except PeerViolation as error:
            self._broken(error)
        except (ConnectionError, Unavailable) as error:
            _LOG.warning("milter_session_ended", why=getattr(error, "why", type(error).__name__))
        except Exception as error:  # noqa: BLE001 - the MTA's default action takes over, other connections stay
            _LOG.error("milter_session_failed", **fault(error))
        finally:
            self._session.abort()
            if self._transport is not None:
                self._transport.close()

    async def _next(self) -> Packet:
        self._busy = self._obeying = False
        while not self._packets:
            self._arrived.clear()
            await self._arrived.wait()
        packet = self._packets.popleft()
        self._obeying = True
        self._busy = packet.command == b"E"
        self._waiting -= len(packet.data)
        if self._waiting <= HIGH_WATER and self._transport is not None and not self._transport.is_reading():
            self._transport.resume_reading()
        return packet

    async def _send(self, octets: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            if self._session.final:
                return
            raise ConnectionResetError
        self._transport.write(octets)
        await self._room.wait()

    def _broken(self, error: PeerViolation) -> None:
        _LOG.warning("milter_violation", why=error.why)
        if self._transport is not None:
            self._transport.abort()
