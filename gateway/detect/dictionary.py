"""Words looked up one by one: which lists hold a word, as bits of a number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

_SHORTEST: Final = 2
"""Letters of a beginning or an ending."""
_EDGE: Final = 3
"""Letters by which most words show that no beginning or ending of the lists is theirs."""


class Dictionary:
    """Lists of words, looked up by whole word, by beginning (``grann*``) and by ending (``*chefen``).

    Three flat tables whose values are few and shared: a look-up writes to next to no memory, which then stays shared
    between processes.
    """

    __slots__ = ("_beginning_lengths", "_beginnings", "_closings", "_ending_lengths", "_endings", "_openings", "_whole")

    def __init__(self, lists: Mapping[int, Sequence[str]]) -> None:
        """Index lists: bit → words."""
        whole: dict[str, int] = {}
        beginnings: dict[str, int] = {}
        endings: dict[str, int] = {}
        for bit, words in lists.items():
            for word in words:
                table = endings if word.startswith("*") else beginnings if word.endswith("*") else whole
                plain = word.strip("*").lower()
                table[plain] = table.get(plain, 0) | bit
        pool: dict[int, int] = {}
        for table in (whole, beginnings, endings):
            for word, bits in table.items():
                table[word] = pool.setdefault(bits, bits)
        self._whole, self._beginnings, self._endings = whole, beginnings, endings
        self._index()

    def __getstate__(self) -> tuple[list[int], list[dict[str, int]]]:
        """Travel as each value once, and in its place its number: large numbers would arrive one for each word."""
        tables = (self._whole, self._beginnings, self._endings)
        pool = list(dict.fromkeys(bits for table in tables for bits in table.values()))
        places = {bits: place for place, bits in enumerate(pool)}
        return pool, [{word: places[bits] for word, bits in table.items()} for table in tables]

    def __setstate__(self, state: tuple[list[int], list[dict[str, int]]]) -> None:
        """Arrive."""
        pool, tables = state
        for table in tables:
            for word, place in table.items():
                table[word] = pool[place]
        self._whole, self._beginnings, self._endings = tables
        self._index()

    def _index(self) -> None:
        self._beginning_lengths = _lengths(self._beginnings)
        self._ending_lengths = _lengths(self._endings)
        self._openings = _edges(self._beginnings, slice(_EDGE))
        self._closings = _edges(self._endings, slice(-_EDGE, None))

    def lookup(self, word: str) -> int:
        """Return the bits of all lists that hold a lower-case word."""
        found = self.beginning(word)
        if word[-_EDGE:] not in self._closings and word[-_SHORTEST:] not in self._closings:
            return found
        size = len(word)
        for length in self._ending_lengths:
            if length > size:
                break
            found |= self._endings.get(word[size - length :], 0)
        return found

    def beginning(self, word: str) -> int:
        """Return the bits of all lists that hold a lower-case word, endings aside."""
        found = self._whole.get(word, 0)
        if word[:_EDGE] not in self._openings and word[:_SHORTEST] not in self._openings:
            return found
        size = len(word)
        for length in self._beginning_lengths:
            if length > size:
                break
            found |= self._beginnings.get(word[:length], 0)
        return found


def _edges(words: Mapping[str, int], edge: slice) -> frozenset[str]:
    """Return the letters with which a word begins or ends that any of these may begin or end."""
    return frozenset(word[edge] for word in words if len(word) >= _SHORTEST)


def _lengths(words: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(sorted({len(word) for word in words if len(word) >= _SHORTEST}))
