"""Danish, Norwegian and Finnish identity numbers: each by its own grammar, calendar and check digits.

Norwegian fødselsnummer: DDMMYY, five digits, the last two by modulo 11; 40 is added to the day of a D-number and 40
or 80 to the month of a synthetic one. Finnish henkilötunnus: DDMMYY, a sign for the century, three digits, a sign by
modulo 31. Danish CPR number: DDMMYY and four digits that since 2007 have no check, so only with its label; 60 is added
to the day of a number that is not a person's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.detect.labels import Label, heading_of, in_address, label_of
from gateway.detect.view import Page
from gateway.model import Confidence

_MOST: Final = 5000
_LAST_DAY: Final = 31
_LAST_MONTH: Final = 12
# A literal beginning lets the search run at full speed; what stands before is looked at afterwards.
_ENDED: Final = rb"(?![0-9A-Za-z]|[-.,:/][0-9])"
_ELEVEN: Final = re.compile(rb"000000[ ]?00000" + _ENDED)
_TEN: Final = re.compile(rb"000000[- ]{0,3}0000" + _ENDED)
_FINNISH: Final = re.compile(rb"000000[-+A-FU-Ya-fu-y]000[0-9A-Za-z]" + _ENDED)
_BEFORE: Final = frozenset(".,:/+-")
_SIGNS: Final = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_FIRST: Final = (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)
_SECOND: Final = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
_DAYS_MORE: Final = (0, 40)
_MONTHS_MORE: Final = (0, 40, 80)


@dataclass(frozen=True, slots=True)
class Foreign:
    """A number of another country."""

    start: int
    end: int
    digits: str
    confidence: Confidence
    why: str
    """A Swedish clause that follows "ett personnummer"."""


def foreign_numbers(page: Page, reach: int) -> Iterator[Foreign]:
    """Yield the numbers of the neighbouring countries; a label stands at most ``reach`` characters before one."""
    if b"000000" not in page.digits:
        return
    yield from _norwegian(page, reach)
    yield from _finnish(page)
    if page.hits("identity.danish"):
        yield from _danish(page, reach)


def _norwegian(page: Page, reach: int) -> Iterator[Foreign]:
    for start, end, digits in _written(page, _ELEVEN):
        labelled = page.near("identity.norwegian", max(0, start - reach), start) is not None
        if not _is_day(digits, _DAYS_MORE, _MONTHS_MORE):
            continue
        if _mod11(digits[:10], _FIRST) and _mod11(digits, _SECOND):
            if labelled:
                yield Foreign(start, end, digits, Confidence.HIGH, "ett norskt, intill ett ord som säger det")
            elif label_of(page, start) is Label.NONE and heading_of(page, start) is not Label.OTHER:
                yield Foreign(start, end, digits, Confidence.MEDIUM, "ett norskt av allt att döma")
        elif labelled:
            yield Foreign(start, end, digits, Confidence.MEDIUM, "ett norskt med fel kontrollsiffra")


def _finnish(page: Page) -> Iterator[Foreign]:
    for start, end, digits in _written(page, _FINNISH):
        number = int(digits[:6] + digits[7:10])
        if _is_day(digits, (0,), (0,)) and _SIGNS[number % len(_SIGNS)] == digits[10].upper():
            yield Foreign(
                start, end, digits, Confidence.HIGH, "ett finländskt med datum och kontrolltecken som stämmer"
            )


def _danish(page: Page, reach: int) -> Iterator[Foreign]:
    for start, end, digits in _written(page, _TEN):
        near = page.near("identity.danish", max(0, start - reach), start)
        if near is not None and _is_day(digits, (0, 60), (0,)):
            yield Foreign(start, end, digits, Confidence.HIGH, "ett danskt, intill ett ord som säger det")


def _written(page: Page, pattern: re.Pattern[bytes]) -> Iterator[tuple[int, int, str]]:
    for number, match in enumerate(pattern.finditer(page.digits)):
        if number == _MOST:
            return
        start, end = match.span()
        before = page.text[start - 1 : start]
        if before.isalnum() or before in _BEFORE:
            continue
        if not in_address(page.text, (start, end)):
            kept = page.text[start:end]
            yield start, end, kept if pattern is _FINNISH else "".join(c for c in kept if c.isdigit())


def _is_day(digits: str, days_more: tuple[int, ...], months_more: tuple[int, ...]) -> bool:
    day, month = int(digits[:2]), int(digits[2:4])
    return any(0 < day - more <= _LAST_DAY for more in days_more) and any(
        0 < month - more <= _LAST_MONTH for more in months_more
    )


def _mod11(digits: str, weights: tuple[int, ...]) -> bool:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11 == 0
