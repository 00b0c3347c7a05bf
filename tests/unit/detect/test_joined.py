"""Halves of a number that words or marks join: text, and what is put together."""

from __future__ import annotations

import pytest

from gateway.detect.clusters import Shape
from gateway.detect.joined import joined_numbers
from gateway.model import Confidence
from tests.unit.detect.conftest import Judge, MakePage

TIGHT, JOINED = Shape.TIGHT, Shape.JOINED
NUMBER = "7809142388"


@pytest.mark.parametrize(
    ("text", "span", "shape"),
    [
        ("780914 streck 2388", "780914 streck 2388", TIGHT),
        ("780914, bindestreck, 2388", "780914, bindestreck, 2388", TIGHT),
        ("780914 ett bindestreck och sedan 2388", "780914 ett bindestreck och sedan 2388", TIGHT),
        ("780914 och sedan 2388", "780914 och sedan 2388", JOINED),
        ("780914 följt av 2388", "780914 följt av 2388", JOINED),
        ("780914 plus 2388", "780914 plus 2388", JOINED),
        ("78-09-14 och slutar på 2388", "78-09-14 och slutar på 2388", JOINED),
        ("78 09 14 och fyrorna är 23 88", "78 09 14 och fyrorna är 23 88", JOINED),
        ("780914.\nFyrorna: 2388", "780914.\nFyrorna: 2388", JOINED),
        ("780914 med 2388 på slutet", "780914 med 2388", JOINED),
        ("780914 (2388)", "780914 (2388", JOINED),
        ("780914/2388", "780914/2388", JOINED),
        ("780914 … 2388", "780914 … 2388", JOINED),
        ("780914_2388", "780914_2388", JOINED),
        ("780914:2388", "780914:2388", JOINED),
        ("född 14 september 1978, 2388", "14 september 1978, 2388", JOINED),
        ("Personnummer (780914) - (2388)", "780914) - (2388", JOINED),
        ("född 780914 med 2 3 8 8", "780914 med 2 3 8 8", JOINED),
        ("född 78, 0914-2388", "78, 0914-2388", JOINED),
        ("årgång 78 och 0914-2388", "78 och 0914-2388", JOINED),
        # numerals, and numerals mixed with figures
        ("78 noll nio 14 streck 2388", "", TIGHT),
        ("sju åtta noll nio ett fyra, sedan två tre åtta åtta", "", JOINED),
        ("sju åtta noll nio ett fyra streck tjugotre åttioåtta", "", TIGHT),
        ("sjuttioåtta, fjortonde september, sen två tre åtta åtta", "", JOINED),
        ("f. fjortonde september sjuttiåtta, tjugotre 88", "fjortonde september sjuttiåtta, tjugotre 88", JOINED),
        ("den 14 september sjuttioåtta och sen 2388", "14 september sjuttioåtta och sen 2388", JOINED),
        ("780914 och de fyra sista är två tre åtta åtta", "", JOINED),
        ("sju åtta noll nio ett fyra ett streck 2388", "", TIGHT),
    ],
)  # fmt: skip
def test_what_joins_the_halves(page: MakePage, text: str, span: str, shape: Shape) -> None:
    found = {(text[w.start : w.end], w.digits, w.shape) for w in joined_numbers(page(text))}
    assert found == {(span or text, NUMBER, shape)}


@pytest.mark.parametrize(
    "text",
    [
        "780914 och 2388",
        "780914 gav sedan 2388",
        "780914, sedan 12388",
        "780914, sedan 2388 12",
        "780914, sedan 2388-1",
        "780914, sedan 23.2388",
        "78-09-14 (2388)",
        "780914, 2388",
        "14 september 1978, 2388",
        "född 14 september 1978 i stugan med 2388",
        "född 17 mars 1982 och sedan 2004",
        "780914 (2024)",
        "780914_2388.tif",
        "780914 (2388.PDF)",
        "IMG_780914_2388",
        "bild780914_2388",
        "född 78 på orten, 0914-2388",
        "0914-2388",
        "sedan 2388",
        "född i september, sedan två tre åtta åtta",
        f"780914{' sedan' * 20} 2388",
    ],
)
def test_other_digits_are_left(page: MakePage, text: str) -> None:
    assert list(joined_numbers(page(text))) == []


def numbers(judge: Judge, text: str) -> list[tuple[str, Confidence]]:
    return [(f.rule, f.confidence) for f in judge(text) if f.detector == "identity"]


@pytest.mark.parametrize(
    ("text", "rule", "confidence"),
    [
        ("Han ligger under 780914 ett bindestreck och sedan 2388.", "personnummer", Confidence.HIGH),
        ("Han är född 1978 09 14 och fyrorna är 23 88.", "personnummer", Confidence.HIGH),
        (
            "Den ene har ett nummer som börjar med 06-10-80 och slutar på 9832.",
            "samordningsnummer",
            Confidence.HIGH,
        ),
        ("Mannen är född åttiotvå, sjuttonde mars, sen nio åtta noll två.", "personnummer", Confidence.HIGH),
        ("Det står 201011 88-9852 i mina papper", "samordningsnummer", Confidence.HIGH),
        ("Det står 780914 och sedan 2388 på lappen", "personnummer", Confidence.MEDIUM),
    ],
)
def test_a_joined_number_is_weighed_like_any_other(judge: Judge, text: str, rule: str, confidence: Confidence) -> None:
    assert numbers(judge, text) == [(rule, confidence)]


@pytest.mark.parametrize(
    "text",
    [
        "Han är född 780914 och fyrorna är 2389.",
        "Hon hör till sexorna. Mötet 260317 slutar på 1430.",
        "Order 780914 streck 2388",
        "Diarienummer 780914 och sedan 2388",
        "Ärendet 780914 (2388) är avslutat.",
        "Mätaren visar 780914, slutar på 2388",
        "Föreningen bildades 14 september 1978, sedan 1983 har den 2388 medlemmar.",
        "Felanmälan är gjord med nummer sju sex noll fyra två åtta.",
    ],
)
def test_other_numbers_pass(judge: Judge, text: str) -> None:
    assert numbers(judge, text) == []


def test_file_names_are_not_read(judge: Judge, part: object) -> None:
    files = part("", path="2", body=False, filename="780914 (2388).jpg")  # type: ignore[operator]
    assert numbers(judge, files) == []
