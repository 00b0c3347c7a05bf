"""The verbs that need trust or encryption: STARTTLS, AUTH, XFORWARD, and the PROXY header before the greeting."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import structlog
from aiosmtpd.proxy_protocol import get_proxy

from gateway.model import PeerViolation, Reply
from gateway.smtp import replies
from gateway.smtp.auth import Exchange, mechanisms
from gateway.smtp.front import Front, is_among
from gateway.smtp.inbox import ClientGone, Inbox
from gateway.smtp.session import PLAIN_VERBS, Session
from gateway.smtp.xforward import ATTRIBUTES, parse_xforward
from gateway.upstream.wire import RelayReply

PROXY_SECONDS: Final = 5.0
_PROXY_LINE: Final = 108
"""Octets of a version 1 header at most (PROXY protocol 2.1)."""

_LOG = structlog.get_logger()


class _ProxyReader:
    """The inbox as aiosmtpd's PROXY parser wants to read it."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    async def read(self, octets: int = 1) -> bytes:
        return await self._inbox.exactly(octets)

    async def readexactly(self, octets: int) -> bytes:
        return await self._inbox.exactly(octets)

    async def readuntil(self, separator: bytes = b"\n") -> bytes:
        line = b""
        while not line.endswith(separator):
            if len(line) > _PROXY_LINE:
                raise ValueError
            line += await self._inbox.exactly(1)
        return line


class GateSession(Session):
    """The proxy's session, whole."""

    def __init__(self, front: Front, *, implicit_tls: bool = False) -> None:
        """``implicit_tls`` encrypts before the greeting (RFC 8314 3.3)."""
        super().__init__(front)
        self._implicit = implicit_tls
        self._trusted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start serving; under implicit TLS nothing is read before the handshake."""
        super().connection_made(transport)
        if self._implicit:
            self._pause_reading()

    # --- before the greeting -------------------------------------------------------------------

    async def _begin(self) -> None:
        if self._implicit:
            await self._encrypt()
        if is_among(self.peer[0], self.front.proxy_peers):
            await self._read_proxy_header()
        self._trusted = is_among(self.peer[0], self.front.xforward_peers)

    async def _read_proxy_header(self) -> None:
        try:
            async with asyncio.timeout(PROXY_SECONDS):
                header: Any = await get_proxy(_ProxyReader(self._inbox))
        except TimeoutError:
            header = None
        if not header or not header.valid:
            _LOG.warning("proxy_header_missing")
            raise ClientGone
        if header.src_addr is not None and header.src_port is not None:
            self.rename_peer(str(header.src_addr), int(header.src_port))

    # --- STARTTLS ------------------------------------------------------------------------------

    async def smtp_STARTTLS(self, arg: bytes) -> None:  # noqa: N802
        """Encrypt and forget everything said before (RFC 3207)."""
        if self.front.tls is None or self.encrypted:
            raise PeerViolation(replies.NOT_IMPLEMENTED)
        if arg.strip():
            raise PeerViolation(replies.NO_ARGUMENT)
        self._say(replies.READY_FOR_TLS)
        await self._leg.part()
        self._transaction = None
        self._hello = b""
        self._offered = frozenset()
        self._enhanced = self._utf8 = False
        self._forwarded = {}
        await self._encrypt()

    async def _encrypt(self) -> None:
        if self.front.tls is None:
            raise ClientGone
        try:
            await self.start_tls(self.front.tls)
        except (OSError, asyncio.IncompleteReadError):
            _LOG.info("tls_failed")
            raise ClientGone from None

    # --- AUTH ----------------------------------------------------------------------------------

    def _offer_more(self) -> list[str]:
        more = []
        if self.front.tls is not None and not self.encrypted:
            more.append("STARTTLS")
        known = self._mechanisms()
        if known:
            self._offered |= {"AUTH"}
            more.append("AUTH " + " ".join(known))
        if self._trusted:
            more.append("XFORWARD " + " ".join(ATTRIBUTES))
        return more

    def _mechanisms(self) -> list[str]:
        """Return what may be relayed: nothing unless both legs are encrypted, and nothing twice."""
        if not self.encrypted or not self._leg.encrypted:
            return []
        return mechanisms(self._leg.capabilities.keywords.get("AUTH", b""))

    async def smtp_AUTH(self, arg: bytes) -> None:  # noqa: N802
        """Relay the exchange; whether the secret is right is the relay's business alone (RFC 4954)."""
        if "AUTH" not in self._offered:
            encrypt = self.front.tls is not None and not self.encrypted
            raise PeerViolation(replies.ENCRYPT_FIRST if encrypt else replies.NOT_IMPLEMENTED)
        if self._user is not None:
            raise PeerViolation(replies.AUTHENTICATED_ALREADY)
        if self._transaction is not None:
            raise PeerViolation(replies.IN_TRANSACTION)
        exchange = Exchange(arg)
        if exchange.mechanism not in self._mechanisms():
            raise PeerViolation(Reply(code=504, enhanced="5.5.4", lines=("Mechanism not offered",)))

        async def answer(challenge: RelayReply) -> bytes:
            self._relay_says(challenge, "auth")
            await self._drain()
            line: bytes = await self._patiently(self.front.bounds.command_seconds, self._inbox.line())
            exchange.say(line)
            return line

        reply = await self._leg.authenticate(self._line, answer)
        if reply.positive:
            self._user = exchange.user or ""
        self._relay_says(reply, "auth")

    # --- XFORWARD ------------------------------------------------------------------------------

    async def smtp_XFORWARD(self, arg: bytes) -> None:  # noqa: N802
        """Believe a configured peer about its own client, for the next transaction."""
        if not self._trusted:
            raise PeerViolation(replies.NOT_IMPLEMENTED)
        if self._transaction is not None:
            raise PeerViolation(replies.IN_TRANSACTION)
        self._forwarded.update(parse_xforward(arg))
        self._say(replies.OK)


GateSession.verbs = {
    name.encode(): getattr(GateSession, f"smtp_{name}") for name in (*PLAIN_VERBS, "STARTTLS", "AUTH", "XFORWARD")
}
