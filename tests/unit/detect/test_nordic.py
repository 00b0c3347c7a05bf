"""Danish, Norwegian and Finnish identity numbers beside what looks like them."""

from __future__ import annotations

import pytest

from gateway.detect.nordic import foreign_numbers
from gateway.model import Confidence
from tests.unit.detect.conftest import Judge, MakePage

HIGH, MEDIUM = Confidence.HIGH, Confidence.MEDIUM
FINNISH = "ett finländskt med datum och kontrolltecken som stämmer"


@pytest.mark.parametrize(
    ("text", "confidence", "why"),
    [
        (
            "Fødselsnummeret hennes er 15857231055. Kan dere føye det til?",
            HIGH,
            "ett norskt, intill ett ord som säger det",
        ),
        ("Reiselederen er Turid Vik, fødselsnummer 158572 31055.", HIGH, "ett norskt, intill ett ord som säger det"),
        ("Ring Turid om 15857231055 i morgen.", MEDIUM, "ett norskt av allt att döma"),
        ("Fødselsnummeret er 15857231054.", MEDIUM, "ett norskt med fel kontrollsiffra"),
        ("Kuljettaja on Matti Salo, henkilötunnus 140385-917Y.", HIGH, FINNISH),
        ("Matti Salo, 140385-917Y, tulee tiistaina.", HIGH, FINNISH),
        ("Chaufføren hedder Bent Ravn, cpr-nr. 710668-1234.", HIGH, "ett danskt, intill ett ord som säger det"),
        ("CPR: 1106681234", HIGH, "ett danskt, intill ett ord som säger det"),
    ],
)
def test_numbers_of_the_neighbours_count(judge: Judge, text: str, confidence: Confidence, why: str) -> None:
    (found,) = (f for f in judge(text) if f.detector == "identity")
    assert (found.rule, found.confidence) == ("personnummer", confidence)
    assert found.reason == f"Ett personnummer står i mejlets text, {why}."


@pytest.mark.parametrize(
    ("text", "masks"),
    [
        ("Fødselsnummer 15857231055 og 13058512375", 2),
        ("Turid 15857231055 og Kari 13058512375", 2),
        ("Fødselsnummer 15857231054 og 13058512374", 2),
        ("Matti 140385-917Y, Liisa 010190-123M", 2),
        ("cpr 710668-1234 og 110668-4321", 2),
        ("cpr 710668-1234 og igjen 710668-1234", 1),
    ],
)
def test_different_numbers_are_told_apart(judge: Judge, text: str, masks: int) -> None:
    found = [f for f in judge(text) if f.detector == "identity"]
    assert [f.evidence for f in found] == ["••••••-••••", "••••••-•••• (nr 2)"][:masks]
    assert [text[f.start : f.end][-1] for f in found] == [f.rstrip(",")[-1] for f in text.split() if f[0].isdigit()][
        :masks
    ]


@pytest.mark.parametrize(
    ("head", "counts"),
    [
        ("010168", True), ("311268", True), ("610168", True), ("911268", True),
        ("001068", False), ("320168", False), ("600168", False), ("921268", False),
        ("010068", False), ("011368", False), ("410168", False), ("014168", False), ("100010", False),
    ],
)  # fmt: skip
def test_a_danish_number_is_a_day_or_one_with_sixty_added(page: MakePage, head: str, *, counts: bool) -> None:
    assert [f.digits for f in foreign_numbers(page(f"cpr {head}-1234"), 40)] == ([f"{head}1234"] if counts else [])


@pytest.mark.parametrize(
    ("number", "counts"),
    [
        ("13058512375", True), ("01019013002", True), ("31129912319", True), ("71019012306", True),
        ("53058512369", True), ("13458512358", True), ("01089013042", True), ("31108512337", True),
        ("22901150854", True), ("16088576431", True),
        ("13058512376", False), ("13058512385", False), ("73058512369", False),
    ],
)  # fmt: skip
def test_a_norwegian_number_is_known_by_its_check_digits(page: MakePage, number: str, *, counts: bool) -> None:
    """With 40 added to the day of a D-number, and 40 or 80 to the month of a synthetic one."""
    assert [f.digits for f in foreign_numbers(page(f"Turid har {number}"), 40)] == ([number] if counts else [])


@pytest.mark.parametrize(("number", "counts"), [("010190-123M", True), ("311299-1236", True), ("000190-1237", False)])
def test_a_finnish_number_is_a_day_and_a_sign(page: MakePage, number: str, *, counts: bool) -> None:
    assert len(list(foreign_numbers(page(number), 40))) == counts


@pytest.mark.parametrize(
    "text",
    [
        "Fnr x15857231055", "Fnr 9 15857231055-1", "cpr 4/110668-1234", "cpr 4.110668-1234", "cpr 4,110668-1234",
        "cpr 4:110668-1234", "cpr +110668-1234", "cpr a110668-1234", "cpr https://x.dk/?a=b 1 110668-12345",
    ],
)  # fmt: skip
def test_a_number_within_another_does_not_count(page: MakePage, text: str) -> None:
    assert list(foreign_numbers(page(text), 40)) == []


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("Fnr 99999999999, 15857231055", "15857231055"),
        ("Fnr x15857231055, 13058512375", "13058512375"),
        ("cpr https://x.dk/110668-1234 110668-4321", "1106684321"),
    ],
)
def test_one_that_does_not_count_hides_none_that_does(page: MakePage, text: str, digits: str) -> None:
    assert [f.digits for f in foreign_numbers(page(text), 40)] == [digits]


def test_a_danish_number_far_from_its_label_does_not_count(page: MakePage) -> None:
    assert list(foreign_numbers(page(f"Hendes cpr {'kender jeg ikke. ' * 4}110668-1234"), 40)) == []


def test_a_column_of_other_numbers_is_not_norwegian(judge: Judge) -> None:
    table = "Ordernummer;Namn\n15857231055;Turid\n13058512375;Kari\n"
    assert not [f for f in judge(table) if f.detector == "identity"]


@pytest.mark.parametrize(
    "text",
    [
        "Fakturanummer 15857231055 är betalt.",
        "Artikel 140385-917X finns inte.",
        "Kolli 140385-917Z och 991399-917Y.",
        "Ring 710668-1234 efter lunch.",
        "Se https://example.se/?id=15857231055 för mer.",
        "Konto 12345678901, belopp 12 500.",
    ],
)
def test_look_alikes_pass(judge: Judge, text: str) -> None:
    assert not [f for f in judge(text) if f.detector == "identity"]


@pytest.mark.parametrize(
    "text",
    [
        "Kan ni lägga upp 780914-2388 som ärendenummer?",
        "Reservdel 780914-2388 behövs i köket.",
        "Vattenmätaren nr 780914-2388 visar noll.",
        "Beställning 780914-2388 har inte kommit.",
    ],
)
def test_a_number_called_something_else_passes(judge: Judge, text: str) -> None:
    assert not [f for f in judge(text) if f.detector == "identity"]


def test_an_interim_number_is_known_by_its_label(judge: Judge) -> None:
    assert [f.confidence for f in judge("Sahar (interimsnr 850604T238) väntar.") if f.detector == "identity"] == [HIGH]
