"""What is no mistake in the policy files but worth a look."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from gateway.model import Mode, Problem
from gateway.policy.rules import Policy, Rule

LONGEST: Final = timedelta(days=366)
"""An exemption that holds longer is a change of the rule."""
FEWEST_EXAMPLES: Final = 2


def warnings(policy: Policy, today: date) -> list[Problem]:
    """Return what an official should look at: exemptions that ended or hardly end, rules without examples."""
    return [problem for rule in policy.rules.values() for problem in _about(rule, today)]


def _about(rule: Rule, today: date) -> Iterator[Problem]:
    file = f"rules/{rule.name}.toml"
    for exemption in rule.exemptions:
        key = f"exemption {exemption.name}"
        if exemption.until < today:
            yield Problem(file=file, key=key, text=f"ended on {exemption.until}: take it away or set a new until")
        elif exemption.until - today > LONGEST:
            yield Problem(file=file, key=key, text=f"holds until {exemption.until}, more than a year: change the rule?")
    if len(rule.examples) < FEWEST_EXAMPLES:
        yield Problem(file=file, key="example", text=f"has fewer than {FEWEST_EXAMPLES} examples")
    if rule.mode is Mode.OFF:
        yield Problem(file=file, key="mode", text="is off: the rule is not judged at all, not even for the journal")
