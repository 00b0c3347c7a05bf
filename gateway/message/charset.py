"""Octets to text: byte order mark, declaration, and what the octets look like; both readings where they differ."""

from __future__ import annotations

import codecs
import re
from typing import Final

from gateway.message.wordlist import words_of

_SAMPLE: Final = 4096
_WINDOWS: Final = "cp1252"
_LONGEST_NAME: Final = 40
_DECLARATION: Final = re.compile(
    rb"<(?:meta[^<>]{1,200}charset|\?xml[^<>]{1,100}encoding)\s{0,9}=\s{0,9}[\"']?([A-Za-z0-9_.:-]{2,40})",
    re.IGNORECASE,
)

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

_WINDOWS_IN_PRACTICE: Final = frozenset({"ascii", "iso8859-1", "latin_1", "latin-1", "cp1252"})
"""Declarations that mean Windows-1252 in mail (WHATWG Encoding 4.2)."""

_MEANT: Final = {
    "shift_jis": "cp932",
    "x-sjis": "cp932",
    "gb2312": "gb18030",
    "gb_2312-80": "gb18030",
    "euc_kr": "cp949",
    "iso-8859-8-i": "iso8859-8",
    "unicode": "utf-16",
    "x-mac-roman": "mac-roman",
    "utf8mb4": "utf-8",
}
"""Names and codecs that mean a wider or another codec in practice."""

_SHIFTING: Final = words_of(
    """utf-7 utf-16 utf-16-le utf-16-be utf-32 utf-32-le utf-32-be hz
    iso2022_jp iso2022_jp_1 iso2022_jp_2 iso2022_kr"""
)
"""Codecs in which octets of ASCII may mean something else."""

_LINEAR: Final = words_of(
    """
    utf-8 utf-7 utf-16 utf-16-le utf-16-be utf-32 utf-32-le utf-32-be cp437 cp850 cp852 cp865 cp866 cp874 cp932
    cp949 cp950 cp1250 cp1251 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 iso8859-2 iso8859-3 iso8859-4 iso8859-5
    iso8859-6 iso8859-7 iso8859-8 iso8859-9 iso8859-10 iso8859-11 iso8859-13 iso8859-14 iso8859-15 iso8859-16
    koi8-r koi8-u mac-roman mac-cyrillic big5 big5hkscs gb2312 gbk gb18030 hz euc_jp euc_kr johab shift_jis
    iso2022_jp iso2022_jp_1 iso2022_jp_2 iso2022_kr tis-620
    """
)
"""Text codecs that work in linear time on any input; others (idna, punycode, escapes) are never run."""


def decode_text(octets: bytes, declared: str = "") -> tuple[str, ...]:
    """Return the readings of a text, the likeliest first; a second one only where declaration and look differ.

    The order is: byte order mark, UTF-16 by its pattern of NULs, UTF-8 where it is valid and has something
    outside ASCII, the declaration, Windows-1252.
    """
    for mark, mark_codec in _MARKS:
        if octets.startswith(mark):
            return (octets[len(mark) :].decode(mark_codec, "replace"),)
    codec = known_codec(declared)
    if octets.isascii() and codec not in _SHIFTING and b"\0" not in octets:
        return (octets.decode("ascii"),)
    if codec in ("", "utf-8") and b"\0" not in octets and (text := _flawless(octets)):
        return (text,)
    first = _seen(octets, codec)
    second = octets.decode("ascii", "replace") if codec == "utf-7" else _decoded(octets, codec or "utf-8")
    if second == first and codec == "utf-8" and "\ufffd" in first:
        second = _windows(octets)
    return (first,) if second == first or not (codec or "\ufffd" in first) else (first, second)


def _flawless(octets: bytes) -> str:
    """Return text in UTF-8 that holds no sign of a reading gone wrong; nothing where there is one."""
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    return "" if "\ufffd" in text else text


def _seen(octets: bytes, codec: str) -> str:
    """Read by look; where the look says nothing, by declaration."""
    wide = _wide(octets)
    if wide:
        return octets.decode(wide, "replace")
    if codec in _SHIFTING and not codec.startswith(("utf-16", "utf-32")):
        return _decoded(octets, codec)
    text = octets.decode("utf-8", "replace")
    wrong = text.count("\ufffd")
    if not wrong:
        return text
    if codec not in ("", "utf-8", _WINDOWS):
        return _decoded(octets, codec)
    right = len(text) - len(text.encode("ascii", "ignore")) - wrong
    return text if right >= wrong else _windows(octets)


def _wide(octets: bytes) -> str:
    """Recognise UTF-16 without a mark: text has its NULs at every other octet."""
    sample = octets[:_SAMPLE]
    if len(sample) < 4 or b"\0" not in sample:  # noqa: PLR2004 - two characters
        return ""
    half = len(sample) // 2
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if odd > half * 0.4 and even < half * 0.05:
        return "utf-16-le"
    if even > half * 0.4 and odd < half * 0.05:
        return "utf-16-be"
    return ""


def decode_as(octets: bytes, declared: str) -> str:
    """Return the one likeliest reading of a short text."""
    codec = known_codec(declared)
    return decode_plain(octets) if codec in ("", "utf-8") else _decoded(octets, codec)


def decode_plain(octets: bytes) -> str:
    """Return text without a declaration: UTF-8 where valid, else Windows-1252."""
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return _windows(octets)


def _decoded(octets: bytes, codec: str) -> str:
    return _windows(octets) if codec == _WINDOWS else octets.decode(codec, "replace")


def _windows(octets: bytes) -> str:
    try:
        return octets.decode(_WINDOWS)
    except UnicodeDecodeError:
        return octets.decode("latin-1").translate(_C1)


def windows_character(code: int) -> str:
    """Return what Windows-1252 shows for an octet, also where it defines nothing."""
    try:
        return bytes([code]).decode(_WINDOWS)
    except UnicodeDecodeError:
        return chr(code)


_C1: Final = {code: windows_character(code) for code in range(0x80, 0xA0)}


def declared_inside(octets: bytes) -> str:
    """Return the charset that HTML or XML declares of itself in its first octets."""
    match = _DECLARATION.search(octets[:_SAMPLE])
    return match[1].decode("ascii") if match else ""


def known_codec(declared: str) -> str:
    """Return the name of the codec that a declaration means, or nothing where we know none."""
    name = declared.strip(" '\"").lower()
    if not name or len(name) > _LONGEST_NAME or not name.isascii():
        return ""
    try:
        codec = codecs.lookup(_MEANT.get(name, name)).name
    except (LookupError, ValueError):
        return ""
    if codec in _WINDOWS_IN_PRACTICE:
        return _WINDOWS
    codec = _MEANT.get(codec, codec)
    return codec if codec in _LINEAR else ""
