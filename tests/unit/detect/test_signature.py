"""The end of a mail: which lines are a signature, and which firm or association it names."""

from __future__ import annotations

import pytest

from gateway.detect.signature import closing_lines, club_of, firm_of, signature_of
from gateway.model import Origin, Segment, SegmentKind
from tests.unit.detect.conftest import MakePage

OWN, SIGNATURE, QUOTED = SegmentKind.OWN, SegmentKind.SIGNATURE, SegmentKind.QUOTED


def laid(page: MakePage, *pieces: tuple[SegmentKind, str], **other: object) -> tuple[object, str]:
    text, segments = "", []
    for kind, piece in pieces:
        segments.append(Segment(kind=kind, start=len(text), end=len(text) + len(piece)))
        text += piece
    return page(text, segments=tuple(segments), **other), text


@pytest.mark.parametrize(
    ("pieces", "signature"),
    [
        ([(OWN, "Hej!\nBo Ek\n\n")], "Hej!\nBo Ek"),
        ([(OWN, "Hej!\n"), (SIGNATURE, "Bo Ek\n")], "Bo Ek\n"),
        ([(OWN, "Hej!\n"), (SIGNATURE, "Bo Ek\n"), (QUOTED, "> Hej\n"), (SIGNATURE, "Eva Lind\n")], "Eva Lind\n"),
        ([(OWN, "Hej!\n"), (QUOTED, "> Tja\n"), (OWN, "Bo Ek\n")], "Bo Ek"),
        ([(OWN, "Hej!\n"), (QUOTED, "> Tja\n")], "Hej!"),
        ([(QUOTED, "> Tja\n")], ""),
        ([(OWN, "x" * 500 + "\n")], "x" * 400),
        ([(OWN, "Hej!\n"), (SIGNATURE, "x" * 900)], "x" * 800),
    ],
)
def test_the_signature_is_the_last_one_else_the_end_of_ones_own_words(
    page: MakePage, pieces: list[tuple[SegmentKind, str]], signature: str
) -> None:
    made, text = laid(page, *pieces)
    assert text[slice(*signature_of(made))] == signature  # type: ignore[arg-type]


def test_what_is_somebody_else_s_as_a_whole_has_no_signature(page: MakePage) -> None:
    made, _ = laid(page, (OWN, "Hej!\nBo Ek"), origin=Origin.FORWARDED)
    assert signature_of(made) == (0, 0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("Vi ses på torsdag.\nBo Ek\nLedamot", ["Ledamot", "Bo Ek"]),
        ("Vi ses?\nBo Ek", ["Bo Ek"]),
        ("Vi ses!\nBo Ek", ["Bo Ek"]),
        ("Vi ses.  \nBo Ek", ["Bo Ek"]),
        ("Bo Ek\nLedamot", ["Ledamot", "Bo Ek"]),
        ("Bo Ek", ["Bo Ek"]),
        ("Bo Ek\n\nLedamot", ["Ledamot", "", "Bo Ek"]),
        (f"{'x' * 60}\nBo Ek", ["Bo Ek", "x" * 60]),
        (f"{'x' * 61}\nBo Ek", ["Bo Ek"]),
        ("\n".join("abcdefghij"), list("jihgfedc")),
        ("Hälsningar Bo.", []),
    ],
)
def test_the_closing_lines_are_short_and_no_sentences(page: MakePage, text: str, lines: list[str]) -> None:
    assert [text[start:end] for start, end in closing_lines(page(text))] == lines


@pytest.mark.parametrize(
    ("text", "firm"),
    [
        ("Hej.\nBo Ek\nEks Måleri AB", "Eks Måleri AB"),
        ("Hej.\nBo Ek, Eks Måleri AB", "Eks Måleri AB"),
        ("Hej.\nBo Ek\nvd Eks Måleri AB", "Eks Måleri AB"),
        ("Hej.\nBo Ek\nFirma Ek", "Firma Ek"),
        ("Hej.\nBo Ek\neks måleri AB", None),
        ("Hej.\nBo Ek\nÖrkelljungabostäder AB", None),
        ("Hej.\nÖrkelljungabostäder AB\nEks Måleri AB", "Eks Måleri AB"),
        ("Hej.\nEks Måleri AB\nÖrkelljungabostäder AB", "Eks Måleri AB"),
        ("Eks Måleri AB skrev.\nBo Ek", None),
        ("Hej.\nEks Måleri AB\nLinds Bageri HB", "Linds Bageri HB"),
    ],
)
def test_a_firm_that_signs_is_named(page: MakePage, text: str, firm: str | None) -> None:
    span = firm_of(page(text))
    assert (text[slice(*span)] if span else None) == firm


@pytest.mark.parametrize(
    ("text", "club"),
    [
        ("Hej.\nBo Ek\nOrdförande Örkelljunga IF", "Ordförande Örkelljunga IF"),
        ("Hej.\nBo Ek\nEkets Villaförening", "Villaförening"),
        ("Hej.\nBo Ek\nBrf Ekorren", "Brf Ekorren"),
        ("Örkelljunga IF spelar.\nBo Ek", None),
        ("Hej.\nÖrkelljunga IF\nBo Ek", "Örkelljunga IF"),
    ],
)
def test_an_association_that_signs_is_named(page: MakePage, text: str, club: str | None) -> None:
    span = club_of(page(text))
    assert (text[slice(*span)] if span else None) == club
