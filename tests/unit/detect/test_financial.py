"""Cards, accounts and the economy of a person, and the money of organisations."""

from __future__ import annotations

import pytest

from gateway.model import Confidence, SegmentKind
from tests.unit.detect.conftest import Judge, MakePart

RULE = "financial"
HIGH, MEDIUM = Confidence.HIGH, Confidence.MEDIUM

FOUND = [
    "Du kan sätta över pengarna på mitt konto i Swedbank 8327-9, 934 123 456-1",
    "Mitt kontonummer är 6712 318 442 971",
    "Nytt konto för arvodet: clearing 9025, konto 51327684",
    "Betala med kortet 4539 1488 0343 6467 exp 04/28 cvc 112",
    "Kortet börjar på 4111 1111 och slutar på 1111 1111.",
    "Bertil Hagman har betalningsanmärkningar och hyresskuld på 34 000 kronor.",
    "Min granne Stig Lund fick sin lön utmätt av Kronofogden förra året.",
    "Lisa Ek tjänar 41 200 kr i månaden och har sms-lån.",
    "Hans Boström har försörjningsstöd sedan i mars.",
    "Anna Berg lever på existensminimum. Hon har skulder hos Kronofogden.",
    "Jag vill ha ersättningen till mitt personkonto 3300-7003119984.",
    "IBAN SE45 5000 0000 0583 9825 7466 (Magnus Ahlberg)",
    "Hej, sätt in reseersättningen på 8214-9 983554112",
    "Visa 4012888888881881 går ut 12/27",
    "Familjen Nyström, Storgatan 4, har blivit vräkta på grund av obetalda hyror.",
    "Sätt pengarna på mitt SEB-konto 5321-12 345 67, tack.",
    "Boka hotellet på mitt Visa 4539 1488 0343 6467, går ut 09/27 och de tre siffrorna är 551.",
    "Grannen Bertil Ask har hamnat hos Kronofogden och riskerar att bli vräkt i maj.",
    "Till lönekontoret: nytt kontonr 8105-9, 904 123 776-2 för mina arvoden.",
    "Jag har hört att Fatima Yusuf får försörjningsstöd trots att hon äger en lägenhet i Malmö.",
    "Stig Bergman är skyldig 340 000 efter konkursen och har betalningsanmärkning.",
    "My IBAN is SE72 8000 0810 3400 0978 3242, account holder Peter Blad.",
    "Elsa Nordin fick ärva 2,3 miljoner och har nu ansökt om avgiftsbefrielse.",
    "Maj-Britt Ek vill ha sin del på sitt konto i Swedbank, clearing 8214-9 och nummer 974 118 203-5.",
    "Pappan, Robert Sjöwall, ligger efter med avgiften sedan maj.",
    "Robert Sjöwall har inte betalat hyran på tre månader.",
    "Sätt in det på 5231 1234567, tack.",
    "Mitt konto är 2026 123 4567.",
    "Karin Berg är skyldig att betala 40 000 kronor.",
    "Karin Berg är skyldig Anna 40 000 kronor.",
    "4111 1111 1111 1111",
    "378282246310005",
    "SE45 5000 0000 0583 9825 7466",
    "3300-7003119984",
]

PASSING = [
    "Kommunens bankgiro är 5805-6201.",
    "Vi redovisar på konto 4010 ansvar 2200.",
    "Antalet hushåll med försörjningsstöd minskade med 4 procent.",
    "Swedbank stänger kontoret 2026-12-15, meddelar pressavdelningen.",
    "Sätt in en extra punkt, 14, före 2026-12-07 1830.",
    "Överför ärendet till nytt nummer 2027 000412.",
    "Arvode för oktober är inlämnat, ref 5231 1234567.",
    "Nordea har offererat 3,2 procent på 25 000 000 kr.",
    "SEB föreslår 1 250 000,00 kronor.",
    "Sparbanken: 0435-555 55, växel 0435-550 00.",
    "Lars Ek är skyldig att närvara som revisor enligt lag.",
    "Lars Ek är skyldig nämnden ett svar.",
    "Olle Persson betalar ut bidrag för enskilda vägar.",
    "Socialnämnden beslutade om riktlinjer för försörjningsstöd.",
    "Leverantören har bankgiro 505-1057 och plusgiro 10324-2.",
    "Föreningens konto i Swedbank 8327-9, 934 123 456-1 för bidrag",
    "Finansminister Elisabeth Svantesson presenterade skuldsaneringslagen.",
    "Faktura 2024-881 på 12 500 kr betalas till bankgiro 5900-1115 OCR 1234567897.",
    "Kronofogden bjuds in till trygghetsrådet den 4 maj.",
    "Kommunen har lån på 310 miljoner kronor i Kommuninvest.",
    "Projektpengarna betalas till IBAN DE89370400440532013000, Stadt Musterhausen, municipality account.",
    "Mats Ek (M) föreslog att skuldrådgivningen förstärks.",
    "Ny mobil 070-174 06 05 och konto i Teams.",
    "Kontakta ekonomiavdelningen om konto 6712.",
    "Skattekontot: bankgiro 5050-1055, OCR 1655625430162",
    "Bankgiro 5161-3207, IBAN SE45 5000 0000 0583 9825 7466. Vilket gäller för kommunen? Folk ringer mig.",
    "Utlägget ska till konto 7610, projekt 2026.0452.",
    "Kommunen ligger efter med avgifterna för VA.",
    "Artikel 4539148803436467 i lager",
    "4111111111111114",
    "1234567812345673",
    "SE4550000000058398257467",
]


def told(judge: Judge, text: str) -> bool:
    return any(f.rule == RULE and f.confidence >= Confidence.MEDIUM for f in judge(text))


@pytest.mark.parametrize("text", FOUND)
def test_private_money_is_found(judge: Judge, text: str) -> None:
    assert told(judge, text)


@pytest.mark.parametrize("text", PASSING)
def test_money_of_organisations_and_policy_passes(judge: Judge, text: str) -> None:
    assert not told(judge, text)


CARD, PARTS, IBAN = "Ett kortnummer", "Ett kortnummer i delar", "Ett bankkonto (IBAN)"
ACCOUNT, OWN, FILE = "Ett bankkonto", "Ett personkonto", "En betalfil med 3 konton"
NAMED, SOMEBODY = "En uppgift om en namngiven persons ekonomi", "En uppgift om en persons ekonomi"
FOREIGN = "SE45 5000 0000 0583 9825 7466"
PAYMENTS = "Namn;Clearing;Konto\nAnna Berg;8327-9;934 123 456-1\nBo Ek;6712;318 442 971\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("4111111111111111 står där", [("4111111111111111", MEDIUM, CARD)]),
        ("4111 1111 1111 1111 står där", [("4111 1111 1111 1111", HIGH, CARD)]),
        ("Visa 4111111111111111", [("4111111111111111", HIGH, CARD)]),
        ("4111111111111111 går på Visa", [("4111111111111111", HIGH, CARD)]),
        (f"Visa{' och annat' * 6} 4111111111111111", [("4111111111111111", MEDIUM, CARD)]),
        ("Artikel 4539148803436467 och kortet", [("4539148803436467", HIGH, CARD)]),
        ("Artikel 4539148803436467 och 4111 1111 1111 1111", [("4111 1111 1111 1111", HIGH, CARD)]),
        ("4111111111111111, alltså 4111 1111 1111 1111", [("4111 1111 1111 1111", HIGH, CARD)]),
        ("4111111111111111, alltså 4111111111111111", [("4111111111111111", MEDIUM, CARD)]),
        (
            "4111111111111111 och 4539148803436467",
            [("4111111111111111", MEDIUM, CARD), ("4539148803436467", MEDIUM, CARD)],
        ),
        ("Kortet är 4111 1111 först, slut 1111 1111.", [("4111 1111 först, slut 1111 1111", HIGH, PARTS)]),
        (f"Kortet {'är mitt ' * 15}4111 1111 och 1111 1111", [("4111 1111 och 1111 1111", HIGH, PARTS)]),
        (f"Kortet {'är mitt ' * 18}4111 1111 och 1111 1111", []),
        (FOREIGN, [(FOREIGN, MEDIUM, IBAN)]),
        (f"{FOREIGN}, Peter Blad", [(FOREIGN, HIGH, IBAN)]),
        (f"Mitt: {FOREIGN}, kommunen", [(FOREIGN, HIGH, IBAN)]),
        (f"{FOREIGN}, kommunen", []),
        (f"Kommunen: {FOREIGN}", []),
        ("3300-7003119984", [("3300-7003119984", HIGH, OWN)]),
        ("8327-9, 934 123 456-1", []),
        ("Sätt in på 8327-9, 934 123 456-1", [("8327-9, 934 123 456-1", HIGH, ACCOUNT)]),
        ("8327-9, 934 123 456-1 är kontot", [("8327-9, 934 123 456-1", HIGH, ACCOUNT)]),
        ("Konto hos Swedbank: 318 442 9", [("318 442 9", HIGH, ACCOUNT)]),
        ("Konto hos Swedbank: 318 442", []),
        ("Konto hos Swedbank: 3184 4297 1318 442", [("3184 4297 1318 442", HIGH, ACCOUNT)]),
        ("Konto hos Swedbank: 3184 4297 1318 4429", []),
        ("Hej!\n\nKonto:\n318 442 9714\n\nHälsningar", [("318 442 9714", HIGH, ACCOUNT)]),
        ("Konto:\n\n318 442 9714", []),
        ("\n\nKonto: 318 442 9714", [("318 442 9714", HIGH, ACCOUNT)]),
        ("Konto 318 442 971, bankgiro", [("318 442 971", HIGH, ACCOUNT)]),
        ("Konto med bankgiro 318 442 971", []),
        ("Kommunens konto i Swedbank 934 123 456", []),
        (PAYMENTS, [("8327-9;934 123 456-1", HIGH, ACCOUNT), ("6712;318 442 971", HIGH, ACCOUNT)]),
        (
            f"{PAYMENTS}Eva Lind;9025;51327684\n",
            [
                ("8327-9;934 123 456-1", HIGH, ACCOUNT),
                ("6712;318 442 971", HIGH, ACCOUNT),
                ("8327-9", HIGH, FILE),
            ],
        ),
        ("Lisa Ek har sms-lån.", [("sms-lån", HIGH, NAMED)]),
        ("Grannen har sms-lån.", [("sms-lån", MEDIUM, SOMEBODY)]),
        ("Han har sms-lån.", []),
        ("Grannen föreslår färre sms-lån.", []),
        ("Grannen har sms-lån, säger hon.", [("sms-lån", MEDIUM, SOMEBODY)]),
        ("Lisa Ek ringde. Han har sms-lån.", [("sms-lån", HIGH, NAMED)]),
        ("Lisa Ek ringde. Det regnade. Han har sms-lån.", []),
        ("Lisa Ek ringde. Inga sms-lån.", []),
        ("Grannen har sms-lån. Anna Ek ringde.", [("sms-lån", HIGH, NAMED)]),
        ("Riktlinjer om sms-lån för Lisa Ek.", []),
        ("Riktlinjer om sms-lån för Lisa Ek. Bo Ask är vräkt.", [("vräkt", HIGH, NAMED)]),
        ("Jag anser att Lisa Ek har sms-lån", []),
    ],
)
def test_what_is_found_and_how_surely(judge: Judge, text: str, found: list[tuple[str, Confidence, str]]) -> None:
    told = [f for f in judge(text) if f.detector == "financial"]
    assert [(text[f.start : f.end], f.confidence, f.reason) for f in told] == [
        (what, confidence, f"{why} står i mejlets text.") for what, confidence, why in found
    ]


@pytest.mark.parametrize(
    ("text", "length"), [("4111 1111 1111 1111", 16), (FOREIGN, 16), ("Konto hos SEB: 318 442 9", 7)]
)
def test_evidence_shows_no_digit(judge: Judge, text: str, length: int) -> None:
    assert [f.evidence for f in judge(text) if f.detector == "financial"] == ["•" * length]


def test_a_quote_hides_nothing_of_ones_own(judge: Judge, quoting: MakePart) -> None:
    """What a quote held too, or twenty others, was not told of one's own words."""
    quote, own = (
        "\n".join(f"Konto hos SEB: 318 442 {n}" for n in range(900, 930)) + "\n",
        "Konto hos SEB: 318 442 900\n\nKonto hos SEB: 318 442 899",
    )
    found = [f for f in judge(quoting(quote, own)) if f.detector == RULE]
    assert [f.segment for f in found] == [SegmentKind.OWN] * 2 + [SegmentKind.QUOTED] * 18
