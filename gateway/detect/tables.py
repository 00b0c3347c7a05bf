"""Tables in plain text: lines with the same delimiter, as CSV files, spreadsheets and copied lists come out."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.detect.matcher import Span
from gateway.detect.octets import latin_of

MAX_LINE: Final = 2000
"""Characters of a line that can be a row; longer lines are prose."""

_ANY: Final = bytes(c in b"\t;|" for c in range(256))
_ANY_OR_COMMA: Final = bytes(c in b"\t;|," for c in range(256))
_HERE: Final = b"\1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows that follow each other with the same delimiter."""

    delimiter: str
    rows: tuple[Span, ...]

    @property
    def start(self) -> int:
        """Where the first row begins."""
        return self.rows[0][0]

    @property
    def end(self) -> int:
        """Where the last row ends."""
        return self.rows[-1][1]

    def cell(self, text: str, row: int, column: int) -> Span | None:
        """Return where a cell stands; None where the row is shorter."""
        start, end = self.rows[row]
        for _ in range(column):
            start = text.find(self.delimiter, start, end) + 1
            if not start:
                return None
        stop = text.find(self.delimiter, start, end)
        return start, end if stop < 0 else stop

    def heading(self, text: str, position: int) -> Span | None:
        """Return the cell of the first row above a position in another row."""
        row = bisect_right(self.rows, (position, 1 << 60)) - 1
        if row < 1:
            return None
        return self.cell(text, 0, text.count(self.delimiter, self.rows[row][0], position))


def tables_of(text: str, *, commas: bool = False) -> tuple[Table, ...]:
    """Return the tables of a text in order; ``commas`` lets commas delimit too, as in a CSV file."""
    return tuple(_tables(text, latin_of(text).translate(_ANY_OR_COMMA if commas else _ANY)))


def _tables(text: str, marks: bytes) -> Iterator[Table]:
    rows: list[Span] = []
    current = ""
    for found, start, end in _rows(text, marks):
        if rows and (found != current or start != rows[-1][1] + 1):
            if len(rows) > 1:
                yield Table(delimiter=current, rows=tuple(rows))
            rows = []
        current = found
        rows.append((start, end))
    if len(rows) > 1:
        yield Table(delimiter=current, rows=tuple(rows))


def _rows(text: str, marks: bytes) -> Iterator[tuple[str, int, int]]:
    """Yield the first delimiter and the extent of every line that has one; lines without cost only the search."""
    at = marks.find(_HERE)
    while at >= 0:
        start = text.rfind("\n", 0, at) + 1
        stop = text.find("\n", at + 1)
        end = stop if stop >= 0 else len(text)
        if end - start <= MAX_LINE:
            yield text[at], start, end
        at = marks.find(_HERE, end)


def table_at(tables: tuple[Table, ...], position: int) -> Table | None:
    """Return the table that covers a position."""
    at = bisect_right(tables, position, key=lambda t: t.start) - 1
    return tables[at] if at >= 0 and position < tables[at].end else None
