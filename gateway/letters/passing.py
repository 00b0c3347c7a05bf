"""DKIM signatures on passing messages: one field above octets that stay as they are (RFC 6376, RFC 8463).

dkimpy's canonicalisation is quadratic on hostile input and these messages are written by others, so this takes the two
forms that are linear by nature: *relaxed* for the header, where later hops refold, and *simple* for the body.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from gateway.letters.dkim import Algorithm, PrivateKey, SigningKey

HEADER: Final = 256 * 1024
"""Octets of a header that is signed; longer ones are nobody's."""
_NAMES: Final = (
    b"from", b"to", b"cc", b"reply-to", b"subject", b"date", b"message-id", b"in-reply-to", b"references",
    b"mime-version", b"content-type", b"content-transfer-encoding",
)  # fmt: skip
_TWICE: Final = (b"from", b"subject")
"""Named once more than they occur, so that none can be added (RFC 6376 8.15)."""
_BLANKS: Final = re.compile(rb"[ \t\r\n]+")
_LINE: Final = 72


@dataclass(frozen=True, slots=True)
class _Hand:
    """A key ready to sign."""

    key: SigningKey
    private: PrivateKey = field(repr=False)

    def signature(self, digest_of: bytes) -> bytes:
        if isinstance(self.private, RSAPrivateKey):
            return self.private.sign(digest_of, PKCS1v15(), hashes.SHA256())
        # RFC 8463 3: Ed25519 signs the digest.
        return self.private.sign(hashlib.sha256(digest_of).digest())


class PassingSigner:
    """Signs messages of the domains that there are keys for."""

    def __init__(self, keys: Sequence[SigningKey]) -> None:
        """Take the keys in the form of ``load_key``."""
        self._hands = tuple(_Hand(key, _private(key)) for key in keys)

    def sign(self, octets: bytes, domain: str) -> bytes:
        """Return the fields that go above a message whose From is of ``domain``; none where nothing fits.

        ``octets`` is the message without transparency dots. Takes time for long ones: call it beside the event loop.
        """
        hands = [h for h in self._hands if domain == h.key.domain or domain.endswith(f".{h.key.domain}")]
        end = octets.find(b"\r\n\r\n", 0, HEADER)
        if not hands or (end < 0 and len(octets) > HEADER):
            return b""
        head, body = (octets, b"") if end < 0 else (octets[: end + 2], octets[end + 4 :])
        fields = list(_fields(head))
        hashed = base64.b64encode(hashlib.sha256(_simple(body)).digest())
        return b"".join(_field(hand, fields, hashed) for hand in hands)


def _private(key: SigningKey) -> PrivateKey:
    if key.algorithm is Algorithm.ED25519:
        return Ed25519PrivateKey.from_private_bytes(base64.b64decode(key.private))
    loaded = serialization.load_pem_private_key(key.private, password=None)
    if not isinstance(loaded, RSAPrivateKey):
        raise TypeError("the key does not fit its algorithm")
    return loaded


def _fields(head: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the fields in order: folded name, and what follows the colon as it stands, folds included."""
    name, value = b"", bytearray()
    for line in head.split(b"\r\n"):
        if line[:1] in (b" ", b"\t"):
            value += b"\r\n" + line
            continue
        if name:
            yield name, bytes(value)
        raw, colon, rest = line.partition(b":")
        name, value = (raw.strip().lower(), bytearray(rest)) if colon else (b"", bytearray())
    if name:
        yield name, bytes(value)


def _relaxed(name: bytes, value: bytes) -> bytes:
    """Return a field in relaxed form (RFC 6376 3.4.2), without its line end."""
    return name + b":" + _BLANKS.sub(b" ", value).strip(b" ")


def _simple(body: bytes) -> bytes:
    """Return a body in simple form (RFC 6376 3.4.3): one line end at its end."""
    end = len(body)
    while body.endswith(b"\r\n", 0, end):
        end -= 2
    return body[:end] + b"\r\n"


def _field(hand: _Hand, fields: list[tuple[bytes, bytes]], hashed: bytes) -> bytes:
    present = {name for name, _ in fields}
    names: list[bytes] = []
    chosen: list[bytes] = []
    for name in (n for n in _NAMES if n in present):
        # Counted from the last field upwards (RFC 6376 5.4.2).
        values = [value for found, value in reversed(fields) if found == name]
        names += [name] * len(values)
        chosen += [_relaxed(name, value) for value in values]
    names += [name for name in _TWICE if name in present]
    key = hand.key
    tags = [
        b"v=1",
        b"a=" + key.algorithm.value.encode(),
        b"c=relaxed/simple",
        b"d=" + key.domain.encode("idna"),
        b"s=" + key.selector.encode(),
        b"h=" + b":".join(names),
        b"bh=" + hashed,
        b"b=",
    ]
    unsigned = b"DKIM-Signature: " + _folded(tags)
    covered = b"\r\n".join([*chosen, _relaxed(b"dkim-signature", unsigned.partition(b":")[2])])
    signature = base64.b64encode(hand.signature(covered))
    lines = [signature[at : at + _LINE] for at in range(0, len(signature), _LINE)]
    return unsigned + b"\r\n\t".join(lines) + b"\r\n"


def _folded(tags: list[bytes]) -> bytes:
    """Return the tags, one line each, and the long list of names on several."""
    out = []
    for tag in tags:
        names = tag.split(b":")
        line = names[0]
        lines = []
        for name in names[1:]:
            if len(line) + len(name) > _LINE:
                lines.append(line + b":")
                line = b" " + name
            else:
                line += b":" + name
        out.append(b"\r\n\t".join([*lines, line]))
    return b";\r\n\t".join(out)
