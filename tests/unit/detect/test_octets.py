"""Octets agree with the text, character by character."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.detect.normalise import normalise
from gateway.detect.octets import beyond, capitals_of, digits_of, latin_of, lower_of, tokens_of


@given(st.text(alphabet=st.characters(codec=None), max_size=80))
def test_lower_case_is_that_of_the_text(text: str) -> None:
    plain = normalise(text).text
    latin = latin_of(plain)
    assert len(latin) == len(plain)
    assert lower_of(plain, latin, beyond(plain, latin)) == plain.lower()


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("Varför?", []),
        ("10 € kvar?", [3]),
        ("\u2022 ett \u2022 två", [0, 6]),
        ("\u0436" * 1000, None),
    ],
)
def test_characters_beyond_latin_1_are_listed_where_they_are_few(text: str, places: list[int] | None) -> None:
    assert beyond(text, latin_of(text)) == places


def test_tokens_are_words_in_lower_case() -> None:
    assert tokens_of(latin_of("ÅSA, 4B: €10")) == "åsa  4b   10".encode("latin-1")


def test_digits_look_alike() -> None:
    assert digits_of(latin_of("780914-2388 O")) == b"000000-0000 O"


@pytest.mark.parametrize(
    ("length", "marks", "listed"), [(1000, 420, True), (1000, 421, False), (50_000, 1400, True), (50_000, 1401, False)]
)
def test_how_many_are_few_depends_on_the_length(length: int, marks: int, *, listed: bool) -> None:
    text = ("?" * marks).ljust(length)
    assert (beyond(text, latin_of(text)) is not None) is listed


@pytest.mark.parametrize(
    "text", ["ÅSA KÖPER Ø × ÿ Þ", "A \u2022 Å \u0436", "A \u0416 Å", "\u2022A\u2022", "\u0416" * 1000, ""]
)
def test_lower_case_is_that_of_python(text: str) -> None:
    latin = latin_of(text)
    assert lower_of(text, latin, beyond(text, latin)) == text.lower()


def test_capitals_are_counted() -> None:
    assert capitals_of(latin_of("ÅSA Köper × 4 ÄPPLEN. ÞÐ À ÿß")) == 13
