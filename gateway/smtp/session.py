"""One client connection from greeting to good-bye: one command after another, each answered in its turn.

``Session`` is aiosmtpd's session with reading, verbs and life cycle of our own: a receiver answers by itself where a
proxy must ask the relay (docs/decisions/0003). The verbs are in ``envelope``, ``delivery`` and ``secure``.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import ClassVar, Final

import structlog

from gateway.model import PeerViolation, Reply, Unavailable
from gateway.smtp import replies
from gateway.smtp.connection import Connection
from gateway.smtp.front import Front
from gateway.smtp.inbox import ClientGone, LineTooLong, NotText
from gateway.smtp.leg import RelayLeg
from gateway.telemetry.logs import fault
from gateway.upstream.client import RelayRefusal, RelaySession

CONTROL: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
"""What no command may hold: a bare CR, a bare LF, NUL and other controls are refused, never split or stripped."""

_FOREIGN: Final = re.compile(rb"[A-Z]{3,8} \S+ HTTP/[0-9.]+|PRI \* HTTP/2\.0|PROXY (?:TCP[46]|UNKNOWN)\b.*")
"""Other protocols at our door. A web page can make a browser send a form here, with a message in it: what follows a
request line is never read as commands."""

KNOWN: Final = frozenset({b"BDAT", b"ETRN", b"TURN", b"SEND", b"SAML", b"SOML", b"XCLIENT"})
"""Commands that exist but are not served: 502 rather than 500 (RFC 5321 4.2.4)."""

TURN: Final = 64
"""Commands obeyed before other sessions have a turn."""

_LOG = structlog.get_logger()


class Session(Connection):
    """The life of a session: admission, commands, mistakes, the relay's absence, the end."""

    __slots__ = ("_junk", "_leg", "_line", "_turn")

    verbs: ClassVar[Mapping[bytes, Callable[..., Awaitable[None]]]] = {}
    """Upper-case verb → method; filled where the class is complete."""

    def __init__(self, front: Front) -> None:
        """Start before the greeting."""
        super().__init__(front)
        self._leg = RelayLeg(front.open_relay, self._origin if front.xclient else None)
        self._line = b""
        self._junk = 0
        self._turn = 0

    def _origin(self) -> dict[str, str]:
        """Return what a relay is told of our client; for the subclass."""
        return {}

    def _break_transaction(self) -> None:
        """Note that nothing of the present transaction may be delivered; for the subclass."""

    # --- the loop ----------------------------------------------------------------------------

    async def serve(self) -> None:
        """Run the session to its end."""
        try:
            self._admit()
            while not self._closing:
                await self._next_command()
        except ClientGone:
            pass
        except Exception as error:  # noqa: BLE001 - the last fence of a session; text never leaves
            _LOG.error("session_failed", **fault(error))
            self._say(replies.LOCAL_ERROR)
        finally:
            self._leave()

    def _admit(self) -> None:
        bounds, front = self.front.bounds, self.front
        crowded = len(front.sessions) > bounds.sessions or front.per_address[self.peer[0]] > bounds.sessions_per_address
        admitted = front.admits(self.peer[0])
        front.meters.admitted(accepted=admitted and not crowded)
        if not admitted:
            self._say(replies.ACCESS_DENIED, "connect")
            self._closing = True
        elif crowded or front.draining:
            self._say(replies.TOO_MANY_SESSIONS if crowded else replies.SHUTTING_DOWN, "connect")
        else:
            self._say(Reply(code=220, enhanced="", lines=(f"{front.hostname} ESMTP",)), "connect")

    async def _next_command(self) -> None:
        if not self._inbox.line_ready():
            if self.front.draining:
                self._say(replies.SHUTTING_DOWN)
                return
            self._flush()
            if self._room is not None:
                await self._drain()
        else:
            await self._take_turns()
        try:
            line = await self._patiently(self.front.bounds.command_seconds, self._inbox.line())
        except LineTooLong:
            self._bogus(replies.LINE_TOO_LONG)
        except NotText:
            self._send_away("TLS on a port for plain text", replies.NOT_SMTP)
        else:
            await self._obey(line)

    async def _take_turns(self) -> None:
        """Let others have their turn when a client has sent many commands at once, and wait until it reads."""
        self._turn += 1
        if self._turn % TURN == 0:
            await self._drain()
            await asyncio.sleep(0)

    async def _obey(self, line: bytes) -> None:
        verb, _, argument = line.partition(b" ")
        if CONTROL.search(line):
            self._bogus(replies.BAD_OCTETS)
            return
        method = self.verbs.get(verb.upper())
        if method is None:
            self._refuse_unknown(line, verb.upper())
            return
        self._line = line
        try:
            await method(self, argument)
            self._junk = 0
        except PeerViolation as error:
            self._say(error.reply)
            self._closing = self._closing or error.close
        except RelayRefusal as refusal:
            self._relay_says(refusal.reply, "other")
        except Unavailable as error:
            self._relay_away(error)

    # --- mistakes of the client --------------------------------------------------------------

    def _refuse_unknown(self, line: bytes, verb: bytes) -> None:
        if _FOREIGN.fullmatch(line):
            self._send_away("PROXY from a stranger" if verb == b"PROXY" else "HTTP", replies.NOT_SMTP)
        else:
            self._bogus(replies.NOT_IMPLEMENTED if verb in KNOWN else replies.UNKNOWN_COMMAND)

    def _bogus(self, reply: Reply) -> None:
        self._junk += 1
        if self._junk > self.front.bounds.junk:
            self._send_away("too many errors", replies.TOO_MANY_ERRORS)
        else:
            self._say(reply)

    def _send_away(self, why: str, reply: Reply) -> None:
        _LOG.info("client_sent_away", why=why)
        self._say(reply)

    # --- the relay's absence -----------------------------------------------------------------

    def _relay_away(self, error: Unavailable) -> None:
        self._lose_relay(error)
        self._say(replies.RELAY_LOST if self._leg.pinned else replies.RELAY_AWAY)

    def _lose_relay(self, error: Unavailable) -> None:
        _LOG.warning("relay_unavailable", why=error.why)
        self._leg.abort()
        self._break_transaction()

    def _part_from_relay(self) -> None:
        """Say QUIT to the relay, and let it answer when it likes."""
        session: RelaySession | None = self._leg.detach()
        if session is not None:
            session.part()

    def give_relay_back(self) -> None:
        """Part from the relay while the client is silent; an envelope is replayed when it goes on."""
        self._part_from_relay()

    # --- the end -----------------------------------------------------------------------------

    def _leave(self) -> None:
        front, address = self.front, self.peer[0]
        front.sessions.discard(self)
        front.per_address[address] -= 1
        if front.per_address[address] <= 0:
            del front.per_address[address]
        front.meters.session(-1)
        self._part_from_relay()
        self._part()
