"""Sensitive words, compounds and memberships."""

from __future__ import annotations

import pytest

from gateway.detect.facts import Fact, facts_of
from gateway.detect.lexicon import Lexicon
from tests.unit.detect.conftest import MakePage

FOUND = [
    ("hon har bukspottkörtelcancer", ("health", "topics", "bukspottkörtelcancer")),
    ("fick en adhd-diagnos", ("health", "certain", "adhd-diagnos")),
    ("hon gick in i väggen", ("health", "certain", "gick in i väggen")),
    ("hon är muslim", ("religion", "certain", "är muslim")),
    ("aktiv i Unionen", ("union", "members", "aktiv i Unionen")),
    ("gick med i Sverigedemokraterna", ("political", "members", "med i Sverigedemokraterna")),
    ("dömdes för stöld", ("crime", "certain", "dömdes för")),
    ("sonen är kurd", ("ethnic", "certain", "är kurd")),
    ("F43.8 står det", ("health", "topics", "F43.8")),
]

NOT_FOUND = [
    "cancervården och demensvårdens plan",
    "Kommunal kräver mer betalt",
    "brottningsklubben har avbrott",
    "Ms Doyle kommer",
    "ordförande i Europeiska unionen",
    "medlem i styrelsen. Kommunal förhandlar",
]


def _facts(page: MakePage, lexicon: Lexicon, text: str) -> list[tuple[str, str, str]]:
    laid = page(text)
    return [(f.kind, f.table, laid.text[f.start : f.end]) for f in facts_of(laid, lexicon.wordbook)]


@pytest.mark.parametrize(("text", "fact"), FOUND)
def test_a_fact_is_found_as_a_whole_word(
    page: MakePage, lexicon: Lexicon, text: str, fact: tuple[str, str, str]
) -> None:
    assert fact in _facts(page, lexicon, text)


@pytest.mark.parametrize("text", NOT_FOUND)
def test_activities_parties_and_look_alikes_are_no_facts(page: MakePage, lexicon: Lexicon, text: str) -> None:
    assert [fact for fact in _facts(page, lexicon, text) if fact[1] != "groups"] == []


def test_a_group_counts_without_a_word_of_belonging_in_a_short_text_alone(page: MakePage, lexicon: Lexicon) -> None:
    text = "Kommunal kräver mer betalt. "

    assert _facts(page, lexicon, text) == [("union", "groups", "Kommunal")]
    assert _facts(page, lexicon, text + "Vägen är lagad. " * 150) == []


def test_of_facts_of_one_kind_that_overlap_the_strongest_stays(page: MakePage, lexicon: Lexicon) -> None:
    assert _facts(page, lexicon, "sjukskriven för utmattningssyndrom") == [
        ("health", "certain", "sjukskriven"),
        ("health", "topics", "utmattningssyndrom"),
    ]


def test_groups_of_people_in_a_list_are_nobody_s_origin(page: MakePage, lexicon: Lexicon) -> None:
    assert _facts(page, lexicon, "samråd med romer, samer och tornedalingar") == []
    assert [text for _, _, text in _facts(page, lexicon, "hon är romsk och samisk")] != []


LONG = " Vägen är lagad." * 130
UNION = ("union", "members")


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("MS är svårt", Fact(0, 2, "health", "topics", capital=True)),
        ("Hiv är svårt", Fact(0, 3, "health", "topics", capital=True)),
        ("ms är svårt", Fact(0, 2, "health", "topics")),
        ("demensens", Fact(0, 9, "health", "topics")),
        ("demenserna", Fact(0, 10, "health", "topics", compound=True)),
        ("missbruksproblem", Fact(0, 16, "health", "topics", compound=True)),
        ("missbruksvården", None),
        ("missbrukets", Fact(0, 11, "health", "topics")),
        ("adhd- och", Fact(0, 4, "health", "topics")),
        ("adhd-9", Fact(0, 4, "health", "topics")),
        ("adhd -vård", Fact(0, 4, "health", "topics")),
        ("adhd-problemen-här", Fact(0, 18, "health", "topics", compound=True)),
        ("adhd-vård", None),
        (f"adhd-{'x-' * 27}problem", Fact(0, 66, "health", "topics", compound=True)),
        (f"adhd-{'x-' * 29}problem", Fact(0, 70, "health", "topics", compound=True)),
        (f"adhd-{'x-' * 40}problem", Fact(0, 64, "health", "topics", compound=True)),
    ],
)
def test_a_word_is_taken_whole_and_known_by_its_end(
    page: MakePage, lexicon: Lexicon, text: str, fact: Fact | None
) -> None:
    assert facts_of(page(text), lexicon.wordbook) == ([fact] if fact else [])


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("aktiv i Unionen", [(*UNION, "aktiv i Unionen")]),
        ("Unionen där hon är aktiv", [(*UNION, "Unionen där hon är aktiv")]),
        ("Unionens medlem", [(*UNION, "Unionens medlem")]),
        (f"aktiv i {'x' * 51} Unionen", [(*UNION, f"aktiv i {'x' * 51} Unionen")]),
        (f"aktiv i {'x' * 52} Unionen", [("union", "groups", "Unionen")]),
        (f"Unionen {'x' * 57} aktiv", [(*UNION, f"Unionen {'x' * 57} aktiv")]),
        (f"Unionen {'x' * 58} aktiv", [("union", "groups", "Unionen")]),
        *((f"aktiv i dag{mark} Unionen", [("union", "groups", "Unionen")]) for mark in ".!?;\n"),
        ("aktiv i dag, Unionen", [(*UNION, "aktiv i dag, Unionen")]),
        ("aktiv i Svenska Unionen", []),
        ("aktiv i svenska Unionen", [(*UNION, "aktiv i svenska Unionen")]),
        ("medlem i s", [("political", "members", "medlem i s")]),
        ("medlem i, ju s", [("political", "groups", "s")]),
        ("S medlem", [("political", "members", "S medlem")]),
        ("s medlem", [("political", "groups", "s")]),
        (f"aktiv i Unionen.{LONG}", [(*UNION, "aktiv i Unionen")]),
        (f"Unionen. Kommunal har en medlem.{LONG}", [(*UNION, "Kommunal har en medlem")]),
        (f"kd-medlem.{LONG}", [("political", "members", "kd-medlem")]),
    ],
)
def test_a_group_counts_fully_beside_a_word_of_belonging(
    page: MakePage, lexicon: Lexicon, text: str, facts: list[tuple[str, str, str]]
) -> None:
    assert [f for f in _facts(page, lexicon, text) if f[0] in {"union", "political"}] == facts


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("romer, samer", ["romer", "samer"]),
        ("romer, samer och judar", []),
        ("muslimer, judar och kristna", []),
        ("cancer hos romer, samer och judar", ["cancer"]),
        ("romer, hon har adhd, samer och judar", ["romer", "har adhd", "samer", "judar"]),
        ("romer bor här, samer och judar", ["romer", "samer", "judar"]),
        (f"romer, samer och judar.{' x' * 30} romsk", []),
        (f"romer, samer och judar.{' x' * 60} romsk", ["romsk"]),
        (f"romsk{' x' * 30} romer, samer och judar", []),
        (f"romsk{' x' * 50} romer, samer och judar", ["romsk"]),
    ],
)
def test_peoples_near_a_list_of_them_are_left_out(
    page: MakePage, lexicon: Lexicon, text: str, facts: list[str]
) -> None:
    assert [words for _, _, words in _facts(page, lexicon, text)] == facts
