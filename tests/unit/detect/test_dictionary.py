"""Words by whole, by beginning and by ending."""

from __future__ import annotations

import pytest

from gateway.detect.dictionary import Dictionary

KIN, BOSS, SOFT = 1, 2, 4
DICTIONARY = Dictionary({KIN: ["son", "grann*"], BOSS: ["*chefen", "*it"], SOFT: ["Son", "grannsämja"]})


@pytest.mark.parametrize(
    ("word", "bits"),
    [
        ("son", KIN | SOFT),
        ("sonen", 0),
        ("grannen", KIN),
        ("grannsämja", KIN | SOFT),
        ("gran", 0),
        ("ekonomichefen", BOSS),
        ("chefen", BOSS),
        ("chefens", 0),
        ("politit", BOSS),
        ("it", BOSS),
        ("", 0),
    ],
)
def test_a_word_has_the_bits_of_all_lists_that_hold_it(word: str, bits: int) -> None:
    assert DICTIONARY.lookup(word) == bits


def test_endings_can_be_left_aside() -> None:
    assert DICTIONARY.beginning("grannchefen") == KIN
    assert DICTIONARY.lookup("grannchefen") == KIN | BOSS
