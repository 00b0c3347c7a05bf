"""Where a stretch begins and ends, and what the cues in it come to."""

from __future__ import annotations

import pytest

from gateway.detect.weighing import Cue, _outer_paragraphs, _paragraph, sum_of
from tests.unit.detect.conftest import MakePage

TEXT = "ett\n\ntvå\n\nhär står ordet och mer\n\nfyra\n\nfem"
WORD = (TEXT.index("ordet"), TEXT.index("ordet") + 5)


@pytest.mark.parametrize(
    ("left", "right", "stretch"),
    [
        (0, len(TEXT), "här står ordet och mer"),
        (TEXT.index("står"), len(TEXT), "står ordet och mer"),
        (0, TEXT.index(" mer"), "här står ordet och"),
        (TEXT.index("två") - 2, TEXT.index("fyra") + 1, "här står ordet och mer"),
    ],
)
def test_a_window_is_cut_where_an_empty_line_ends_the_paragraph(
    page: MakePage, left: int, right: int, stretch: str
) -> None:
    start, end = _paragraph(page(TEXT), WORD, left, right)
    assert TEXT[start:end] == stretch


def test_an_empty_line_at_the_very_edges_cuts_too(page: MakePage) -> None:
    text = "\n\nordet\n\n"
    # What is laid out keeps its empty lines: the positions are those of the text.
    laid = page(text)
    at = laid.text.index("ordet")
    start, end = _paragraph(laid, (at, at + 5), 0, len(laid.text))
    assert laid.text[start:end] == "ordet"


def test_the_first_two_and_the_last_paragraph_stand_alone() -> None:
    assert [TEXT[start:end] for start, end in _outer_paragraphs(TEXT, 0, len(TEXT))] == ["ett", "två", "fem"]
    assert [TEXT[start:end] for start, end in _outer_paragraphs(TEXT + "\n\n", 0, len(TEXT) + 2)] == [
        "ett",
        "två",
        "fem",
    ]
    assert _outer_paragraphs("ett stycke", 0, 10) == []


@pytest.mark.parametrize(
    ("cues", "total"),
    [
        ([], 0.0),
        ([(0, 3, 1.5, "a"), (4, 7, 2.0, "b")], 3.5),
        ([(0, 3, 1.5, "a"), (4, 7, 1.5, "a")], 1.5),
        ([(0, 9, 2.0, "a b"), (0, 3, 1.0, "a"), (6, 9, 1.0, "b")], 2.0),
        ([(0, 3, 1.0, "a"), (3, 6, 1.0, "b")], 2.0),
        ([(0, 6, 1.0, "a"), (3, 9, 1.0, "b")], 2.0),
    ],
)
def test_words_are_counted_once_and_not_inside_a_phrase(cues: list[tuple[int, int, float, str]], total: float) -> None:
    assert sum_of([Cue(*cue) for cue in cues]) == total
