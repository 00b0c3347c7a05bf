"""What an AUTH exchange tells about who authenticated, without keeping a secret (RFC 4954)."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

RELAYED: Final = frozenset(
    {"PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2", "OAUTHBEARER", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512"}
)
"""Mechanisms that survive being relayed: no channel binding (``-PLUS``), no security layer of their own."""

_SCRAM: Final = re.compile(rb"n,(?:a=[^,]*)?,n=([^,]{1,255}),")
_OAUTH: Final = re.compile(rb"(?:^|\x01)user=([^\x01]{1,255})\x01")
_BEARER: Final = re.compile(rb"n,a=([^,]{1,255}),")


def mechanisms(offered: bytes) -> list[str]:
    """Return those of the relay's AUTH mechanisms that can be relayed, in its order."""
    words = offered.decode("ascii", "replace").upper().split()
    return [word for word in words if word in RELAYED]


class Exchange:
    """Follow the client's lines of one exchange and name the user; passwords are never kept."""

    def __init__(self, argument: bytes) -> None:
        """Take the argument of AUTH: a mechanism, perhaps with an initial response."""
        mechanism, _, initial = argument.strip().partition(b" ")
        self.mechanism = mechanism.decode("ascii", "replace").upper()
        self.user: str | None = None
        self._turn = 0
        if initial and initial != b"=":
            self.say(initial)

    def say(self, line: bytes) -> None:
        """Take a line of the client's (base64)."""
        self._turn += 1
        if self.user is not None:
            return
        try:
            octets = base64.b64decode(line.strip(), validate=True)
        except (binascii.Error, ValueError):
            return
        user = self._read(octets)
        if user:
            self.user = user.decode("utf-8", "replace")

    def _read(self, octets: bytes) -> bytes:
        match self.mechanism:
            case "PLAIN":
                fields = octets.split(b"\0")
                return fields[1] if len(fields) == 3 else b""  # noqa: PLR2004 - RFC 4616 2
            case "LOGIN":
                return octets if self._turn == 1 else b""
            case "CRAM-MD5":
                return octets.rpartition(b" ")[0]
            case "XOAUTH2":
                return _group(_OAUTH, octets)
            case "OAUTHBEARER":
                return _group(_BEARER, octets)
            case _:
                return _group(_SCRAM, octets).replace(b"=2C", b",").replace(b"=3D", b"=")


def _group(pattern: re.Pattern[bytes], octets: bytes) -> bytes:
    found = pattern.search(octets)
    return found.group(1) if found else b""
