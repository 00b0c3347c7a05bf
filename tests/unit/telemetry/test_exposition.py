"""What Prometheus reads: every series, in both formats, read back with its own parsers."""

from __future__ import annotations

import math
import os

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_plain

from gateway.telemetry.board import Board, RowState
from gateway.telemetry.exposition import expose, registry_of

OPENMETRICS = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"

OPENMETRICS_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores"


def scrape(board: Board, accept: str = "") -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    body, content_type = expose(registry_of(board), accept)
    parse = parse_openmetrics if "openmetrics" in content_type else parse_plain
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in parse(body.decode())
        for sample in family.samples
    }


def key(name: str, **labels: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    return (f"utpost_{name}", tuple(sorted(labels.items())))


@pytest.mark.parametrize("accept", ["", OPENMETRICS])
def test_every_series_is_there_before_anything_happened(accept: str) -> None:
    board = Board(1)
    samples = scrape(board, accept)
    suffix = {"counter": "_total", "gauge": "", "histogram": "_bucket"}
    for series in board.series:
        for combination in series.combinations:
            labels = dict(zip(series.label_names, combination, strict=True))
            edge = {"le": "+Inf"} if series.edges else {}
            value = samples[key(series.key + suffix[series.kind.value], **labels, **edge)]
            assert value == 0 or math.isnan(value)


@pytest.mark.parametrize("accept", ["", OPENMETRICS])
def test_numbers_arrive(accept: str) -> None:
    board = Board(2, version="1.2.3")
    board.policy_version = 'a "quoted" \\ version'
    board.row(0)
    worker = board.row(1)
    worker.beat(RowState.READY)
    worker.inc("rule_hits", 3, rule="personnummer", mode="block", outcome="block")
    worker.set("outbox_depth", 12)
    for persons in (1, 100, 101, 5000):
        worker.observe("recipients", persons, front="smtp")
    samples = scrape(board, accept)
    hits = key("rule_hits_total", rule="personnummer", section="2.7", mode="block", outcome="block")
    assert samples[hits] == 3
    assert samples[key("outbox_depth")] == 12
    cumulated = [samples[key("recipients_bucket", front="smtp", le=edge)] for edge in ("1.0", "100.0", "101.0", "+Inf")]
    assert cumulated == [1, 2, 3, 4]
    assert samples[key("recipients_sum", front="smtp")] == 5202
    assert samples[key("recipients_count", front="smtp")] == 4
    assert samples[key("build_info", version="1.2.3", policy_version='a "quoted" \\ version')] == 1
    assert samples[key("start_timestamp_seconds")] == pytest.approx(board.started)
    workers = [samples[key("workers", state=state.name.lower())] for state in RowState]
    assert workers == [1, 0, 1, 0]


def test_the_processes_are_measured() -> None:
    board = Board(2)
    board.row(0)
    samples = scrape(board)
    assert samples[key("resident_octets", process="parent")] > 1024**2
    assert samples[key("open_files", process="parent")] >= 3
    assert samples[key("resident_octets", process="worker")] == 0


def test_a_process_that_has_just_ended_is_no_error() -> None:
    board = Board(1)
    pid = os.fork()
    if pid == 0:
        board.row(1)
        os._exit(0)
    os.waitpid(pid, 0)
    samples = scrape(board)
    assert samples[key("resident_octets", process="worker")] == 0
    assert samples[key("open_files", process="worker")] == 0


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", "text/plain; version=0.0.4; charset=utf-8"),
        ("*/*", "text/plain; version=0.0.4; charset=utf-8"),
        (OPENMETRICS, OPENMETRICS_TYPE),
        ("application/openmetrics-text", OPENMETRICS_TYPE),
    ],
)
def test_the_format_follows_the_accept_header(accept: str, content_type: str) -> None:
    assert expose(registry_of(Board(1)), accept)[1] == content_type


@pytest.mark.parametrize(
    "accept", [";", ",,,", "text/plain;version=", "application/openmetrics-text;escaping=x\x00", "é"]
)
def test_a_strange_accept_header_gets_an_answer_all_the_same(accept: str) -> None:
    body, content_type = expose(registry_of(Board(1)), accept)
    assert body.count(b"utpost_") > 1000
    assert "\x00" not in content_type


def test_the_registry_holds_nothing_else() -> None:
    registry = registry_of(Board(1))
    assert isinstance(registry, CollectorRegistry)
    assert all(family.name.startswith("utpost_") for family in registry.collect())
