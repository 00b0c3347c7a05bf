"""Signatures and notices among a sender's own lines; prose behind a signature is the sender's own again."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

from gateway.message import cues
from gateway.message.quotes import Line
from gateway.message.traces import Range, Trace
from gateway.message.wordlist import words_of
from gateway.model import SegmentKind

_OWN: Final = SegmentKind.OWN
_SIGNATURE_LINES: Final = 16
_NOTICE_LINES: Final = 30
_NOTICE: Final = 4000
_NOTICE_CUES: Final = 2
_SHORT: Final = 70
_NAME_WORDS: Final = 6
_SENTENCE_WORDS: Final = 3
_DELIMITERS: Final = frozenset({"--", "---", "\u2013", "\u2014"})
_SLASH_NAME: Final = re.compile(r"/{1,2} ?[^\W\d_a-zåäö][\w.-]{1,30}(?: [^\W\d_a-zåäö][\w.-]{1,30}){0,3}")
_POSTSCRIPT: Final = re.compile(r"p\.? ?s\.?[ :.,]|obs!|nb!", re.IGNORECASE)
_CONTACT: Final = re.compile(
    r"@|www\.|https?:|(?<!\w)(?:tel|tfn|telefon|mobil|mob|phone|växel|e-post|epost|adress|fax|direkt)(?!\w)",
    re.IGNORECASE,
)
_NUMBER: Final = re.compile(r"\d{4}")
_CLOSING_HEADS: Final = frozenset(phrase[:2] for phrase in cues.CLOSINGS)
_FOOTER_HEADS: Final = words_of("sk se hä ge he la lä ha vo ho ou en")
_LINKS: Final = words_of("från genom i på och av & / via from and av fra og ja von und")
_VERBAL: Final = words_of(
    """
    jag du vi ni han hon hen är var har hade kan kunde ska skall skulle vill ville måste får fick blev blir inte
    finns you we he she they is are was were have has had will would can could must not jeg hun er skal kan ikke
    må vil havde hadde minä sinä hän ovat oli ei ich wir ist sind hat haben kann nicht wird
    """
)


def sign(lines: Sequence[Line], kinds: list[SegmentKind], ranges: Sequence[Range] = ()) -> dict[int, int]:
    """Mark signatures and notices among the own lines in ``kinds``.

    Returns line → offset in the line for own lines that end in a signature (``Mvh Anna Berg``).
    """
    _elements(lines, kinds, ranges)
    splits: dict[int, int] = {}
    position = 0
    while position < len(lines):
        if kinds[position] is _OWN and lines[position].text:
            position = _signature(lines, kinds, position, splits)
        else:
            position += 1
    _notices(lines, kinds)
    return splits


def _elements(lines: Sequence[Line], kinds: list[SegmentKind], ranges: Sequence[Range]) -> None:
    """Mark what stands in elements kept for a signature, prose excepted."""
    kept = [found for found in ranges if found.trace is Trace.SIGNATURE]
    starts = [line.start for line in lines] if kept else []
    done = 0
    for found in kept:
        first = max(done, bisect_left(starts, found.start))
        done = max(first, bisect_left(starts, found.end))
        for number in range(first, done):
            if kinds[number] is _OWN and not is_prose(lines[number].text):
                kinds[number] = SegmentKind.SIGNATURE


# --- signatures ------------------------------------------------------------------------------


def _signature(lines: Sequence[Line], kinds: list[SegmentKind], position: int, splits: dict[int, int]) -> int:
    """Mark the signature that begins at a line, if one does, and return the next line to look at."""
    text = lines[position].text
    if len(text) > _SHORT:
        return position + 1
    head = text[:2].casefold()
    if head in _FOOTER_HEADS and cues.PHONE_FOOTER.match(text):
        kinds[position] = SegmentKind.SIGNATURE
        return position + 1
    if text in _DELIMITERS or (text[0] == "/" and _SLASH_NAME.fullmatch(text)):
        return _mark(kinds, position, _end(lines, kinds, position + 1))
    phrase = _closing(text) if head in _CLOSING_HEADS else 0
    if not phrase:
        return position + 1
    stop = _end(lines, kinds, position + 1)
    if phrase < len(text):
        splits[position] = phrase
    elif stop == position + 1 and stop < len(lines) and kinds[stop] is _OWN:
        return position + 1
    return _mark(kinds, position + 1, stop)


def _mark(kinds: list[SegmentKind], position: int, stop: int) -> int:
    kinds[position:stop] = [SegmentKind.SIGNATURE] * (stop - position)
    return stop


def _closing(text: str) -> int:
    """Return the length of the closing phrase at the head of a line; 0 where more than a name follows it."""
    folded = text.casefold()
    if not folded.startswith(cues.CLOSINGS):
        return 0
    for phrase in cues.CLOSINGS:
        if folded.startswith(phrase):
            rest = text[len(phrase) :]
            name = rest.lstrip(" ,.!:;-/\u2013\t")
            if rest[:1].isalpha():
                continue
            words = name.split()
            if len(words) <= _NAME_WORDS and not any(w[0].islower() and w not in _LINKS for w in words):
                return len(text) - len(name)
            return 0
    return 0


def _end(lines: Sequence[Line], kinds: Sequence[SegmentKind], position: int) -> int:
    """Return where a signature ends that goes on at ``position``: at prose, at earlier words, at its longest."""
    count = 0
    stop = position
    while position < len(lines) and kinds[position] is _OWN:
        text = lines[position].text
        if text:
            count += 1
            if count > _SIGNATURE_LINES or is_prose(text):
                return stop
            stop = position + 1
        position += 1
    return position


def is_prose(text: str) -> bool:
    """Tell a line of running text from a line of a signature: a name, a title, an address, a number."""
    if _POSTSCRIPT.match(text):
        return True
    words = text.split()
    if len(words) < _SENTENCE_WORDS:
        return False
    if not _VERBAL.isdisjoint(text.casefold().replace(",", " ").replace(".", " ").split()):
        return True
    lower = sum(1 for word in words if word[0].islower())
    return text[-1] in ".!?\u2026" and lower > 1 and not _CONTACT.search(text)


# --- notices ---------------------------------------------------------------------------------


def _notices(lines: Sequence[Line], kinds: list[SegmentKind]) -> None:
    """Mark the notices at the end of each stretch of own lines, from the last paragraph upwards."""
    ended = False
    stop = len(lines)
    while stop > 0:
        if kinds[stop - 1] is not _OWN:
            ended = ended and kinds[stop - 1] is SegmentKind.SIGNATURE
            stop -= 1
        elif not lines[stop - 1].text:
            stop -= 1
        else:
            begin = stop
            while begin > 0 and kinds[begin - 1] is _OWN and lines[begin - 1].text:
                begin -= 1
            if not ended and _is_notice(lines[begin:stop]):
                kinds[begin:stop] = [SegmentKind.DISCLAIMER] * (stop - begin)
            else:
                ended = True
            stop = begin


def _is_notice(paragraph: Sequence[Line]) -> bool:
    """Tell a paragraph of confidentiality, of data protection, or about printing; never one with numbers in it."""
    if len(paragraph) > _NOTICE_LINES:
        return False
    text = " ".join(line.text for line in paragraph)
    if len(text) > _NOTICE or _NUMBER.search(text):
        return False
    if cues.NOTICE.match(text):
        return len({word.casefold() for word in cues.NOTICE_WORDS.findall(text)}) >= _NOTICE_CUES
    folded = text.casefold()
    return any(word in folded for word in cues.FOOTING_WORDS) and cues.FOOTING.search(text) is not None
