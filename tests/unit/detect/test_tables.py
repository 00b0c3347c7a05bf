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
        (("x" * 1998 + ";y\n") * 3, False, [3]),
        (("x" * 1999 + ";y\n") * 3, False, []),
        (";a\n;b", False, [2]),
        (";\n;", False, [2]),
        ("a;b\nc;d\n\ne;f\ng;h\ni;j\n\nk;l", False, [2, 3]),
        ("a;b\nc;d\ne\tf\ng\th", False, [2, 2]),
        ("a|b\nc|d\ne;f", False, [2]),
        ("a;b\nc;d", True, [2]),
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


def test_only_commas_of_a_file_delimit() -> None:
    assert tables_of("a,b\nc,d") == ()
    assert [t.delimiter for t in tables_of("a,b\nc,d\n\ne|f\ng|h", commas=True)] == [",", "|"]


@pytest.mark.parametrize(
    ("row", "column", "cell"),
    [(0, 0, "namn"), (0, 1, "pnr"), (0, 2, ""), (1, 0, ""), (1, 1, "12"), (2, 1, "34 5"), (2, 2, None), (0, 3, None)],
)
def test_a_cell_ends_with_its_row(row: int, column: int, cell: str | None) -> None:
    text = "namn;pnr;\n;12;x\nBo;34 5\na;b;c;d"
    (table,) = tables_of(text)
    span = table.cell(text, row, column)
    assert (text[slice(*span)] if span else None) == cell


def test_a_table_ends_where_its_last_row_does() -> None:
    text = "a;b\nc;d\n\nslut"
    tables = tables_of(text)
    assert [table_at(tables, position) is not None for position in (0, 6, 7)] == [True, True, False]
    assert (tables[0].start, tables[0].end) == (0, 7)
