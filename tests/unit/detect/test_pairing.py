"""Which persons a fact may be about."""

from __future__ import annotations

import pytest

from gateway.detect.facts import facts_of
from gateway.detect.lexicon import Lexicon
from gateway.detect.mentions import Mention, Who
from gateway.detect.pairing import Finder
from gateway.detect.sentences import Reader
from gateway.detect.traits import Pair
from tests.unit.detect.conftest import MakePage


def _pairs(page: MakePage, lexicon: Lexicon, text: str, heading: list[Mention] | None = None) -> list[Pair]:
    laid = page(text)
    finder = Finder(Reader(laid, lexicon.wordbook), heading or [])
    return [pair for fact in facts_of(laid, lexicon.wordbook) for pair in finder.pairs(fact)]


def test_a_pronoun_stands_for_the_person_of_the_sentence_before(page: MakePage, lexicon: Lexicon) -> None:
    pairs = _pairs(page, lexicon, "Jag mötte Edvin Brask. Han har epilepsi.")

    assert [(p.mention.who, p.distance) for p in pairs] == [(Who.PRONOUN, 0), (Who.FULL, 1)]
    assert pairs[0].antecedent is not None
    assert pairs[0].antecedent.who is Who.FULL


def test_a_name_in_the_same_sentence_comes_before_one_in_an_earlier(page: MakePage, lexicon: Lexicon) -> None:
    pairs = _pairs(page, lexicon, "Jag mötte Edvin Brask. Karin Ek sa att hon har epilepsi.")
    pronoun = next(p for p in pairs if p.mention.who is Who.PRONOUN)

    assert pronoun.antecedent is not None
    assert pronoun.antecedent.first == 0


def test_long_sentences_without_a_person_go_back_to_nobody(page: MakePage, lexicon: Lexicon) -> None:
    text = "Jag mötte Edvin Brask. I rapporten står att epilepsi " + "och annat " * 20 + "ska utredas mer."

    assert _pairs(page, lexicon, text) == []


def test_a_crowd_of_names_costs_no_more_than_a_few(page: MakePage, lexicon: Lexicon) -> None:
    names = ", ".join(f"{name} Ek" for name in ["Karin", "Lena", "Olle", "Eva", "Nils", "Anna", "Lars", "Erik"])

    assert len(_pairs(page, lexicon, f"Listan {names} har epilepsi.")) == 6


def test_the_heading_is_asked_last(page: MakePage, lexicon: Lexicon) -> None:
    heading = [Mention(0, 2, Who.FULL)]

    assert [p.distance for p in _pairs(page, lexicon, "har fått epilepsi", heading)] == [0, 3]
    assert [p.distance for p in _pairs(page, lexicon, "Karin Ek har fått epilepsi", heading)] == [0]


NAMES = [f"{name} Ek" for name in ("Karin", "Lena", "Olle", "Eva", "Nils", "Anna", "Lars", "Erik")]


@pytest.mark.parametrize(
    ("text", "looked_at"),
    [
        (f"Cancer har {', '.join(NAMES)} kanske.", NAMES[:6]),
        (f"{', '.join(NAMES)} har cancer.", NAMES[:1:-1]),
        (
            f"{', '.join(NAMES[:4])} har cancer, {', '.join(NAMES[4:])}",
            ["Eva", "Olle", "Nils", "Lena", "Anna", "Karin"],
        ),
    ],
)
def test_of_a_crowd_those_who_stand_nearest_are_looked_at(
    page: MakePage, lexicon: Lexicon, text: str, looked_at: list[str]
) -> None:
    pairs = _pairs(page, lexicon, text)
    firsts = [p.sentence.tokens[p.mention.first].low for p in pairs]
    assert firsts == [name.split()[0].lower() for name in looked_at]


@pytest.mark.parametrize(
    ("text", "antecedent"),
    [
        ("Grannen kom med Karin Ek. Hon har cancer.", Who.FULL),
        ("Karin i 5C kom med familjen Ek. Hon har cancer.", Who.PLACED),
        ("Familjen Ek kom med Karin. Hon har cancer.", Who.FAMILY),
        ("Grannen kom med Karin. Hon har cancer.", Who.GIVEN),
        ("Grannen kom med socialchefen. Hon har cancer.", Who.RELATION),
        ("Socialchefen såg att eleven och Lindgren kom. Hon har cancer.", Who.ROLE),
        ("Nu såg eleven att Lindgren kom. Hon har cancer.", Who.SUBJECT),
        ("Karin sa till grannen att hon har cancer.", Who.GIVEN),
        ("Hon sa att han har cancer.", None),
        ("Jag kom. Hon har cancer.", None),
    ],
)
def test_a_pronoun_stands_for_whoever_is_pointed_out_best(
    page: MakePage, lexicon: Lexicon, text: str, antecedent: Who | None
) -> None:
    pronoun = [p for p in _pairs(page, lexicon, text) if p.mention.who is Who.PRONOUN][-1]
    assert (pronoun.antecedent.who if pronoun.antecedent else None) is antecedent


def test_two_sentences_back_are_looked_at_the_nearest_first(page: MakePage, lexicon: Lexicon) -> None:
    text = "Olle Ek sov. Karin Ek kom. Lena i 5C gick. Hon har cancer."
    assert [(p.mention.who, p.distance) for p in _pairs(page, lexicon, text)] == [
        (Who.PRONOUN, 0),
        (Who.PLACED, 1),
        (Who.FULL, 2),
    ]


@pytest.mark.parametrize(("length", "distances"), [(99, [1]), (100, [])])
def test_a_short_line_without_anybody_goes_back_too(
    page: MakePage, lexicon: Lexicon, length: int, distances: list[int]
) -> None:
    line = " Det blev cancer".ljust(length - 1, "x") + "."
    assert [p.distance for p in _pairs(page, lexicon, f"Karin Ek kom.{line}")] == distances


def test_a_case_made_up_in_the_sentence_before_is_marked(page: MakePage, lexicon: Lexicon) -> None:
    assert [p.made_up for p in _pairs(page, lexicon, "Ett påhittat fall. Hon har cancer.")] == [True]
    assert [p.made_up for p in _pairs(page, lexicon, "Karin Ek kom. Hon har cancer.")][:1] == [False]


def test_persons_of_a_sentence_are_read_once(page: MakePage, lexicon: Lexicon) -> None:
    reader = Reader(page("Karin Ek kom. Grannen gick."), lexicon.wordbook)
    finder = Finder(reader, [])
    assert finder.mentions(reader.sentence(0)) is finder.mentions(reader.sentence(3))
    assert [m.who for m in finder.named()] == [Who.FULL]
    assert Finder(Reader(page("Grannen gick."), lexicon.wordbook), []).named() == []
