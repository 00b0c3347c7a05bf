"""Whether Utpost lives and whether it is ready, read off the board and the state folder.

Only what every message needs makes Utpost unready: a worker, the relay, policies. A dead ledger or outbox concerns
messages in scope alone, so taking the whole gateway out of service for it would stop the mail of everybody else: such
a check fails visibly and leaves Utpost ready.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

from gateway.telemetry.board import Board, RowState
from gateway.telemetry.probe import PROBE_SECONDS, Place, relay_greets

STALE_SECONDS: Final = 15.0
"""A process without a beat for so long hangs."""
RELAY_SECONDS: Final = 60.0
"""An answer of the relay older than this says nothing: it is asked again."""
FREE_OCTETS: Final = 64 * 1024 * 1024
"""What the state folder's file system must still hold."""


class Degraded(str):
    """What is wrong with something that Utpost can be ready without."""

    __slots__ = ()


Checks = Mapping[str, bool | str]
"""Check → True when it is well; False or words when it is not; ``Degraded`` words where that does not matter alone."""


class _HasDirectory(Protocol):
    @property
    def directory(self) -> Path: ...


class _HasEndpoints(Protocol):
    @property
    def endpoints(self) -> Sequence[Place]: ...


class Asked(Protocol):
    """The part of the settings that readiness looks at."""

    @property
    def state(self) -> _HasDirectory:
        """Where the state folder is."""
        ...

    @property
    def relay(self) -> _HasEndpoints:
        """Where the relay is, and those to fall back to."""
        ...


def livez(board: Board) -> dict[str, bool | str]:
    """Tell of each process whether it still turns. A worker that is being started again is no failure of the whole."""
    pulses = board.pulses()
    checks: dict[str, bool | str] = {}
    for pulse in pulses:
        name = "parent" if pulse.row == 0 else f"worker {pulse.row}"
        if pulse.state is RowState.GONE:
            checks[name] = Degraded("is not running")
        else:
            checks[name] = pulse.age < STALE_SECONDS or f"gave no sign of life for {pulse.age:.0f} s"
    if all(pulse.state is RowState.GONE for pulse in pulses[1:]):
        checks["workers"] = "none is running"
    return checks


def readiness(settings: Asked, board: Board, clock: Callable[[], float] = time.time) -> Callable[[], Checks]:
    """Return the function that ``/readyz`` asks; it may block for as long as the relay is slow to greet.

    ``clock`` is Unix time.
    """
    directory, relays = settings.state.directory, settings.relay.endpoints

    def ask() -> Checks:
        return {
            "workers": _workers(board),
            "policies": _policies(board),
            "relay": _relay(board, clock()) or _any_greets(relays) or "does not answer",
            "ledger": _up(board, "ledger_up"),
            "outbox": _up(board, "outbox_up"),
            "disk": _disk(directory),
        }

    return ask


def _workers(board: Board) -> bool | str:
    pulses = board.pulses()
    if pulses[0].state is RowState.DRAINING:
        return "the service is stopping"
    ready = [p for p in pulses[1:] if p.state is RowState.READY and p.age < STALE_SECONDS]
    if not ready:
        return "none is ready"
    return len(ready) == board.workers or Degraded(f"{len(ready)} of {board.workers} are ready")


def _policies(board: Board) -> bool | str:
    if not board.value("policy_reload_timestamp_seconds"):
        return "are not loaded"
    return board.value("policy_reload_success") == 1 or Degraded("the last reload failed; the earlier are in force")


def _relay(board: Board, now: float) -> bool:
    """Tell whether traffic has shown of late that the relay answers; if not it is asked."""
    answered = board.value("relay_answered_timestamp_seconds")
    return board.value("relay_up") == 1 and now - answered < RELAY_SECONDS


def _any_greets(relays: Sequence[Place]) -> bool:
    return any(relay_greets(place, PROBE_SECONDS / len(relays)) for place in relays)


def _up(board: Board, key: str) -> bool | str:
    value = board.value(key)
    return math.isnan(value) or value == 1 or Degraded("does not answer")


def _disk(directory: Path) -> bool | str:
    try:
        system = os.statvfs(directory)
    except OSError as error:
        return Degraded(f"the state folder is away: {error.strerror}")
    free = system.f_bavail * system.f_frsize
    if system.f_flag & os.ST_RDONLY:
        return Degraded("the state folder is read-only")
    return free >= FREE_OCTETS or Degraded(f"{free // 1024**2} MiB are left")
