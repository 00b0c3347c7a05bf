"""Attachments that are locked with a password, told by their outer form alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from gateway.message.entity import Leaf
from gateway.message.leaves import Opened
from gateway.model import Part, PartState

_LOOKED_AT: Final = 256 * 1024
"""Encoded octets of a file that are decoded to tell."""
_ENTRY: Final = b"PK\x03\x04"
"""A member of a zip archive; bit 0 of the flags six octets later says encrypted (APPNOTE 4.4.4)."""
_COMPOUND: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PACKAGE: Final = "EncryptedPackage".encode("utf-16-le")
"""The stream in which Office keeps an encrypted document (MS-OFFCRYPTO 2.3.4.4)."""


def tell_locked(leaf: Leaf, part: Part, left: int) -> Opened:
    """Return the part, ENCRYPTED where its file is; to be given to ``parse_message``."""
    del left
    readings = leaf.readings(_LOOKED_AT)
    if readings and _is_locked(readings[0]):
        return Opened(part=replace(part, state=PartState.ENCRYPTED))
    return Opened(part=part)


def _is_locked(octets: bytes) -> bool:
    if octets.startswith(_COMPOUND):
        return _PACKAGE in octets
    if not octets.startswith(_ENTRY):
        return False
    at = 0
    while at >= 0:
        if octets[at + 6 : at + 7] and octets[at + 6] & 1:
            return True
        at = octets.find(_ENTRY, at + 4)
    return False
