"""Where the gatekeeper tells what it did: metrics, one log line and one journal record for each message."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Final

import structlog

from gateway.decision import Decision, Submission
from gateway.journal.record import Record
from gateway.journal.scribe import Scribe
from gateway.model import Action, Envelope
from gateway.telemetry.board import Metrics

_LOG = structlog.get_logger()

_VERDICTS: Final = {
    Action.PASS: "pass",
    Action.OBSERVE: "observe",
    Action.WARN: "warn",
    Action.BLOCK: "block",
    Action.DEFER: "defer",
}


class SessionMeters:
    """What sessions count, on a worker's row of the board."""

    def __init__(self, metrics: Metrics) -> None:
        """Resolve the cells once."""
        self._metrics = metrics
        self._sessions = metrics.gauge("sessions", front="smtp")
        self._octets = metrics.gauge("in_flight_octets")
        self._accepted = metrics.counter("connections", front="smtp", result="accepted")

    def session(self, change: int) -> None:
        """Count a session that begins (1) or ends (-1)."""
        self._sessions.inc(change)
        if change > 0:
            self._accepted.inc()

    def in_flight(self, change: int) -> None:
        """Count octets of content taken in or given back."""
        self._octets.inc(change)

    def reply(self, stage: str, code: int) -> None:
        """Count a reply to the client."""
        self._metrics.inc("smtp_replies", stage=stage, **{"class": f"{code // 100}xx"})


def direction(envelope: Envelope, ours: frozenset[str]) -> str:
    """Return ``internal``, ``external`` or ``mixed``, by the recipients' domains."""
    inside = {r.address is not None and _is_ours(r.address.domain, ours) for r in envelope.recipients}
    if len(inside) > 1:
        return "mixed"
    return "internal" if True in inside else "external"


def _is_ours(domain: str, ours: Iterable[str]) -> bool:
    return any(domain == own or domain.endswith(f".{own}") for own in ours)
