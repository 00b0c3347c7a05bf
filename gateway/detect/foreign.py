"""Attachments in other languages: what holds a fact and a person together there is known for a few words only."""

from __future__ import annotations

import re
from typing import Final

from gateway.detect.traits import Pair
from gateway.detect.view import Kind, Page

_REACH: Final = 300
"""Characters on each side of a fact whose small words tell the language."""
_LEAST: Final = 4
_ABBREVIATION: Final = 3
_FARTHEST: Final = 80
_WORD: Final = re.compile(r"\w+")
_APART: Final = re.compile(r"[.;:!?()\n]")


def is_foreign(page: Page, position: int) -> bool:
    """Tell whether an attachment is written in another language than Swedish at a place."""
    if page.kind is not Kind.ATTACHMENT:
        return False
    start, end = max(0, position - _REACH), position + _REACH
    other = len(page.within("foreign.other", start, end))
    return other >= _LEAST and other > len(page.within("foreign.swedish", start, end))


def _is_small_word(word: str) -> bool:
    """Tell "als" and "est" from the abbreviations that are written with capital letters."""
    return len(word) <= _ABBREVIATION and not word.isupper()


def is_linked(page: Page, pair: Pair) -> bool:
    """Tell whether only words that link them stand between a person and the fact that follows."""
    if pair.distance or _is_small_word(page.text[pair.fact.start : pair.fact.end]):
        return False
    start, end = pair.sentence.tokens[pair.mention.last - 1].end, pair.fact.start
    if not 0 <= end - start <= _FARTHEST or _APART.search(page.text, start, end):
        return 0 <= pair.sentence.tokens[pair.mention.first].start - pair.fact.end <= 1
    return len(_WORD.findall(page.text, start, end)) == len(page.within("foreign.links", start, end))
