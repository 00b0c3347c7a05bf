"""Findings on the scales: what each may lead to, by whose words it is in and where they go, and all of them together.

Two stages: a *ceiling* for each finding by itself, then, for rules that count, how many there are that reach it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from gateway.model import Action, Facts, Finding, Mode, Part, RuleHit
from gateway.policy.rules import Policy, Rule, Thresholds
from gateway.policy.situation import Situation

LANE: Final = "handling_lane"
"""In ``RuleHit.exempted_by``: received data on its way to those who must handle it."""
PAYROLL: Final = "own_number_to_payroll"
"""In ``RuleHit.exempted_by``: the sender's own number on its way to payroll."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """A finding and the most that its rule makes of it before counting."""

    finding: Finding
    ceiling: Action
    lifted_by: str | None = None


def weigh(policy: Policy, facts: Facts, situation: Situation) -> dict[str, list[Weighed]]:
    """Return rule → its findings with the most that they can lead to."""
    weighed: dict[str, list[Weighed]] = {}
    if facts.inspection is None:
        return weighed
    for finding in facts.inspection.findings:
        rule = policy.rules.get(finding.rule_name)
        if rule is not None and rule.mode is not Mode.OFF:
            weighed.setdefault(rule.name, []).append(_weigh_one(rule, finding, situation))
    for name, listed in weighed.items():
        if situation.payroll and policy.rules[name].payroll:
            weighed[name] = _without_own_number(listed, facts.inspection.message.parts)
    return weighed


def _weigh_one(rule: Rule, finding: Finding, situation: Situation) -> Weighed:
    if not situation.received(finding):
        return Weighed(finding=finding, ceiling=rule.own.of(finding.confidence))
    if rule.lane and situation.lane:
        return Weighed(finding=finding, ceiling=rule.third_party.of(finding.confidence), lifted_by=LANE)
    consequences = rule.returned if situation.returned(finding) else rule.third_party
    return Weighed(finding=finding, ceiling=consequences.of(finding.confidence))


def _without_own_number(listed: list[Weighed], parts: Sequence[Part]) -> list[Weighed]:
    """Lift one single number: whose it is cannot be seen, but several are never only the sender's own."""
    free = [w.finding for w in listed if w.lifted_by is None]
    if _instances(parts, free) != 1:
        return listed
    return [w if w.lifted_by else replace(w, lifted_by=PAYROLL) for w in listed]


def finding_hits(rule: Rule, parts: Sequence[Part], weighed: Mapping[str, Sequence[Weighed]]) -> Iterator[RuleHit]:
    """Return what the findings of a rule come to; those that are lifted make a hit of their own, for the journal."""
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
    thresholds: Thresholds, parts: Sequence[Part], free: Sequence[Weighed], weighed: Mapping[str, Sequence[Weighed]]
) -> Callable[[Action], Action]:
    """Return what a ceiling comes to when only the findings that reach it are counted."""
    others = [w for name in thresholds.block_with for w in weighed.get(name, ()) if w.lifted_by is None]

    def rate(ceiling: Action) -> Action:
        count = _instances(parts, [w.finding for w in free if w.ceiling >= ceiling])
        aggravated = any(w.ceiling >= ceiling for w in others)
        return min(ceiling, thresholds.of(count, aggravated=aggravated))

    return rate


def _hit_of(rule: Rule, listed: Sequence[Weighed], rate: Callable[[Action], Action], parts: Sequence[Part]) -> RuleHit:
    ceilings = {w.ceiling for w in listed}
    action = max(map(rate, ceilings))
    needed = max(c for c in ceilings if rate(c) is action)
    loud = [w for w in listed if w.ceiling >= min(needed, Action.WARN)]
    measured = _instances(parts, [w.finding for w in loud]) if rule.instances else None
    return RuleHit(
        rule=rule.name, section=rule.section, action=action, findings=_distinct(parts, loud), measured=measured
    )


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


def _distinct(parts: Sequence[Part], listed: Sequence[Weighed]) -> tuple[Finding, ...]:
    """Return the findings without those that another rendering of the body already shows."""
    others = {p.path for p in parts if p.alternative}
    seen = {(w.finding.rule, w.finding.evidence) for w in listed if w.finding.part not in others}
    return tuple(
        w.finding for w in listed if w.finding.part not in others or (w.finding.rule, w.finding.evidence) not in seen
    )
