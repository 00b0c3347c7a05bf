"""Danish, Norwegian and Finnish identity numbers beside what looks like them."""

from __future__ import annotations

import pytest

from gateway.model import Confidence
from tests.unit.detect.conftest import Judge

HIGH, MEDIUM = Confidence.HIGH, Confidence.MEDIUM


@pytest.mark.parametrize(
    ("text", "confidence"),
    [
        ("Fødselsnummeret hennes er 15857231055. Kan dere føye det til?", HIGH),
        ("Reiselederen er Turid Vik, fødselsnummer 158572 31055.", HIGH),
        ("Ring Turid om 15857231055 i morgen.", MEDIUM),
        ("Fødselsnummeret er 15857231054.", MEDIUM),
        ("Kuljettaja on Matti Salo, henkilötunnus 140385-917Y.", HIGH),
        ("Matti Salo, 140385-917Y, tulee tiistaina.", HIGH),
        ("Chaufføren hedder Bent Ravn, cpr-nr. 710668-1234.", HIGH),
        ("Hendes CPR: 1106681234", HIGH),
    ],
)
def test_numbers_of_the_neighbours_count(judge: Judge, text: str, confidence: Confidence) -> None:
    assert [(f.rule, f.confidence) for f in judge(text) if f.detector == "identity"] == [("personnummer", confidence)]


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
