"""Windows of ten and twelve digits: text, and what is read as a number."""

from __future__ import annotations

import pytest

from gateway.detect.clusters import Shape, Written, digit_runs, written_numbers
from gateway.detect.octets import digits_of, latin_of

TEN = "7809142388"
TIGHT, FULL, BARE, SPACED, PAIRS, _, ODD = Shape


def read(text: str) -> list[Written]:
    return list(written_numbers(text, digit_runs(digits_of(latin_of(text)))))


@pytest.mark.parametrize(
    ("text", "century", "shape"),
    [
        ("780914-2388", None, TIGHT), ("780914+2388", None, TIGHT), ("780914--2388", None, TIGHT),
        ("780914-\n2388", None, TIGHT), ("780914-\n> 2388", None, TIGHT), ("780914-\t\n\t2388", None, TIGHT),
        ("78-09-14-2388", None, TIGHT), ("1978-09-14-2388", "19", TIGHT), ("19780914-2388", "19", TIGHT),
        ("19 780914-2388", "19", TIGHT), ("7809142388", None, BARE), ("197809142388", "19", FULL),
        ("19780914 2388", "19", FULL), ("1978 09 14 2388", "19", FULL), ("19 78 09 14 2388", "19", FULL),
        ("19 780914 2388", "19", FULL), ("780914 2388", None, SPACED), ("78 09 14 2388", None, SPACED),
        ("78 09 14 23 88", None, PAIRS), ("1978 09 14 23 88", "19", PAIRS), ("19 78 09 14 23 88", "19", PAIRS),
        ("7 8 0 9 1 4 2 3 8 8", None, PAIRS), ("1 9 7 8 0 9 1 4 2 3 8 8", "19", PAIRS), ("78 0914 2388", None, ODD),
        ("78 0914-2388", None, TIGHT), ("7809 14-2388", None, TIGHT), ("780 914 2388", None, ODD),
        ("7809 142388", None, ODD),
    ],
)  # fmt: skip
def test_ten_or_twelve_digits_have_a_shape(text: str, century: str | None, shape: Shape) -> None:
    found = read(f"Nr {text}, tack")[0]
    assert (found.start, found.end) == (3, 3 + len(text))
    assert (found.century, found.digits, found.shape) == (century, TEN, shape)
    assert (found.plus, found.serial) == ("+" in text, "2388")


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("78O914-2388", TEN), ("7809l4-2388", TEN), ("78o9I4-2388", TEN), ("l80914-2388", "1809142388"),
        ("OO0914-2388", "0009142388"), ("78OlI4-2388", "7801142388"), ("78O9l4-2o88", "7809142088"),
    ],
)  # fmt: skip
def test_letters_that_look_like_digits_are_read_as_such(text: str, digits: str) -> None:
    assert [w.digits for w in read(f"Nr {text}.")] == [digits]


@pytest.mark.parametrize("text", ["OlIOl4-2388", "78OlIl-2388", "78Oll4-2388a", "780914-2388a", "780914-238B"])
def test_words_are_no_numbers(text: str) -> None:
    assert read(f"Nr {text}.") == []


@pytest.mark.parametrize(
    ("text", "windows"),
    [
        ("1 780914-2388", ["780914-2388"]),
        ("1234 780914-2388", ["780914-2388"]),
        ("5 000 780914-2388", ["780914-2388"]),
        ("1 1 1 1 780914-2388", ["780914-2388"]),
        ("12345678 780914-2388", ["780914-2388"]),
        ("19 78 09 14-2388", ["19 78 09 14-2388", "78 09 14-2388"]),
        ("12. 780914-2388", ["12. 780914-2388", "780914-2388"]),
        ("780914-2388 1234", ["780914-2388"]),
        ("780914-2388 12", ["780914-2388", "780914-2388 12"]),
        ("780914 2388  12", ["780914 2388", "780914 2388  12"]),
        ("780914-2388 7A", ["780914-2388"]),
        ("780914 2388 7A", ["780914 2388"]),
        ("780914-2388 17A", ["780914-2388"]),
        ("780914-238817A", []),
        ("780914-2388\n871205-9818", ["780914-2388", "871205-9818"]),
        ("780914 2388\n871205 9818", ["780914 2388", "871205 9818"]),
        ("780914 2388 871205 9818", []),
        ("780914 2388 1234", []),
        ("1 780914 2388", []),
        ("1  780914 2388", ["780914 2388"]),
        ("12 780914 2388", ["12 780914 2388"]),
        ("780914-2388-1234", []),
        ("780914-2388/1234", []),
        ("780914-2388+1234", []),
        ("1234+780914-2388", []),
        ("1234/780914-2388", []),
        ("010-780914-2388", []),
        ("12-780914-2388", ["12-780914-2388"]),
        ("780914-23881", []),
        ("78091423881", []),
        ("7809142388123", []),
        ("78 09 14 23 88 7", []),
        ("1 7 8 0 9 1 4 2 3 8 8", []),
        ("1 9 7 8 0 9 1 4 2 3 8 8 1", []),
        ("123 456 78", []),
    ],
)
def test_a_window_stands_apart_from_its_neighbours(text: str, windows: list[str]) -> None:
    assert [text[w.start : w.end] for w in read(text)] == windows


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("1234567", []),
        ("12345678", ["12345678"]),
        ("12 34 56 78, 1234567", ["12 34 56 78"]),
        ("1234-\n>> 5678", ["1234-\n>> 5678"]),
        ("1234\n5678", []),
        ("1234    5678", []),
    ],
)
def test_a_run_has_eight_digits(text: str, runs: list[str]) -> None:
    assert [text[slice(*run)] for run in digit_runs(digits_of(latin_of(text)))] == runs
