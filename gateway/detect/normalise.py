"""One plain spelling for text from many hands, with a map back to the text as it came.

Dashes become ``-``, every space a space, every decimal digit an ASCII digit, typographic quotes straight ones;
zero-width and bidirectional controls vanish, decomposed letters are composed, compatibility forms unfolded (NFKC).
Clean Swedish text is recognised by one regular expression and returned as it is.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from gateway.detect.octets import beyond, latin_of

_LONGEST: Final = 4
"""Characters that one character may unfold to; what unfolds further stays as it is, so that text cannot explode."""

# Everything but these ranges is looked at. They hold only characters that need no change; what they leave out costs
# time, never correctness.
_UNUSUAL: Final = re.compile(
    "[^\t\n\x20-\x7e\xa1-\xa7\xa9\xab\xac\xae\xb0\xb1\xb6\xb7\xbb\xbf-\u012f\u014a-\u017e"
    "\u0388-\u0482\u05d0-\u05ea\u0621-\u064a\u20ac\u2022\u2026\u3041-\u3094\u30a1-\u30f4\u4e00-\u9fff]+"
)

_MARKS: Final = bytes(_UNUSUAL.match(chr(octet)) is not None for octet in range(256))
_MARK: Final = b"\1"
_FOLDED: Final = {
    "\u0130": "I",  # the only character whose lower case is longer than itself
    "\u2212": "-",
    "\u2043": "-",
    "\u02d7": "-",
    "\u2018": "'",
    "\u2019": "'",
    "\u201b": "'",
    "\u2032": "'",
    "\u201c": '"',
    "\u201d": '"',
    "\u201e": '"',
    "\u201f": '"',
    "\u00b4": "'",
    "\u2033": '"',
    "\u2044": "/",
    "\u2215": "/",
    "\n": "\n",
    "\x0b": "\n",
    "\x0c": "\n",
    "\x85": "\n",
    "\ufffc": " ",
}
_BY_CATEGORY: Final = {"Pd": "-", "Zs": " ", "Zl": "\n", "Zp": "\n", "Cf": "", "Cc": " ", "Cs": "\ufffd", "Me": ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Normalised:
    """Text in plain spelling and the way back."""

    text: str = field(repr=False)
    starts: tuple[int, ...] = ()
    """Positions in ``text`` from which a new shift holds; empty where text and original agree throughout."""
    origins: tuple[int, ...] = ()
    """The same positions in the original."""

    def original(self, position: int) -> int:
        """Return where a position of ``text`` lies in the text as it came."""
        number = bisect_right(self.starts, position) - 1
        return position if number < 0 else self.origins[number] + position - self.starts[number]

    def plain(self, position: int) -> int:
        """Return where a position of the original has gone; inside what vanished, the place where it was."""
        number = bisect_right(self.origins, position) - 1
        here = position if number < 0 else self.starts[number] + position - self.origins[number]
        return min(here, self.starts[number + 1] if number + 1 < len(self.starts) else len(self.text))


def normalise(text: str) -> Normalised:
    """Return ``text`` in plain spelling. Linear in its length; takes any string, lone surrogates included."""
    runs = _unusual(text)
    if not runs:
        return Normalised(text=text)
    pieces: list[str] = []
    starts: list[int] = []
    origins: list[int] = []
    done = length = shift = 0
    for start, end in runs:
        if start > done:
            pieces.append(text[done:start])
            length += start - done
        replacement, back = _unfold(text[start:end], pieces, followed_by_newline=text[end : end + 1] == "\n")
        length += len(replacement) - back
        pieces.append(replacement)
        done = end
        if end - length != shift:
            shift = end - length
            starts.append(length)
            origins.append(end)
    pieces.append(text[done:])
    return Normalised(text="".join(pieces), starts=tuple(starts), origins=tuple(origins))


def _unusual(text: str) -> list[tuple[int, int]]:
    """Return every run of unusual characters; where few are beyond Latin-1, only they and marked octets are tried."""
    latin = latin_of(text)
    places = beyond(text, latin)
    if places is None:
        return [match.span() for match in _UNUSUAL.finditer(text)]
    marks = latin.translate(_MARKS)
    at = marks.find(_MARK)
    while at >= 0:
        places.append(at)
        at = marks.find(_MARK, at + 1)
    runs: list[tuple[int, int]] = []
    done = 0
    for place in sorted(places):
        match = _UNUSUAL.match(text, place) if place >= done else None
        if match is not None:
            done = match.end()
            runs.append(match.span())
    return runs


def _unfold(run: str, before: list[str], *, followed_by_newline: bool) -> tuple[str, int]:
    """Return what a run of unusual characters becomes, and how many characters it took back from ``before``."""
    if len(run) == 1 and run != "\r" and not unicodedata.combining(run):
        return _plain(run), 0
    if run.endswith("\r"):
        run = run[:-1] + ("" if followed_by_newline else "\n")
    run = run.replace("\r", "\n")
    out: list[str] = []
    back = 0
    for character in run:
        if not unicodedata.combining(character):
            out.append(_plain(character))
        elif out:
            out[-1] = _composed(out[-1], character)
        elif before and before[-1]:
            composed = _composed(before[-1][-1], character)
            before[-1] = before[-1][:-1]
            out.append(composed)
            back = 1
    return "".join(out), back


def _composed(base: str, mark: str) -> str:
    """Put a mark on a letter where a letter of its own exists for that; else the mark is decoration and goes."""
    composed = unicodedata.normalize("NFC", base[-1:] + mark)
    return base[:-1] + composed if len(composed) == 1 else base


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    if character in _FOLDED:
        return _FOLDED[character]
    category = unicodedata.category(character)
    if category in _BY_CATEGORY:
        return _BY_CATEGORY[category]
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if 0xFE00 <= ord(character) <= 0xFE0F:  # noqa: PLR2004 - variation selectors
        return ""
    unfolded = "".join(
        _FOLDED.get(c, c) for c in unicodedata.normalize("NFKC", character) if not unicodedata.combining(c)
    )
    return unfolded if len(unfolded) <= _LONGEST else character
