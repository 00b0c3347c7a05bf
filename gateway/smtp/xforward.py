"""XFORWARD: what a trusted peer says of its own client, and how a relay is told (Postfix, XFORWARD_README)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Final

from gateway.model import PeerViolation, Reply

ATTRIBUTES: Final = ("NAME", "ADDR", "PORT", "PROTO", "HELO", "IDENT", "SOURCE")
UNAVAILABLE: Final = ("[UNAVAILABLE]", "[TEMPUNAVAIL]")
LINE_OCTETS: Final = 510
VALUE_OCTETS: Final = 255

_PAIR: Final = re.compile(rb"([A-Za-z]{1,16})=([\x21-\x7e\x80-\xff]{0,255})")
_XTEXT: Final = re.compile(rb"\+([0-9A-Fa-f]{2})")


def parse_xforward(argument: bytes) -> dict[str, str]:
    """Return the attributes of one XFORWARD command, decoded. Raises PeerViolation (501)."""
    found: dict[str, str] = {}
    for word in argument.split():
        pair = _PAIR.fullmatch(word)
        name = pair.group(1).decode("ascii").upper() if pair else ""
        if pair is None or name not in ATTRIBUTES:
            raise PeerViolation(Reply(code=501, enhanced="5.5.4", lines=("Bad XFORWARD attribute",)))
        found[name] = decode_xtext(pair.group(2))
    if not found:
        raise PeerViolation(Reply(code=501, enhanced="5.5.4", lines=("Syntax: XFORWARD attribute=value",)))
    return found


def decode_xtext(octets: bytes) -> str:
    """Decode xtext (RFC 3461 4)."""
    return _XTEXT.sub(lambda m: bytes([int(m.group(1), 16)]), octets).decode("utf-8", "replace")


def encode_xtext(text: str) -> bytes:
    """Encode as xtext (RFC 3461 4)."""
    return b"".join(
        bytes([o]) if 0x21 <= o <= 0x7E and o not in b"+=" else b"+%02X" % o  # noqa: PLR2004 - RFC 3461 4
        for o in text.encode("utf-8", "replace")
    )


def xforward_lines(attributes: Mapping[str, str], known: Collection[str], verb: bytes = b"XFORWARD") -> list[bytes]:
    """Return XFORWARD (or XCLIENT) commands with those attributes that the relay knows; none where there is none.

    No line is longer than a command line may be (RFC 5321 4.5.3.1.4).
    """
    lines: list[bytes] = []
    for name, value in attributes.items():
        if name not in known:
            continue
        word = b" " + name.encode() + b"=" + (value.encode() if value in UNAVAILABLE else _within(value))
        if not lines or len(lines[-1]) + len(word) > LINE_OCTETS:
            lines.append(verb)
        lines[-1] += word
    return lines


def _within(text: str) -> bytes:
    """Encode as much of a text as an attribute may hold."""
    encoded = encode_xtext(text)
    while len(encoded) > VALUE_OCTETS:
        text = text[:-1]
        encoded = encode_xtext(text)
    return encoded
