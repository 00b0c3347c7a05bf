"""Numbers where no reader of a format looks: attributes, formulas, links, streams that are not text.

Only what is written like an identity number is taken from such places, with the words around it: the rest of them is
identifiers and sizes, which nobody wrote and in which ten digits mean nothing.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from itertools import islice
from typing import Final
from urllib.parse import unquote

from gateway.message.charset import decode_plain

_REACH: Final = 200
"""Octets before and behind a number in which the words that belong to it stand."""
_MOST: Final = 50_000
"""Numbers of one file that are looked at."""
_DASHED: Final = re.compile(rb"-(?<=\d{6}-)\d{4}(?![\d-])")
_BARE: Final = re.compile(rb" \d{10}(?:\d\d)?(?![\w.-])")
"""Counts in an attribute that has words."""
_FORMULA: Final = (b"<f>", b"<f ")
_LETTERS: Final = re.compile(r"[^\W\d_]{3,}")
_WIDE: Final = re.compile(rb"-\0(?<=(?:\d\0){6}-\0)(?:\d\0){4}(?![\d-]\0)")
_WIDE_RUN: Final = re.compile(rb"(?:[\x20-\x7e\xa0-\xff]\0){10,}")
_NARROW_RUN: Final = re.compile(rb"[\x20-\x7e\xa0-\xff]{10,}")
_TARGET: Final = re.compile(rb"\bTarget=[\"']((?:mailto|tel|sms|callto):[^\"'<>]{1,2000})", re.IGNORECASE)
_GLUED: Final = re.compile(r"(\d{6}-\d{4})(?=\w)")
_BROKEN: Final = re.compile(r"\n(?<=\d\n)\d")
_TAIL: Final = re.compile(r"(?<![\w.,:/-])[\d-]{1,12}\Z")
_HEAD: Final = re.compile(r"[\d-]{1,12}(?![\w-])")
_NUMBER: Final = re.compile(r"(?:\d\d)?\d{6}-\d{4}")
_BOXES: Final = re.compile(r"\t(?:-\t)?\d\t\d\t\d\t\d(?![^\t\n]|\t\d)")
"""The last four cells of a form with a cell for each digit."""
_FIRST_BOXES: Final = re.compile(r"(?:(?<=[\t\n])|\A)\d\t\d\t\d\t\d\t\d\t\d(?:\t\d\t\d)?\Z")
_NAMED: Final = re.compile(r"pers(?:on)?[\W_]{0,2}n(?:umme)?r[^\n]{0,40}\n?[^\n]{0,20}\Z", re.IGNORECASE)
_CUT: Final = re.compile(r"[\t\n]")
_LAST: Final = re.compile(r"-[\t\n]{0,3} ?(\d{4})(?![\w-])")
_BORN: Final = re.compile(r"(?<![\w.,:/-])((?:\d\d)?\d{6}) ?[\t\n]{0,3}\Z")
_LINK: Final = re.compile(r"\b(?:mailto|tel|sms|callto):[^\s\"'<>]{1,2000}", re.IGNORECASE)


def in_tags(octets: bytes) -> Iterator[str]:
    """Yield the attributes and formulas of XML that hold a number: dashed, or bare among words."""
    known: set[str] = set()
    for pattern in (_DASHED, _BARE):
        for found in islice(pattern.finditer(octets), _MOST):
            value = _attribute(octets, found.start()) or _formula(octets, found.start())
            if value and value not in known and (pattern is _DASHED or _LETTERS.search(value)):
                known.add(value)
                yield f"\n{value}\n"


def in_relations(octets: bytes) -> Iterator[str]:
    """Yield the letters and telephones that a document links to (ISO/IEC 29500-2, relationships)."""
    for found in _TARGET.findall(octets):
        yield f"{html.unescape(found.decode('utf-8', 'replace'))}\n"
    yield from in_tags(octets)


def _attribute(octets: bytes, at: int) -> str:
    """Return the value of the attribute at a place; nothing where that is outside of tags."""
    before = octets[max(0, at - 4 * _REACH) : at]
    start = max(before.rfind(b'="'), before.rfind(b"='"))
    if start < 0 or before.rfind(b"<") <= before.rfind(b">"):
        return ""
    return _until(octets, before[start + 2 :], at, before[start + 1 : start + 2])


def _formula(octets: bytes, at: int) -> str:
    before = octets[max(0, at - 4 * _REACH) : at]
    tag = before.rfind(b"<")
    return _until(octets, before[before.find(b">", tag) + 1 :], at, b"<") if before[tag:].startswith(_FORMULA) else ""


def _until(octets: bytes, before: bytes, at: int, mark: bytes) -> str:
    end = octets.find(mark, at, at + _REACH)
    value = before + octets[at : end if end >= 0 else at + _REACH]
    return html.unescape(value.decode("utf-8", "replace"))


def in_stream(octets: bytes, reach: int = _REACH) -> Iterator[str]:
    """Yield the strings of binary data that hold a dashed number, in Windows-1252, UTF-8 or UTF-16."""
    for run in _runs(_DASHED, _NARROW_RUN, octets, reach):
        yield _ended(decode_plain(run))
    for run in _runs(_WIDE, _WIDE_RUN, octets, reach):
        yield _ended(run.decode("utf-16-le"))


def _runs(number: re.Pattern[bytes], run: re.Pattern[bytes], octets: bytes, reach: int) -> Iterator[bytes]:
    """Yield the runs of characters around numbers, cut on both sides where they go on, none of them twice."""
    done = 0
    for found in islice(number.finditer(octets), _MOST):
        start, end = found.span()
        if start < done:
            continue
        window = run.finditer(octets, max(start % 2, start - reach), end + reach)
        if (around := next((r for r in window if r.end() >= end), None)) is not None:
            done = around.end()
            yield around[0]


def _ended(run: str) -> str:
    """Return a run as a line; a letter behind a number is the octet of a size or a type."""
    return _GLUED.sub(r"\1 ", run) + "\n"


def beside(text: str) -> Iterator[str]:
    """Yield what a text says in another form: links in percent, numbers that a cell or a line cuts at the dash."""
    for found in _LINK.finditer(text) if "%" in text else ():
        if "%" in found[0]:
            yield f"\n{unquote(found[0].partition(':')[2])}\n"
    for cut in _BROKEN.finditer(text):
        yield from _mended(text, cut.start())
    for last in _BOXES.finditer(text):
        yield from _boxed(text, last)
    for last in _LAST.finditer(text):
        born = _BORN.search(text, max(0, last.start() - 15), last.start())
        if born and _CUT.search(text, born.end(1), last.start(1)):
            yield f"\n{born[1]}-{last[1]}\n"


def _mended(text: str, at: int) -> Iterator[str]:
    """Yield a dashed number that the line break at a place cuts among its digits."""
    before, after = _TAIL.search(text, max(0, at - 15), at), _HEAD.match(text, at + 1)
    whole = f"{before[0]}{after[0]}" if before and after else ""
    if _NUMBER.fullmatch(whole):
        yield f"\n{whole}\n"


def _boxed(text: str, last: re.Match[str]) -> Iterator[str]:
    """Yield a number whose digits have a cell each: with a cell for the dash, or behind the word."""
    start = max(0, last.start() - 16)
    first = _FIRST_BOXES.search(text[start : last.start()])
    if first and ("-" in last[0] or _NAMED.search(text, max(0, start - 60), start + first.start())):
        digits = f"{first[0]}-{last[0]}".replace("\t", "").replace("--", "-")
        yield f"\n{digits}\n"
