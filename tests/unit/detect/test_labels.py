"""What the words around a number call it: text with a number, and its label."""

from __future__ import annotations

import pytest

from gateway.detect import labels
from gateway.detect.labels import Label, called_after, heading_of, in_address, label_of, number_of_a_thing
from gateway.detect.view import Page
from tests.unit.detect.conftest import MakePage

IDENTITY, OTHER, NONE = Label


@pytest.mark.parametrize(
    ("before", "label"),
    [
        ("personnr ", IDENTITY), ("personnr: ", IDENTITY), ("personnr (", IDENTITY), ('personnr "', IDENTITY),
        ("personnr - ", IDENTITY), ("personnr. ", IDENTITY), ("personnr är ", IDENTITY), ("personnr. är ", IDENTITY),
        ("personnr är det som har mitt ", IDENTITY), ("personnr är det som har mitt nya ", NONE),
        ("personnr:\n", IDENTITY), ("personnr\n", NONE), ("personnr är:\n", IDENTITY), ("personnr;", NONE),
        ("personnr, ", NONE), ("personnr! ", NONE), ("personnr\t", IDENTITY), ("personnr katt ", NONE),
        ("personnr är. ", NONE), ("personnr: är ", IDENTITY), ("katt är ", NONE), ("", NONE),
        ("samordningsnummer ", IDENTITY), ("xpersnr ", IDENTITY), ("order ", OTHER), ("order är ", OTHER),
        ("vattenmätare ", OTHER), ("projektnummer ", OTHER), ("kundnr ", OTHER), ("vår referens ", OTHER),
        ("koden ", OTHER), ("nummer ", NONE), ("Numret ", NONE), ("nr ", NONE), ("number ", NONE),
        ("order är personnr ", IDENTITY), ("personnr är order ", OTHER), ("sak ", NONE),
        (f"personnr {'- ' * 40}", IDENTITY), (f"personnr {'- ' * 45}", NONE),
    ],
)  # fmt: skip
def test_the_words_before_a_number_call_it_something(page: MakePage, before: str, label: Label) -> None:
    assert label_of(page(f"{before}780914"), len(before)) is label


@pytest.mark.parametrize(
    ("before", "of_a_thing"),
    [
        ("Serienumret på hjärtstartaren är ", True),
        ("Artikelnumret på fodralet, ", True),
        ("Ordernumret för de nya stolarna: ", True),
        ("Serienumret är ", False),
        ("Kortnumret för brukaren är ", False),
        ("Kundnumret för Karin är ", False),
        ("Medlemsnumret för grannen är ", False),
        ("Numret på fodralet är ", False),
        ("Personnumret på den sökande är ", False),
        ("Serienumret på hjärtstartaren som står i den stora salen är ", False),
        ("", False),
    ],
)
def test_a_number_may_be_that_of_a_thing(page: MakePage, before: str, *, of_a_thing: bool) -> None:
    assert number_of_a_thing(page(f"{before}780914"), len(before)) is of_a_thing


@pytest.mark.parametrize(
    ("after", "label"),
    [
        (" som personnr", IDENTITY), (" som ärendenummer", OTHER), (' " som ärendenummer', NONE),
        ('" som ärendenummer', OTHER), (") står för kundnr", OTHER), (" för personnr", IDENTITY), (" som katt", NONE),
        (" kundnr", NONE), ("", NONE),
    ],
)  # fmt: skip
def test_a_number_may_be_said_to_serve_as_something(page: MakePage, after: str, label: Label) -> None:
    assert called_after(page(f"780914{after}"), 6) is label


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("namn;personnr\nAnna;780914", IDENTITY),
        ("namn;vårt ordernr nu\nAnna;780914", OTHER),
        ("personnr;namn\nAnna;780914", NONE),
        ("namn;personnr;x\nAnna;780914", IDENTITY),
        ("namn;personnr\nAnna;x\nEva;780914", IDENTITY),
        ("namn;personnr 780914\nAnna;x", NONE),
        ("personnr 780914", NONE),
    ],
)
def test_the_head_of_a_column_calls_its_numbers_something(page: MakePage, text: str, label: Label) -> None:
    assert heading_of(page(text), text.index("780914")) is label


def test_a_long_head_above_many_numbers_is_read_once(page: MakePage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A head of 1 800 characters above 4 000 numbers took 24 seconds."""
    words = 300
    text = f"namn;{'katt ' * words}\nAnna;780914\nBo;871205\n"
    read: list[str] = []

    def named(_page: Page, word: str, _position: int) -> Label:
        read.append(word)
        return NONE

    monkeypatch.setattr(labels, "_named", named)
    laid = page(text)
    for number in ("780914", "871205", "780914"):
        assert heading_of(laid, text.index(number)) is NONE
    assert len(read) == words


@pytest.mark.parametrize(
    ("before", "inside"),
    [
        ("https://x.se/", True), ("Se www.x.se/a/", True), ("x.se/?id=", True), ("a&nr=", True), ("/mapp/", True),
        ("https://x.se ", False), ("https://x.se\n", False), ("Se /mapp/", False), ("id=", False), ("", False),
        (f"https://x.se/{'a' * 180}", True), (f"https://x.se/{'a' * 200}", False),
        (f"https://x.se och {'a' * 250}", False),
        ("Hej\nhttps://x.se/", True), ("https://x.se/a och\nb", False),
    ],
)  # fmt: skip
def test_a_number_may_be_part_of_an_address(before: str, *, inside: bool) -> None:
    text = f"{before}780914-2388 https://y.se/"
    assert in_address(text, (len(before), len(before) + 11)) is inside
