"""Facts in, verdict out: what the rules make of everything that is known about a message.

The verdict is the strongest action of all hits that no exemption lifts. A rule's mode caps what it may do, the
emergency switch caps it to observing, and so does a person who is merely named in From. What is not known because
infrastructure failed is said by ``on_error``. Adding a finding never makes a verdict milder.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from gateway.model import (
    Action,
    Confidence,
    Facts,
    Finding,
    Mode,
    Part,
    PartState,
    Responsible,
    RuleHit,
    SegmentKind,
    Verdict,
)
from gateway.policy.persons import count_announced, person_of, unknown_lists
from gateway.policy.rules import EVERY_RULE, MASS_MAILING, OnError, PersonLimit, Policy, Rule
from gateway.policy.sender import is_automatic
from gateway.policy.situation import Situation, situation_of
from gateway.policy.weighing import LANE, Weighed, finding_hits, weigh

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


def judge(policy: Policy, facts: Facts, *, observed: frozenset[str] = frozenset()) -> Verdict:
    """Return the verdict on ``facts``; rules in ``observed`` (``*`` for all) only observe."""
    situation = situation_of(policy, facts)
    weighed = weigh(policy, facts, situation)
    hits: list[RuleHit] = []
    seen = facts.inspection is not None and not facts.inspection.crashed
    for rule in policy.rules.values():
        # Most rules follow from findings, and most mail has none: such a rule has nothing to say.
        if seen and rule.name not in weighed and rule.persons is None and rule.visible is None and not rule.states:
            continue
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
    policy: Policy, rule: Rule, facts: Facts, situation: Situation, weighed: Mapping[str, Sequence[Weighed]]
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
        yield from finding_hits(rule, facts.inspection.message.parts, weighed)
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
        to = lifted if rule.lane and situation.lane and situation.received_part(part.origin) else free
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
