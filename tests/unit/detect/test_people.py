"""Who a sentence is about: text, and how well the person can be told."""

from __future__ import annotations

import pytest

from gateway.detect.people import Grip, around, by_office, grip_within, is_invented, private_names
from tests.unit.detect.conftest import MakePage


@pytest.mark.parametrize(
    ("text", "invented"),
    [
        ("Här är mitt övningsfall: Kalle har dyslexi.", True),
        ("Fallet är påhittat: Karin har en depression.", True),
        ("Pengarna finns naturligtvis inte, och Bo har cancer.", False),
        ("Vi hittade på allt möjligt i går. Bo har cancer.", False),
        ("Testpersonerna är valda. Bo har cancer.", False),
        ("Bo har cancer. Här är mitt övningsfall.", False),
        (f"Här är mitt övningsfall. {'Vi ses på torsdag. ' * 30}Bo har cancer.", False),
        ("Bo har cancer, påstås det, men det är helt påhittat.", False),
        ("Bo finns inte på jobbet i dag.", False),
    ],
)
def test_who_is_made_up_is_said_so(page: MakePage, text: str, *, invented: bool) -> None:
    fact = max(text.find(word) for word in ("dyslexi", "cancer", "depression", "jobbet"))
    assert is_invented(page(text), fact) is invented


@pytest.mark.parametrize(
    ("text", "office"),
    [
        ("Bo Ek kom", False),
        ("Bo Ek (S) kom", True),
        ("Bo Ek, (SD) kom", True),
        ("Bo Ek(m) kom", True),
        ("Bo Ek (kd) kom", True),
        ("Bo Ek (adhd) kom", False),
        ("Bo Ek (partilös) kom", False),
        ("Bo Ek kom (S)", False),
        ("Bo Ek säger ja", True),
        ("Bo Ek kom och säger ja", False),
        ("I dag säger Bo Ek", True),
        ("Nu säger de som vet att Bo Ek kom", False),
        ("säger Bo Ek", True),
        ("Socialchef Bo Ek kom", True),
        ("Socialchefen kom. Bo Ek kom", False),
        ("Socialchefen som alla nu känner väl, Bo Ek", False),
        ("Bo Ek, socialchef, kom", True),
        ("Bo Ek socialchef kom", False),
        ("Bo Ek, som är god granne med en socialchef", False),
    ],
)
def test_a_name_may_be_there_by_its_office(page: MakePage, text: str, *, office: bool) -> None:
    laid = page(text)
    assert [by_office(laid, name) for name in laid.names] == [office]


@pytest.mark.parametrize(
    ("text", "grip"),
    [
        ("Bo Ek kom", Grip.NAME),
        ("Socialchef Bo Ek kom, det gjorde även Eva Lind", Grip.NAME),
        ("Bo Ek (S) och grannen kom", Grip.RELATION),
        ("Grannen och hon kom", Grip.RELATION),
        ("Bo Ek (S) och hon kom", Grip.PRONOUN),
        ("Bo Ek (S) kom", Grip.NONE),
    ],
)
def test_the_best_grip_of_a_stretch_counts(page: MakePage, text: str, grip: Grip) -> None:
    laid = page(text)
    assert grip_within(laid, 0, len(text)) is grip
    assert grip_within(laid, len(text), len(text) + 1) is Grip.NONE


def test_private_names_are_those_without_an_office(page: MakePage) -> None:
    laid = page("Socialchef Bo Ek kom, det gjorde även Eva Lind och Lars Berg (S)")
    assert [laid.text[slice(*name)] for name in private_names(laid, 0, len(laid.text))] == ["Eva Lind"]


@pytest.mark.parametrize(
    ("at", "more", "stretch"),
    [
        ("Ett", 0, "Ett."),
        ("Ett", 1, "Ett. Två."),
        ("Två", 0, " Två."),
        ("Två", 1, "Ett. Två. Tre."),
        ("Två", 2, "Ett. Två. Tre. Fyra."),
        ("Fyra", 1, " Tre. Fyra."),
        ("Fyra", 3, "Ett. Två. Tre. Fyra."),
    ],
)
def test_around_takes_sentences_on_both_sides(page: MakePage, at: str, more: int, stretch: str) -> None:
    text = "Ett. Två. Tre. Fyra."
    start, end = around(page(text), text.index(at), more=more)
    assert text[start:end] == stretch
