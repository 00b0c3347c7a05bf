"""What is known of single words: their lists, whether they begin with a capital letter, names in the genitive."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from gateway.detect import topics
from gateway.detect.dictionary import Dictionary

NAMES: Final = topics.GIVEN | topics.GIVEN_RARE | topics.GIVEN_WORD | topics.SURNAME | topics.SURNAME_WORD
_SHORTEST_GENITIVE: Final = 4
_REMEMBERED: Final = 8_000
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
    shown: int = 0
    """Its bits, those of names only where it has a capital letter."""


class _Memory(dict[str, Word]):
    """Words once looked up; all are forgotten when it is full."""

    def __init__(self, look: Callable[[str], Word]) -> None:
        super().__init__()
        self._look = look

    def __missing__(self, written: str) -> Word:
        if len(written) > _LONGEST:
            return Word(written.lower(), capital=written[0].isupper(), bits=0)
        if len(self) >= _REMEMBERED:
            self.clear()
        known = self[written] = self._look(written)
        return known


class Wordbook:
    """The dictionary with a memory of single words; it forgets all of them when it is full."""

    def __init__(self, dictionary: Dictionary) -> None:
        """Start with nothing remembered."""
        self._dictionary = dictionary
        self._known = _Memory(self._look)
        self.word: Callable[[str], Word] = self._known.__getitem__
        """Return what is known of a word or mark."""

    def __reduce__(self) -> tuple[type[Wordbook], tuple[Dictionary]]:
        """Travel without what is remembered."""
        return Wordbook, (self._dictionary,)

    def _look(self, written: str) -> Word:
        low = written.lower()
        if low == written:
            low = written  # one text instead of two
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
        capital = written[0].isupper()
        return Word(low, capital, bits, genitive, bits if capital else bits & ~NAMES)

    def is_head(self, low: str) -> bool:
        """Tell whether the rest of a compound makes it an activity or a subject."""
        return bool(self._dictionary.beginning(low) & topics.HEAD)
