"""One-time codes: what a letter's answer is addressed to, so that it needs no account, no page and no memory of ours.

A code stands behind the plus sign of an address. It names a mailing, the persons that it wished to reach and the hour
until which it is good, and carries a MAC (HMAC-SHA-256, cut to 80 bits) that covers these and whom it was written to.
Mail systems fold the case of addresses, so it is written in lower case.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Final

_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_MAILING: Final = 10
_PERSONS: Final = 4
_HOURS: Final = 4
_MAC: Final = 16
_BODY: Final = 1 + _MAILING + _PERSONS + _HOURS
LENGTH: Final = _BODY + _MAC
"""Characters of a code; RFC 5321 allows 64 for the whole of a local part."""
MOST_PERSONS: Final = len(_DIGITS) ** _PERSONS - 1


class Purpose(Enum):
    """What an answer to the code does."""

    MOTIVATE = "m"
    """The sender of a mailing gives the reason."""
    APPROVE = "a"
    """The approver says yes or no to a reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """What a code says."""

    purpose: Purpose
    mailing: str
    persons: int
    """That the refused message would have reached in all."""
    until: datetime
    """Aware, to the hour."""

    def write(self, reader: str, key: bytes) -> str:
        """Return the code for the one who is to answer with it."""
        hours = int(self.until.timestamp()) // 3600
        persons = _number(min(self.persons, MOST_PERSONS), _PERSONS)
        body = f"{self.purpose.value}{self.mailing}{persons}{_number(hours, _HOURS)}"
        return body + _mac(body, reader, key)


def read_code(text: str, reader: str, key: bytes) -> Code | None:
    """Return what a code says; None for one that was not written to ``reader``, or that nobody wrote."""
    text = text.casefold()
    body, mac = text[:_BODY], text[_BODY:]
    if len(text) != LENGTH or not text.isascii() or not hmac.compare_digest(_mac(body, reader, key), mac):
        return None
    at = 1 + _MAILING
    return Code(
        purpose=Purpose(body[0]),
        mailing=body[1:at],
        persons=int(body[at : at + _PERSONS], len(_DIGITS)),
        until=datetime.fromtimestamp(0, UTC) + timedelta(hours=int(body[at + _PERSONS :], len(_DIGITS))),
    )


def permit_of(text: str) -> str:
    """Return the id of the permit that a code leads to: the same however often it is granted, on whatever host."""
    return text.casefold()[-6:]


def _number(value: int, width: int) -> str:
    out = ""
    for _ in range(width):
        value, digit = divmod(value, len(_DIGITS))
        out = _DIGITS[digit] + out
    return out


def _mac(body: str, reader: str, key: bytes) -> str:
    covered = f"motivation\0{reader.casefold()}\0{body}".encode()
    return base64.b32encode(hmac.digest(key, covered, hashlib.sha256)[: _MAC * 5 // 8]).decode().lower()
