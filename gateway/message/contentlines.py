"""Calendars and contact cards as text (RFC 5545 3.1, RFC 6350 3.2): unfolded, unescaped, without technical lines."""

from __future__ import annotations

import binascii
import re
from typing import Final

from gateway.message.transfer import from_base64
from gateway.message.wordlist import words_of

_FOLD: Final = re.compile(r"\r?\n[ \t]")
_SOFT_BREAK: Final = re.compile(r"=\r?\n[ \t]?")
_ESCAPE: Final = re.compile(r"\\([nN,;:\\\"])")
_FOLDED: Final = re.compile(rb"\r?\n[ \t]")
_ENCODED: Final = re.compile(rb";ENCODING=B", re.IGNORECASE)
_CARRIED: Final = re.compile(
    rb"^(?!photo|logo|key|sound)([\w-]{1,40});[^:\n]{0,200}\bENCODING=B(?:ASE64)?\b[^:\n]{0,200}:([A-Za-z0-9+/=]{8,})",
    re.IGNORECASE | re.MULTILINE,
)
_MOST: Final = 100
_TECHNICAL: Final = words_of(
    """
    uid dtstamp prodid sequence created last-modified rrule trigger tzid tzoffsetfrom tzoffsetto tzname version
    method calscale begin end class transp status priority action rev kind x-microsoft-cdo-busystatus
    x-microsoft-cdo-appt-sequence x-microsoft-cdo-ownerapptid x-microsoft-cdo-instance-type
    x-microsoft-disallow-counter x-microsoft-cdo-importance x-ms-olk-confcheck photo logo key sound
    """
)
_PERSON: Final = re.compile(r"cn=(?:\"([^\"]{1,200})\"|([^;:]{1,200}))", re.IGNORECASE)


def read_content_lines(source: str) -> tuple[str, list[str]]:
    """Return the text of a calendar or card, one property a line, and the HTML that it carries."""
    quoted = "quoted-printable" in source.lower()
    if quoted:
        source = _SOFT_BREAK.sub("", source)
    out: list[str] = []
    markup: list[str] = []
    for line in _FOLD.sub("", source).split("\n"):
        head, colon, value = _divide(line.rstrip("\r"))
        name, *parameters = head.lower().split(";")
        if not colon:
            out.append(head)
        elif name.rpartition(".")[2] not in _TECHNICAL:
            if quoted and "encoding=quoted-printable" in parameters:
                value = _quoted(value)
            value = _ESCAPE.sub(_unescape, value)
            (markup if "fmttype=text/html" in parameters else out).append(value)
            out += [match[1] or match[2] for match in _PERSON.finditer(head)]
    return "\n".join(text for text in out if text.strip()), markup


def attachments_in(octets: bytes) -> list[tuple[bytes, bytes]]:
    """Return what a calendar or card carries as base64, with the names of the properties; no pictures of persons."""
    if not _ENCODED.search(octets):
        return []
    return [(name, from_base64(value)[0]) for name, value in _CARRIED.findall(_FOLDED.sub(b"", octets))[:_MOST]]


def _divide(line: str) -> tuple[str, str, str]:
    """Divide a content line at the colon that ends its name and parameters; quoted values may hold colons."""
    if '"' not in line.partition(":")[0]:
        return line.partition(":")
    inside = False
    for position, sign in enumerate(line):
        if sign == '"':
            inside = not inside
        elif sign == ":" and not inside:
            return line[:position], sign, line[position + 1 :]
    return line.partition(":")


def _unescape(match: re.Match[str]) -> str:
    return "\n" if match[1] in "nN" else match[1]


def _quoted(value: str) -> str:
    return binascii.a2b_qp(value.encode("utf-8", "replace")).decode("utf-8", "replace")
