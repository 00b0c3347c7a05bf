"""Identity numbers written out in words: ``sju åtta noll nio ett fyra ...``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from gateway.detect.clusters import Shape, Written
from gateway.detect.matcher import Span
from gateway.detect.view import Page
from gateway.detect.vocabulary import NUMERALS

_UNITS: Final = {
    "noll": "0", "ett": "1", "en": "1", "två": "2", "tre": "3", "fyra": "4", "fem": "5", "sex": "6", "sju": "7",
    "åtta": "8", "nio": "9",
}  # fmt: skip
_TEENS: Final = {
    "tio": "10", "elva": "11", "tolv": "12", "tretton": "13", "fjorton": "14", "femton": "15", "sexton": "16",
    "sjutton": "17", "arton": "18", "nitton": "19",
}  # fmt: skip
_TENS: Final = {
    "tjugo": "2", "trettio": "3", "fyrtio": "4", "femtio": "5", "sextio": "6", "sjuttio": "7", "åttio": "8",
    "nittio": "9",
}  # fmt: skip
_CENTURIES: Final = {"nittonhundra": "19", "tjugohundra": "20", "tvåtusen": "20"}
_MARKS: Final = frozenset({"streck", "bindestreck", "minus"})
_LEAST: Final = 5
_GAP: Final = 4
_LENGTHS: Final = (10, 12)
_LONGEST: Final = 30
_STRETCH: Final = (_LEAST - 1) * (_LONGEST + _GAP)
"""Characters within which the fewest words of a number begin."""


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
    for start, digits in _CENTURIES.items():
        if word.startswith(start):
            rest = _compound(word[len(start) :]) if len(word) > len(start) else ""
            return digits + rest.rjust(2, "0") if rest else digits
    for start, digit in _TENS.items():
        if word.startswith(start):
            return digit + (_UNITS.get(word[len(start) :]) or "?")
    return "?"
