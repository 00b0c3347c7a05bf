"""Mail to Utpost itself: the address that the letter about a mailing tells its reader to answer to.

A reason for a mailing (guideline 2.3) reaches Utpost at ``motivation.address`` with a one-time code behind a plus sign.
The code proves that the answer belongs to a letter of ours. What the sender wrote is kept in a register of its own; a
permit lets the mailing reach more persons; above a ceiling, or when it happens often, an approver answers first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from gateway.case import Submission
from gateway.desk import Desk, Invitation, Pending
from gateway.ledger import Ledger, Permit
from gateway.letters.letter import DeliveryStatus, Fault, LetterContext, LetterKind, Plea
from gateway.message.headers import HEADER_BLOCK, scan_headers
from gateway.message.locked import tell_locked
from gateway.message.parse import parse_message
from gateway.model import Action, Address, Facts, Headers, Reply, Responsible, Verdict
from gateway.motivation.code import Code, Purpose, permit_of, read_code
from gateway.motivation.reason import decision, is_reason, own_words
from gateway.motivation.register import Motivation, Register, State, hidden
from gateway.policy.rules import MASS_MAILING
from gateway.terms import Receipt

LARGEST: Final = 128 * 1024
"""Octets of an answer that is read."""
_WEEK: Final = timedelta(days=7)
_AUTOMATIC: Final = Reply(code=550, enhanced="5.7.1", lines=("Automatiska svar tas inte emot här.",))
_UNKNOWN: Final = Reply(
    code=550, enhanced="5.7.1", lines=("Adressen tar bara emot svar på brev från Utpost, från den som fick brevet.",)
)


class NoTerminus:
    """Utpost receives nothing: every address belongs to the relay."""

    def terminates(self, address: Address) -> bool:  # noqa: ARG002 - the protocol's signature
        """No address is ours."""
        return False

    async def receive(self, submission: Submission, responsible: Responsible | None) -> Receipt | Reply:  # noqa: ARG002
        """Nothing can come here."""
        return _UNKNOWN

    async def report(self, submission: Submission, responsible: Responsible, reply: Reply) -> None:
        """Nothing was refused here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeTerms:
    """What a motivated exception may come to."""

    address: str
    """Where answers are received, folded."""
    ceiling: int
    """Persons that one permit allows for without an approver."""
    per_week: int
    """Permits of one sender within a week without an approver."""
    answer_within: timedelta
    permit: timedelta
    approver: str = ""
    """Folded; empty where there is nobody to ask."""


@dataclass(frozen=True, slots=True)
class _Deed:
    """A receipt: letters that go, and what is done before they do."""

    desk: Desk
    letters: tuple[Pending | None, ...]
    do: Callable[[], object] | None = None
    undo: Callable[[], object] | None = None

    async def confirm(self) -> None:
        """Do it, then let the letters go. Raises Unavailable."""
        if self.do is not None:
            await self.do()  # type: ignore[misc]
        for letter in self.letters:
            if letter is not None:
                await self.desk.release(letter)

    async def forget(self) -> None:
        """Drop everything. Raises Unavailable."""
        if self.undo is not None:
            await self.undo()  # type: ignore[misc]
        for letter in self.letters:
            if letter is not None:
                await self.desk.drop(letter)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """A message to the office, read."""

    submission: Submission
    headers: Headers
    code: str
    sender: str
    """Who answers, folded."""

    @property
    def message(self) -> str:
        """Return what tells a repeated answer from another one."""
        return hidden(self.headers.message_id or self.submission.occasion.reference)

    def words(self) -> str | None:
        """Return the sender's own words; None where there is too much to read."""
        content = self.submission.content
        return None if len(content) > LARGEST else own_words(parse_message(content.unstuffed(), tell_locked))


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """Receives reasons for mailings, and what the approver says of them."""

    terms: OfficeTerms
    desk: Desk
    ledger: Ledger
    register: Register
    key: bytes = field(repr=False)
    count: Callable[[str], None] = lambda _: None
    """Told of each answer: granted, waiting, denied or refused."""
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    # --- codes in letters ------------------------------------------------------------------------

    def invite(self, facts: Facts, verdict: Verdict) -> Invitation | None:
        """Return how the reader of a refusal may answer; None where a reason would not help."""
        stopping = {hit.rule for hit in verdict.deciding if hit.action is Action.BLOCK}
        if stopping != {MASS_MAILING} or facts.usage is None:
            return None
        reader = str(facts.responsible.address)
        persons = max(facts.usage.total, facts.usage.announced)
        code = self._code(Purpose.MOTIVATE, facts.usage.mailing, persons).write(reader, self.key)
        return Invitation(code=code, address=self._address(code))

    def _code(self, purpose: Purpose, mailing: str, persons: int) -> Code:
        # To the hour, and never sooner than the letter says.
        until = self.clock() + self.terms.answer_within + timedelta(hours=1)
        return Code(purpose=purpose, mailing=mailing, persons=persons, until=until)

    def _address(self, code: str) -> str:
        local, _, domain = self.terms.address.rpartition("@")
        return f"{local}+{code}@{domain}"

    # --- answers ---------------------------------------------------------------------------------

    def terminates(self, address: Address) -> bool:
        """Tell whether an address is the office's, with or without a code."""
        return f"{address.local.partition('+')[0]}@{address.domain}" == self.terms.address

    async def receive(self, submission: Submission, responsible: Responsible | None) -> Receipt | Reply:
        """Take an answer, durably but without effect; or refuse it. Raises Unavailable."""
        headers = scan_headers(submission.content.read(0, HEADER_BLOCK))
        envelope = submission.envelope
        if envelope.sender is None or headers.automatic or headers.report or headers.bulk:
            self.count("refused")
            return _AUTOMATIC
        code = submission.terminal[0].local.partition("+")[2]
        if self.terms.approver and str(envelope.sender) == self.terms.approver:
            sender = self.terms.approver
            answer = _Answer(submission=submission, headers=headers, code=code, sender=sender)
            return await self._approved(answer)
        if responsible is None or not responsible.answerable:
            self.count("refused")
            return _UNKNOWN
        sender = str(responsible.address)
        return await self._motivated(_Answer(submission=submission, headers=headers, code=code, sender=sender))

    async def report(self, submission: Submission, responsible: Responsible, reply: Reply) -> None:
        """Tell the sender that a message was not taken though others have it (RFC 3464). Raises Unavailable."""
        headers = scan_headers(submission.content.read(0, HEADER_BLOCK))
        context = LetterContext(
            recipient=str(responsible.address),
            reference=submission.occasion.reference,
            written_at=self.clock(),
            occurred_at=submission.occasion.received_at,
            message_id=headers.message_id,
            references=headers.references,
            status=DeliveryStatus(
                recipient=str(submission.terminal[0]),
                code=reply.code,
                enhanced=reply.enhanced,
                text=" ".join(reply.lines),
                envid=submission.envid,
            ),
        )
        pending = await self.desk.tell(LetterKind.REPORT, context)
        if pending is not None:
            await self.desk.release(pending)

    async def _motivated(self, answer: _Answer) -> Receipt:
        code, words = read_code(answer.code, answer.sender, self.key), answer.words()
        fault = self._fault(code, words)
        if fault is None and code is not None and words is not None:
            return await self._weighed(answer, code, words)
        return await self._refused(answer, fault or Fault.WRONG, words or "")

    def _fault(self, code: Code | None, words: str | None) -> Fault | None:
        if code is None or code.purpose is not Purpose.MOTIVATE:
            return Fault.WRONG
        if self.clock() > code.until:
            return Fault.LATE
        if words is None:
            return Fault.LONG
        return None if is_reason(words) else Fault.EMPTY

    async def _weighed(self, answer: _Answer, code: Code, words: str) -> Receipt:
        """Take a reason that can be used: it is permitted at once, or somebody is asked."""
        since = self.clock() - _WEEK
        large = code.persons > self.terms.ceiling
        often = await self.register.granted_since(answer.sender, since) >= self.terms.per_week
        if (large or often) and not self.terms.approver:
            return await self._refused(answer, Fault.LARGE if large else Fault.OFTEN, words)
        motivation = self._motivation(answer, code, words)
        before = await self.register.pend(motivation)
        if before is not None:
            if before.message == motivation.message:
                return _Deed(self.desk, ())
            return await self._refused(answer, Fault.USED, words)
        if large or often:
            return await self._asked(answer, motivation)
        return await self._granted(answer, motivation)

    def _motivation(self, answer: _Answer, code: Code, words: str) -> Motivation:
        return Motivation(
            code=hidden(answer.code),
            sender=answer.sender,
            mailing=code.mailing,
            persons=code.persons,
            reason=words,
            message=answer.message,
            at=self.clock(),
            state=State.PENDING,
            permit=permit_of(answer.code),
        )

    async def _granted(self, answer: _Answer, motivation: Motivation) -> Receipt:
        plea = self._plea(motivation, persons=self.terms.ceiling)
        letter = await self._write(LetterKind.MOTIVATED, answer, motivation.sender, plea)

        async def do() -> None:
            await self._permit(motivation, self.terms.ceiling)
            await self.register.settle(motivation.code, State.GRANTED, at=self.clock())
            self.count("granted")

        return _Deed(self.desk, (letter,), do, lambda: self.register.drop(motivation.code))

    async def _asked(self, answer: _Answer, motivation: Motivation) -> Receipt:
        plea = replace(self._plea(motivation, persons=motivation.persons), waiting=True)
        told = await self._write(LetterKind.MOTIVATED, answer, motivation.sender, plea)
        code = self._code(Purpose.APPROVE, motivation.mailing, motivation.persons).write(self.terms.approver, self.key)
        asked = await self._write(LetterKind.APPROVAL, answer, self.terms.approver, plea, code=code)

        async def do() -> None:
            await self.register.settle(motivation.code, State.WAITING, at=self.clock())
            self.count("waiting")

        return _Deed(self.desk, (told, asked), do, lambda: self.register.drop(motivation.code))

    async def _refused(self, answer: _Answer, fault: Fault, words: str) -> Receipt:
        self.count("refused")
        plea = Plea(sender=answer.sender, reason=words, fault=fault)
        return _Deed(self.desk, (await self._write(LetterKind.NOT_MOTIVATED, answer, answer.sender, plea),))

    # --- the approver ----------------------------------------------------------------------------

    async def _approved(self, answer: _Answer) -> Receipt | Reply:
        code = read_code(answer.code, answer.sender, self.key)
        if code is None or code.purpose is not Purpose.APPROVE or self.clock() > code.until:
            self.count("refused")
            return _UNKNOWN
        motivation = await self.register.waiting(code.mailing)
        if motivation is None:
            return _Deed(self.desk, ())  # answered before
        words = answer.words() or ""
        yes = decision(words)
        if yes is None:
            plea = Plea(sender=motivation.sender, reason=words, persons=motivation.persons, fault=Fault.UNCLEAR)
            return _Deed(self.desk, (await self._write(LetterKind.NOT_MOTIVATED, answer, answer.sender, plea),))
        return await (self._yes(answer, motivation) if yes else self._no(answer, motivation))

    async def _yes(self, answer: _Answer, motivation: Motivation) -> Receipt:
        persons = max(motivation.persons, self.terms.ceiling)
        letter = await self._write(LetterKind.MOTIVATED, answer, motivation.sender, self._plea(motivation, persons))

        async def do() -> None:
            await self._permit(motivation, persons)
            await self.register.settle(motivation.code, State.GRANTED, at=self.clock(), decider=answer.sender)
            self.count("granted")

        return _Deed(self.desk, (letter,), do)

    async def _no(self, answer: _Answer, motivation: Motivation) -> Receipt:
        plea = replace(self._plea(motivation, motivation.persons), fault=Fault.DENIED)
        letter = await self._write(LetterKind.NOT_MOTIVATED, answer, motivation.sender, plea)

        async def do() -> None:
            await self.register.settle(motivation.code, State.DENIED, at=self.clock(), decider=answer.sender)
            self.count("denied")

        return _Deed(self.desk, (letter,), do)

    # --- what follows ----------------------------------------------------------------------------

    def _plea(self, motivation: Motivation, persons: int) -> Plea:
        hours = round(self.terms.permit / timedelta(hours=1))
        return Plea(sender=motivation.sender, reason=motivation.reason, persons=persons, hours=hours)

    async def _permit(self, motivation: Motivation, persons: int) -> None:
        now = self.clock()
        permit = Permit(
            id=motivation.permit,
            sender=motivation.sender,
            mailing=motivation.mailing,
            persons=persons,
            until=now + self.terms.permit,
            since=now,
        )
        await self.ledger.grant(permit)

    async def _write(
        self, kind: LetterKind, answer: _Answer, recipient: str, plea: Plea, *, code: str = ""
    ) -> Pending | None:
        occasion, own = answer.submission.occasion, recipient == answer.sender
        context = LetterContext(
            recipient=recipient,
            # Two letters about one answer must not share a Message-ID.
            reference=occasion.reference,
            written_at=self.clock(),
            occurred_at=occasion.received_at,
            message_id=answer.headers.message_id if own else "",
            references=answer.headers.references if own else (),
            code=code,
            answer_to=self._address(code) if code else "",
            mailing=answer.code[1:11] if plea.fault is not Fault.WRONG else "",
            plea=plea,
        )
        return await self.desk.tell(kind, context)
