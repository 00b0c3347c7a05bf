"""The board: rows in shared memory, one writer each, summed by any reader."""

from __future__ import annotations

import math
import os
import signal
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.telemetry.board import Board, RowState
from gateway.telemetry.series import Fold, Kind, Series, declare

GAUGES = tuple(Series(key=fold.value, kind=Kind.GAUGE, help="X.", fold=fold) for fold in Fold)


def in_child(work: Callable[[], object]) -> int:
    """Run ``work`` in a forked process; return how that ended."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001 - the test's process must not go on in the child
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_everything_is_zero_at_first() -> None:
    board = Board(2)
    for series in board.series:
        numbers = [number for cell in board.values(series.key) for number in cell]
        wanted = math.nan if series.fold is Fold.MIN else 0.0
        assert all(number == wanted or (math.isnan(number) and math.isnan(wanted)) for number in numbers)


def test_what_processes_count_is_summed() -> None:
    board = Board(2)

    def work(row: int) -> None:
        judged = board.row(row).counter("judged", front="smtp")
        for _ in range(1000):
            judged.inc()

    assert [in_child(lambda: work(1)), in_child(lambda: work(2))] == [0, 0]
    board.row(0).inc("judged", 5, front="smtp")
    assert board.value("judged", front="smtp") == 2005
    assert board.value("judged", front="milter") == 0


def test_what_a_killed_worker_counted_stays_and_its_gauges_go() -> None:
    board = Board(1)

    def work() -> None:
        metrics = board.row(1)
        metrics.inc("judged", front="smtp")
        metrics.set("sessions", 7, front="smtp")
        metrics.observe("recipients", 101, front="smtp")
        metrics.beat(RowState.READY)
        os.kill(os.getpid(), signal.SIGKILL)

    assert in_child(work) == -signal.SIGKILL
    assert board.value("sessions", front="smtp") == 7
    board.clear_row(1)
    assert board.value("sessions", front="smtp") == 0
    assert board.value("judged", front="smtp") == 1
    assert board.value("recipients", front="smtp") == 1
    assert board.pulses()[1].state is RowState.GONE


def test_a_worker_that_starts_again_counts_on_and_measures_anew() -> None:
    board = Board(1)
    first = board.row(1)
    first.inc("judged", front="smtp")
    first.set("sessions", 3, front="smtp")
    first.set("relay_up", 0)
    second = board.row(1)
    second.inc("judged", front="smtp")
    assert board.value("judged", front="smtp") == 2
    assert board.value("sessions", front="smtp") == 0
    assert math.isnan(board.value("relay_up"))


def test_gauges_of_several_processes_are_folded_as_declared() -> None:
    board = Board(2, series=GAUGES)
    rows = [board.row(number) for number in range(3)]
    for row, value in zip(rows, (1.0, 3.0, 2.0), strict=True):
        for fold in Fold:
            row.set(fold.value, value)
    assert [board.value(fold.value) for fold in (Fold.SUM, Fold.MAX, Fold.MIN)] == [6, 3, 1]


def test_whoever_has_not_spoken_does_not_make_a_minimum() -> None:
    board = Board(2, series=GAUGES)
    board.row(1).set("min", 1)
    assert board.value("min") == 1


def test_a_gauge_goes_up_and_down() -> None:
    board = Board(1)
    sessions = board.row(1).gauge("sessions", front="smtp")
    sessions.inc()
    sessions.inc(4)
    sessions.dec()
    sessions.dec(2)
    assert board.value("sessions", front="smtp") == 2
    sessions.set(9)
    assert board.value("sessions", front="smtp") == 9


@pytest.mark.parametrize("amount", [0.0, -1.0, -math.inf, math.nan])
def test_a_counter_never_goes_down(amount: float) -> None:
    board = Board(1)
    counter = board.row(1).counter("judged", front="smtp")
    counter.inc(2)
    counter.inc(amount)
    assert board.value("judged", front="smtp") == 2


@given(st.lists(st.floats(min_value=0, max_value=2000)))
def test_a_histogram_counts_each_value_in_the_first_bucket_that_holds_it(values: list[float]) -> None:
    series = next(s for s in declare() if s.key == "recipients")
    board = Board(1, series=[series])
    for value in values:
        board.row(1).observe("recipients", value, front="smtp")
    cell = board.values("recipients")[0]
    bounds = [*series.edges, math.inf]
    wanted = [
        sum(1 for value in values if below < value <= edge)
        for below, edge in zip([-math.inf, *series.edges], bounds, strict=True)
    ]
    assert cell[:-1] == wanted
    assert cell[-1] == pytest.approx(sum(values))
    assert board.value("recipients", front="smtp") == len(values)


@pytest.mark.parametrize("value", [-0.001, math.nan])
def test_a_histogram_leaves_out_what_time_cannot_be(value: float) -> None:
    board = Board(1)
    board.row(1).observe("stage_seconds", value, stage="total")
    assert board.value("stage_seconds", stage="total") == 0


def test_what_is_exactly_an_edge_lies_below_it() -> None:
    board = Board(1)
    series = next(s for s in board.series if s.key == "recipients")
    board.row(1).observe("recipients", 100, front="smtp")
    assert board.values("recipients")[0][series.edges.index(100)] == 1


def test_handles_and_the_short_form_write_the_same_cell() -> None:
    board = Board(1)
    metrics = board.row(1)
    metrics.counter("policy_reloads", result="success").inc()
    metrics.inc("policy_reloads", result="success")
    metrics.inc("policy_reloads", 2, result="success")
    metrics.gauge("outbox_depth").set(4)
    metrics.set("outbox_depth", 5)
    metrics.histogram("relay_connect_seconds").observe(0.1)
    metrics.observe("relay_connect_seconds", 0.2)
    assert board.value("policy_reloads", result="success") == 4
    assert board.value("outbox_depth") == 5
    assert board.value("relay_connect_seconds") == 2


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda m: m.inc("nonsense"), "no series 'nonsense'"),
        (lambda m: m.inc("sessions", front="smtp"), "sessions is a gauge, not a counter"),
        (lambda m: m.set("judged", 1, front="smtp"), "judged is a counter, not a gauge"),
        (lambda m: m.observe("judged", 1, front="smtp"), "judged is a counter, not a histogram"),
        (lambda m: m.inc("judged"), "labels are"),
    ],
)
def test_what_is_not_declared_is_told(call: Callable[[object], None], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        call(Board(1).row(1))


def test_there_is_a_row_for_the_parent_and_each_worker_and_no_other() -> None:
    board = Board(2)
    assert [pulse.row for pulse in board.pulses()] == [0, 1, 2]
    for number in (-1, 3):
        with pytest.raises(ValueError, match="no row"):
            board.row(number)


def test_rows_do_not_touch_each_other() -> None:
    board = Board(2)
    rows = [board.row(number) for number in range(3)]
    for series in board.series:
        if series.kind is Kind.COUNTER and not series.axes:
            rows[1].inc(series.key, 3)
    board.clear_row(0)
    board.clear_row(2)
    for series in board.series:
        if series.kind is Kind.COUNTER and not series.axes:
            assert board.value(series.key) >= 3


def test_a_beat_tells_who_lives_and_what_it_does() -> None:
    board = Board(1)
    pulse = board.pulses()[1]
    assert (pulse.state, pulse.pid) == (RowState.GONE, 0)
    metrics = board.row(1)
    pulse = board.pulses()[1]
    assert (pulse.state, pulse.pid) == (RowState.STARTING, os.getpid())
    metrics.beat(RowState.READY)
    metrics.beat()
    pulse = board.pulses()[1]
    assert pulse.state is RowState.READY
    assert 0 <= pulse.age < 60


def test_a_beat_counts_processor_time() -> None:
    board = Board(1)
    metrics = board.row(1)
    before = board.value("cpu_seconds")
    sum(range(10**6))
    metrics.beat()
    assert before < board.value("cpu_seconds") < 60


def test_a_board_of_other_series_needs_no_processor_time() -> None:
    board = Board(1, series=GAUGES)
    board.row(1).beat()
    assert board.pulses()[1].state is RowState.STARTING


def test_the_version_of_the_policies_is_seen_by_all_processes() -> None:
    board = Board(1)
    assert board.policy_version == ""

    def work() -> None:
        board.policy_version = "2026-11-25 åäö"

    assert in_child(work) == 0
    assert board.policy_version == "2026-11-25 åäö"
    board.policy_version = "b"
    assert board.policy_version == "b"


def test_a_long_version_is_cut() -> None:
    board = Board(1)
    board.policy_version = "1" + "å" * 300
    assert board.policy_version == "1" + "å" * 49


def test_the_least_of_the_others_is_among_those_that_are_ready_and_alive() -> None:
    board = Board(4)
    rows = {number: board.row(number) for number in range(1, 5)}
    least = board.least(1, "sessions", front="smtp")
    rows[1].set("sessions", 0, front="smtp")
    rows[1].beat(RowState.READY)
    assert least() is None
    rows[2].set("sessions", 9, front="smtp")
    rows[2].beat(RowState.READY)
    rows[3].set("sessions", 7, front="smtp")
    rows[3].beat(RowState.READY)
    rows[4].set("sessions", 1, front="smtp")
    rows[4].beat(RowState.DRAINING)
    assert least() == 7
    rows[3]._slots[0] -= 60  # its last beat was a minute ago
    assert least() == 9
