"""Interim numbers: text, and the certainty of each number found with what is shown of it."""

from __future__ import annotations

import pytest

from gateway.model import Confidence
from tests.unit.detect.conftest import Judge

HIGH, MEDIUM = Confidence.HIGH, Confidence.MEDIUM
SHORT = (HIGH, "••••••-••••")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("850604-T238 väntar", [SHORT]),
        ("(850604-T238)", [SHORT]),
        ("18850604-T238", [(HIGH, "18••••••-••••")]),
        ("19850604-T238", [(HIGH, "19••••••-••••")]),
        ("20850604-T238", [(HIGH, "20••••••-••••")]),
        ("19850604T238", [(HIGH, "19••••••-••••")]),
        ("850604+T238", [(HIGH, "••••••+••••")]),
        ("850604T238", []),
        ("850604 T238", []),
        ("Interimsnr 850604T238", [SHORT]),
        ("Interimsnr 850604 T238", [SHORT]),
        ("850604-T239", []),
        ("850631-T238", []),
        ("Interimsnr 850604-T239", [(MEDIUM, "••••••-••••")]),
        ("17850604-T238", []),
        ("X850604-T238", []),
        ("X19850604-T238", []),
        ("1850604-T238", []),
        ("bild_850604-T238", []),
        ("12.850604-T238", []),
        ("12-850604-T238", []),
        ("850604-T2385", []),
        ("850604-T238-1", []),
        ("X850604-T238 är fel, 850604-T238 rätt", [SHORT]),
    ],
)
def test_interim_numbers_count_where_they_stand_alone(
    judge: Judge, text: str, found: list[tuple[Confidence, str]]
) -> None:
    assert [(f.confidence, f.evidence) for f in judge(text) if f.detector == "identity"] == found
