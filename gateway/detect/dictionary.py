"""Words looked up one by one: which lists hold a word, as bits of a number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

_SHORTEST: Final = 2
_LONGEST: Final = 24
"""Characters at the start or end of a word that are compared."""


class Dictionary:
    """Lists of words, looked up by whole word, by beginning (``grann*``) and by ending (``*chefen``)."""

    __slots__ = ("_beginnings", "_endings", "_whole")

    def __init__(self, lists: Mapping[int, Sequence[str]]) -> None:
        """Index lists: bit → words."""
        self._whole: dict[str, int] = {}
        self._beginnings: dict[str, int] = {}
        self._endings: dict[str, int] = {}
        for bit, words in lists.items():
            for word in words:
                plain = word.strip("*").lower()
                for table in self._tables(word):
                    table[plain] = table.get(plain, 0) | bit

    def _tables(self, word: str) -> tuple[dict[str, int], ...]:
        if word.startswith("*"):
            return (self._endings,)
        return (self._beginnings,) if word.endswith("*") else (self._whole,)

    def lookup(self, word: str) -> int:
        """Return the bits of all lists that hold a lower-case word."""
        found = self._whole.get(word, 0)
        for length in range(_SHORTEST, min(len(word), _LONGEST) + 1):
            found |= self._beginnings.get(word[:length], 0) | self._endings.get(word[-length:], 0)
        return found

    def beginning(self, word: str) -> int:
        """Return the bits of all lists that hold a lower-case word, endings aside."""
        found = self._whole.get(word, 0)
        for length in range(_SHORTEST, min(len(word), _LONGEST) + 1):
            found |= self._beginnings.get(word[:length], 0)
        return found
