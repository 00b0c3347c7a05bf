"""Private mail: family, home, leisure and shopping outweigh the words of the commission."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.detect.detector import Detector
from gateway.detect.lexicon import Lexicon
from gateway.detect.view import Page, Seen, View
from gateway.detect.weighing import Cue, Scale, heaviest
from gateway.model import Circumstances, Finding

RULE: Final = "private"

_POSSESSIVE: Final = re.compile(
    r"\b(?:min|mitt|mina|vår|vårt|våra|din|ditt|dina|er|ert|era|my|our|your)[ ](?:\w+[ ]){0,2}$"
)
_OWNED: Final = 3.0


def _detect(view: View, lexicon: Lexicon, circumstances: Circumstances) -> Iterator[Finding]:
    del circumstances
    weighed = heaviest(view, Scale(lexicon=lexicon, topic=RULE, more=_owned))
    confidence = weighed.confidence(lexicon, RULE) if weighed else None
    if weighed is not None and confidence is not None:
        seen = Seen(
            rule=RULE,
            confidence=confidence,
            evidence="privat innehåll",
            reason=f"Det som står {weighed.page.place} handlar om privatliv och inte om uppdraget.",
        )
        yield weighed.page.finding(PRIVATE.name, weighed.span, seen)


def _owned(page: Page, start: int, end: int) -> Iterator[Cue]:
    """Yield things of home and family that are said to be somebody's."""
    for item in page.within("private.items", start, end)[:2000]:
        if _POSSESSIVE.search(page.lower, max(start, item[0] - 30), item[0]):
            yield Cue(item[0], item[1], _OWNED, page.lower[slice(*item)])


PRIVATE: Final = Detector(name="private", rules=(RULE,), detect=_detect)
"""The detector of private mail."""
