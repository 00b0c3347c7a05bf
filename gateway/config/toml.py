"""The two things about TOML that the standard library leaves out: where a key stands, and how a value is written."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Final

_PART: Final = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')"""
_DOTTED: Final = rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*"
_HEADER: Final = re.compile(rf"[ \t]*\[\[?[ \t]*({_DOTTED})[ \t]*\]\]?")
_PAIR: Final = re.compile(rf"[ \t]*({_DOTTED})[ \t]*=")
_PIECE: Final = re.compile(_PART)
_INSIDE: Final = {
    "": re.compile(r"""#|\"{3}|'{3}|"(?:[^"\\]|\\.)*"|'[^']*'"""),
    '"""': re.compile(r"""\\.|"{3}"""),
    "'''": re.compile(r"""'{3}"""),
}
"""What to look for outside of multi-line strings, and inside each kind."""


def key_lines(text: str) -> dict[tuple[str, ...], int]:
    """Return the first line, counted from 1, of every table and key of a valid TOML file.

    Keys of inline tables are not looked for: their line is that of the table.
    """
    lines: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    fence = ""
    for number, line in enumerate(text.split("\n"), start=1):
        if not fence:
            if header := _HEADER.match(line):
                table = _pieces(header[1])
                lines.setdefault(table, number)
            elif pair := _PAIR.match(line):
                lines.setdefault((*table, *_pieces(pair[1])), number)
        fence = _fence_after(line, fence)
    return lines


def _pieces(dotted: str) -> tuple[str, ...]:
    return tuple(_unquoted(piece) for piece in _PIECE.findall(dotted))


def _unquoted(piece: str) -> str:
    return str(tomllib.loads(f"value = {piece}")["value"]) if piece[0] in "\"'" else piece


def _fence_after(line: str, fence: str) -> str:
    """Return the mark of the multi-line string that is open at the end of ``line``, or nothing."""
    at = 0
    while token := _INSIDE[fence].search(line, at):
        at = token.end()
        if token[0] == "#":
            return ""
        if token[0] == fence:
            fence = ""
        elif token[0] in _INSIDE and not fence:
            fence = token[0]
    return fence


def to_toml(value: object) -> str:
    """Write text, a path, a number, a truth value or a list of them as TOML; None as empty text.

    Raises TypeError for others.
    """
    if value is None:
        return '""'
    if isinstance(value, (str, Path)):
        return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(map(to_toml, value))}]"
    raise TypeError(f"{type(value).__name__} has no TOML form here")
