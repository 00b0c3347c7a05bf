"""Full names in Swedish text: a known first name with a surname, or a capitalised word with a known surname."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from gateway.detect.matcher import Span

_CAPITAL: Final = "A-ZÅÄÖÉÜŠŽĆČÁÓØÆ"
_WORD: Final = rf"[{_CAPITAL}][\w'-]{{1,29}}"
_LINK: Final = r"(?:(?:von|af|de|el|al|da|van|der|bin|la|du)[ ]){0,2}"
_AFTER: Final = re.compile(
    rf"(?:-{_WORD})?(?:[ ]{_WORD}(?=[ ][{_CAPITAL}])|[ ][{_CAPITAL}]\.)?[ ]{_LINK}(?P<surname>{_WORD})"
    rf"|(?:-{_WORD})?\"?[;\t|]\"?(?P<cell>{_LINK}{_WORD})(?=\"?(?:[;\t|\n]|$))"
)
_BEFORE: Final = re.compile(rf"(?P<surname>{_LINK}{_WORD})\"?(?P<mark>, ?|[;\t|]\"?)$")
_FORENAME: Final = re.compile(rf"(?:^|(?<=[\s;\t|(\"]))(?P<forename>{_WORD})[ ]{_LINK}$")
_SURNAME_ENDING: Final = re.compile(
    r"(?:sson|sen|qvist|kvist|lund|berg|ström|gren|strand|dahl|ovic|ević|vić|sdotter|enko)$"
)
_MARKED: Final = re.compile(r"(?:^|\n)[ \t]*(?:[a-zåäö0-9]{1,3}[.)]|[-*\u2022\u2013])?[ \t]+$")
"""What may stand before the first word of an entry: a blank, a letter or number, a dash."""
_MARK: Final = 9
_LOOK: Final = 40


def full_names(text: str, first_names: Iterable[Span], surnames: Iterable[Span]) -> tuple[Span, ...]:
    """Return where full names stand, given where first names and surnames of the lexicon stand, in any case."""
    found = {span[0]: span for span in _by_first_name(text, first_names)}
    for start, end in _by_surname(text, surnames):
        found.setdefault(start, (start, end))
    return tuple(_apart(sorted(found.values())))


def _apart(spans: list[Span]) -> Iterator[Span]:
    done = 0
    for start, end in spans:
        if start >= done:
            yield start, end
            done = end


def _by_first_name(text: str, first_names: Iterable[Span]) -> Iterator[Span]:
    done = 0
    for start, end in first_names:
        if start < done or not text[start].isupper():
            continue
        match = _AFTER.match(text, end, end + 2 * _LOOK)
        if match:
            done = match.end()
            yield start, done
            continue
        before = _BEFORE.search(text, max(0, start - _LOOK), start)
        if before and (before["mark"][0] != "," or _SURNAME_ENDING.search(before["surname"]) or _alone(text, before)):
            yield before.start(), end


def _alone(text: str, before: re.Match[str]) -> bool:
    """Tell whether a surname with a comma begins its line or cell, as in an index of names."""
    start = before.start()
    return start == 0 or text[start - 1] in '\n;\t|"' or _MARKED.search(text, max(0, start - _MARK), start) is not None


def _by_surname(text: str, surnames: Iterable[Span]) -> Iterator[Span]:
    """Yield names whose first name is not known, by a surname that is and a capitalised word before it."""
    for start, end in surnames:
        if not text[start].isupper():
            continue
        match = _FORENAME.search(text, max(0, start - _LOOK), start)
        if match and not _begins_sentence(text, match.start()):
            yield match.start(), end


def _begins_sentence(text: str, position: int) -> bool:
    """Tell whether a capital letter may only be that of a sentence."""
    before = text[max(0, position - 2) : position]
    return not before.strip() or before[0] in ".!?:\n" or before[-1] == "\n"
