"""Check digits and calendars."""

from __future__ import annotations

import pytest
from stdnum import luhn as oracle
from stdnum.iso7064 import mod_97_10

from gateway.detect.checks import is_coordinated, is_date, luhn, mod97


@pytest.mark.parametrize("digits", ["7809142388", "7809142389", "4111111111111111", "1234567812345673", "00"])
def test_luhn_agrees_with_another_library(digits: str) -> None:
    assert luhn(digits) == oracle.is_valid(digits)


@pytest.mark.parametrize("account", ["SE4550000000058398257466", "SE4550000000058398257467", "DE89370400440532013000"])
def test_iban_agrees_with_another_library(account: str) -> None:
    assert mod97(account) == mod_97_10.is_valid(account[4:] + account[:4])


@pytest.mark.parametrize(
    ("century", "date", "plus", "valid"),
    [
        (None, "000229", False, True),
        ("19", "000229", False, False),
        ("20", "000229", False, True),
        (None, "010229", False, False),
        (None, "220517", True, True),
        (None, "000229", True, False),
        ("18", "000229", False, False),
        ("19", "960229", False, True),
        (None, "991332", False, False),
        (None, "560000", False, False),
    ],
)
def test_dates_are_days_of_the_calendar(century: str | None, date: str, plus: bool, valid: bool) -> None:
    assert is_date(century, date, plus=plus) is valid


def test_a_year_without_century_may_be_this_one() -> None:
    assert is_date(None, "000229")


@pytest.mark.parametrize(
    ("date", "valid"),
    [
        ("500675", True),
        ("160080", True),
        ("090291", True),
        ("500692", False),
        ("501361", False),
        ("001260", True),
        ("501260", True),
        ("501259", False),
    ],
)
def test_coordination_numbers_add_sixty_to_the_day(date: str, valid: bool) -> None:
    assert is_coordinated(date) is valid
