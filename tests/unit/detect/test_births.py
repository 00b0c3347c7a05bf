"""Dates of birth in many spellings."""

from __future__ import annotations

import pytest

from gateway.detect.births import DATE, read_date


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("780914", (None, "780914")),
        ("19780914", ("19", "780914")),
        ("1978-09-14", ("19", "780914")),
        ("78.09.14", (None, "780914")),
        ("1942 10 17", ("19", "421017")),
        ("06-10-80", (None, "061080")),
        ("14/9 1978", ("19", "780914")),
        ("4/9-78", (None, "780904")),
        ("den 14:e september 1978", ("19", "780914")),
        ("14 sept 78", (None, "780914")),
        ("78, den 14 september", (None, "780914")),
        ("1978, 14:e sept", ("19", "780914")),
        ("78 14 Maj", (None, "780514")),
    ],
)
def test_a_date_is_read(text: str, date: tuple[str | None, str]) -> None:
    match = DATE.search(text)
    assert match is not None
    assert read_date(match) == date


def test_a_word_that_is_no_month_makes_no_date() -> None:
    match = DATE.search("14 platser 1978")
    assert match is not None
    assert read_date(match) is None


@pytest.mark.parametrize("text", ["17780914", "780914-1", "7809141", "78, 14 platser", "-780914"])
def test_what_is_no_date(text: str) -> None:
    assert DATE.search(text) is None
