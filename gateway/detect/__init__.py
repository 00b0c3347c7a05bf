"""Detectors: what is in a message that the guideline speaks about. One file each, listed in one tuple."""

from __future__ import annotations

from typing import Final

from gateway.detect import (
    bulk,
    business,
    capacity,
    credentials,
    financial,
    identity,
    party,
    private,
    protected_identity,
    solicitation,
    special_category,
)
from gateway.detect.detector import Detector
from gateway.detect.lexicon import Lexicon
from gateway.detect.opinion import NAME as MODEL
from gateway.detect.opinion import second_opinion
from gateway.detect.view import View
from gateway.model import Circumstances, Finding, Message

__all__ = ["DETECTORS", "Detector", "detect"]

DETECTORS: Final[tuple[Detector, ...]] = (
    identity.NUMBERS,
    bulk.LISTS,
    financial.MONEY,
    credentials.CREDENTIALS,
    protected_identity.PROTECTION,
    solicitation.REQUESTS,
    special_category.FACTS,
    party.PARTY,
    private.PRIVATE,
    business.BUSINESS,
    capacity.CAPACITY,
)
"""Every detector there is; one that is not listed does not exist.

Those that look for facts come first: what a mail is for (party and the following) is judged by resemblance only
where no facts were found, since a mail about a person is easily taken for a private one.
"""


def detect(
    message: Message, lexicon: Lexicon, circumstances: Circumstances
) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """Return what all detectors found, and the names of those that failed: a failure stays with its own rules."""
    view = View(message, lexicon)
    findings: list[Finding] = []
    crashed: list[str] = []
    for detector in DETECTORS:
        try:
            found = tuple(detector.detect(view, lexicon, circumstances))
        except Exception:  # noqa: BLE001 - whatever breaks in one detector must not silence the others
            crashed.append(detector.name)
        else:
            findings += found
            view.note(found)
    try:
        findings = second_opinion(view, lexicon, findings)
    except Exception:  # noqa: BLE001 - likewise
        crashed.append(MODEL)
    return tuple(findings), tuple(crashed)
