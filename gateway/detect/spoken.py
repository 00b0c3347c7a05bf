"""Identity numbers written out in words: ``sju åtta noll nio ett fyra ...``."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from gateway.detect.clusters import Shape, Written
from gateway.detect.matcher import Span
from gateway.detect.view import Page
from gateway.detect.vocabulary import NUMERALS

_UNITS: Final = {
    "noll": "0", "ett": "1", "en": "1", "två": "2", "tre": "3", "fyra": "4", "fem": "5", "sex": "6", "sju": "7",
    "åtta": "8", "nio": "9", "nie": "9",
}  # fmt: skip
_TEENS: Final = {
    "tio": "10", "elva": "11", "tolv": "12", "tretton": "13", "fjorton": "14", "femton": "15", "sexton": "16",
    "sjutton": "17", "arton": "18", "aderton": "18", "nitton": "19",
}  # fmt: skip
_TENS: Final = {
    "tjugo": "2", "trettio": "3", "fyrtio": "4", "femtio": "5", "sextio": "6", "sjuttio": "7", "åttio": "8",
    "nittio": "9", "tjuge": "2", "tretti": "3", "fyrti": "4", "femti": "5", "sexti": "6", "sjutti": "7", "åtti": "8",
    "nitti": "9",
}  # fmt: skip
"""The long forms first: each begins with the spoken one."""
_LARGE: Final = tuple(_TENS)
_CENTURIES: Final = {"nittonhundra": "19", "tjugohundra": "20", "tvåtusen": "20"}
_ORDINALS: Final = {
    "första": 1, "andra": 2, "tredje": 3, "fjärde": 4, "femte": 5, "sjätte": 6, "sjunde": 7, "åttonde": 8, "nionde": 9,
    "tionde": 10, "elfte": 11, "tolfte": 12, "trettonde": 13, "fjortonde": 14, "femtonde": 15, "sextonde": 16,
    "sjuttonde": 17, "artonde": 18, "nittonde": 19, "tjugonde": 20, "tjugoförsta": 21, "tjugoandra": 22,
    "tjugotredje": 23, "tjugofjärde": 24, "tjugofemte": 25, "tjugosjätte": 26, "tjugosjunde": 27, "tjugoåttonde": 28,
    "tjugonionde": 29, "trettionde": 30, "trettioförsta": 31,
}  # fmt: skip
_ARTICLES: Final = ("en", "ett")
_MARKS: Final = frozenset({"streck", "bindestreck", "minus"})
_LEAST: Final = 5
_GAP: Final = 4
_LENGTHS: Final = (10, 12)
_LONGEST: Final = 30
_STRETCH: Final = (_LEAST - 1) * (_LONGEST + _GAP)
"""Characters within which the fewest words of a number begin."""
_PAIR: Final = 12
"""Characters from the known beginning of a numeral to one that belongs to it."""
_FIGURES: Final = 40
"""Characters after a numeral within which four figures follow where figures and words are mixed."""
_AROUND: Final = 110
_MOST: Final = 100_000
"""Characters of a page that are read aloud: far more than hold numbers."""
_TOKEN: Final = re.compile(r"[^\W\d_]+|[0-9]+")


@dataclass(frozen=True, slots=True)
class Transcript:
    """A stretch of text with its numerals read as digits."""

    text: str
    places: tuple[Span, ...]
    """Positions in this text and in the page from which both run on alike."""

    def place(self, position: int) -> int:
        """Return the position in the page of a position in this text."""
        here, there = self.places[bisect_right(self.places, (position, 1 << 60)) - 1]
        return there + position - here


def spoken_numbers(page: Page) -> Iterator[Written]:
    """Yield numbers of ten or twelve digits that are written in words and nothing but such words."""
    found = page.hits(NUMERALS)
    if not any(last[0] - first[0] <= _STRETCH for first, last in zip(found, found[_LEAST - 1 :], strict=False)):
        return
    run: list[Span] = []
    for span in found:
        if run and span[0] < run[-1][1]:
            continue
        if run and (span[0] - run[-1][1] > _GAP or page.text[run[-1][1] : span[0]].strip(" ,.-\n")):
            yield from _number(page, run)
            run = []
        run.append(_word(page, span))
    yield from _number(page, run)


def transcripts(page: Page) -> Iterator[Transcript]:
    """Yield the stretches in which numerals stand close to each other, or one of two digits, read as digits."""
    for start, end in _stretches(page):
        yield aloud(page, start, end)


def _stretches(page: Page) -> Sequence[Span]:
    found = page.hits(NUMERALS)
    stretches: list[Span] = []
    left = _MOST
    for (start, end), (following, _) in pairwise((*found, (len(page.text) + _AROUND, 0))):
        if following - end > _PAIR and not (
            page.lower.startswith(_LARGE, start) and page.digits.find(b"0000", end, end + _FIGURES) >= 0
        ):
            continue
        low, high = max(0, start - _AROUND), min(len(page.text), end + _AROUND)
        if stretches and low <= stretches[-1][1]:
            low = stretches.pop()[0]
        stretches.append((low, high))
        left -= high - max(low, start - _AROUND)
        if left < 0:
            break
    return stretches


def aloud(page: Page, start: int, end: int) -> Transcript:
    """Return a stretch of a page with its numerals read as digits, those that follow each other as one number."""
    out: list[str] = []
    places: list[Span] = [(0, start)]
    numerals = {at for at, _ in page.within(NUMERALS, start, end)}
    done, length, joins = start, 0, False
    for token in _TOKEN.finditer(page.lower, start, end):
        known = token.start() in numerals or token.group() in _ORDINALS or token.group() in _ARTICLES
        digits = _read_aloud(page, token, goes_on=joins) if known else None
        gap = page.text[done : token.start()]
        joined = joins and digits is not None and gap.strip(" -") == "" and len(gap) <= _GAP
        piece = ("" if joined else gap) + (token.group() if digits is None else digits)
        out.append(piece)
        length += len(piece)
        places.append((length, token.end()))
        done, joins = token.end(), digits is not None and token.group() not in _ORDINALS
    return Transcript("".join(out), tuple(places))


def _read_aloud(page: Page, token: re.Match[str], *, goes_on: bool) -> str | None:
    """Return the digits of a word; None of what is no numeral, or only an article before a noun."""
    word = token.group()
    if len(word) > _LONGEST:
        return None
    if word in _ORDINALS:
        return str(_ORDINALS[word])
    if word in _TENS or word in _ARTICLES:
        following = _TOKEN.match(page.lower, token.end() + 1)
        after = following.group()[:_LONGEST] if following else ""
        if word in _TENS:
            return _TENS[word] + ("" if after in _UNITS and after != "noll" else "0")
        if after in _MARKS or not (goes_on or _compound(after).isdigit()):
            return None
    digits = _compound(word)
    return digits if digits.isdigit() else None


def _word(page: Page, span: Span) -> Span:
    end = span[1]
    while end < len(page.text) and page.text[end].isalpha() and end - span[0] < _LONGEST:
        end += 1
    return span[0], end


def _number(page: Page, run: Sequence[Span]) -> Iterator[Written]:
    if len(run) < _LEAST:
        return
    digits = _digits([page.lower[s:e] for s, e in run])
    if len(digits) in _LENGTHS and digits.isdigit():
        yield Written(
            start=run[0][0],
            end=run[-1][1],
            century=digits[:-10] or None,
            digits=digits[-10:],
            shape=Shape.TIGHT,
        )


def _digits(words: list[str]) -> str:
    out: list[str] = []
    for word, following in pairwise([*words, ""]):
        if word in _TENS:
            # "åttio tre" is one number in two words; "åttio" alone ends in nought.
            out.append(_TENS[word] + ("" if following in _UNITS and following != "noll" else "0"))
        elif word not in _MARKS:
            out.append(_compound(word))
    return "".join(out)


def _compound(word: str) -> str:
    """Return the digits of a word; with a question mark where it only begins like a numeral, as ``tjugotalet`` does."""
    simple = _UNITS.get(word) or _TEENS.get(word)
    if simple:
        return simple
    if word.startswith("noll"):
        return "0" + (_UNITS.get(word[len("noll") :]) or "?")
    if word.startswith("nitton") and (rest := _compound(word[len("nitton") :])).isdigit() and len(rest) == len("78"):
        return "19" + rest
    for start, digits in _CENTURIES.items():
        if word.startswith(start):
            rest = _compound(word[len(start) :]) if len(word) > len(start) else ""
            return digits + rest.rjust(2, "0") if rest else digits
    for start, digit in _TENS.items():
        if word.startswith(start):
            return digit + (_UNITS.get(word[len(start) :]) or "?")
    return "?"
