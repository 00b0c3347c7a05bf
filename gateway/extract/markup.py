"""XML to text, whatever its vocabulary: paragraphs become lines, cells are parted by tabs."""

from __future__ import annotations

import re
from typing import Final
from xml.parsers import expat

from gateway.extract.finds import Finds, NotRead

_CHUNK: Final = 1 << 18
_LINES: Final = frozenset(
    {"p", "br", "tr", "row", "table-row", "h", "si", "comment", "line-break", "pt", "v", "text", "tspan", "li", "div"}
    | {"title", "subject", "description", "keywords", "creator", "desc", "cr", "lpwstr", "lastModifiedBy", "category"}
    | {"sdt", "txbxContent", "td", "th", "annotation", "note", "list-item", "value", "author", "user-defined"}
)
_CELLS: Final = frozenset({"tab", "tc", "table-cell", "covered-table-cell", "ptab"})
_HARD: Final = {"noBreakHyphen": "-", "s": " ", "softHyphen": ""}
_SAID: Final = frozenset({"descr", "title", "alt", "tooltip", "caption", "string", "prompt", "error", "promptTitle"})
"""Attributes that a person wrote."""
_NAMED: Final = frozenset({"alias", "tag", "docVar", "default", "comment", "description"})
"""Elements whose ``val`` a person wrote."""
_BETWEEN: Final = re.compile(rb">([^<>]{4,})<")


class _Collector:
    def __init__(self, *, apart: bool) -> None:
        self._apart = apart
        self.pieces: list[str] = []
        self._asides: list[str] = []
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self.pieces.append
        parser.EntityDeclHandler = self._entity
        self.parser = parser

    def _entity(self, *_: object) -> None:
        raise NotRead

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        if local in _HARD:
            self.pieces.append(_HARD[local])
        for key, value in attributes.items():
            own = key.rpartition(":")[2]
            if own in _SAID or (own == "val" and local in _NAMED):
                self._asides.append(value)

    def _end(self, name: str) -> None:
        local = name.rpartition(":")[2]
        if self._apart or local in _LINES:
            self.pieces.append("\n")
            if self._asides:
                self.pieces += [f"{aside}\n" for aside in self._asides]
                self._asides.clear()
        elif local in _CELLS:
            self.pieces.append("\t")

    def taken(self) -> str:
        text = "".join([*self.pieces, *(f"\n{aside}" for aside in self._asides)])
        self.pieces.clear()
        self._asides.clear()
        # A cell that holds paragraphs stays in its row.
        return text.replace("\n\t", "\t").replace("\t\n", "\n")


def read_markup(octets: bytes, *, apart: bool = False) -> Finds:
    """Yield the text of an XML document; ``apart`` ends a line with each element, as in lists of properties.

    Raises NotRead where it is broken or declares entities of its own.
    """
    collector = _Collector(apart=apart)
    try:
        for start in range(0, len(octets), _CHUNK):
            collector.parser.Parse(octets[start : start + _CHUNK], False)
        collector.parser.Parse(b"", True)
    except expat.ExpatError:
        yield collector.taken()
        raise NotRead from None
    yield collector.taken()


def between_tags(octets: bytes) -> str:
    """Return what stands between the tags of a part that hardly ever holds words: quicker than reading it."""
    return "\n".join(found.decode("utf-8", "replace") for found in _BETWEEN.findall(octets))
