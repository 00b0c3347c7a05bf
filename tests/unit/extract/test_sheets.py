"""Cells of a workbook, however a program writes them."""

from __future__ import annotations

import pytest

from gateway.extract.sheets import sheet_lines

STRINGS = ["Åsa", "Personnummer"]
CELLS = {
    b'<c r="B2"><v>4.5E2</v></c>': "450",
    b'<c r="B2" s="3"><v>1.0</v></c>': "1",
    b'<c r="B2" t="s"><v>0</v></c>': "Åsa",
    b'<c r="B2" t="s"><v>9</v></c>': "",
    b'<c r="B2" t="str"><v> a &amp; b </v></c>': "a & b",
    b'<c r="B2" t="inlineStr"><is><t>x &lt; y</t></is></c>': "x < y",
    b'<c r="B2" t="inlineStr"><is><r><t>x </t></r><r><t xml:space="preserve">y</t></r></is></c>': "x y",
    b'<c r="B2"><f>A1+A2</f><v>19121212.0</v></c>': "19121212",
    b'<c s="1" r="B2" cm="1"><v>7</v></c>': "7",
    b'<c r="B2" s="1"/>': "",
}


def sheet(*cells: bytes) -> bytes:
    rows = b"".join(b'<row r="%d">%s</row>' % (number, cell) for number, cell in enumerate(cells, 1))
    return b'<worksheet xmlns="x"><cols><col min="1"/></cols><sheetData>' + rows + b"</sheetData></worksheet>"


@pytest.mark.parametrize(("cell", "text"), CELLS.items())
def test_cell_is_read(cell: bytes, text: str) -> None:
    assert "".join(sheet_lines(sheet(cell), STRINGS)) == (f"{text}\n" if text else "")


@pytest.mark.parametrize(("cell", "text"), CELLS.items())
def test_an_unusual_way_of_writing_it_says_the_same(cell: bytes, text: str) -> None:
    unusual = cell.replace(b' r="B2"', b' xr:uid="{0}" r="B2"')
    assert "".join(sheet_lines(sheet(unusual), STRINGS)) == (f"{text}\n" if text else "")


def test_rows_and_a_lost_zero_under_a_heading() -> None:
    heading = b'<c r="A1"><v>1</v></c><c r="C1" t="s"><v>1</v></c>'
    below = b'<c r="A2"><v>112121212</v></c><c r="C2"><v>112121212</v></c>'
    assert list(sheet_lines(sheet(heading, below), STRINGS)) == ["1\tPersonnummer\n", "112121212\t011212-1212\n"]
