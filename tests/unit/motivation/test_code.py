"""Codes: short, in lower case, and good for nobody else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.motivation.code import LENGTH, MOST_PERSONS, Code, Purpose, permit_of, read_code

KEY = b"k" * 32
READER = "anna.berg@politik.orkelljunga.se"
UNTIL = datetime(2026, 5, 4, 12, tzinfo=UTC)
CODE = Code(purpose=Purpose.MOTIVATE, mailing="7k2m0abcde", persons=140, until=UNTIL)


@given(
    purpose=st.sampled_from(Purpose),
    mailing=st.text("0123456789abcdefghjkmnpqrstvwxyz", min_size=10, max_size=10),
    persons=st.integers(0, MOST_PERSONS),
    hours=st.integers(0, 24 * 365 * 60),
)
def test_what_is_written_is_read(purpose: Purpose, mailing: str, persons: int, hours: int) -> None:
    until = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(hours=hours)
    code = Code(purpose=purpose, mailing=mailing, persons=persons, until=until)
    written = code.write(READER, KEY)
    assert len(written) == LENGTH
    assert written == written.lower()
    assert read_code(written, READER, KEY) == code
    assert read_code(written.upper(), READER.upper(), KEY) == code


def test_it_fits_behind_a_name() -> None:
    assert LENGTH + len("motivering+") <= 64


@pytest.mark.parametrize(
    ("text", "reader", "key"),
    [
        (CODE.write(READER, KEY), "bo@politik.orkelljunga.se", KEY),
        (CODE.write(READER, KEY), READER, b"x" * 32),
        ("a" + CODE.write(READER, KEY)[1:], READER, KEY),
        (CODE.write(READER, KEY)[:-1], READER, KEY),
        (CODE.write(READER, KEY) + "a", READER, KEY),
        (CODE.write(READER, KEY)[:-1] + "å", READER, KEY),
        ("", READER, KEY),
    ],
    ids=["reader", "key", "purpose", "short", "long", "letters", "nothing"],
)
def test_any_change_makes_it_worthless(text: str, reader: str, key: bytes) -> None:
    assert read_code(text, reader, key) is None


@given(st.text(max_size=80))
def test_rubbish_is_no_code(text: str) -> None:
    assert read_code(text, READER, KEY) is None


def test_more_persons_than_fit_are_the_most_that_do() -> None:
    code = Code(purpose=Purpose.APPROVE, mailing="7k2m0abcde", persons=MOST_PERSONS + 1, until=UNTIL)
    read = read_code(code.write(READER, KEY), READER, KEY)
    assert read is not None
    assert read.persons == MOST_PERSONS


def test_one_code_leads_to_one_permit() -> None:
    written = CODE.write(READER, KEY)
    assert permit_of(written) == permit_of(written.upper())
    assert permit_of(written) != permit_of(CODE.write("bo@politik.orkelljunga.se", KEY))
