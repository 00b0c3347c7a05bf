"""The verbs before the content: greetings, MAIL and RCPT as written, and what never disturbs a transaction."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.model import PeerViolation, Reply, Unavailable
from gateway.smtp import replies
from gateway.smtp.front import Front
from gateway.smtp.params import PathCommand, parse_path_command
from gateway.smtp.session import CONTROL, Session
from gateway.upstream.client import RelayRefusal
from gateway.upstream.wire import RelayReply

_RCPT: Final = re.compile(rb"rcpt to:", re.IGNORECASE)
_GROUP: Final = 100
"""Pipelined RCPTs relayed at once."""

PATIENCE_IN_TRANSACTION: Final = 12
"""Within a transaction the relay waits so many times longer for a silent or slow client: to replay an envelope costs
the relay more than to wait, but a hundred slow clients must not take all its places."""

PASSED_ON: Final = ("SIZE", "8BITMIME", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES", "MT-PRIORITY")
"""Extensions offered to a client when the relay offers them. CHUNKING and BINARYMIME never are: DATA alone has
line ends that can be judged. PIPELINING is offered on our own account."""


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


@dataclass(slots=True)
class _Rcpt:
    """One RCPT line: what it asks for, or why it is refused here."""

    line: bytes
    command: PathCommand | None
    refusal: Reply | None = None


class EnvelopeSession(Session):
    """The session with the verbs that everybody may use before DATA."""

    __slots__ = ("_extended", "_forwarded", "_hello", "_offered", "_own_origin", "_refused", "_transaction")

    def __init__(self, front: Front) -> None:
        """Start before the greeting."""
        super().__init__(front)
        self._hello = b""
        self._extended = False
        self._refused: RelayReply | None = None
        """Why the relay would not be greeted."""
        self._offered: frozenset[str] = frozenset()
        self._transaction: Transaction | None = None
        self._forwarded: dict[str, str] = {}
        self._own_origin: dict[str, str] | None = None
        """What the client itself is, made when it is first asked for after a greeting."""

    def relay_idle_for(self, now: float) -> float | None:
        """Return how long from ``now`` the client may still keep a relay connection idle; None where it may."""
        heard_at = self._leg.heard_at
        if heard_at is None or self._leg.pinned:
            return None
        seconds = self.front.bounds.relay_idle_seconds
        patience = seconds * PATIENCE_IN_TRANSACTION if self._leg.in_transaction else seconds
        return heard_at + patience - now

    def _break_transaction(self) -> None:
        if self._transaction is not None:
            self._transaction.broken = True

    def _forget(self) -> None:
        """Have no greeting and nothing that followed it."""
        self._hello, self._own_origin = b"", None
        self._refused = None
        self._offered = frozenset()
        self._enhanced = False
        self._end_transaction()

    def _end_transaction(self) -> None:
        self._transaction = None
        self._forwarded = {}
        self._utf8 = False

    # --- greetings ---------------------------------------------------------------------------

    async def smtp_EHLO(self, arg: bytes) -> None:  # noqa: N802 - aiosmtpd's naming of verbs
        """Greet the relay with the client's name and offer what both sides can do."""
        if await self._greet(arg, extended=True):
            keywords = self._leg.capabilities.keywords
            offers = [keyword for keyword in PASSED_ON if keyword in keywords]
            self._offered = frozenset(("PIPELINING", *offers))
            self._enhanced = "ENHANCEDSTATUSCODES" in keywords
            lines = [self.front.hostname, "PIPELINING", *map(self._offer, offers), *self._offer_more()]
            self._say(Reply(code=250, enhanced="", lines=tuple(lines)), "ehlo")

    async def smtp_HELO(self, arg: bytes) -> None:  # noqa: N802
        """Greet the relay with HELO and offer nothing."""
        if await self._greet(arg, extended=False):
            self._say(Reply(code=250, enhanced="", lines=(self.front.hostname,)), "ehlo")

    async def _greet(self, arg: bytes, *, extended: bool) -> bool:
        name = arg.strip()
        if not name:
            raise PeerViolation(replies.NAME_NEEDED)
        self._forget()
        self._extended = extended
        self._own_origin = None
        self._hello = name  # the relay may be told of it while it is greeted
        try:
            await self._leg.greet(name, extended=extended)
        except RelayRefusal as refusal:
            self._hello, self._refused, self._own_origin = b"", refusal.reply, None
            self._relay_says(refusal.reply, "ehlo")
        except Unavailable as error:
            # Without a relay a session is of no use, and the client has other places to try.
            self._lose_relay(error)
            self._say(replies.NO_RELAY, "ehlo")
        else:
            return True
        return False

    def _offer_more(self) -> list[str]:
        """Return what this client is offered beyond the common extensions; for the subclass."""
        return []

    def _offer(self, keyword: str) -> str:
        if keyword == "SIZE":
            return f"SIZE {self._size_limit()}"
        parameters = self._leg.capabilities.keywords[keyword].decode("ascii", "replace")
        return f"{keyword} {parameters}".rstrip()

    def _size_limit(self) -> int:
        ours, theirs = self.front.bounds.message, self._leg.capabilities.size
        return min(ours, theirs) if theirs else ours

    # --- the envelope ------------------------------------------------------------------------

    async def smtp_MAIL(self, arg: bytes) -> None:  # noqa: N802
        """Relay MAIL as written."""
        if self._refused is not None:
            self._relay_says(self._refused, "mail")
            return
        if not self._hello:
            raise PeerViolation(replies.HELLO_FIRST)
        if self._transaction is not None and not self._transaction.broken:
            raise PeerViolation(replies.NESTED_MAIL)
        command = parse_path_command(arg, b"FROM", self._offered)
        if int(command.parameters.get("SIZE") or 0) > self.front.bounds.message:
            raise PeerViolation(replies.TOO_BIG)
        self._transaction = None
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
        group = [self._read_rcpt(transaction, self._line, arg)]
        if group[0].refusal is None:
            await self._leg.ready()
            while self._leg.pipelining and len(group) < _GROUP and (line := self._next_rcpt()) is not None:
                group.append(self._read_rcpt(transaction, line, line[5:]))
            await self._leg.send_rcpts([rcpt.line for rcpt in group if rcpt.refusal is None])
        await self._answer_rcpts(transaction, group)

    async def _answer_rcpts(self, transaction: Transaction, group: Sequence[_Rcpt]) -> None:
        """Answer each of a group in its turn, as the relay does; one reply for each whatever happens to the relay."""
        for rcpt in group:
            if self._closing:
                return
            if rcpt.refusal is not None:
                self._say(rcpt.refusal, "rcpt")
                continue
            if transaction.broken:
                self._say(replies.RELAY_AWAY, "rcpt")
                continue
            if not self._leg.rcpt_answered:
                self._flush()
            try:
                reply = await self._leg.rcpt_reply(rcpt.line)
            except Unavailable as error:
                self._relay_away(error)
                continue
            self._relay_says(reply, "rcpt")
            if reply.positive and rcpt.command is not None:
                transaction.recipients.append(rcpt.command)

    def _open_transaction(self) -> Transaction:
        if self._transaction is None:
            raise PeerViolation(replies.MAIL_FIRST if self._hello else replies.HELLO_FIRST)
        if self._transaction.broken:
            raise PeerViolation(replies.RELAY_AWAY)
        return self._transaction

    def _next_rcpt(self) -> bytes | None:
        line = self._inbox.peek_line()
        if line is None or not _RCPT.match(line) or CONTROL.search(line):
            return None
        return self._inbox.take_line()

    def _read_rcpt(self, transaction: Transaction, line: bytes, arg: bytes) -> _Rcpt:
        transaction.asked += 1
        if transaction.asked > self.front.bounds.recipients:
            return _Rcpt(line, None, replies.TOO_MANY_RECIPIENTS)
        try:
            command = parse_path_command(arg, b"TO", self._offered)
        except PeerViolation as error:
            return _Rcpt(line, None, error.reply)
        if command.address is not None and self.front.gatekeeper.terminates(command.address):
            transaction.terminal.append(command)
            return _Rcpt(line, command, replies.RECIPIENT_OK)
        return _Rcpt(line, command)

    async def smtp_RSET(self, arg: bytes) -> None:  # noqa: N802
        """Take the transaction back on both sides."""
        if arg.strip():
            raise PeerViolation(replies.NO_ARGUMENT)
        reply = await self._leg.reset()
        self._end_transaction()
        if reply is not None and reply.positive:
            self._relay_says(reply, "other")
        else:
            self._say(replies.OK)

    # --- whom a message comes from, for relays that want to know -----------------------------

    def _origin(self) -> dict[str, str]:
        """Return what a relay that takes XFORWARD or XCLIENT is told of our client."""
        if self._forwarded:
            return self._forwarded
        if self._own_origin is None:
            address, port = self.peer
            self._own_origin = {
                "NAME": "[UNAVAILABLE]",
                "ADDR": (f"IPv6:{address}" if ":" in address else address) or "[UNAVAILABLE]",
                "PORT": str(port) if port else "[UNAVAILABLE]",
                "PROTO": "ESMTP" if self._extended else "SMTP",
                "HELO": self._hello.decode("utf-8", "replace"),
            }
        return self._own_origin

    # --- what leaves a transaction alone -----------------------------------------------------

    async def smtp_NOOP(self, arg: bytes) -> None:  # noqa: ARG002, N802
        """Do nothing."""
        self._say(replies.OK)

    async def smtp_VRFY(self, arg: bytes) -> None:  # noqa: N802
        """Let the relay verify, who alone can."""
        if not arg.strip():
            raise PeerViolation(replies.VRFY_WHOM)
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
        self._closing = self._quit = True
