"""The model's say about what the rules found: raised, doubted, left alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from gateway.detect.buckets import BUCKETS, bucket
from gateway.detect.lexicon import Lexicon
from gateway.detect.model import Balance, Heading, Model
from gateway.detect.opinion import NAME, READ_WHOLE, second_opinion
from gateway.detect.view import View
from gateway.model import Confidence, Finding, Origin, Segment, SegmentKind
from tests.unit.detect.conftest import MakeMessage, MakePart

HEALTH = "special_category:health"
RULES = ("special_category", "private", "solicitation")
FACT, KISS, DULL, ASK, NAMED = "w:blombergad", "w:pussigull", "w:sammanträdet", "w:mejla", "w:lakatos"
WHOLE = "w:altanen"

Opinion = Callable[..., list[Finding]]


@pytest.fixture(scope="module")
def taught(lexicon: Lexicon) -> Lexicon:
    """The word lists with a model that knows four words."""
    balance = Balance(0.0, 1.0, 1.0, 0.0, 0.5, 0.0, 4.0, 2.0, -2.0, -9.0)
    heading = Heading(balances=dict.fromkeys(RULES, balance), kinds=("health", "crime"), scale=2.0, whole_scale=0.5)
    rows = bytearray([128]) * (BUCKETS * heading.lanes)
    for feature, lane, weight in (
        (FACT, 0, 60),
        (FACT, 3, 60),
        (ASK, 2, 60),
        (NAMED, 0, 60),
        (KISS, 1, 60),
        (DULL, 0, -90),
        (DULL, 1, -90),
        (WHOLE, len(RULES) + 2 + 1, 40),
    ):
        rows[bucket(feature) * heading.lanes + lane] = min(255, max(0, 128 + 3 * weight))
    return replace(lexicon, model=Model(heading, bytes(rows)))


@pytest.fixture
def opinion(taught: Lexicon, part: MakePart, message: MakeMessage) -> Opinion:
    """A function that returns what becomes of findings in a text."""

    def run(text: str, *findings: Finding, **other: object) -> list[Finding]:
        return second_opinion(View(message(part(text, **other)), taught), taught, findings)

    return run


def _found(rule: str, confidence: Confidence, **other: object) -> Finding:
    values = {"part": "1", "segment": SegmentKind.OWN, "origin": Origin.OWN, "evidence": "", "reason": "", **other}
    return Finding(rule=rule, detector="x", confidence=confidence, **values)  # type: ignore[arg-type]


def test_words_that_speak_for_a_rule_are_a_finding_with_a_reason(opinion: Opinion) -> None:
    (finding,) = opinion("Karin Ek är blombergad.")

    assert (finding.rule, finding.detector, finding.confidence) == (HEALTH, NAME, Confidence.HIGH)
    assert finding.reason == "Ordvalet i mejlets text tyder på en hälsouppgift om en person som går att känna igen."


def test_about_oneself_it_is_no_more_than_likely(opinion: Opinion) -> None:
    (finding,) = opinion("Jag är blombergad.")

    assert finding.confidence is Confidence.MEDIUM


def test_other_rules_have_their_own_reason(opinion: Opinion) -> None:
    (finding,) = opinion("Hej min pussigull!")

    assert (finding.rule, finding.reason) == ("private", "Ordvalet i mejlets text tyder på ett privat mejl.")


def test_what_a_rule_found_is_raised(opinion: Opinion) -> None:
    found = _found(HEALTH, Confidence.MEDIUM)

    assert [f.confidence for f in opinion("Karin Ek är blombergad.", found)] == [Confidence.MEDIUM, Confidence.HIGH]


def test_what_is_certain_already_is_left_alone(opinion: Opinion) -> None:
    found = _found(HEALTH, Confidence.HIGH)

    assert opinion("Karin Ek är blombergad.", found) == [found]


def test_what_the_words_speak_against_is_doubted(opinion: Opinion) -> None:
    found = _found("private", Confidence.MEDIUM)

    assert [f.confidence for f in opinion("Handlingar till sammanträdet.", found)] == [Confidence.LOW]


def test_other_rules_and_other_people_s_words_are_not_doubted(opinion: Opinion) -> None:
    found = [
        _found("personnummer", Confidence.HIGH),
        _found("private", Confidence.HIGH, segment=SegmentKind.QUOTED),
        _found("private", Confidence.HIGH, origin=Origin.FORWARDED),
        _found("private", Confidence.HIGH, part="2"),
    ]

    assert opinion("Handlingar till sammanträdet.", *found) == found


@pytest.mark.parametrize("kind", [SegmentKind.QUOTED, SegmentKind.FORWARDED, SegmentKind.DISCLAIMER])
def test_words_of_others_are_not_read(opinion: Opinion, kind: SegmentKind) -> None:
    text = "Tack för brevet.\nKarin Ek är blombergad.\n"
    segments = (Segment(kind=SegmentKind.OWN, start=0, end=17), Segment(kind=kind, start=17, end=len(text)))

    assert opinion(text, segments=segments) == []
    assert opinion(text, origin=Origin.FORWARDED) == []


def test_a_long_text_is_read_only_where_something_was_found(opinion: Opinion) -> None:
    dull = "Nämnden behandlar ärendet om vägen. " * (READ_WHOLE // 30)
    found = _found(HEALTH, Confidence.MEDIUM, start=len(dull), end=len(dull) + 5)

    assert opinion(dull + "Karin Ek är blombergad.") == []
    assert [f.confidence for f in opinion(dull + "Karin Ek är blombergad.", found)][1:] == [Confidence.HIGH]


def test_in_a_mail_of_very_many_sentences_what_was_found_in_a_late_one_is_read(opinion: Opinion) -> None:
    dull = "Vägen är öppen. " * 80
    assert len(dull) < READ_WHOLE
    found = _found(HEALTH, Confidence.MEDIUM, start=len(dull), end=len(dull) + 5)

    assert opinion(dull + "Karin Ek är blombergad.") == []
    assert [f.confidence for f in opinion(dull + "Karin Ek är blombergad.", found)][1:] == [Confidence.HIGH]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Vägen är öppen.", []),
        ("Vi målar altanen på lördag. Vägen är öppen. Kom gärna dit. Bron är stängd.", ["private"]),
    ],
)
def test_a_mail_speaks_as_a_whole_too(opinion: Opinion, text: str, expected: list[str]) -> None:
    assert [f.rule for f in opinion(text)] == expected


def test_lines_that_are_alike_but_for_a_number_speak_once(opinion: Opinion) -> None:
    once = "Nämnden behandlar ärendet om vägen och bron vid sjön. " * 6

    assert opinion(once + "".join(f"Altanen {n} här.\n" for n in range(40))) == opinion(once + "Altanen 1 här.\n")


def test_in_a_long_text_too_what_the_words_speak_against_is_doubted(opinion: Opinion) -> None:
    dull = "Vägen är öppen. " * (READ_WHOLE // 15)
    found = _found("private", Confidence.MEDIUM, start=len(dull), end=len(dull) + 5)

    assert [f.confidence for f in opinion(dull + "Handlingar till sammanträdet.", found)] == [Confidence.LOW]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Hej Karin! Det är blombergad.", []), ("Hej Karin, Bo Ek är blombergad.", [HEALTH])],
)
def test_whom_a_mail_is_for_is_nobody_whom_it_speaks_of(opinion: Opinion, text: str, expected: list[str]) -> None:
    assert [f.rule for f in opinion(text)] == expected


def test_in_a_long_text_words_of_others_are_not_read_either(opinion: Opinion) -> None:
    dull = "Vägen är öppen. " * (READ_WHOLE // 15)
    own, quoted = dull + "Karin Ek kom hit.\n\n", "Karin Ek är blombergad."
    segments = (
        Segment(kind=SegmentKind.OWN, start=0, end=len(own)),
        Segment(kind=SegmentKind.QUOTED, start=len(own), end=len(own + quoted)),
    )
    last = _found("private", Confidence.MEDIUM, start=len(dull) + 2, end=len(dull) + 5)
    theirs = _found("private", Confidence.MEDIUM, start=len(own) + 2, end=len(own) + 5, segment=SegmentKind.QUOTED)

    assert opinion(own + quoted, last, theirs, segments=segments) == [last, theirs]


def test_the_name_of_a_person_is_no_evidence(opinion: Opinion) -> None:
    assert opinion("Nu kom Zoltan Lakatos hit.") == []
    assert opinion("Lakatos kom hit med Bo Ek.") == []
    assert [f.rule for f in opinion("Nu kom lakatos hit, sa Bo Ek.")] == [HEALTH]


def test_without_a_model_nothing_changes(lexicon: Lexicon, part: MakePart, message: MakeMessage) -> None:
    plain = replace(lexicon, model=None)
    found = _found("private", Confidence.HIGH)

    assert second_opinion(View(message(part("Hej min pussigull!")), plain), plain, [found]) == [found]


@pytest.mark.parametrize("text", ["", " \n ", "\ud800", "a" * 3000, "🙂" * 50, "\u202eKarin\u0000"])
def test_any_text_has_an_opinion(opinion: Opinion, text: str) -> None:
    assert opinion(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mejla ditt läkarintyg.", ["solicitation"]),
        ("Mejla aldrig ditt läkarintyg.", []),
    ],
)
def test_a_request_that_is_taken_back_is_none(opinion: Opinion, text: str, expected: list[str]) -> None:
    assert [f.rule for f in opinion(text)] == expected


def test_who_gives_data_away_is_told_that_alone(opinion: Opinion) -> None:
    text = "Mejla ditt läkarintyg."

    for rule, confidence, more in (
        ("financial", Confidence.HIGH, []),
        ("financial", Confidence.MEDIUM, ["solicitation"]),
        ("private", Confidence.HIGH, ["solicitation"]),
    ):
        assert [f.rule for f in opinion(text, _found(rule, confidence))][1:] == more


def test_a_fact_without_anybody_is_none(opinion: Opinion) -> None:
    assert opinion("Vägen och bron är blombergade, blombergad.") == []
