"""Signatures, notices, and prose that is neither (whole mails: ``mails/*.txt``)."""

from __future__ import annotations

import pytest

from gateway.message.quotes import split_lines
from gateway.message.signature import is_prose, sign
from gateway.model import SegmentKind

OWN, SIGNATURE, DISCLAIMER = SegmentKind.OWN, SegmentKind.SIGNATURE, SegmentKind.DISCLAIMER


def signed(text: str) -> tuple[list[SegmentKind], dict[int, int]]:
    lines = split_lines(text)
    kinds = [OWN] * len(lines)
    return kinds, sign(lines, kinds)


@pytest.mark.parametrize(
    ("text", "prose"),
    [
        ("Anna Berg", False),
        ("Ordförande (M), socialnämnden", False),
        ("Ledamot i kommunfullmäktige och ersättare i kommunstyrelsen", False),
        ("Besöksadress: Hallandsvägen 15, Örkelljunga", False),
        ("Tel 0435-550 00, mobil 070-174 06 05", False),
        ("anna.berg@example.com | www.example.com.", False),
        ("Örkelljunga kommun.", False),
        ("Anna har fått diabetes", True),
        ("Karin mår dåligt igen.", True),
        ("Kan du ringa mig?", True),
        ("PS. Glöm inte", True),
        ("P.S: Glöm inte", True),
        ("Jag, Hedda, bor kvar", True),
        ("", False),
    ],
)
def test_prose(text: str, prose: bool) -> None:
    assert is_prose(text) is prose


@pytest.mark.parametrize(
    ("line", "at"),
    [
        ("Mvh", None),
        ("MVH,", None),
        ("Med vänliga hälsningar!", None),
        ("Vänligen", None),
        ("Hälsningar", None),
        ("Kram", None),
        ("Best regards,", None),
        ("Med venlig hilsen", None),
        ("Vennlig hilsen", None),
        ("Ystävällisin terveisin", None),
        ("Mit freundlichen Grüßen", None),
        ("Mvh Anna", 4),
        ("Hälsningar, Anna Berg", 12),
        ("Med vänlig hälsning / Anna", 22),
    ],
)
def test_closings(line: str, at: int | None) -> None:
    kinds, splits = signed(f"Text här.\n{line}\nAnna Berg\n070-174 06 05")
    assert kinds == [OWN, OWN, SIGNATURE, SIGNATURE]
    assert splits == ({} if at is None else {1: at})


@pytest.mark.parametrize(
    "line",
    [
        "Vänligen återkom med svar",
        "Hälsningar till hela familjen",
        "Tack för senast",
        "Mvhan är inget ord",
        "Hälsa Anna",
        "Hälsningar Anna Berg som vill komma",
    ],
)
def test_no_closings(line: str) -> None:
    kinds, splits = signed(f"Text här.\n{line}\nAnna Berg\n070-174 06 05")
    assert kinds == [OWN] * 4
    assert splits == {}


@pytest.mark.parametrize(
    "line", ["-- ", "--", "—", "/Anna", "// Anna Berg", "Skickat från min iPhone", "Sent from Outlook for iOS"]
)
def test_other_beginnings(line: str) -> None:
    kinds, _ = signed(f"Text här.\n{line}")
    assert kinds == [OWN, SIGNATURE]


def test_signature_ends_at_its_longest() -> None:
    kinds, _ = signed("Mvh\n" + "Anna Berg\n" * 40)
    assert kinds.count(SIGNATURE) == 16


def test_closing_without_a_name_is_none() -> None:
    kinds, _ = signed("Tack\nJag undrar en sak till.")
    assert kinds == [OWN, OWN]


NOTICE = "Detta meddelande är konfidentiellt och avsett för mottagaren."


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        (NOTICE, [DISCLAIMER]),
        (f"Hej\n\n{NOTICE}", [OWN, OWN, DISCLAIMER]),
        (f"{NOTICE}\n\nKarin är sjuk.", [OWN, OWN, OWN]),
        (f"{NOTICE} Karin Ek 19811218-9876.", [OWN]),
        ("Detta meddelande är kort.", [OWN]),
        ("Tänk på miljön innan du skriver ut det här.", [DISCLAIMER]),
        ("This e-mail is confidential. If it reached you in error, delete it.", [DISCLAIMER]),
        ("Så behandlar vi dina personuppgifter: läs mer på vår webbplats", [DISCLAIMER]),
        (NOTICE + " x" * 3000, [OWN]),
        ("\n".join([NOTICE] * 40), [OWN] * 40),
    ],
)
def test_notices(text: str, kinds: list[SegmentKind]) -> None:
    assert signed(text)[0] == kinds
