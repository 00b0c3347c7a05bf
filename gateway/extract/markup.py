"""XML to text, whatever its vocabulary: paragraphs become lines, cells are parted by tabs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final
from xml.parsers import expat

from gateway.extract.asides import in_tags
from gateway.extract.finds import NotRead
from gateway.message.columns import with_zeros

_CHUNK: Final = 1 << 18
_HEAD: Final = 4096
_LINES: Final = frozenset(
    {
        "p",
        "br",
        "tr",
        "row",
        "Row",
        "table-row",
        "h",
        "si",
        "comment",
        "line-break",
        "pt",
        "v",
        "text",
        "tspan",
        "li",
        "div",
    }
    | {"title", "subject", "description", "keywords", "creator", "desc", "cr", "lpwstr", "lastModifiedBy", "category"}
    | {"sdt", "txbxContent", "td", "th", "annotation", "note", "list-item", "value", "author", "user-defined"}
)
_CELLS: Final = frozenset(
    {"tab", "tc", "Cell", "table-cell", "covered-table-cell", "ptab", "rt", "rubyBase", "ruby-base", "ruby-text"}
)
_TABLE_CELLS: Final = frozenset({"tc", "Cell", "table-cell", "covered-table-cell"})
_ENDING: Final = re.compile(r"\t+\n")
_REPEATED: Final = "table:number-columns-repeated"
_MOST_REPEATED: Final = 64
"""Empty cells that are kept as such; sheets are filled up with thousands at the end of each row."""
_HARD: Final = {"noBreakHyphen": "-", "s": " ", "softHyphen": ""}
_STRUCK: Final = frozenset({"del", "moveFrom"})
_REVISED: Final = _STRUCK | {"ins", "moveTo"}
_SPOKEN: Final = re.compile(r"(?:mailto|tel|sms|callto):", re.IGNORECASE)
_SAID: Final = frozenset({"descr", "title", "alt", "tooltip", "caption", "string", "prompt", "error", "promptTitle"})
"""Attributes that a person wrote."""
_NAMED: Final = frozenset({"alias", "tag", "docVar", "default", "comment", "description"})
"""Elements whose ``val`` a person wrote."""
_FLOWING: Final = re.compile(
    rb"openxmlformats|opendocument|purl\.oclc|/office/word/|office:spreadsheet|<svg|/svg|xhtml|<html|<(?:\w+:)?text\b"
)
"""Vocabularies in which elements cut words; in others each element is a matter of its own."""
_SHEETS: Final = b"<office:spreadsheet"
_BETWEEN: Final = re.compile(rb">([^<>]{4,})<")


class _Revised:
    """The changes that a paragraph shows (ECMA-376 part 1, 17.13.5): read as it is, it has only what was put in."""

    def __init__(self) -> None:
        self.deleting = 0
        self.gone: list[str] = []
        self._inserting = 0
        self._start = 0
        self._struck: list[tuple[int, int, str]] = []
        """Place among the pieces, how many pieces are no part of the old text there, and old text instead."""
        self._since = 0

    def begin(self, at: int) -> None:
        if not self.deleting and not self._inserting:
            self._start = at
            self._struck.clear()

    def step(self, deleted: bool, step: int, at: int) -> None:  # noqa: FBT001 - private
        if deleted:
            self.deleting = max(0, self.deleting + step)
            if not self.deleting and self.gone:
                self._struck.append((at, 0, "".join(self.gone)))
                self.gone.clear()
        else:
            self._inserting = max(0, self._inserting + step)
            if step > 0 and self._inserting == 1:
                self._since = at
            elif not self._inserting:
                self._struck.append((self._since, at - self._since, ""))

    def before(self, pieces: Sequence[str]) -> list[str]:
        """Return what was struck out of a paragraph, and the paragraph as it was before."""
        gone = [text for _, _, text in self._struck if text]
        if not gone:
            return []
        old, at = [], self._start
        for place, skipped, text in self._struck:
            old += [*pieces[at:place], text]
            at = max(at, place + skipped)
        old += pieces[at:]
        self._struck.clear()
        return ["".join(old).strip("\n"), *gone]


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
        self._revised = _Revised()
        self._cell = self._repeated = 0

    def _entity(self, *_: object) -> None:
        raise NotRead

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        if local in _HARD:
            (self._revised.gone if self._revised.deleting else self.pieces).append(_HARD[local])
        elif local in _REVISED:
            self._revise(local, 1)
        elif local == "p":
            self._revised.begin(len(self.pieces))
        elif local in _TABLE_CELLS:
            self._cell = len(self.pieces)
            repeated = attributes.get(_REPEATED, "")
            self._repeated = int(repeated) - 1 if repeated.isdecimal() and int(repeated) <= _MOST_REPEATED else 0
        for key, value in attributes.items():
            own = key.rpartition(":")[2]
            if own in _SAID or (own == "val" and local in _NAMED) or (own == "href" and _SPOKEN.match(value)):
                self._asides.append(value)

    def _revise(self, local: str, step: int) -> None:
        """Go into or out of what a reviser struck out or put in."""
        deleting = self._revised.deleting
        self._revised.step(local in _STRUCK, step, len(self.pieces))
        if self._revised.deleting != deleting:
            self.parser.CharacterDataHandler = self.pieces.append if deleting else self._revised.gone.append

    def _end(self, name: str) -> None:
        local = name.rpartition(":")[2]
        if local in _REVISED:
            self._revise(local, -1)
        elif local == "p":
            self._asides += self._revised.before(self.pieces)
        if self._apart or local in _LINES:
            self.pieces.append("\n")
            if self._asides:
                self.pieces += [f"{aside}\n" for aside in self._asides]
                self._asides.clear()
        elif local in _CELLS:
            if local in _TABLE_CELLS:
                self._close_cell()
            self.pieces.append("\t" * (1 + self._repeated))
            self._repeated = 0

    def _close_cell(self) -> None:
        """Keep a cell that holds paragraphs in its row."""
        while len(self.pieces) > self._cell and self.pieces[-1] == "\n":
            self.pieces.pop()

    def taken(self) -> str:
        text = "".join([*self.pieces, *(f"\n{aside}" for aside in self._asides)])
        self.pieces.clear()
        self._asides.clear()
        return _ENDING.sub("\n", text) if "\t\n" in text else text


def read_markup(octets: bytes, *, apart: bool = False) -> Iterator[str]:
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


def read_document(octets: bytes, *, apart: bool = False) -> Iterator[str]:
    """Yield the text of an XML document and the numbers in its attributes; as ``read_markup``."""
    found = read_markup(octets, apart=apart)
    yield from in_tags(octets)
    yield from map(with_zeros, found) if _SHEETS in octets else found


def between_tags(octets: bytes) -> str:
    """Return what stands between the tags of a part that hardly ever holds words: quicker than reading it."""
    return "\n".join(found.decode("utf-8", "replace") for found in _BETWEEN.findall(octets))


def is_flowing(octets: bytes) -> bool:
    """Tell XML whose elements cut words, as those of written documents do, from records."""
    return _FLOWING.search(octets, 0, _HEAD) is not None
