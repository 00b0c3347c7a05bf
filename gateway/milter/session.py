"""One connection of an MTA: its commands become submissions, verdicts become its answers.

The MTA asks once for a message, at its end, and takes it itself: persons are counted when we accept, and whether the
MTA delivers is not told to us (docs/positions.md). A message is whole here, with every recipient, before any splitting.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from gateway.case import Submission
from gateway.content import Content
from gateway.decision import Gatekeeper
from gateway.message.addresses import make_address
from gateway.milter import codec
from gateway.milter.codec import Packet, PeerViolation, Step, Terms
from gateway.model import Action, Address, Client, Envelope, Occasion, Recipient, Reply, Unavailable
from gateway.policy.refusal import deferral
from gateway.terms import Decision, Receipt

Send = Callable[[bytes], Awaitable[None]]

_TOO_BIG: Final = Reply(code=552, enhanced="5.3.4", lines=("Message too big",))
_NO_ANSWER: Final = Reply(code=451, enhanced="4.3.0", lines=("Temporary failure, try again later",))
_OF_CONTENT: Final = (b"L", b"N", b"B")
"""Steps whose macros tell nothing of the sender; Postfix sends some with every header field."""
REFERENCE: Final = b"X-Utpost-Reference"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """What all sessions share."""

    gatekeeper: Gatekeeper
    largest: int
    """Octets of a message."""
    hold: frozenset[str] = frozenset()
    """Rules whose refusals are held by the MTA instead."""
    reference_header: bool = False
    """Whether passing messages carry our reference."""


@dataclass(slots=True)
class _Transaction:
    """One message on its way in."""

    mail: list[bytes]
    recipients: list[bytes] = field(default_factory=list)
    content: Content = field(default_factory=lambda: Content(stuffed=False))
    too_big: bool = False
    head: list[bytes] = field(default_factory=list)
    """Header fields that are not in the content yet: they are small, and written together."""
    size: int = 0

    @property
    def utf8(self) -> bool:
        return any(parameter.upper() == b"SMTPUTF8" for parameter in self.mail[1:])

    def parameter(self, name: bytes) -> str:
        prefix = name + b"="
        found = (p[len(prefix) :] for p in self.mail[1:] if p.upper().startswith(prefix))
        return next(found, b"").decode("ascii", "replace")

    def close(self) -> None:
        self.content.close()


class MilterSession:
    """The state of one connection; ``obey`` takes its packets in order."""

    def __init__(self, manners: Manners, send: Send) -> None:
        """``send`` writes octets to the MTA."""
        self._manners = manners
        self._send = send
        self._terms: Terms | None = None
        self._answered: frozenset[bytes] = frozenset()
        """Commands that the MTA awaits an answer to."""
        self._blank = b" "
        """What stands between a field's colon and the value that the MTA sends."""
        self._client = ("", 0)
        self._helo = b""
        self._macros: dict[bytes, bytes] = {}
        self._transaction: _Transaction | None = None
        self.final = False
        """The message is accepted: the MTA's leaving changes nothing any more."""
        self._takers: dict[bytes, Callable[[bytes], None]] = {
            b"D": self._take_macros,
            b"C": self._take_connect,
            b"H": self._take_helo,
            b"M": self._take_mail,
            b"R": self._take_rcpt,
            b"T": self._take_nothing,
            b"U": self._take_nothing,
            b"L": self._take_header,
            b"N": self._take_end_of_header,
            b"B": self._take_body,
            b"A": self._take_abort,
            b"K": self._take_next_connection,
        }

    def take(self, packet: Packet) -> bool:
        """Follow a command that gets no answer, as nearly all do; False where ``obey`` must. Raises PeerViolation."""
        command = packet.command
        taker = self._takers.get(command)
        if taker is None or self._terms is None or command in self._answered:
            return False
        taker(packet.data)
        return True

    async def obey(self, packet: Packet) -> bool:
        """Follow one command; return False when the MTA says good-bye. Raises PeerViolation."""
        command, data = packet.command, packet.data
        if command == b"O":
            self._terms = codec.negotiate(data)
            steps = self._terms.steps
            self._answered = frozenset(command for command, silent in codec.UNANSWERED.items() if not steps & silent)
            self._blank = b"" if steps & Step.LEADING_SPACE else b" "
            await self._send(codec.agreement(self._terms))
            return True
        if self._terms is None:
            raise PeerViolation("a command before the terms")
        if command == b"Q":
            return False
        if command == b"E":
            await self._end(data)
        elif command in self._takers:
            self._takers[command](data)
            if command in self._answered:
                await self._send(self._answer(command))
        else:
            raise PeerViolation("a command that nobody knows")
        return True

    def _answer(self, command: bytes) -> bytes:
        too_big = self._transaction is not None and self._transaction.too_big
        if command == b"B" and too_big and self._terms is not None and self._terms.steps & Step.SKIP:
            return codec.SKIP
        return codec.CONTINUE

    def abort(self) -> None:
        """Forget the message that is coming in."""
        if self._transaction is not None:
            self._transaction.close()
        self._transaction = None

    # --- commands ------------------------------------------------------------------------------------

    def _take_macros(self, data: bytes) -> None:
        if data[:1] in _OF_CONTENT:
            return
        command, macros = codec.macros_of(data)
        if command in (b"C", b"M"):
            # Those of a connection stand until the next one; those of a message until its end.
            kept = {} if command == b"C" else {n: v for n, v in self._macros.items() if n in (b"j", b"daemon_name")}
            self._macros = {**kept, **macros} if command == b"C" else {**self._macros, **macros}
        else:
            self._macros |= macros

    def _take_connect(self, data: bytes) -> None:
        self._client = codec.connection_of(data)
        self._helo = b""

    def _take_helo(self, data: bytes) -> None:
        self._helo = b"".join(codec.strings(data)[:1])

    def _take_mail(self, data: bytes) -> None:
        self.abort()
        found = codec.strings(data)
        if not found:
            raise PeerViolation("a message from no path")
        self._transaction = _Transaction(found)

    def _take_rcpt(self, data: bytes) -> None:
        found = codec.strings(data)
        if not found:
            raise PeerViolation("a message to no path")
        self._open().recipients.append(found[0])

    def _take_header(self, data: bytes) -> None:
        name, nul, value = data.partition(b"\0")
        if not nul or not value.endswith(b"\0"):
            raise PeerViolation("a header without a value")
        if b"\n" in value:
            value = value.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        transaction = self._open()
        field = b"%b:%b%b\r\n" % (name, self._blank, value[:-1])
        if self._has_room(transaction, len(field)):
            transaction.head.append(field)

    def _take_end_of_header(self, data: bytes) -> None:
        del data
        self._write(b"\r\n")

    def _take_body(self, data: bytes) -> None:
        self._write(data)

    def _take_nothing(self, data: bytes) -> None:
        del data

    def _take_abort(self, data: bytes) -> None:
        del data
        self.abort()

    def _take_next_connection(self, data: bytes) -> None:
        del data
        self.abort()
        self._client, self._helo, self._macros = ("", 0), b"", {}

    def _open(self) -> _Transaction:
        if self._transaction is None:
            raise PeerViolation("a part of no message")
        return self._transaction

    def _write(self, octets: bytes) -> None:
        transaction = self._open()
        if not self._has_room(transaction, len(octets)):
            return
        if transaction.head:
            octets = b"".join((*transaction.head, octets))
            transaction.head.clear()
        transaction.content.write(octets)

    def _has_room(self, transaction: _Transaction, octets: int) -> bool:
        transaction.size += octets
        if transaction.size > self._manners.largest:
            transaction.too_big = True
            transaction.head.clear()
        return not transaction.too_big

    # --- the end of a message --------------------------------------------------------------------------

    async def _end(self, data: bytes) -> None:
        transaction = self._open()
        if data or transaction.head:
            self._write(data)
        try:
            if transaction.too_big:
                await self._reply(_TOO_BIG)
            else:
                await self._judge(self._submission(transaction))
        finally:
            self.abort()
            self.final = False

    def _submission(self, transaction: _Transaction) -> Submission:
        ours: list[Recipient] = []
        others: list[Recipient] = []
        for path in transaction.recipients:
            address = _address(path)
            terminal = address is not None and self._manners.gatekeeper.terminates(address)
            (ours if terminal else others).append(Recipient(path=path, address=address))
        return Submission(
            occasion=Occasion(reference=secrets.token_hex(6).upper(), received_at=datetime.now(UTC), front="milter"),
            client=Client(
                address=self._client[0],
                port=self._client[1],
                helo=self._helo.decode("utf-8", "replace"),
                tls=b"tls_version" in self._macros,
                # The queue id is no identity: a message is whole here, and short ids are given out again.
                user=self._macro(b"auth_authen") or None,
            ),
            envelope=Envelope(
                sender=_address(transaction.mail[0]), recipients=tuple(others), smtputf8=transaction.utf8
            ),
            content=transaction.content,
            terminal=tuple(r.address for r in ours if r.address is not None),
            envid=transaction.parameter(b"ENVID"),
        )

    def _macro(self, name: bytes) -> str:
        return self._macros.get(name, b"").decode("utf-8", "replace")

    async def _judge(self, submission: Submission) -> None:
        gatekeeper = self._manners.gatekeeper
        receipt: Receipt | Reply | None = None
        if submission.terminal:
            try:
                receipt = await gatekeeper.receive(submission)
                if not submission.envelope.recipients:
                    await self._received(receipt)
                    return
            except Unavailable:
                await self._reply(_NO_ANSWER)
                return
        accepted = await self._decide(submission)
        if receipt is None:
            return
        if isinstance(receipt, Reply):
            if accepted:
                gatekeeper.report(submission, receipt)
        elif accepted:
            gatekeeper.confirm(receipt, submission)
        else:
            gatekeeper.forget(receipt)

    async def _received(self, receipt: Receipt | Reply) -> None:
        """Answer for a message that was for us alone: it ends here, and the MTA drops it."""
        if isinstance(receipt, Reply):
            await self._reply(receipt)
            return
        await receipt.confirm()
        self.final = True
        await self._send(codec.DISCARD)

    async def _decide(self, submission: Submission) -> bool:
        """Judge and answer; tell whether the MTA was told to take the message."""
        gatekeeper = self._manners.gatekeeper
        responsible = gatekeeper.responsible(submission)
        if responsible is None:
            await self._accept(submission)
            gatekeeper.note_passed(submission, 250)
            return True
        decision = await gatekeeper.decide(submission, responsible)
        try:
            return await self._perform(decision)
        except BaseException:
            gatekeeper.abandon(decision)
            raise

    async def _perform(self, decision: Decision) -> bool:
        gatekeeper, submission = self._manners.gatekeeper, decision.submission
        if decision.verdict.action is Action.DEFER:
            gatekeeper.abandon(decision)
            await self._reply(deferral(submission.occasion.reference))
            return False
        try:
            if decision.verdict.action is Action.BLOCK:
                reply = await gatekeeper.refuse(decision)
                await self._refuse(decision, reply)
                return False
            await gatekeeper.prepare(decision)
        except Unavailable:
            gatekeeper.abandon(decision)
            await self._reply(_NO_ANSWER)
            return False
        self.final = True
        gatekeeper.settle(decision, 250, "2.0.0")
        await self._accept(submission)
        return True

    async def _refuse(self, decision: Decision, reply: Reply) -> None:
        rules = {hit.rule for hit in decision.verdict.deciding if hit.action is Action.BLOCK}
        actions = codec.Action(0) if self._terms is None else self._terms.actions
        if not rules or not rules <= self._manners.hold or not actions & codec.Action.QUARANTINE:
            await self._reply(reply, utf8=decision.submission.envelope.smtputf8)
            return
        reference = decision.submission.occasion.reference.encode()
        if actions & codec.Action.ADD_HEADERS:
            await self._send(codec.insert_header(REFERENCE, b" " + reference))
        await self._send(codec.quarantine(b"Utpost " + reference) + codec.CONTINUE)

    async def _accept(self, submission: Submission) -> None:
        """Have the MTA take the message, without the recipients that are ours."""
        out = b""
        actions = codec.Action(0) if self._terms is None else self._terms.actions
        if submission.terminal and actions & codec.Action.DELETE_RECIPIENTS:
            ours = {str(address) for address in submission.terminal}
            paths = self._transaction.recipients if self._transaction else []
            out += b"".join(codec.delete_recipient(path) for path in paths if str(_address(path)) in ours)
        if self._manners.reference_header and actions & codec.Action.ADD_HEADERS:
            out += codec.insert_header(REFERENCE, b" " + submission.occasion.reference.encode())
        await self._send(out + codec.CONTINUE)

    async def _reply(self, reply: Reply, *, utf8: bool = False) -> None:
        await self._send(codec.reply_packet(reply.encode(utf8=utf8)))


def _address(path: bytes) -> Address | None:
    """Return the address in a path, for judging; None for ``<>`` and where it cannot be read."""
    text = path.strip().removeprefix(b"<").removesuffix(b">").decode("utf-8", "replace")
    if text.startswith("@"):
        text = text.partition(":")[2]
    local, at, domain = text.rpartition("@")
    if not at:
        return make_address(text, "") if text else None
    if len(local) > 1 and local.startswith('"') and local.endswith('"'):
        local = local[1:-1].replace("\\", "")
    return make_address(local, domain)
