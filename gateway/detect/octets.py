"""Text as Latin-1 octets, one for each character, so that searches run at the speed of C and positions agree."""

from __future__ import annotations

from typing import Final

_CAPITALS: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ") | frozenset(range(0xC0, 0xDF)) - {0xD7}
_TO_LOWER: Final = bytes(c + 32 if c in _CAPITALS else c for c in range(256))
_TO_TOKENS: Final = bytes(_TO_LOWER[c] if chr(c).isalnum() else 0x20 for c in range(256))
_TO_DIGITS: Final = bytes(0x30 if 0x30 <= c <= 0x39 else c for c in range(256))  # noqa: PLR2004 - "0" to "9"
_NO_CAPITALS: Final = bytes(frozenset(range(256)) - _CAPITALS)
_FEW: Final = 400
_SHARE: Final = 50
"""One character in so many may be beyond Latin-1, and some hundred, before each is looked at by itself no more."""


def latin_of(text: str) -> bytes:
    """Return one octet for each character, ``?`` for those outside Latin-1."""
    return text.encode("latin-1", "replace")


def beyond(text: str, latin: bytes) -> list[int] | None:
    """Return where characters outside Latin-1 stand; None where there are too many to list."""
    if latin.count(b"?") > _FEW + len(text) // _SHARE:
        return None
    places: list[int] = []
    at = latin.find(b"?")
    while at >= 0:
        if text[at] != "?":
            places.append(at)
        at = latin.find(b"?", at + 1)
    return places


def lower_octets(latin: bytes) -> bytes:
    """Return octets in lower case."""
    return latin.translate(_TO_LOWER)


def lower_of(text: str, latin: bytes, places: list[int] | None) -> str:
    """Return ``text.lower()`` of normalised text, given its octets and the places of ``beyond``."""
    if places is None or any(text[at].lower() != text[at] for at in places):
        return text.lower()
    low = lower_octets(latin).decode("latin-1")
    if not places:
        return low
    pieces: list[str] = []
    done = 0
    for at in places:
        pieces += (low[done:at], text[at])
        done = at + 1
    pieces.append(low[done:])
    return "".join(pieces)


def capitals_of(latin: bytes) -> int:
    """Return the number of capital letters."""
    return len(latin.translate(None, _NO_CAPITALS))


def tokens_of(latin: bytes) -> bytes:
    """Return lower-case octets with a space for all that is neither letter nor digit.

    Characters outside Latin-1 come out as spaces: words of other scripts are searched for in the text itself.
    """
    return latin.translate(_TO_TOKENS)


def digits_of(latin: bytes) -> bytes:
    """Return octets with ``0`` for every digit."""
    return latin.translate(_TO_DIGITS)
