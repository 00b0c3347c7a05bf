"""What a person can be reached by: the quick look at digits lets nothing through and stops nothing."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.detect import contacts
from gateway.detect.contacts import contact
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
