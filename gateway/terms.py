"""What the gatekeeper, the front ends and the stores agree on: a decision, its numbers, who is told, who receives."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

import structlog

from gateway.case import Submission
from gateway.desk import Pending
from gateway.ledger import Outcome, Reservation
from gateway.model import Address, Facts, Reply, Responsible, Verdict
from gateway.policy.rules import Policy
from gateway.telemetry.logs import fault

_LOG = structlog.get_logger()


class Receipt(Protocol):
    """Something that Utpost took for itself, durable but without effect until it is confirmed."""

    async def confirm(self) -> None:
        """Let it take effect. Raises Unavailable."""
        ...

    async def forget(self) -> None:
        """Undo it: the message was not delivered. Raises Unavailable."""
        ...


class Terminus(Protocol):
    """Where mail ends that is addressed to Utpost itself."""

    def terminates(self, address: Address) -> bool:
        """Tell whether an address is ours."""
        ...

    async def receive(self, submission: Submission, responsible: Responsible | None) -> Receipt | Reply:
        """Take a message, durably, or refuse it. Raises Unavailable."""
        ...

    async def report(self, submission: Submission, responsible: Responsible, reply: Reply) -> None:
        """Tell the sender that a message was not taken though others have it (RFC 3464). Raises Unavailable."""
        ...


@dataclass(slots=True, kw_only=True)
class Decision:
    """A verdict, the policy behind it, what the ledger said, and what must happen before and after it is performed."""

    submission: Submission
    responsible: Responsible
    verdict: Verdict
    facts: Facts
    policy: Policy
    reservation: Reservation | None = None
    outcome: Outcome | None = None
    pending: Pending | None = None
    began: float = field(default_factory=time.perf_counter)
    seconds: dict[str, float] = field(default_factory=dict)
    """Stage → seconds spent."""
    done: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The numbers of a decision, in seconds and counts."""

    budget: float = 30.0
    window: timedelta = timedelta(hours=24)
    hold: timedelta = timedelta(minutes=15)
    wait: float = 10.0
    judging: int = 8
    guideline_url: str = ""
    is_own_letter: Callable[[bytes, str], bool] = lambda octets, recipient: False  # noqa: ARG005
    """Tell whether we wrote these octets to this recipient."""
    sign: Callable[[bytes, str], bytes] | None = None
    """Return the signatures that go above a passing message from a domain; runs beside the event loop."""


class Observer(Protocol):
    """Where a gatekeeper tells what it did: metrics, log and journal behind one door."""

    def judged(self, decision: Decision) -> None:
        """Hear that a message in scope has its verdict."""
        ...

    def ended(self, decision: Decision, code: int, enhanced: str) -> None:
        """Hear that a message in scope has been answered with ``code``."""
        ...

    def passed(self, submission: Submission, code: int) -> None:
        """Hear that the relay has answered a message out of scope."""
        ...

    def failed(self, what: str) -> None:
        """Hear that a store or the relay failed; after the relay's word the message is not concerned."""
        ...


class Shielded:
    """An observer whose faults stay its own: telling what happened must never change it."""

    def __init__(self, observer: Observer) -> None:
        """Stand before an observer."""
        self._observer = observer

    def judged(self, decision: Decision) -> None:
        """Tell of a verdict."""
        try:
            self._observer.judged(decision)
        except Exception as error:  # noqa: BLE001 - see the class
            _complain(error)

    def ended(self, decision: Decision, code: int, enhanced: str) -> None:
        """Tell of an answer in scope."""
        try:
            self._observer.ended(decision, code, enhanced)
        except Exception as error:  # noqa: BLE001 - see the class
            _complain(error)

    def passed(self, submission: Submission, code: int) -> None:
        """Tell of an answer out of scope."""
        try:
            self._observer.passed(submission, code)
        except Exception as error:  # noqa: BLE001 - see the class
            _complain(error)

    def failed(self, what: str) -> None:
        """Tell of a failure."""
        try:
            self._observer.failed(what)
        except Exception as error:  # noqa: BLE001 - see the class
            _complain(error)


def _complain(error: Exception) -> None:
    _LOG.error("observer_failed", **fault(error))
