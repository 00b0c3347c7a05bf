"""DKIM signatures on letters (RFC 6376, RFC 8463): keys from guarded files, made and checked by the operator.

The only place that knows dkimpy. Signing is for mail of our own making: its canonicalisation is too slow for mail that
strangers write.
"""

from __future__ import annotations

import base64
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Final

import dkim
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from gateway.model import InvalidConfiguration, Problem

RSA_BITS: Final = 2048
LEAST_RSA_BITS: Final = 1024
"""Verifiers refuse shorter ones (RFC 8301 3.2)."""

_FORBIDDEN: Final = stat.S_IWGRP | stat.S_IXGRP | stat.S_IRWXO
_SIGNED: Final = (
    b"from",
    b"from",  # once more than it occurs: none can be added
    b"to",
    b"reply-to",
    b"subject",
    b"subject",
    b"date",
    b"message-id",
    b"in-reply-to",
    b"references",
    b"auto-submitted",
    b"mime-version",
    b"content-type",
    b"x-utpost-letter",
)

PrivateKey = RSAPrivateKey | Ed25519PrivateKey


class Algorithm(Enum):
    """How a key signs; the value is the ``a=`` tag."""

    RSA = "rsa-sha256"
    ED25519 = "ed25519-sha256"


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A private key and where its public half is published."""

    domain: str
    selector: str
    algorithm: Algorithm
    public: bytes
    """What the record's ``p=`` tag holds, before base64."""
    private: bytes = field(repr=False)
    """In the form that dkimpy takes."""

    @property
    def record_name(self) -> str:
        """Return the name of the DNS record."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def record(self) -> str:
        """Return the text of the DNS record."""
        kind = "rsa" if self.algorithm is Algorithm.RSA else "ed25519"
        return f"v=DKIM1; k={kind}; p={base64.b64encode(self.public).decode()}"


def load_key(path: Path, domain: str, selector: str) -> SigningKey:
    """Read a private key in PEM. Raises InvalidConfiguration where it is unfit, or others may read it."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        octets = path.read_bytes()
    except OSError as error:
        raise _unfit(path, f"cannot be read ({error.strerror})") from None
    if mode & _FORBIDDEN:
        raise _unfit(path, f"others may read or change it (mode {mode:04o}); chmod 600 {path}")
    try:
        key = serialization.load_pem_private_key(octets, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise _unfit(path, "is no private key in PEM without a passphrase") from None
    if isinstance(key, RSAPrivateKey) and key.key_size < LEAST_RSA_BITS:
        raise _unfit(path, f"has only {key.key_size} bits; at least {LEAST_RSA_BITS}, better {RSA_BITS}")
    if not isinstance(key, PrivateKey):
        raise _unfit(path, "is neither an RSA nor an Ed25519 key")
    return _signing_key(key, domain, selector)


def make_key(algorithm: Algorithm) -> bytes:
    """Return a new private key in PEM (PKCS #8), for a file that only the service may read."""
    if algorithm is Algorithm.RSA:
        key: PrivateKey = generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    else:
        key = Ed25519PrivateKey.generate()
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def _signing_key(key: PrivateKey, domain: str, selector: str) -> SigningKey:
    plain = serialization.NoEncryption()
    encoding, public, private = serialization.Encoding, serialization.PublicFormat, serialization.PrivateFormat
    if isinstance(key, RSAPrivateKey):
        algorithm = Algorithm.RSA
        published = key.public_key().public_bytes(encoding.DER, public.SubjectPublicKeyInfo)
        kept = key.private_bytes(encoding.PEM, private.TraditionalOpenSSL, plain)
    else:
        algorithm = Algorithm.ED25519
        published = key.public_key().public_bytes(encoding.Raw, public.Raw)
        kept = base64.b64encode(key.private_bytes(encoding.Raw, private.Raw, plain))
    return SigningKey(domain=domain, selector=selector, algorithm=algorithm, public=published, private=kept)


def _unfit(path: Path, text: str) -> InvalidConfiguration:
    return InvalidConfiguration([Problem(file=str(path), key="", text=text)])


class Signer:
    """Sign letters with every key that is given."""

    def __init__(self, keys: Sequence[SigningKey]) -> None:
        """Keep the keys; without any, letters stay as they are."""
        self._keys = tuple(keys)

    def sign(self, octets: bytes) -> bytes:
        """Return a letter with one signature for each key in front of it."""
        signatures = [
            dkim.DKIM(octets).sign(
                key.selector.encode(),
                key.domain.encode(),
                key.private,
                signature_algorithm=key.algorithm.value.encode(),
                canonicalize=(b"relaxed", b"relaxed"),
                include_headers=list(_SIGNED),
            )
            for key in self._keys
        ]
        return b"".join(signatures) + octets


def check_record(key: SigningKey, published: Iterable[str]) -> str:
    """Return what is wrong with the TXT records of ``key.record_name``; nothing where verifiers will agree."""
    texts = list(published)
    if len(texts) != 1:
        return f"there are {len(texts)} TXT records; there must be one (RFC 6376 3.6.2.2)" if texts else "is missing"
    tags, expected = dict(_tags(texts[0])), dict(_tags(key.record))
    kind = tags.get("k", "rsa")
    checks = (
        (tags.get("v", "DKIM1") == "DKIM1" and "p" in tags, "is no DKIM record"),
        (bool(tags.get("p")), "says that the key is revoked (p is empty)"),
        (kind == expected["k"], f"is for {kind}, the key is {expected['k']}"),
        (tags.get("p") == expected["p"], "holds another key"),
        (
            "y" not in tags.get("t", "").split(":"),
            "says that signatures are only tried (t=y): verifiers may ignore them",
        ),
    )
    return next((wrong for right, wrong in checks if not right), "")


def _tags(record: str) -> Iterable[tuple[str, str]]:
    for part in record.split(";"):
        name, equals, value = part.partition("=")
        if equals:
            yield name.strip(), "".join(value.split())
