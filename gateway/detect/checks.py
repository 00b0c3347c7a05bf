"""Check digits and calendars: pure arithmetic on digits."""

from __future__ import annotations

from datetime import date
from typing import Final

COORDINATION: Final = 60
"""What a samordningsnummer adds to the day."""

_LAST_DAY: Final = 31
_LAST_MONTH: Final = 12

_AS_IT_IS: Final = bytes.maketrans(b"0123456789", bytes(range(10)))
_DOUBLED: Final = bytes.maketrans(b"0123456789", bytes((0, 2, 4, 6, 8, 1, 3, 5, 7, 9)))


def luhn(digits: str) -> bool:
    """Tell whether the last digit is the right check digit of those before it (ISO/IEC 7812-1 annex B)."""
    octets = digits.encode("ascii")
    return (sum(octets[-1::-2].translate(_AS_IT_IS)) + sum(octets[-2::-2].translate(_DOUBLED))) % 10 == 0


def mod97(account: str) -> bool:
    """Tell whether an IBAN in capitals without spaces has the right check digits (ISO 13616)."""
    moved = account[4:] + account[:4]
    return int("".join(str(int(c, 36)) for c in moved)) % 97 == 1


def is_date(century: str | None, ymd: str, *, plus: bool = False) -> bool:
    """Tell whether ``YYMMDD`` is a day of the calendar, in the given century or in any that can be meant.

    ``plus`` is the separator of those who are a hundred years or older: without a century, not this one.
    """
    # Centuries differ by one day: 2000 is a leap year, 1900 and 1800 are not.
    year = (century or ("19" if plus else "20")) + ymd[:2]
    return _is_day(int(year), int(ymd[2:4]), int(ymd[4:6]))


def is_coordinated(ymd: str) -> bool:
    """Tell whether ``YYMMDD`` is the date of a samordningsnummer: 60 added to the day.

    The register gives 00 where month or day of birth is not known, and days that a month does not have.
    """
    return int(ymd[2:4]) <= _LAST_MONTH and COORDINATION <= int(ymd[4:6]) <= COORDINATION + _LAST_DAY


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True
