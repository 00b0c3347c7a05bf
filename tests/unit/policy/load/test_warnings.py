"""What is no mistake and worth a look."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from gateway.model import Action, Mode
from gateway.policy.load import warnings
from gateway.policy.rules import Example, Exemption, OnError, Policy, Rule

EXAMPLE = Example(
    name="a",
    rule="private",
    sender="a@politik.orkelljunga.se",
    recipients=("b@example.com",),
    subject="x",
    text="x",
    expect=Action.PASS,
    rules=frozenset(),
)
RULE = Rule(
    name="private",
    section="2.2",
    title_sv="x",
    title_en="x",
    summary_sv="x",
    summary_en="x",
    mode=Mode.WARN,
    on_error=OnError.PASS,
    examples=(EXAMPLE, replace(EXAMPLE, name="b")),
)


def told(rule: Rule, today: date = date(2026, 5, 4)) -> list[str]:
    return [str(p) for p in warnings(Policy(version="x", rules={rule.name: rule}), today)]


def until(day: date) -> Rule:
    return replace(RULE, exemptions=(Exemption(name="prov", reason="Prov.", until=day),))


def test_nothing_to_say() -> None:
    assert told(RULE) == []
    assert told(until(date(2026, 5, 4))) == []


def test_exemption_that_ended() -> None:
    assert told(until(date(2026, 5, 3))) == [
        "rules/private.toml: exemption prov: ended on 2026-05-03: take it away or set a new until"
    ]


def test_exemption_that_hardly_ends() -> None:
    assert told(until(date(2027, 5, 6))) == [
        "rules/private.toml: exemption prov: holds until 2027-05-06, more than a year: change the rule?"
    ]


def test_few_examples_and_off() -> None:
    assert [line.partition(": ")[2] for line in told(replace(RULE, examples=(EXAMPLE,), mode=Mode.OFF))] == [
        "example: has fewer than 2 examples",
        "mode: is off: the rule is not judged at all, not even for the journal",
    ]
