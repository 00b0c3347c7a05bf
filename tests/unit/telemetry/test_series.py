"""The declaration of the series: closed sets, names fit for Prometheus, nothing that could name a person."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from gateway.model import Action, Confidence, Mode, PartState, SegmentKind
from gateway.telemetry.series import PREFIX, RULES, Axis, Kind, Series, declare

SERIES = {series.key: series for series in declare()}


def values_of(key: str, label: str) -> set[str]:
    series = SERIES[key]
    position = series.label_names.index(label)
    return {combination[position] for combination in series.combinations}


def test_keys_and_names_follow_the_rules_of_prometheus() -> None:
    assert len(SERIES) == len(declare())
    for series in SERIES.values():
        assert re.fullmatch(r"utpost_[a-z][a-z0-9_]*", series.name)
        assert not series.name.endswith(("_total", "_count", "_sum", "_bucket", "_info"))
        assert series.help.endswith(".")
        assert all(re.fullmatch(r"[a-z_]+", label) for label in series.label_names)


def test_edges_of_recipients_see_the_hundred_and_first_person() -> None:
    assert {100, 101} <= set(SERIES["recipients"].edges)


def test_edges_ascend() -> None:
    for series in SERIES.values():
        assert list(series.edges) == sorted(set(series.edges))
        assert bool(series.edges) is (series.kind is Kind.HISTOGRAM)


def test_no_label_could_name_a_person_an_address_or_a_domain() -> None:
    labels = {label for series in SERIES.values() for label in series.label_names}
    assert labels.isdisjoint({"sender", "recipient", "domain", "subject", "ip", "address", "helo", "party", "queue_id"})


def test_the_sets_hold_what_the_vocabulary_can_say() -> None:
    assert {action.name.lower() for action in Action} <= values_of("messages", "verdict")
    assert {action.name.lower() for action in Action} - {"pass"} <= values_of("rule_hits", "outcome")
    assert {mode.value for mode in Mode} - {"off"} == values_of("rule_hits", "mode")
    assert {confidence.name.lower() for confidence in Confidence} == values_of("findings", "confidence")
    assert {kind.value for kind in SegmentKind} == values_of("findings", "segment")
    assert {state.value for state in PartState} == values_of("parts", "state")


def test_rules_bring_their_sections() -> None:
    assert ("mass_mailing", "2.3", "block", "block") in SERIES["rule_hits"].combinations
    assert {combo[:2] for combo in SERIES["rule_hits"].combinations} == {*RULES.items(), ("other", "other")}


def test_rules_and_detectors_may_be_handed_in() -> None:
    series = {s.key: s for s in declare({"new_rule": "2.9"}, ["one", "two"])}
    assert {combo[:2] for combo in series["rule_hits"].combinations} == {("new_rule", "2.9"), ("other", "other")}
    assert {combo[0] for combo in series["findings"].combinations} == {"one", "two", "other"}


def test_findings_are_told_by_rule_where_no_detectors_are_named() -> None:
    assert values_of("findings", "detector") == {*RULES, "other"}


def test_a_kind_of_special_category_is_counted_under_the_category() -> None:
    hits = SERIES["rule_hits"]
    chosen = hits.combinations[hits.cell({"rule": "special_category:health", "mode": "block", "outcome": "block"})]
    assert chosen == ("special_category", "2.7", "block", "block")


def test_an_unknown_value_is_counted_under_the_fallback() -> None:
    hits = SERIES["rule_hits"]
    chosen = hits.combinations[hits.cell({"rule": "anna@example.org", "mode": "block", "outcome": "block"})]
    assert chosen == ("other", "other", "block", "block")


def test_every_cell_is_found_under_its_own_labels() -> None:
    for series in SERIES.values():
        chosen = [axis.names[0] for axis in series.axes]
        for number, combination in enumerate(series.combinations):
            labels = dict(zip(series.label_names, combination, strict=True))
            assert series.cell({name: labels[name] for name in chosen}) == number


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        ({}, "labels are"),
        ({"front": "smtp", "verdict": "pass"}, "labels are"),
        ({"front": "smtp", "verdict": "pass", "direction": "internal", "sender": "x"}, "labels are"),
        ({"front": "pigeon", "verdict": "pass", "direction": "internal"}, "no value 'pigeon'"),
    ],
)
def test_mistakes_of_the_caller_are_told(labels: dict[str, str], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        SERIES["messages"].cell(labels)


def test_a_series_without_labels_has_one_cell() -> None:
    series = Series(key="x", kind=Kind.COUNTER, help="X.")
    assert (series.combinations, series.cell({}), series.width, series.name) == ([()], 0, 1, PREFIX + "x")


COUNTED_WITH = {
    "counter": Kind.COUNTER,
    "inc": Kind.COUNTER,
    "gauge": Kind.GAUGE,
    "set": Kind.GAUGE,
    "histogram": Kind.HISTOGRAM,
    "observe": Kind.HISTOGRAM,
}


def uses() -> list[tuple[str, str, set[str]]]:
    """Return method, series and labels of every call in our code that names a series literally."""
    return [
        (node.func.attr, node.args[0].value, {k.arg for k in node.keywords if k.arg} - {"amount", "value"})
        for file in (Path(__file__).parents[3] / "gateway").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in COUNTED_WITH
        if node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)
        if ast.unparse(node.func.value).rpartition(".")[2] in {"metrics", "_metrics", "row", "_row"}
        if not any(keyword.arg is None for keyword in node.keywords)
    ]


def test_whatever_our_code_counts_is_declared() -> None:
    assert uses()
    for method, key, labels in uses():
        assert key in SERIES, key
        assert SERIES[key].kind is COUNTED_WITH[method], key
        assert labels == {axis.names[0] for axis in SERIES[key].axes}, key


def test_whatever_is_declared_is_counted_somewhere() -> None:
    sources = [
        f.read_text("utf-8") for f in (Path(__file__).parents[3] / "gateway").rglob("*.py") if f.stem != "series"
    ]
    counted = {key for key in SERIES if any(f'"{key}"' in source for source in sources)}
    assert set(SERIES) == counted


def test_stages_are_those_that_sessions_tell() -> None:
    smtp = Path(__file__).parents[3] / "gateway" / "smtp"
    told = {
        word
        for file in smtp.glob("*.py")
        for word in re.findall(r'_(?:relay_)?says?\(.*, "([a-z]+)"\)', file.read_text("utf-8"))
    }
    assert told == values_of("smtp_replies", "stage")


def test_an_axis_without_fallback_tells_its_choices() -> None:
    axis = Axis(names=("a",), values=(("x",), ("y",)))
    with pytest.raises(ValueError, match="there are x, y"):
        axis.index("z")
