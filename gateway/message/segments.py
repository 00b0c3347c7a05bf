"""Whose words a text carries (first form)."""

from __future__ import annotations

from gateway.model import Segment, SegmentKind


def whole(text: str, kind: SegmentKind) -> tuple[Segment, ...]:
    """Return one segment for all of a text; none for no text."""
    return (Segment(kind=kind, start=0, end=len(text)),) if text else ()
