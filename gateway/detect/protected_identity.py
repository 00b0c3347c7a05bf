"""Protected identity betrayed: the marker together with a place, a new name, or the name of the one who has it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.detect.contacts import PHONE, POSTCODE, STREET
from gateway.detect.detector import Detector
from gateway.detect.lexicon import Lexicon
from gateway.detect.matcher import Span
from gateway.detect.people import Grip, around, grip_within
from gateway.detect.view import Kind, Page, Seen, View
from gateway.model import Circumstances, Confidence, Finding, SegmentKind

RULE: Final = "protected_identity"

_MOST: Final = 1000
_ROW: Final = 400
_NAMED: Final = r"(?:(?:en|ett|det|den|avdelning|skolan)[ ])?[A-ZÅÄÖ][\wåäöé-]+"
_PLACE: Final = re.compile(rf"^(?:[ ]\w+){{0,3}}?[ ](?:på|i|till|hos|vid|under|in|at|to)[ ]{_NAMED}")
_THERE: Final = re.compile(rf"^[ ]{_NAMED}")


def _detect(view: View, lexicon: Lexicon, circumstances: Circumstances) -> Iterator[Finding]:
    del lexicon, circumstances
    for page in view.of(Kind.SUBJECT, Kind.BODY, Kind.ATTACHMENT):
        # Each segment by itself: a policy weighs one's own words, and those of a quote, each in its own way.
        best: dict[SegmentKind, tuple[Span, Confidence, str]] = {}
        for seen in _sightings(page):
            segment = page.segment_at(seen[0][0])
            if segment not in best or seen[1] > best[segment][1]:
                best[segment] = seen
        for sighting in best.values():
            yield _finding(page, *sighting)


def _sightings(page: Page) -> Iterator[tuple[Span, Confidence, str]]:
    for marker in page.hits("protected_identity.markers")[:_MOST]:
        table = page.table_at(marker[0])
        if table is not None:
            yield from _row(page, marker)
            continue
        wide = around(page, marker[0], more=1)
        place = _place(page, wide)
        if _is_policy(page, marker):
            continue
        yield from _told(page, marker, place)
    for shelter in page.hits("protected_identity.shelters")[:_MOST]:
        start, end = page.sentence(shelter[0])
        if STREET.search(page.text, start, end) and not page.near("protected_identity.public", start, end):
            yield shelter, Confidence.HIGH, "Adressen till ett skyddat boende"


def _told(page: Page, marker: Span, place: bool) -> Iterator[tuple[Span, Confidence, str]]:  # noqa: FBT001
    sentence = page.sentence(marker[0])
    grip = max(grip_within(page, *sentence), grip_within(page, *around(page, marker[0], more=1)))
    if place and grip is not Grip.NONE:
        yield marker, Confidence.HIGH, "Var någon med skyddad identitet finns, eller vad personen numera heter,"
    elif grip_within(page, *sentence) is Grip.NAME and page.near("protected_identity.having", *sentence):
        yield marker, Confidence.MEDIUM, "Att en namngiven person har skyddad identitet"


def _place(page: Page, stretch: Span) -> bool:
    """Tell whether a stretch says where somebody is: an address, a telephone, a place after a verb of dwelling."""
    if any(pattern.search(page.text, *stretch) for pattern in (STREET, POSTCODE, PHONE)):
        return True
    for verb in page.within("protected_identity.dwelling", *stretch):
        following = page.text[verb[1] : verb[1] + 80]
        if _PLACE.match(following) or (page.lower[slice(*verb)].endswith((" på", " i")) and _THERE.match(following)):
            return True
    for word in page.within("protected_identity.renamed", *stretch):
        if page.names_within(word[1], word[1] + 40):
            return True
        if re.match(r"(?:[ ](?:numera|nu))?[ ][A-ZÅÄÖ]\w+", page.text[word[1] : word[1] + 30]):
            return True
    return False


def _is_policy(page: Page, marker: Span) -> bool:
    """Tell whether the sentence speaks of routines and numbers instead of somebody."""
    sentence = page.sentence(marker[0])
    return page.near("protected_identity.policy", *sentence) is not None and not page.names_within(*sentence)


def _row(page: Page, marker: Span) -> Iterator[tuple[Span, Confidence, str]]:
    """Yield a marker in a row of a table that also names the person."""
    text = page.text
    lowest = max(0, marker[0] - _ROW)
    start = max(lowest, text.rfind("\n", lowest, marker[0]) + 1)
    stop = text.find("\n", marker[1], marker[1] + _ROW)
    end = stop if stop >= 0 else min(len(text), marker[1] + _ROW)
    if page.names_within(start, end) or STREET.search(text, start, end):
        yield marker, Confidence.HIGH, "En lista där det framgår vem som har skyddad identitet"


def _finding(page: Page, span: Span, confidence: Confidence, what: str) -> Finding:
    seen = Seen(rule=RULE, confidence=confidence, evidence="skyddad identitet", reason=f"{what} står {page.place}.")
    return page.finding(PROTECTION.name, span, seen)


PROTECTION: Final = Detector(name="protected_identity", rules=(RULE,), detect=_detect)
"""The detector of betrayed protection."""
