"""Locked attachments, told by their outer form."""

import base64
import io
import zipfile

import pytest

from gateway.message.locked import tell_locked
from gateway.message.parse import parse_message
from gateway.model import PartState


def zipped(*, locked: bool) -> bytes:
    """Return an archive of one member, with the flag that says encrypted if asked."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("bilaga.txt", "text" * 10)
    octets = bytearray(out.getvalue())
    if locked:
        octets[6] |= 1
    return bytes(octets)


PACKAGE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500) + "EncryptedPackage".encode("utf-16-le")


@pytest.mark.parametrize(
    ("octets", "state"),
    [
        (zipped(locked=True), PartState.ENCRYPTED),
        (zipped(locked=False), PartState.UNKNOWN),
        (PACKAGE, PartState.ENCRYPTED),
        (PACKAGE[:400], PartState.UNKNOWN),
        (b"PK\x03\x04\x14", PartState.UNKNOWN),
    ],
)
def test_what_is_locked_is_told(octets: bytes, state: PartState) -> None:
    message = (
        b"From: a@b.example\r\nMIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\n"
        b'Content-Disposition: attachment; filename="fil.bin"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
        + base64.encodebytes(octets).replace(b"\n", b"\r\n")
    )
    parts = parse_message(message, tell_locked).parts
    assert [p.state for p in parts if p.filename == "fil.bin"] == [state]
