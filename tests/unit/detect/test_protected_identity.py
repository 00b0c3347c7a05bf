"""Protected identities betrayed, and talk about protection."""

from __future__ import annotations

import pytest

from gateway.model import Confidence
from tests.unit.detect.conftest import Judge

RULE = "protected_identity"

FOUND = [
    "Jag tror att Ella Frykholm, skyddad sedan 2022, bor på Klintvägen 3 nu.",
    "Hon har skyddad identitet och bor numera på Tallgatan 4 i Laholm.",
    "Elin Frisk är sekretessmarkerad men går på Kungsskolan.",
    "Kvinnan som lever gömd heter numera Maria Strand.",
    "Familjen är kvarskriven i Kungsbacka men bor egentligen i Eket.",
    "Hej, du undrade om Jenny. Jag får inte säga det, hon har skyddad adress, men hon jobbar på ICA i Örkelljunga.",
    "Det skyddade boendet ligger på Björkvägen 9, kör dit sängarna.",
    "Namn;Klass;Övrigt\nTim Ask;4B;\nElla Gren;4B;skyddad identitet",
    "Petra Lund har fått skyddade personuppgifter efter hoten.",
    "Kvinnojourens lägenhet finns på Storgatan 12, tvåan till vänster.",
    "Pappan frågade. Barnen har sekretessmarkering. De bor hos mormor i Skånes Fagerhult.",
    "Obs att Mira Lind i 5A har skyddad adress, familjen finns nu i Hässleholm.",
    "Skicka röstkortet till Sofia Bern, hon lever under skyddad identitet på Granvägen 14.",
    "Nej, jag vet inte exakt, men exfrun bor i en lägenhet som kvinnojouren har på Nygatan 3 i Markaryd.",
    "Familjen har fått fingerade uppgifter och kallar sig numera Sandström.",
    "Barnet med sekretessmarkering går på Åsens förskola, avdelning Blåklockan, hämtas av mormor.",
    "Jag förstår att du är orolig. Hon har sekretesskyddade uppgifter men jag såg henne jobba på Coop i Ljungby.",
]

PASSING = [
    "Vi behöver en rutin för elever med skyddade personuppgifter.",
    "Antalet personer med skyddad identitet har ökat till 30 000.",
    "Kvinnojouren får 600 tkr per år enligt avtalet.",
    "Motionen om skyddat boende bifölls. Anna Berg (S) reserverade sig.",
    "Socialchef Anna Berg informerade om skyddat boende.",
    "Kommunen har avtal om platser i skyddat boende i Kristianstad.",
    "Hur hanterar vi väljare med skyddad adress i röstlängden?",
    "Kvinnojouren bjuder in till öppet hus på Storgatan 3.",
    "Regeringen föreslår att stärka skyddet för personer med skyddade personuppgifter, säger Gunnar Strömmer.",
]


def told(judge: Judge, text: str) -> bool:
    return any(f.rule == RULE and f.confidence >= Confidence.MEDIUM for f in judge(text))


@pytest.mark.parametrize("text", FOUND)
def test_what_betrays_a_protected_person_is_found(judge: Judge, text: str) -> None:
    assert told(judge, text)


@pytest.mark.parametrize("text", PASSING)
def test_routines_and_policy_pass(judge: Judge, text: str) -> None:
    assert not told(judge, text)
