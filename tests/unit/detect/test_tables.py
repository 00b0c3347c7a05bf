"""Tables in plain text."""

from __future__ import annotations

import pytest

from gateway.detect.tables import table_at, tables_of


@pytest.mark.parametrize(
    ("text", "commas", "rows"),
    [
        ("a;b\nc;d", False, [2]),
        ("namn\tnr\nAnna\t1\nBo\t2\n", False, [3]),
        ("a;b\n\nc;d\ne;f", False, [2]),
        ("a;b\nc\td\ne\tf", False, [2]),
        ("a,b\nc,d", True, [2]),
        ("Hej, alla\nVi ses, kram", False, []),
        ("ensam;rad", False, []),
        ("", False, []),
        (("x" * 3000 + ";y\n") * 3, False, []),
    ],
)
def test_lines_with_one_delimiter_are_a_table(text: str, commas: bool, rows: list[int]) -> None:
    assert [len(t.rows) for t in tables_of(text, commas=commas)] == rows


def test_cells_and_headings() -> None:
    text = "Lista\nnamn;pnr;ort\nAnna;12;Eket\nBo;34\n"
    (table,) = tables_of(text)
    position = text.index("12")
    heading = table.heading(text, position)
    assert heading is not None
    assert text[slice(*heading)] == "pnr"
    assert table.heading(text, text.index("pnr")) is None
    assert table.cell(text, 2, 2) is None
    assert table_at((table,), position) is table
    assert table_at((table,), 0) is None
