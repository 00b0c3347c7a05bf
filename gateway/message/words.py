"""Header text: encoded words (RFC 2047), as whole or broken as they come, and raw 8-bit octets."""

from __future__ import annotations

import binascii
import re
from typing import Final

from gateway.message.charset import decode_as, decode_plain

_WORD: Final = re.compile(rb"=\?([^?\s]{1,75})\?([bBqQ])\?([^?]*)(?:\?=|\?$|$)")
_BASE64: Final = re.compile(rb"[^A-Za-z0-9+/]+")
_BREAKS: Final = re.compile(r"[\x00-\x1f\x7f]+")


def decode_words(value: bytes) -> str:
    """Return the text of an unstructured field.

    White space between two encoded words goes (RFC 2047 6.2), and neighbours of one charset are joined before
    they are decoded, since senders cut characters in two. What cannot be decoded stays as it is written.
    """
    if b"=?" not in value:
        return _BREAKS.sub(" ", decode_plain(value))
    out: list[str] = []
    pending = _Pending()
    position = 0
    for match in _WORD.finditer(value):
        between = value[position : match.start()]
        if between.strip():
            out.append(pending.flush())
            out.append(decode_plain(between))
        elif between and pending.empty:
            out.append(decode_plain(between))
        charset = match[1].partition(b"*")[0].lower()
        if charset != pending.charset:
            out.append(pending.flush())
            pending.charset = charset
        pending.octets.append(_decode(match[2], match[3]))
        position = match.end()
    out.append(pending.flush())
    out.append(decode_plain(value[position:]))
    return _BREAKS.sub(" ", "".join(out))


class _Pending:
    """Decoded neighbours of one charset, not yet text."""

    __slots__ = ("charset", "octets")

    def __init__(self) -> None:
        self.charset = b""
        self.octets: list[bytes] = []

    @property
    def empty(self) -> bool:
        return not self.octets

    def flush(self) -> str:
        octets, self.octets = b"".join(self.octets), []
        return decode_as(octets, self.charset.decode("ascii", "replace")) if octets else ""


def _decode(encoding: bytes, text: bytes) -> bytes:
    if encoding in b"bB":
        return decode_base64_word(text)
    return binascii.a2b_qp(text.replace(b"_", b" "))


def decode_base64_word(text: bytes) -> bytes:
    """Decode a short base64 text whatever surrounds it; a lone last character is dropped."""
    digits = _BASE64.sub(b"", text)
    rest = len(digits) % 4
    if rest == 1:
        digits = digits[:-1]
    return binascii.a2b_base64(digits + b"=" * (-len(digits) % 4))
