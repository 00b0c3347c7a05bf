"""What sentences look like to the model."""

from __future__ import annotations

from gateway.detect.facts import facts_of
from gateway.detect.lexicon import Lexicon
from gateway.detect.pairing import Finder
from gateway.detect.senses import Senses
from gateway.detect.sentences import Reader
from gateway.detect.shapes import Contents, features_of, senses_of
from tests.unit.detect.conftest import MakePage

PLAIN = frozenset({"har", "fått", "en", "."})
SENSES = Senses({"disease": ("stroke",), "theft": ("ta_ur_kassa",), "vehicle": ("bil",)}, (("ta", "tog"),))


def _features(page: MakePage, lexicon: Lexicon, text: str) -> tuple[set[str], ...]:
    laid = page(text)
    finder = Finder(Reader(laid, lexicon.wordbook), [])
    sentence = finder.reader.sentence(0)
    return features_of(
        sentence, Contents(finder.mentions(sentence), facts_of(laid, lexicon.wordbook), {"far:0"}), PLAIN, SENSES
    )


def test_sentences_with_other_names_and_other_illnesses_are_built_alike(page: MakePage, lexicon: Lexicon) -> None:
    one = _features(page, lexicon, "Karin Ek har fått en stroke.")
    other = _features(page, lexicon, "Nils Berg har fått en hjärtinfarkt.")

    assert one[1] == other[1]
    assert "g:@full har fått" in one[1]


def test_a_person_and_a_fact_stand_for_their_words_in_pairs_of_words(page: MakePage, lexicon: Lexicon) -> None:
    pairs, _, marks, traits, _ = _features(page, lexicon, "Karin Ek har fått en stroke.")

    assert {"b:^ @full", "b:@full har", "b:en #health"} <= pairs
    assert {"p:full", "k:health:topics", "pk:full:health"} <= marks
    assert traits == {"t:far:0"}


def test_numbers_are_alike_and_nobody_is_a_mark(page: MakePage, lexicon: Lexicon) -> None:
    pairs, _, marks, *_ = _features(page, lexicon, "Vägen kostar 400 kronor.")

    assert "b:kostar 0" in pairs
    assert marks == {"p:none"}


def test_what_words_and_phrases_mean_is_a_feature() -> None:
    assert senses_of(["hennes", "bil", "fick", "stroken"], SENSES) == {"m:vehicle", "m:disease"}
    assert senses_of(["då", "tog", "han", "pengar", "ur", "kassan"], SENSES) == {"m:theft"}


def test_senses_near_each_other_and_near_persons_are_features(page: MakePage, lexicon: Lexicon) -> None:
    *_, near = _features(page, lexicon, "Karin Ek har inte fått en stroke i bilen.")

    assert {"n:@full>~have", "n:~not>disease", "n:disease>vehicle", "np:@full:disease", "np:@full:~not"} <= near
    assert "n:vehicle>disease" not in near


def test_a_phrase_stands_where_it_begins(page: MakePage, lexicon: Lexicon) -> None:
    *_, near = _features(page, lexicon, "Karin Ek tog hela kassan med bilen, tog ur bilen och tog ur kassan.")

    assert {"n:vehicle>theft", "np:@full:theft"} <= near
