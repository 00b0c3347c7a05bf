"""Date of birth and the last four digits in different places: ``född 780914 ... fyra sista 9953``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.detect.births import DATE, read_date
from gateway.detect.clusters import Shape, Written
from gateway.detect.matcher import Span
from gateway.detect.view import Page

LAST_FOUR: Final = "identity.last_four"

_AFTER: Final = 40
_BEFORE: Final = 25
_REACH: Final = 300
_MOST: Final = 500
_FOUR: Final = re.compile(
    r"(?<![0-9.,:/-])([0-9]{4}|[0-9]{2} [0-9]{2}|[0-9](?:(?:[ ]|[ ]?-[ ]?)[0-9]){3})(?![0-9]|[-.,:][0-9])"
)


def numbers_apart(page: Page) -> Iterator[Written]:
    """Yield numbers whose halves stand near each other; the span is that of the last four."""
    for word in page.hits(LAST_FOUR)[:_MOST]:
        in_column = list(_column(page, word))
        yield from in_column
        serial = None if in_column else _serial(page.text, word)
        if serial is None:
            continue
        date = _date(page.text, serial)
        if date is not None:
            yield _written(page.text, serial, date)


def _serial(text: str, word: Span) -> Span | None:
    """Return the four digits that a phrase announces or ends."""
    # A little beyond, so that no longer number is cut off after four digits.
    match = _FOUR.search(text, word[1], word[1] + _AFTER + len("-0"))
    if match and match.end() <= word[1] + _AFTER:
        return match.span()
    last = None
    for match in _FOUR.finditer(text, max(0, word[0] - _BEFORE), word[0]):
        last = match.span()
    return last


def _date(text: str, serial: Span) -> tuple[str | None, str] | None:
    """Return century and YYMMDD of the nearest date before four digits, else after them."""
    found = None
    for match in DATE.finditer(text, max(0, serial[0] - _REACH), serial[0]):
        found = read_date(match) or found
    if found is None:
        for match in DATE.finditer(text, serial[1], serial[1] + _REACH):
            found = found or read_date(match)
    return found


def _written(text: str, serial: Span, date: tuple[str | None, str]) -> Written:
    digits = date[1] + text[serial[0] : serial[1]].replace(" ", "").replace("-", "")
    return Written(start=serial[0], end=serial[1], century=date[0], digits=digits, shape=Shape.ODD)


def _column(page: Page, word: Span) -> Iterator[Written]:
    """Yield a number for each row below a column head that says "last four"."""
    table = page.table_at(word[0])
    if table is None or not table.rows[0][0] <= word[0] < table.rows[0][1]:
        return
    column = page.text.count(table.delimiter, table.rows[0][0], word[0])
    for row, (start, end) in enumerate(table.rows[1:_MOST], 1):
        cell = table.cell(page.text, row, column)
        serial = _FOUR.search(page.text, *cell) if cell else None
        match = DATE.search(page.text, start, end)
        date = read_date(match) if match else None
        if serial and date:
            yield _written(page.text, serial.span(), date)
