"""Which persons a fact may be about."""

from __future__ import annotations

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
