"""One client connection: verbs as methods, one transaction at a time.

``Session`` is aiosmtpd's session with reading, verbs and life cycle of our own: a receiver answers by
itself where a proxy must ask the relay (docs/decisions/0003). The relay's replies go back octet for octet; the
content waits until the gatekeeper has decided and then leaves in the same relay transaction.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import ClassVar, Final

import structlog

from gateway.decision import Submission
from gateway.model import (
    Client,
    Envelope,
    Occasion,
    PeerViolation,
    Recipient,
    Reply,
    Unavailable,
)
from gateway.smtp import replies
from gateway.smtp.connection import Connection
from gateway.smtp.data import DotReader
from gateway.smtp.front import Front
from gateway.smtp.handover import Handover
from gateway.smtp.inbox import ClientGone, LineTooLong
from gateway.smtp.leg import RelayLeg
from gateway.smtp.params import PathCommand, parse_path_command
from gateway.telemetry.logs import fault
from gateway.upstream.client import RelayRefusal
from gateway.upstream.wire import RelayReply

_CONTROL: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_RCPT: Final = re.compile(rb"rcpt to:", re.IGNORECASE)
_GROUP: Final = 100
"""Pipelined RCPTs relayed at once."""

PASSED_ON: Final = ("SIZE", "8BITMIME", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES", "MT-PRIORITY")
"""Extensions offered to a client when the relay offers them. CHUNKING and BINARYMIME never are: DATA alone has
line ends that can be judged. PIPELINING is offered on our own account."""

_LOG = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class Transaction:
    """MAIL and what followed it, until DATA or RSET."""

    mail: PathCommand
    recipients: list[PathCommand] = field(default_factory=list)
    """Those that the relay accepted."""
    terminal: list[PathCommand] = field(default_factory=list)
    """Those that Utpost itself receives for."""
    asked: int = 0
    broken: bool = False
    """The relay was lost in the middle: nothing of this may be delivered."""


class Session(Connection):
    """The proxy's session with the verbs that everybody may use."""

    verbs: ClassVar[Mapping[bytes, Callable[..., Awaitable[None]]]] = {}
    """Upper-case verb → method; filled where the class is complete."""

    def __init__(self, front: Front) -> None:
        """Start before the greeting."""
        super().__init__(front)
        self._leg = RelayLeg(front.open_relay, self._origin if front.xclient else None)
        self._hello = b""
        self._offered: frozenset[str] = frozenset()
        self._transaction: Transaction | None = None
        self._line = b""
        self._junk = 0
        self._user: str | None = None
        self._forwarded: dict[str, str] = {}

    def holds_idle_relay(self) -> bool:
        """Tell whether the relay connection waits for a client that does nothing."""
        return self._leg.connected and self._transaction is None and not self._leg.pinned

    def give_relay_back(self) -> None:
        """Part from the relay in the background."""
        self.front.spawn(self._leg.part())

    # --- the loop ----------------------------------------------------------------------------

    async def serve(self) -> None:
        """Run the session to its end."""
        try:
            await self._begin()
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

    async def _begin(self) -> None:
        """Do what comes before the greeting."""

    def _admit(self) -> None:
        bounds, front = self.front.bounds, self.front
        crowded = len(front.sessions) > bounds.sessions or front.per_address[self.peer[0]] > bounds.sessions_per_address
        admitted = front.admits(self.peer[0])
        front.meters.admitted(accepted=admitted and not crowded)
        if not admitted:
            self._say(replies.ACCESS_DENIED, "connect")
        elif crowded or front.draining:
            self._say(replies.TOO_MANY_SESSIONS if crowded else replies.SHUTTING_DOWN, "connect")
        else:
            self._say(Reply(code=220, enhanced="", lines=(f"{front.hostname} ESMTP",)), "connect")
            return
        self._closing = True

    async def _next_command(self) -> None:
        if not self._inbox.line_ready():
            if self.front.draining:
                self._say(replies.SHUTTING_DOWN)
                self._closing = True
                return
            await self._drain()
        try:
            line = await self._patiently(self.front.bounds.command_seconds, self._inbox.line())
        except LineTooLong:
            self._bogus(replies.LINE_TOO_LONG)
            return
        await self._obey(line)

    async def _obey(self, line: bytes) -> None:
        verb, _, argument = line.partition(b" ")
        if _CONTROL.search(line):
            self._bogus(replies.BAD_OCTETS)
            return
        method = self.verbs.get(verb.upper())
        if method is None:
            self._bogus(replies.NOT_IMPLEMENTED if verb.upper() in KNOWN else replies.UNKNOWN_COMMAND)
            return
        self._line = line
        try:
            await method(self, argument)
            self._junk = 0
        except PeerViolation as error:
            self._say(error.reply)
            self._closing = self._closing or error.close
        except Unavailable as error:
            self._relay_away(error)

    def _bogus(self, reply: Reply) -> None:
        self._junk += 1
        if self._junk > self.front.bounds.junk:
            self._say(replies.TOO_MANY_ERRORS)
            self._closing = True
        else:
            self._say(reply)

    def _relay_away(self, error: Unavailable) -> None:
        _LOG.warning("relay_unavailable", why=error.why)
        self._leg.abort()
        if self._transaction is not None:
            self._transaction.broken = True
        if self._leg.pinned:
            self._say(replies.RELAY_LOST)
            self._closing = True
        else:
            self._say(replies.RELAY_AWAY)

    def _leave(self) -> None:
        self._flush()
        if self._timer is not None:
            self._timer.cancel()
        if self.transport is not None:
            self.transport.close()
        self.front.sessions.discard(self)
        self.front.per_address[self.peer[0]] -= 1
        if self.front.per_address[self.peer[0]] <= 0:
            del self.front.per_address[self.peer[0]]
        self.front.meters.session(-1)
        if self._leg.connected:
            self.front.spawn(self._leg.part())

    # --- verbs -------------------------------------------------------------------------------

    async def smtp_EHLO(self, arg: bytes) -> None:  # noqa: N802 - aiosmtpd's naming of verbs
        """Greet the relay with the client's name and offer what both sides can do."""
        if await self._greet(arg, extended=True):
            capabilities = self._leg.capabilities
            self._offered = frozenset({"PIPELINING", *(k for k in PASSED_ON if k in capabilities)})
            self._enhanced = "ENHANCEDSTATUSCODES" in capabilities
            lines = [self.front.hostname, "PIPELINING"]
            lines += [self._offer(keyword) for keyword in PASSED_ON if keyword in capabilities]
            lines += self._offer_more()
            self._say(Reply(code=250, enhanced="", lines=tuple(lines)), "ehlo")

    async def smtp_HELO(self, arg: bytes) -> None:  # noqa: N802
        """Greet the relay with HELO and offer nothing."""
        if await self._greet(arg, extended=False):
            self._offered = frozenset()
            self._say(Reply(code=250, enhanced="", lines=(self.front.hostname,)), "ehlo")

    async def _greet(self, arg: bytes, *, extended: bool) -> bool:
        name = arg.strip()
        if not name or b" " in name:
            raise PeerViolation(replies.NAME_NEEDED)
        self._transaction = None
        self._hello = b""
        self._offered = frozenset()
        self._enhanced = self._utf8 = False
        try:
            await self._leg.greet(name, extended=extended)
        except RelayRefusal as refusal:
            self._relay_says(refusal.reply, "ehlo")
            return False
        self._hello = name
        return True

    def _offer_more(self) -> list[str]:
        """Return what this client is offered beyond the common extensions."""
        return []

    def _offer(self, keyword: str) -> str:
        if keyword == "SIZE":
            return f"SIZE {self._size_limit()}"
        parameters = self._leg.capabilities.keywords[keyword].decode("ascii", "replace")
        return f"{keyword} {parameters}".rstrip()

    def _size_limit(self) -> int:
        ours, theirs = self.front.bounds.message, self._leg.capabilities.size
        return min(ours, theirs) if theirs else ours

    async def smtp_MAIL(self, arg: bytes) -> None:  # noqa: N802
        """Relay MAIL as written."""
        if not self._hello:
            raise PeerViolation(replies.HELLO_FIRST)
        if self._transaction is not None:
            raise PeerViolation(replies.NESTED_MAIL)
        command = parse_path_command(arg, b"FROM", self._offered)
        if int(command.parameters.get("SIZE") or 0) > self.front.bounds.message:
            raise PeerViolation(replies.TOO_BIG)
        try:
            reply = await self._leg.mail(self._line, self._origin())
        except RelayRefusal as refusal:
            reply = refusal.reply
        if reply.positive:
            self._transaction = Transaction(mail=command)
            self._utf8 = "SMTPUTF8" in command.parameters
        self._relay_says(reply, "mail")

    async def smtp_RCPT(self, arg: bytes) -> None:  # noqa: N802
        """Relay RCPT as written, together with those that the client has sent behind it."""
        transaction = self._open_transaction()
        group: list[tuple[bytes, PathCommand | Reply]] = [(self._line, self._read_rcpt(arg))]
        while self._leg.pipelining and len(group) < _GROUP and (line := self._next_rcpt()) is not None:
            group.append((line, self._read_rcpt(line[5:])))
        lines = [line for line, command in group if isinstance(command, PathCommand) and not self._is_ours(command)]
        answers = iter(await self._leg.rcpt(lines) if lines else [])
        for _, command in group:
            if isinstance(command, Reply):
                self._say(command, "rcpt")
                continue
            if self._is_ours(command):
                transaction.terminal.append(command)
                self._say(replies.RECIPIENT_OK, "rcpt")
                continue
            reply = next(answers)
            self._relay_says(reply, "rcpt")
            if reply.positive:
                transaction.recipients.append(command)

    def _is_ours(self, command: PathCommand) -> bool:
        return command.address is not None and self.front.gatekeeper.terminates(command.address)

    def _open_transaction(self) -> Transaction:
        if self._transaction is None:
            raise PeerViolation(replies.MAIL_FIRST if self._hello else replies.HELLO_FIRST)
        if self._transaction.broken:
            raise PeerViolation(replies.RELAY_AWAY)
        return self._transaction

    def _next_rcpt(self) -> bytes | None:
        line = self._inbox.peek_line()
        if line is None or not _RCPT.match(line) or _CONTROL.search(line):
            return None
        return self._inbox.take_line()

    def _read_rcpt(self, arg: bytes) -> PathCommand | Reply:
        transaction = self._open_transaction()
        transaction.asked += 1
        if transaction.asked > self.front.bounds.recipients:
            return replies.TOO_MANY_RECIPIENTS
        try:
            return parse_path_command(arg, b"TO", self._offered)
        except PeerViolation as error:
            return error.reply

    async def smtp_DATA(self, arg: bytes) -> None:  # noqa: N802
        """Take the content, have it judged, hand it over or refuse it."""
        if arg.strip():
            raise PeerViolation(replies.NO_ARGUMENT)
        transaction = self._open_transaction()
        if not transaction.recipients and not transaction.terminal:
            raise PeerViolation(replies.NO_RECIPIENTS if transaction.asked else replies.RCPT_FIRST)
        if self.front.in_flight >= self.front.bounds.in_flight:
            raise PeerViolation(replies.NO_ROOM)
        self._say(replies.GO_AHEAD, "data")
        await self._drain()
        reader = DotReader(self._size_limit())
        self._receiving = True
        try:
            await self._patiently(self.front.bounds.block_seconds, self._inbox.message(reader))
            await self._end_of_data(transaction, reader)
        finally:
            self._receiving = self._final = self._utf8 = False
            self._transaction = None
            self._forwarded = {}
            reader.content.close()
            self.front.count_in_flight(-self._taken)
            self._taken = 0

    async def _end_of_data(self, transaction: Transaction, reader: DotReader) -> None:
        if not reader.fit:
            await self._leg.reset()
            self._say(replies.BAD_LINE_ENDS if reader.malformed else replies.TOO_BIG, "end")
            return
        handover = Handover(self._leg, self.front.gatekeeper, self._mark_final)
        outcome = await handover.run(self._submission(transaction, reader))
        if isinstance(outcome, RelayReply):
            self._relay_says(outcome, "end")
        else:
            self._say(outcome, "end")
        if self.transport is None:
            raise ClientGone

    def _mark_final(self) -> None:
        self._final = True

    def _origin(self) -> dict[str, str]:
        """Return what a relay that takes XFORWARD is told of our client."""
        if self._forwarded:
            return self._forwarded
        helo = self._hello.decode("utf-8", "replace")
        proto = "ESMTP" if self._offered else "SMTP"
        port = str(self.peer[1])
        return {"NAME": "[UNAVAILABLE]", "ADDR": self._address(), "PORT": port, "PROTO": proto, "HELO": helo}

    def _address(self) -> str:
        return f"IPv6:{self.peer[0]}" if ":" in self.peer[0] else self.peer[0] or "[UNAVAILABLE]"

    def _client(self) -> Client:
        ident = self._forwarded.get("IDENT", "")
        return Client(
            address=self.peer[0],
            port=self.peer[1],
            helo=self._hello.decode("utf-8", "replace"),
            tls=self.encrypted,
            user=self._user,
            ident=ident if ident and not ident.startswith("[") else None,
        )

    def _submission(self, transaction: Transaction, reader: DotReader) -> Submission:
        recipients = tuple(Recipient(path=c.path, address=c.address) for c in transaction.recipients)
        return Submission(
            occasion=Occasion(reference=new_reference(), received_at=datetime.now(UTC), front="smtp"),
            client=self._client(),
            envelope=Envelope(
                sender=transaction.mail.address,
                recipients=recipients,
                smtputf8="SMTPUTF8" in transaction.mail.parameters,
            ),
            content=reader.content,
            terminal=tuple(command.address for command in transaction.terminal if command.address is not None),
        )

    async def smtp_RSET(self, arg: bytes) -> None:  # noqa: N802
        """Take the transaction back on both sides."""
        if arg.strip():
            raise PeerViolation(replies.NO_ARGUMENT)
        reply = await self._leg.reset()
        self._transaction = None
        if reply is not None and reply.positive:
            self._relay_says(reply, "other")
        else:
            self._say(replies.OK)

    async def smtp_NOOP(self, arg: bytes) -> None:  # noqa: ARG002, N802
        """Do nothing."""
        self._say(replies.OK)

    async def smtp_VRFY(self, arg: bytes) -> None:  # noqa: N802
        """Let the relay verify, who alone can."""
        if not arg.strip():
            raise PeerViolation(Reply(code=501, enhanced="5.5.4", lines=("Syntax: VRFY address",)))
        await self._ask_or_say(replies.CANNOT_VERIFY)

    async def smtp_EXPN(self, arg: bytes) -> None:  # type: ignore[override]  # noqa: ARG002, N802
        """Let the relay expand."""
        await self._ask_or_say(replies.NOT_IMPLEMENTED)

    async def smtp_HELP(self, arg: bytes) -> None:  # noqa: ARG002, N802
        """Name the verbs."""
        self._say(replies.HELP)

    async def _ask_or_say(self, otherwise: Reply) -> None:
        if self._leg.connected:
            self._relay_says(await self._leg.ask(self._line), "other")
        else:
            self._say(otherwise)

    async def smtp_QUIT(self, arg: bytes) -> None:  # noqa: N802
        """Say good-bye."""
        if arg.strip():
            raise PeerViolation(replies.NO_ARGUMENT)
        self._say(replies.BYE)
        self._closing = True


PLAIN_VERBS: Final = ("EHLO", "HELO", "MAIL", "RCPT", "DATA", "RSET", "NOOP", "VRFY", "EXPN", "HELP", "QUIT")
"""The commands that everybody may use."""

KNOWN: Final = frozenset({b"BDAT", b"ETRN", b"TURN", b"SEND", b"SAML", b"SOML", b"XCLIENT"})
"""Commands that exist but are not served: 502 rather than 500 (RFC 5321 4.2.4)."""


def new_reference() -> str:
    """Return 12 characters that name one message in replies, letters, journal and logs."""
    return secrets.token_hex(6).upper()
