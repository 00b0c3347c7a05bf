"""Party-internal mail: nominations, campaigns, fees and strategy, as opposed to the groups' work in the council."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gateway.detect.detector import Detector
from gateway.detect.lexicon import Lexicon
from gateway.detect.view import Page, Seen, View
from gateway.detect.weighing import Cue, Scale, heaviest
from gateway.model import Address, Circumstances, Finding

RULE: Final = "party_internal"
TOPIC: Final = "party"


def _detect(view: View, lexicon: Lexicon, circumstances: Circumstances) -> Iterator[Finding]:
    bonus = lexicon.number("party.domain_weight") if _to_party(circumstances.recipients, lexicon) else 0.0

    def domains(page: Page, start: int, end: int) -> Iterator[Cue]:
        if bonus and any(page.near(f"party.{s}", start, end) for s in ("strong", "medium", "weak")):
            yield Cue(end - 1, end, bonus, "\0")

    weighed = heaviest(view, Scale(lexicon=lexicon, topic=TOPIC, more=domains))
    confidence = weighed.confidence(lexicon, TOPIC) if weighed else None
    if weighed is not None and confidence is not None:
        seen = Seen(
            rule=RULE,
            confidence=confidence,
            evidence="internt partiarbete",
            reason=f"Det som står {weighed.page.place} rör partiets interna arbete och inte uppdraget i kommunen.",
        )
        yield weighed.page.finding(PARTY.name, weighed.span, seen)


def _to_party(recipients: tuple[Address, ...], lexicon: Lexicon) -> bool:
    """Tell whether everybody who gets the mail has an address at a party."""
    return bool(recipients) and all(
        any(r.domain == d or r.domain.endswith(f".{d}") for d in lexicon.party_domains) for r in recipients
    )


PARTY: Final = Detector(name="party", rules=(RULE,), detect=_detect)
"""The detector of party-internal mail."""
