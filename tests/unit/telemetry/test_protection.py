"""Who may read the operations port."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.model import InvalidConfiguration
from gateway.telemetry.protection import Protection, load_protection


@dataclass(frozen=True)
class Wishes:
    certificate: Path | None = None
    private_key: Path | None = None
    password_file: Path | None = None


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


def pair(folder: Path, name: str = "a", password: bytes | None = None) -> tuple[Path, Path]:
    """Write a self-signed certificate and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    files = folder / f"{name}.pem", folder / f"{name}.key"
    encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption))
    return files


def users(tmp_path: Path, text: str) -> Protection:
    file = tmp_path / "users"
    file.write_text(text, "utf-8")
    return load_protection(Wishes(password_file=file))


def told(wishes: Wishes) -> str:
    with pytest.raises(InvalidConfiguration) as caught:
        load_protection(wishes)
    return "\n".join(map(str, caught.value.problems))


def test_nothing_wished_lets_everybody_read() -> None:
    protection = load_protection(Wishes())
    assert protection.tls is None
    assert protection.admits("")
    assert protection.admits(basic("a:b"))


def test_a_user_and_the_right_password(tmp_path: Path) -> None:
    protection = users(tmp_path, "# who may\n\nprometheus:hem:ligt å\nother:x\n")
    assert protection.admits(basic("prometheus:hem:ligt å"))
    assert protection.admits(basic("other:x").replace("Basic", "basic"))


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Basic",
        "Basic !!!",
        "Basic /w==",
        basic("prometheus:hemligt2"),
        basic("prometheus:"),
        basic("prometheus"),
        basic("nobody:hemligt"),
        basic(":hemligt"),
        basic("nobody:\xff"),
        basic("prometheus:hemligt").replace("Basic", "Bearer"),
        "Basic é",
    ],
)
def test_all_others_are_turned_away(tmp_path: Path, authorization: str) -> None:
    assert not users(tmp_path, "prometheus:hemligt\n").admits(authorization)


def test_passwords_do_not_show(tmp_path: Path) -> None:
    assert "prometheus" not in repr(users(tmp_path, "prometheus:hemligt\n"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("prometheus\n", ":1: must be user:password"),
        ("a:b\n:c\nd:\n", ":2: must be user:password"),
        ("", "names no user"),
        ("# only a remark\n", "names no user"),
    ],
)
def test_a_bad_list_of_users_is_told(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "users"
    file.write_text(text)
    assert words in told(Wishes(password_file=file))


def test_files_that_cannot_be_read_are_told_at_once(tmp_path: Path) -> None:
    text = told(Wishes(certificate=tmp_path / "x", private_key=tmp_path / "y", password_file=tmp_path / "z"))
    assert f"{tmp_path}/x: certificate or key ({tmp_path}/y) cannot be read: No such file or directory" in text
    assert f"{tmp_path}/z: cannot be read: No such file or directory" in text


def test_a_list_that_is_no_text(tmp_path: Path) -> None:
    file = tmp_path / "users"
    file.write_bytes(b"a:\xff\n")
    assert "it is not UTF-8 text" in told(Wishes(password_file=file))


def test_certificate_and_key(tmp_path: Path) -> None:
    certificate, key = pair(tmp_path)
    assert load_protection(Wishes(certificate=certificate, private_key=key)).tls is not None


def test_a_key_that_does_not_fit_is_told(tmp_path: Path) -> None:
    certificate, _ = pair(tmp_path)
    _, other = pair(tmp_path, "b")
    assert "does not go with" in told(Wishes(certificate=certificate, private_key=other))


def test_no_pem_is_told(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_text("nothing")
    assert "does not go with" in told(Wishes(certificate=file, private_key=file))


def test_an_encrypted_key_is_told_instead_of_asking_at_a_terminal(tmp_path: Path) -> None:
    certificate, key = pair(tmp_path, password=b"hemligt")
    assert "does not go with" in told(Wishes(certificate=certificate, private_key=key))
