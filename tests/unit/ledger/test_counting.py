"""The arithmetic of claims."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ledger import Outcome
from gateway.ledger.counting import SIMILAR, Allowance, Count, allowance_of, count, decide, likeness, needed

GRANTED, OVER, CONTENDED = Outcome.GRANTED, Outcome.OVER, Outcome.CONTENDED

numbers = st.integers(0, 300)
counts = st.builds(Count, reached=numbers, own=numbers, reserved=numbers, announced=numbers)
allowances = st.lists(st.builds(Allowance, permit=st.just("p"), most=numbers, taken=st.booleans()), max_size=3)


def found(reached: int = 0, own: int = 0, reserved: int = 0, announced: int = 0) -> Count:
    return Count(reached=reached, own=own, reserved=reserved, announced=announced)


def allowance(most: int, permit: str = "p", *, taken: bool = False) -> Allowance:
    return Allowance(permit=permit, most=most, taken=taken)


@pytest.mark.parametrize(
    ("what", "outcome"),
    [
        (found(own=100), GRANTED),
        (found(own=101), OVER),
        (found(60, 40), GRANTED),
        (found(60, 41), OVER),
        (found(60, 20, 20), GRANTED),
        (found(60, 20, 21), CONTENDED),
        (found(100, 0), GRANTED),
        (found(101, 0), OVER),
        (found(own=1, announced=100), GRANTED),
        (found(own=1, announced=101), OVER),
        (found(60, 20, 21, 101), OVER),
    ],
)
def test_a_hundred_is_the_line(what: Count, outcome: Outcome) -> None:
    assert decide(100, what).outcome is outcome


@pytest.mark.parametrize(
    ("what", "permits", "outcome", "permitted", "permit"),
    [
        (found(own=150), [allowance(150)], GRANTED, 50, "p"),
        (found(own=151), [allowance(150)], OVER, 50, None),
        (found(own=100), [allowance(150)], GRANTED, 0, None),
        (found(own=150), [allowance(120), allowance(200, "q")], GRANTED, 100, "q"),
        (found(own=150), [allowance(150, taken=True)], CONTENDED, 50, None),
        (found(own=151), [allowance(150, taken=True)], OVER, 50, None),
        (found(100, 50, 50), [allowance(150)], CONTENDED, 50, None),
        (found(own=101), [allowance(50)], OVER, 0, None),
        (found(own=50, announced=150), [allowance(150)], GRANTED, 50, "p"),
    ],
)
def test_permits_move_the_line(
    what: Count, permits: list[Allowance], outcome: Outcome, permitted: int, permit: str | None
) -> None:
    ruling = decide(100, what, permits)
    assert (ruling.outcome, ruling.permitted, ruling.permit) == (outcome, permitted, permit)


@given(counts)
def test_without_a_limit_everything_is_granted(what: Count) -> None:
    assert decide(None, what).outcome is GRANTED


@given(counts, st.integers(1, 200), allowances)
def test_the_numbers_tell_the_outcome(what: Count, limit: int, permits: list[Allowance]) -> None:
    """Whoever sees only the usage must come to the same verdict."""
    ruling = decide(limit, what, permits)
    line = limit + ruling.permitted
    if ruling.outcome is GRANTED:
        assert what.worst <= line
    else:
        assert (ruling.outcome is OVER) == (what.sure > line)
        assert what.worst > limit


@given(counts, st.integers(1, 200), allowances)
def test_below_the_line_nobody_is_refused(what: Count, limit: int, permits: list[Allowance]) -> None:
    if what.sure <= limit:
        assert decide(limit, what, permits).outcome is not OVER


def test_each_person_counts_once_and_growth_as_growth() -> None:
    known = {1: 1, 2: 10, 3: 5}
    others = [{2: 12, 4: 1, 5: 2}, {5: 3, 6: 1, 7: 9}]
    counted = count(16, known, {1: 1, 3: 6, 6: 1, 7: 4, 8: 2}, others, 7)
    assert counted == found(16, 1 + 1 + 4 + 2, 2 + 1 + 3 + 5, 7)


def test_a_permit_counts_from_whom_it_charges() -> None:
    assert allowance_of("p", persons=50, reached=100, charged=0).most == 150
    assert allowance_of("p", persons=50, reached=120, charged=20).most == 150
    assert allowance_of("p", persons=150, reached=100, charged=100).most == 150


def test_likeness_is_the_share_of_equal_minima() -> None:
    assert likeness(bytes(64), bytes(64)) == 1.0
    assert likeness(bytes(64), bytes(32) + b"x" * 32) == 0.5
    assert likeness(b"", b"") == 0.0
    assert likeness(bytes(64), bytes(63)) == 0.0


@given(st.binary(min_size=64, max_size=64), st.binary(min_size=64, max_size=64))
def test_likeness_is_found_position_by_position(one: bytes, other: bytes) -> None:
    assert likeness(one, other) == sum(a == b for a, b in zip(one, other, strict=True)) / 64


def test_the_share_in_whole_minima() -> None:
    assert needed(bytes(64), SIMILAR) == 39
    assert needed(b"", SIMILAR) == 1


def test_a_person_whom_several_wait_for_is_held_once_with_the_greatest_weight() -> None:
    assert count(0, {}, {}, [{1: 3, 2: 0}, {1: 2}, {1: 5, 3: 1}], 0).reserved == 6
