"""Whose words a body carries: own, quoted, forwarded, signature, notice, as segments that cover its text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gateway.message.quotes import Setting, attribute, split_lines
from gateway.message.signature import sign
from gateway.message.traces import Range
from gateway.model import Segment, SegmentKind


def whole(text: str, kind: SegmentKind) -> tuple[Segment, ...]:
    """Return one segment for all of a text; none for no text."""
    return (Segment(kind=kind, start=0, end=len(text)),) if text else ()


def segment(text: str, setting: Setting, ranges: Sequence[Range] = ()) -> tuple[Segment, ...]:
    """Return the segments of a body; ``ranges`` are the traces of quoting that its HTML bore."""
    if not text:
        return ()
    lines = split_lines(text)
    kinds = attribute(lines, setting, ranges)
    splits = sign(lines, kinds, ranges)
    for number in range(1, len(lines)):
        if not lines[number].text:
            kinds[number] = kinds[number - 1]
    starts: list[tuple[int, SegmentKind]] = []
    for number, line in enumerate(lines):
        starts.append((line.start, kinds[number]))
        if number in splits:
            indent = text.index(line.text, line.start) - line.start
            starts.append((line.start + indent + splits[number], SegmentKind.SIGNATURE))
    return merged(starts, len(text))


def merged(starts: Iterable[tuple[int, SegmentKind]], end: int) -> tuple[Segment, ...]:
    """Return the fewest segments for stretches that are given by their starts, in order."""
    out: list[Segment] = []
    begin, current = 0, None
    for start, kind in starts:
        if kind is current:
            continue
        if current is not None and start > begin:
            out.append(Segment(kind=current, start=begin, end=start))
        if current is None or start > begin:
            begin = start
        current = kind
    if current is not None and end > begin:
        out.append(Segment(kind=current, start=begin, end=end))
    return tuple(out)
