"""Marks and blocks that divide own from earlier words (whole mails: ``mails/*.txt``)."""

from __future__ import annotations

import pytest

from gateway.message.quotes import LINES, Setting, attribute, split_lines
from gateway.message.traces import Range, Trace
from gateway.model import SegmentKind

OWN, QUOTED, FORWARDED = SegmentKind.OWN, SegmentKind.QUOTED, SegmentKind.FORWARDED
REPLY = Setting(reply=True)


def kinds(text: str, setting: Setting = REPLY, ranges: tuple[Range, ...] = ()) -> list[SegmentKind]:
    return attribute(split_lines(text), setting, ranges)


@pytest.mark.parametrize(
    "mark",
    [
        "-----Ursprungligt meddelande-----",
        "-------- Originalmeddelande --------",
        "-----Original Message-----",
        "-----Original Appointment-----",
        "----- Oprindelig meddelelse -----",
        "-----Opprinnelig melding-----",
        "-----Alkuperäinen viesti-----",
        "-----Ursprüngliche Nachricht-----",
        "*----- Original Message -----*",
    ],
)
def test_original_marks(mark: str) -> None:
    assert kinds(f"Ja.\n{mark}\nHej") == [OWN, QUOTED, QUOTED]
    assert kinds(f"Ja.\n{mark}\nHej", Setting(forward=True)) == [OWN, FORWARDED, FORWARDED]
    assert kinds(f"Ja.\n{mark}\nHej", Setting()) == [OWN, FORWARDED, FORWARDED]


@pytest.mark.parametrize(
    "mark",
    [
        "---------- Forwarded message ---------",
        "---------- Vidarebefordrat meddelande ----------",
        "-------- Vidarebefordrat meddelande --------",
        "Vidarebefordrat brev:",
        "Begin forwarded message:",
        "Start på vidarebefordrat meddelande:",
        "Videresendt besked:",
        "---------- Videresendt melding ---------",
        "-------- Välitetty viesti --------",
        "-------- Weitergeleitete Nachricht --------",
        "Anfang der weitergeleiteten Nachricht:",
        "----- Forwarded by Anna Berg/KOMMUN on 2026 -----",
        "---------- Vidarebefordrat ----------",
        "--- Vidarebefordras: ---",
        "===== Inkommet brev =====",
    ],
)
def test_forward_marks_hold_in_any_setting(mark: str) -> None:
    for setting in (REPLY, Setting(forward=True), Setting()):
        assert kinds(f"Se.\n{mark}\nHej", setting) == [OWN, FORWARDED, FORWARDED]


@pytest.mark.parametrize(
    "line",
    [
        "Forwarded message",
        "Ursprungligt meddelande",
        "Vidarebefordrat brev från Anna",
        "Vidarebefordrat",
        "- vidarebefordrat -",
        "--- vidarebefordrat till nämnden i går ---",
        "---- Notera ----",
        "----------",
        "__",
    ],
)
def test_lines_that_are_no_marks(line: str) -> None:
    assert kinds(f"Ja.\n{line}\nHej") == [OWN, OWN, OWN]


@pytest.mark.parametrize(
    ("block", "found"),
    [
        ("Från: Anna\nSkickat: i går", True),
        ("Från: Anna\nÄmne: x", True),
        ("Från: a@example.com\nTill: b", True),
        ("Ämne: x\nDatum: i går\nFrån: Anna\nTill: b", True),
        ("Från: Anna\n\nSkickat: i går", True),
        ("From: Anna\nSent: x\nTo: b;\nc@example.com\nSubject: x", True),
        ("Från: Anna", False),
        ("Från: Örkelljunga\nTill: Helsingborg\nDatum: 4 maj", False),
        ("Skickat: i går\nTill: Anna", False),
        ("Från: Anna\n\n\nSkickat: i går", False),
        ("Fråga: Anna\nSkickat: i går", False),
    ],
)
def test_header_blocks_in_a_reply(block: str, found: bool) -> None:
    result = kinds(f"Ja.\n{block}\nHej")
    assert (result[1], result[-1]) == ((QUOTED, QUOTED) if found else (OWN, OWN))


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("Den 4 nov. 2026 kl. 10:12 skrev Anna:", True),
        ("Anna <a@example.com> skrev:", True),
        ("On 4 Nov 2026, at 10:12, Anna wrote:", True),
        ("Am 04.11.2026 um 10:12 schrieb Anna:", True),
        ("Anna kirjoitti 4.11.2026 kello 10.12:", True),
        ("Anna skrev:", False),
        ("Den 4 maj 2019 skrev kommunen så här:", False),
        ("Den 4 nov. 2026 kl. 10:12 skrev Anna", False),
        ("Den 4 nov. 2026 kl. 10:12 sade Anna:", False),
    ],
)
def test_introductions_without_marked_lines(line: str, found: bool) -> None:
    assert kinds(f"Ja.\n\n{line}\nHej")[-1] is (QUOTED if found else OWN)


def test_introduction_of_marked_lines_needs_no_time() -> None:
    assert kinds("Ja.\nAnna skrev:\n> Hej\nEget") == [OWN, QUOTED, QUOTED, OWN]


def test_a_forward_among_marked_lines() -> None:
    assert kinds("Se.\n> -------- Forwarded message --------\n> Hej\n\nEget")[1:] == [
        FORWARDED,
        FORWARDED,
        FORWARDED,
        OWN,
    ]


def test_lines_beyond_the_cap_are_one() -> None:
    lines = split_lines("a\n" * (LINES + 100))
    assert len(lines) == LINES + 1
    assert len(lines[-1].text) == 200


def test_nested_and_touching_ranges() -> None:
    text = "a\nb\nc\nd\ne"
    ranges = (Range(Trace.CITE, 2, 7), Range(Trace.CITE, 4, 5), Range(Trace.DIVIDER, 8, 8))
    assert kinds(text, REPLY, ranges) == [OWN, QUOTED, QUOTED, QUOTED, QUOTED]
    assert kinds(text, REPLY, ranges[:2]) == [OWN, QUOTED, QUOTED, QUOTED, OWN]
    assert kinds(text, REPLY, (Range(Trace.CONTAINER, 2, 9), Range(Trace.CITE, 4, 5))) == [OWN, OWN, QUOTED, OWN, OWN]
    assert kinds(text, REPLY, (Range(Trace.CONTAINER, 2, 7),)) == [OWN, QUOTED, QUOTED, QUOTED, OWN]
    assert kinds("", REPLY, (Range(Trace.CITE, 0, 0),)) == [OWN]
