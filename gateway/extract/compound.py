"""Files in the compound format (MS-CFB): Word, Excel and PowerPoint before 2007, and Outlook's messages."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Any, Final

from gateway.extract.finds import Budget, Finds, Foreign, Inner, Locked, NotRead
from gateway.extract.rtf import read_rtf
from gateway.extract.sheets import lines_of, written
from gateway.message.html import render

_CELLS: Final = 5_000_000
_SUMMARY: Final = ("title", "subject", "author", "keywords", "comments", "last_saved_by", "category", "company")
_NATIVE: Final = "\x01Ole10Native"


def read_compound(octets: bytes, budget: Budget) -> Finds:
    """Yield what a compound file holds, by the streams that it has."""
    import olefile  # noqa: PLC0415 - needed for few messages

    with olefile.OleFileIO(io.BytesIO(octets)) as file:
        streams = {"/".join(path): path for path in file.listdir()}
        if "EncryptedPackage" in streams or "EncryptedSummary" in streams:
            raise Locked
        if "__properties_version1.0" in streams:
            yield from _message(file, (), budget)
            return
        yield from _document(file, streams, octets, budget)
        yield from _summary(file)
        yield from _embedded(file, streams, budget)


def _document(file: Any, streams: dict[str, list[str]], octets: bytes, budget: Budget) -> Finds:
    if "WordDocument" in streams:
        yield from _word(file)
    elif "PowerPoint Document" in streams:
        yield from _slides(file.openstream("PowerPoint Document").read())
    elif name := next((name for name in ("Workbook", "Book") if name in streams), None):
        book = file.openstream(name).read()
        yield from _drawn(book)
        yield from read_workbook(octets, budget)
    elif not any(path[-1] in (_NATIVE, "Package", "CONTENTS") for path in streams.values()):
        raise Foreign


def _summary(file: Any) -> Iterator[str]:
    try:
        properties = file.get_metadata()
    except Exception:  # noqa: BLE001 - a broken summary hides nothing of the document
        return
    for name in _SUMMARY:
        value = getattr(properties, name, None)
        if isinstance(value, bytes) and value:
            yield "\n" + value.decode("cp1252", "replace").rstrip("\0")


def _embedded(file: Any, streams: dict[str, list[str]], budget: Budget) -> Finds:
    for path in streams.values():
        if path[-1] in (_NATIVE, "Package", "CONTENTS"):
            budget.file()
            data = file.openstream(path).read()
            budget.take(len(data))
            yield _native(data) if path[-1] == _NATIVE else Inner(name="object", octets=data)


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
    after_box = False
    for kind, data in _records(book):
        if kind == _FILEPASS:
            raise Locked
        if kind in _HEADERS:
            yield _counted(data[2:]) + "\n"
        elif kind == _CONTINUE and after_box:
            yield _counted(data) + "\n"
        after_box = kind == _TXO


def _counted(data: bytes) -> str:
    return data[1:].decode("utf-16-le" if data[:1] == b"\1" else "latin-1", "replace")


# --- Word -------------------------------------------------------------------------------------

_ENCRYPTED: Final = 0x0100
_WHICH_TABLE: Final = 0x0200
_COMPRESSED: Final = 1 << 30
_PIECES: Final = 2
_MARKS: Final = {7: "\t", 11: "\n", 12: "\n", 13: "\n", 30: "-", 31: None, 19: " ", 20: " ", 21: " "}


def _word(file: Any) -> Iterator[str]:
    """Yield the text of a Word document by its table of pieces (MS-DOC 2.4.1), notes and headers included."""
    document = file.openstream("WordDocument").read()
    flags, clx, size = struct.unpack_from("<H", document, 10)[0], *struct.unpack_from("<II", document, 0x1A2)
    if flags & _ENCRYPTED:
        raise Locked
    table = file.openstream("1Table" if flags & _WHICH_TABLE else "0Table").read()
    at, end = clx, clx + size
    while at < end and table[at] == 1:
        at += 3 + int.from_bytes(table[at + 1 : at + 3], "little")
    if at >= end or table[at] != _PIECES:
        raise NotRead
    length = int.from_bytes(table[at + 1 : at + 5], "little")
    plc = table[at + 5 : at + 5 + length]
    count = (len(plc) - 4) // 12
    ends = struct.unpack_from(f"<{count + 1}I", plc)
    for number in range(count):
        place = struct.unpack_from("<I", plc, 4 * (count + 1) + 8 * number + 2)[0]
        yield _piece(document, place, ends[number + 1] - ends[number]).translate(_MARKS)


def _piece(document: bytes, place: int, characters: int) -> str:
    if place & _COMPRESSED:
        start = (place & ~_COMPRESSED) // 2
        return document[start : start + characters].decode("cp1252", "replace")
    return document[place : place + 2 * characters].decode("utf-16-le", "replace")


# --- PowerPoint -------------------------------------------------------------------------------

_CONTAINER: Final = 0xF
_WIDE: Final = (0x0FA0, 0x0FBA)
_NARROW: Final = 0x0FA8


def _slides(stream: bytes) -> Iterator[str]:
    """Yield the text atoms of a presentation (MS-PPT 2.9), notes and masters included."""
    at = 0
    while at + 8 <= len(stream):
        version, kind, size = struct.unpack_from("<HHI", stream, at)
        at += 8
        if version & _CONTAINER == _CONTAINER:
            continue
        data = stream[at : at + size]
        if kind in _WIDE:
            yield data.decode("utf-16-le", "replace").replace("\r", "\n") + "\n"
        elif kind == _NARROW:
            yield data.decode("latin-1").replace("\r", "\n") + "\n"
        at += size


# --- Outlook ----------------------------------------------------------------------------------

_SUBJECT, _BODY, _HTML, _RTF = "0037", "1000", "1013", "1009"
_NAMES: Final = ("3707", "3704", "3001")
_DATA: Final = "37010102"
_DEPTH: Final = 10


def _message(file: Any, inside: tuple[str, ...], budget: Budget) -> Finds:
    """Yield the texts of a message and its attachments (MS-OXMSG 2.1)."""
    if len(inside) > _DEPTH:
        raise NotRead
    for tag in (_SUBJECT, "0C1A", "0E04", "0E03", _BODY):
        if text := _property(file, inside, tag):
            yield text + "\n"
    if page := _binary(file, inside, f"{_HTML}0102").decode("utf-8", "replace") or _property(file, inside, _HTML):
        rendered = render(page)
        yield "\n".join([rendered.text, *(words for _, words in rendered.hidden)]) + "\n"
    if packed := _binary(file, inside, f"{_RTF}0102"):
        yield from _packed(packed, budget)
    depth = len(inside)
    attachments = {
        path[depth]
        for path in file.listdir(streams=False, storages=True)
        if len(path) == depth + 1 and tuple(path[:depth]) == inside and path[depth].startswith("__attach")
    }
    for storage in sorted(attachments):
        budget.file()
        here = (*inside, storage)
        if file.exists("/".join([*here, "__substg1.0_3701000D"])):
            yield from _message(file, (*here, "__substg1.0_3701000D"), budget)
            continue
        data = _binary(file, here, _DATA)
        budget.take(len(data))
        name = next((found for tag in _NAMES if (found := _property(file, here, tag))), "bilaga")
        yield Inner(name=name, octets=data)


def _packed(packed: bytes, budget: Budget) -> Finds:
    import compressed_rtf  # noqa: PLC0415 - needed for few messages

    yield from read_rtf(compressed_rtf.decompress(packed), budget)


def _property(file: Any, inside: tuple[str, ...], tag: str) -> str:
    if wide := _binary(file, inside, f"{tag}001F"):
        return wide.decode("utf-16-le", "replace").rstrip("\0")
    return _binary(file, inside, f"{tag}001E").decode("cp1252", "replace").rstrip("\0")


def _binary(file: Any, inside: tuple[str, ...], tag: str) -> bytes:
    path = "/".join([*inside, f"__substg1.0_{tag}"])
    return bytes(file.openstream(path).read()) if file.exists(path) else b""
