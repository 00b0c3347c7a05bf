"""Facts in, verdict out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

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
    Verdict,
)
from gateway.policy.judge import judge, mailing_limit
from gateway.policy.rules import (
    Consequences,
    Exemption,
    Handling,
    OnError,
    People,
    PersonLimit,
    Policy,
    Rule,
    Thresholds,
)
from gateway.policy.sender import read_plain

ANNA = "anna@politik.orkelljunga.se"
BARE = Headers()
NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)
BLOCKING = Consequences(high=Action.BLOCK, medium=Action.WARN, low=Action.OBSERVE)
WARNING = Consequences(high=Action.WARN, medium=Action.WARN, low=Action.OBSERVE)
WATCHING = Consequences(high=Action.OBSERVE, medium=Action.OBSERVE, low=Action.OBSERVE)


def rule(name: str, mode: Mode = Mode.BLOCK, **more: Any) -> Rule:
    kept: dict[str, Any] = {
        "section": "2.7",
        "title_sv": name,
        "title_en": name,
        "summary_sv": name,
        "summary_en": name,
        "on_error": OnError.DEFER,
    }
    return Rule(name=name, mode=mode, **{**kept, **more})


NUMBER = rule("personnummer", own=BLOCKING, returned=WATCHING, third_party=WARNING, lane=True, payroll=True)
VIRUS = rule("malware", own=BLOCKING, returned=BLOCKING, third_party=BLOCKING)
PRIVATE = rule("private", Mode.WARN, own=BLOCKING, third_party=WATCHING, lane=True, on_error=OnError.PASS)
MAILING = rule("mass_mailing", section="2.3", persons=PersonLimit(block_above=100))
VISIBLE = rule("visible_recipients", Mode.OBSERVE, visible=Thresholds(observe_at=20), on_error=OnError.PASS)
STATES = rule(
    "not_inspected",
    Mode.WARN,
    states={PartState.ENCRYPTED: Action.WARN, PartState.UNREADABLE: Action.OBSERVE},
    lane=True,
    on_error=OnError.PASS,
)
BULK = rule(
    "bulk_personal_data",
    own=Consequences(high=Action.BLOCK, medium=Action.BLOCK),
    third_party=Consequences(high=Action.WARN),
    instances=Thresholds(warn_at=20, block_at=100, block_with=frozenset({"personnummer"})),
)
HANDLING = Handling(
    registry=frozenset({"kk@orkelljunga.se"}),
    staff_domains=frozenset({"orkelljunga.se"}),
    payroll=frozenset({"lon@orkelljunga.se"}),
)
PEOPLE = People(domains=frozenset({"orkelljunga.se"}), list_names=frozenset({"alla"}))
BODY = Part(path="1", media_type="text/plain", filename=None, origin=Origin.OWN, state=PartState.SCANNED, body=True)
HTML = replace(BODY, path="2", media_type="text/html", alternative=True)


def policy(*rules: Rule, detectors: Mapping[str, frozenset[str]] | None = None) -> Policy:
    return Policy(
        version="x",
        rules={r.name: r for r in rules},
        handling=HANDLING,
        people=PEOPLE,
        detectors=detectors if detectors is not None else {"numbers": frozenset({"personnummer"})},
    )


def finding(name: str = "personnummer", confidence: Confidence = Confidence.HIGH, **more: Any) -> Finding:
    kept: dict[str, Any] = {
        "part": "1",
        "segment": SegmentKind.OWN,
        "origin": Origin.OWN,
        "evidence": "19••••••-••••",
        "reason": "Ett personnummer.",
    }
    return Finding(rule=name, detector="numbers", confidence=confidence, **{**kept, **more})


def facts(
    *findings: Finding,
    to: tuple[str, ...] = ("karin@example.com",),
    headers: Headers = BARE,
    parts: tuple[Part, ...] = (BODY, HTML),
    source: SenderSource = SenderSource.ENVELOPE,
    crashed: tuple[str, ...] = (),
    **more: Any,
) -> Facts:
    kept: dict[str, Any] = {
        "inspection": Inspection(
            message=Message(headers=headers, parts=parts, size=1), findings=findings, crashed=crashed
        ),
        "usage": None,
        "persons": dict.fromkeys(to, 1),
    }
    return Facts(
        occasion=Occasion(reference="r", received_at=NOW, front="smtp"),
        responsible=Responsible(address=read_plain(ANNA), source=source),
        envelope=Envelope(
            sender=read_plain(ANNA),
            recipients=tuple(Recipient(path=f"<{r}>".encode(), address=read_plain(r)) for r in to),
        ),
        **{**kept, **more},
    )


def acts(verdict: Verdict) -> dict[str, Action]:
    return {h.rule: h.action for h in verdict.hits if h.exempted_by is None}


QUOTED: dict[str, Any] = {"segment": SegmentKind.QUOTED}
FORWARDED: dict[str, Any] = {"segment": SegmentKind.FORWARDED}
ATTACHED: dict[str, Any] = {"origin": Origin.FORWARDED, "part": "3"}
UNKNOWN: dict[str, Any] = {"origin": Origin.UNKNOWN, "part": "3"}
SUBJECT: dict[str, Any] = {"part": "subject"}
REPLY = Headers(subject="SV: Hej")
FORWARD = Headers(subject="VB: Hej")
CITIZEN, COLLEAGUE = ("karin@example.com",), ("bo@politik.orkelljunga.se",)
REGISTRY, STAFF = ("kk@orkelljunga.se",), ("handlaggare@orkelljunga.se",)


# --- whose words, and where to --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("confidence", "action"),
    [(Confidence.HIGH, Action.BLOCK), (Confidence.MEDIUM, Action.WARN), (Confidence.LOW, Action.OBSERVE)],
)
def test_own_words_by_confidence(confidence: Confidence, action: Action) -> None:
    assert judge(policy(NUMBER), facts(finding(confidence=confidence))).action is action


@pytest.mark.parametrize(
    ("what", "headers", "to", "action"),
    [
        ({}, FORWARD, REGISTRY, Action.BLOCK),
        ({"segment": SegmentKind.SIGNATURE}, REPLY, REGISTRY, Action.BLOCK),
        (QUOTED, FORWARD, REGISTRY, Action.PASS),
        (QUOTED, REPLY, REGISTRY, Action.PASS),
        (FORWARDED, FORWARD, STAFF, Action.PASS),
        (FORWARDED, FORWARD, REGISTRY + CITIZEN, Action.WARN),
        (FORWARDED, FORWARD, REGISTRY + COLLEAGUE, Action.WARN),
        (FORWARDED, FORWARD, ("alla@orkelljunga.se",), Action.WARN),
        (ATTACHED, FORWARD, REGISTRY, Action.PASS),
        (ATTACHED, FORWARD, COLLEAGUE, Action.WARN),
        (ATTACHED, REPLY, CITIZEN, Action.WARN),
        (UNKNOWN, FORWARD, REGISTRY, Action.PASS),
        (UNKNOWN, Headers(subject="Hej"), REGISTRY, Action.BLOCK),
        (UNKNOWN, Headers(subject="Hej"), CITIZEN, Action.BLOCK),
        (SUBJECT, Headers(subject="Hej"), CITIZEN, Action.BLOCK),
        (SUBJECT, REPLY, CITIZEN, Action.OBSERVE),
        (SUBJECT, FORWARD, REGISTRY, Action.PASS),
        (SUBJECT, FORWARD, COLLEAGUE, Action.WARN),
        (QUOTED, REPLY, CITIZEN, Action.OBSERVE),
        (QUOTED, REPLY, CITIZEN + REGISTRY, Action.OBSERVE),
        (QUOTED, REPLY, (*CITIZEN, ANNA), Action.OBSERVE),
        (QUOTED, Headers(in_reply_to="<x@example.com>"), CITIZEN, Action.OBSERVE),
        (QUOTED, REPLY, CITIZEN + COLLEAGUE, Action.WARN),
        (QUOTED, FORWARD, COLLEAGUE, Action.WARN),
        (QUOTED, Headers(subject="Hej"), COLLEAGUE, Action.WARN),
    ],
)
def test_whose_words_and_where_to(what: dict[str, Any], headers: Headers, to: tuple[str, ...], action: Action) -> None:
    assert judge(policy(NUMBER), facts(finding(**what), headers=headers, to=to)).action is action


def test_lane_is_kept_for_the_journal() -> None:
    hit = judge(policy(NUMBER), facts(finding(**QUOTED), headers=FORWARD, to=REGISTRY)).hits[0]
    assert (hit.exempted_by, hit.action) == ("handling_lane", Action.WARN)


def test_own_words_to_the_lane_beside_a_lifted_quote() -> None:
    verdict = judge(policy(NUMBER), facts(finding(**QUOTED), finding(evidence="20•"), headers=FORWARD, to=REGISTRY))
    assert [(h.action, h.exempted_by) for h in verdict.hits] == [
        (Action.BLOCK, None),
        (Action.WARN, "handling_lane"),
    ]
    assert [f.evidence for f in verdict.hits[0].findings] == ["20•"]


def test_lane_never_lifts_malware() -> None:
    verdict = judge(policy(VIRUS), facts(finding("malware", **ATTACHED), headers=FORWARD, to=REGISTRY))
    assert verdict.action is Action.BLOCK


def test_nobody_is_no_lane() -> None:
    assert judge(policy(NUMBER), facts(finding(**QUOTED), headers=FORWARD, to=())).action is Action.WARN


def test_kinds_meet_their_rule() -> None:
    special = rule("special_category", own=BLOCKING)
    hit = judge(policy(special), facts(finding("special_category:health"))).hits[0]
    assert (hit.rule, hit.findings[0].rule) == ("special_category", "special_category:health")


def test_finding_without_a_rule_is_nothing() -> None:
    assert judge(policy(NUMBER), facts(finding("nonsense"))).hits == ()


# --- payroll --------------------------------------------------------------------------------------

PAYROLL = ("lon@orkelljunga.se",)


def test_own_number_to_payroll_passes() -> None:
    verdict = judge(policy(NUMBER), facts(finding(), to=PAYROLL))
    assert (verdict.action, verdict.hits[0].exempted_by) == (Action.PASS, "own_number_to_payroll")


def test_the_same_number_in_the_other_rendering_is_one() -> None:
    assert judge(policy(NUMBER), facts(finding(), finding(part="2"), to=PAYROLL)).action is Action.PASS


@pytest.mark.parametrize(
    ("findings", "to"),
    [
        ((finding(), finding()), PAYROLL),
        ((finding(count=2),), PAYROLL),
        ((finding(),), PAYROLL + CITIZEN),
        ((finding(),), STAFF),
    ],
)
def test_more_than_ones_own_number(findings: tuple[Finding, ...], to: tuple[str, ...]) -> None:
    assert judge(policy(NUMBER), facts(*findings, to=to)).action is Action.BLOCK


def test_malware_to_payroll_does_not_pass() -> None:
    assert judge(policy(VIRUS), facts(finding("malware"), to=PAYROLL)).action is Action.BLOCK


# --- modes, switch, exemptions --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "action"),
    [
        (Mode.OFF, Action.PASS),
        (Mode.OBSERVE, Action.OBSERVE),
        (Mode.WARN, Action.WARN),
        (Mode.BLOCK, Action.BLOCK),
    ],
)
def test_mode_caps(mode: Mode, action: Action) -> None:
    verdict = judge(policy(replace(NUMBER, mode=mode)), facts(finding()))
    assert verdict.action is action
    assert bool(verdict.hits) is (mode is not Mode.OFF)


@pytest.mark.parametrize("switched", ["personnummer", "*"])
def test_switch_caps_to_observing(switched: str) -> None:
    verdict = judge(policy(NUMBER), facts(finding(), crashed=("numbers",)), observed=frozenset({switched}))
    assert verdict.action is Action.OBSERVE


def test_switch_of_another_rule() -> None:
    assert judge(policy(NUMBER), facts(finding()), observed=frozenset({"private"})).action is Action.BLOCK


def test_merely_named_person_is_only_observed() -> None:
    many = {f"p{n}@example.com": 1 for n in range(200)}
    verdict = judge(policy(NUMBER, MAILING), facts(finding(), source=SenderSource.HEADER, persons=many))
    assert acts(verdict) == {"personnummer": Action.OBSERVE, "mass_mailing": Action.OBSERVE}


def exempt(**more: Any) -> Rule:
    kept: dict[str, Any] = {"name": "prov", "reason": "Prov.", "until": date(2026, 5, 4)}
    return replace(NUMBER, exemptions=(Exemption(**{**kept, **more}),))


@pytest.mark.parametrize(
    ("more", "lifted"),
    [
        ({"senders": frozenset({ANNA})}, True),
        ({"senders": frozenset({"bo@politik.orkelljunga.se"})}, False),
        ({"recipients": frozenset({"karin@example.com"})}, True),
        ({"recipients": frozenset({"@example.com"})}, True),
        ({"recipients": frozenset({"@example.org"})}, False),
        ({"senders": frozenset({ANNA}), "recipients": frozenset({"@example.org"})}, False),
        ({"senders": frozenset({ANNA}), "until": date(2026, 5, 3)}, False),
    ],
)
def test_exemptions(more: dict[str, Any], *, lifted: bool) -> None:
    verdict = judge(policy(exempt(**more)), facts(finding()))
    assert verdict.action is (Action.PASS if lifted else Action.BLOCK)
    assert verdict.hits[0].exempted_by == ("prov" if lifted else None)
    assert verdict.hits[0].action is Action.BLOCK


def test_a_warning_is_lifted_and_what_the_lane_lifts_stays_the_lane_s() -> None:
    lenient = exempt(senders=frozenset({ANNA}))
    (hit,) = judge(policy(lenient), facts(finding(confidence=Confidence.MEDIUM))).hits
    assert (hit.action, hit.exempted_by) == (Action.WARN, "prov")
    received = finding(segment=SegmentKind.FORWARDED, origin=Origin.FORWARDED)
    to_the_lane = facts(received, headers=FORWARD, to=("kk@orkelljunga.se",))
    assert [h.exempted_by for h in judge(policy(lenient), to_the_lane).hits] == ["handling_lane"]
    other = facts(finding(), to=("bo@example.org",))
    strict = exempt(recipients=frozenset({"@example.com"}))
    assert [h.exempted_by for h in judge(policy(strict), other).hits] == [None]


def test_a_rule_that_is_off_hides_none_behind_it() -> None:
    off = replace(VIRUS, mode=Mode.OFF)
    assert judge(policy(off, NUMBER), facts(finding())).action is Action.BLOCK


def test_exemption_needs_every_recipient() -> None:
    lenient = exempt(recipients=frozenset({"@example.com"}))
    assert judge(policy(lenient), facts(finding(), to=("a@example.com", "b@example.org"))).action is Action.BLOCK


# --- infrastructure -------------------------------------------------------------------------------


def test_no_inspection_is_said_by_on_error() -> None:
    verdict = judge(policy(NUMBER, PRIVATE), facts(inspection=None, failed=frozenset({"inspection"})))
    assert acts(verdict) == {"personnummer": Action.DEFER, "private": Action.OBSERVE}
    assert all(h.unknown for h in verdict.hits)


def test_crash_silences_the_rules_of_that_detector_only() -> None:
    verdict = judge(policy(NUMBER, VIRUS), facts(crashed=("numbers",)))
    assert acts(verdict) == {"personnummer": Action.DEFER}


def test_crash_of_an_undeclared_detector_silences_all() -> None:
    verdict = judge(policy(NUMBER, VIRUS, MAILING), facts(crashed=("new",)))
    assert acts(verdict) == {"personnummer": Action.DEFER, "malware": Action.DEFER}


def test_rule_that_may_not_block_defers_nothing() -> None:
    weak = replace(NUMBER, mode=Mode.WARN)
    assert judge(policy(weak), facts(crashed=("numbers",))).action is Action.OBSERVE


def test_a_blocking_rule_that_passes_on_error_lets_mail_flow() -> None:
    verdict = judge(policy(replace(NUMBER, on_error=OnError.PASS)), facts(crashed=("numbers",)))
    assert [(h.action, h.section, h.unknown) for h in verdict.hits] == [(Action.OBSERVE, "2.7", True)]


def test_without_inspection_and_ledger_those_addressed_still_count() -> None:
    blind: dict[str, Any] = {"inspection": None, "failed": frozenset({"ledger"})}
    few, many = ({f"p{n}@example.com": 1 for n in range(count)} for count in (100, 101))
    assert judge(policy(MAILING), facts(persons=few, **blind)).action is Action.DEFER
    assert judge(policy(MAILING), facts(persons=many, **blind)).action is Action.BLOCK


def test_dead_ledger() -> None:
    verdict = judge(policy(MAILING, NUMBER), facts(failed=frozenset({"ledger"})))
    assert acts(verdict) == {"mass_mailing": Action.DEFER}


def test_dead_ledger_with_too_many_in_one_message_blocks() -> None:
    many = {f"p{n}@example.com": 1 for n in range(101)}
    assert judge(policy(MAILING), facts(failed=frozenset({"ledger"}), persons=many)).action is Action.BLOCK


def test_contended_asks_to_come_back_whatever_on_error_says() -> None:
    lenient = replace(MAILING, on_error=OnError.PASS)
    usage = Usage(mailing="m", reached=60, own=30, reserved=30, announced=1)
    verdict = judge(policy(lenient), facts(failed=frozenset({"contended"}), usage=usage))
    assert verdict.action is Action.DEFER
    assert [(h.measured, h.unknown) for h in verdict.hits] == [(90, True)]


# --- persons --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reached", "own", "announced", "permitted", "action"),
    [
        (0, 100, 0, 0, Action.PASS),
        (0, 101, 0, 0, Action.BLOCK),
        (50, 50, 0, 0, Action.PASS),
        (51, 50, 0, 0, Action.BLOCK),
        (0, 50, 100, 0, Action.PASS),
        (0, 50, 101, 0, Action.BLOCK),
        (50, 150, 250, 150, Action.PASS),
        (50, 151, 0, 100, Action.BLOCK),
    ],
)
def test_more_than_a_hundred(reached: int, own: int, announced: int, permitted: int, action: Action) -> None:
    usage = Usage(mailing="m", reached=reached, own=own, reserved=500, announced=announced, permitted=permitted)
    assert judge(policy(MAILING), facts(usage=usage)).action is action


def test_measured_is_what_crossed_the_line() -> None:
    usage = Usage(mailing="m", reached=90, own=30, reserved=0, announced=5)
    assert judge(policy(MAILING), facts(usage=usage)).hits[0].measured == 120


def test_without_a_ledger_the_message_stands_alone() -> None:
    assert judge(policy(MAILING), facts(persons={"skola@orkelljunga.se": 101})).action is Action.BLOCK
    assert judge(policy(MAILING), facts(persons={"skola@orkelljunga.se": 100})).action is Action.PASS


def test_announced_without_a_ledger() -> None:
    visible = Headers(visible=tuple(read_plain(f"p{n}@example.com") for n in range(101)))
    assert judge(policy(MAILING), facts(headers=visible)).action is Action.BLOCK


def test_automatic_reply_is_not_counted() -> None:
    automatic = Headers(automatic=True, in_reply_to="<x@example.com>")
    assert judge(policy(MAILING), facts(headers=automatic, persons={"x": 500})).action is Action.PASS


def test_unknown_list_warns() -> None:
    verdict = judge(policy(MAILING), facts(to=("alla@orkelljunga.se",)))
    assert acts(verdict) == {"mass_mailing": Action.WARN}
    assert [(h.measured, h.section) for h in verdict.hits] == [(1, "2.3")]


def test_twenty_visible_are_observed() -> None:
    def visible(count: int) -> Facts:
        return facts(headers=Headers(visible=tuple(read_plain(f"p{n}@example.com") for n in range(count))))

    assert judge(policy(VISIBLE), visible(19)).hits == ()
    hit = judge(policy(VISIBLE), visible(20)).hits[0]
    assert (hit.action, hit.measured) == (Action.OBSERVE, 20)


@pytest.mark.parametrize(
    ("changed", "source", "observed", "limit"),
    [
        ({}, SenderSource.ENVELOPE, frozenset(), 100),
        ({}, SenderSource.AUTHENTICATED, frozenset({"private"}), 100),
        ({}, SenderSource.ENVELOPE, frozenset({"mass_mailing"}), None),
        ({}, SenderSource.ENVELOPE, frozenset({"*"}), None),
        ({}, SenderSource.HEADER, frozenset(), None),
        ({"mode": Mode.WARN}, SenderSource.ENVELOPE, frozenset(), None),
        ({"mode": Mode.OFF}, SenderSource.ENVELOPE, frozenset(), None),
    ],
)
def test_limit_of_the_ledger(
    changed: dict[str, Any], source: SenderSource, observed: frozenset[str], limit: int | None
) -> None:
    changed_rule = replace(MAILING, **changed)
    who = Responsible(address=read_plain(ANNA), source=source)
    assert mailing_limit(policy(changed_rule), who, NOW, observed) == limit


def test_limit_under_an_exemption() -> None:
    exemption = Exemption(name="prov", reason="Prov.", until=date(2026, 5, 4), senders=frozenset({ANNA}))
    lenient = replace(MAILING, exemptions=(exemption,))
    who = Responsible(address=read_plain(ANNA), source=SenderSource.ENVELOPE)
    assert mailing_limit(policy(lenient), who, NOW) is None
    assert mailing_limit(policy(lenient), who, datetime(2026, 5, 5, tzinfo=UTC)) == 100
    assert mailing_limit(policy(NUMBER), who, NOW) is None


# --- states of parts ------------------------------------------------------------------------------


def part(state: PartState, origin: Origin = Origin.OWN) -> Part:
    return replace(
        BODY, path="3", media_type="application/zip", filename="x.zip", state=state, origin=origin, body=False
    )


@pytest.mark.parametrize(
    ("state", "origin", "to", "action"),
    [
        (PartState.SCANNED, Origin.OWN, CITIZEN, Action.PASS),
        (PartState.UNKNOWN, Origin.OWN, CITIZEN, Action.PASS),
        (PartState.UNREADABLE, Origin.OWN, CITIZEN, Action.OBSERVE),
        (PartState.ENCRYPTED, Origin.OWN, CITIZEN, Action.WARN),
        (PartState.ENCRYPTED, Origin.OWN, REGISTRY, Action.WARN),
        (PartState.ENCRYPTED, Origin.FORWARDED, REGISTRY, Action.PASS),
        (PartState.ENCRYPTED, Origin.FORWARDED, CITIZEN, Action.WARN),
    ],
)
def test_not_inspected(state: PartState, origin: Origin, to: tuple[str, ...], action: Action) -> None:
    verdict = judge(policy(STATES), facts(parts=(BODY, part(state, origin)), headers=FORWARD, to=to))
    assert verdict.action is action


def test_not_inspected_says_which_part_and_no_file_name() -> None:
    both = (part(PartState.UNREADABLE), part(PartState.ENCRYPTED))
    hit = judge(policy(STATES), facts(parts=both)).hits[0]
    assert [(f.part, f.evidence) for f in hit.findings] == [("3", "application/zip")]
    assert hit.measured == 2
    (told,) = hit.findings
    assert (told.rule, told.detector, told.confidence) == ("not_inspected", "state", Confidence.HIGH)
    assert (told.segment, told.origin) == (SegmentKind.OWN, Origin.OWN)
    assert told.reason == "Innehållet är krypterat och kunde inte kontrolleras."


def test_of_parts_that_were_not_inspected_the_gravest_are_named() -> None:
    both = (part(PartState.UNREADABLE), replace(part(PartState.ENCRYPTED), path="4"))
    hit = judge(policy(STATES), facts(parts=both)).hits[0]
    assert [f.part for f in hit.findings] == ["4"]


def test_every_state_that_a_rule_may_name_has_words() -> None:
    for state in set(PartState) - {PartState.SCANNED}:
        named = replace(STATES, states={state: Action.WARN})
        (hit,) = judge(policy(named), facts(parts=(part(state),))).hits
        assert hit.findings[0].reason.endswith(("kunde inte kontrolleras.", "kunde kontrolleras.")), state


# --- counting what was found ----------------------------------------------------------------------


def people(count: int, **more: Any) -> Finding:
    return finding("bulk_personal_data", count=count, **more)


@pytest.mark.parametrize(
    ("found", "action"),
    [
        ((people(19),), Action.PASS),
        ((people(20),), Action.WARN),
        ((people(12), people(8, part="3")), Action.WARN),
        ((people(100),), Action.BLOCK),
        ((people(20), finding()), Action.BLOCK),
        ((people(19), finding()), Action.PASS),
        ((people(20, confidence=Confidence.LOW),), Action.PASS),
        ((people(12), people(12, part="2")), Action.PASS),
        ((people(12), people(20, part="2")), Action.WARN),
        ((people(500, **QUOTED),), Action.WARN),
        ((people(10), people(500, **QUOTED)), Action.WARN),
        ((people(20), finding(**QUOTED)), Action.WARN),
    ],
)
def test_larger_amounts(found: tuple[Finding, ...], action: Action) -> None:
    verdict = judge(policy(BULK, NUMBER), facts(*found, headers=FORWARD))
    assert acts(verdict).get("bulk_personal_data", Action.PASS) is action


def test_measured_is_the_number_of_persons() -> None:
    hit = judge(policy(BULK), facts(people(30), people(25, part="2"), people(3, part="3"))).hits[0]
    assert hit.measured == 33


# --- what the hits show ---------------------------------------------------------------------------


def test_other_rendering_is_shown_once() -> None:
    verdict = judge(policy(NUMBER), facts(finding(), finding(part="2"), finding(part="2", evidence="only there")))
    assert [(f.part, f.evidence) for f in verdict.hits[0].findings] == [("1", "19••••••-••••"), ("2", "only there")]


def test_quiet_findings_are_not_shown_beside_loud_ones() -> None:
    verdict = judge(policy(NUMBER), facts(finding(), finding(confidence=Confidence.LOW, evidence="weak")))
    assert [f.evidence for f in verdict.hits[0].findings] == ["19••••••-••••"]


def test_strongest_rule_decides() -> None:
    verdict = judge(policy(NUMBER, PRIVATE), facts(finding("private"), finding()))
    assert verdict.action is Action.BLOCK
    assert [h.rule for h in verdict.deciding] == ["personnummer", "private"]
