"""Who is meant in a sentence, and how well he is pointed out."""

from __future__ import annotations

import pytest

from gateway.detect.lexicon import Lexicon
from gateway.detect.mentions import Mention, Who, mentions_of
from gateway.detect.sentences import Reader
from tests.unit.detect.conftest import MakePage

PERSONS = [
    ("I dag kom Karin Lindgren hit.", Who.FULL, "karin lindgren"),
    ("I dag kom Elle Sarri hit.", Who.FULL, "elle sarri"),
    ("I dag kom Jens W hit.", Who.FULL, "jens w"),
    ("Frånvaro: Lind P, tre dagar.", Who.FULL, "lind p"),
    ("Elton i 5C slåss.", Who.PLACED, "elton i 5c"),
    ("Tommy på värmeverket kom.", Who.PLACED, "tommy på värmeverket"),
    ("Ragnhild Quist, Kyrkogatan 5, ringde.", Who.FULL, "ragnhild quist , kyrkogatan 5"),
    ("Socialchefen Petra ringde.", Who.TITLED, "socialchefen petra"),
    ("Min moster Valborg ringde.", Who.TITLED, "moster valborg"),
    ("Sedan ringde Petra.", Who.GIVEN, "petra"),
    ("Paret Lakatos kom.", Who.FAMILY, "paret lakatos"),
    ("Min granne på Ängsvägen 3 ringde.", Who.RELATION, "granne på ängsvägen"),
    ("Jag hörde att Pias yngsta ringde.", Who.RELATION, "yngsta"),
    ("I går ringde ekonomichefen.", Who.ROLE, "ekonomichefen"),
    ("I går ringde hyresgästen i lägenhet 4.", Who.SUBJECT, "hyresgästen i lägenhet"),
    ("I går ringde hon.", Who.PRONOUN, "hon"),
    ("I går ringde jag.", Who.SELF, "jag"),
]

NOBODY = [
    "En man ringde.",
    "Barn och unga ska ha det bra.",
    "Regeringen och Socialstyrelsen utreder.",
    "Dag ut och dag in kom bara regn.",
    "Det finns inga klara besked.",
]


def _mentions(page: MakePage, lexicon: Lexicon, text: str) -> tuple[list[Mention], list[str]]:
    reader = Reader(page(text), lexicon.wordbook)
    sentence = reader.sentence(0)
    found = mentions_of(sentence, lower_case=reader.lower_case)
    return found, [" ".join(t.low for t in sentence.tokens[m.first : m.last]) for m in found]


@pytest.mark.parametrize(("text", "who", "words"), PERSONS)
def test_a_person_is_found_with_what_points_him_out(
    page: MakePage, lexicon: Lexicon, text: str, who: Who, words: str
) -> None:
    found, texts = _mentions(page, lexicon, text)

    assert (who, words) in [(m.who, t) for m, t in zip(found, texts, strict=True)]


@pytest.mark.parametrize("text", NOBODY)
def test_nobody_is_found_where_nobody_is_pointed_out(page: MakePage, lexicon: Lexicon, text: str) -> None:
    assert _mentions(page, lexicon, text)[0] == []


def test_names_without_capital_letters_count_where_the_writer_uses_none(page: MakePage, lexicon: Lexicon) -> None:
    (found,), texts = _mentions(page, lexicon, "såg du rolf stenmark igår")

    assert (found.who, texts) == (Who.FULL, ["rolf stenmark"])


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("Då yrkade Bo Ek (S) avslag.", "party"),
        ("Då yrkade ledamoten Bo Ek avslag.", "office"),
        ("Då kom doktor Nina Holm.", "calling"),
        ("Då ringde min granne.", "owned"),
        ("Då slog han sin son.", "reflexive"),
        ("Då kom han eller hon.", "generic"),
    ],
)
def test_a_person_carries_what_is_said_of_him(page: MakePage, lexicon: Lexicon, text: str, flag: str) -> None:
    assert any(getattr(m, flag) for m in _mentions(page, lexicon, text)[0])
