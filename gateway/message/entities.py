"""Character references of HTML, bounded so that no input makes them costly (HTML 13.5)."""

from __future__ import annotations

import re
from html.entities import html5
from typing import Final

from gateway.message.charset import windows_character

_REFERENCE: Final = re.compile(r"&(?:#[xX]0*([0-9A-Fa-f]{1,6});?|#0*([0-9]{1,7});?|([A-Za-z][A-Za-z0-9]{1,31});?)")
_LAST: Final = 0x10FFFF
_SURROGATES: Final = range(0xD800, 0xE000)
_C1: Final = range(0x80, 0xA0)


def unescape(text: str) -> str:
    """Return text with its character references replaced; what is none stays."""
    return _REFERENCE.sub(_character, text) if "&" in text else text


def _character(match: re.Match[str]) -> str:
    if name := match[3]:
        return _named(match[0], name)
    code = int(match[1], 16) if match[1] else int(match[2])
    if code in _C1:
        return windows_character(code)
    return chr(code) if 0 < code <= _LAST and code not in _SURROGATES else "\ufffd"


def _named(whole: str, name: str) -> str:
    if found := html5.get(f"{name};"):
        return found
    for length in range(len(name), 1, -1):
        if found := html5.get(name[:length]):
            return found + whole[length + 1 :]
    return whole
