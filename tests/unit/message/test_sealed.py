"""Encrypted and signed leaves, by what they are declared to be and by their first octets."""

from __future__ import annotations

import base64

import pytest

from gateway.message.entity import Leaf
from gateway.message.sealed import cryptographic_state, extension_of
from gateway.model import PartState

ENVELOPED = bytes.fromhex("3080060b2a864886f70d0109100117a080") + bytes(9)


def pem(label: str, octets: bytes) -> bytes:
    return f"-----BEGIN {label}-----\n{base64.encodebytes(octets).decode()}-----END {label}-----\n".encode()


def state(octets: bytes, filename: str = "a.bin", media_type: str = "application/octet-stream") -> PartState | None:
    leaf = Leaf(path="1", media_type=media_type, filename=filename, source=octets, start=0, end=len(octets))
    return cryptographic_state(leaf, octets)


@pytest.mark.parametrize(
    "octets",
    [
        b"Salted__" + bytes(16),
        b"age-encryption.org/v1\n",
        b"\x03\xd9\xa2\x9a",
        pem("CMS", ENVELOPED),
        pem("PKCS7", ENVELOPED),
    ],
)
def test_what_says_itself_that_it_is_encrypted(octets: bytes) -> None:
    assert state(octets) is PartState.ENCRYPTED


@pytest.mark.parametrize("octets", [b"Hej", pem("CMS", b"0\0"), pem("CERTIFICATE", ENVELOPED), b""])
def test_others_are_left_to_other_readers(octets: bytes) -> None:
    assert state(octets) is None


def test_a_signature_is_no_secret() -> None:
    assert state(b"\x30\x82\1\0", "smime.p7s", "application/pkcs7-signature") is PartState.SCANNED
    assert state(ENVELOPED, "smime.p7m") is PartState.ENCRYPTED


def test_endings() -> None:
    assert [extension_of(name) for name in ("A.TXT ", "a", None, "a.tar.gz")] == ["txt", "", "", "gz"]
