"""Lines that divide the parts of a multipart, declared or guessed (RFC 2046 5.1.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.message.parameters import Valued

LOOKAHEAD: Final = 2048
"""Octets after a line in which the fields of a part must begin."""

_MOST: Final = 8
_WINDOW: Final = 4096
"""Octets behind a dash that are searched before the next dash is looked for, or twice the needle where that is more."""
_FIELD_LINE: Final = re.compile(rb"[ \t]{0,8}[A-Za-z][A-Za-z0-9_-]{0,60}[ \t]{0,8}:")
_PART_FIELD: Final = re.compile(rb"^[ \t]{0,8}content-[a-z-]{2,40}[ \t]{0,8}:", re.IGNORECASE | re.MULTILINE)
_BLANK_LINE: Final = re.compile(rb"\n\r?\n")


@dataclass(frozen=True, slots=True)
class Mark:
    """A delimiter line: where it begins, where the next line begins."""

    start: int
    end: int
    closing: bool = False
    last: bool = False
    """Lines were not counted further: the rest is one piece."""


def line_starts(source: bytes, needle: bytes, start: int, end: int) -> Iterator[int]:
    """Yield where lines begin with ``needle``."""
    if source.startswith(needle, start, end):
        yield start
    broken = b"\n" + needle
    position = find_dashed(source, broken, start, end)
    while position >= 0:
        yield position + 1
        position = find_dashed(source, broken, position + 1, end)


def find_dashed(source: bytes, needle: bytes, start: int, end: int) -> int:
    """Return the next place of a needle that has a dash in it, -1 where there is none.

    One octet is found ten times as fast as several, and encoded files have no dash: it is looked for first.
    """
    window = max(_WINDOW, 2 * len(needle))
    while (dash := source.find(b"-", start, end)) >= 0:
        stop = min(end, dash + window)
        found = source.find(needle, max(start, dash - len(needle)), stop)
        if found >= 0 or stop == end:
            return found
        start = stop - len(needle) + 1
    return -1


def line_end(source: bytes, position: int, end: int) -> int:
    """Return where the next line begins."""
    stop = source.find(b"\n", position, end)
    return end if stop < 0 else stop + 1


def before(source: bytes, start: int, mark: int) -> int:
    """Return the end of a piece without the line break that belongs to the delimiter."""
    for size in (2, 1):
        if mark - size >= start and source[mark - size : mark] in (b"\r\n", b"\n"):
            return mark - size
    return mark


def boundaries_of(types: list[Valued]) -> list[bytes]:
    """Return every boundary that the declarations may mean."""
    found: dict[bytes, None] = {}
    for value in types:
        for text in value.parameters.get("boundary", ()):
            for variant in (text, text.rstrip(), text.strip("\"'"), text.partition(" ")[0]):
                if variant:
                    found[variant.encode("utf-8", "replace")] = None
    return list(found)[:_MOST]


def begins_part(source: bytes, start: int, end: int) -> bool:
    """Tell whether a field of a body part stands in the lines from ``start``."""
    if not _FIELD_LINE.match(source, start, end):
        return False
    window = source[start : min(end, start + LOOKAHEAD)]
    if b"content-" not in window.lower():
        return False
    blank = _BLANK_LINE.search(window)
    return bool(_PART_FIELD.search(window, 0, blank.start() + 1 if blank else len(window)))
