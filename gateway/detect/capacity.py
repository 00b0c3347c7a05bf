"""Doubt about the capacity in which somebody writes: private and official at once, or two offices in one signature."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from gateway.detect.detector import Detector
from gateway.detect.lexicon import Lexicon
from gateway.detect.matcher import Span
from gateway.detect.signature import closing_lines, club_of, firm_of
from gateway.detect.view import Kind, Page, Seen, View
from gateway.model import Circumstances, Confidence, Finding

RULE: Final = "capacity_unclear"
BUSINESS: Final = "business_or_association"
"""Named too where the other capacity is that of a firm or an association."""

_MOST: Final = 500
_MINE: Final = re.compile(r"\b(?:min|mitt|mina|vår|vårt|våra|egen|eget|egna)[ ](?:\w+[ ])?$")
_ROLE: Final = re.compile(
    r"\b(?:som|och|samt|samtidigt|tillika|även|är|dels)[ ](?:vice |dessutom )?"
    r"(?:ordförande|ordf\.?|kassör|sekreterare|styrelseledamot|ledamot i styrelsen|talesperson|firmatecknare)[ ]"
    r"(?:i|för|på|av)[ ](?:den |det |vår |vårt |lokala |styrelsen för ){0,2}(?:[A-ZÅÄÖ][\w-]{1,30}[ -]){0,3}"
    r"(?:[A-Za-zÅÄÖåäö]{0,30}(?:byalag|förening|klubb|samfällighet|scoutkår|vägsamfällighet|fiskevårdsområde|jaktlag)(?:et|en|s)?"
    r"|IF|IK|BK|FF|SK|GF|GK|IBK|RK|GIF|OK|Brf|LRF|AB|HB)(?!\w)"
)
"""An office in an association or a firm, whatever its name, that somebody holds besides another one."""
_AS_SUCH: Final = re.compile(
    r"\b(?:i egenskap av|både som|dels som|såväl som|samtidigt|tillika|jag är|är jag|jag sitter|sitter jag|jag skriver|"
    r"skriver jag|vänder jag mig|jag vänder mig)\b"
)
"""Says that the writer holds what is named, and writes as such."""
_PRIVATE_BODY: Final = re.compile(
    r"(?:\b(?:i|för|av|till|åt|vår|vårt|min|mitt)[ ](?:\w+[ ])?|^|\n)(?:"
    r"\w*(?:förening|klubb|byalag|samfällighet|scoutkår|fiskevårdsområde|jaktlag|företag|firma)\w*|"
    r"[A-ZÅÄÖ][\w&-]+(?:[ ][A-ZÅÄÖ][\w&-]+){0,3}[ ](?:AB|HB|KB|IF|IK|BK|FF|SK|GIF)\b|(?:Brf|LRF|PRO|SPF)\b)"
)
"""An association or a firm that one may write for; one that is negotiated with is none."""
_OFFICE_OF: Final = 40
"""Characters behind an office in which the body is named."""
_TWO: Final = (
    "Två uppdrag eller roller står bredvid varandra {}, så att det är oklart i vilken egenskap mejlet är skrivet."
)
_SAID: Final = "Det är oklart i vilken egenskap det som står {} är skrivet."


def _detect(view: View, lexicon: Lexicon, circumstances: Circumstances) -> Iterator[Finding]:
    del lexicon, circumstances
    for page in view.of(Kind.BODY):
        two = _joined(page) or _signed(page)
        found = two or _said(page)
        if found is not None:
            reason = (_TWO if two else _SAID).format(page.place)
            for rule in (RULE, BUSINESS) if two else (RULE,):
                seen = Seen(rule=rule, confidence=Confidence.MEDIUM, evidence="oklar egenskap", reason=reason)
                yield page.finding(CAPACITY.name, found, seen)
            return


def _said(page: Page) -> Span | None:
    """Return a phrase that mixes the capacities by itself, or two weaker ones in one sentence."""
    for phrase in page.hits("capacity.strong")[:_MOST]:
        if page.own_at(phrase[0]) and not _excused(page, phrase):
            return phrase
    for interest in page.hits("capacity.interests")[:_MOST]:
        if not _is_mine(page, interest, 0) or not page.own_at(interest[0]):
            continue
        start, end = page.sentence(interest[0])
        if _is_mine(page, interest, start) and _holds_office(page, start, end) and not _excused(page, interest):
            return interest
    for phrase in page.hits("capacity.medium")[:_MOST]:
        if not page.own_at(phrase[0]):
            continue
        start, end = page.sentence(phrase[0])
        if page.near("capacity.commissions", start, end) and not _excused(page, phrase):
            return phrase
    return None


def _is_mine(page: Page, interest: Span, start: int) -> bool:
    """Tell whether something is said to be the writer's own, after a position."""
    return _MINE.search(page.lower, max(start, interest[0] - 30), interest[0]) is not None


def only_for_the_public(places: Iterable[tuple[Page, Span]]) -> bool:
    """Tell whether stretches of text name a body that a commission leads to, and nothing else to write for."""
    places = list(places)
    named = any(page.near("capacity.bodies", *span) for page, span in places)
    return named and not any(_own_interest(page, *span) for page, span in places)


def _own_interest(page: Page, start: int, end: int) -> bool:
    """Tell whether a stretch names anything that somebody could write for besides the municipality and its bodies."""
    if any(page.near(f"capacity.{name}", start, end) for name in ("medium", "strong")):
        return True
    if any(_is_mine(page, word, start) for word in page.within("capacity.interests", start, end)):
        return True
    offices = page.within("capacity.others", start, end)
    others = (match.span() for match in islice(_PRIVATE_BODY.finditer(page.text, start, end), _MOST))
    return any(page.near("capacity.bodies", o[0], o[1] + _OFFICE_OF) is None for o in offices) or any(
        page.near("capacity.bodies", *span) is None for span in others
    )


def _joined(page: Page) -> Span | None:
    """Return "as chairman of the club and member of the committee"."""
    for other in page.hits("capacity.others")[:_MOST]:
        if not page.own_at(other[0]) or _excused(page, other):
            continue
        start, end = page.sentence(other[0])
        if _two_offices(page, [(start, end)]) and _in_first_person(page, start, end):
            return other
    for match in islice(_ROLE.finditer(page.text), _MOST):
        if (
            not page.own_at(match.start())
            or _excused(page, match.span())
            or page.near("business.municipal", *match.span())
        ):
            continue
        start, end = page.sentence(match.start())
        words = page.lower[start:end]
        held = [one for one in page.within("capacity.commissions", start, end) if not _overlap(one, match.span())]
        if held and (words.lstrip().startswith("som ") or _AS_SUCH.search(words)):
            return match.span()
    return None


def _overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _two_offices(page: Page, stretches: Sequence[Span]) -> bool:
    """Tell whether a commission stands besides the other offices: "ordförande i klubben" is one, whatever it holds."""
    others = [span for stretch in stretches for span in page.within("capacity.others", *stretch)]
    offices = [span for stretch in stretches for span in page.within("capacity.commissions", *stretch)]
    return any(all(o[1] <= other[0] or o[0] >= other[1] for other in others) for o in offices)


def _holds_office(page: Page, start: int, end: int) -> bool:
    """Tell whether the sentence says that the writer has a commission."""
    return page.near("capacity.commissions", start, end) is not None and _in_first_person(page, start, end)


def _in_first_person(page: Page, start: int, end: int) -> bool:
    words = page.lower[start:end]
    return words.lstrip().startswith("som ") or any(f" {w} " in f" {words} " for w in ("jag", "vi", "min", "mitt"))


def _signed(page: Page) -> Span | None:
    """Return a signature with a firm, an association or another office beside the commission."""
    lines = closing_lines(page)
    if not _two_offices(page, lines):
        return None
    others = (span for line in lines for span in page.within("capacity.others", *line))
    return firm_of(page) or club_of(page) or next(others, None)


def _excused(page: Page, phrase: Span) -> bool:
    """Tell whether the sentence declares a conflict of interest or keeps the capacities apart."""
    return page.near("capacity.official", *page.sentence(phrase[0])) is not None


CAPACITY: Final = Detector(name="capacity", rules=(RULE, BUSINESS), detect=_detect)
"""The detector of unclear capacity."""
