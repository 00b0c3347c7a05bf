"""What is seen when a fact and a person are held together."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.detect.facts import facts_of
from gateway.detect.lexicon import Lexicon
from gateway.detect.mentions import Who
from gateway.detect.pairing import Finder
from gateway.detect.sentences import Reader
from gateway.detect.special_category import most_of
from gateway.detect.traits import traits_of
from gateway.model import Confidence
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


def _cases() -> list[tuple[str, list[str]]]:
    """Return the texts of ``traits_cases.txt`` with the traits of each pair below them."""
    cases: list[tuple[str, list[str]]] = []
    for line in Path(__file__).with_name("traits_cases.txt").read_text("utf-8").splitlines():
        if line.startswith(" "):
            cases[-1][1].append(line.strip())
        else:
            cases.append((line.replace("\\n", "\n"), []))
    return cases


@pytest.mark.parametrize(("text", "pairs"), _cases())
def test_a_pair_shows_these_traits_and_no_others(page: MakePage, lexicon: Lexicon, text: str, pairs: list[str]) -> None:
    """The weights were fitted to exactly these."""
    laid = page(text)
    finder = Finder(Reader(laid, lexicon.wordbook), [])
    seen = [traits_of(pair) for fact in facts_of(laid, lexicon.wordbook) for pair in finder.pairs(fact)]
    assert [" ".join(sorted(t for t in one if not t.startswith("self/"))) for one in seen] == pairs
    for one in seen:
        selves = {t.removeprefix("self/") for t in one if t.startswith("self/")}
        assert selves == ({t for t in one if not t.startswith("self/")} if "who:self" in one else set())


@pytest.mark.parametrize(
    ("text", "most"),
    [
        ("Karin Ek har cancer.", Confidence.HIGH),
        ("Jag har cancer.", Confidence.MEDIUM),
        ("Att Karin Ek har cancer är osant.", Confidence.LOW),
        ("Karin Ek dog i cancer 1911.", Confidence.LOW),
        ("Ett påhittat fall: Karin Ek har cancer.", Confidence.LOW),
        ("Påhittat fall. Hon har cancer.", Confidence.LOW),
    ],
)
def test_what_is_denied_or_made_up_is_hardly_certain(
    page: MakePage, lexicon: Lexicon, text: str, most: Confidence
) -> None:
    laid = page(text)
    finder = Finder(Reader(laid, lexicon.wordbook), [])
    pairs = [pair for fact in facts_of(laid, lexicon.wordbook) for pair in finder.pairs(fact)]
    assert {most_of(pair, traits_of(pair)) for pair in pairs} == {most}


JOINTS = [
    ",",
    ";",
    ":",
    "(",
    ")",
    "-",
    "men",
    "utan",
    "och",
    "som",
    "eftersom",
    "därför",
    "då",
    "för",
    "när",
    "att",
    "sedan",
    "medan",
    "but",
    "because",
    "who",
]


@pytest.mark.parametrize("joint", [*JOINTS, "i", "av", ""])
def test_a_negation_reaches_no_further_than_its_clause(page: MakePage, lexicon: Lexicon, joint: str) -> None:
    laid = page(f"Nu har Karin Ek inte tid {joint} cancer kom")
    finder = Finder(Reader(laid, lexicon.wordbook), [])
    (seen,) = (
        traits_of(p) for f in facts_of(laid, lexicon.wordbook) for p in finder.pairs(f) if p.mention.who is Who.FULL
    )
    assert ("fact:negated" in seen) is (joint not in JOINTS)
