"""Where a key of a TOML file stands: the standard library reads values, not places."""

from __future__ import annotations

import re
import tomllib
from typing import Final

_PART: Final = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')"""
_DOTTED: Final = rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*"
_TABLE: Final = re.compile(rf"[ \t]*(\[\[?)[ \t]*({_DOTTED})[ \t]*\]")
_PAIR: Final = re.compile(rf"[ \t]*({_DOTTED})[ \t]*=")
_PIECE: Final = re.compile(_PART)
_QUOTES: Final = re.compile(r'"""|\'\'\'|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|#.*')

Place = tuple[str | int, ...]
"""Keys, and the number of a table in its ``[[list]]``."""


class Lines:
    """The lines, counted from 1, of the tables and keys of one file."""

    def __init__(self, text: str) -> None:
        """Look for them once. ``text`` is TOML that the standard library has accepted."""
        self._lines: dict[Place, int] = {}
        table: Place = ()
        count: dict[Place, int] = {}
        fence = ""
        for number, line in enumerate(text.split("\n"), start=1):
            if not fence:
                if found := _TABLE.match(line):
                    table = _pieces(found[2])
                    if found[1] == "[[":
                        count[table] = count.get(table, -1) + 1
                        table = (*table, count[table])
                    self._lines.setdefault(table, number)
                elif pair := _PAIR.match(line):
                    self._lines.setdefault((*table, *_pieces(pair[1])), number)
            fence = _fence_after(line, fence)

    def of(self, place: Place) -> int | None:
        """Return the line of a key, else that of the nearest table around it, else None."""
        for end in range(len(place), 0, -1):
            if (line := self._lines.get(place[:end])) is not None:
                return line
        return None


def _pieces(dotted: str) -> tuple[str, ...]:
    pieces = _PIECE.findall(dotted)
    return tuple(str(tomllib.loads(f"x = {p}")["x"]) if p[0] in "\"'" else p for p in pieces)


def _fence_after(line: str, fence: str) -> str:
    """Return the mark of the multi-line text that is open at the end of ``line``, or nothing."""
    at = 0
    while True:
        if fence:
            closing = line.find(fence, at)
            if closing < 0:
                return fence
            at, fence = closing + len(fence), ""
        found = _QUOTES.search(line, at)
        if found is None:
            return ""
        at = found.end()
        fence = found[0] if found[0] in ('"""', "'''") else ""
