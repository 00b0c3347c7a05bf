"""Where verdicts become letters: facts gathered, composed, and kept in the outbox until the message's fate is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from gateway.letters.compose import LetterTemplates, UnfitText, compose
from gateway.letters.items import DueDigest, Fate
from gateway.letters.letter import Letter, LetterContext, Letterhead, LetterKind, Reason
from gateway.letters.outbox import Outbox
from gateway.letters.places import Places
from gateway.model import Action, Facts, Headers, RuleHit, Verdict
from gateway.policy.rules import NOT_INSPECTED, Policy


_LOG = structlog.get_logger()


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
        self.observe: Callable[[str, str], None] = lambda kind, result: None
        """Told of each letter: its kind, and ``written`` or ``suppressed``."""
        self._outbox = outbox
        self._head = head

    async def write(self, verdict: Verdict, facts: Facts, policy: Policy, *, delivered: bool) -> Pending | None:
        """Keep the letter of a verdict; None when its reader was told the same lately. Raises Unavailable."""
        kind = _kind(verdict, delivered=delivered)
        try:
            letter = compose(kind, self._context(verdict, facts, policy), self.templates, self._head)
        except UnfitText as error:
            _LOG.error("letter_unfit", file=error.problem.file, key=error.problem.key, problem=error.problem.text)
            self.observe(kind.value, "failed")
            return None
        number = await self._outbox.put_pending(letter)
        self.observe(kind.value, "suppressed" if number is None else "written")
        return None if number is None else Pending(number)

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

    def _context(self, verdict: Verdict, facts: Facts, policy: Policy) -> LetterContext:
        inspection = facts.inspection
        headers = inspection.message.headers if inspection else Headers()
        places = Places(
            inspection.message.parts if inspection else (), inspection.findings if inspection else ()
        )
        return LetterContext(
            recipient=str(facts.responsible.address),
            reference=facts.occasion.reference,
            written_at=facts.occasion.received_at,
            occurred_at=facts.occasion.received_at,
            recipients=len(facts.envelope.recipients),
            reasons=tuple(_reason(hit, policy, places) for hit in verdict.deciding),
            mailing=facts.usage.mailing if facts.usage else "",
            message_id=headers.message_id,
            references=headers.references,
            subject=headers.subject,
        )


def _kind(verdict: Verdict, *, delivered: bool) -> LetterKind:
    if not delivered:
        return LetterKind.BLOCKED
    only_states = all(hit.rule == NOT_INSPECTED for hit in verdict.deciding)
    return LetterKind.NOT_INSPECTED if only_states and verdict.action is Action.WARN else LetterKind.WARNED


def _reason(hit: RuleHit, policy: Policy, places: Places) -> Reason:
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
        found=found,
        left_out=left_out,
    )
