"""Leaves that are encrypted or signed, told by what they are declared to be and by their first octets."""

from __future__ import annotations

import re
from typing import Final

from gateway.message.cms import Kind, read_cms
from gateway.message.entity import Leaf
from gateway.message.transfer import from_base64, is_textual
from gateway.model import PartState

SEALED: Final = frozenset({"application/pgp-encrypted"})
"""Kinds that say it of themselves."""
_CMS: Final = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_SIGNATURES: Final = frozenset(
    {
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
        "application/pgp-signature",
        "application/pgp-keys",
    }
)
_PEM: Final = re.compile(rb"\s*-----BEGIN (?:CMS|PKCS7|PKCS #7 SIGNED DATA)-----\s+([A-Za-z0-9+/=\s]+)")
_SEALED_HEADS: Final = (
    b"Salted__",
    b"age-encryption.org/v",
    b"-----BEGIN AGE ENCRYPTED FILE-----",
    b"\x03\xd9\xa2\x9a",
)
"""Of OpenSSL, age and KeePass."""
_SIGNATURE_HEADS: Final = (b"\x30\x80", b"\x30\x81", b"\x30\x82", b"\x30\x83", b"-----BEGIN PGP ")


def cryptographic_state(leaf: Leaf, sample: bytes) -> PartState | None:
    """Return the state of an encrypted leaf or a signature; None for any other."""
    extension = extension_of(leaf.filename)
    if leaf.media_type in _CMS or extension == "p7m":
        kind, _ = read_cms(sample)
        if kind is Kind.SIGNED:
            return PartState.SCANNED
        sealed = kind is Kind.ENCRYPTED or leaf.smime in ("", "enveloped-data", "authenveloped-data")
        return PartState.ENCRYPTED if sealed else None
    if leaf.media_type in _SIGNATURES and sample.lstrip().startswith(_SIGNATURE_HEADS):
        return PartState.SCANNED
    if extension in ("pgp", "gpg") and not is_textual(sample):
        return PartState.ENCRYPTED
    return PartState.ENCRYPTED if sample.startswith(_SEALED_HEADS) or _is_armoured(sample) else None


def _is_armoured(sample: bytes) -> bool:
    """Tell an encrypted message of CMS in the clothes of RFC 7468."""
    found = _PEM.match(sample)
    return found is not None and read_cms(from_base64(found[1])[0])[0] is Kind.ENCRYPTED


def extension_of(filename: str | None) -> str:
    """Return the ending of a name in lower case, without its dot; nothing where there is none."""
    return filename.rpartition(".")[2].strip().lower() if filename and "." in filename else ""
