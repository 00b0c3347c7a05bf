"""What a person can be reached by: the quick look at digits lets nothing through and stops nothing."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.detect import contacts
from gateway.detect.contacts import addresses, contact
from gateway.detect.octets import digits_of, latin_of

PIECES = [
    "070-174 06 05", "+46 70 1740605", "08-465 004 00", "Storgatan 1", "väg 2 b", "286 32 ", "Ör", "780914-2388", "A ",
    "19", "0", " ", "\n", "-", "gatan", "\u0663",
]  # fmt: skip


def found(text: str) -> str | None:
    match = contact(text, digits_of(latin_of(text)), 0, len(text))
    return match.group() if match else None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ring 070-174 06 05 i kväll", "070-174 06 05"),
        ("Bor på Storgatan 1, 286 32 Örkelljunga", "Storgatan 1"),
        ("286 32 Örkelljunga", "286 32 Örkelljunga"),
        ("780914-2388", "780914-2388"),
        ("Mötet 2024 hölls på gatan", None),
    ],
)
def test_the_first_way_to_reach_somebody(text: str, expected: str | None) -> None:
    assert found(text) == expected


@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_looking_at_digits_first_changes_nothing(text: str) -> None:
    patterns = (contacts.PHONE, contacts.STREET, contacts.POSTCODE, contacts._IDENTITY)
    matches: list[re.Match[str]] = [match for pattern in patterns if (match := pattern.search(text))]
    assert found(text) == (matches[0].group() if matches else None)


@pytest.mark.parametrize(
    "street",
    [
        "Kungsgatan", "Norra Skolvägen", "Ringväg", "Storgata", "Alstigen", "Gåsgränd", "Smalgränden",
        "Ekbacken", "Stortorget", "Lindallén", "Lindallé", "Lagaplan", "Åsliden", "Solrundeln", "Kringsvängen",
        "Björkslingan", "Östra Kyrkbyn", "Tallgården", "Ekhagen", "Åkroken", "Skogsleden",
    ],
)  # fmt: skip
def test_a_street_is_known_by_its_ending(street: str) -> None:
    assert found(f"Bor på {street} 12 b, i Eket") == f"{street} 12 b"
    assert found(f"Bor på {street}, rum 12 b") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("040 123", None),
        ("040 12 34", "040 12 34"),
        ("08-12 34", "08-12 34"),
        ("08-12 3", None),
        ("rum 3, Storgatan 1", "Storgatan 1"),
        ("Storgatan 1 eller 070-174 06 05", "070-174 06 05"),
        ("28632 Eket", "28632 Eket"),
        ("197809142388", "197809142388"),
        ("286 32 eket", None),
    ],
)
def test_a_telephone_comes_first_then_a_street(text: str, expected: str | None) -> None:
    assert found(text) == expected


@pytest.mark.parametrize("text", ["070-174 06 05", "Storgatan 1", "286 32 Örkelljunga", "780914-2388"])
def test_only_the_stretch_is_looked_at(text: str) -> None:
    whole = f"Bo Ek {text} Eva"
    digits = digits_of(latin_of(whole))
    start, end = whole.index(text), whole.index(text) + len(text)
    match = contact(whole, digits, start, end)
    assert match is not None
    assert match.span() == (start, end)
    assert contact(whole, digits, end, len(whole)) is None
    assert contact(whole, digits, 0, start + 3) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("anna.ek@Example.com", [("anna.ek@Example.com", "example.com")]),
        ("Se bo@x.se, eva@y.co.uk.", [("bo@x.se", "x.se"), ("eva@y.co.uk", "y.co.uk")]),
        ("@x.se och bo@ och @ bo@x", []),
        ("@@bo@x.se", [("bo@x.se", "x.se")]),
        ("a" * 70 + "@x.se", [("a" * 64 + "@x.se", "x.se")]),
    ],
)
def test_addresses_are_found_around_their_sign(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(text[start:end], domain) for start, end, domain in addresses(text)] == expected
