"""What holds for every judgement: more findings never make it milder, the switch never makes it stricter."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.model import (
    Action,
    Confidence,
    Envelope,
    Facts,
    Finding,
    Headers,
    Inspection,
    Message,
    Mode,
    Occasion,
    Origin,
    Part,
    PartState,
    Recipient,
    Responsible,
    SegmentKind,
    SenderSource,
    Usage,
)
from gateway.policy.judge import judge
from gateway.policy.load import load_policy, read_tree
from gateway.policy.rules import NAMES
from gateway.policy.sender import read_plain

SHIPPED = load_policy(
    read_tree(Path(__file__).parents[2] / "policies"),
    NAMES,
    {"numbers": {"personnummer", "samordningsnummer"}, "lists": {"bulk_personal_data"}},
)
POLICY = replace(
    SHIPPED,
    handling=replace(SHIPPED.handling, payroll=frozenset({"lon@orkelljunga.se"})),
)
PARTS = tuple(
    Part(
        path=path,
        media_type="text/plain",
        filename=None,
        origin=Origin.OWN,
        state=PartState.SCANNED,
        body=path in {"1", "2"},
        alternative=path == "2",
    )
    for path in ("subject", "1", "2", "3")
)

modes = st.dictionaries(st.sampled_from(sorted(NAMES)), st.sampled_from(Mode))
findings = st.builds(
    Finding,
    rule=st.sampled_from([*sorted(NAMES), "special_category:health", "nothing"]),
    detector=st.just("d"),
    confidence=st.sampled_from(Confidence),
    part=st.sampled_from(["subject", "1", "2", "3", "4"]),
    segment=st.sampled_from(SegmentKind),
    origin=st.sampled_from(Origin),
    evidence=st.sampled_from(["a", "b"]),
    reason=st.just("x"),
    count=st.integers(1, 120),
)
addresses = st.sampled_from(
    [
        "karin@example.com",
        "bo@politik.orkelljunga.se",
        "kommunkontor@orkelljunga.se",
        "alla@orkelljunga.se",
        "handlaggare@orkelljunga.se",
        "lon@orkelljunga.se",
    ]
).map(read_plain)
usages = st.none() | st.builds(
    Usage,
    mailing=st.just("m"),
    reached=st.integers(0, 120),
    own=st.integers(0, 120),
    reserved=st.integers(0, 120),
    announced=st.integers(0, 120),
    permitted=st.integers(0, 50),
)


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    to = draw(st.lists(addresses, max_size=3))
    headers = Headers(
        subject=draw(st.sampled_from(["SV: x", "VB: x", "x"])),
        automatic=draw(st.booleans()),
        in_reply_to=draw(st.sampled_from(["", "<x@example.com>"])),
        visible=tuple(to),
    )
    parts = tuple(replace(part, state=draw(st.sampled_from(PartState))) for part in PARTS)
    return Facts(
        occasion=Occasion(reference="r", received_at=datetime(2026, 5, 4, tzinfo=UTC), front="smtp"),
        responsible=Responsible(
            address=read_plain("anna@politik.orkelljunga.se"), source=draw(st.sampled_from(SenderSource))
        ),
        envelope=Envelope(
            sender=read_plain("anna@politik.orkelljunga.se"),
            recipients=tuple(Recipient(path=f"<{a}>".encode(), address=a) for a in to),
        ),
        inspection=Inspection(
            message=Message(headers=headers, parts=parts, size=1),
            findings=tuple(draw(st.lists(findings, max_size=6))),
            crashed=tuple(draw(st.lists(st.sampled_from(["numbers", "lists", "new"]), max_size=1))),
        ),
        usage=draw(usages),
        persons={str(a): draw(st.integers(1, 120)) for a in to},
        failed=draw(st.sampled_from([frozenset(), frozenset({"ledger"}), frozenset({"contended"})])),
    )


def with_findings(given_facts: Facts, more: tuple[Finding, ...]) -> Facts:
    inspection = given_facts.inspection
    assert inspection is not None
    return replace(given_facts, inspection=replace(inspection, findings=inspection.findings + more))


@given(facts(), st.lists(findings, min_size=1, max_size=3), modes)
@settings(max_examples=400)
def test_another_finding_never_makes_it_milder(before: Facts, more: list[Finding], changed: dict[str, Mode]) -> None:
    rules = {n: replace(r, mode=changed.get(n, r.mode)) for n, r in POLICY.rules.items()}
    policy = replace(POLICY, rules=rules)
    assert judge(policy, with_findings(before, tuple(more))).action >= judge(policy, before).action


@given(facts(), st.frozensets(st.sampled_from([*sorted(NAMES), "*"])), st.frozensets(st.sampled_from(sorted(NAMES))))
@settings(max_examples=400)
def test_the_switch_never_makes_it_stricter(some: Facts, few: frozenset[str], more: frozenset[str]) -> None:
    assert judge(POLICY, some, observed=few | more).action <= judge(POLICY, some, observed=few).action


@given(facts())
@settings(max_examples=200)
def test_all_switched_stops_nothing(some: Facts) -> None:
    assert judge(POLICY, some, observed=frozenset({"*"})).action <= Action.OBSERVE
    assert judge(POLICY, some, observed=NAMES).action <= Action.OBSERVE


@given(facts())
@settings(max_examples=200)
def test_order_of_findings_does_not_matter(some: Facts) -> None:
    inspection = some.inspection
    assert inspection is not None
    turned = replace(some, inspection=replace(inspection, findings=inspection.findings[::-1]))
    there, back = judge(POLICY, some), judge(POLICY, turned)
    assert [(h.rule, h.action, h.exempted_by, h.measured) for h in there.hits if not h.exempted_by] == [
        (h.rule, h.action, h.exempted_by, h.measured) for h in back.hits if not h.exempted_by
    ]


@given(facts())
@settings(max_examples=200)
def test_verdict_is_its_strongest_hit(some: Facts) -> None:
    verdict = judge(POLICY, some)
    free = [h.action for h in verdict.hits if h.exempted_by is None]
    assert verdict.action == max(free, default=Action.PASS)
    assert all(h.action is not Action.PASS for h in verdict.hits)
