"""Compound files (MS-CFB) written here, and the streams of Word and PowerPoint that go into them."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator
from typing import Any, Final

from gateway.extract.finds import Budget, Inner, Reader

_SECTOR: Final = 512
_MINI: Final = 64
_CUTOFF: Final = 4096
_END, _FAT, _NONE = 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF
_STORAGE, _STREAM, _ROOT = 1, 2, 5


def compound(streams: dict[str, bytes]) -> bytes:
    """Return a compound file with these streams; "a/b" is stream b of storage a."""
    return _Writer().file(streams)


class _Writer:
    def __init__(self) -> None:
        self._fat: list[int] = []
        self._body = bytearray()
        self._mini = bytearray()
        self._mini_fat: list[int] = []
        self._entries: list[list[Any]] = []

    def file(self, streams: dict[str, bytes]) -> bytes:
        tree: dict[str, Any] = {}
        for path, data in streams.items():
            *storages, name = path.split("/")
            node = tree
            for storage in storages:
                node = node.setdefault(storage, {})
            node[name] = data
        self._add("Root Entry", tree, _ROOT)
        self._entries[0][5:] = [self._put(bytes(self._mini)), len(self._mini)]
        mini_fat = self._put(struct.pack(f"<{len(self._mini_fat)}I", *self._mini_fat))
        directory = self._put(b"".join(map(_entry, self._entries)))
        count = next(n for n in range(1, 110) if (len(self._fat) + n) <= n * 128)
        places = range(len(self._fat), len(self._fat) + count)
        table = [*self._fat, *[_FAT] * count]
        table += [_NONE] * (count * 128 - len(table))
        header = struct.pack("<8s16xHHHHH6x", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6)
        header += struct.pack("<IIIIIIIII", 0, count, directory, 0, _CUTOFF, mini_fat, 1, _END, 0)
        header += struct.pack("<109I", *places, *[_NONE] * (109 - count))
        return header + bytes(self._body) + struct.pack(f"<{len(table)}I", *table)

    def _add(self, name: str, node: Any, kind: int) -> int:
        number = len(self._entries)
        entry = [name, kind, _NONE, _NONE, _NONE, 0, 0]  # name, kind, left, right, child, start, size
        self._entries.append(entry)
        if isinstance(node, bytes):
            entry[5:] = [self._put_mini(node) if len(node) < _CUTOFF else self._put(node), len(node)]
            return number
        inner = [self._add(k, v, _STORAGE if isinstance(v, dict) else _STREAM) for k, v in sorted(node.items())]
        for left, right in itertools.pairwise(inner):
            self._entries[left][3] = right
        entry[4] = inner[0] if inner else _NONE
        return number

    def _put(self, data: bytes) -> int:
        count = -(-len(data) // _SECTOR)
        start = len(self._fat)
        self._fat += [*range(start + 1, start + count), _END] if count else []
        self._body += data.ljust(count * _SECTOR, b"\0")
        return start if count else _END

    def _put_mini(self, data: bytes) -> int:
        count = -(-len(data) // _MINI)
        start = len(self._mini_fat)
        self._mini_fat += [*range(start + 1, start + count), _END] if count else []
        self._mini += data.ljust(count * _MINI, b"\0")
        return start if count else _END


def _entry(entry: list[Any]) -> bytes:
    name, kind, left, right, child, start, size = entry
    wide = name.encode("utf-16-le")
    return struct.pack("<64sHBBIII36xIQ", wide, len(wide) + 2, kind, 1, left, right, child, start, size)


def word_streams(text: str, *, wide: bool = False, flags: int = 0x200, table: bytes | None = None) -> dict[str, bytes]:
    """Return the streams of a Word document of one piece."""
    at = 0x400
    place = at if wide else at * 2 | 1 << 30
    pieces = struct.pack("<II", 0, len(text)) + struct.pack("<HIH", 0, place, 0)
    clx = b"\2" + struct.pack("<I", len(pieces)) + pieces
    head = bytearray(at)
    struct.pack_into("<H", head, 0, 0xA5EC)
    struct.pack_into("<H", head, 10, flags)
    struct.pack_into("<II", head, 0x1A2, 0, len(clx))
    body = text.encode("utf-16-le" if wide else "cp1252")
    return {"WordDocument": bytes(head) + body, "1Table": clx if table is None else table}


def record(kind: int, data: bytes, version: int = 0, instance: int = 0) -> bytes:
    """Return a record of PowerPoint (MS-PPT 2.3.1)."""
    return struct.pack("<HHI", instance << 4 | version, kind, len(data)) + data


def within(streams: dict[str, bytes], storage: str) -> dict[str, bytes]:
    return {f"{storage}/{name}": data for name, data in streams.items()}


def found_in(reader: Reader, octets: bytes) -> tuple[str, list[Inner]]:
    """Return all text that a reader yields, and the files."""
    finds = list(reader(octets, Budget()))
    return "".join(_texts(finds)), [found for found in finds if isinstance(found, Inner)]


def _texts(finds: list[str | Inner]) -> Iterator[str]:
    return (found for found in finds if isinstance(found, str))
