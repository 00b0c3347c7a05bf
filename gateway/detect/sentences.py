"""A sentence cut into words and marks, each with what the dictionary knows about it."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from gateway.detect import topics
from gateway.detect.dictionary import Dictionary
from gateway.detect.matcher import Span
from gateway.detect.view import Page

_TOKEN: Final = re.compile(r"[^\W_]+(?:[-'][^\W_]+)*|[^\w\s]|\n")
_NAMES: Final = topics.GIVEN | topics.GIVEN_RARE | topics.GIVEN_WORD | topics.SURNAME | topics.SURNAME_WORD

MAX_TOKENS: Final = 200
"""Words and marks of a sentence that are looked at."""


@dataclass(slots=True)
class Token:
    """A word or a mark."""

    start: int
    end: int
    low: str
    """In lower case."""
    capital: bool
    bits: int
    genitive: bool = False


class Words:
    """The dictionary with a memory, for one message."""

    def __init__(self, dictionary: Dictionary) -> None:
        """Start with nothing remembered."""
        self._dictionary = dictionary
        self._known: dict[str, tuple[int, bool]] = {}

    def bits(self, low: str) -> tuple[int, bool]:
        """Return the bits of a word, and whether it is a name in the genitive."""
        known = self._known.get(low)
        if known is None:
            known = self._known[low] = self._look(low)
        return known

    def _look(self, low: str) -> tuple[int, bool]:
        bits = self._dictionary.lookup(low)
        if not bits & _NAMES:
            for part in low.split("-") if "-" in low else ():
                bits |= self._dictionary.lookup(part) & (topics.GIVEN | topics.GIVEN_WORD | topics.SURNAME)
            if not bits & _NAMES and low.endswith("s") and len(low) > 3:  # noqa: PLR2004
                stem = self._dictionary.lookup(low[:-1]) & _NAMES
                if stem:
                    return bits | stem, True
        return bits, False

    def is_head(self, low: str) -> bool:
        """Tell whether the rest of a compound makes it an activity or a subject."""
        return bool(self._dictionary.beginning(low) & topics.HEAD)


@dataclass(slots=True, kw_only=True)
class Sentence:
    """One sentence of a page."""

    start: int
    end: int
    tokens: list[Token] = field(repr=False)

    def token_at(self, position: int) -> int:
        """Return the number of the token that holds or follows a position."""
        return bisect_left(self.tokens, position + 1, key=lambda t: t.end)

    def any(self, first: int, last: int, bits: int) -> bool:
        """Tell whether a token in ``[first, last)`` has any of the bits."""
        return any(t.bits & bits for t in self.tokens[max(0, first) : max(0, last)])


class Reader:
    """The sentences of a page, cut when asked for."""

    def __init__(self, page: Page, words: Words) -> None:
        """Read nothing yet."""
        self.page = page
        self.words = words
        self._read: dict[int, Sentence] = {}

    @cached_property
    def lower_case(self) -> bool:
        """Tell whether the writer does without capital letters."""
        text = self.page.text[:4000]
        capitals = sum(1 for c in text if c.isupper())
        return capitals * 100 < len(text)

    def sentence(self, position: int) -> Sentence:
        """Return the sentence around a position."""
        start, end = self.page.sentence(position)
        known = self._read.get(start)
        if known is None or known.end < end:
            known = self._read[start] = self._cut(start, end)
        return known

    def before(self, sentence: Sentence) -> Sentence | None:
        """Return the sentence before another one, within the same stretch of the page."""
        at = sentence.start - 1
        text = self.page.text
        while at >= 0 and text[at].isspace():
            at -= 1
        if at < 0 or sentence.start - at > 8 or self.page.segment_at(at) is not self.page.segment_at(sentence.start):  # noqa: PLR2004
            return None
        return self.sentence(at)

    def _cut(self, start: int, end: int) -> Sentence:
        tokens: list[Token] = []
        text = self.page.text
        for match in _TOKEN.finditer(text, start, end):
            word = match.group()
            low = word.lower()
            bits, genitive = self.words.bits(low) if word[0].isalnum() else (0, False)
            tokens.append(Token(match.start(), match.end(), low, word[0].isupper(), bits, genitive))
            if len(tokens) >= MAX_TOKENS:
                break
        return Sentence(start=start, end=end, tokens=tokens)


def text_span(sentence: Sentence, first: int, last: int) -> Span:
    """Return the span of tokens ``[first, last)``."""
    return sentence.tokens[first].start, sentence.tokens[last - 1].end
