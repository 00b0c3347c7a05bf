"""Payment cards, IBANs and bank accounts as people write them: grammar and check digits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from gateway.detect.checks import is_date, luhn, mod97
from gateway.detect.matcher import Span

_CARD: Final = re.compile(r"(?<![0-9A-Za-z.,/-])[2-6][0-9](?:[ -]{0,2}[0-9]){11,17}(?![0-9]|[.,/-][0-9]|[ -][0-9])")
_BRANDS: Final = {
    16: re.compile(r"4|5[1-5]|2(?:2[2-9]|[3-6]|7[01]|720)|6(?:011|5|4[4-9])|35(?:2[89]|[3-8])"),
    15: re.compile(r"3[47]"),
    14: re.compile(r"3(?:0[0-5]|[68])"),
    19: re.compile(r"4|6"),
}
_IBAN: Final = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}[0-9]{2}(?:[ ]?[A-Z0-9]){11,30}(?![A-Za-z0-9])")
_IBAN_LENGTHS: Final = {
    "SE": 24, "NO": 15, "DK": 18, "FI": 18, "DE": 22, "GB": 22, "FR": 27, "NL": 18, "BE": 16, "ES": 24, "IT": 27,
    "PL": 28, "EE": 20, "LV": 21, "LT": 20, "AT": 20, "CH": 21, "IE": 22, "PT": 25, "LU": 20, "CZ": 24, "HU": 28,
    "UA": 29, "RO": 24, "TR": 26, "GR": 27, "IS": 26, "HR": 21, "BG": 22, "SK": 24, "SI": 19, "MT": 31, "CY": 28,
}  # fmt: skip
_GROUP: Final = re.compile(r"[0-9]+")

# Clearing and account with a comma, hyphen or blanks between: 8327-9, 934 123 456-1. The bank is in the clearing.
ACCOUNT: Final = re.compile(
    r"(?<![0-9A-Za-z-])(?P<clearing>[1-9][0-9]{3}(?:-[0-9])?)[ ]?[-,;/\t ][ ]?"
    r"(?P<account>[0-9]{1,4}(?:[ .-]?[0-9]{1,4}){1,4})(?![0-9]|-[0-9]{2})"
)
_CARD_BEFORE: Final = 0
_IBAN_BEFORE: Final = 32
_ACCOUNT_BEFORE: Final = 14
_PAST: Final = 24
_PERSONAL: Final = frozenset({"3300", "3782"})
_ACCOUNT_DIGITS: Final = range(6, 12)
_NORDEA_DIGITS: Final = 10


def _near(text: str, runs: Iterable[Span], pattern: re.Pattern[str], before: int) -> Iterator[re.Match[str]]:
    """Yield what a pattern finds around runs of digits, each place once."""
    done = 0
    for start, end in runs:
        for place in pattern.finditer(text, max(done, start - before), end + _PAST):
            # The window may have cut off the next number: a list of accounts has one close upon the other.
            match = pattern.match(text, place.start())
            if match is not None:
                yield match
                done = match.end()


def cards(text: str, runs: Iterable[Span]) -> Iterator[Span]:
    """Yield numbers of an issuer's length with an issuer's prefix and the right check digit (ISO/IEC 7812-1)."""
    for match in _near(text, runs, _CARD, _CARD_BEFORE):
        digits = "".join(_GROUP.findall(match.group()))
        brand = _BRANDS.get(len(digits))
        if brand is not None and brand.match(digits) and luhn(digits):
            yield match.span()


def is_grouped(written: str) -> bool:
    """Tell whether a card is written in groups of four, as on the card."""
    return not written.isdigit()


def split_card(text: str, start: int, end: int) -> Span | None:
    """Return a card whose groups stand in different places, as "börjar på 4111 1111 och slutar på 1111 1111"."""
    groups = [m for m in _GROUP.finditer(text, start, end) if len(m.group()) in (4, 8, 12)]
    for first in range(len(groups)):
        digits = ""
        for last in range(first, min(first + 4, len(groups))):
            digits += groups[last].group()
            if len(digits) == len("0000111122223333"):
                if _BRANDS[16].match(digits) and luhn(digits):
                    return groups[first].start(), groups[last].end()
                break
    return None


def ibans(text: str, runs: Iterable[Span]) -> Iterator[Span]:
    """Yield account numbers of a country's length with the right check digits (ISO 13616)."""
    for match in _near(text, runs, _IBAN, _IBAN_BEFORE):
        country = match.group()[:2]
        wanted = _IBAN_LENGTHS.get(country)
        if wanted is None:
            continue
        end = match.start()
        count = 0
        while end < match.end() and count < wanted:
            count += text[end] != " "
            end += 1
        whole = end == match.end() or not text[end].isalnum()
        if count == wanted and whole and mod97(text[match.start() : end].replace(" ", "")):
            yield match.start(), end


def accounts(text: str, runs: Iterable[Span]) -> Iterator[tuple[Span, bool]]:
    """Yield clearing and account, and whether it is a personal account by itself: Nordea's is the identity number."""
    for match in _near(text, runs, ACCOUNT, _ACCOUNT_BEFORE):
        digits = "".join(_GROUP.findall(match["account"]))
        if len(digits) in _ACCOUNT_DIGITS:
            personal = (
                match["clearing"] in _PERSONAL
                and len(digits) == _NORDEA_DIGITS
                and is_date(None, digits[:6])
                and luhn(digits)
            )
            yield match.span(), personal
