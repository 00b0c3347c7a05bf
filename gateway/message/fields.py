"""Header fields read from octets as tolerantly as mail clients read them, under caps (RFC 5322 2.2)."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

HEADER_BLOCK: Final = 256 * 1024
"""Octets of one header block that are read; what follows counts as body."""

FIELD: Final = 32 * 1024
"""Octets of one field that are read."""

REPEATS: Final = 16
"""Fields of one name that are kept, and lines that are no fields."""

_BOM: Final = b"\xef\xbb\xbf"
_NOISE: Final = bytes(range(33)) + b"\x7f"
_SPECIALS: Final = frozenset(b'()<>@,;\\"[]?')
_CR: Final = 13
_FOLDED_COLON: Final = re.compile(rb"[ \t]+:")


@dataclass(slots=True)
class Fields:
    """The wanted fields of one header block."""

    body: int
    """Offset of the first octet after the block."""
    values: dict[bytes, list[bytes]] = field(default_factory=dict)
    """Lower-case name → the values in order, unfolded, without the space around them."""
    stray: list[bytes] = field(default_factory=list)
    """Lines of the block that are no fields."""
    defects: list[str] = field(default_factory=list)

    def first(self, name: bytes) -> bytes:
        """Return the first value of a field, or nothing."""
        values = self.values.get(name)
        return values[0] if values else b""


def read_fields(octets: bytes, start: int, end: int, wanted: Collection[bytes]) -> Fields:
    """Read the header block that begins at ``start``; never beyond ``end``.

    The block ends at an empty line, at the cap, or where lines stop looking like fields: clients show what
    follows such a line as text. A line of mere white space folds, as RFC 5322 4.2 allows.
    """
    if octets.startswith(_BOM, start):
        start += len(_BOM)
    stop, found = _extent(octets, start, end)
    lines = octets[start:stop].split(b"\n")
    raw: list[tuple[bytes, list[bytes]]] = []
    current: list[bytes] = []
    for number, line in enumerate(lines):
        if line[:1] in (b" ", b"\t") and number:
            current.append(line)
            continue
        if (
            b":" not in line
            and len(found.stray) < REPEATS
            and number + 1 < len(lines)
            and _FOLDED_COLON.match(lines[number + 1])
        ):
            lines[number + 1] = line.rstrip(b"\r") + lines[number + 1].lstrip()
            found.stray.append(b"")
            continue
        name, colon, value = line.partition(b":")
        key = name.strip(_NOISE).lower()
        current = [value]
        if key in wanted and colon:
            raw.append((key, current))
        elif not (colon and _is_name(key)) and line.strip(_NOISE) and not _skip(found, lines, number):
            found.body = start + sum(map(len, lines[:number])) + number
            break
    for key, parts in raw:
        values = found.values.setdefault(key, [])
        if len(values) < REPEATS:
            values.append(_joined(found, parts))
    return found


def _extent(octets: bytes, start: int, end: int) -> tuple[int, Fields]:
    """Return where the fields end, and fields that know where the body begins."""
    if octets.startswith((b"\r\n", b"\n"), start, end):
        return start, Fields(body=start + (2 if octets[start] == _CR else 1))
    limit = min(end, start + HEADER_BLOCK)
    wide = octets.find(b"\n\r\n", start, limit)
    narrow = octets.find(b"\n\n", start, limit if wide < 0 else wide)
    if narrow >= 0:
        return narrow, Fields(body=narrow + 2)
    if wide >= 0:
        return wide, Fields(body=wide + 3)
    if limit == end:
        return end, Fields(body=end)
    cut = octets.rfind(b"\n", start, limit) + 1 or limit
    return cut, Fields(body=cut, defects=["header_block_too_long"])


def _is_name(key: bytes) -> bool:
    """Tell a field name: blanks inside make it prose; other odd characters are let through, as clients do."""
    return bool(key) and not (b" " in key or b"\t" in key) and _SPECIALS.isdisjoint(key)


def _skip(found: Fields, lines: list[bytes], number: int) -> bool:
    """Take note of a line that is no field; False where the body begins with it."""
    line = lines[number].rstrip(b"\r")
    if number == 0 and line.startswith((b"From ", b">From ")):
        return True
    found.defects.append("stray_line")
    if line.startswith(b"--") or len(found.stray) >= REPEATS:
        return False
    following = lines[number + 1] if number + 1 < len(lines) else b""
    name, colon, _ = following.partition(b":")
    last = number and number + 1 == len(lines)
    if not last and not (colon and _is_name(name.strip(_NOISE).lower())):
        return False
    found.stray.append(line)
    return True


def _joined(found: Fields, lines: list[bytes]) -> bytes:
    value = lines[0] if len(lines) == 1 else b"".join([line.rstrip(b"\r") for line in lines])
    if len(value) > FIELD:
        found.defects.append("field_too_long")
        value = value[:FIELD]
    return value.strip(_NOISE)
