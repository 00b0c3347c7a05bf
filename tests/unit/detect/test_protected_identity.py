"""Protected identities betrayed, and talk about protection."""

from __future__ import annotations

import pytest

from gateway.model import Confidence, Segment, SegmentKind
from tests.unit.detect.conftest import Judge, MakePart

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


HIGH, MEDIUM = Confidence.HIGH, Confidence.MEDIUM
WHERE = "Var någon med skyddad identitet finns, eller vad personen numera heter,"
WHO, SHELTER = "Att en namngiven person har skyddad identitet", "Adressen till ett skyddat boende"
LIST = "En lista där det framgår vem som har skyddad identitet"


@pytest.mark.parametrize(
    ("text", "confidence", "what"),
    [
        ("Kvinnan har skyddad identitet och bor på Tallgatan 4.", HIGH, WHERE),
        ("Kvinnan har skyddad identitet. Postnr 286 31 Örkelljunga.", HIGH, WHERE),
        ("Kvinnan har skyddad identitet. Ring 070-174 06 05.", HIGH, WHERE),
        ("Kvinnan har skyddad identitet. Hon bor i Laholm.", HIGH, WHERE),
        ("Hon bor i Laholm. Kvinnan har skyddad identitet.", HIGH, WHERE),
        ("Kvinnan har skyddad identitet. Det regnar. Hon bor i Laholm.", None, None),
        ("Kvinnan har skyddad identitet. Hon går på Kungsskolan.", HIGH, WHERE),
        ("Kvinnan har skyddad identitet. Hon går på morgonen.", None, None),
        ("Kvinnan har skyddad identitet. Hon går i Kungsskolan.", HIGH, WHERE),
        ("Kvinnan har skyddad identitet. Hon bor Kungsskolan.", None, None),
        ("Kvinnan har skyddad identitet. Hon heter numera Maria Strand.", HIGH, WHERE),
        ("Kvinnan har skyddad identitet. Hon kallar sig Strand.", HIGH, WHERE),
        ("Kvinnan har skyddad identitet. Hon har nytt namn nu Strand.", HIGH, WHERE),
        ("Kvinnan har skyddad identitet. Hon har nytt namn, det är Maria Strand.", HIGH, WHERE),
        ("Kvinnan har skyddad identitet. Hon kallar sig annat.", None, None),
        ("Det finns skyddad identitet. Tallgatan 4.", None, None),
        ("Skyddad identitet gäller. Hon bor på Tallgatan 4.", HIGH, WHERE),
        ("Skyddad identitet gäller på Tallgatan 4. Det regnar. Hon kom.", None, None),
        ("Petra Lund har skyddad identitet.", MEDIUM, WHO),
        ("Petra Lund talade om skyddad identitet.", None, None),
        ("Petra Lund har flyttat. Hon har skyddad identitet.", None, None),
        ("Rutin: kvinnan har skyddad identitet och bor på Tallgatan 4.", None, None),
        ("Rutin: Petra Lund har skyddad identitet och bor på Tallgatan 4.", HIGH, WHERE),
        ("Rutin: skyddad identitet. Hon har skyddad adress och bor på Tallgatan 4.", HIGH, WHERE),
        ("Det skyddade boendet ligger på Björkvägen 9.", HIGH, SHELTER),
        ("Det skyddade boendet är öppet. Björkvägen 9 är fint.", None, None),
        ("Det skyddade boendet har öppet hus på Björkvägen 9.", None, None),
        ("Namn;Klass;Övrigt\nTim Ask;4B;\nElla Gren;4B;skyddad identitet\n", HIGH, LIST),
        ("Plats;Klass;Övrigt\nx;4B;\nBjörkvägen 9;4B;skyddad identitet", HIGH, LIST),
        ("Övrigt;Namn\nskyddad identitet;Ella Gren\na;b\n", HIGH, LIST),
        ("Övrigt;Plats\na;b\nskyddad identitet;Björkvägen 9", HIGH, LIST),
        ("Namn;Klass;Övrigt\nTim Ask;4B;\nX;4B;skyddad identitet\nBo Ek;4B;\n", None, None),
        ("Plats;Övrigt\nBjörkvägen 9;\nX;skyddad identitet\nBjörkvägen 3;\n", None, None),
        ("Namn;Övrigt\nX;skyddad identitet\nElla Gren;skyddad adress\n", HIGH, LIST),
        (f"Namn;Övrigt\nElla Gren;{'x;' * 150}skyddad identitet\n", HIGH, LIST),
        (f"Namn;Övrigt\nElla Gren;{'x;' * 210}skyddad identitet\n", None, None),
        (f"Övrigt;Namn\nskyddad identitet;{'x;' * 150}Ella Gren\n", HIGH, LIST),
        (f"Övrigt;Namn\nskyddad identitet;{'x;' * 210}Ella Gren\n", None, None),
    ],
)
def test_what_is_told_and_how_surely(judge: Judge, text: str, confidence: Confidence | None, what: str | None) -> None:
    found = [f for f in judge(text) if f.detector == RULE]
    expected = [(confidence, f"{what} står i mejlets text.", "skyddad identitet")] if what else []
    assert [(f.confidence, f.reason, f.evidence) for f in found] == expected


def test_the_surest_of_a_text_is_told_else_the_first(judge: Judge) -> None:
    less = "Petra Lund har skyddad identitet. "
    apart = "Mer är inte att säga. Nu till annat. "
    more = "Det skyddade boendet ligger på Björkvägen 9."
    (found,) = (f for f in judge(less + apart + more) if f.detector == RULE)
    assert found.reason.startswith(SHELTER)
    (found,) = (f for f in judge(f"{less}{apart}{less}") if f.detector == RULE)
    assert found.start < len(less)


def test_a_quote_hides_nothing_of_ones_own(judge: Judge, part: MakePart) -> None:
    """The surer sight in a quote that goes back to its writer was told alone, and one's own words passed."""
    shelter, person = "Det skyddade boendet ligger på Björkvägen 9.\n\n", "Petra Lund har skyddad identitet.\n\n"
    text = shelter + person
    for own, sure in ((person, MEDIUM), (shelter, HIGH)):
        kinds = [SegmentKind.OWN if words is own else SegmentKind.QUOTED for words in (shelter, person)]
        segments = (
            Segment(kind=kinds[0], start=0, end=len(shelter)),
            Segment(kind=kinds[1], start=len(shelter), end=len(text)),
        )
        found = [f for f in judge(part(text, segments=segments)) if f.detector == RULE]
        assert {f.segment for f in found} == {SegmentKind.OWN, SegmentKind.QUOTED}
        assert [f.confidence for f in found if f.segment is SegmentKind.OWN] == [sure]


@pytest.mark.parametrize("kind", ["subject", "text", "attachment"])
def test_every_kind_of_part_is_looked_at(judge: Judge, part: MakePart, kind: str) -> None:
    text = "Kvinnan har skyddad identitet och bor på Tallgatan 4."
    parts = {"subject": (), "text": (part(text, path="2"),), "attachment": (part(text, path="2", body=False),)}
    found = judge("Hej", *parts[kind], subject=text if kind == "subject" else "")
    assert [f.part for f in found if f.detector == RULE] == ["subject" if kind == "subject" else "2"]
