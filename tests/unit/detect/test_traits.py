"""What is seen when a fact and a person are held together."""

from __future__ import annotations

import pytest

from gateway.detect.facts import facts_of
from gateway.detect.lexicon import Lexicon
from gateway.detect.pairing import Finder
from gateway.detect.sentences import Reader
from gateway.detect.traits import traits_of
from tests.unit.detect.conftest import MakePage

SEEN = [
    ("Karin Ek har njursvikt.", {"who:full", "far:0", "order:after", "after:have", "before:have", "tight:topics"}),
    ("Karin Ek föreläser om epilepsi.", {"after:speaking", "before:about", "after:only_speaking"}),
    ("Hos barn med epilepsi såg Karin Ek inget.", {"order:ahead", "near:plural"}),
    ("Karin Ek har inte epilepsi.", {"fact:negated"}),
    ("Att Karin Ek har epilepsi är osant.", {"sentence:denied"}),
    ("Karin Ek dog av tuberkulos 1911.", {"sentence:history"}),
    ("Påhittat fall. Hon har epilepsi.", {"earlier:hypothetical"}),
    ("En man kom. Karin Ek kom. Hon har epilepsi.", {"who:pronoun", "stands_for:full"}),
    ("En kvinna säger att hon har epilepsi.", {"stands_for:anybody"}),
    ("Patient: Karin Ek\nDiagnos: epilepsi", {"far:1", "far:field"}),
    ("Karin Dahls epilepsi är svår.", {"person:genitive"}),
    ("Jag har epilepsi.", {"who:self", "self/who:self"}),
    ("Bo Ek (S) är kommunist.", {"person:party", "office:political"}),
    ("Skicka Karin Eks diagnos.", {"sentence:request"}),
    ("Har Karin Ek epilepsi?", {"sentence:question"}),
    ("Ulla (epilepsi), Bo Ek (astma)", {"after:bracket"}),
]


@pytest.mark.parametrize(("text", "traits"), SEEN)
def test_a_pair_shows_its_traits(page: MakePage, lexicon: Lexicon, text: str, traits: set[str]) -> None:
    laid = page(text)
    finder = Finder(Reader(laid, lexicon.wordbook), [])
    seen = [traits_of(pair) for fact in facts_of(laid, lexicon.wordbook) for pair in finder.pairs(fact)]

    assert any(traits <= one for one in seen), seen
