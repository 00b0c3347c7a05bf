"""Mail for one's employment, company or association, by its words and by a firm in the signature."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gateway.detect.detector import Detector
from gateway.detect.lexicon import Lexicon
from gateway.detect.signature import firm_of
from gateway.detect.view import Kind, Page, Seen, View
from gateway.detect.weighing import Cue, Scale, Weighed, heaviest
from gateway.model import Circumstances, Confidence, Finding

RULE: Final = "business_or_association"

_FIRM: Final = 2.0
_ABOUT: Final = {
    "business": "Det som står {} rör ett företag eller en anställning och inte uppdraget.",
    "association": "Det som står {} rör en förening och inte uppdraget.",
}


def _detect(view: View, lexicon: Lexicon, circumstances: Circumstances) -> Iterator[Finding]:
    del circumstances
    best: tuple[Confidence, Weighed, str] | None = None
    for topic in _ABOUT:
        weighed = heaviest(view, Scale(lexicon=lexicon, topic=topic, more=_firm if topic == "business" else _nothing))
        confidence = weighed.confidence(lexicon, topic) if weighed else None
        if weighed and confidence and (best is None or confidence > best[0]):
            best = confidence, weighed, topic
    if best is not None:
        confidence, weighed, topic = best
        seen = Seen(
            rule=RULE,
            confidence=confidence,
            evidence="företag eller förening",
            reason=_ABOUT[topic].format(weighed.page.place),
        )
        yield weighed.page.finding(BUSINESS.name, weighed.span, seen)


def _nothing(page: Page, start: int, end: int) -> Iterator[Cue]:
    del page, start, end
    yield from ()


def _firm(page: Page, start: int, end: int) -> Iterator[Cue]:
    """Yield a firm in the signature that is not the municipality's own."""
    firm = firm_of(page) if page.kind is Kind.BODY else None
    if firm is not None and start <= firm[0]:
        yield Cue(min(firm[0], end - 1), min(firm[1], end), _FIRM, page.lower[slice(*firm)])


BUSINESS: Final = Detector(name="business", rules=(RULE,), detect=_detect)
"""The detector of mail for a firm, an employer or an association."""
