"""Calendars and cards as text."""

from __future__ import annotations

import pytest

from gateway.message.contentlines import read_content_lines

EVENT = """BEGIN:VCALENDAR\r
METHOD:REQUEST\r
BEGIN:VEVENT\r
UID:040000008200E00074C5B7101A82E008\r
DTSTART;TZID="Europe/Stockholm":20261104T101200\r
SUMMARY:Möte om Anna\\, 19811\r
 218-9876\r
DESCRIPTION:Rad ett\\nrad två\\; slut\r
ATTENDEE;CN="Berg, Anna";ROLE=REQ-PARTICIPANT:mailto:anna@example.com\r
X-ALT-DESC;FMTTYPE=text/html:<p>Rad\\, ett</p>\r
END:VEVENT\r
END:VCALENDAR\r
"""


def test_calendar() -> None:
    text, markup = read_content_lines(EVENT)
    assert text.split("\n") == [
        "20261104T101200",
        "Möte om Anna, 19811218-9876",
        "Rad ett",
        "rad två; slut",
        "mailto:anna@example.com",
        "Berg, Anna",
    ]
    assert markup == ["<p>Rad, ett</p>"]


def test_card_in_quoted_printable() -> None:
    head = "BEGIN:VCARD\nN;CHARSET=utf-8;ENCODING=QUOTED-PRINTABLE:Sm=C3=B6r;A=\nnna\n"
    card = head + "item1.TEL:070\nEND:VCARD"
    text, _ = read_content_lines(card)
    assert "Smör;Anna" in text
    assert "070" in text


@pytest.mark.parametrize("source", ["", ":", "no colon", 'A"' + ":" * 1000, ";" * 1000, "\r\n \r\n "])
def test_lines_of_little_sense(source: str) -> None:
    text, markup = read_content_lines(source)
    assert len(text) <= len(source)
    assert markup == []
