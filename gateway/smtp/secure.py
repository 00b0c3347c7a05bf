"""The verbs that need trust or encryption: STARTTLS, AUTH and XFORWARD."""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from gateway.model import PeerViolation
from gateway.smtp import replies
from gateway.smtp.auth import Exchange, mechanisms
from gateway.smtp.delivery import PLAIN_VERBS, DeliverySession
from gateway.smtp.front import Front, is_among
from gateway.smtp.inbox import ClientGone, LineTooLong
from gateway.smtp.session import CONTROL
from gateway.smtp.xforward import ATTRIBUTES, parse_xforward
from gateway.upstream.wire import RelayReply

AUTH_OCTETS: Final = 12_288
"""What a line of an AUTH exchange may hold at least (RFC 4954 4.3)."""

_LOG = structlog.get_logger()


class GateSession(DeliverySession):
    """The proxy's session, whole."""

    __slots__ = ()

    def __init__(self, front: Front, *, peer: tuple[str, int] = ("", 0), encrypted: bool = False) -> None:
        """``peer`` is whom a balancer announced, ``encrypted`` whether TLS came before the greeting (RFC 8314 3.3)."""
        super().__init__(front)
        self.peer = peer
        self.encrypted = encrypted

    @property
    def _trusted(self) -> bool:
        return is_among(self.peer[0], self.front.xforward_peers)

    # --- STARTTLS ------------------------------------------------------------------------------

    async def smtp_STARTTLS(self, arg: bytes) -> None:  # noqa: N802
        """Encrypt and forget everything said before, on both sides (RFC 3207 4.2)."""
        if self.front.tls is None or self.encrypted:
            raise PeerViolation(replies.NOT_IMPLEMENTED)
        if arg.strip():
            raise PeerViolation(replies.NO_ARGUMENT)
        self._say(replies.READY_FOR_TLS)
        self._part_from_relay()
        self._leg.forget()
        self._forget()
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
            self._inbox.line_limit = max(self.front.bounds.line, AUTH_OCTETS)
            more.append("AUTH " + " ".join(known))
        if self._trusted:
            more.append("XFORWARD " + " ".join(ATTRIBUTES))
        return more

    def _mechanisms(self) -> list[str]:
        """Return what may be relayed: nothing unless both legs are encrypted."""
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
        await self._leg.ready()  # a connection given back may come back without TLS, and then nothing is told
        exchange = Exchange(arg)
        if exchange.mechanism not in self._mechanisms():
            raise PeerViolation(replies.NO_MECHANISM)

        async def answer(challenge: RelayReply) -> bytes:
            self._relay_says(challenge, "auth")
            line = await self._response()
            exchange.say(line)
            return line

        reply = await self._leg.authenticate(self._line, answer)
        if reply.positive:
            self._user = exchange.user or ""
        self._relay_says(reply, "auth")

    async def _response(self) -> bytes:
        """Return the client's next line of the exchange. Raises PeerViolation for what the relay must not see."""
        await self._drain()
        try:
            line: bytes = await self._patiently(self.front.bounds.command_seconds, self._inbox.line())
        except LineTooLong:
            raise PeerViolation(replies.RESPONSE_TOO_LONG) from None
        if CONTROL.search(line):
            raise PeerViolation(replies.BAD_RESPONSE)
        return line

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
