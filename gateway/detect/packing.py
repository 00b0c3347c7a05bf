"""Many short texts in few pieces: thousands to be looked up, or kept only to be sent on, without an object for each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Final
from zlib import crc32

_IN_A_ROW: Final = 12
"""Texts of a row, on average: few enough to be searched through at once."""
_DIGIT: Final = 128
"""Numbers are written in three octets that are no text: 128 and more."""
_MOST: Final = _DIGIT**3


def packed(texts: Sequence[str]) -> bytes:
    """Return texts in one piece."""
    return json.dumps(list(texts), ensure_ascii=False).encode("utf-8", "surrogatepass")


def unpacked(octets: bytes) -> list[str]:
    """Return the texts of a piece."""
    texts: list[str] = json.loads(octets.decode("utf-8", "surrogatepass"))
    return texts


class Numbered:
    """Texts without control characters, each with its number: a fifth of the room of a dictionary."""

    __slots__ = ("_rows",)

    def __init__(self, texts: Sequence[bytes]) -> None:
        """Give texts numbers from 0; no text stands twice."""
        if len(texts) > _MOST:
            raise ValueError("more texts than numbers")
        rows: list[list[bytes]] = [[] for _ in range(len(texts) // _IN_A_ROW + 1)]
        for number, text in enumerate(texts):
            key = b"\n%b\t" % text
            high, low = divmod(number, _DIGIT)
            rows[crc32(key) % len(rows)] += key, bytes(digit + _DIGIT for digit in (*divmod(high, _DIGIT), low))
        self._rows = tuple(map(b"".join, rows))

    def known(self, texts: Iterable[bytes]) -> list[int]:
        """Return the numbers of those texts that have one."""
        rows, size = self._rows, len(self._rows)
        numbers: list[int] = []
        for text in texts:
            key = b"\n" + text + b"\t"
            row = rows[crc32(key) % size]
            at = row.find(key)
            if at >= 0:
                at += len(key)
                high, middle, low = row[at : at + 3]
                numbers.append(((high - _DIGIT) * _DIGIT + middle - _DIGIT) * _DIGIT + low - _DIGIT)
        return numbers
