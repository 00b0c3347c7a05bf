"""A board of counters in shared memory: each process writes its own row, any process reads them all.

The layout is fixed before the first fork: rows of float64 slots in one anonymous mapping. A slot has a single writer
and is an aligned machine word, so neither locks nor files are needed; what a worker counted stays when it dies.
"""

from __future__ import annotations

import math
import mmap
import os
import time
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from gateway.telemetry.series import Fold, Kind, Series, declare

_WORD: Final = 8
_BEAT, _STATE, _PID, _OWN = range(4)
"""Slots of a row that belong to the process itself; the series start at ``_OWN + 1``."""
_FIRST: Final = _OWN + 1
_NOTE_OCTETS: Final = 128
_ALIVE: Final = 2.0
"""Seconds since its last beat for which a worker counts as alive."""


class RowState(IntEnum):
    """What the process of a row is doing."""

    GONE = 0
    STARTING = 1
    READY = 2
    DRAINING = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """The last sign of life of one process."""

    row: int
    pid: int
    state: RowState
    age: float
    """Seconds since the last beat."""


class Counter:
    """One cell that only grows."""

    __slots__ = ("_at", "_slots")

    def __init__(self, slots: memoryview[float], at: int) -> None:
        """Count in slot ``at``."""
        self._slots = slots
        self._at = at

    def inc(self, amount: float = 1.0) -> None:
        """Add ``amount``; what is not above zero counts nothing."""
        if amount > 0:
            self._slots[self._at] += amount


class Gauge:
    """One cell that goes up and down."""

    __slots__ = ("_at", "_slots")

    def __init__(self, slots: memoryview[float], at: int) -> None:
        """Measure in slot ``at``."""
        self._slots = slots
        self._at = at

    def set(self, value: float) -> None:
        """Make it ``value``."""
        self._slots[self._at] = value

    def inc(self, amount: float = 1.0) -> None:
        """Add ``amount``."""
        self._slots[self._at] += amount

    def dec(self, amount: float = 1.0) -> None:
        """Take ``amount`` away."""
        self._slots[self._at] -= amount


class Histogram:
    """One cell of buckets and a sum."""

    __slots__ = ("_at", "_edges", "_slots")

    def __init__(self, slots: memoryview[float], at: int, edges: tuple[float, ...]) -> None:
        """Count into the buckets that start at slot ``at``."""
        self._slots = slots
        self._at = at
        self._edges = edges

    def observe(self, value: float) -> None:
        """Count ``value`` in its bucket; what is below zero or no number counts nothing."""
        if value >= 0:
            slots, at, edges = self._slots, self._at, self._edges
            slots[at + bisect_left(edges, value)] += 1.0
            slots[at + len(edges) + 1] += value


class Metrics:
    """One process's row of the board. To be used from one thread only.

    Resolve a handle once where the code is hot (``counter``, ``gauge``, ``histogram``); ``inc``, ``set`` and
    ``observe`` look it up each time. A value outside a closed label set counts as the set's fallback; a series or
    label that is not declared raises ValueError.
    """

    __slots__ = ("_cpu", "_handles", "_layout", "_slots", "_spent", "row")

    def __init__(self, slots: memoryview[float], layout: dict[str, tuple[Series, int]], row: int) -> None:
        """Write into ``slots``; gained from ``Board.row``."""
        self._slots = slots
        self._layout = layout
        self._handles: dict[tuple[str, ...], Counter | Gauge | Histogram] = {}
        self._cpu = layout["cpu_seconds"][1] if "cpu_seconds" in layout else None
        self._spent = time.process_time()
        self.row = row

    def counter(self, key: str, **labels: str) -> Counter:
        """Return the cell of a counter."""
        name = ("inc", key, *labels, *labels.values())
        handle = self._handles.get(name)
        if not isinstance(handle, Counter):
            handle = self._handles[name] = Counter(self._slots, self._find(key, Kind.COUNTER, labels))
        return handle

    def gauge(self, key: str, **labels: str) -> Gauge:
        """Return the cell of a gauge."""
        return Gauge(self._slots, self._find(key, Kind.GAUGE, labels))

    def histogram(self, key: str, **labels: str) -> Histogram:
        """Return the cell of a histogram."""
        return Histogram(self._slots, self._find(key, Kind.HISTOGRAM, labels), self._layout[key][0].edges)

    def inc(self, key: str, amount: float = 1.0, **labels: str) -> None:
        """Add to a counter."""
        self.counter(key, **labels).inc(amount)

    def set(self, key: str, value: float, **labels: str) -> None:
        """Set a gauge."""
        name = ("set", key, *labels, *labels.values())
        handle = self._handles.get(name)
        if not isinstance(handle, Gauge):
            handle = self._handles[name] = self.gauge(key, **labels)
        handle.set(value)

    def observe(self, key: str, value: float, **labels: str) -> None:
        """Count a value into a histogram."""
        name = ("observe", key, *labels, *labels.values())
        handle = self._handles.get(name)
        if not isinstance(handle, Histogram):
            handle = self._handles[name] = self.histogram(key, **labels)
        handle.observe(value)

    def beat(self, state: RowState | None = None) -> None:
        """Give a sign of life, and say what the process is doing where that changed."""
        self._slots[_BEAT] = time.monotonic()
        if self._cpu is not None:
            spent = time.process_time()
            self._slots[self._cpu] += spent - self._spent
            self._spent = spent
        if state is not None:
            self._slots[_STATE] = float(state)

    def _find(self, key: str, kind: Kind, labels: dict[str, str]) -> int:
        if key not in self._layout:
            raise ValueError(f"no series {key!r}")
        series, at = self._layout[key]
        if series.kind is not kind:
            raise ValueError(f"{key} is a {series.kind.value}, not a {kind.value}")
        return at + series.cell(labels) * series.width


class Board:
    """Shared memory for the rows of the parent (row 0) and its workers (1 to ``workers``).

    To be made before the first fork. Only the parent and the worker of a row take it with ``row``.
    """

    def __init__(self, workers: int, *, series: Sequence[Series] | None = None, version: str = "") -> None:
        """Lay out rows for the parent and ``workers`` processes."""
        self.series: tuple[Series, ...] = tuple(declare() if series is None else series)
        self.workers = workers
        self.version = version
        self.started = time.time()
        self._layout: dict[str, tuple[Series, int]] = {}
        at = _FIRST
        for one in self.series:
            self._layout[one.key] = (one, at)
            at += len(one.combinations) * one.width
        self._width = at
        octets = (workers + 1) * at * _WORD
        self._memory = mmap.mmap(-1, octets + _NOTE_OCTETS)
        self._slots: memoryview[float] = memoryview(self._memory)[:octets].cast("d")
        self._note = memoryview(self._memory)[octets:]
        for number in range(workers + 1):
            self.clear_row(number)

    def row(self, number: int) -> Metrics:
        """Take over a row for this process: counters stay, gauges begin anew."""
        slots = self._row(number)
        self.clear_row(number)
        slots[_PID] = float(os.getpid())
        metrics = Metrics(slots, self._layout, number)
        metrics.beat(RowState.STARTING)
        return metrics

    def clear_row(self, number: int) -> None:
        """Forget the gauges and the process of a row, for the parent to call when a worker ended."""
        slots = self._row(number)
        for series, at in self._layout.values():
            if series.kind is Kind.GAUGE:
                for cell in range(len(series.combinations)):
                    slots[at + cell] = math.nan if series.fold is Fold.MIN else 0.0
        slots[_STATE] = float(RowState.GONE)
        slots[_PID] = 0.0

    def pulses(self) -> list[Pulse]:
        """Return the last sign of life of the parent and each worker, in the order of the rows."""
        now = time.monotonic()
        pulses = []
        for number in range(self.workers + 1):
            slots = self._row(number)
            state, age = RowState(int(slots[_STATE])), max(0.0, now - slots[_BEAT])
            pulses.append(Pulse(row=number, pid=int(slots[_PID]), state=state, age=age))
        return pulses

    def values(self, key: str) -> list[list[float]]:
        """Return the slots of every cell of a series, folded over all rows.

        A counter or gauge has one slot; a histogram its buckets (not cumulated), the endless one, then the sum.
        """
        series, at = self._layout[key]
        size = len(series.combinations) * series.width
        rows = [self._row(number)[at : at + size].tolist() for number in range(self.workers + 1)]
        flat = [_fold(series, column) for column in zip(*rows, strict=True)]
        return [flat[start : start + series.width] for start in range(0, size, series.width)]

    def value(self, key: str, **labels: str) -> float:
        """Return one counter or gauge, folded over all rows; a histogram's number of observations."""
        series, _ = self._layout[key]
        slots = self.values(key)[series.cell(labels)]
        return sum(slots[:-1]) if series.kind is Kind.HISTOGRAM else slots[0]

    def least(self, row: int, key: str, **labels: str) -> Callable[[], float | None]:
        """Return what tells the smallest value of a gauge among the other workers that are ready and alive.

        None where there is none. Cheap enough for every connection.
        """
        series, at = self._layout[key]
        slots, cell = self._slots, at + series.cell(labels)
        starts = [number * self._width for number in range(1, self.workers + 1) if number != row]

        def look() -> float | None:
            now = time.monotonic()
            ready = [s for s in starts if slots[s + _STATE] == RowState.READY and now - slots[s + _BEAT] < _ALIVE]
            return min((slots[start + cell] for start in ready), default=None)

        return look

    @property
    def policy_version(self) -> str:
        """The version of the policies in force, up to 100 octets; set by whoever loaded them last."""
        length = min(self._note[0], _NOTE_OCTETS - 1)
        return bytes(self._note[1 : 1 + length]).decode("utf-8", "ignore")

    @policy_version.setter
    def policy_version(self, text: str) -> None:
        octets = text.encode()[:100]
        self._note[0] = 0
        self._note[1 : 1 + len(octets)] = octets
        self._note[0] = len(octets)

    def _row(self, number: int) -> memoryview[float]:
        if not 0 <= number <= self.workers:
            raise ValueError(f"no row {number}; there are 0 to {self.workers}")
        return self._slots[number * self._width : (number + 1) * self._width]


def _fold(series: Series, column: Sequence[float]) -> float:
    if series.kind is not Kind.GAUGE or series.fold is Fold.SUM:
        return sum(column)
    spoken = [value for value in column if not math.isnan(value)]
    if series.fold is Fold.MAX:
        return max(spoken, default=0.0)
    return min(spoken, default=math.nan)
