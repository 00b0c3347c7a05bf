"""Columns of identity numbers that a spreadsheet wrote."""

from __future__ import annotations

import pytest

from gateway.message.columns import restored


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("Namn;Personnummer\nKalle;101012391\nLisa;7809142388\n", ["Kalle\t010101-2391"]),
        ('"Namn","Pers.nr"\n"Kalle",7809142388.0\n', ["Kalle\t7809142388"]),
        ("Personnummer\tKlass\n780914\t2388\n", ["780914\t780914-2388\t2388"]),
        ("Rubrik\n\nNamn|Pnr\nKalle|1012392\n", ["Kalle\t000101-2392"]),
        ("Namn;Personalnr\nKalle;101012391\n", []),
        ("Namn;Belopp\nKalle;101012391.0\n", []),
        ("Personnummer\n101012391", []),
        ("", []),
    ],
)
def test_rows_are_read_as_a_spreadsheet_shows_them(text: str, lines: list[str]) -> None:
    assert restored(text) == lines
