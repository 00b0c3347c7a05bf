"""A message taken apart into leaves, as mail clients would and further: what one of them may show is found.

The declared structure is followed first (RFC 2046 5.1). Where it fails, and inside every leaf, preamble and
epilogue, the text is cut at each line that begins with two hyphens and is followed by header fields of a part.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from gateway.message.cms import Kind, read_cms
from gateway.message.entity import Entity, Leaf, Place
from gateway.message.fields import HEADER_BLOCK, Fields, read_fields
from gateway.message.headers import WANTED
from gateway.message.marks import (
    LOOKAHEAD,
    Mark,
    before,
    begins_part,
    boundaries_of,
    find_dashed,
    line_end,
    line_starts,
)
from gateway.message.transfer import decodings
from gateway.message.words import decode_words

PARTS: Final = 1000
"""Leaves of one message; what comes after them stays one piece."""

NESTING: Final = 20
"""Levels of multiparts and attached messages; what lies deeper stays one piece."""

LINES: Final = 20_000
"""Lines that may be boundaries, of one message; what follows stays one piece."""

_PART_FIELDS: Final = WANTED | {b"content-transfer-encoding", b"content-disposition"}
_BLANKS: Final = re.compile(rb"[ \t\r\n]*")
_BLANK_LINE: Final = re.compile(rb"\n\r?\n")
_BARE_CR: Final = re.compile(rb"\r(?!\n)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """A message taken apart."""

    fields: Fields
    """Of the outermost header block."""
    leaves: tuple[Leaf, ...]
    subjects: tuple[tuple[str, str], ...]
    """Path and subject of every attached message."""
    defects: tuple[str, ...]


def take_apart(octets: bytes) -> Structure:
    """Take a message apart. Never raises; the work is linear in the size of the message."""
    if _breaks_oddly(octets):
        octets = octets.replace(b"\r\r\n", b"\n").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    walker = _Walker()
    fields = walker.walk(octets, 0, len(octets), Place())
    return Structure(
        fields=fields,
        leaves=tuple(walker.leaves),
        subjects=tuple(walker.subjects),
        defects=tuple(dict.fromkeys(walker.defects)),
    )


def _breaks_oddly(octets: bytes) -> bool:
    """Tell a message whose header has other line breaks than CRLF and LF; octets of a binary body do not matter."""
    blank = _BLANK_LINE.search(octets, 0, HEADER_BLOCK)
    return _BARE_CR.search(octets, 0, blank.end() if blank else HEADER_BLOCK) is not None


class _Walker:
    """Collects the leaves of one message in reading order."""

    def __init__(self) -> None:
        self.leaves: list[Leaf] = []
        self.subjects: list[tuple[str, str]] = []
        self.defects: list[str] = []
        self._lines = LINES

    # --- entities --------------------------------------------------------------------------

    def walk(self, source: bytes, start: int, end: int, place: Place) -> Fields:
        """Open an entity, its fields first, and return them."""
        fields = read_fields(source, start, end, _PART_FIELDS)
        if not fields.values and not place.root and (late := _late_fields(source, start, end)) > start:
            fields = read_fields(source, late, end, _PART_FIELDS)
        self.defects += fields.defects
        if strays := b"\n".join(fields.stray).strip():
            self._add(place.child(0), strays, 0, len(strays))
        self._entity(Entity(source=source, fields=fields, end=end, place=place))
        return fields

    def _entity(self, entity: Entity) -> None:
        if entity.is_conflicting:
            self.defects.append("conflicting_part_fields")
        if entity.place.depth >= NESTING:
            self.defects.append("nested_too_deeply")
            self.leaves.append(entity.leaf(end=entity.end, cut=True))
        elif entity.is_multipart:
            self._multipart(entity)
        elif entity.is_message:
            self._message(entity)
        elif not (entity.is_cms and self._signed(entity)):
            self._single(entity)

    def _message(self, entity: Entity) -> None:
        """Open an attached message, encoded or not (RFC 2046 5.2.1)."""
        source, start, end = entity.source, entity.fields.body, entity.end
        if entity.is_encoded:
            source = decodings(entity.body, entity.encodings)[0]
            start, end = 0, len(source)
        place = entity.place
        inner = Place(path=place.leaf_path, level=place.level + 1, depth=place.depth + 1, encrypted=place.encrypted)
        fields = self.walk(source, start, end, inner)
        if subject := decode_words(fields.first(b"subject")):
            self.subjects.append((f"{inner.path}/subject", subject))

    def _signed(self, entity: Entity) -> bool:
        """Open S/MIME that is signed and not encrypted; False where there is nothing to open."""
        kind, content = read_cms(decodings(entity.body, entity.encodings)[0])
        if kind is Kind.SIGNED and content:
            self.walk(content, 0, len(content), entity.place.split())
            return True
        return False

    def _single(self, entity: Entity) -> None:
        """Add a leaf, cut where undeclared parts begin in it."""
        marks = self._rescue_marks(entity.source, entity.fields.body, entity.end)
        end = marks[0].start if marks else entity.end
        self.leaves.append(entity.leaf(end=end, named_body=not self.leaves))
        if marks:
            self.defects.append("undeclared_parts")
            self._cut(entity.source, end, entity.end, marks, entity.place.split())

    # --- multiparts ------------------------------------------------------------------------

    def _multipart(self, entity: Entity) -> None:
        source, start, end = entity.source, entity.fields.body, entity.end
        marks = self._declared_marks(source, start, end, boundaries_of(entity.types))
        if not marks and entity.is_encoded:
            # Encoding a multipart as a whole is forbidden (RFC 2045 6.4), and clients undo it.
            inner = decodings(entity.body, entity.encodings)[0]
            marks = self._declared_marks(inner, 0, len(inner), boundaries_of(entity.types))
            if marks:
                self.defects.append("encoded_multipart")
                source, start, end = inner, 0, len(inner)
        if not marks:
            self.defects.append("boundary_not_found")
            marks = self._rescue_marks(source, start, end)
        if marks:
            self._cut(source, start, end, marks, entity.inside())
        else:
            self.leaves.append(entity.leaf(end=end))

    def _cut(self, source: bytes, start: int, end: int, marks: list[Mark], place: Place) -> None:
        """Open the pieces between marks; what stands before, between and after them is text."""
        self._aside(source, start, marks[0].start, place.child(0))
        number = 1
        for index, mark in enumerate(marks):
            stop = before(source, mark.end, marks[index + 1].start) if index + 1 < len(marks) else end
            here = place.child(number)
            if mark.last or len(self.leaves) >= PARTS:
                self.defects.append("too_many_parts")
                self._add(here, source, mark.end, end, cut=True)
                return
            if not mark.closing:
                self.walk(source, mark.end, stop, here)
                number += 1
            elif self._aside(source, mark.end, stop, here):
                number += 1

    def _aside(self, source: bytes, start: int, end: int, place: Place) -> bool:
        """Open a preamble or an epilogue; True where it held something."""
        if start >= end or not source[start:end].strip():
            return False
        marks = self._rescue_marks(source, start, end)
        if marks:
            self._cut(source, start, end, marks, place.split())
        elif (late := _late_fields(source, start, end)) >= 0:
            self.walk(source, late, end, place.split())
        elif end - start < LOOKAHEAD and b"mime" in source[start:end].lower() and source[start:end].isascii():
            return False
        else:
            self._add(place, source, start, end)
        return True

    def _add(self, place: Place, source: bytes, start: int, end: int, *, cut: bool = False) -> None:
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
        """Find the delimiter lines of the declared boundaries."""
        marks: dict[int, Mark] = {}
        for boundary in boundaries:
            for position in line_starts(source, b"--" + boundary, start, end):
                self._lines -= 1
                if self._lines <= 0:
                    marks[position] = Mark(position, position, last=True)
                    break
                stop = line_end(source, position, end)
                text = source[position + 2 : min(stop, position + LOOKAHEAD)].rstrip()
                if boundary in (text, text.removesuffix(b"--").rstrip()):
                    marks[position] = Mark(position, stop, closing=text != boundary)
        ordered = [marks[position] for position in sorted(marks)]
        last = next((number for number, mark in enumerate(ordered) if mark.last), len(ordered))
        return ordered[: last + 1]

    def _rescue_marks(self, source: bytes, start: int, end: int) -> list[Mark]:
        """Find the lines that begin a part under a boundary nobody declared."""
        positions = line_starts(source, b"--", start, end)
        if find_dashed(source, b"\n --", start, end) >= 0:
            positions = iter(sorted([*positions, *line_starts(source, b" --", start, end)]))
        marks: list[Mark] = []
        seen: set[bytes] = set()
        for position in positions:
            self._lines -= 1
            if self._lines <= 0:
                self.defects.append("too_many_boundaries")
                break
            stop = line_end(source, position, end)
            line = source[position : min(stop, position + LOOKAHEAD)].strip()
            if begins_part(source, stop, end):
                seen.add(line)
                marks.append(Mark(position, stop))
            elif line.endswith(b"--") and line[:-2] in seen:
                marks.append(Mark(position, stop, closing=True))
        return marks


def _late_fields(source: bytes, start: int, end: int) -> int:
    """Return where fields of a part begin after blank lines; -1 where none do."""
    blanks = _BLANKS.match(source, start, end)
    late = blanks.end() if blanks else start
    return late if begins_part(source, late, end) else -1
