"""Where verdicts become letters: facts gathered, composed, and kept in the outbox until the message's fate is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import structlog

from gateway.letters.compose import LetterTemplates, UnfitText, compose
from gateway.letters.items import DueDigest, Fate
from gateway.letters.letter import Letter, LetterContext, Letterhead, LetterKind, Reason
from gateway.letters.outbox import Outbox
from gateway.letters.places import Places
from gateway.model import Action, Facts, Headers, RuleHit, Verdict
from gateway.policy.rules import Policy

_LOG = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """How the reader of a letter may answer it."""

    code: str
    address: str


@dataclass(frozen=True, slots=True)
class Pending:
    """A letter in the outbox that waits for the fate of its message."""

    id: int


class Desk:
    """Write, release and drop letters for verdicts."""

    def __init__(self, outbox: Outbox, templates: LetterTemplates, head: Letterhead) -> None:
        """``templates`` may be replaced between letters."""
        self.templates = templates
        self.on_release: Callable[[], None] = lambda: None
        """Called when a letter may be carried out."""
        self.observe: Callable[[str, str], None] = lambda *_: None
        """Told of each letter: its kind, and ``written`` or ``suppressed``."""
        self.invite: Callable[[Facts, Verdict], Invitation | None] = lambda *_: None
        """Asked, for each refusal, whether its reader may answer with a reason."""
        self._outbox = outbox
        self._head = head

    async def write(self, verdict: Verdict, facts: Facts, policy: Policy, *, delivered: bool) -> Pending | None:
        """Keep the letter of a verdict; None when its reader was told the same lately. Raises Unavailable."""
        kind = self.templates.kind_of([hit.rule for hit in verdict.deciding], delivered=delivered)
        return await self._keep(self._compose(kind, verdict.deciding, facts, policy))

    def advises(self, verdict: Verdict) -> tuple[RuleHit, ...]:
        """Return what the sender of a message that passes is to be advised of: rules that only observe and advise."""
        if verdict.action is not Action.OBSERVE:
            return ()
        return tuple(
            hit
            for hit in verdict.hits
            if hit.action is Action.OBSERVE
            and not hit.unknown
            and hit.exempted_by is None
            and self.templates.is_advice(hit.rule)
        )

    async def advise(self, hits: Sequence[RuleHit], facts: Facts, policy: Policy) -> Pending | None:
        """Keep a letter of advice; None when its reader had the same advice lately. Raises Unavailable."""
        return await self._keep(self._compose(LetterKind.ADVICE, hits, facts, policy))

    async def _keep(self, letter: Letter | None) -> Pending | None:
        number = None if letter is None else await self._outbox.put_pending(letter)
        if letter is not None:
            self.observe(letter.kind.value, "suppressed" if number is None else "written")
        return None if number is None else Pending(number)

    async def send(self, verdict: Verdict, facts: Facts, policy: Policy) -> None:
        """Keep the letter of a refusal, ready to go at once. Raises Unavailable."""
        letter = self._compose(LetterKind.BLOCKED, verdict.deciding, facts, policy, self.invite(facts, verdict))
        if letter is None:
            return
        fate = await self._outbox.put(letter)
        self.observe(letter.kind.value, "written" if fate is Fate.READY else "suppressed")
        self.on_release()

    async def tell(self, kind: LetterKind, context: LetterContext) -> Pending | None:
        """Keep a letter that is not about a verdict; None when its reader was told the same lately."""
        return await self._keep(self._written(kind, context, self._head))

    def _compose(
        self,
        kind: LetterKind,
        hits: Sequence[RuleHit],
        facts: Facts,
        policy: Policy,
        invitation: Invitation | None = None,
    ) -> Letter | None:
        context = self._context(hits, facts, policy)
        if invitation is not None:
            context = replace(context, code=invitation.code, answer_to=invitation.address)
        return self._written(kind, context, replace(self._head, registry=min(policy.handling.registry, default="")))

    def _written(self, kind: LetterKind, context: LetterContext, head: Letterhead) -> Letter | None:
        """Return the letter; None where its texts break in spite of the check at load: mail goes on without it."""
        try:
            return compose(kind, context, self.templates, head)
        except UnfitText as error:
            _LOG.error("letter_unfit", file=error.problem.file, key=error.problem.key, problem=error.problem.text)
            self.observe(kind.value, "failed")
            return None

    async def release(self, pending: Pending) -> None:
        """Let a letter go. Raises Unavailable."""
        if await self._outbox.release(pending.id) is Fate.READY:
            self.on_release()

    async def drop(self, pending: Pending) -> None:
        """Forget a letter: its message was not delivered. Raises Unavailable."""
        await self._outbox.drop(pending.id)

    def digest(self, due: DueDigest) -> Letter:
        """Return the letter that tells a reader what was held back."""
        now = datetime.now(UTC)
        context = LetterContext(
            recipient=due.recipient, reference=due.held[0].reference, written_at=now, occurred_at=now, held=due.held
        )
        return compose(LetterKind.DIGEST, context, self.templates, self._head)

    def _context(self, hits: Sequence[RuleHit], facts: Facts, policy: Policy) -> LetterContext:
        inspection = facts.inspection
        headers = inspection.message.headers if inspection else Headers()
        places = Places(inspection.message.parts if inspection else (), inspection.findings if inspection else ())
        return LetterContext(
            recipient=str(facts.responsible.address),
            reference=facts.occasion.reference,
            written_at=facts.occasion.received_at,
            occurred_at=facts.occasion.received_at,
            recipients=len(facts.envelope.recipients),
            reasons=tuple(_reason(hit, facts, policy, places) for hit in hits),
            mailing=_mailing(facts),
            message_id=headers.message_id,
            references=headers.references,
            subject=headers.subject,
        )


def _mailing(facts: Facts) -> str:
    """Return what makes two letters repeat each other: the ledger's mailing, else the same content, else its id."""
    if facts.usage is not None:
        return facts.usage.mailing
    if facts.inspection is None:
        return ""
    return facts.inspection.fingerprint.exact.hex() or facts.inspection.message.headers.message_id


def _reason(hit: RuleHit, facts: Facts, policy: Policy, places: Places) -> Reason:
    rule = policy.rules[hit.rule]
    found, left_out = places.tell(hit.findings)
    return Reason(
        rule=hit.rule,
        section=hit.section,
        title_sv=rule.title_sv,
        title_en=rule.title_en,
        summary_sv=rule.summary_sv,
        summary_en=rule.summary_en,
        measured=hit.measured,
        reached=facts.usage.reached if facts.usage and rule.persons else 0,
        permitted=facts.usage.permitted if facts.usage and rule.persons else 0,
        found=found,
        left_out=left_out,
    )
