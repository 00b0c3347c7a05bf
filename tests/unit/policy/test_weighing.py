"""What a finding may lead to, and what findings come to together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gateway.model import Action, Confidence, Finding, Mode, Origin, Part, PartState, RuleHit, SegmentKind
from gateway.policy.rules import Consequences, OnError, Rule, Thresholds
from gateway.policy.weighing import LANE, PAYROLL, Weighed, _without_own_number, finding_hits

RULE = Rule(
    name="bulk_personal_data",
    section="2.7",
    title_sv="x",
    title_en="x",
    summary_sv="x",
    summary_en="x",
    mode=Mode.BLOCK,
    on_error=OnError.DEFER,
    own=Consequences(high=Action.BLOCK),
)
COUNTING = replace(RULE, instances=Thresholds(observe_at=5, warn_at=20, block_at=100))
BODY = Part(path="1", media_type="text/plain", filename=None, origin=Origin.OWN, state=PartState.SCANNED, body=True)
PARTS = (BODY, replace(BODY, path="2", alternative=True), replace(BODY, path="3", body=False))


def weighed(ceiling: Action, count: int = 1, part: str = "1", lifted_by: str | None = None, **more: Any) -> Weighed:
    kept: dict[str, Any] = {"evidence": "•", "confidence": Confidence.HIGH}
    finding = Finding(
        rule="bulk_personal_data",
        detector="d",
        part=part,
        segment=SegmentKind.OWN,
        origin=Origin.OWN,
        reason="x",
        count=count,
        **{**kept, **more},
    )
    return Weighed(finding=finding, ceiling=ceiling, lifted_by=lifted_by)


def hits(rule: Rule, *listed: Weighed) -> list[RuleHit]:
    return list(finding_hits(rule, PARTS, {rule.name: listed}))


def test_nothing_found() -> None:
    assert list(finding_hits(RULE, PARTS, {})) == []


def test_strongest_ceiling_where_nothing_is_counted() -> None:
    (hit,) = hits(
        RULE, weighed(Action.WARN), weighed(Action.BLOCK, evidence="b"), weighed(Action.OBSERVE, evidence="c")
    )
    assert (hit.action, hit.measured) == (Action.BLOCK, None)
    assert [f.evidence for f in hit.findings] == ["•", "b"]


@pytest.mark.parametrize(
    ("counts", "action"),
    [
        ([(Action.BLOCK, 100)], Action.BLOCK),
        ([(Action.BLOCK, 99)], Action.WARN),
        ([(Action.BLOCK, 4)], Action.PASS),
        ([(Action.BLOCK, 4), (Action.WARN, 1)], Action.OBSERVE),
        ([(Action.BLOCK, 50), (Action.WARN, 50)], Action.WARN),
        ([(Action.BLOCK, 100), (Action.WARN, 1)], Action.BLOCK),
        ([(Action.OBSERVE, 1000)], Action.OBSERVE),
        ([(Action.PASS, 1000)], Action.PASS),
    ],
)
def test_only_what_reaches_a_ceiling_counts_towards_it(counts: list[tuple[Action, int]], action: Action) -> None:
    (hit,) = hits(COUNTING, *[weighed(ceiling, count, part="3") for ceiling, count in counts])
    assert hit.action is action


def test_fullest_rendering_counts() -> None:
    (hit,) = hits(
        COUNTING, weighed(Action.BLOCK, 8), weighed(Action.BLOCK, 15, part="2"), weighed(Action.BLOCK, 6, "3")
    )
    assert (hit.action, hit.measured) == (Action.WARN, 21)


def test_another_rendering_is_as_full_as_all_that_it_shows() -> None:
    shown = (weighed(Action.BLOCK, 8, part="2", evidence=evidence) for evidence in "bc")
    (hit,) = hits(COUNTING, weighed(Action.BLOCK, 9), *shown)
    assert (hit.section, hit.measured) == ("2.7", 16)


def test_the_sender_s_own_number_is_lifted_and_what_was_lifted_keeps_its_reason() -> None:
    listed = [weighed(Action.BLOCK), weighed(Action.BLOCK, lifted_by=LANE)]
    assert [w.lifted_by for w in _without_own_number(listed, PARTS)] == [PAYROLL, LANE]
    assert _without_own_number([*listed, weighed(Action.BLOCK, part="3")], PARTS)[0].lifted_by is None


def test_aggravation_needs_a_free_finding_as_strong() -> None:
    rule = replace(RULE, instances=Thresholds(warn_at=20, block_with=frozenset({"personnummer"})))
    listed = [weighed(Action.BLOCK, 20)]

    def with_number(number: Weighed) -> Action:
        (hit,) = finding_hits(rule, PARTS, {rule.name: listed, "personnummer": [number]})
        return hit.action

    assert with_number(weighed(Action.BLOCK)) is Action.BLOCK
    assert with_number(weighed(Action.WARN)) is Action.WARN
    assert with_number(weighed(Action.BLOCK, lifted_by=LANE)) is Action.WARN


def test_lifted_findings_make_their_own_hit() -> None:
    free, lifted = hits(RULE, weighed(Action.OBSERVE), weighed(Action.WARN, lifted_by=LANE))
    assert (free.action, free.exempted_by) == (Action.OBSERVE, None)
    assert (lifted.action, lifted.exempted_by) == (Action.WARN, LANE)
