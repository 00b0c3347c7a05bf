"""What is known of single words: their lists, whether they begin with a capital letter, names in the genitive."""

from __future__ import annotations

from typing import Final, NamedTuple

from gateway.detect import topics
from gateway.detect.dictionary import Dictionary

NAMES: Final = topics.GIVEN | topics.GIVEN_RARE | topics.GIVEN_WORD | topics.SURNAME | topics.SURNAME_WORD
_SHORTEST_GENITIVE: Final = 4
_REMEMBERED: Final = 20_000
"""Words."""
_LONGEST: Final = 60
"""Characters of a word that is remembered."""


class Word(NamedTuple):
    """What is known of a word, whatever its place."""

    low: str
    """In lower case."""
    capital: bool
    bits: int
    genitive: bool = False
    """A name with an ending -s."""


class Wordbook:
    """The dictionary with a memory of single words; it forgets all of them when it is full."""

    def __init__(self, dictionary: Dictionary) -> None:
        """Start with nothing remembered."""
        self._dictionary = dictionary
        self._known: dict[str, Word] = {}

    def word(self, written: str) -> Word:
        """Return what is known of a word or mark."""
        known = self._known.get(written)
        if known is None:
            if len(written) > _LONGEST:
                return Word(written.lower(), capital=written[0].isupper(), bits=0)
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            known = self._known[written] = self._look(written)
        return known

    def _look(self, written: str) -> Word:
        low = written.lower()
        if not low[0].isalnum():
            return Word(low, capital=False, bits=0)
        bits = self._dictionary.lookup(low)
        genitive = False
        if not bits & NAMES:
            for part in low.split("-") if "-" in low else ():
                bits |= self._dictionary.lookup(part) & (topics.GIVEN | topics.GIVEN_WORD | topics.SURNAME)
            if not bits & NAMES and low.endswith("s") and len(low) >= _SHORTEST_GENITIVE:
                stem = self._dictionary.lookup(low[:-1]) & NAMES
                bits, genitive = bits | stem, bool(stem)
        return Word(low, capital=written[0].isupper(), bits=bits, genitive=genitive)

    def is_head(self, low: str) -> bool:
        """Tell whether the rest of a compound makes it an activity or a subject."""
        return bool(self._dictionary.beginning(low) & topics.HEAD)
