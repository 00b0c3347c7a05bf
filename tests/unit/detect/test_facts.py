"""Sensitive words, compounds and memberships."""

from __future__ import annotations

import pytest

from gateway.detect.facts import facts_of
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
