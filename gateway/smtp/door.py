"""Where clients come in: listening sockets, and what comes before the greeting: a balancer's PROXY header, and TLS."""

from __future__ import annotations

import asyncio
import socket
from typing import Final, Protocol

import structlog

from gateway.smtp.connection import HANDSHAKE_SECONDS
from gateway.smtp.front import Front, is_among
from gateway.smtp.proxied import NoHeader, read_header
from gateway.smtp.secure import GateSession

PROXY_SECONDS: Final = 5.0
"""How long a balancer may take for its header."""
_PAUSE: Final = 0.5
"""Seconds until the next try when the system could not hand out a connection."""

_LOOK: Final = 0.001
"""Seconds between two looks at whether others have caught up."""
_LOOKS: Final = 10
"""Looks after which clients are let in all the same: a worker that seems alive may be stuck."""

_LOG = structlog.get_logger()


class Door(Protocol):
    """A place where clients come in."""

    def close(self) -> None:
        """Let nobody in any more; who is in stays."""
        ...


async def open_door(front: Front, sock: socket.socket, *, backlog: int, implicit_tls: bool = False) -> Door:
    """Listen on ``sock``; ``implicit_tls`` encrypts before the greeting (RFC 8314 3.3)."""
    if front.proxy_peers or implicit_tls:
        return GuardedDoor(front, sock, implicit_tls=implicit_tls)
    door = PlainDoor(front, sock, backlog=backlog)
    await door.open()
    return door


class PlainDoor:
    """Let in whoever comes, but step aside for a moment where another worker has far fewer sessions.

    Whoever is awake accepts: of twenty clients that come together and stay, one worker took all in every fifth trial,
    and the other processor had nothing to do. The clients wait in the queue that all workers share meanwhile.
    """

    def __init__(self, front: Front, sock: socket.socket, *, backlog: int) -> None:
        """Let nobody in before ``open``."""
        self._front = front
        self._sock = sock
        self._backlog = backlog
        self._server: asyncio.Server | None = None
        self._aside: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Let clients in. Raises OSError."""
        loop = asyncio.get_running_loop()
        sock = self._sock.dup()
        try:
            # asyncio listens anew, by default with a queue so short that a burst of clients is turned away.
            self._server = await loop.create_server(self._receive, sock=sock, backlog=self._backlog)
        except BaseException:
            sock.close()
            raise

    def _receive(self) -> GateSession:
        if self._aside is None and self._front.crowded(1):
            self._aside = asyncio.get_running_loop().create_task(self._step_aside())
        return GateSession(self._front)

    async def _step_aside(self) -> None:
        if self._server is not None:
            self._server.close()
        for _ in range(_LOOKS):
            await asyncio.sleep(_LOOK)
            if not self._front.crowded():
                break
        while True:
            try:
                await self.open()
                break
            except OSError as error:
                _LOG.error("accept_failed", error=type(error).__name__)
                await asyncio.sleep(_PAUSE)
        self._aside = None

    def close(self) -> None:
        """Let nobody in any more; who is in stays."""
        if self._aside is not None:
            self._aside.cancel()
        if self._server is not None:
            self._server.close()
        self._sock.close()


class GuardedDoor:
    """Accept connections one by one, since a PROXY header is read before TLS and exactly to its end."""

    def __init__(self, front: Front, sock: socket.socket, *, implicit_tls: bool) -> None:
        """Begin at once."""
        self._front = front
        self._sock = sock
        self._tls = front.tls if implicit_tls else None
        self._guests: set[asyncio.Task[None]] = set()
        """Connections that are not sessions yet."""
        self._doorman = asyncio.get_running_loop().create_task(self._accept())

    def close(self) -> None:
        """Let nobody in any more; who has not been greeted yet is let go."""
        self._doorman.cancel()
        for guest in self._guests:
            guest.cancel()
        self._sock.close()

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                guest, _ = await loop.sock_accept(self._sock)
            except OSError as error:
                _LOG.error("accept_failed", error=type(error).__name__)
                await asyncio.sleep(_PAUSE)
                continue
            if len(self._guests) >= self._front.bounds.sessions:
                guest.close()
                continue
            task = loop.create_task(self._receive(guest))
            self._guests.add(task)
            task.add_done_callback(self._guests.discard)

    async def _receive(self, guest: socket.socket) -> None:
        try:
            peer = await self._who(guest)
        except (NoHeader, TimeoutError):
            _LOG.warning("proxy_header_missing")
            guest.close()
        except BaseException as error:
            guest.close()
            if not isinstance(error, OSError):
                raise
        else:
            await self._let_in(guest, peer)

    async def _who(self, guest: socket.socket) -> tuple[str, int]:
        """Return the address to judge. Raises NoHeader, TimeoutError, OSError."""
        peer = guest.getpeername()
        if not is_among(peer[0], self._front.proxy_peers):
            return peer[0], peer[1]
        async with asyncio.timeout(PROXY_SECONDS):
            announced = await read_header(lambda octets: _exactly(guest, octets))
        return (announced.address, announced.port) if announced else (peer[0], peer[1])

    async def _let_in(self, guest: socket.socket, peer: tuple[str, int]) -> None:
        tls = self._tls
        seconds = min(self._front.bounds.command_seconds, HANDSHAKE_SECONDS) if tls else None
        try:
            guest.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: GateSession(self._front, peer=peer, encrypted=tls is not None),
                guest,
                ssl=tls,
                ssl_handshake_timeout=seconds,
            )
        except OSError:
            _LOG.info("tls_failed")


async def _exactly(guest: socket.socket, octets: int) -> bytes:
    loop = asyncio.get_running_loop()
    taken = b""
    while len(taken) < octets:
        more = await loop.sock_recv(guest, octets - len(taken))
        if not more:
            raise NoHeader
        taken += more
    return taken
