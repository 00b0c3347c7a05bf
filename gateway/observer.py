"""Where the gatekeeper tells what it did: metrics, one log line and one journal record for each message."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import structlog

from gateway.case import Submission
from gateway.decision import CIRCLES
from gateway.journal.journal import Journal
from gateway.journal.record import Handled, Record
from gateway.journal.sent import Sent, SentRegister
from gateway.model import Action, Envelope, Part, PartState, RuleHit
from gateway.telemetry.board import Counter, Histogram, Metrics
from gateway.terms import Decision

if TYPE_CHECKING:
    from gateway.config import Settings

_LOG = structlog.get_logger()

_VERDICTS: Final = {
    Action.PASS: "pass",
    Action.OBSERVE: "observe",
    Action.WARN: "warn",
    Action.BLOCK: "block",
    Action.DEFER: "defer",
}
_FAILURE: Final = {"contended": "ledger"}


class SessionMeters:
    """What sessions count, on a worker's row of the board."""

    def __init__(self, metrics: Metrics, front: str = "smtp") -> None:
        """Resolve the cells once."""
        self._metrics = metrics
        self._sessions = metrics.gauge("sessions", front=front)
        self._octets = metrics.gauge("in_flight_octets")
        self._accepted = metrics.counter("connections", front=front, result="accepted")
        self._receiving = metrics.histogram("stage_seconds", stage="receive")
        self._replies: dict[tuple[str, int], Counter] = {}
        self._refused = metrics.counter("connections", front=front, result="refused")

    def session(self, change: int) -> None:
        """Count a session that begins (1) or ends (-1)."""
        self._sessions.inc(change)

    def admitted(self, *, accepted: bool) -> None:
        """Count a connection that was served, or turned away."""
        (self._accepted if accepted else self._refused).inc()

    def in_flight(self, change: int) -> None:
        """Count octets of content taken in or given back."""
        self._octets.inc(change)

    def received(self, seconds: float) -> None:
        """Count how long a client took to send its content."""
        self._receiving.observe(seconds)

    def reply(self, stage: str, code: int) -> None:
        """Count a reply to the client."""
        cell = self._replies.get((stage, code // 100))
        if cell is None:
            cell = self._metrics.counter("smtp_replies", stage=stage, **{"class": f"{code // 100}xx"})
            self._replies[stage, code // 100] = cell
        cell.inc()


class _FrontCells:
    """The cells of one front end."""

    __slots__ = ("_front", "_messages", "_metrics", "judged", "octets", "recipients")

    def __init__(self, metrics: Metrics, front: str) -> None:
        self._metrics, self._front = metrics, front
        self._messages: dict[tuple[str, str], Counter] = {}
        self.judged = metrics.counter("judged", front=front)
        self.recipients = metrics.histogram("recipients", front=front)
        self.octets = metrics.histogram("message_octets", front=front)

    def message(self, verdict: str, way: str) -> Counter:
        cell = self._messages.get((verdict, way))
        if cell is None:
            cell = self._metrics.counter("messages", front=self._front, verdict=verdict, direction=way)
            self._messages[verdict, way] = cell
        return cell


class GateObserver:
    """What the gatekeeper tells, turned into metrics, log and journal. Never raises."""

    def __init__(
        self,
        metrics: Metrics,
        journal: Journal,
        settings: Settings,
        sent: SentRegister | None = None,
    ) -> None:
        """Keep the parts."""
        self._sent = sent
        self._metrics = metrics
        self._journal = journal
        self._ours = frozenset(d.partition(".")[2] or d for d in settings.scope.folded) | settings.scope.folded
        self._fronts = {front: _FrontCells(metrics, front) for front in ("smtp", "milter")}
        self._stages: dict[str, Histogram] = {}
        self._parts: dict[tuple[str, PartState], Counter] = {}
        self._replies: dict[str, Counter] = {}
        self._log = _LOG.bind()

    def judged(self, decision: Decision) -> None:
        """Count what was found in a message, and what the rules made of it."""
        self._fronts[decision.submission.occasion.front].judged.inc()
        inspection = decision.facts.inspection
        for finding in inspection.findings if inspection else ():
            labels = {"confidence": finding.confidence.name.lower(), "segment": finding.segment.value}
            self._metrics.counter("findings", detector=finding.rule_name, **labels).inc()
        for part in inspection.message.parts if inspection else ():
            self._count_part(_kind(part), part.state)
        for hit in decision.verdict.hits:
            self._metrics.inc("rule_hits", rule=hit.rule, mode=_mode(hit), outcome=_outcome(hit))
        for what in decision.facts.failed:
            series = "deferred" if decision.verdict.action is Action.DEFER else "failopen"
            self._metrics.inc(series, cause=_FAILURE.get(what, what))
        if inspection and inspection.message.headers.hops >= CIRCLES:
            self._metrics.inc("loops")
        if claim := _claim(decision):
            self._metrics.inc("claims", outcome=claim)

    def ended(self, decision: Decision, code: int, enhanced: str) -> None:
        """Count, log and journal a message that was answered."""
        verdict = _VERDICTS[decision.verdict.action]
        submission = decision.submission
        way = direction(submission.envelope, self._ours)
        self._count(submission, verdict, way)
        for stage, seconds in decision.seconds.items():
            self._stage(stage).observe(seconds)
        if "relay" in decision.seconds:
            self._relay_said(f"{code // 100}xx")
        handled = Handled(
            code=code,
            enhanced=enhanced,
            direction=way,
            octets=len(submission.content),
            policy_version=decision.policy.version,
            seconds=decision.seconds,
        )
        if self._sent is not None and 200 <= code < 300:  # noqa: PLR2004 - RFC 5321 4.2.1
            self._sent.append(_sent(decision))
        record = self._journal.append(decision.facts, decision.verdict, handled)
        self._log.info("message", **_line(record))

    def passed(self, submission: Submission, code: int) -> None:
        """Count a message out of scope; nothing of it is logged but that it was there."""
        self._count(submission, "bypass", direction(submission.envelope, self._ours))
        if submission.occasion.front == "smtp":
            self._relay_said(f"{code // 100}xx")
        _LOG.debug("message", reference=submission.occasion.reference, verdict="bypass", relay_code=code)

    def failed(self, what: str) -> None:
        """Note that a store or the relay could not answer."""
        if what == "relay":
            self._relay_said("lost")
            return
        if what in {"ledger", "outbox"}:
            self._metrics.set(f"{what}_up", 0)
        _LOG.warning("store_failed", store=what)

    def _stage(self, stage: str) -> Histogram:
        found = self._stages.get(stage)
        if found is None:
            found = self._stages[stage] = self._metrics.histogram("stage_seconds", stage=stage)
        return found

    def _relay_said(self, outcome: str) -> None:
        cell = self._replies.get(outcome)
        if cell is None:
            cell = self._metrics.counter("relay_replies", stage="end", **{"class": outcome})
            self._replies[outcome] = cell
        cell.inc()

    def _count_part(self, kind: str, state: PartState) -> None:
        cell = self._parts.get((kind, state))
        if cell is None:
            cell = self._parts[kind, state] = self._metrics.counter("parts", kind=kind, state=state.value)
        cell.inc()

    def _count(self, submission: Submission, verdict: str, way: str) -> None:
        cells = self._fronts[submission.occasion.front]
        cells.message(verdict, way).inc()
        cells.recipients.observe(len(submission.envelope.recipients))
        cells.octets.observe(len(submission.content))


def _sent(decision: Decision) -> Sent:
    submission = decision.submission
    return Sent(
        at=submission.occasion.received_at,
        reference=submission.occasion.reference,
        sender=str(decision.responsible.address),
        recipients=tuple(r.path[1:-1].decode("utf-8", "replace") for r in submission.envelope.recipients),
    )


def direction(envelope: Envelope, ours: frozenset[str]) -> str:
    """Return ``internal``, ``external`` or ``mixed``, by the recipients' domains."""
    inside = {_is_ours(r.address.domain if r.address else "", ours) for r in envelope.recipients}
    if len(inside) > 1:
        return "mixed"
    return "internal" if True in inside else "external"


@lru_cache(maxsize=256)
def _is_ours(domain: str, ours: frozenset[str]) -> bool:
    return any(domain == own or domain.endswith(f".{own}") for own in ours)


def _kind(part: Part) -> str:
    if part.path == "subject":
        return "subject"
    if part.body:
        return "body"
    return "member" if "/" in part.path else "attachment"


def _claim(decision: Decision) -> str:
    if "ledger" in decision.facts.failed:
        return "unavailable"
    return decision.outcome.value if decision.outcome else ""


def _mode(hit: RuleHit) -> str:
    return {Action.OBSERVE: "observe", Action.WARN: "warn"}.get(hit.action, "block")


def _outcome(hit: RuleHit) -> str:
    if hit.exempted_by is not None:
        return "exempted"
    return "unknown" if hit.unknown and hit.action is not Action.DEFER else _VERDICTS[hit.action]


def _line(record: Record) -> dict[str, object]:
    """Return what the log says of a message: the journal's record under the log's names."""
    return {
        "reference": record.reference,
        "front": record.front,
        "pseudonym": record.sender,
        "persons": record.persons,
        "direction": record.direction,
        "verdict": record.verdict,
        "rules": list(record.rules),
        "observed": list(record.observed),
        "policy_version": record.policy,
        "code": record.code,
        "enhanced": record.enhanced,
        "seconds": {stage: spent / 1000 for stage, spent in record.milliseconds.items()},
    }
