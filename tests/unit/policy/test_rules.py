"""Consequences and thresholds."""

from __future__ import annotations

import pickle

import pytest

from gateway.model import Action, Confidence
from gateway.policy.rules import Consequences, Handling, Policy, Thresholds


def test_consequences() -> None:
    follows = Consequences(high=Action.BLOCK, medium=Action.WARN, low=Action.OBSERVE)
    assert [follows.of(c) for c in Confidence] == [Action.OBSERVE, Action.WARN, Action.BLOCK]


@pytest.mark.parametrize(
    ("count", "aggravated", "action"),
    [
        (1, True, Action.PASS),
        (2, True, Action.OBSERVE),
        (4, False, Action.OBSERVE),
        (5, False, Action.WARN),
        (5, True, Action.BLOCK),
        (9, False, Action.WARN),
        (10, False, Action.BLOCK),
    ],
)
def test_thresholds(count: int, *, aggravated: bool, action: Action) -> None:
    steps = Thresholds(observe_at=2, warn_at=5, block_at=10)
    assert steps.of(count, aggravated=aggravated) is action


def test_thresholds_left_out() -> None:
    assert Thresholds(block_at=10).of(9) is Action.PASS
    assert Thresholds(warn_at=5).of(1000) is Action.WARN


def test_staff_are_persons_and_functions_are_not() -> None:
    lane = Handling(
        registry=frozenset({"r"}),
        security=frozenset({"s"}),
        managers=frozenset({"m"}),
        payroll=frozenset({"p"}),
        staff_domains=frozenset({"d"}),
    )
    assert lane.uncounted == {"r", "s", "m"}


def test_policy_crosses_processes() -> None:
    policy = Policy(version="x", rules={})
    assert pickle.loads(pickle.dumps(policy)) == policy  # noqa: S301 - our own
