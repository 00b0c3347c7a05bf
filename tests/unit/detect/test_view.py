"""Pages, segments and sentences."""

from __future__ import annotations

import pytest

from gateway.detect.lexicon import Lexicon
from gateway.detect.view import Kind, View
from gateway.model import Confidence, Finding, Origin, Segment, SegmentKind
from tests.unit.detect.conftest import MakeMessage, MakePage, MakePart


def test_subject_body_attachment_and_file_name_are_pages(
    lexicon: Lexicon, message: MakeMessage, part: MakePart
) -> None:
    view = View(
        message(
            part("Ämne", path="subject", body=False),
            part("Text"),
            part("Bilaga", path="2", body=False, filename="lista.txt"),
            part("", path="3", body=False, filename="bild.png"),
        ),
        lexicon,
    )
    assert [(p.kind, p.text) for p in view.pages] == [
        (Kind.SUBJECT, "Ämne"),
        (Kind.BODY, "Text"),
        (Kind.ATTACHMENT, "Bilaga"),
        (Kind.FILENAME, "lista.txt"),
        (Kind.FILENAME, "bild.png"),
    ]


def test_segments_follow_the_text_through_normalisation(page: MakePage) -> None:
    text = "Eg\u200bet\r\n> citat\r\nmer"
    marks = [(SegmentKind.OWN, 0, 7), (SegmentKind.QUOTED, 7, 16), (SegmentKind.OWN, 16, len(text))]
    laid = page(text, segments=tuple(Segment(kind=k, start=s, end=e) for k, s, e in marks))
    assert [laid.text[s:e] for _, s, e in laid.segments] == ["Eget\n", "> citat\n", "mer"]
    assert laid.segment_at(6) is SegmentKind.QUOTED
    assert [laid.text[s:e] for s, e in laid.stretches(SegmentKind.OWN)] == ["Eget\n", "mer"]


def test_nothing_in_a_forwarded_part_is_own(page: MakePage) -> None:
    laid = page("hej", origin=Origin.FORWARDED)
    assert not laid.own_at(1)
    assert list(laid.stretches(SegmentKind.OWN)) == []


@pytest.mark.parametrize(
    ("text", "word", "sentence"),
    [
        ("Ett. Det här är två! Tre?", "här", "Det här är två!"),
        ("Se t.ex. sidan två. Slut.", "sidan", "Se t.ex. sidan två."),
        ("Ring kl. 10 på fredag. Hej.", "fredag", "Ring kl. 10 på fredag."),
        ("Rubrik utan punkt\n\nNytt stycke här", "Nytt", "Nytt stycke här"),
        ("- första punkten\n- andra punkten", "andra", "- andra punkten"),
        ("bruten\nrad i samma mening", "rad", "bruten\nrad i samma mening"),
    ],
)
def test_sentences(page: MakePage, text: str, word: str, sentence: str) -> None:
    laid = page(text)
    start, end = laid.sentence(text.index(word))
    assert laid.text[start:end].strip() == sentence


def test_a_sentence_has_bounds(page: MakePage) -> None:
    laid = page("ord " * 100_000)
    start, end = laid.sentence(200_000)
    assert end - start <= 1000


def test_own_findings_are_noted_for_later_detectors(lexicon: Lexicon, message: MakeMessage, part: MakePart) -> None:
    view = View(message(part("x")), lexicon)

    def finding(rule: str, confidence: Confidence, segment: SegmentKind) -> Finding:
        return Finding(
            rule=rule,
            detector="d",
            confidence=confidence,
            part="1",
            segment=segment,
            origin=Origin.OWN,
            evidence="",
            reason="",
        )

    view.note(
        [
            finding("special_category:health", Confidence.HIGH, SegmentKind.OWN),
            finding("financial", Confidence.LOW, SegmentKind.OWN),
            finding("personnummer", Confidence.HIGH, SegmentKind.QUOTED),
        ]
    )
    assert view.noted == {"special_category"}
