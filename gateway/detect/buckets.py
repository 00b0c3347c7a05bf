"""Where the features of sentences are counted, and which features a single word has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from zlib import crc32

BUCKETS: Final = 1 << 17
"""Features are told apart by their checksum, modulo this."""
BLOCKS: Final = 7
"""Pieces of words, senses, pairs of words, build, persons and facts, traits, senses beside each other: each weighs
alike, however many it holds."""
FEATURES: Final = 4
"""Counted up when the same words get other features: a model fitted to the earlier ones would be misread."""
OF_WORDS: Final = 2
"""The first blocks, which need nothing but the words."""

FLOORS: Final = (120, 8, 12, 24, 4, 12, 16)
"""For each block: a stretch with fewer features counts as if it held so many, for a few words prove little."""

_STEM: Final = 5
_LONGEST: Final = 30
_PIECES: Final = (4, 5)


def bucket(feature: str) -> int:
    """Return where a feature is counted."""
    try:
        return crc32(feature.encode()) % BUCKETS
    except UnicodeEncodeError:  # half a character, which only a broken text holds
        return crc32(feature.encode("utf-8", "surrogatepass")) % BUCKETS


def pieces(low: str) -> Iterator[str]:
    """Yield a word in lower case, its stem, and the letters that follow each other in it."""
    yield f"w:{low}"
    if len(low) > _STEM:
        yield f"s:{low[:_STEM]}"
    framed = f"<{low[:_LONGEST]}>"
    for size in _PIECES:
        for start in range(len(framed) - size + 1):
            yield f"c:{framed[start : start + size]}"
