"""Runs of characters in binary data: what is left to read where a structure is not known or is broken."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.message.charset import decode_plain

_NARROW: Final = re.compile(rb"[\x20-\x7e\x80\x85\x91-\x97\xa0-\xff\t\r\n]{5,}")
_WIDE: Final = re.compile(rb"(?:[\x20-\x7e\xa0-\xff\t\r\n]\x00){4,}")


def runs_of(octets: bytes) -> Iterator[str]:
    """Yield the runs of Windows-1252 or UTF-8, then those of UTF-16, one a line."""
    for found in _NARROW.finditer(octets):
        yield decode_plain(found[0]) + "\n"
    for found in _WIDE.finditer(octets):
        yield found[0].decode("utf-16-le") + "\n"
