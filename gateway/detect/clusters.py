"""Runs of digits as people write them, and the windows of ten or twelve digits inside them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from gateway.detect.matcher import Span

# Digits with at most a few separators between them. A line may break after a hyphen, and inside a quote the next line
# begins with its mark. O, o, I, l stand for 0 and 1 in the middle of digits. Possessive: never tried twice.
_CLUSTER: Final = re.compile(rb"0(?:(?:[ ]{0,2}[-+][ \t]{0,3}\n[ \t>]{0,6}|[ .\-/+]{1,3})?+[0OolI]){7,}+")
_GROUP: Final = re.compile(r"[OolI]{0,3}[0-9][0-9OolI]*")
_LETTERS: Final = str.maketrans("OolI", "0011")
_MOST_LETTERS: Final = 3
_SERIAL: Final = 4
_TEN: Final = 10
_TWELVE: Final = 12


class Shape(Enum):
    """How ten or twelve digits are grouped."""

    TIGHT = "tight"
    """Date and serial with a hyphen or plus between them: hardly anything else is written so."""
    FULL = "full"
    """Twelve digits without a separator before the serial."""
    BARE = "bare"
    """Ten digits in one."""
    SPACED = "spaced"
    """Date and serial apart: usual enough, but sums look alike."""
    PAIRS = "pairs"
    """Two by two or one by one: usual enough, but telephone numbers look alike."""
    JOINED = "joined"
    """Date and serial with words or marks between that join them."""
    ODD = "odd"
    """Grouped as nobody should: counts only beside a label."""


@dataclass(frozen=True, slots=True)
class Written:
    """Ten digits in writing, with their century where it is written too."""

    start: int
    end: int
    century: str | None
    digits: str
    shape: Shape
    plus: bool = False

    @property
    def serial(self) -> str:
        """The last four digits."""
        return self.digits[6:]


_DATES: Final = {(6,), (8,), (2, 6), (2, 2, 2), (4, 2, 2), (2, 2, 2, 2)}
_BROKEN: Final = {(6, 2), (4, 4), (2, 4), (4, 2)}
"""Dates with a blank where nobody should have one: sure enough with a hyphen before the serial."""
_PAIRS: Final = {(2,) * 5, (2,) * 6, (4, 2, 2, 2, 2), (1,) * 10, (1,) * 12}


def digit_runs(digits: bytes) -> Iterator[Span]:
    """Yield runs of at least eight digits, with the separators that people put between them.

    ``digits`` is the text in octets with ``0`` for every digit.
    """
    return (match.span() for match in _CLUSTER.finditer(digits))


def written_numbers(text: str, runs: Iterable[Span]) -> Iterator[Written]:
    """Yield every window of ten or twelve digits that stands apart from its neighbours, in order of its start.

    ``runs`` are the digit runs of the text.
    """
    for start, end in runs:
        groups = [m.span() for m in _GROUP.finditer(text, _leading(text, start), end)]
        if len(groups) > 1 and _begins_a_word(text, groups[-1]):
            groups.pop()
        yield from _windows(text, groups)


def _begins_a_word(text: str, group: Span) -> bool:
    """Tell digits that begin a word of their own (class 7A) from the end of a number."""
    return text[group[1] : group[1] + 1].isalpha() and text[group[0] - 1] == " "


def _leading(text: str, start: int) -> int:
    """Return the start of the digits with an O or l in front that stands for one."""
    while start and text[start - 1] in "OolI":
        start -= 1
    return start


def _windows(text: str, groups: list[Span]) -> Iterator[Written]:
    lengths = [end - start for start, end in groups]
    gaps = [groups[n + 1][0] - groups[n][1] for n in range(len(groups) - 1)]
    for first in range(len(groups)):
        if first and gaps[first - 1] == 1 and (lengths[first] & 1 or _SERIAL not in lengths[first + 1 : first + 5]):
            continue  # only a date with a hyphen and a serial may follow closely upon other digits
        if first and lengths[first] == 1:
            continue  # and digits one by one stand alone
        length = 0
        for last in range(first, min(len(groups), first + _TWELVE)):
            length += lengths[last]
            if length > _TWELVE:
                break
            if length in (_TEN, _TWELVE):
                found = _window(text, groups, first, last)
                if found is not None:
                    yield found


def _window(text: str, groups: list[Span], first: int, last: int) -> Written | None:
    inside = groups[first : last + 1]
    start, end = inside[0][0], inside[-1][1]
    raw = "".join(text[s:e] for s, e in inside)
    if not raw.isdigit() and sum(not c.isdigit() for c in raw) > _MOST_LETTERS:
        return None
    before = text[groups[first - 1][1] : start] if first else None
    after = text[end : groups[last + 1][0]] if last + 1 < len(groups) else None
    separators = [text[inside[n][1] : inside[n + 1][0]] for n in range(len(inside) - 1)]
    shape = _shape(tuple(e - s for s, e in inside), separators)
    if not (_apart(before, shape) and _apart(after, shape)) or text[end : end + 1].isalpha():
        return None
    digits = raw.translate(_LETTERS)
    return Written(
        start=start,
        end=end,
        century=digits[:2] if len(digits) == _TWELVE else None,
        digits=digits[-_TEN:],
        shape=shape,
        plus=bool(separators) and "+" in separators[-1],
    )


def _shape(lengths: tuple[int, ...], separators: list[str]) -> Shape:
    if len(lengths) == 1:
        return Shape.FULL if lengths[0] == _TWELVE else Shape.BARE
    if lengths[-1] == _SERIAL and lengths[:-1] in _DATES:
        if separators[-1].strip(" \t\n>") in ("-", "+", "--"):
            return Shape.TIGHT
        return Shape.FULL if sum(lengths) == _TWELVE and "\n" not in separators[-1] else Shape.SPACED
    if lengths[-1] == _SERIAL and lengths[:-1] in _BROKEN and separators[-1].strip() == "-" and separators[0] == " ":
        return Shape.TIGHT
    return Shape.PAIRS if lengths in _PAIRS else Shape.ODD


def _apart(gap: str | None, shape: Shape) -> bool:
    """Tell whether a neighbouring group of digits is a number of its own."""
    if gap is None:
        return True
    if "-" in gap or "+" in gap or "/" in gap:
        return False  # a line breaks only behind one of these
    return shape is Shape.TIGHT or len(gap) > 1
