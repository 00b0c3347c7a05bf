"""winmail.dat."""

from __future__ import annotations

import struct

from gateway.extract.tnef import read_tnef
from tests.unit.extract.compounds import found_in
from tests.unit.extract.documents import NUMBER

_TEXT, _BYTE, _STRING = 0x0002, 0x0006, 0x0001


def attribute(level: int, kind: int, name: int, data: bytes) -> bytes:
    return struct.pack("<BHHI", level, name, kind, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def stream(*attributes: bytes) -> bytes:
    start = attribute(1, 8, 0x9006, struct.pack("<I", 0x10000))
    page = attribute(1, _BYTE, 0x9007, struct.pack("<II", 1252, 0))
    return struct.pack("<IH", 0x223E9F78, 1) + start + page + b"".join(attributes)


def attached(name: bytes, data: bytes) -> bytes:
    begun = attribute(2, _BYTE, 0x9002, bytes(14))
    return begun + attribute(2, _STRING, 0x8010, name) + attribute(2, _BYTE, 0x800F, data)


def test_subject_and_body_are_read() -> None:
    octets = stream(
        attribute(1, _STRING, 0x8004, f"Elev {NUMBER}\0".encode()),
        attribute(1, _TEXT, 0x800C, "Åsa går i tvåan\0".encode("cp1252")),
    )
    text, _ = found_in(read_tnef, octets)
    assert [line.rstrip("\0") for line in text.splitlines()] == [f"Elev {NUMBER}", "Åsa går i tvåan"]


def test_attachments_are_handed_on_whatever_they_are_called() -> None:
    octets = stream(attached("årsbok.txt\0".encode("cp1252"), b"ett"), attached(b"b.txt\0", b"Elev"))
    _, inner = found_in(read_tnef, octets)
    assert [(found.name, found.octets) for found in inner] == [("årsbok.txt", b"ett"), ("b.txt", b"Elev")]
