"""Personnummer and samordningsnummer: text, and the rules with their certainty that are expected."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.se import personnummer as oracle

from gateway.detect.checks import luhn
from gateway.model import Confidence, Origin, Segment, SegmentKind
from tests.unit.detect.conftest import Judge, MakePart

P, S = "personnummer", "samordningsnummer"
HIGH, MEDIUM = Confidence.HIGH, Confidence.MEDIUM


def numbers(findings: tuple[object, ...]) -> list[tuple[str, Confidence]]:
    return [(f.rule, f.confidence) for f in findings if f.rule in (P, S)]  # type: ignore[attr-defined]


FORMS = [
    "780914-2388", "19780914-2388", "197809142388", "1978-09-14-2388", "78.09.14-2388", "78/09/14-2388",
    "780914 - 2388", "780914\u20132388", "780914\u20112388", "780914\u22122388", "7809\u200b14-2388", "780914-\n2388",
    "780914-\n> 2388", "19 78 09 14 - 2388", "19780914 2388", "1978 09 14 2388",
    "\uff17\uff18\uff10\uff19\uff11\uff14-2388", "78O914-2388", "7809l4-2388", "220517+9811",
    "19220517+9811", "000229-2381",
]  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_numbers_in_many_spellings_need_no_label(judge: Judge, form: str) -> None:
    assert numbers(judge(f"Kan du titta på detta: {form}. Tack!")) == [(P, HIGH)]


@pytest.mark.parametrize(
    "text",
    [
        "Sökandens personnummer är 7809142388.",
        "Personnr 780914 2388",
        "Hon har numret 7809142388 och väntar på svar.",
        "Eleven har personnummer 78 09 14 23 88 och bor långt bort.",
        "Elev 7809142388 7A",
        "pnr7809142388",
        "Ersättaren persnr7809142 388 tjänstgjorde hela dagen.",
        "Mannens personnummer: 7 8 0 9 1 4 2 3 8 8",
        "Hon är född 780914 och de fyra sista är 2388.",
        "Född den 14 september 1978. Sista fyra: 2388",
        "Han är född 14/9 1978, slutsiffror 2388",
        "2388 är de fyra sista, och födelsedatum 1978-09-14.",
        "sju åtta noll nio ett fyra två tre åtta åtta",
        "Sjuttioåtta noll nio fjorton tjugotre åttioåtta",
        "nittonhundrasjuttioåtta noll nio ett fyra streck två tre åtta åtta",
        "The employee's personal identity number is 7809142388.",
    ],
)
def test_unusual_spellings_count_beside_words_about_a_person(judge: Judge, text: str) -> None:
    assert numbers(judge(text)) == [(P, HIGH)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Det rörde sig om 7809142388 i år.", [(P, MEDIUM)]),
        ("Det rörde sig om 7809142388 kr i år.", []),
        ("Rapport 7809142388 kom i dag.", []),
        ("I rapport och lista står hon med 7809142388 nu.", [(P, HIGH)]),
        ("Hon läser rapport 7809142388 i dag.", []),
        ("Här står 7809142388, hennes nummer.", [(P, HIGH)]),
    ],
)
def test_ten_digits_alone_are_weighed_by_the_words_around(
    judge: Judge, text: str, found: list[tuple[str, Confidence]]
) -> None:
    assert numbers(judge(text)) == found


LABELLED = "intill ett ord som säger att det är ett sådant"
MISTYPED = "med fel kontrollsiffra, troligen felskrivet"
FITTING = "med datum och kontrollsiffra som stämmer"
APART = "med födelsedatum och de fyra sista siffrorna på skilda ställen"


@pytest.mark.parametrize(
    ("text", "confidence", "why"),
    [
        ("Personnr 780914-2388", HIGH, LABELLED),
        ("Personnr 780914-2389", MEDIUM, MISTYPED),
        ("Personnr i listan som vi nyss fick, 780914-2389", MEDIUM, MISTYPED),
        ("Här är 780914-2389 (personnr)", MEDIUM, MISTYPED),
        ("780914-2389 (hans personnr)", MEDIUM, MISTYPED),
        ("Slå upp 780914-2388", HIGH, FITTING),
        ("Det rörde sig om 7809142388 i år.", MEDIUM, FITTING),
        ("Hon har 7809142388 i år.", HIGH, "intill ord om en person"),
        ("Född 780914, de fyra sista är 2388.", HIGH, APART),
        ("Född 780914, de fyra sista är 2389.", MEDIUM, f"{APART}, med fel kontrollsiffra"),
    ],
)
def test_a_finding_says_why_and_shows_no_digit_of_the_birth_number(
    judge: Judge, text: str, confidence: Confidence, why: str
) -> None:
    (found,) = (f for f in judge(text) if f.detector == "identity")
    assert found.reason == f"Ett personnummer står i mejlets text, {why}."
    assert (found.confidence, found.evidence) == (confidence, "••••••-••••")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Personnr 78 0914 2 389", []),
        ("Personnr 78 0914 2 388", [(P, HIGH)]),
        ("780914-2389 i listan är nu hans personnr", []),
        ("Siffrorna 000101 2384 står på lappen", [(P, MEDIUM)]),
        ("Siffrorna 0001012384 står på lappen", []),
        ("Siffrorna 00 01 01 23 84 står på lappen", []),
        ("Siffrorna 7001012389 står på lappen", [(P, MEDIUM)]),
        ("Rapport om hur 7809142388 kom till", []),
        ("Rapport elev 7809142388", [(P, HIGH)]),
        ("Elev rapport 7809142388", []),
        ("7809142389 (hans rätta personnr)", [(P, MEDIUM)]),
        ("Konto, i så fall 7809142388", []),
        ("x780914-2388", []),
        ("artikelnr780914-2388", []),
        ("https://exempel.se/780914-2388", []),
        ("https://exempel.se/780914-2388 och 871205-9818", [(P, HIGH)]),
        ("18780914-2388", [(P, HIGH)]),
        ("20000229-2381", [(P, HIGH)]),
        ("19000229-2381", []),
        ("000229+2381", []),
        ("17780914-2388", []),
    ],
)
def test_what_surrounds_a_number_decides_where_its_shape_does_not(
    judge: Judge, text: str, found: list[tuple[str, Confidence]]
) -> None:
    assert numbers(judge(text)) == found


@pytest.mark.parametrize(
    ("text", "meets"),
    [
        ("260914-2316", False),
        ("270101-1245", True),
        ("270101-1203", False),
        ("20260914 1235", True),
        ("20260914 2324", True),
        ("20260914 2357", True),
        ("20260914 2407", False),
        ("20260101 0966", False),
        ("20180101-1204", False),
        ("20170101-0900", False),
        ("20180101-0800", True),
        ("20450101-0815", True),
        ("20460101-0830", False),
        ("20260101-1030", True),
        ("20260101 0859", True),
        ("20260101 1360", False),
    ],
)
def test_a_day_of_these_years_with_a_time_may_be_a_meeting(judge: Judge, text: str, *, meets: bool) -> None:
    """With a hyphen only at a quarter of an hour, else at any minute; the check digits are right in all."""
    assert numbers(judge(text)) == ([] if meets else [(P, HIGH)])


def test_a_hundred_years_show_in_the_evidence(judge: Judge) -> None:
    assert [f.evidence for f in judge("19220517+9811")] == ["19••••••+••••"]


def test_the_surest_sight_of_a_number_is_told_else_the_first(judge: Judge) -> None:
    assert [f.start for f in judge("780914-2388 och 780914-2388")] == [0]
    weak = "Det rörde sig om 7809142388 i år. "
    (found,) = judge(f"{weak}{'Mer finns i handlingarna. ' * 3}780914-2388")
    assert (found.confidence, found.start > len(weak)) == (HIGH, True)


@pytest.mark.parametrize("form", ["500675-9822", "195006759822", "500675 9822", "160080-2399", "19500675-9822"])
def test_coordination_numbers_have_their_own_rule(judge: Judge, form: str) -> None:
    assert numbers(judge(f"Personen har numret {form}.")) == [(S, HIGH)]


@pytest.mark.parametrize("letter", "TRSUWXJKLMN")
def test_interim_numbers_count_as_personnummer(judge: Judge, letter: str) -> None:
    assert numbers(judge(f"Eleven har 850604-{letter}238 tills vidare.")) == [(P, HIGH)]


@pytest.mark.parametrize(
    "text",
    [
        "Personnummer: 780914-2389. Det står fel i systemet.",
        "Hon är född 780914 och de fyra sista är 2389.",
        "Slå upp 780914 2388 före lunch",
    ],
)
def test_doubtful_numbers_are_medium_or_carry_a_word_about_a_person(judge: Judge, text: str) -> None:
    (found,) = numbers(judge(text))
    assert found[0] == P
    assert found[1] >= MEDIUM


@pytest.mark.parametrize(
    "text",
    [
        "Kommunens organisationsnummer är 212000-0878.",
        "Org.nr 556254-3016, momsnr SE556254301601, 165562543016",
        "Sammanträden 260914-1300, 261012-1300 och 261109-1300.",
        "Nytt nummer är 040-628 04 53.",
        "Ring 0406280412 så hjälper vi till.",
        "Telefon: 0406280412",
        "Ordernummer 780914-2388 levereras i veckan.",
        "Serienumret är 7809142388, garanti tre år.",
        "Fakturanummer 197809142388 är betald.",
        "Supportärende 780914-2388 är stängt.",
        "Kollinummer: 780914-2388",
        "Projektnr 780914-2388",
        "OCR 197809142388",
        "Artikelnummer 780914-2389 är slut.",
        "error id=850101123456 tid=1747036533981",
        "https://exempel.se/sok?id=780914-2388",
        "64082398-1234-4981-8503-121234567890",
        "Paketets kolli-id är 00370730254640823980.",
        "ISBN 978-91-7903-458-1",
        "20260512081533",
        "Mötes-id 385 124 981 234",
        "780914-238X",
        "780914-XXXX",
        "Utfallet blev 610 823 tkr mot budget 598 120 tkr.",
        "KS 2026/123, protokoll 2026-05-04 § 112, Örkelljunga 1:23",
        "IMG_20260512_081533.jpg",
        "+46 70 174 06 05",
        "010229-2380",
        "De sista fyra åren, 2022 till 2025, var bra. Bokslutet behandlas 2026-10-12.",
        "De sista fyra åren, 2022 till 2025, var bra. Planen antogs 1985-06-12.",
        "Diarienumrets fyra sista siffror är 1204, ärendet inkom 2026-03-02.",
        "De fyra sista siffrorna i föreningens bankgiro är 1204. Fakturan är från 1985-06-12.",
        "De sista siffrorna från ekonomi kom 1978-09-14: 2388 tkr i underskott.",
        "Räkning nr 640823 3234 avser el i Forum.",
        "150916-0006",
    ],
)
def test_other_numbers_pass(judge: Judge, text: str) -> None:
    assert numbers(judge(text)) == []


def test_a_column_of_other_numbers_with_a_lucky_one_passes(judge: Judge) -> None:
    rows = "\n".join(f"{n:06}{n * 7 % 10000:04}" for n in range(780914, 781014))
    assert numbers(judge("Nummer\n" + rows + "\n7809142388\n")) == []


RIGHT = ("7801102307", "7801112314", "7801122321")
WRONG = ("7802102308", "7802112315", "7802122322", "7802132339")


@pytest.mark.parametrize(
    ("rows", "counted"),
    [
        (RIGHT[:2] + WRONG[:3], 2),
        (RIGHT[:2] + WRONG[:4], 0),
        (RIGHT + WRONG[:3], 3),
        (RIGHT + WRONG, 0),
        ((*RIGHT[:2], "5562543016", "2120000878", "2021001234", "2322001111"), 2),
        ((*RIGHT[:2], "2120000878", "2120000870", "2120000871", "2120000872", "2120000873"), 2),
        ((*RIGHT[:2], *WRONG[:2], *WRONG[:2], *WRONG[:2]), 2),
    ],
)
def test_six_numbers_of_a_shape_must_be_right_in_half(judge: Judge, rows: tuple[str, ...], counted: int) -> None:
    """Those of organisations tell nothing about their neighbours, and one that comes again is one."""
    assert sum(f.count for f in judge("\n".join(rows)) if f.detector == "identity") == counted


def test_a_column_below_its_head_counts(judge: Judge) -> None:
    found = numbers(judge("namn;pnr\nEllen;7809142388\nIsak;8712059818\n"))
    assert found == [(P, HIGH), (P, HIGH)]


def test_date_and_serial_in_two_columns(judge: Judge) -> None:
    assert numbers(judge("Namn\tFödd\tFyra sista\nAnna\t780914\t2388\nBo\t871205\t9818\n")) == [(P, HIGH), (P, HIGH)]


def test_subject_and_file_name_are_looked_at(judge: Judge, part: MakePart) -> None:
    findings = judge(part("", path="2", filename="intyg_780914-2388.pdf", body=False), subject="Ärende 871205-9818")
    assert [(f.part, f.rule) for f in findings] == [("subject", P), ("2", P)]
    assert "filnamn" in findings[1].reason


def test_positions_are_those_of_the_text_as_it_came(judge: Judge) -> None:
    text = "Nr\u200b: 78\u200b0914\u20132388!"
    (finding,) = judge(text)
    assert text[finding.start : finding.end] == "78\u200b0914\u20132388"


def test_a_number_in_a_quote_belongs_to_the_quote(judge: Judge, part: MakePart) -> None:
    text = "Tack!\n> Mitt nummer är 780914-2388.\n"
    segments = (
        Segment(kind=SegmentKind.OWN, start=0, end=6),
        Segment(kind=SegmentKind.QUOTED, start=6, end=len(text)),
    )
    (finding,) = judge(part(text, segments=segments, origin=Origin.OWN))
    assert finding.segment is SegmentKind.QUOTED


def test_evidence_is_masked_and_tells_numbers_apart(judge: Judge) -> None:
    findings = judge("19780914-2388 och 871205-9818 och 19780914-2388")
    assert [f.evidence for f in findings] == ["19••••••-••••", "••••••-•••• (nr 2)"]
    assert not any(c.isdigit() for c in findings[0].evidence.removeprefix("19"))


def test_many_numbers_share_a_finding(judge: Judge) -> None:
    digits = (f"7{n:03}01-{serial:03}" for n in range(101, 113) for serial in range(240, 246) if n % 100 <= 12)
    valid = [d + c for d in digits for c in "0123456789" if luhn((d + c).replace("-", ""))]
    found = [f for f in judge("\n".join(valid)) if f.rule == P]
    assert sum(f.count for f in found) == len(set(valid))
    assert len(found) < len(valid)


def test_past_twenty_numbers_a_rule_shares_one_finding(judge: Judge) -> None:
    heads = [f"7801{day:02}-241" for day in range(1, 23)] + [f"7801{day:02}-241" for day in (61, 62)]
    told = judge("\n".join(h + next(c for c in "0123456789" if luhn((h + c).replace("-", ""))) for h in heads))
    found = [f for f in told if f.detector == "identity"]
    assert [(f.rule, f.count) for f in found] == [(P, 1)] * 20 + [(P, 2), (S, 2)]
    assert [f.reason.split(" står")[0] for f in found[19:]] == [
        "Ett personnummer",
        "2 personnummer",
        "2 samordningsnummer",
    ]


@given(st.integers(0, 99), st.integers(1, 12), st.integers(1, 28), st.integers(1, 999))
def test_plain_numbers_agree_with_another_library(year: int, month: int, day: int, serial: int) -> None:
    head = f"{year:02}{month:02}{day:02}{serial:03}"
    for check in "0123456789":
        assert luhn(head + check) == oracle.is_valid(f"19{head[:6]}-{head[6:]}{check}")


@pytest.mark.parametrize(
    ("text", "confidence"),
    [
        ("Barnet kom 2019-03-14, fyra sista är 2386.", HIGH),
        ("Barnet kom 2019-03-14, fyra sista är 2388.", MEDIUM),
        ("Alva Berg, 20190314, sista fyra 2386", HIGH),
        ("Alva Berg, 20190314, sista fyra 2388", None),
        ("Ansökan kom in 20190314, fyra sista sidorna är numrerade till 2386", None),
        ("Datum 440914, sista fyra 2389", HIGH),
        ("Datum 440914, sista fyra 2381", MEDIUM),
        ("Faktura, sista fyra 2388. Hon är född 780914.", HIGH),
    ],
)
def test_a_day_of_these_years_and_four_figures_are_a_childs_number_only_beside_words_of_birth(
    judge: Judge, text: str, confidence: Confidence | None
) -> None:
    assert numbers(judge(text)) == ([(P, confidence)] if confidence else [])
