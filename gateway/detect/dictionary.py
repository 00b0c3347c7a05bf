"""Words looked up one by one: which lists hold a word, as bits of a number."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

_START: Final = 3
"""Letters at the beginning of a word that lead to its possible beginnings."""
_STOP: Final = 4
"""Letters at its end that lead to its possible endings."""


class Dictionary:
    """Lists of words, looked up by whole word, by beginning (``grann*``) and by ending (``*chefen``)."""

    __slots__ = ("_beginnings", "_endings", "_whole")

    def __init__(self, lists: Mapping[int, Sequence[str]]) -> None:
        """Index lists: bit → words."""
        self._whole: dict[str, int] = {}
        beginnings: dict[str, int] = {}
        endings: dict[str, int] = {}
        for bit, words in lists.items():
            for word in words:
                table = endings if word.startswith("*") else beginnings if word.endswith("*") else self._whole
                plain = word.strip("*").lower()
                table[plain] = table.get(plain, 0) | bit
        self._beginnings = _indexed(beginnings, lambda word: word[:_START])
        self._endings = _indexed(endings, lambda word: word[-_STOP:])

    def lookup(self, word: str) -> int:
        """Return the bits of all lists that hold a lower-case word."""
        found = self.beginning(word)
        for length in range(2, _STOP + 1):
            for ending, bits in self._endings.get(word[-length:], ()):
                if word.endswith(ending):
                    found |= bits
        return found

    def beginning(self, word: str) -> int:
        """Return the bits of all lists that hold a lower-case word, endings aside."""
        found = self._whole.get(word, 0)
        for length in range(2, _START + 1):
            for beginning, bits in self._beginnings.get(word[:length], ()):
                if word.startswith(beginning):
                    found |= bits
        return found


def _indexed(words: Mapping[str, int], key: Callable[[str], str]) -> dict[str, tuple[tuple[str, int], ...]]:
    """Return key → words under it with their bits; a word shorter than its key is its own."""
    index: dict[str, list[tuple[str, int]]] = {}
    for word, bits in words.items():
        index.setdefault(key(word), []).append((word, bits))
    return {letters: tuple(entries) for letters, entries in index.items()}
