"""Rows of cells as lines of text, and the sheets of a workbook in Office Open XML (ECMA-376 part 1, 18.3)."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from typing import Final

from gateway.message.columns import dashed, lines_of, written

_SHOWN: Final = range(7, 13)
"""Digits of an identity number as a number, its first zeros lost or not."""
_T: Final = re.compile(rb"<(?:\w+:)?t(?:\s[^<>]*)?>([^<]*)<")
_V: Final = re.compile(rb"<(?:\w+:)?v(?:\s[^<>]*)?>([^<]*)<")
_TYPE: Final = re.compile(rb'\st="(\w+)"')
_PLACE: Final = re.compile(rb'\sr="([A-Z]{1,3})\d')
_USUAL: Final = re.compile(
    rb'(?: r="([A-Z]{1,3})\d+")?(?: s="(\d+)")?(?: t="(\w+)")?>(?:<v>([^<]*)</v>|<is><t>([^<]*)</t></is>)'
)
"""A cell as most programs write it; others are read more slowly."""
_STYLE: Final = re.compile(rb'\ss="(\d+)"')
_CODE: Final = rb'formatCode="(?:00)?0{6}(?:\\|&quot;)?-(?:&quot;)?0{4}[^"]*"'
_FORMAT: Final = re.compile(
    rb'<(?:\w+:)?numFmt\b[^<>]*?(?:numFmtId="(\d+)"[^<>]*?' + _CODE + rb"|" + _CODE + rb'[^<>]*?numFmtId="(\d+)")'
)
_FORMAT_ID: Final = re.compile(rb'\snumFmtId="(\d+)"')
_ROOT: Final = re.compile(rb"<(\w+:)?worksheet\b")
_MARKUP: Final = re.compile(rb"<[^<>]*>")


def shared_strings(octets: bytes) -> list[str]:
    """Return the strings that cells refer to by number."""
    return [_words(piece) for piece in re.split(rb"<(?:\w+:)?si\b", octets)[1:]]


def dashed_styles(octets: bytes) -> frozenset[bytes]:
    """Return which styles of cells, by number, show an identity number (18.8.30, 18.8.10)."""
    formats = {found[1] or found[2] for found in _FORMAT.finditer(octets)}
    if not formats:
        return frozenset()
    cells = octets[octets.find(b"cellXfs") : octets.find(b"/cellXfs")]
    kinds = (
        found[1] if (found := _FORMAT_ID.search(piece)) else b"" for piece in re.split(rb"<(?:\w+:)?xf\b", cells)[1:]
    )
    return frozenset(b"%d" % number for number, kind in enumerate(kinds) if kind in formats)


def sheet_lines(octets: bytes, strings: Sequence[str], dashes: frozenset[bytes] = frozenset()) -> Iterator[str]:
    """Yield the rows of one sheet as lines; ``dashes`` are ``dashed_styles``. The work is linear in its octets."""
    return lines_of(_rows(octets, strings, dashes))


def _rows(octets: bytes, strings: Sequence[str], dashes: frozenset[bytes]) -> Iterator[list[tuple[int, str]]]:
    root = _ROOT.search(octets, 0, 4096)
    prefix = (root[1] or b"") if root else b""
    ending = b"</" + prefix + b"row"
    columns: dict[bytes, int] = {}
    row: list[tuple[int, str]] = []
    for piece in octets.split(b"<" + prefix + b"c")[1:]:
        if usual := _USUAL.match(piece):
            letters, style, kind, value, inline = usual.groups()
            text = _value(kind or b"n", value, strings) if inline is None else _unescaped(inline)
        elif piece[:1] in b" >\t\r\n/":
            letters, style, text = _unusual(piece, strings)
        else:
            letters, style, text = None, None, ""
        if text:
            if style in dashes and text.isdecimal() and len(text) in _SHOWN:
                text = dashed(text)
            if letters and letters not in columns:
                columns[letters] = _column(letters)
            row.append((columns[letters] if letters else len(row), text))
        if ending in piece:
            yield row
            row = []
    yield row


def _column(letters: bytes) -> int:
    column = 0
    for letter in letters:
        column = column * 26 + letter - 64
    return column


def _unusual(piece: bytes, strings: Sequence[str]) -> tuple[bytes | None, bytes | None, str]:
    head = piece[: piece.find(b">") + 1]
    place = _PLACE.search(head, 0, 200)
    kind = found[1] if (found := _TYPE.search(head)) else b"n"
    if kind == b"inlineStr":
        text = _words(piece)
    else:
        text = _value(kind, found[1] if (found := _V.search(piece)) else b"", strings)
    style = _STYLE.search(head)
    return place[1] if place else None, style[1] if style else None, text


def _value(kind: bytes, value: bytes, strings: Sequence[str]) -> str:
    if kind == b"s":
        at = int(value) if value.strip().isdigit() else -1
        return strings[at] if 0 <= at < len(strings) else ""
    text = _unescaped(value).strip()
    return written(text) if kind == b"n" else text


def _unescaped(octets: bytes) -> str:
    text = octets.decode("utf-8", "replace")
    return html.unescape(text) if "&" in text else text


def _words(piece: bytes) -> str:
    found = b"".join(_T.findall(piece)) if b"<![CDATA[" not in piece else _MARKUP.sub(b"", piece)
    return _unescaped(found)
