"""The values of Content-Type and its kin: a token, then parameters in all their spellings (RFC 2045 5.1, RFC 2231)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote_to_bytes

from gateway.message.charset import decode_as, decode_plain
from gateway.message.words import decode_words

PARAMETERS: Final = 256
"""Parameters of one field that are read."""

_PIECE: Final = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"?|\(|\)|;|[^"();]+', re.DOTALL)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_NUMBERED: Final = re.compile(r"([^*]+)\*(\d{1,4})(\*?)")


@dataclass(slots=True)
class Valued:
    """A structured field taken apart."""

    main: str
    """What stands first, lower-case, without blanks: ``text/plain``, ``attachment``, ``base64``."""
    parameters: dict[str, list[str]] = field(default_factory=dict)
    """Lower-case name → its values, decoded, in order; more than one is a conflict."""

    def get(self, name: str) -> str:
        """Return the first value of a parameter, or nothing."""
        values = self.parameters.get(name)
        return values[0] if values else ""


def read_valued(value: bytes) -> Valued:
    """Take a field apart; broken quoting, comments, blanks and repetitions are read as clients read them."""
    pieces = _pieces(decode_plain(value))
    main = "".join(pieces[0].split()).lower().strip("\"'") if pieces else ""
    main = main.partition(",")[0]
    out = Valued(main=main)
    numbered: dict[str, dict[int, tuple[str, bool]]] = {}
    for piece in pieces[1 : PARAMETERS + 1]:
        name, equals, text = piece.partition("=")
        name = name.strip().lower()
        if not equals or not name:
            continue
        match = _NUMBERED.fullmatch(name)
        if match:
            numbered.setdefault(match[1], {}).setdefault(int(match[2]), (text, bool(match[3])))
        elif name.endswith("*"):
            out.parameters.setdefault(name[:-1], []).insert(0, _extended(text))
        else:
            out.parameters.setdefault(name, []).append(_plain(text))
    for name, sections in numbered.items():
        out.parameters.setdefault(name, []).insert(0, _continued(sections))
    return out


def _pieces(text: str) -> list[str]:
    """Cut at semicolons outside quotes and comments, and take both off."""
    pieces: list[str] = []
    current: list[str] = []
    depth = 0
    for match in _PIECE.finditer(text):
        token = match[0]
        if token == "(":  # noqa: S105 - a parenthesis
            depth += 1
        elif token == ")":  # noqa: S105 - a parenthesis
            depth = max(0, depth - 1)
        elif depth:
            continue
        elif token == ";":  # noqa: S105 - a semicolon
            pieces.append("".join(current))
            current.clear()
            if len(pieces) > PARAMETERS:
                return pieces
        elif match[1] is not None:
            current.append(_ESCAPED.sub(r"\1", match[1]))
        else:
            current.append(token)
    pieces.append("".join(current))
    return pieces


def _plain(text: str) -> str:
    text = text.strip()
    return decode_words(text.encode("utf-8", "replace")).strip() if "=?" in text else text


def _extended(text: str) -> str:
    """Decode ``charset'language'percent-encoded`` (RFC 2231 4)."""
    charset, quote, rest = text.strip().partition("'")
    if not quote:
        return decode_plain(unquote_to_bytes(text.strip()))
    return decode_as(unquote_to_bytes(rest.partition("'")[2]), charset)


def _continued(sections: dict[int, tuple[str, bool]]) -> str:
    """Join ``name*0``, ``name*1*`` … in order of their numbers (RFC 2231 3)."""
    octets: list[bytes] = []
    charset = ""
    for number in sorted(sections):
        text, encoded = sections[number]
        text = text.strip()
        if encoded and number == 0 and text.count("'") >= 2:  # noqa: PLR2004 - RFC 2231 4.1
            charset, _, text = text.partition("'")
            text = text.partition("'")[2]
        octets.append(unquote_to_bytes(text) if encoded else text.encode("utf-8", "replace"))
    return decode_as(b"".join(octets), charset)
