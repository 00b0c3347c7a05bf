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

FLAGS = (
    "placed", "owned", "loosely", "reflexive", "generic", "titled", "office", "calling", "party", "public", "addressed",
)  # fmt: skip

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


@pytest.mark.parametrize(
    ("text", "mentions"),
    [
        ("I dag kom Karin Lindgren, Storgatan 5, hit.", ["full: karin lindgren , storgatan 5 [placed]"]),
        ("I dag kom Karin von Essen hit.", ["full: karin von essen"]),
        ("I dag kom Karin Maria Sofia Lindgren Berg hit.", ["full: karin maria sofia lindgren", "surname: berg"]),
        ("I dag kom Karins Lindgren hit.", ["given: karins", "surname: lindgren"]),
        ("I dag kom Karin L hit.", ["full: karin l"]),
        ("I dag kom Karin L Ek hit.", ["full: karin l"]),
        ("I dag kom Karin (L) hit.", ["given: karin ( l ) [party]"]),
        ("I dag kom Karin Lindgren (L) hit.", ["full: karin lindgren ( l ) [party]"]),
        ("I dag kom Karin Lindgren (MOD) hit.", ["full: karin lindgren ( mod ) [party]"]),
        ("I dag kom Karin Lindgren (MODE) hit.", ["full: karin lindgren"]),
        ("Lindgren kom.", ["surname: lindgren [unsure]"]),
        ("I dag kom Lindgren hit.", ["surname: lindgren"]),
        ("Se Lindgren, Karin nu.", ["surname: lindgren", "given: karin"]),
        ("I dag kom Xzyq Lindgren hit.", ["full: xzyq lindgren"]),
        ("I dag kom Xzyq Lindgrens hit.", ["surname: lindgrens"]),
        ("Xzyq Lindgren kom hit.", ["surname: lindgren"]),
        ("I dag kom Xzyq Wrtp hit.", []),
        ("I dag kom x Lindgren hit.", ["surname: lindgren"]),
        ("Björn kom.", []),
        ('"Björn" kom.', []),
        ("Björn Lindgren kom.", ["full: björn lindgren"]),
        ("Björn i 5C kom.", ["placed: björn i 5c [placed]"]),
        ("I dag kom Björn hit.", ["given: björn"]),
        ("björn kom hem", []),
        ("karin kom hem", ["given: karin"]),
        ("karins kom hem", ["given: karins"]),
        ("Karins kom.", ["given: karins"]),
        ("Familjen Lindgren kom.", ["family: familjen lindgren"]),
        ("Familjen Lindgren och Berg kom hit.", ["family: familjen lindgren och berg"]),
        ("Familjen Lindgren och sedan kom de.", ["family: familjen lindgren"]),
        ("Familjen på Storgatan 5 kom.", ["family: familjen på storgatan [placed]"]),
        ("Familjen kom.", []),
        ("Paret Karin och Bo kom.", ["family: paret karin och bo"]),
        ("familjen lindgren kom hem", ["family: familjen lindgren"]),
        ("Min granne Karin kom.", ["self: min", "titled: granne karin [owned titled]"]),
        ("Min granne Karin Berg kom.", ["self: min", "full: granne karin berg [owned titled]"]),
        ("Grannen Karin kom.", ["titled: grannen karin [titled]"]),
        ("Min granne kom.", ["self: min", "relation: granne [owned]"]),
        ("Grannen kom.", ["relation: grannen"]),
        ("En granne kom.", []),
        ("Grannar kom.", []),
        ("Deras granne kom.", ["relation: granne [owned loosely]"]),
        ("Sin granne såg han.", ["relation: granne [owned reflexive]", "pronoun: han"]),
        ("Karins granne kom.", ["given: karins", "relation: granne [owned]"]),
        ("Karins snälla gamla granne kom.", ["given: karins", "relation: granne [owned]"]),
        ("Min mycket snälla gamla granne kom.", ["self: min"]),
        ("Nu, granne, kom hon.", ["pronoun: hon"]),
        ("Barnen kom.", []),
        ("Mina barn kom.", ["self: mina", "relation: barn [owned generic]"]),
        ("Anhöriga kom.", []),
        ("En granne på Storgatan 5 kom.", ["relation: granne på storgatan [placed]"]),
        ("Min man kom.", ["self: min", "relation: man [owned]"]),
        ("En man kom.", []),
        ("Mannen kom.", ["relation: mannen"]),
        ("Socialchefen kom.", ["role: socialchefen"]),
        ("En socialchef kom.", []),
        ("Min socialchef kom.", ["self: min", "role: socialchef [owned]"]),
        ("Socialchefer kom.", []),
        ("Socialchefen, Karin Berg, kom.", ["full: socialchefen , karin berg [titled]"]),
        ("Socialchefen för Karin kom.", ["role: socialchefen", "given: karin"]),
        ("Socialchefen Berg kom.", ["titled: socialchefen berg [titled]"]),
        ("Eleven kom.", ["subject: eleven"]),
        ("Eleven i 5C kom.", ["subject: eleven i 5c [placed]"]),
        ("En elev i 5C kom.", ["subject: elev i 5c [placed]"]),
        ("En elev kom.", []),
        ("En socialchef i 5C kom.", []),
        ("Doktorn kom.", ["role: doktorn [calling]"]),
        ("Ledamoten kom.", ["role: ledamoten [office]"]),
        ("Karin Berg, socialchef, kom.", ["full: karin berg [titled]"]),
        ("Karin Berg, ledamot, kom.", ["full: karin berg [titled office]"]),
        ("Karin Berg socialchef kom.", ["full: karin berg"]),
        ("Ledamot Karin kom.", ["titled: ledamot karin [titled office]"]),
        ("Doktor Karin kom.", ["titled: doktor karin [titled calling]"]),
        ("Nya ledamoten gamla Karin kom.", ["role: ledamoten [office]", "given: karin [office]"]),
        ("Ledamoten (gamla) Karin kom.", ["role: ledamoten [office]", "given: karin"]),
        ("Han eller hon kom.", ["pronoun: han [generic]", "pronoun: hon [generic]"]),
        ("Han och hon kom.", ["pronoun: han", "pronoun: hon"]),
        ("Han/hon kom.", ["pronoun: han [generic]", "pronoun: hon [generic]"]),
        ("Hon kom.", ["pronoun: hon"]),
        ("Jag kom.", ["self: jag"]),
        ("Har feber i dag.", ["self: har"]),
        ("Hej, har feber i dag.", ["self: har"]),
        ("Tyvärr är sjuk.", ["self: är"]),
        ("Har feber?", []),
        ("Har Karin feber.", ["given: karin"]),
        ("Sedan har feber i dag.", []),
        ("Är en sjuk.", []),
        ("Har barnet feber.", ["relation: barnet [generic]"]),
        ("Karin på Ica kom.", ["placed: karin på ica [placed]"]),
        ("Karin på det nya Ica kom.", ["placed: karin på det nya ica [placed]"]),
        ("Karin på det nya fina stora Ica kom.", ["given: karin"]),
        ("Karin på det, Ica kom.", ["given: karin"]),
        ("Karin 5C kom.", ["placed: karin 5c [placed]"]),
        ("Karin (5C) kom.", ["placed: karin ( 5c [placed]"]),
        ("Karin, 5C, kom.", ["placed: karin , 5c [placed]"]),
        ("Karin 5 kom.", ["given: karin"]),
        ("Karin i femman kom.", ["placed: karin i femman [placed]"]),
        ("Karin på morgonen kom.", ["given: karin"]),
        ("Karin, Storgatan 5, kom.", ["placed: karin , storgatan 5 [placed]"]),
        ("Karin, Storgatan, kom.", ["given: karin"]),
        ("Kronprinsessan Karin kom.", ["titled: kronprinsessan karin [titled office]"]),
        ("Karin på Bo kom.", ["given: karin", "given: bo"]),
        ("Karin Berg på Ica kom.", ["full: karin berg på ica [placed]"]),
        ("Han, Storgatan 5, kom.", ["pronoun: han"]),
        ("Nu kom prins Karin.", ["given: karin"]),
        ("Hej Karin! Vi ses.", ["given: karin [addressed]"]),
        ("Hej Karin, i rapporten finns 44 ärenden.", ["given: karin [addressed]"]),
        ("Hej Karin och Bo, vi ses.", ["given: karin [addressed]", "given: bo [addressed]"]),
        ("God morgon Karin Ek!", ["full: karin ek [addressed]"]),
        ("Hej, Karin Ek kom.", ["full: karin ek"]),
        ("Hej på er, Karin Ek kom.", ["full: karin ek"]),
        ("Karin, kan du komma?", ["given: karin [addressed]"]),
        ("Karin, som bor här, kom.", ["given: karin"]),
        ("Karin, min granne, kom.", ["given: karin", "self: min", "relation: granne [owned]"]),
        ("I dag kom Karin, och hon kom.", ["given: karin", "pronoun: hon"]),
        ("Karin i rapporten med 44 sidor kom.", ["given: karin"]),
        ("Karin i klass 4 kom.", ["placed: karin i klass [placed]"]),
        ("Karin i 4 kom.", ["placed: karin i 4 [placed]"]),
    ],
)
def test_everybody_in_a_sentence_is_found_as_far_as_he_is_pointed_out(
    page: MakePage, lexicon: Lexicon, text: str, mentions: list[str]
) -> None:
    found, words = _mentions(page, lexicon, text)
    assert [_described(m, w) for m, w in zip(found, words, strict=True)] == mentions


def _described(mention: Mention, words: str) -> str:
    flags = [name for name in FLAGS if getattr(mention, name)] + ([] if mention.sure else ["unsure"])
    return f"{mention.who.value}: {words}" + (f" [{' '.join(flags)}]" if flags else "")
