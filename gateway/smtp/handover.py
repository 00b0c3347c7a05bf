"""From the end of the client's data to the reply: judge, then refuse or hand over in the same relay transaction."""

from __future__ import annotations

import time
from collections.abc import Callable

from gateway.case import Submission
from gateway.decision import Gatekeeper
from gateway.model import Action, Reply, Unavailable
from gateway.policy.refusal import deferral
from gateway.smtp import replies
from gateway.smtp.leg import RelayLeg
from gateway.terms import Decision
from gateway.upstream.wire import RelayReply


class Handover:
    """Perform a verdict on one relay leg.

    What can fail is durable before the relay gets the final dot; after the relay's word nothing of ours stands
    between it and the client (docs/architecture.md, "The dot").
    """

    __slots__ = ("_gatekeeper", "_leg", "_mark_final")

    def __init__(self, leg: RelayLeg, gatekeeper: Gatekeeper, mark_final: Callable[[], None]) -> None:
        """``mark_final`` is called just before the dot: from then on the client's leaving changes nothing."""
        self._leg = leg
        self._gatekeeper = gatekeeper
        self._mark_final = mark_final

    async def run(self, submission: Submission) -> RelayReply | Reply:
        """Return the relay's final reply, or our own. Raises Unavailable when the relay is lost."""
        if not submission.envelope.recipients:
            return await self._receive(submission)
        if submission.terminal:
            return await self._receive_and_run(submission)
        return await self._run(submission)

    async def _receive(self, submission: Submission) -> Reply:
        """Take a message that is for Utpost alone; our own word is the last one here."""
        await self._leg.reset()
        try:
            receipt = await self._gatekeeper.receive(submission)
            if isinstance(receipt, Reply):
                return receipt
            await receipt.confirm()
        except Unavailable:
            return replies.LOCAL_ERROR
        return replies.RECEIVED

    async def _receive_and_run(self, submission: Submission) -> RelayReply | Reply:
        """Take Utpost's copy before the relay's dot; it counts only when the relay takes the message too."""
        try:
            receipt = await self._gatekeeper.receive(submission)
        except Unavailable:
            await self._leg.reset()
            return replies.LOCAL_ERROR
        if isinstance(receipt, Reply):
            # Refused for us alone: the others shall have it, and the sender is told in a letter.
            outcome = await self._run(submission)
            if isinstance(outcome, RelayReply) and outcome.positive:
                self._gatekeeper.report(submission, receipt)
            return outcome
        try:
            reply = await self._run(submission)
        except BaseException:
            self._gatekeeper.forget(receipt)
            raise
        if isinstance(reply, RelayReply) and reply.positive:
            self._gatekeeper.confirm(receipt, submission)
        else:
            self._gatekeeper.forget(receipt)
        return reply

    async def _run(self, submission: Submission) -> RelayReply | Reply:
        gatekeeper = self._gatekeeper
        responsible = gatekeeper.responsible(submission)
        if responsible is None:
            reply = await self._deliver(submission)
            gatekeeper.note_passed(submission, reply.code)
            return reply
        decision = await gatekeeper.decide(submission, responsible)
        try:
            return await self._perform(decision)
        except BaseException:
            gatekeeper.abandon(decision)
            raise

    async def _perform(self, decision: Decision) -> RelayReply | Reply:
        reference = decision.submission.occasion.reference
        if decision.verdict.action is Action.DEFER:
            await self._leg.reset()
            self._gatekeeper.abandon(decision)
            return deferral(reference)
        try:
            if decision.verdict.action is Action.BLOCK:
                await self._leg.reset()
                return await self._gatekeeper.refuse(decision)
            await self._gatekeeper.prepare(decision)
        except Unavailable as error:
            if error.what == "relay":
                raise
            await self._leg.reset()
            self._gatekeeper.abandon(decision)
            return replies.LOCAL_ERROR
        above = await self._gatekeeper.signatures(decision)
        started = time.perf_counter()
        reply = await self._deliver(decision.submission, above)
        decision.seconds["relay"] = time.perf_counter() - started
        self._gatekeeper.settle(decision, reply.code, reply.enhanced)
        return reply

    async def _deliver(self, submission: Submission, above: bytes = b"") -> RelayReply:
        try:
            return await self._hand_over(submission, above)
        except Unavailable:
            self._gatekeeper.note_lost()
            raise

    async def _hand_over(self, submission: Submission, above: bytes) -> RelayReply:
        reply = await self._leg.begin_data()
        if reply.code != 354:  # noqa: PLR2004 - RFC 5321 4.1.1.4
            await self._leg.reset()
            return reply
        early = await self._leg.send_content(submission.content, above)
        if early is not None:
            return early
        self._mark_final()
        return await self._leg.finish()
