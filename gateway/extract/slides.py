"""PowerPoint before 2007: the records of the stream "PowerPoint Document" (MS-PPT 2)."""

from __future__ import annotations

import struct
import zlib
from typing import Final

from gateway.extract.finds import Budget, Finds, Inner, Locked

_CONTAINER: Final = 0xF
_TAGGED: Final = 0x138B
"""An atom of records all the same: comments stand in it (2.4.23.6)."""
_WIDE: Final = (0x0FA0, 0x0FBA)
_NARROW: Final = 0x0FA8
_SESSION: Final = 0x2F14
"""How the presentation is encrypted (2.3.7)."""
_OBJECT: Final = 0x1011
_TAG_NAME: Final = "___PPT"
_DOCUMENTS: Final = tuple(
    name.encode("utf-16-le")
    for name in ("WordDocument", "Workbook", "PowerPoint Document", "\x01Ole10Native", "Package", "CONTENTS")
)


def read_slides(stream: bytes, budget: Budget) -> Finds:
    """Yield the texts of a presentation, notes, masters, comments and replaced slides included, and its objects."""
    at = 0
    while at + 8 <= len(stream):
        version, kind, size = struct.unpack_from("<HHI", stream, at)
        at += 8
        if kind == _SESSION:
            raise Locked
        if version & _CONTAINER == _CONTAINER or kind == _TAGGED:
            continue
        data = stream[at : at + size]
        if kind in _WIDE:
            text = data.decode("utf-16-le", "replace").replace("\r", "\n")
            yield "" if text.startswith(_TAG_NAME) else text + "\n"
        elif kind == _NARROW:
            yield data.decode("latin-1").replace("\r", "\n") + "\n"
        elif kind == _OBJECT:
            yield from _object(data, compressed=version >> 4 == 1, budget=budget)
        at += size


def _object(data: bytes, *, compressed: bool, budget: Budget) -> Finds:
    """Yield an embedded document (2.10.34); macros and controls use the same record."""
    if compressed:
        unfolding = zlib.decompressobj()
        rest = [data[4:]]

        def more(size: int) -> bytes:
            piece = unfolding.decompress(rest[0], size)
            rest[0] = unfolding.unconsumed_tail
            return piece

        data = budget.gather(more)
    if any(name in data for name in _DOCUMENTS):
        budget.file()
        yield Inner(name="object", octets=data)
