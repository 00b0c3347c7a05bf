"""The board in Prometheus' words: metric families for every series, and for the processes themselves."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator
from itertools import accumulate
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from gateway.telemetry.board import Board, RowState
from gateway.telemetry.series import PREFIX, Kind, Series

_OPENMETRICS: Final = "application/openmetrics-text;version=1.0.0"


class BoardCollector(Collector):
    """Turn the board into metric families at each scrape."""

    def __init__(self, board: Board) -> None:
        """Read from ``board``."""
        self._board = board

    def collect(self) -> Iterator[Metric]:
        """Yield every series, those never counted too."""
        for series in self._board.series:
            yield _family(series, self._board.values(series.key))
        yield _build_info(self._board)
        started = f"{PREFIX}start_timestamp_seconds"
        yield GaugeMetricFamily(started, "When the service was started.", value=self._board.started)
        yield _workers(self._board)
        yield from _resources(self._board)


def registry_of(board: Board) -> CollectorRegistry:
    """Return a registry of its own that holds the board and nothing else."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(BoardCollector(board))
    return registry


def expose(registry: CollectorRegistry, accept: str) -> tuple[bytes, str]:
    """Return what ``/metrics`` answers and its content type, as the Accept header wishes."""
    # The visitor's own words are kept from the library: it raises TypeError at a version that is no number.
    encode, content_type = choose_encoder(_OPENMETRICS if "application/openmetrics-text" in accept else "")
    return encode(registry), content_type


def _family(series: Series, cells: Iterable[list[float]]) -> Metric:
    if series.kind is Kind.HISTOGRAM:
        histogram = HistogramMetricFamily(series.name, series.help, labels=series.label_names)
        edges = [floatToGoString(edge) for edge in (*series.edges, math.inf)]  # type: ignore[no-untyped-call]
        for labels, cell in zip(series.combinations, cells, strict=True):
            buckets = list(zip(edges, accumulate(cell[:-1]), strict=True))
            histogram.add_metric(labels, buckets, sum_value=cell[-1])
        return histogram
    kind = CounterMetricFamily if series.kind is Kind.COUNTER else GaugeMetricFamily
    family = kind(series.name, series.help, labels=series.label_names)
    for labels, cell in zip(series.combinations, cells, strict=True):
        family.add_metric(labels, cell[0])
    return family


def _build_info(board: Board) -> Metric:
    labels = ("version", "policy_version")
    family = GaugeMetricFamily(f"{PREFIX}build_info", "Always 1; what is running.", labels=labels)
    family.add_metric((board.version, board.policy_version), 1)
    return family


def _workers(board: Board) -> Metric:
    family = GaugeMetricFamily(f"{PREFIX}workers", "Workers by what they are doing.", labels=("state",))
    states = [pulse.state for pulse in board.pulses()[1:]]
    for state in RowState:
        family.add_metric((state.name.lower(),), states.count(state))
    return family


def _resources(board: Board) -> Iterator[Metric]:
    memory = GaugeMetricFamily(f"{PREFIX}resident_octets", "Resident memory of living processes.", labels=("process",))
    files = GaugeMetricFamily(f"{PREFIX}open_files", "File descriptors of living processes.", labels=("process",))
    pulses = board.pulses()
    for name, group in (("parent", pulses[:1]), ("worker", pulses[1:])):
        pids = [pulse.pid for pulse in group if pulse.pid]
        memory.add_metric((name,), sum(map(_resident, pids)))
        files.add_metric((name,), sum(map(_open_files, pids)))
    yield memory
    yield files


def _resident(pid: int) -> float:
    try:
        return float(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0.0  # it has just ended


def _open_files(pid: int) -> float:
    try:
        return float(sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir()))
    except OSError:
        return 0.0
