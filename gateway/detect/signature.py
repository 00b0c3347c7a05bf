"""The end of a mail: which firm, which titles the sender signs with."""

from __future__ import annotations

import re
from typing import Final

from gateway.detect.matcher import Span
from gateway.detect.view import Page
from gateway.model import SegmentKind

_TAIL: Final = 400
_TITLE: Final = r"vd|ägare|delägare|styrelseordförande|ordförande|säljare|försäljning|konsult"
_NAMED: Final = r"(?:[A-ZÅÄÖ0-9][\w&.-]{0,30}[ ](?:[&+][ ])?){1,4}(?:AB|HB|KB|Aktiebolag|Handelsbolag)"
_FIRM: Final = re.compile(
    rf"(?:\b(?:{_TITLE})[ ,]+(?:i |på |för )?|^|\n|,[ ]?|[ ]i[ ]|[ ]på[ ])"
    rf"(?P<firm>{_NAMED}|(?:AB|HB|Firma)[ ][A-ZÅÄÖ]\w{{1,30}})(?!\w)",
    re.IGNORECASE | re.MULTILINE,
)
_CLUB: Final = re.compile(
    r"(?P<club>(?:[A-ZÅÄÖ][\w-]{1,30}[ ]){1,3}(?:IF|IK|BK|FF|SK|GF|GK|IBK|RK|BTK|OK|FK|IS|LK|PRO|SPF)"
    r"|[A-ZÅÄÖ][\w-]{0,30}(?:förening|föreningen|klubb|klubben|samfällighet|samfälligheten|scoutkår|byalag)"
    r"|(?:Brf|BRF|HSB|LRF)[ ][A-ZÅÄÖ]\w{1,30})(?!\w)"
)
_CAPITAL: Final = re.compile(r"[A-ZÅÄÖ]")


def signature_of(page: Page) -> Span:
    """Return the signature as the message's segments tell it, else the last lines of the sender's own words."""
    signatures = list(page.stretches(SegmentKind.SIGNATURE))
    if signatures:
        return signatures[-1][0], min(signatures[-1][1], signatures[-1][0] + 2 * _TAIL)
    own = list(page.stretches(SegmentKind.OWN))
    if not own:
        return 0, 0
    start, end = own[-1]
    tail = page.text[start:end].rstrip()
    end = start + len(tail)
    return max(start, end - _TAIL), end


def closing_lines(page: Page) -> list[Span]:
    """Return the short lines at the end that are no sentences, last first."""
    return page.once(_closing_lines)


def _closing_lines(page: Page) -> list[Span]:
    return _last_lines(page.text, *signature_of(page))


def firm_of(page: Page) -> Span | None:
    """Return a firm that the signature names; municipal companies do not count."""
    return page.once(_firm)


def _firm(page: Page) -> Span | None:
    for line_start, line_end in closing_lines(page):
        for match in _FIRM.finditer(page.text, line_start, line_end):
            span = match.span("firm")
            if _CAPITAL.match(page.text[span[0]]) and not page.near("business.municipal", *span):
                return span
    return None


def club_of(page: Page) -> Span | None:
    """Return an association that the signature names."""
    for line_start, line_end in closing_lines(page):
        match = _CLUB.search(page.text, line_start, line_end)
        if match:
            return match.span("club")
    return None


def _last_lines(text: str, start: int, end: int) -> list[Span]:
    """Return the short lines at the end, last first: a sentence that mentions a firm is no signature."""
    lines: list[Span] = []
    while end > start and len(lines) < 8:  # noqa: PLR2004
        line = text.rfind("\n", start, end) + 1 or start
        if len(text[line:end].strip()) > 60 or text[line:end].rstrip().endswith((".", "?", "!")):  # noqa: PLR2004
            break
        lines.append((line, end))
        end = line - 1
    return lines
