"""Sentences around a position, cut into words and marks when somebody asks, with what the dictionary knows of them."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable
from functools import cached_property, partial, reduce
from itertools import islice
from operator import add, attrgetter, or_
from typing import Final, NamedTuple, TypeVar, cast

from gateway.detect.view import Page
from gateway.detect.wordbook import Wordbook

REACH: Final = 300
"""Endless sentences are cut at multiples of this, one to two of them from the position on each side."""

_BEGINNING: Final = 4000
"""Characters that tell how somebody writes."""

MAX_TOKENS: Final = 200
"""Words and marks of a sentence that are looked at."""

_TOKEN: Final = re.compile(r"[^\W_]++(?:[-'][^\W_]++)*+|[^\w\s]|\n")
_WORD: Final = re.compile(r"[^\W_]++(?:[-'][^\W_]++)*+")
_LETTERS: Final = "".join(re.escape(chr(c)) for c in range(256) if chr(c).isalnum())
_SPACES: Final = "".join(re.escape(chr(c)) for c in range(256) if chr(c).isspace())
_TOKEN_LATIN: Final = re.compile(rf"[{_LETTERS}]++(?:[-'][{_LETTERS}]++)*+|[^{_LETTERS}_{_SPACES}]|\n")
_WORD_LATIN: Final = re.compile(rf"[{_LETTERS}]++(?:[-'][{_LETTERS}]++)*+")
"""The same for text whose letters and spaces are all of Latin-1: sets of octets are searched for twice as fast."""
_END: Final = re.compile(r"[.!?\n\u061f]")
_END_LATIN: Final = re.compile(r"[.!?\n]")
"""The same for text without Arabic marks: a set of octets is searched for twice as fast."""
_ABBREVIATED: Final = re.compile(
    r"(?:^|[\s(])(?:t\.ex|bl\.a|dvs|osv|m\.m|ev|kl|nr|tel|ca|st|f\.d|s\.k|p\.g\.a|dr|resp|inkl|exkl|jfr|kap|pers|\w)$",
    re.IGNORECASE,
)
_CLOSING: Final = frozenset("\"')")
_GAP: Final = 8
"""Blanks that may stand between two sentences."""


class Token(NamedTuple):
    """A word or a mark at its place."""

    start: int
    end: int
    low: str
    capital: bool
    bits: int
    genitive: bool
    shown: int


# Tokens are made by functions of C alone: a sentence that is weighed has a hundred of them.
_WRITTEN: Final[Callable[[re.Match[str]], str]] = re.Match.group
_PLACE: Final[Callable[[re.Match[str]], tuple[int, int]]] = re.Match.span
_TOKEN_OF: Final[Callable[[Iterable[object]], Token]] = partial(tuple.__new__, Token)
_SHOWN: Final = attrgetter("shown")
_BITS: Final = attrgetter("bits")
_T = TypeVar("_T")


class Sentence:
    """One sentence of a page."""

    def __init__(self, page: Page, start: int, end: int, words: Wordbook) -> None:
        """Cut nothing yet."""
        self.start = start
        self.end = end
        self._page = page
        self._words = words
        self._worked_out: dict[Callable[[Sentence], object], object] = {}

    def once(self, work: Callable[[Sentence], _T]) -> _T:
        """Return what a function of the sentence alone returns, worked out once."""
        if work not in self._worked_out:
            self._worked_out[work] = work(self)
        return cast("_T", self._worked_out[work])

    @cached_property
    def bits(self) -> int:
        """All bits of all words; those of names only where the word has a capital letter."""
        pattern = _WORD_LATIN if self._page.is_latin else _WORD
        written = pattern.findall(self._page.text, self.start, self.end)
        return reduce(or_, map(_SHOWN, map(self._words.word, written)), 0)

    @cached_property
    def whole(self) -> int:
        """All bits of the words that are looked at."""
        return reduce(or_, map(_BITS, self.tokens), 0)

    @cached_property
    def tokens(self) -> list[Token]:
        """The words and marks, as many as are looked at."""
        pattern = _TOKEN_LATIN if self._page.is_latin else _TOKEN
        found = list(islice(pattern.finditer(self._page.text, self.start, self.end), MAX_TOKENS))
        words = map(self._words.word, map(_WRITTEN, found))
        return list(map(_TOKEN_OF, map(add, map(_PLACE, found), words)))

    @cached_property
    def _ends(self) -> list[int]:
        return [token.end for token in self.tokens]

    def token_at(self, position: int) -> int:
        """Return the number of the token that holds or follows a position."""
        return bisect_left(self._ends, position + 1)

    def span(self, first: int, last: int) -> int:
        """Return all bits of the tokens in ``[first, last)``."""
        return reduce(or_, map(_BITS, self.tokens[max(0, first) : max(0, last)]), 0)


class Reader:
    """The sentences of a page."""

    def __init__(self, page: Page, words: Wordbook) -> None:
        """Read nothing yet."""
        self.page = page
        self.words = words
        self._read: dict[int, Sentence] = {}
        self._cut = page.once(_cut)
        self._before: dict[int, Sentence | None] = {}
        self._end_mark = _END if "\u061f" in page.text else _END_LATIN

    @cached_property
    def lower_case(self) -> bool:
        """Tell whether the writer does without capital letters."""
        return self.page.capitals(_BEGINNING) * 100 < len(self.page.text[:_BEGINNING])

    def sentence(self, position: int) -> Sentence:
        """Return the sentence around a position."""
        start = self._start(position)
        known = self._read.get(start)
        if known is None or known.end <= position:
            known = self._read[start] = self._shared(start, self._end(position))
        return known

    def _shared(self, start: int, end: int) -> Sentence:
        """Return the sentence between two places, the same one for all readers of the page."""
        known = self._cut.get((start, end))
        if known is None:
            known = self._cut[start, end] = Sentence(self.page, start, end, self.words)
        return known

    def before(self, sentence: Sentence) -> Sentence | None:
        """Return the sentence before another one, within the same segment of the page."""
        if sentence.start not in self._before:
            self._before[sentence.start] = self._preceding(sentence)
        return self._before[sentence.start]

    def _preceding(self, sentence: Sentence) -> Sentence | None:
        text = self.page.text
        at = sentence.start - 1
        while at >= 0 and text[at].isspace():
            at -= 1
        if at < 0 or sentence.start - at > _GAP:
            return None
        if self.page.segment_at(at) is not self.page.segment_at(sentence.start):
            return None
        return self.sentence(at)

    def _start(self, position: int) -> int:
        text = self.page.text
        lowest = max(0, position - position % REACH - REACH)
        at = position
        while True:
            arabic = text.rfind("\u061f", lowest, at) if self._end_mark is _END else -1
            at = max(
                text.rfind(".", lowest, at), text.rfind("\n", lowest, at), text.rfind("?", lowest, at),
                text.rfind("!", lowest, at), arabic,
            )  # fmt: skip
            if at < 0:
                return lowest
            if _ends(text, at):
                return _behind(text, at)

    def _end(self, position: int) -> int:
        text = self.page.text
        highest = min(len(text), position - position % REACH + 2 * REACH)
        match = self._end_mark.search(text, position, highest)
        while match is not None:
            if _ends(text, match.start()):
                return _behind(text, match.start())
            match = self._end_mark.search(text, match.end(), highest)
        return highest


def _cut(page: Page) -> dict[tuple[int, int], Sentence]:
    """Return the place for all sentences of a page that have been cut."""
    del page
    return {}


def _behind(text: str, at: int) -> int:
    """Return the position behind a mark that ends a sentence, and behind the quotation mark that closes it."""
    return at + 1 + (text[at] != "\n" and text[at + 1 : at + 2] in _CLOSING)


def _ends(text: str, at: int) -> bool:
    """Tell whether the mark at a position ends a sentence."""
    following = text[at + 1 : at + 3]
    if text[at] == "\n":
        first = following.lstrip(" \t")[:1]
        return not first or first in "\n-*\u2022" or first.isupper() or first.isdigit()
    if following and not following[0].isspace() and not (following[0] in _CLOSING and not following[1:].strip()):
        return False
    return text[at] != "." or _ABBREVIATED.search(text, max(0, at - 8), at) is None
