"""Reasons: the sender's own words and nothing else."""

from __future__ import annotations

import pytest

from gateway.message.parse import parse_message
from gateway.motivation.reason import LONGEST, decision, is_reason, own_words

HEAD = "From: a@politik.orkelljunga.se\r\nIn-Reply-To: <x@y>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"


def own(text: str) -> str:
    return own_words(parse_message((HEAD + text.replace("\n", "\r\n")).encode()))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Alla längs vägen berörs.", "Alla längs vägen berörs."),
        ("Hej!\n\nAlla längs vägen berörs.\n\nMed vänlig hälsning\nAnna Berg\n", "Alla längs vägen berörs."),
        ("Alla längs vägen berörs.\n\nMvh Anna\n", "Alla längs vägen berörs."),
        ("Alla berörs.\n\nDen 4 maj 2026 kl. 10.12 skrev Utpost <utpost@x.example>:\n> Svara\n", "Alla berörs."),
        ("Rad ett.\n\nRad två.\n/Anna", "Rad ett.\n\nRad två."),
        ("Med vänlig hälsning\nAnna Berg\n", ""),
        ("\n\n> Svara på det här brevet\n", ""),
        ("", ""),
    ],
)
def test_own_words(text: str, kept: str) -> None:
    assert own(text) == kept


def test_no_more_is_kept_than_anybody_would_read() -> None:
    assert len(own("ord " * 5000)) == LONGEST


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Alla boende längs vägen berörs.", True),
        ("Gäller alla i byn", True),
        ("ok", False),
        ("Hej hej", False),
        ("", False),
        ("...", False),
        ("12 345 67", False),
    ],
)
def test_a_reason_however_short(text: str, expected: bool) -> None:
    assert is_reason(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ja", True),
        ("JA, det går bra.", True),
        ("Det är ok", None),
        ("Godkänns.", True),
        ("Yes, fine", True),
        ("Nej", False),
        ("Nej, inte ja", False),
        ("Det går inte", None),
        ("Avslås", False),
        ("Jag vet inte", None),
        ("Jag återkommer om det här senare", None),
        ("", None),
    ],
)
def test_what_an_approver_says(text: str, expected: bool | None) -> None:
    assert decision(text) is expected
