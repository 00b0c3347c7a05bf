"""Words by whole, by beginning and by ending."""

from __future__ import annotations

import random

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


def test_every_word_is_found_as_by_comparing_it_with_each_entry() -> None:
    dice = random.Random(7)
    entries = ["".join(dice.choices("abå", k=dice.randint(2, 6))) for _ in range(60)]
    written = [dice.choice(("{}", "{}*", "*{}")).format(entry) for entry in entries]
    dictionary = Dictionary({1 << at: [word] for at, word in enumerate(written)})
    for word in ("".join(dice.choices("abåc", k=dice.randint(1, 7))) for _ in range(3000)):
        expected = 0
        for at, one in enumerate(written):
            plain = one.strip("*")
            held = (
                word.startswith(plain)
                if one.endswith("*")
                else word.endswith(plain)
                if one[0] == "*"
                else word == plain
            )
            expected |= held << at
        assert dictionary.lookup(word) == expected
