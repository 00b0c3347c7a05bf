"""The one road from a submission to a verdict, shared by every front end.

``Gatekeeper`` asks: who answers for this, what is inside, how many persons has the mailing reached, what do the
rules say. Everything in it but two awaits (inspection elsewhere, the ledger) is pure. Front ends then perform the
verdict with ``refuse``, or with ``prepare`` before the relay's final dot and ``settle`` after its reply.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import structlog

from gateway.case import Case, Submission, uninspected
from gateway.desk import Desk
from gateway.ledger import Claim, Ledger, Outcome, Reservation
from gateway.message.headers import HEADER_BLOCK, scan_headers
from gateway.model import (
    Action,
    Address,
    Circumstances,
    Headers,
    Inspection,
    Reply,
    Responsible,
    Unavailable,
)
from gateway.offload import Failed, Inspector
from gateway.policy.judge import CONTENDED, judge, mailing_limit
from gateway.policy.persons import count_persons
from gateway.policy.refusal import refusal
from gateway.policy.rules import EVERY_RULE, Policy
from gateway.policy.sender import Scope, responsible_sender
from gateway.telemetry.logs import fault
from gateway.terms import Decision, Observer, Receipt, Shielded, Terminus, Terms

_LETTER: Final = 256 * 1024
"""Octets that no letter of ours exceeds."""
CIRCLES: Final = 16
"""Received fields from which on a message gets no letter: it goes in circles, and the letter would too."""
_SIGNING: Final = 10.0
"""Seconds that signing may take."""
_FIRST_PAUSE: Final = 0.2
_LONGEST_PAUSE: Final = 15.0
_NO_HEADERS: Final = Headers()
_LOG = structlog.get_logger()


class Gatekeeper:
    """Decide on submissions with one policy, one ledger and one desk of letters."""

    def __init__(  # noqa: PLR0913 - the composition root is its only caller
        self,
        *,
        policy: Policy,
        scope: Scope,
        inspector: Inspector,
        ledger: Ledger,
        desk: Desk,
        observer: Observer,
        terms: Terms,
        terminus: Terminus,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Keep the parts; ``policy`` and ``observed`` may be replaced between decisions."""
        self.observed: frozenset[str] = frozenset()
        self.judging = 0  # inspected now, those that wait for a place included
        self._scope = scope
        self.policy = policy
        self._inspector = inspector
        self._ledger = ledger
        self._desk = desk
        self._observer = Shielded(observer)
        self._terms = terms
        self._terminus = terminus
        self._clock = clock
        self._places = asyncio.Semaphore(terms.judging)
        self._tasks: set[asyncio.Task[None]] = set()
        self._ending = False

    @property
    def policy(self) -> Policy:
        """What is decided by; its aliases say who is who."""
        return self._policy

    @policy.setter
    def policy(self, policy: Policy) -> None:
        self._policy = policy
        self._scope = replace(self._scope, aliases=policy.people.aliases)

    # --- who -----------------------------------------------------------------------------------

    def responsible(self, submission: Submission) -> Responsible | None:
        """Return who answers for a submission; None puts it out of scope: it needs only the relay.

        The header is read only where envelope and authentication leave the question open.
        """
        envelope = submission.envelope
        named = responsible_sender(submission.client, envelope, _NO_HEADERS, self._scope)
        if named is not None and envelope.sender is not None:
            return named
        headers = scan_headers(submission.content.read(0, HEADER_BLOCK))
        if headers.own_letter and self._is_own_letter(submission):
            return None
        return responsible_sender(submission.client, envelope, headers, self._scope)

    def _is_own_letter(self, submission: Submission) -> bool:
        """Tell a letter of ours that passes here on its way: from nobody, to one, and as we wrote it."""
        envelope, content = submission.envelope, submission.content
        if envelope.sender is not None or len(envelope.recipients) != 1 or len(content) > _LETTER:
            return False
        recipient = envelope.recipients[0].address
        return recipient is not None and self._terms.is_own_letter(content.unstuffed(), str(recipient))

    # --- what ----------------------------------------------------------------------------------

    async def decide(self, submission: Submission, responsible: Responsible) -> Decision:
        """Return the verdict; failures of ours become ``on_error`` of the rules they touch, never an exception."""
        policy, observed, began = self.policy, self.observed, time.perf_counter()
        work = Case(submission=submission, responsible=responsible, policy=policy)
        work.inspection = await self._inspect(work)
        work.persons = count_persons(submission.envelope, policy)
        reservation = await self._count(work, observed)
        started = time.perf_counter()
        facts = work.facts(reservation.usage if reservation else None)
        verdict = judge(policy, facts, observed=observed)
        work.seconds["judge"] = time.perf_counter() - started
        held = reservation if reservation and reservation.outcome is Outcome.GRANTED else None
        decision = Decision(
            submission=submission,
            responsible=responsible,
            verdict=verdict,
            facts=facts,
            policy=policy,
            reservation=held,
            outcome=reservation.outcome if reservation else None,
            began=began,
            seconds=work.seconds,
        )
        self._observer.judged(decision)
        return decision

    async def _inspect(self, work: Case) -> Inspection | None:
        """Return what is inside; content that fails by itself is a state, failures of ours are noted."""
        started = time.perf_counter()
        submission = work.submission
        recipients = (r.address for r in submission.envelope.recipients)
        circumstances = Circumstances(
            sender=submission.envelope.sender, recipients=tuple(a for a in recipients if a is not None)
        )
        try:
            self.judging += 1
            async with asyncio.timeout(self._terms.budget), self._places:
                return await self._inspector.inspect(submission.content, circumstances, self._terms.budget)
        except Failed as error:
            _LOG.warning("content_not_inspected", why=error.why)
            return uninspected(submission.content)
        except (Unavailable, TimeoutError) as error:
            _LOG.warning("inspection_failed", why=getattr(error, "why", "no place in time"))
            work.failed.add("inspection")
            return None
        finally:
            self.judging -= 1
            work.seconds["inspect"] = time.perf_counter() - started

    # --- how many ------------------------------------------------------------------------------

    async def _count(self, work: Case, observed: frozenset[str]) -> Reservation | None:
        """Claim the persons of a mailing; None where there is nothing to claim, or the ledger is away."""
        if not work.is_counted():
            return None
        started = time.perf_counter()
        limit = mailing_limit(work.policy, work.responsible, work.submission.occasion.received_at, observed)
        try:
            reservation = await self._reserve(self._claim(work, limit))
        except Unavailable as error:
            _LOG.warning("ledger_unavailable", why=error.why)
            self._observer.failed("ledger")
            work.failed.add("ledger")
            return None
        finally:
            work.seconds["ledger"] = time.perf_counter() - started
        if reservation.outcome is Outcome.CONTENDED:
            work.failed.add(CONTENDED)
        return reservation

    def _claim(self, work: Case, limit: int | None) -> Claim:
        identities, fingerprint, announced = work.mailing()
        return Claim(
            attempt=work.submission.occasion.reference,
            sender=str(work.responsible.address),
            identities=identities,
            fingerprint=fingerprint,
            persons=work.persons,
            announced=announced,
            limit=limit,
            at=self._clock(),
            window=self._terms.window,
            hold=self._terms.hold,
        )

    async def _reserve(self, claim: Claim) -> Reservation:
        """Claim, and wait a bounded time where only the reservations of others stand in the way."""
        deadline = time.monotonic() + self._terms.wait
        pause = 0.02
        while True:
            reservation = await self._ledger.reserve(claim)
            if reservation.outcome is not Outcome.CONTENDED or time.monotonic() >= deadline:
                return reservation
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, 0.5)

    # --- performing ----------------------------------------------------------------------------

    async def refuse(self, decision: Decision) -> Reply:
        """Give the reservation back, make the letter durable, and return the refusal. Raises Unavailable."""
        started = time.perf_counter()
        if decision.reservation is not None:
            await self._ledger.release(decision.reservation)
            decision.reservation = None
        if _may_be_written_to(decision):
            await self._desk.send(decision.verdict, decision.facts, decision.policy)
        decision.seconds["letter"] = time.perf_counter() - started
        decision.done = True
        reference = decision.submission.occasion.reference
        reply = refusal(decision.verdict, decision.policy, reference, self._terms.guideline_url)
        self._ended(decision, reply.code, reply.enhanced)
        return reply

    async def prepare(self, decision: Decision) -> None:
        """Make everything durable that must be, before the relay gets the final dot. Raises Unavailable."""
        if decision.verdict.action >= Action.WARN and _may_be_written_to(decision):
            started = time.perf_counter()
            decision.pending = await self._desk.write(decision.verdict, decision.facts, decision.policy, delivered=True)
            decision.seconds["letter"] = time.perf_counter() - started
            return
        advice = [hit for hit in self._desk.advises(decision.verdict) if not self._is_switched_off(hit.rule)]
        if advice and _may_be_written_to(decision):
            with contextlib.suppress(Unavailable):  # no advice is worth a deferral
                decision.pending = await self._desk.advise(advice, decision.facts, decision.policy)

    def _is_switched_off(self, rule: str) -> bool:
        return not self.observed.isdisjoint({rule, EVERY_RULE})

    async def signatures(self, decision: Decision) -> bytes:
        """Return the fields that go above a message that passes; none where none are wished or it takes too long."""
        inspection, sign = decision.facts.inspection, self._terms.sign
        author = inspection.message.headers.from_ if inspection else None
        if sign is None or author is None or author.domain not in self._scope.domains:
            return b""
        if not decision.responsible.answerable:
            return b""  # merely named in From: a signature of ours would make a forgery look true
        try:
            async with asyncio.timeout(_SIGNING):
                return await asyncio.to_thread(sign, decision.submission.content.unstuffed(), author.domain)
        except Exception as error:  # noqa: BLE001 - unsigned is better than not at all
            _LOG.error("signing_failed", **fault(error))
            return b""

    def settle(self, decision: Decision, code: int, enhanced: str) -> None:
        """Draw the conclusions of the relay's final reply, without standing between it and the client."""
        if decision.done:
            return
        decision.done = True
        if decision.reservation is not None or decision.pending is not None:
            accepted = 200 <= code < 300  # noqa: PLR2004 - RFC 5321 4.2.1
            self._spawn(self._conclude(decision, accepted=accepted))
        self._ended(decision, code, enhanced)

    def abandon(self, decision: Decision) -> None:
        """Give everything back: nothing was delivered, or nobody knows. Harmless after ``settle`` or ``refuse``."""
        if decision.done:
            return
        decision.done = True
        self._spawn(self._conclude(decision, accepted=False))
        self._ended(decision, 451, "")

    def _ended(self, decision: Decision, code: int, enhanced: str) -> None:
        decision.seconds["total"] = time.perf_counter() - decision.began
        self._observer.ended(decision, code, enhanced)

    async def _conclude(self, decision: Decision, *, accepted: bool) -> None:
        """Count and tell side by side, again and again: neither store waits for the other to get well."""
        reservation, pending = decision.reservation, decision.pending
        if reservation is not None and pending is None:
            work = self._commit(reservation, list(decision.facts.persons)) if accepted else None
            await self._quietly(work or self._ledger.release(reservation))
            return
        works: list[Coroutine[Any, Any, None]] = []
        if reservation is not None and accepted:
            works.append(self._commit(reservation, list(decision.facts.persons)))
        elif reservation is not None:
            works.append(self._ledger.release(reservation))
        if pending is not None and accepted:
            works.append(self._persistently(lambda: self._desk.release(pending)))
        elif pending is not None:
            works.append(self._desk.drop(pending))
        if len(works) == 1:
            await self._quietly(works[0])
        else:
            await asyncio.gather(*map(self._quietly, works))

    async def _commit(self, reservation: Reservation, persons: list[str]) -> None:
        """Count persons that were reached, again and again while their reservation would hold them anyway.

        After that they would be forgotten, and the mailing could reach as many once more. Raises Unavailable.
        """
        reached_at = self._clock()
        await self._persistently(lambda: self._ledger.commit(reservation, persons, reached_at))

    async def _persistently(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do it again and again for as long as a reservation is held; twice must do no harm. Raises Unavailable."""
        pause = _FIRST_PAUSE
        until = time.monotonic() + self._terms.hold.total_seconds()
        while True:
            try:
                return await work()
            except Unavailable as error:
                if time.monotonic() + pause > until or self._ending:
                    raise
                self._observer.failed(error.what)
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    # --- mail to ourselves -----------------------------------------------------------------------

    def terminates(self, address: Address) -> bool:
        """Tell whether Utpost itself receives for an address."""
        return self._terminus.terminates(address)

    async def receive(self, submission: Submission) -> Receipt | Reply:
        """Take what is addressed to Utpost, or refuse it. Raises Unavailable."""
        return await self._terminus.receive(submission, self.responsible(submission))

    def confirm(self, receipt: Receipt, submission: Submission) -> None:
        """Let a receipt take effect: the relay has taken the message too."""
        self._spawn(self._confirmed(receipt, submission))

    def forget(self, receipt: Receipt) -> None:
        """Undo a receipt: the relay has not taken the message."""
        self._spawn(self._quietly(receipt.forget()))

    async def _confirmed(self, receipt: Receipt, submission: Submission) -> None:
        """Confirm until it works, or for as long as a reservation is held: the message cannot be asked for again."""
        try:
            await self._persistently(receipt.confirm)
        except Unavailable as error:
            self._observer.failed(error.what)
            self.report(submission, Reply(code=554, enhanced="5.3.0", lines=("Svaret kunde inte tas om hand.",)))

    def report(self, submission: Submission, reply: Reply) -> None:
        """Report that we did not take a message that the relay has taken for others; never to machines."""
        responsible = self.responsible(submission)
        headers = scan_headers(submission.content.read(0, HEADER_BLOCK))
        machine = submission.envelope.sender is None or headers.automatic or headers.report or headers.bulk
        if submission.reports and responsible is not None and responsible.answerable and not machine:
            self._spawn(self._quietly(self._terminus.report(submission, responsible, reply)))

    async def _quietly(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Unavailable as error:
            self._observer.failed(error.what)

    def note_lost(self) -> None:
        """Count a message that the relay did not answer."""
        self._observer.failed("relay")

    def note_passed(self, submission: Submission, code: int) -> None:
        """Count a message out of scope."""
        self._observer.passed(submission, code)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def quiet(self) -> None:
        """Return when every conclusion under way is drawn; what fails now is not tried again."""
        self._ending = True
        while self._tasks:
            await asyncio.wait(set(self._tasks))


def _may_be_written_to(decision: Decision) -> bool:
    """Tell whether a letter may go: to an authenticated or envelope sender, never to one merely named in From.

    Automatic and bulk mail has no reader who could use it (RFC 3834 2).
    """
    inspection = decision.facts.inspection
    headers = inspection.message.headers if inspection else Headers()
    if headers.automatic or headers.report or headers.hops >= CIRCLES:
        return False
    return decision.responsible.answerable and decision.facts.envelope.sender is not None
