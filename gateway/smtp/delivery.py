"""DATA: the content is taken, judged, and handed over in the relay transaction that its envelope opened."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Final

from gateway.case import Submission
from gateway.model import Client, Envelope, Occasion, PeerViolation, Recipient, Reply
from gateway.smtp import replies
from gateway.smtp.data import DotReader
from gateway.smtp.envelope import EnvelopeSession, Transaction
from gateway.smtp.front import Front
from gateway.smtp.handover import Handover
from gateway.smtp.inbox import ClientGone
from gateway.upstream.wire import RelayReply

PLAIN_VERBS: Final = ("EHLO", "HELO", "MAIL", "RCPT", "DATA", "RSET", "NOOP", "VRFY", "EXPN", "HELP", "QUIT")
"""The commands that everybody may use."""


class DeliverySession(EnvelopeSession):
    """The session with all verbs that everybody may use."""

    __slots__ = ("_user",)

    def __init__(self, front: Front) -> None:
        """Start before the greeting."""
        super().__init__(front)
        self._user: str | None = None
        """Who authenticated; empty where that is not known."""

    async def smtp_DATA(self, arg: bytes) -> None:  # noqa: N802
        """Take the content, have it judged, hand it over or refuse it."""
        if arg.strip():
            raise PeerViolation(replies.NO_ARGUMENT)
        transaction = self._open_transaction()
        if not transaction.recipients and not transaction.terminal:
            raise PeerViolation(replies.NO_RECIPIENTS if transaction.asked else replies.RCPT_FIRST)
        if self.front.full and not await self.front.has_room():
            raise PeerViolation(replies.NO_ROOM)
        self._say(replies.GO_AHEAD, "data")
        await self._drain()
        reader = DotReader(self._size_limit())
        try:
            await self._take_content(reader)
            await self._end_of_data(transaction, reader)
        finally:
            self._final = False
            self._end_transaction()
            reader.content.close()
            self.front.count_in_flight(-self._held)
            self._held = 0

    async def _take_content(self, reader: DotReader) -> None:
        self._taking = reader
        started = self.loop.time()
        try:
            await self._patiently(self.front.bounds.block_seconds, self._inbox.message(reader))
        finally:
            self._taking = None
        self.front.meters.received(self.loop.time() - started)
        self._count_content(reader)

    async def _end_of_data(self, transaction: Transaction, reader: DotReader) -> None:
        if not reader.fit:
            await self._leg.reset()
            self._say(_why_unfit(reader), "end")
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
            reports=all((c.parameters.get("NOTIFY") or b"").upper() != b"NEVER" for c in transaction.terminal),
            envid=(transaction.mail.parameters.get("ENVID") or b"").decode("ascii", "replace"),
        )

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


def _why_unfit(reader: DotReader) -> Reply:
    if reader.malformed:
        return replies.BAD_LINE_ENDS
    return replies.TOO_BIG if reader.too_big else replies.NO_ROOM


def new_reference() -> str:
    """Return 12 characters that name one message in replies, letters, journal and logs."""
    return secrets.token_hex(6).upper()
