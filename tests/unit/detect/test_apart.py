"""Date of birth and the last four apart: text, and what is put together."""

from __future__ import annotations

import pytest

from gateway.detect.apart import numbers_apart
from gateway.detect.clusters import Shape
from tests.unit.detect.conftest import MakePage

FOUR = "fyra sista"


@pytest.mark.parametrize(
    ("text", "serial", "century", "digits"),
    [
        (f"Född 780914, {FOUR} 2388", "2388", None, "7809142388"),
        (f"Född 19780914, {FOUR} 2388", "2388", "19", "7809142388"),
        (f"Född 20080914, {FOUR} 2388", "2388", "20", "0809142388"),
        (f"Född 1978-09-14, {FOUR} 2388", "2388", "19", "7809142388"),
        (f"Född 78.09.14, {FOUR} 23 88", "23 88", None, "7809142388"),
        (f"Född 14/9 1978, {FOUR} 2 3 8 8", "2 3 8 8", "19", "7809142388"),
        (f"Född 14/9 1978, {FOUR} 2-3-8-8", "2-3-8-8", "19", "7809142388"),
        (f"Född 14/9 1978, {FOUR} 2 - 3 - 8 - 8", "2 - 3 - 8 - 8", "19", "7809142388"),
        (f"Född 4/9-78, {FOUR} 2388", "2388", None, "7809042388"),
        (f"Född den 14:e sep. 1978, {FOUR} 2388", "2388", "19", "7809142388"),
        (f"2388 är {FOUR}, född 780914", "2388", None, "7809142388"),
        (f"1234, 2388 är {FOUR}, född 780914", "2388", None, "7809142388"),
        (f"Född 780914, sedan 790914, {FOUR} 2388", "2388", None, "7909142388"),
        (f"{FOUR} 2388, född 780914 eller 790914", "2388", None, "7809142388"),
        (f"Född 780914, {FOUR} {'x' * 34} 2388", "2388", None, "7809142388"),
        (f"2388 {'x' * 19} {FOUR}, född 780914", "2388", None, "7809142388"),
        (f"780914 {'x' * 280} {FOUR} 2388", "2388", None, "7809142388"),
        (f"{FOUR} 2388 {'x' * 280} 780914", "2388", None, "7809142388"),
        *(
            (f"Född 14 {name} 1978, {FOUR} 2388", "2388", "19", f"78{month:02}142388")
            for month, name in enumerate(
                ("januari", "feb", "Mars", "april", "maj", "juni", "juli", "aug", "sept", "oktober", "nov", "december"),
                start=1,
            )
        ),
    ],
)
def test_date_and_last_four_are_put_together(
    page: MakePage, text: str, serial: str, century: str | None, digits: str
) -> None:
    (found,) = numbers_apart(page(text))
    assert (text[found.start : found.end], found.century, found.digits) == (serial, century, digits)
    assert (found.shape, found.plus) == (Shape.ODD, False)


@pytest.mark.parametrize(
    "text",
    [
        f"Född den 14 xyz 1978, {FOUR} 2388",
        f"Född 17780914, {FOUR} 2388",
        f"Född 780914-1, {FOUR} 2388",
        f"Född 780914, {FOUR} saknas",
        f"Född 780914, {FOUR} 23881",
        f"Född 780914, {FOUR} 2388-1",
        f"Född 780914, {FOUR} 12.2388",
        f"Född 780914, {FOUR} {'x' * 35} 2388",
        f"Född 780914, {FOUR} {'x' * 34} 23881234",
        f"2388 {'x' * 26} {FOUR}, född 780914",
        f"780914 {'x' * 300} {FOUR} 2388",
        f"{FOUR} 2388 {'x' * 300} 780914",
        f"{FOUR} 2388",
        "780914 och 2388",
    ],
)
def test_what_is_no_date_or_no_last_four_is_left(page: MakePage, text: str) -> None:
    assert list(numbers_apart(page(text))) == []


def test_two_persons_have_two_numbers(page: MakePage) -> None:
    text = f"Anna är född 780914, {FOUR} 2388.\n\nBo är född 871205, {FOUR} 9818."
    assert [w.digits for w in numbers_apart(page(text))] == ["7809142388", "8712059818"]


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("Namn;Född;Fyra sista\nAnna;780914;2388\nBo;1987-12-05;9818\n", ["7809142388", "8712059818"]),
        ("Fyra sista;Född\n2388;780914\n", ["7809142388"]),
        ("Lista\nNamn;Fyra sista;Född\nAnna;2388;780914\nBo;9818;871205\n", ["7809142388", "8712059818"]),
        ("Namn;Född;Fyra sista\nEva;;1234\nIda;780914;\nUlf;x\nBo;871205;9818\n", ["8712059818"]),
    ],
)
def test_a_column_of_last_four_gives_a_number_for_each_row(page: MakePage, text: str, digits: list[str]) -> None:
    assert [w.digits for w in numbers_apart(page(text))] == digits
