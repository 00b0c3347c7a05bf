"""What a cryptographic message holds (RFC 5652): enough of BER to tell encrypted from signed and to read the latter."""

from __future__ import annotations

from enum import Enum
from typing import Final


class Kind(Enum):
    """What is done to the content."""

    ENCRYPTED = "encrypted"
    SIGNED = "signed"
    OTHER = "other"


_SIGNED: Final = bytes.fromhex("2a864886f70d010702")
_SEALED: Final = frozenset(
    bytes.fromhex(oid)
    for oid in (
        "2a864886f70d010703",  # envelopedData
        "2a864886f70d010704",  # signedAndEnvelopedData
        "2a864886f70d010706",  # encryptedData
        "2a864886f70d0109100117",  # authEnvelopedData (RFC 5083)
    )
)
_SEQUENCE: Final = 0x30
_SET: Final = 0x31
_OID: Final = 0x06
_INTEGER: Final = 0x02
_EXPLICIT: Final = 0xA0
_STRING: Final = 0x04
_PIECES: Final = 0x24
_LONG: Final = 0x80
_LENGTH_OCTETS: Final = 8


def read_cms(octets: bytes) -> tuple[Kind, bytes]:
    """Return what a ContentInfo is, and the content where it is readable. Never raises."""
    reader = _Reader(octets)
    if not reader.enter(_SEQUENCE):
        return Kind.OTHER, b""
    oid = reader.take(_OID)
    if oid in _SEALED:
        return Kind.ENCRYPTED, b""
    if oid != _SIGNED or not (reader.enter(_EXPLICIT) and reader.enter(_SEQUENCE)):
        return Kind.OTHER, b""
    reader.take(_INTEGER)
    reader.take(_SET)
    if not reader.enter(_SEQUENCE) or reader.take(_OID) is None or not reader.enter(_EXPLICIT):
        return Kind.SIGNED, b""
    return Kind.SIGNED, reader.strings()


class _Reader:
    """A position that moves over tag, length and value."""

    __slots__ = ("_octets", "_position")

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._position = 0

    def _head(self, tag: int) -> int | None:
        """Pass a tag and its length; return the length, -1 where it is indefinite, None where the tag is another."""
        octets, position = self._octets, self._position
        if len(octets) < position + 2 or octets[position] != tag:
            return None
        length = octets[position + 1]
        position += 2
        if length == _LONG:
            length = -1
        elif length > _LONG:
            size = length - _LONG
            if size > _LENGTH_OCTETS:
                return None
            length = int.from_bytes(octets[position : position + size], "big")
            position += size
        self._position = position
        return length

    def enter(self, tag: int) -> bool:
        """Pass the head of a constructed value."""
        return self._head(tag) is not None

    def take(self, tag: int) -> bytes | None:
        """Return the value of the next element where it has this tag and a definite length."""
        length = self._head(tag)
        if length is None or length < 0:
            return None
        value = self._octets[self._position : self._position + length]
        self._position += length
        return value

    def strings(self) -> bytes:
        """Return an octet string, whole or in pieces (X.690 8.7)."""
        self.enter(_PIECES)
        out = []
        while (piece := self.take(_STRING)) is not None:
            out.append(piece)
        return b"".join(out)
