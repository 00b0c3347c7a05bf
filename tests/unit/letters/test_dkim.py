"""Signatures on letters, verified offline, and keys that are not fit to sign."""

from __future__ import annotations

import importlib.util
import stat
from collections.abc import Callable
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as ec_key

from gateway.letters.dkim import Algorithm, Signer, SigningKey, check_record, load_key, make_key
from gateway.letters.mail import verify_mark, write_mail
from gateway.model import InvalidConfiguration
from tests.unit.letters.test_mail import ANNA, KEY, SHEET

DOMAIN = "orkelljunga.se"
LETTER = write_mail(SHEET, KEY)
needs_nacl = pytest.mark.skipif(importlib.util.find_spec("nacl") is None, reason="PyNaCl is missing: no Ed25519")
BOTH = [pytest.param(Algorithm.RSA), pytest.param(Algorithm.ED25519, marks=needs_nacl)]


def guarded(path: Path, octets: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(octets)
    path.chmod(mode)
    return path


def key_of(folder: Path, algorithm: Algorithm, selector: str = "brev") -> SigningKey:
    return load_key(guarded(folder / f"{selector}.pem", make_key(algorithm)), DOMAIN, selector)


def dns(*keys: SigningKey) -> Callable[..., bytes | None]:
    records = {f"{key.record_name}.".encode(): key.record.encode() for key in keys}

    def lookup(name: bytes, timeout: int = 5) -> bytes | None:
        del timeout
        return records.get(name)

    return lookup


@pytest.mark.parametrize("algorithm", BOTH)
def test_a_signed_letter_verifies(tmp_path: Path, algorithm: Algorithm) -> None:
    key = key_of(tmp_path, algorithm)
    signed = Signer([key]).sign(LETTER)
    assert signed.endswith(LETTER)
    assert dkim.verify(signed, dnsfunc=dns(key))
    assert verify_mark(signed, ANNA, KEY)


@needs_nacl
def test_two_keys_make_two_signatures(tmp_path: Path) -> None:
    keys = [key_of(tmp_path, Algorithm.RSA, "r"), key_of(tmp_path, Algorithm.ED25519, "e")]
    signed = Signer(keys).sign(LETTER)
    for index in range(2):
        assert dkim.DKIM(signed).verify(index, dnsfunc=dns(*keys))


def test_two_selectors_make_two_signatures(tmp_path: Path) -> None:
    keys = [key_of(tmp_path, Algorithm.RSA, "gammal"), key_of(tmp_path, Algorithm.RSA, "ny")]
    signed = Signer(keys).sign(LETTER)
    for index in range(2):
        assert dkim.DKIM(signed).verify(index, dnsfunc=dns(*keys))
    assert dkim.DKIM(signed).verify(1, dnsfunc=dns(keys[1]))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Subject: ", b"Subject: x"),
        (b"Hej!", b"Hopp"),
        (b"To: anna", b"To: anne"),
        (b"Date: ", b"From: x@example.com\r\nDate: "),
        (b"Date: ", b"Subject: Annat\r\nDate: "),
        (b"In-Reply-To: <", b"In-Reply-To: <x"),
    ],
)
def test_a_letter_changed_on_its_way_does_not_verify(tmp_path: Path, old: bytes, new: bytes) -> None:
    key = key_of(tmp_path, Algorithm.RSA)
    signed = Signer([key]).sign(LETTER)
    assert not dkim.verify(signed.replace(old, new, 1), dnsfunc=dns(key))


def test_without_keys_a_letter_stays_as_it_is() -> None:
    assert Signer([]).sign(LETTER) == LETTER


def test_lines_of_a_signature_are_not_long(tmp_path: Path) -> None:
    signed = Signer([key_of(tmp_path, Algorithm.RSA)]).sign(LETTER)
    assert max(map(len, signed.split(b"\r\n"))) <= 78


def test_a_key_is_not_shown(tmp_path: Path) -> None:
    key = key_of(tmp_path, Algorithm.RSA)
    assert "private" not in repr(key)
    assert "PRIVATE KEY" not in repr(key)


# --- files --------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [0o604, 0o620, 0o666, 0o644, 0o601])
def test_a_key_that_others_may_read_or_change_is_refused(tmp_path: Path, mode: int) -> None:
    path = guarded(tmp_path / "key.pem", make_key(Algorithm.RSA), mode)
    with pytest.raises(InvalidConfiguration, match=f"mode {mode:04o}.*chmod 600"):
        load_key(path, DOMAIN, "brev")


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o640, 0o440])
def test_a_guarded_key_is_read(tmp_path: Path, mode: int) -> None:
    path = guarded(tmp_path / "key.pem", make_key(Algorithm.ED25519), mode)
    assert load_key(path, DOMAIN, "brev").algorithm is Algorithm.ED25519
    assert stat.S_IMODE(path.stat().st_mode) == mode


def pem(key: object) -> bytes:
    assert hasattr(key, "private_bytes")
    octets = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    assert isinstance(octets, bytes)
    return octets


@pytest.mark.parametrize(
    ("octets", "told"),
    [
        (b"", "is no private key"),
        (b"-----BEGIN PRIVATE KEY-----\nxxxx\n-----END PRIVATE KEY-----\n", "is no private key"),
        (pem(ec_key(SECP256R1())), "neither an RSA nor an Ed25519 key"),
    ],
)
def test_what_is_no_key_is_refused(tmp_path: Path, octets: bytes, told: str) -> None:
    path = guarded(tmp_path / "key.pem", octets)
    with pytest.raises(InvalidConfiguration, match=told):
        load_key(path, DOMAIN, "brev")


def test_a_short_key_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.letters.dkim.LEAST_RSA_BITS", 4096)
    path = guarded(tmp_path / "key.pem", make_key(Algorithm.RSA))
    with pytest.raises(InvalidConfiguration, match="has only 2048 bits; at least 4096"):
        load_key(path, DOMAIN, "brev")


def test_a_key_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration, match="cannot be read"):
        load_key(tmp_path / "none.pem", DOMAIN, "brev")


# --- records ------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_the_record_that_we_ask_for_is_right(tmp_path: Path, algorithm: Algorithm) -> None:
    key = key_of(tmp_path, algorithm)
    assert key.record_name == "brev._domainkey.orkelljunga.se"
    assert check_record(key, [key.record]) == ""
    assert check_record(key, [key.record.replace("p=", "p= ").replace("; ", ";")]) == ""


def test_what_is_wrong_with_a_record_is_told(tmp_path: Path) -> None:
    key, other = key_of(tmp_path, Algorithm.RSA), key_of(tmp_path, Algorithm.RSA, "annan")
    told = {
        "is missing": [],
        "there are 2 TXT records": [key.record, key.record],
        "is no DKIM record": ["v=spf1 -all"],
        "says that the key is revoked": ["v=DKIM1; k=rsa; p="],
        "is for ed25519, the key is rsa": [key.record.replace("rsa", "ed25519")],
        "holds another key": [other.record],
        "only tried": [f"{key.record}; t=y:s"],
    }
    for words, published in told.items():
        assert words in check_record(key, published)
