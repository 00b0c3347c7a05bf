"""Small fixed word lists, written in the code as text."""

from __future__ import annotations


def words_of(text: str) -> frozenset[str]:
    """Return the words of a text that stand between blanks."""
    return frozenset(text.split())
