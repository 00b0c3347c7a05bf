"""Facts in, verdict out: what the rules make of everything that is known about a message.

The verdict is the strongest action of all hits that no exemption lifts. A rule's mode caps what it may do, the
emergency switch caps it to observing, and so does a person who is merely named in From. What is not known because
infrastructure failed is said by ``on_error``. Adding a finding never makes a verdict milder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from gateway.model import (
    Action,
    Confidence,
    Facts,
    Finding,
    Mode,
    Origin,
    Part,
    PartState,
    Responsible,
    RuleHit,
    SegmentKind,
    Verdict,
)
from gateway.policy.persons import count_announced, person_of, unknown_lists
from gateway.policy.rules import EVERY_RULE, MASS_MAILING, OnError, PersonLimit, Policy, Rule, Thresholds
from gateway.policy.sender import is_automatic
from gateway.policy.situation import Situation, situation_of

LANE: Final = "handling_lane"
"""In ``RuleHit.exempted_by``: received data on its way to those who must handle it."""
PAYROLL: Final = "own_number_to_payroll"
"""In ``RuleHit.exempted_by``: the sender's own number on its way to payroll."""
CONTENDED: Final = "contended"
"""In ``Facts.failed``: only the reservations of other messages stand in the way; ask again."""

_MOST: Final[Mapping[Mode, Action]] = {
    Mode.OFF: Action.PASS,
    Mode.OBSERVE: Action.OBSERVE,
    Mode.WARN: Action.WARN,
    Mode.BLOCK: Action.BLOCK,
}
_STATE_REASONS: Final[Mapping[PartState, str]] = {
    PartState.ENCRYPTED: "Innehållet är krypterat och kunde inte kontrolleras.",
    PartState.TOO_BIG: "Innehållet är för stort och kunde inte kontrolleras.",
    PartState.TIMED_OUT: "Innehållet tog för lång tid att läsa och kunde inte kontrolleras.",
    PartState.TRUNCATED: "Bara början av innehållet kunde kontrolleras.",
    PartState.UNREADABLE: "Innehållet går inte att läsa och kunde inte kontrolleras.",
    PartState.UNKNOWN: "Filtypen är okänd och kunde inte kontrolleras.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Weighed:
    """A finding and the most that its rule makes of it before counting."""

    finding: Finding
    ceiling: Action
    lifted_by: str | None = None


def judge(policy: Policy, facts: Facts, *, observed: frozenset[str] = frozenset()) -> Verdict:
    """Return the verdict on ``facts``; rules in ``observed`` (``*`` for all) only observe."""
    situation = situation_of(policy, facts)
    weighed = _weigh(policy, facts, situation)
    hits: list[RuleHit] = []
    for rule in policy.rules.values():
        if rule.mode is Mode.OFF:
            continue
        for hit in _hits(policy, rule, facts, situation, weighed):
            capped = _capped(hit.action, rule, facts, observed)
            if capped is not Action.PASS:
                hits.append(_exempted(replace(hit, action=capped), rule, situation))
    action = max((h.action for h in hits if h.exempted_by is None), default=Action.PASS)
    return Verdict(action=action, hits=tuple(hits))


def mailing_limit(
    policy: Policy, responsible: Responsible, at: datetime, observed: frozenset[str] = frozenset()
) -> int | None:
    """Return how many persons a mailing of this sender may reach; None where they are only counted."""
    rule = policy.rules.get(MASS_MAILING)
    if rule is None or rule.persons is None or rule.mode is not Mode.BLOCK or not responsible.answerable:
        return None
    if not observed.isdisjoint({MASS_MAILING, EVERY_RULE}):
        return None
    sender, today = person_of(responsible.address, policy.people), at.astimezone(UTC).date()
    if any(sender in e.senders and today <= e.until for e in rule.exemptions):
        return None
    return rule.persons.block_above


def _hits(
    policy: Policy, rule: Rule, facts: Facts, situation: Situation, weighed: Mapping[str, Sequence[_Weighed]]
) -> Iterator[RuleHit]:
    if rule.persons is not None:
        yield from _person_hits(policy, rule, rule.persons, facts)
    elif facts.inspection is None:
        yield from _unknown(rule)
    elif rule.visible is not None:
        count = count_announced(facts.inspection.message.headers, policy)
        yield _hit(rule, rule.visible.of(count), measured=count)
    elif rule.states:
        yield from _state_hits(rule, facts.inspection.message.parts, situation)
    else:
        yield from _finding_hits(rule, facts.inspection.message.parts, weighed)
        if _silenced(policy, rule, facts.inspection.crashed):
            yield from _unknown(rule)


def _hit(rule: Rule, action: Action, *, findings: tuple[Finding, ...] = (), measured: int | None = None) -> RuleHit:
    return RuleHit(rule=rule.name, section=rule.section, action=action, findings=findings, measured=measured)


def _unknown(rule: Rule) -> Iterator[RuleHit]:
    action = Action.DEFER if rule.on_error is OnError.DEFER else Action.OBSERVE
    yield replace(_hit(rule, action), unknown=True)


def _silenced(policy: Policy, rule: Rule, crashed: Sequence[str]) -> bool:
    """Tell whether a detector of this rule crashed; one that nobody declared may have been any."""
    return any(rule.name in policy.detectors.get(name, (rule.name,)) for name in crashed)


def _capped(action: Action, rule: Rule, facts: Facts, observed: frozenset[str]) -> Action:
    if rule.name in observed or EVERY_RULE in observed or not facts.responsible.answerable:
        return min(action, Action.OBSERVE)
    if action is Action.DEFER:
        # A rule that may not block has no reason to hold a message up either.
        return action if rule.mode is Mode.BLOCK else Action.OBSERVE
    return min(action, _MOST[rule.mode])


def _exempted(hit: RuleHit, rule: Rule, situation: Situation) -> RuleHit:
    if hit.exempted_by is not None or hit.action < Action.WARN:
        return hit
    name = next((e.name for e in rule.exemptions if situation.exempts(e)), None)
    return hit if name is None else replace(hit, exempted_by=name)


# --- persons -------------------------------------------------------------------------------------


def _person_hits(policy: Policy, rule: Rule, limit: PersonLimit, facts: Facts) -> Iterator[RuleHit]:
    if facts.inspection and is_automatic(facts.inspection.message.headers, facts.envelope):
        return
    most = limit.block_above + (facts.usage.permitted if facts.usage else 0)
    persons, announced = _counted(policy, facts)
    if max(persons, announced) > most:
        yield _hit(rule, Action.BLOCK, measured=max(persons, announced))
    elif CONTENDED in facts.failed:
        yield replace(_hit(rule, Action.DEFER, measured=persons), unknown=True)
    elif facts.failed or facts.inspection is None:
        yield from _unknown(rule)
    lists = unknown_lists(facts.envelope, policy)
    if lists:
        yield _hit(rule, limit.unknown_list, measured=persons)


def _counted(policy: Policy, facts: Facts) -> tuple[int, int]:
    """Return the persons that the mailing reaches with this message, and those it announces."""
    here = sum(facts.persons.values())
    if facts.usage is not None:
        return max(here, facts.usage.total), facts.usage.announced
    headers = facts.inspection.message.headers if facts.inspection else None
    return here, count_announced(headers, policy) if headers else 0


# --- parts that were not inspected ---------------------------------------------------------------


def _state_hits(rule: Rule, parts: Sequence[Part], situation: Situation) -> Iterator[RuleHit]:
    free: list[tuple[Action, Finding]] = []
    lifted: list[tuple[Action, Finding]] = []
    for part in parts:
        action = rule.states.get(part.state, Action.PASS)
        if action is Action.PASS:
            continue
        to = lifted if rule.lane and situation.lane and situation.received(part.origin) else free
        to.append((action, _state_finding(rule, part)))
    for listed, reason in ((free, None), (lifted, LANE)):
        if listed:
            action = max(a for a, _ in listed)
            findings = tuple(f for a, f in listed if a is action)
            yield replace(_hit(rule, action, findings=findings, measured=len(listed)), exempted_by=reason)


def _state_finding(rule: Rule, part: Part) -> Finding:
    return Finding(
        rule=rule.name,
        detector="state",
        confidence=Confidence.HIGH,
        part=part.path,
        segment=SegmentKind.OWN,
        origin=part.origin,
        evidence=part.media_type,
        reason=_STATE_REASONS.get(part.state, "Innehållet kunde inte kontrolleras."),
    )


# --- findings ------------------------------------------------------------------------------------


def _weigh(policy: Policy, facts: Facts, situation: Situation) -> dict[str, list[_Weighed]]:
    """Return rule → its findings with the most that they can lead to."""
    weighed: dict[str, list[_Weighed]] = {}
    for finding in facts.inspection.findings if facts.inspection else ():
        rule = policy.rules.get(finding.rule_name)
        if rule is not None and rule.mode is not Mode.OFF:
            weighed.setdefault(rule.name, []).append(_weigh_one(rule, finding, situation))
    for name, listed in weighed.items():
        if situation.payroll and policy.rules[name].payroll:
            weighed[name] = _without_own_number(listed)
    return weighed


def _weigh_one(rule: Rule, finding: Finding, situation: Situation) -> _Weighed:
    if not situation.received(finding.origin, finding.segment):
        return _Weighed(finding=finding, ceiling=rule.own.of(finding.confidence))
    if rule.lane and situation.lane:
        return _Weighed(finding=finding, ceiling=rule.third_party.of(finding.confidence), lifted_by=LANE)
    consequences = rule.returned if situation.returned(finding) else rule.third_party
    return _Weighed(finding=finding, ceiling=consequences.of(finding.confidence))


def _without_own_number(listed: list[_Weighed]) -> list[_Weighed]:
    """Lift one single number: whose it is cannot be seen, but a list of numbers is never only the sender's own."""
    numbers = {(w.finding.evidence, w.finding.count) for w in listed if w.lifted_by is None}
    if len(numbers) != 1 or any(w.finding.count > 1 for w in listed):
        return listed
    return [w if w.lifted_by else replace(w, lifted_by=PAYROLL) for w in listed]


def _finding_hits(
    rule: Rule, parts: Sequence[Part], weighed: Mapping[str, Sequence[_Weighed]]
) -> Iterator[RuleHit]:
    listed = weighed.get(rule.name, ())
    free = [w for w in listed if w.lifted_by is None]
    if free:
        rate = _counting(rule.instances, parts, free, weighed) if rule.instances else _single
        yield _hit_of(rule, free, rate, parts)
    for reason in dict.fromkeys(w.lifted_by for w in listed if w.lifted_by):
        lifted = [w for w in listed if w.lifted_by == reason]
        yield replace(_hit_of(rule, lifted, _single, parts), exempted_by=reason)


def _single(ceiling: Action) -> Action:
    return ceiling


def _counting(
    thresholds: Thresholds, parts: Sequence[Part], free: Sequence[_Weighed], weighed: Mapping[str, Sequence[_Weighed]]
) -> Callable[[Action], Action]:
    """Return what a ceiling comes to when only the findings that reach it are counted."""
    others = [w for name in thresholds.block_with for w in weighed.get(name, ()) if w.lifted_by is None]

    def rate(ceiling: Action) -> Action:
        count = _instances(parts, [w.finding for w in free if w.ceiling >= ceiling])
        aggravated = any(w.ceiling >= ceiling for w in others)
        return min(ceiling, thresholds.of(count, aggravated=aggravated))

    return rate


def _hit_of(rule: Rule, listed: Sequence[_Weighed], rate: Callable[[Action], Action], parts: Sequence[Part]) -> RuleHit:
    ceilings = {w.ceiling for w in listed}
    action = max(map(rate, ceilings))
    needed = max(c for c in ceilings if rate(c) is action)
    loud = [w for w in listed if w.ceiling >= min(needed, Action.WARN)]
    measured = _instances(parts, [w.finding for w in loud]) if rule.instances else None
    return _hit(rule, action, findings=_distinct(parts, loud), measured=measured)


def _instances(parts: Sequence[Part], findings: Sequence[Finding]) -> int:
    """Count instances; of a body and its other renderings the fullest one counts."""
    body = {p.path for p in parts if p.body and not p.alternative}
    others = {p.path for p in parts if p.alternative}
    shown: dict[str, int] = {}
    rest = 0
    for finding in findings:
        if finding.part in body:
            shown[""] = shown.get("", 0) + finding.count
        elif finding.part in others:
            shown[finding.part] = shown.get(finding.part, 0) + finding.count
        else:
            rest += finding.count
    return rest + max(shown.values(), default=0)


def _distinct(parts: Sequence[Part], listed: Sequence[_Weighed]) -> tuple[Finding, ...]:
    """Return the findings without those that another rendering of the body already shows."""
    others = {p.path for p in parts if p.alternative}
    seen = {(w.finding.rule, w.finding.evidence) for w in listed if w.finding.part not in others}
    return tuple(
        w.finding
        for w in listed
        if w.finding.part not in others or (w.finding.rule, w.finding.evidence) not in seen
    )
