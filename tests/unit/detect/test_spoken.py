"""Numbers in words: text, and the digits that are read."""

from __future__ import annotations

import pytest

from gateway.detect.spoken import spoken_numbers
from tests.unit.detect.conftest import Judge, MakePage

TEN = (None, "7809142388")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("sju åtta noll nio ett fyra två tre åtta åtta", [TEN]),
        ("sju, åtta, noll. nio-ett\nfyra två tre åtta åtta", [TEN]),
        ("sjuttio åtta noll nio fjorton tjugo tre åttio åtta", [TEN]),
        ("åttio noll nio fjorton tjugotre åttioåtta", [(None, "8009142388")]),
        ("sju åtta noll nio ett fyra två tre åttio", [(None, "7809142380")]),
        ("sjuttioåtta tolv fjorton tjugotre åttioåtta", [(None, "7812142388")]),
        ("sjuttioen tolv fjorton tjugotre åttioett", [(None, "7112142381")]),
        ("nittonhundrasjuttioåtta tolv fjorton tjugotre åttioåtta", [("19", "7812142388")]),
        ("tjugohundratre noll nio fjorton tjugotre åttioåtta", [("20", "0309142388")]),
        ("tvåtusentolv noll nio fjorton tjugotre åttioåtta", [("20", "1209142388")]),
        ("tjugohundra noll tre noll nio fjorton tjugotre åttioåtta", [("20", "0309142388")]),
        ("sjuttioåtta noll nio fjorton streck tjugotre åttioåtta", [TEN]),
        ("sjuttioåtta noll nio fjorton bindestreck tjugotre åttioåtta", [TEN]),
        ("sjuttioåtta noll nio fjorton minus tjugotre åttioåtta", [TEN]),
        ("sju åtta noll nio ett    fyra två tre åtta åtta", [TEN]),
        ("sju åtta noll nio ett     fyra två tre åtta åtta", []),
        ("sju åtta noll nio ett X fyra två tre åtta åtta", []),
        ("sju åtta noll nio ett fyra två tre åtta", []),
        ("sju åtta noll nio ett fyra två tre åtta åtta ett", []),
        ("nittonhundrasjuttioåtta tolv fjorton tjugotre", []),
        ("tjugotalet noll nio ett fyra två tre åtta åtta", []),
        ("sju åtta noll nio ett fyra två tre sjuttiofemman", []),
        ("nittonhundratalet noll nio fjorton tjugotre åttioåtta", []),
    ],
)
def test_words_are_read_as_digits(page: MakePage, text: str, found: list[tuple[str | None, str]]) -> None:
    assert [(w.century, w.digits) for w in spoken_numbers(page(text))] == found


def test_each_number_of_a_long_text_is_found_where_it_stands(page: MakePage) -> None:
    first, second = "sju åtta noll nio ett fyra två tre åtta åtta", "åttiosju tolv noll fem nittioåtta arton"
    text = f"{'Vi ses på mötet. ' * 20}Anna: {first}; Bo: {second}."
    assert [text[w.start : w.end] for w in spoken_numbers(page(text))] == [first, second]


def test_a_decade_before_numerals_does_not_stop_the_judging(judge: Judge) -> None:
    """``tjugotalet`` was taken for 2 and an unknown digit, which no calendar could read."""
    assert judge("Sjuttiotalet noll nio ett fyra två tre åtta åtta") == ()
