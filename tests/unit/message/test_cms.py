"""Enough of BER to tell encrypted from signed."""

from __future__ import annotations

import pytest

from gateway.message.cms import Kind, read_cms

DATA = bytes.fromhex("06092a864886f70d010701")


def tlv(tag: int, value: bytes) -> bytes:
    size = len(value)
    if size < 0x80:
        return bytes([tag, size]) + value
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 + len(length)]) + length + value


def content_info(last: int, content: bytes) -> bytes:
    return tlv(0x30, bytes.fromhex("06092a864886f70d0107") + bytes([last]) + tlv(0xA0, content))


def signed(content: bytes) -> bytes:
    inner = tlv(0x30, DATA + tlv(0xA0, content))
    return content_info(2, tlv(0x30, b"\x02\x01\x01" + tlv(0x31, b"") + inner + tlv(0x31, b"")))


TEXT = b"Content-Type: text/plain\r\n\r\nhej" * 20


def test_signed_content() -> None:
    assert read_cms(signed(tlv(0x04, TEXT))) == (Kind.SIGNED, TEXT)


def test_signed_content_in_pieces() -> None:
    pieces = b"".join(tlv(0x04, TEXT[i : i + 100]) for i in range(0, len(TEXT), 100))
    assert read_cms(signed(b"\x24\x80" + pieces + b"\0\0")) == (Kind.SIGNED, TEXT)


def test_signature_without_content() -> None:
    octets = content_info(2, tlv(0x30, b"\x02\x01\x01" + tlv(0x31, b"") + tlv(0x30, DATA)))
    assert read_cms(octets) == (Kind.SIGNED, b"")


@pytest.mark.parametrize("last", [3, 4, 6])
def test_encrypted(last: int) -> None:
    assert read_cms(content_info(last, b"\x30\x00")) == (Kind.ENCRYPTED, b"")


def test_indefinite_lengths() -> None:
    octets = bytes.fromhex("308006092a864886f70d010703a080") + b"\x30\x80"
    assert read_cms(octets) == (Kind.ENCRYPTED, b"")


@pytest.mark.parametrize(
    "octets",
    [b"", b"0", b"0\x00", b"hej", b"0\x89" + b"\xff" * 9, content_info(5, b""), b"0\x84\xff\xff\xff\xff\x06\x01*"],
)
def test_anything_else(octets: bytes) -> None:
    assert read_cms(octets) == (Kind.OTHER, b"")


def test_every_cut_is_survived() -> None:
    octets = signed(tlv(0x04, TEXT))
    for size in range(len(octets)):
        kind, content = read_cms(octets[:size])
        assert kind is not Kind.ENCRYPTED
        assert TEXT.startswith(content)
