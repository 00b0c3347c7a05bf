"""Files in the compound format (MS-CFB): Word, Excel and PowerPoint before 2007, and Outlook's messages."""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterator
from typing import Any, Final

from gateway.extract.asides import in_stream
from gateway.extract.finds import Budget, Finds, Foreign, Inner, Locked, NotRead
from gateway.extract.outlook import read_message
from gateway.extract.runs import runs_of
from gateway.extract.slides import read_slides
from gateway.message.charset import decode_plain
from gateway.message.columns import lines_of, written

_BOOKS: Final = ("Workbook", "Book")
_DRAWINGS: Final = ("Data", "WordDocument", "Pictures", *_BOOKS)
_DRAWING_GROUP: Final = 0xEB
_BLIP: Final = re.compile(rb"[\x1d\x1e\x2a]\xf0(.{4})", re.DOTALL)
_HEADS: Final = (b"\x89PNG", b"\xff\xd8\xff")
_DASHED: Final = re.compile(r"\d{6}-\d{4}")
_CELLS: Final = 5_000_000
_SUMMARY, _MORE = "\x05SummaryInformation", "\x05DocumentSummaryInformation"
_LONGEST, _THUMBNAIL = 10_000, 17
_NATIVE: Final = "\x01Ole10Native"
_PACKED: Final = (_NATIVE, "Package", "CONTENTS")


def read_compound(octets: bytes, budget: Budget) -> Finds:
    """Yield what a compound file holds, by the streams that it has."""
    import olefile  # noqa: PLC0415 - needed for few messages

    with olefile.OleFileIO(io.BytesIO(octets)) as file:
        streams = {"/".join(path): path for path in file.listdir()}
        if "EncryptedPackage" in streams or "EncryptedSummary" in streams:
            raise Locked
        said: list[str] = []
        for found in _read(file, streams, octets, budget):
            if isinstance(found, str):
                said.append(found)
            yield found
        yield from _besides(file, streams, "".join(said))
        for path in streams.values():
            if path[-1] in _DRAWINGS:
                yield from _pictures(path[-1], file.openstream(path).read(), budget)


def _read(file: Any, streams: dict[str, list[str]], octets: bytes, budget: Budget) -> Finds:
    if "__properties_version1.0" in streams:
        yield from read_message(file, budget)
        return
    yield from _document(file, streams, octets, budget)
    yield from _summary(file)
    yield from _embedded(file, streams, budget)


def _pictures(name: str, data: bytes, budget: Budget) -> Finds:
    """Yield the pictures among the drawings of a document (MS-ODRAW 2.2.27, 2.2.28)."""
    if name in _BOOKS:
        data = b"".join(piece for kind, piece in _records(data) if kind in (_DRAWING_GROUP, _CONTINUE))
    for found in _BLIP.finditer(data):
        size = int.from_bytes(found[1], "little")
        start = next((at for at in (found.end() + 17, found.end() + 33) if data.startswith(_HEADS, at)), None)
        if start is not None:
            budget.file()
            budget.take(size)
            yield Inner(name="bild", octets=data[start : found.end() + size])


def _besides(file: Any, streams: dict[str, list[str]], said: str) -> Iterator[str]:
    """Yield the numbers in what no reader knows: formulas, links, fields, names, and text that was thrown away."""
    for path in streams.values():
        if path[-1] not in _PACKED:
            for run in in_stream(file.openstream(path).read()):
                if not all(number in said for number in _DASHED.findall(run)):
                    yield run


def _document(file: Any, streams: dict[str, list[str]], octets: bytes, budget: Budget) -> Finds:
    if "WordDocument" in streams:
        yield from _word(file, "", budget)
    elif "PowerPoint Document" in streams:
        yield from read_slides(file.openstream("PowerPoint Document").read(), budget)
    elif name := next((name for name in ("Workbook", "Book") if name in streams), None):
        book = file.openstream(name).read()
        yield from _drawn(book)
        yield from read_workbook(octets, budget)
    elif not any(path[-1] in _PACKED for path in streams.values()):
        raise Foreign


def _summary(file: Any) -> Iterator[str]:
    """Yield title, author, comments and the like, and what an office added of its own (MS-OLEPS 2.20)."""
    if file.exists(_SUMMARY):
        yield "\n"
        for key, value in file.getproperties(_SUMMARY).items():
            if isinstance(value, str | bytes) and key != _THUMBNAIL:
                yield (value if isinstance(value, str) else decode_plain(value)).rstrip("\0")[:_LONGEST] + "\n"
    if file.exists(_MORE):
        yield from runs_of(file.openstream(_MORE).read())


def _embedded(file: Any, streams: dict[str, list[str]], budget: Budget) -> Finds:
    """Yield the documents inside a document: as files where they are, else their text."""
    for path in streams.values():
        name, storage = path[-1], "".join(f"{outer}/" for outer in path[:-1])
        if name in _PACKED:
            budget.file()
            data = file.openstream(path).read()
            budget.take(len(data))
            yield _native(data) if name == _NATIVE else Inner(name="object", octets=data)
        elif storage and name == "WordDocument":
            yield from _word(file, storage, budget)
        elif storage and name in ("Workbook", "Book", "PowerPoint Document"):
            data = file.openstream(path).read()
            budget.take(len(data))
            yield from read_slides(data, budget) if name == "PowerPoint Document" else _loose(data)


def _native(data: bytes) -> Inner:
    """Return the file of an Ole10Native stream (MS-OLEDS 2.3.6): names, then a size, then the octets."""
    label, _, rest = data[6:].partition(b"\0")
    _, _, rest = rest.partition(b"\0")
    reserved = int.from_bytes(rest[4:8], "little")
    at = 8 + reserved
    size = int.from_bytes(rest[at : at + 4], "little")
    return Inner(name=label.decode("cp1252", "replace")[:255] or "object", octets=rest[at + 4 : at + 4 + size] or data)


# --- Excel ------------------------------------------------------------------------------------

_FILEPASS: Final = 0x2F
_CONTINUE: Final = 0x3C
_TXO: Final = 0x1B6
_HEADERS: Final = (0x14, 0x15)
_NUMBER: Final = 0x203
_NUMBER_SIZE: Final = 14


def read_workbook(octets: bytes, budget: Budget) -> Finds:
    """Yield the sheets of a workbook (xls, xlsb), hidden ones too."""
    import python_calamine  # noqa: PLC0415 - needed for few messages

    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(octets))
    except python_calamine.PasswordError:
        raise Locked from None
    for name in book.sheet_names:
        sheet = book.get_sheet_by_name(name)
        budget.take(sheet.height * sheet.width)
        yield f"{name}\n"
        rows = ([(column, _cell(value)) for column, value in enumerate(row)] for row in sheet.iter_rows())
        yield "".join(lines_of([cell for cell in row if cell[1]] for row in rows))


def _cell(value: object) -> str:
    return written(repr(value)) if isinstance(value, float) else str(value)


def _records(book: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(book):
        kind, size = struct.unpack_from("<HH", book, at)
        yield kind, book[at + 4 : at + 4 + size]
        at += 4 + size


def _drawn(book: bytes) -> Iterator[str]:
    """Yield the texts of boxes, comments, headers and footers, which stand beside the cells (MS-XLS 2.4.329)."""
    left = 0
    for kind, data in _records(book):
        if kind == _FILEPASS:
            raise Locked
        if kind in _HEADERS:
            yield _counted(data[2:]) + "\n"
        elif kind == _TXO:
            left = int.from_bytes(data[10:12], "little")
        elif kind == _CONTINUE and left:
            text = _counted(data)[:left]
            left -= len(text)
            yield text if left else text + "\n"


def _loose(book: bytes) -> Iterator[str]:
    """Yield what a workbook inside another document says: its strings, and its numbers cell by cell (2.4.180)."""
    yield from _drawn(book)
    yield from runs_of(book)
    for kind, data in _records(book):
        if kind == _NUMBER and len(data) == _NUMBER_SIZE:
            yield written(repr(struct.unpack_from("<d", data, 6)[0])) + "\n"


def _counted(data: bytes) -> str:
    return data[1:].decode("utf-16-le" if data[:1] == b"\1" else "latin-1", "replace")


# --- Word -------------------------------------------------------------------------------------

_WORD_97: Final = 0xA5EC
_ENCRYPTED: Final = 0x0100
_WHICH_TABLE: Final = 0x0200
_COMPRESSED: Final = 1 << 30
_PIECES: Final = 2
_MARKS: Final = {7: "\t", 11: "\n", 12: "\n", 13: "\n", 30: "-", 31: None, 19: " ", 20: " ", 21: " "}


def _word(file: Any, storage: str, budget: Budget) -> Iterator[str]:
    """Yield the text of a Word document, notes and headers included. Raises NotRead after what could be read."""
    document = file.openstream(f"{storage}WordDocument").read()
    flags = struct.unpack_from("<H", document, 10)[0]
    if flags & _ENCRYPTED:
        raise Locked
    if struct.unpack_from("<H", document)[0] != _WORD_97:
        yield "\n".join(
            document[slice(*struct.unpack_from("<II", document, 0x18))].decode("cp1252", "replace").split("\r")
        )
        return
    try:
        table = file.openstream(f"{storage}{'1Table' if flags & _WHICH_TABLE else '0Table'}").read()
        pieces = _pieces(document, table)
    except (OSError, IndexError, struct.error, NotRead):
        yield from runs_of(document)
        raise NotRead from None
    for place, characters in pieces:
        budget.take(characters)
        yield _piece(document, place, characters).translate(_MARKS)


def _pieces(document: bytes, table: bytes) -> list[tuple[int, int]]:
    """Return place and length of each piece of text (MS-DOC 2.4.1). Raises NotRead, IndexError, struct.error."""
    at, size = struct.unpack_from("<II", document, 0x1A2)
    end = at + size
    while at < end and table[at] == 1:
        at += 3 + int.from_bytes(table[at + 1 : at + 3], "little")
    if at >= end or table[at] != _PIECES:
        raise NotRead
    length = int.from_bytes(table[at + 1 : at + 5], "little")
    plc = table[at + 5 : at + 5 + length]
    count = (len(plc) - 4) // 12
    ends = struct.unpack_from(f"<{count + 1}I", plc)
    places = (struct.unpack_from("<I", plc, 4 * (count + 1) + 8 * number + 2)[0] for number in range(count))
    return [(place, max(0, ends[number + 1] - ends[number])) for number, place in enumerate(places)]


def _piece(document: bytes, place: int, characters: int) -> str:
    if place & _COMPRESSED:
        start = (place & ~_COMPRESSED) // 2
        return document[start : start + characters].decode("cp1252", "replace")
    return document[place : place + 2 * characters].decode("utf-16-le", "replace")
