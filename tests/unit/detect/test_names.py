"""Full names: text, and the names in it."""

from __future__ import annotations

import pytest

from tests.unit.detect.conftest import MakePage


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Anna Svensson och Bo Ek", ["Anna Svensson", "Bo Ek"]),
        ("anna svensson", []),
        ("Anna svensson", []),
        ("anna Svensson, Anna Ek", ["Anna Ek"]),
        ("Anna-Karin Svensson", ["Anna-Karin Svensson"]),
        ("Anna Maria Svensson", ["Anna Maria Svensson"]),
        ("Anna K. Svensson", ["Anna K. Svensson"]),
        ("Anna von Essen", ["Anna von Essen"]),
        ("Anna de la Gardie", ["Anna de la Gardie"]),
        ("Anna Svensson Berg", ["Anna Svensson Berg"]),
        ("Anna Xzyqvist", ["Anna Xzyqvist"]),
        ("Anna   Svensson", []),
        ("Anna, Svensson", []),
        ("Anna;Svensson", ["Anna;Svensson"]),
        ("Anna\tSvensson\t1", ["Anna\tSvensson"]),
        ("Anna|Svensson|x", ["Anna|Svensson"]),
        ("Anna;Svensson, x", []),
        ('"Anna";"Svensson"', ['Anna";"Svensson']),
        ('"Anna";"Svensson"\n', ['Anna";"Svensson']),
        ("Svensson, Anna", ["Svensson, Anna"]),
        ("Nu Svensson, Anna", ["Svensson, Anna"]),
        ("Nu Kungälv, Anna", []),
        ("Kungälv, Anna", ["Kungälv, Anna"]),
        ("Nu\nKungälv, Anna", ["Kungälv, Anna"]),
        ("nu;Kungälv, Anna", ["Kungälv, Anna"]),
        ("Ek;Anna;x", ["Ek;Anna"]),
        ("Ek Anna", []),
        ("Nu kom Xyz Svensson", ["Xyz Svensson"]),
        ("Nu kom xyz Svensson", []),
        ("Nu kom X Svensson", []),
        ("Nu kom Xyz svensson", []),
        ("Nu kom Xyz von Svensson", ["Xyz von Svensson"]),
        ("Nu (Xyz Svensson)", ["Xyz Svensson"]),
        ("nu;Xyz Svensson", ["Xyz Svensson"]),
        ("Xyz Svensson", []),
        (" Xyz Svensson", []),
        ("Nu. Xyz Svensson", []),
        ("Nu! Xyz Svensson", []),
        ("Nu? Xyz Svensson", []),
        ("Nu: Xyz Svensson", []),
        ("Nu\nXyz Svensson", []),
        ("Nu, Xyz Svensson", ["Xyz Svensson"]),
        ("Svensson kom. svensson. Nu kom Xyz Berg", ["Xyz Berg"]),
    ],
)
def test_full_names_are_found_where_they_stand(page: MakePage, text: str, names: list[str]) -> None:
    assert [text[slice(*name)] for name in page(text).names] == names
