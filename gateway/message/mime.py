"""A message taken apart into leaves, as mail clients would and further: what one of them may show is found.

The declared structure is followed first (RFC 2046 5.1). Where it fails, and inside every leaf, preamble and
epilogue, the text is cut at each line that begins with two hyphens and is followed by header fields of a part.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from gateway.message.fields import Fields, read_fields
from gateway.message.headers import WANTED
from gateway.message.marks import LOOKAHEAD, Mark, before, begins_part, boundaries_of, line_end, line_starts
from gateway.message.parameters import Valued, read_valued
from gateway.message.transfer import Encoding, decoded_chunks, decodings, read_encodings
from gateway.message.words import decode_words

PARTS: Final = 1000
"""Leaves of one message; what comes after them stays one piece."""

NESTING: Final = 20
"""Levels of multiparts and attached messages; what lies deeper stays one piece."""

LINES: Final = 20_000
"""Lines that may be boundaries, of one message; what follows stays one piece."""


_PART_FIELDS: Final = WANTED | {b"content-transfer-encoding", b"content-disposition", b"content-description"}
_BLANKS: Final = re.compile(rb"[ \t\r\n]*")
_BARE_CR: Final = re.compile(rb"\r(?!\n)")
_MESSAGES: Final = frozenset({"message/rfc822", "message/global", "message/partial", "message/news"})
_FORWARD_NAME: Final = (".eml", ".mht", ".mhtml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A part without parts of its own, not yet decoded: a stretch of ``source``."""

    path: str
    media_type: str
    charset: str = ""
    filename: str | None = None
    attached: bool = False
    """Declared as an attachment, or named like one."""
    aside: bool = False
    """Stands beside the structure: in a preamble, an epilogue, among the fields."""
    level: int = 0
    """How many attached messages surround it."""
    group: str = ""
    """Path of the multipart/alternative around it, or nothing."""
    encrypted: bool = False
    cut: bool = False
    """Not taken apart because a cap was reached."""
    html: bool = False
    """One of several declared types is HTML."""
    smime: str = ""
    """The smime-type parameter (RFC 8551 3.2.2)."""
    encodings: tuple[Encoding, ...] = ()
    source: bytes = field(repr=False)
    start: int
    end: int

    def body(self, cap: int | None = None) -> bytes:
        """Return the encoded octets, at most ``cap`` of them."""
        return self.source[self.start : self.end if cap is None else min(self.end, self.start + cap)]

    def readings(self, cap: int | None = None) -> list[bytes]:
        """Return what the octets may decode to, the likeliest first."""
        return decodings(self.body(cap), self.encodings)

    def chunks(self) -> Iterator[bytes]:
        """Yield the likeliest reading piece by piece."""
        return decoded_chunks(self.source, self.start, self.end, self.encodings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A message taken apart."""

    fields: Fields
    """Of the outermost header block."""
    leaves: tuple[Leaf, ...]
    subjects: tuple[tuple[str, str], ...]
    """Path and subject of every attached message."""
    defects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an entity stands."""

    path: str = ""
    root: bool = True
    """It is a message, not a part of a multipart."""
    level: int = 0
    depth: int = 0
    group: str = ""
    encrypted: bool = False
    digest: bool = False


def open_message(octets: bytes) -> Opened:
    """Take a message apart. Never raises; the work is linear in the size of the message."""
    if _BARE_CR.search(octets):
        octets = octets.replace(b"\r\r\n", b"\n").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    walker = _Walker()
    fields = walker.root(octets)
    return Opened(
        fields=fields,
        leaves=tuple(walker.leaves),
        subjects=tuple(walker.subjects),
        defects=tuple(dict.fromkeys(walker.defects)),
    )


class _Walker:
    """Collects the leaves of one message in reading order."""

    def __init__(self) -> None:
        self.leaves: list[Leaf] = []
        self.subjects: list[tuple[str, str]] = []
        self.defects: list[str] = []
        self._lines = LINES

    def root(self, octets: bytes) -> Fields:
        fields = read_fields(octets, 0, len(octets), _PART_FIELDS)
        self._strays(fields, _Place())
        self._entity(octets, fields, len(octets), _Place())
        return fields

    # --- entities --------------------------------------------------------------------------

    def _part(self, source: bytes, start: int, end: int, place: _Place) -> None:
        """Open a body part, its header first."""
        fields = read_fields(source, start, end, _PART_FIELDS)
        if not fields.values and (late := _BLANKS.match(source, start, end)) and begins_part(source, late.end(), end):
            fields = read_fields(source, late.end(), end, _PART_FIELDS)
        self.defects += fields.defects
        self._strays(fields, place)
        self._entity(source, fields, end, place)

    def _entity(self, source: bytes, fields: Fields, end: int, place: _Place) -> None:
        types = [read_valued(value) for value in fields.values.get(b"content-type", ())]
        if len({t.token for t in types}) > 1 or len(set(fields.values.get(b"content-transfer-encoding", ()))) > 1:
            self.defects.append("conflicting_part_fields")
        if place.depth >= NESTING:
            self.defects.append("nested_too_deeply")
            self._leaf(source, fields, end, place, types, cut=True)
        elif any(t.token.startswith("multipart/") or "boundary" in t.parameters for t in types):
            self._multipart(source, fields, end, place, types)
        elif self._is_message(fields, types, place):
            self._message(source, fields, end, place)
        else:
            self._single(source, fields, end, place, types)

    def _strays(self, fields: Fields, place: _Place) -> None:
        """Keep the lines among the fields that are none: a reader may see them."""
        text = b"\n".join(fields.stray).strip()
        if text:
            here = replace(place, path=f"{place.path}.0" if place.path else "0")
            self._add(here, text, 0, len(text))

    def _is_message(self, fields: Fields, types: list[Valued], place: _Place) -> bool:
        if any(t.token in _MESSAGES for t in types) or (place.digest and not types):
            return True
        return (_filename(fields, types) or "").lower().endswith(_FORWARD_NAME)

    def _message(self, source: bytes, fields: Fields, end: int, place: _Place) -> None:
        """Open an attached message, encoded or not (RFC 2046 5.2.1)."""
        start = fields.body
        encodings = read_encodings(fields.values.get(b"content-transfer-encoding", ()))
        if encodings and encodings[0] is not Encoding.IDENTITY:
            source = decodings(source[start:end], encodings)[0]
            start, end = 0, len(source)
        inner = read_fields(source, start, end, _PART_FIELDS)
        path = _leaf_path(place)
        if subject := decode_words(inner.first(b"subject")):
            self.subjects.append((f"{path}/subject", subject))
        self._entity(source, inner, end, _Place(path=path, level=place.level + 1, depth=place.depth + 1))

    # --- multiparts ------------------------------------------------------------------------

    def _multipart(self, source: bytes, fields: Fields, end: int, place: _Place, types: list[Valued]) -> None:
        marks = self._declared_marks(source, fields.body, end, boundaries_of(types))
        if not marks and self._decode_multipart(source, fields, end, place, types):
            return
        if not marks:
            self.defects.append("boundary_not_found")
            marks = self._rescue_marks(source, fields.body, end)
        if not marks:
            self._leaf(source, fields, end, place, types)
            return
        self._cut(source, fields.body, end, marks, _inside(place, types))

    def _decode_multipart(self, source: bytes, fields: Fields, end: int, place: _Place, types: list[Valued]) -> bool:
        """Open a multipart that was encoded as a whole, which RFC 2045 6.4 forbids and clients undo."""
        encodings = read_encodings(fields.values.get(b"content-transfer-encoding", ()))
        if not encodings or encodings[0] is Encoding.IDENTITY:
            return False
        inner = decodings(source[fields.body : end], encodings)[0]
        marks = self._declared_marks(inner, 0, len(inner), boundaries_of(types))
        if marks:
            self.defects.append("encoded_multipart")
            self._cut(inner, 0, len(inner), marks, _inside(place, types))
        return bool(marks)

    def _cut(self, source: bytes, start: int, end: int, marks: list[Mark], place: _Place) -> None:
        """Open the pieces between marks; what stands before, between and after them is text."""
        prefix = f"{place.path}." if place.path else ""
        self._aside(source, start, marks[0].start, replace(place, path=f"{prefix}0"))
        number = 1
        for index, mark in enumerate(marks):
            stop = before(source, mark.end, marks[index + 1].start) if index + 1 < len(marks) else end
            here = replace(place, path=f"{prefix}{number}")
            if mark.last or len(self.leaves) >= PARTS:
                self.defects.append("too_many_parts")
                self._add(here, source, mark.end, end, cut=True)
                return
            if not mark.closing:
                self._part(source, mark.end, stop, here)
                number += 1
            elif self._aside(source, mark.end, stop, here):
                number += 1

    def _aside(self, source: bytes, start: int, end: int, place: _Place) -> bool:
        """Open a preamble or an epilogue; True where it held something."""
        if start >= end or not source[start:end].strip():
            return False
        marks = self._rescue_marks(source, start, end)
        if marks:
            self._cut(source, start, end, marks, replace(place, root=False, depth=place.depth + 1))
            return True
        if (late := _BLANKS.match(source, start, end)) and begins_part(source, late.end(), end):
            self._part(source, late.end(), end, replace(place, root=False, depth=place.depth + 1))
            return True
        if end - start < LOOKAHEAD and b"mime" in source[start:end].lower() and source[start:end].isascii():
            return False
        self._add(place, source, start, end)
        return True

    # --- leaves ----------------------------------------------------------------------------

    def _single(self, source: bytes, fields: Fields, end: int, place: _Place, types: list[Valued]) -> None:
        """Add a leaf, cut where undeclared parts begin in it."""
        marks = self._rescue_marks(source, fields.body, end)
        if not marks:
            self._leaf(source, fields, end, place, types)
            return
        self.defects.append("undeclared_parts")
        here = replace(place, path=_leaf_path(place), root=False, depth=place.depth + 1)
        self._leaf(source, fields, marks[0].start, here, types)
        self._cut(source, marks[0].start, end, marks, here)

    def _leaf(
        self, source: bytes, fields: Fields, end: int, place: _Place, types: list[Valued], *, cut: bool = False
    ) -> None:
        tokens = [t.token for t in types if "/" in t.token]
        filename = _filename(fields, types)
        disposition = read_valued(fields.first(b"content-disposition")).token
        leaf = Leaf(
            path=_leaf_path(place),
            media_type=next((t for t in tokens if not t.startswith("multipart/")), "text/plain"),
            charset=next((c for t in types if (c := t.get("charset"))), ""),
            filename=filename,
            attached=disposition == "attachment" or bool(filename),
            level=place.level,
            group=place.group,
            encrypted=place.encrypted,
            cut=cut,
            html="text/html" in tokens,
            smime=next((c for t in types if (c := t.get("smime-type"))), "").lower(),
            encodings=read_encodings(fields.values.get(b"content-transfer-encoding", ())),
            source=source,
            start=fields.body,
            end=end,
        )
        self.leaves.append(leaf)

    def _add(self, place: _Place, source: bytes, start: int, end: int, *, cut: bool = False) -> None:
        """Add text that stands beside the structure."""
        leaf = Leaf(
            path=place.path,
            media_type="text/plain",
            aside=True,
            level=place.level,
            encrypted=place.encrypted,
            cut=cut,
            source=source,
            start=start,
            end=end,
        )
        self.leaves.append(leaf)

    # --- marks -----------------------------------------------------------------------------

    def _declared_marks(self, source: bytes, start: int, end: int, boundaries: list[bytes]) -> list[Mark]:
        """Find the delimiter lines of the declared boundaries (RFC 2046 5.1.1)."""
        marks: dict[int, Mark] = {}
        for boundary in boundaries:
            for position in line_starts(source, b"--" + boundary, start, end):
                self._lines -= 1
                if self._lines <= 0:
                    marks[position] = Mark(position, position, last=True)
                    break
                stop = line_end(source, position, end)
                text = source[position + 2 : min(stop, position + LOOKAHEAD)].rstrip()
                if text in (boundary, boundary + b"--"):
                    marks[position] = Mark(position, stop, closing=text != boundary)
        ordered = [marks[position] for position in sorted(marks)]
        last = next((n for n, mark in enumerate(ordered) if mark.last), len(ordered))
        return ordered[: last + 1]

    def _rescue_marks(self, source: bytes, start: int, end: int) -> list[Mark]:
        """Find the lines that begin a part under a boundary nobody declared."""
        marks = []
        spaced = b"\n --" if source.find(b"\n --", start, end) >= 0 else b""
        starts = line_starts(source, b"--", start, end)
        for position in sorted([*starts, *line_starts(source, b" --", start, end)]) if spaced else starts:
            self._lines -= 1
            if self._lines <= 0:
                self.defects.append("too_many_boundaries")
                break
            stop = line_end(source, position, end)
            if begins_part(source, stop, end):
                marks.append(Mark(position, stop))
        return marks


# --- places and names ------------------------------------------------------------------------


def _leaf_path(place: _Place) -> str:
    """Return the number of a part; the only part of a message is its first (RFC 3501 6.4.5)."""
    if not place.root:
        return place.path
    return f"{place.path}.1" if place.path else "1"


def _inside(place: _Place, types: list[Valued]) -> _Place:
    """Return the place of the parts of a multipart."""
    kinds = {t.token for t in types}
    return _Place(
        path=place.path,
        root=False,
        level=place.level,
        depth=place.depth + 1,
        group=place.path or "0" if "multipart/alternative" in kinds else place.group,
        encrypted=place.encrypted or "multipart/encrypted" in kinds,
        digest="multipart/digest" in kinds,
    )


def _filename(fields: Fields, types: list[Valued]) -> str | None:
    """Return the name that a part is saved under: of the disposition, else of the type."""
    disposition = read_valued(fields.first(b"content-disposition"))
    for value, name in ((disposition, "filename"), *((t, "name") for t in types)):
        if found := value.get(name):
            return found[:255]
    return None
