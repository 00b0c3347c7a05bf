"""A timer that is set again and again: setting it later costs nothing, since whoever is rung looks again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Alarm:
    """Ring at the earliest of the times asked for, once."""

    __slots__ = ("_due", "_handle", "_loop", "_ring")

    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], None]) -> None:
        """Call ``ring`` when the time has come."""
        self._loop = loop
        self._ring = ring
        self._handle: asyncio.TimerHandle | None = None
        self._due = 0.0

    def ring_at(self, when: float) -> None:
        """Ring at ``when`` (the loop's time), or earlier where that was asked for before."""
        if self._handle is not None:
            if self._due <= when:
                return
            self._handle.cancel()
        self._due = when
        self._handle = self._loop.call_at(when, self._now)

    def stop(self) -> None:
        """Ring no more."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def retire(self) -> None:
        """Ring no more, and let go of whom it rang: two that hold each other wait for the garbage collector."""
        self.stop()
        self._ring = _nobody

    def _now(self) -> None:
        self._handle = None
        self._ring()


def _nobody() -> None:
    return
