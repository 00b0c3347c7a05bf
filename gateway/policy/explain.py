"""What a rule does, in Swedish, for those who answer for it and those who are judged by it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from gateway.model import Action, Mode, PartState
from gateway.policy.rules import EVERY_RULE, Consequences, Exemption, OnError, Policy, Rule, Thresholds

_MODES: Final[Mapping[Mode, str]] = {
    Mode.OFF: "avstängd: regeln prövas inte",
    Mode.OBSERVE: "observera: träffar loggas och avsändaren märker inget",
    Mode.WARN: "varna: mejlet skickas och avsändaren får ett brev",
    Mode.BLOCK: "stoppa: mejlet kan stoppas",
}
_ACTIONS: Final[Mapping[Action, str]] = {
    Action.PASS: "inget",
    Action.OBSERVE: "loggas",
    Action.WARN: "varning",
    Action.BLOCK: "stopp",
    Action.DEFER: "nytt försök senare",
}
_STATES: Final[Mapping[PartState, str]] = {
    PartState.ENCRYPTED: "Krypterat innehåll",
    PartState.TOO_BIG: "För stort innehåll",
    PartState.TIMED_OUT: "Innehåll som tog för lång tid att läsa",
    PartState.TRUNCATED: "Innehåll som bara delvis kunde läsas",
    PartState.UNREADABLE: "Oläsligt innehåll",
    PartState.UNKNOWN: "Okänd filtyp",
}


def explain(policy: Policy, rule: str, *, observed: frozenset[str] = frozenset()) -> str:
    """Return the Swedish explanation of a rule; ``observed`` are the rules under the emergency switch.

    Raises KeyError when there is no such rule.
    """
    return "\n".join(_lines(policy, policy.rules[rule], observed))


def _lines(policy: Policy, rule: Rule, observed: frozenset[str]) -> Iterator[str]:
    yield f"{rule.title_sv} ({rule.name})"
    yield f"Riktlinjerna, punkt {rule.section}. {rule.summary_sv}"
    yield ""
    yield f"Läge: {_MODES[rule.mode]}."
    if rule.name in observed or EVERY_RULE in observed:
        yield "Nödbrytaren är på: just nu loggas träffar bara."
    yield f"Vid tekniskt fel: {_on_error(rule)}."
    yield ""
    yield "Vad som följer:"
    yield from (f"- {line}" for line in _consequences(rule))
    yield ""
    yield from _exemptions(rule)
    yield f"Exempel i regelfilen: {len(rule.examples)}. Version av reglerna: {policy.version}."


def _on_error(rule: Rule) -> str:
    if rule.on_error is OnError.DEFER and rule.mode is Mode.BLOCK:
        return "mejlet väntar hos avsändaren och prövas igen"
    return "mejlet släpps fram och händelsen loggas"


def _consequences(rule: Rule) -> Iterator[str]:
    if rule.persons is not None:
        yield f"Fler än {rule.persons.block_above} personer i samma utskick: {_word(Action.BLOCK, rule)}."
        yield f"En mottagare som ser ut som en lista av okänd storlek: {_word(rule.persons.unknown_list, rule)}."
    elif rule.visible is not None:
        yield from _thresholds("synliga mottagare", rule.visible, rule)
    elif rule.states:
        for state, action in rule.states.items():
            yield f"{_STATES[state]}: {_word(action, rule)}."
    else:
        yield from _findings(rule)


def _findings(rule: Rule) -> Iterator[str]:
    yield f"I egna ord: {_by_confidence(rule.own, rule)}."
    yield f"I ett citat som går tillbaka till den som skrev det: {_by_confidence(rule.returned, rule)}."
    yield f"I mottaget som går till någon annan: {_by_confidence(rule.third_party, rule)}."
    if rule.lane:
        yield "I mottaget som går till diariet, säkerhetssamordnaren eller kommunens anställda: inget."
    else:
        yield "Gäller även mottaget som går till diariet, säkerhetssamordnaren eller kommunens anställda."
    if rule.payroll:
        yield "Avsändarens eget nummer till lönekontoret: inget."
    if rule.instances is not None:
        yield from _thresholds("personer i listorna", rule.instances, rule)


def _by_confidence(consequences: Consequences, rule: Rule) -> str:
    high, medium, low = (_word(a, rule) for a in (consequences.high, consequences.medium, consequences.low))
    return f"säker träff {high}, trolig {medium}, svag {low}"


def _thresholds(what: str, thresholds: Thresholds, rule: Rule) -> Iterator[str]:
    steps = (
        (thresholds.observe_at, Action.OBSERVE),
        (thresholds.warn_at, Action.WARN),
        (thresholds.block_at, Action.BLOCK),
    )
    for count, action in steps:
        if count is not None:
            yield f"Från och med {count} {what}: {_word(action, rule)}."
    if thresholds.block_with:
        others = ", ".join(sorted(thresholds.block_with))
        yield f"Från och med {thresholds.warn_at} {what} tillsammans med {others}: {_word(Action.BLOCK, rule)}."


def _word(action: Action, rule: Rule) -> str:
    """Name what follows under the rule's mode."""
    most = {Mode.OFF: Action.PASS, Mode.OBSERVE: Action.OBSERVE, Mode.WARN: Action.WARN, Mode.BLOCK: Action.BLOCK}
    return _ACTIONS[min(action, most[rule.mode])]


def _exemptions(rule: Rule) -> Iterator[str]:
    if not rule.exemptions:
        yield "Undantag: inga."
        return
    yield "Undantag:"
    for exemption in rule.exemptions:
        yield f"- {exemption.name}, till och med {exemption.until}: {exemption.reason} {_whom(exemption)}"


def _whom(exemption: Exemption) -> str:
    parts = []
    if exemption.senders:
        parts.append(f"avsändare: {len(exemption.senders)}")
    if exemption.recipients:
        parts.append(f"mottagare: {len(exemption.recipients)}")
    return f"({', '.join(parts)})"
