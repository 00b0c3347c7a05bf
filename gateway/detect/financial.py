"""Private money: cards, bank accounts, IBANs, and the economy of a person who can be told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.detect.accounts import accounts, cards, ibans, is_grouped, split_card
from gateway.detect.detector import Detector
from gateway.detect.labels import Label, label_of
from gateway.detect.lexicon import Lexicon
from gateway.detect.matcher import Span
from gateway.detect.people import Grip, around, grip_within
from gateway.detect.view import Kind, Page, Seen, View
from gateway.model import Circumstances, Confidence, Finding, SegmentKind

RULE: Final = "financial"

_LABEL: Final = 60
_OWNER: Final = 160
_CARD_REACH: Final = 160
_MOST: Final = 2000
_TOLD: Final = 20
"""Different sights of a page that are told; one's own words first."""
_ROWS: Final = 3
_CLEARING_CELL: Final = re.compile(
    r"[;\t|,]\"?(?P<clearing>[1-9][0-9]{3}(?:-[0-9])?)\"?[;\t|,]\"?[0-9][0-9 -]{5,13}[0-9]\"?(?=[;\t|,\n]|$)"
)
_LONE_ACCOUNT: Final = re.compile(r"(?<![0-9])[0-9]{1,4}(?:[ .-]?[0-9]{1,4}){1,5}(?![0-9])")
_CLEARING: Final = re.compile(r"[1-9][0-9]{3}(?:-[0-9])?")
_LONE_DIGITS: Final = range(7, 16)
_OWING: Final = "skyldig"
_DAY: Final = re.compile(r"(?:19|20)[0-9]{2}([-/. ]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12][0-9]|3[01])(?![0-9])")
_DIALLED: Final = re.compile(r"0[0-9]{1,3}-[0-9]{2,4}(?: [0-9]{2,3}){1,3}")
_YEAR: Final = re.compile(r"(?:19|20)[0-9]{2}(?![0-9])")
_SUM: Final = re.compile(
    r"(?:,[0-9]{2})?[ ]?(?:(?:kr|kronor|tkr|mkr|mnkr|sek|euro|eur|procent)\b|[%€]|:-)", re.IGNORECASE
)
_DUTY: Final = re.compile(
    r"[ ](?:att (?!betala|ersätta)|(?:\w+[ ])?(?:ett (?:svar|besked)|en (?:förklaring|ursäkt))\b)"
)
"""What one owes that is no money: ``skyldig att närvara``, ``skyldig dig ett svar``."""


def _detect(view: View, lexicon: Lexicon, circumstances: Circumstances) -> Iterator[Finding]:
    del lexicon, circumstances
    for page in view.pages:
        told: dict[tuple[SegmentKind, str], tuple[Span, Confidence, str]] = {}
        for span, confidence, what in _sightings(page):
            key = page.segment_at(span[0]), re.sub(r"\W", "", page.text[slice(*span)])
            if key not in told or confidence > told[key][1]:
                told[key] = (span, confidence, what)
        for span, confidence, what in sorted(told.values(), key=lambda seen: not page.own_at(seen[0][0]))[:_TOLD]:
            evidence = "•" * min(16, max(4, len(re.sub(r"\W", "", page.text[slice(*span)]))))
            seen = Seen(rule=RULE, confidence=confidence, evidence=evidence, reason=f"{what} står {page.place}.")
            yield page.finding(MONEY.name, span, seen)


def _sightings(page: Page) -> Iterator[tuple[Span, Confidence, str]]:
    yield from _cards(page)
    yield from _ibans(page)
    yield from _accounts(page)
    if page.kind is not Kind.FILENAME:
        yield from _economy(page)


# --- cards ---------------------------------------------------------------------------------------


def _cards(page: Page) -> Iterator[tuple[Span, Confidence, str]]:
    seen = False
    for span in cards(page.text, page.digit_runs):
        about = page.near("financial.cards", max(0, span[0] - _LABEL), span[1] + _LABEL)
        if label_of(page, span[0]) is Label.OTHER and not about:
            continue
        seen = True
        sure = about or is_grouped(page.text[slice(*span)])
        yield span, Confidence.HIGH if sure else Confidence.MEDIUM, "Ett kortnummer"
    for word in () if seen else page.hits("financial.cards")[:_MOST]:
        span_or_none = split_card(page.text, word[1], min(len(page.text), word[1] + _CARD_REACH))
        if span_or_none:
            yield span_or_none, Confidence.HIGH, "Ett kortnummer i delar"


# --- accounts ------------------------------------------------------------------------------------


def _ibans(page: Page) -> Iterator[tuple[Span, Confidence, str]]:
    for span in ibans(page.text, page.digit_runs):
        confidence = _owner(page, span)
        if confidence is not None:
            yield span, confidence, "Ett bankkonto (IBAN)"


def _owner(page: Page, span: Span) -> Confidence | None:
    """Return how surely an account is a person's; None where an organisation is paid."""
    start, end = max(0, span[0] - _OWNER), span[1] + _OWNER
    if grip_within(page, start, end) is Grip.NAME:
        return Confidence.HIGH
    payees = page.near("financial.payees", start, end)
    if payees and page.near("financial.giro", start, end):
        return None  # numbers that are there to be seen: the organisation's own
    if page.near("financial.own", start, end):
        return Confidence.HIGH
    return None if payees else Confidence.MEDIUM


def _accounts(page: Page) -> Iterator[tuple[Span, Confidence, str]]:
    for span, personal in accounts(page.text, page.digit_runs):
        if personal:
            yield span, Confidence.HIGH, "Ett personkonto"
        elif _is_account(page, span) and _owner(page, span) is not None:
            yield span, Confidence.HIGH, "Ett bankkonto"
    for word in page.hits("financial.accounts")[:_MOST]:
        yield from _labelled(page, word)
    yield from _payments(page)


def _is_account(page: Page, span: Span) -> bool:
    if _DAY.match(page.text, span[0]) or _SUM.match(page.text, span[1]):
        return False
    start = max(0, span[0] - _LABEL)
    if page.near("financial.accounts", start, span[1] + 20):
        return True
    if _YEAR.match(page.text, span[0]) or label_of(page, span[0]) is Label.OTHER:
        return False  # "överför ärende 2027 000412", "reseersättning, ref 5231 1234567"
    return page.near("financial.transfers", start, span[1] + 20) is not None


def _labelled(page: Page, word: Span) -> Iterator[tuple[Span, Confidence, str]]:
    """Yield the digits that follow a word for an account: the bank may be named in words."""
    end = min(len(page.text), word[1] + _LABEL)
    match = _LONE_ACCOUNT.search(page.text, word[1], end)
    if match and _CLEARING.fullmatch(match.group()) and page.lower.find("clearing", word[0], match.start()) >= 0:
        following = _LONE_ACCOUNT.search(page.text, match.end(), end)  # the clearing number is said by itself
        if following and page.text.find("\n", word[1], following.start()) < 0:
            match = following
    if match is None or page.text.find("\n\n", word[1], match.start()) >= 0:
        return
    if _DAY.match(page.text, match.start()) or _SUM.match(page.text, match.end()) or _DIALLED.fullmatch(match.group()):
        return
    digits = sum(c.isdigit() for c in match.group())
    if digits not in _LONE_DIGITS or page.near("financial.payee_numbers", word[1], match.start()):
        return
    owner = _owner(page, match.span())
    if owner is not None:
        yield match.span(), Confidence.HIGH, "Ett bankkonto"


def _payments(page: Page) -> Iterator[tuple[Span, Confidence, str]]:
    """Yield a column of clearing and account beside names, as in a file of payments."""
    if not page.tables:
        return
    rows = list(_CLEARING_CELL.finditer(page.text))
    if len(rows) >= _ROWS and len(page.names_within(0, rows[-1].end())) >= _ROWS:
        yield rows[0].span("clearing"), Confidence.HIGH, f"En betalfil med {len(rows)} konton"


# --- economy -------------------------------------------------------------------------------------


def _economy(page: Page) -> Iterator[tuple[Span, Confidence, str]]:
    for fact in page.hits("financial.economy")[:_MOST]:
        start, end = page.sentence(fact[0])
        if page.near("financial.policy", start, end) or page.near("people.speaking", start, fact[0]):
            continue
        if page.lower.startswith(_OWING, fact[1] - len(_OWING), fact[1]) and _DUTY.match(page.lower, fact[1]):
            continue
        grip = grip_within(page, start, end)
        if grip < Grip.NAME:
            wide = around(page, fact[0], more=1)
            if grip is not Grip.NONE and grip_within(page, *wide) is Grip.NAME:
                grip = Grip.NAME
        if grip is Grip.NAME:
            yield fact, Confidence.HIGH, "En uppgift om en namngiven persons ekonomi"
        elif grip is Grip.RELATION:
            yield fact, Confidence.MEDIUM, "En uppgift om en persons ekonomi"


MONEY: Final = Detector(name="financial", rules=(RULE,), detect=_detect)
"""The detector of private money."""
