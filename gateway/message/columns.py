"""Columns of identity numbers as spreadsheets leave them: without their first zeros, as decimals, in two cells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Final

_NUMBER: Final = re.compile(r"-?\d+(?:\.\d*)?(?:[eE][+-]?\d{1,3})?")
_HEADING: Final = re.compile(
    r"(?P<person>pers(?:on)?[\W_]{0,2}n(?:umme)?r|\bp[-.]?nr\b)|födelse|samordning|\bssn\b|\bid-?n(?:umme)?r",
    re.IGNORECASE,
)
_WHOLE: Final = 10
_WITHOUT_ZEROS: Final = range(7, _WHOLE)
"""Digits that are left of an identity number; eight may also be a date, which then is none any more."""
_WITHOUT_ZERO: Final = 9
_BIRTH: Final = (6, 8)
_LAST: Final = 4
"""Digits of the two cells over which some tables part an identity number."""
_HEADING_ROWS: Final = 30
_DIGITS: Final = 15
_DECIMAL: Final = re.compile(r"(?<=\d{9})\.0+\Z")
_HEADED: Final = 20_000
"""Characters at the beginning of a text in which the heading stands."""
_SEPARATORS: Final = (";", "\t", ",", "|")


def lines_of(rows: Iterable[Sequence[tuple[int, str]]], heading_rows: int = _HEADING_ROWS) -> Iterator[str]:
    """Yield rows of (column, text) as lines, cells parted by tabs; headings stand in the first rows.

    Under a heading that announces identity numbers a shorter number gets back the zeros that a spreadsheet drops, and
    one that two cells share is said whole beside them.
    """
    headed: dict[int, bool] = {}
    for number, row in enumerate(rows):
        cells = []
        born = ""
        for column, text in row:
            if number < heading_rows and (found := _HEADING.search(text)):
                headed[column] = bool(found["person"])
            if not (text.isdecimal() and (born or column in headed)):
                cells.append(text.replace("\t", " ").replace("\n", " "))
                continue
            if born and len(text) == _LAST:
                cells.append(f"{born}-{text}")
            born = text if column in headed and len(text) in _BIRTH else ""
            cells.append(_whole(text, person=headed.get(column, False)) if column in headed else text)
        if cells:
            yield "\t".join(cells) + "\n"


def _whole(digits: str, *, person: bool) -> str:
    if person and len(digits) in _WITHOUT_ZEROS:
        return dashed(digits)
    return f"0{digits}" if len(digits) == _WITHOUT_ZERO else digits


def with_zeros(text: str) -> str:
    """Return rows of one or more sheets, their cells parted by tabs, with the zeros that a spreadsheet dropped."""
    if not _HEADING.search(text):
        return text
    rows = [list(enumerate(row.split("\t"))) for row in text.split("\n")]
    return "".join(lines_of(rows, len(rows)))


def dashed(number: str) -> str:
    """Return digits as Excel shows them in the format 000000-0000."""
    return f"{number.zfill(_WHOLE)[:-_LAST]}-{number[-_LAST:]}"


def written(number: str) -> str:
    """Return a number as a person would write it: whole ones without exponent, others without a tail of digits."""
    if number.isdecimal() or not _NUMBER.fullmatch(number) or number[1:].isdecimal():
        return number
    try:
        value = Decimal(number)
    except InvalidOperation:
        return number
    if value == value.to_integral_value() and value.adjusted() < _DIGITS:
        return str(int(value))
    return f"{float(value):.6g}"


def restored(text: str) -> list[str]:
    """Return the lines of a text with separated values that say more when they are read as a spreadsheet."""
    heading = _HEADING.search(text, 0, _HEADED)
    if heading is None:
        return []
    line = text[text.rfind("\n", 0, heading.start()) + 1 :].partition("\n")[0]
    separator = max(_SEPARATORS, key=line.count)
    if separator not in line:
        return []
    cells = [[cell.strip().strip('"') for cell in row.split(separator)] for row in text.split("\n")]
    rows = [[*enumerate(_DECIMAL.sub("", cell) for cell in row)] for row in cells]
    read = (line.rstrip("\n") for line in lines_of(rows))
    return [line for line, row in zip(read, cells, strict=True) if line != "\t".join(row)]
