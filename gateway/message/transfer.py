"""Transfer encodings undone by what octets look like, not only by what is declared (RFC 2045 6)."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Sequence
from enum import Enum
from itertools import islice
from typing import Final

import pybase64


class Encoding(Enum):
    """A way in which octets may be written in mail."""

    IDENTITY = "identity"
    BASE64 = "base64"
    QUOTED = "quoted-printable"
    UU = "uuencode"


_SAMPLE: Final = 4096
_CHUNK: Final = 1 << 20
_PADS: Final = 10_000
_FILES: Final = 100
_SHORTEST: Final = 16
_QUOTED_SIGNS: Final = 2
_NO_WORD: Final = 40
_BLANKS: Final = b" \t\r\n"
_ALPHABET: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_JUNK: Final = bytes(set(range(256)) - set(_ALPHABET))
_CONTROLS: Final = bytes(set(range(32)) - set(b"\t\n\r\f\x0b\x1b")) + b"\x7f"

FILE_HEADS: Final = (
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"PK\x07\x08",
    b"%PDF-",
    b"%!PS",
    b"{\\rtf",
    b"\xd0\xcf\x11\xe0",
    b"\x89PNG",
    b"GIF8",
    b"\xff\xd8\xff",
    b"II*\x00",
    b"MM\x00*",
    b"7z\xbc\xaf",
    b"Rar!",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ",
    b"\x78\x9f\x3e\x22",
    b"MZ\x90",
    b"\x1f\x9d",
    b"\x28\xb5\x2f\xfd",
    b"\x5d\0\0",
    b"\x7fELF",
)
"""First octets of kinds of files that people send."""

_DATA_URL: Final = re.compile(
    rb"\bdata:([a-z]{1,20}/[\w.+-]{1,60})(?:;[\w=.-]{1,40}){0,3};base64,([A-Za-z0-9+/=\s%]{400,})"
)
_PADDING: Final = re.compile(rb"=+")
_SOFT_BREAK: Final = re.compile(rb"=[ \t]{1,64}(?=\r?\n)")
_QUOTED_SIGN: Final = re.compile(rb"=(?:[0-9A-F]{2}|[0-9a-f]{2}|\r?\n)")
_QUOTED_PROOF: Final = re.compile(rb"=\r?\n|=[0-9A-Fa-f]{2}=[0-9A-Fa-f]{2}|=(?:[CcEe][45]|[DdFf]6)")
_ISLAND: Final = re.compile(
    rb"^(?:[A-Za-z0-9+/]{20,}={0,2}[ \t]*(?:\r?\n|\Z))+(?:[A-Za-z0-9+/]{2,}={0,2}[ \t]*(?:\r?\n|\Z))?", re.MULTILINE
)
_SHAPES: Final = bytes(b"A"[0] if octet in _ALPHABET.replace(b"=", b"") else octet for octet in range(256))
_ISLAND_BEGINS: Final = b"\n" + b"A" * 20
"""How every island begins in ``_SHAPES``: searched for at the speed of C, since next to no text has one."""
_YENC_BEGIN: Final = re.compile(
    rb"^=ybegin [^\r\n]{0,200}?name=([^\r\n]{1,255})\r?\n(?:=ypart [^\r\n]{0,200}\r?\n)?", re.MULTILINE
)
_YENC_ESCAPE: Final = re.compile(rb"=(.)", re.DOTALL)
_YENC_SHIFT: Final = bytes((code - 42) % 256 for code in range(256))
_UU_BEGIN: Final = re.compile(rb"^begin [0-7]{3,4} ([^\r\n]{1,255})\r?\n", re.MULTILINE)


def read_encodings(values: Sequence[bytes]) -> tuple[Encoding, ...]:
    """Return every encoding that the Content-Transfer-Encoding fields of a part may mean, in their order."""
    found: dict[Encoding, None] = {}
    for value in values:
        text = value.lower()
        joined = b"".join(text.split())
        if b"64" in joined and b"base" in joined:
            found[Encoding.BASE64] = None
        if b"quoted" in text:
            found[Encoding.QUOTED] = None
        if b"uu" in text:
            found[Encoding.UU] = None
        if re.search(rb"7 ?-?bit|8 ?-?bit|binary", text):
            found[Encoding.IDENTITY] = None
    return tuple(found)


def decodings(octets: bytes, declared: Sequence[Encoding]) -> list[bytes]:
    """Return the readings of a body, the likeliest first, without repetitions; at least one.

    Where the declaration is right, that is the only one. Otherwise readings that give text or a known kind of
    file come first.
    """
    out: list[bytes] = []
    for encoding in declared or (Encoding.IDENTITY,):
        out += _undo(octets, encoding)
    if _looks_base64(out[0]):
        out += _undo(out[0], Encoding.BASE64)
    if Encoding.BASE64 in declared and (not _is_mostly_base64(octets) or (_worst(out) > 1 and _has_junk(octets))):
        out += [octets, *base64_islands(octets)]
    if Encoding.QUOTED not in declared and _looks_quoted(octets):
        out += _undo(octets, Encoding.QUOTED)
    if len(out) == 1:
        return out
    out = list(dict.fromkeys(out))
    return out if len(out) == 1 else sorted(out, key=_rank)


def _worst(readings: Sequence[bytes]) -> int:
    return max(map(_rank, readings))


def _rank(octets: bytes) -> int:
    """Order readings: files that are known by their first octets, text, anything else."""
    if octets.startswith(FILE_HEADS):
        return 0
    if not is_textual(octets) or not octets.strip():
        return 3
    return 2 if _looks_base64(octets) or _looks_quoted(octets) else 1


def decoded_chunks(source: bytes, start: int, end: int, declared: Sequence[Encoding]) -> Iterator[bytes]:
    """Yield the first reading of a body of any size piece by piece, never holding all of it."""
    encoding = declared[0] if declared else Encoding.IDENTITY
    if encoding is Encoding.BASE64:
        yield from _base64_chunks(source, start, end)
    elif encoding is Encoding.IDENTITY:
        for position in range(start, end, _CHUNK):
            yield source[position : min(end, position + _CHUNK)]
    else:
        yield from _undo(source[start:end], encoding)[:1]


def _base64_chunks(source: bytes, start: int, end: int) -> Iterator[bytes]:
    position = start
    while position < end:
        # Most files are lines of digits without anything between them: such need no joining.
        stop = min(end, position + _CHUNK)
        stop = end if stop == end else source.rfind(b"\n", position, stop) + 1
        clean = _clean_lines(source[position:stop]) if stop > position else None
        if clean is None:
            break
        yield clean
        position = stop
    yield from _joined_chunks(source, position, end)


def _clean_lines(octets: bytes) -> bytes | None:
    """Decode base64 of whole groups of four digits in lines; None where they are not whole, or are padded."""
    try:
        return None if b"=" in octets else pybase64.b64decode(octets)
    except (binascii.Error, ValueError):
        return None


def _joined_chunks(source: bytes, start: int, end: int) -> Iterator[bytes]:
    """Decode base64 of any form piece by piece."""
    rest = b""
    for position in range(start, end, _CHUNK):
        digits = rest + source[position : min(end, position + _CHUNK)].translate(None, _BLANKS)
        whole = len(digits) - len(digits) % 4
        rest = digits[whole:]
        yield from from_base64(digits[:whole])[:1]
    if rest:
        yield from from_base64(rest)[:1]


def is_textual(octets: bytes) -> bool:
    """Tell text from binary data by control characters in the first octets."""
    sample = octets[:_SAMPLE]
    if b"\0" in sample:
        return sample[::2].count(0) > len(sample) * 0.2 or sample[1::2].count(0) > len(sample) * 0.2
    return len(sample) - len(sample.translate(None, _CONTROLS)) <= len(sample) // 64


def _undo(octets: bytes, encoding: Encoding) -> list[bytes]:
    if encoding is Encoding.BASE64:
        return from_base64(octets)
    if encoding is Encoding.QUOTED:
        return [from_quoted(octets)]
    if encoding is Encoding.UU:
        return [data for _, data in files_within(octets)[0]] or [octets]
    return [octets]


# --- base64 ----------------------------------------------------------------------------------


def from_base64(octets: bytes) -> list[bytes]:
    """Decode base64 in spite of junk, missing padding and padding in the middle.

    With padding in the middle there are two readings: decoders start anew behind it or pass over it.
    """
    octets = octets.rstrip(_BLANKS)
    pad = octets.find(b"=")
    if pad < 0 or pad >= len(octets) - 2:
        try:
            return [pybase64.b64decode(octets)]
        except (binascii.Error, ValueError):
            pass
    digits = octets.translate(None, _JUNK)
    pads = digits.count(b"=")
    runs = [run for run in _PADDING.split(digits) if run] if pads <= _PADS else []
    if len(runs) <= 1:
        return [_run(digits.replace(b"=", b""))]
    return [b"".join(map(_run, runs)), _run(b"".join(runs))]


def _run(digits: bytes) -> bytes:
    """Decode digits without padding; a lone last digit carries no octet."""
    if len(digits) % 4 == 1:
        digits = digits[:-1]
    return pybase64.b64decode(digits + b"=" * (-len(digits) % 4))


def _looks_base64(octets: bytes) -> bool:
    """Tell base64 that nobody declared: lines of one length in its alphabet, not words, with text or a file inside."""
    sample = octets[:_SAMPLE].strip(_BLANKS)
    if len(sample) < _SHORTEST or b" " in sample or sample.translate(None, _ALPHABET + _BLANKS):
        return False
    if sample in (sample.upper(), sample.lower()):  # a long number, a row of zeros, a code: base64 has both cases
        return False
    lines = sample.split()
    longest = len(lines[0])
    if any(len(line) != longest for line in lines[:-1]) or len(lines[-1]) > longest:
        return False
    inside = from_base64(sample[: len(sample) // 4 * 4])[0]
    return longest >= _NO_WORD or (longest >= _SHORTEST and not len(sample) % 4 and is_textual(inside))


def _is_mostly_base64(octets: bytes) -> bool:
    sample = octets[:_SAMPLE]
    digits = sample.translate(None, _BLANKS)
    return max(len(digits.translate(None, _ALPHABET)), sample.count(b" ")) <= len(digits) // 10


def _has_junk(octets: bytes) -> bool:
    return bool(octets.translate(None, _ALPHABET + _BLANKS))


def base64_islands(octets: bytes) -> list[bytes]:
    """Return the texts and files that stand as base64 between the lines of another text."""
    out: list[bytes] = []
    if _ISLAND_BEGINS not in b"\n" + octets.translate(_SHAPES):
        return out
    for match in _ISLAND.finditer(octets):
        inside = from_base64(match[0])[0]
        if inside.startswith(FILE_HEADS) or (len(inside) >= _SHORTEST // 2 and is_textual(inside)):
            out.append(inside)
    return out


# --- quoted-printable, uuencode --------------------------------------------------------------


def from_quoted(octets: bytes) -> bytes:
    """Decode quoted-printable; what is no valid escape stays as it is written."""
    return binascii.a2b_qp(_SOFT_BREAK.sub(b"=", octets) if b"= " in octets or b"=\t" in octets else octets)


def _looks_quoted(octets: bytes) -> bool:
    """Tell quoted-printable that nobody declared: soft line breaks, or letters outside ASCII, and few other signs."""
    sample = octets[: 4 * _SAMPLE]
    signs = sample.count(b"=")
    if signs < _QUOTED_SIGNS or len(_QUOTED_SIGN.findall(sample)) < signs // 2:
        return False
    return len(_QUOTED_PROOF.findall(sample)) >= _QUOTED_SIGNS


def files_within(octets: bytes) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Return names and contents of the files that stand in a text as uuencode or yEnc, and the text without them."""
    files: list[tuple[bytes, bytes]] = []
    if b"begin " in octets:
        octets = _uu_files(octets, files)
    if b"=ybegin " in octets:
        octets = _yenc_files(octets, files)
    return files, octets


def data_files(octets: bytes) -> list[tuple[bytes, bytes]]:
    """Return the files that stand in a text as data URLs (RFC 2397), with the kinds that they claim as names."""
    found = _DATA_URL.finditer(octets) if b";base64," in octets else iter(())
    files = [(match[1].partition(b"/")[2], from_base64(match[2])[0]) for match in islice(found, _FILES)]
    return [file for file in files if file[1].startswith(FILE_HEADS)]


def _yenc_files(octets: bytes, files: list[tuple[bytes, bytes]]) -> bytes:
    """Add the yEnc files of a text to ``files`` and return the text without them."""
    rest: list[bytes] = []
    position = 0
    while len(files) < _FILES and (match := _YENC_BEGIN.search(octets, position)) is not None:
        stop = octets.find(b"\n=yend", match.end() - 1)
        if stop < 0:
            break
        files.append((match[1].strip(), _from_yenc(octets[match.end() : stop])))
        rest.append(octets[position : match.start()])
        end = octets.find(b"\n", stop + 1)
        position = len(octets) if end < 0 else end + 1
    rest.append(octets[position:])
    return b"".join(rest)


def _from_yenc(octets: bytes) -> bytes:
    body = octets.translate(None, b"\r\n")
    return _YENC_ESCAPE.sub(lambda match: bytes([(match[1][0] - 64) % 256]), body).translate(_YENC_SHIFT)


def _uu_files(octets: bytes, files: list[tuple[bytes, bytes]]) -> bytes:
    """Add the uuencoded files of a text to ``files`` and return the text without them."""
    rest: list[bytes] = []
    position = 0
    while len(files) < _FILES and (match := _UU_BEGIN.search(octets, position)) is not None:
        data, stop = _uu_lines(octets, match.end())
        if data:
            files.append((match[1].strip(), data))
            rest.append(octets[position : match.start()])
        else:
            stop = match.end()
            rest.append(octets[position:stop])
        position = stop
    rest.append(octets[position:])
    return b"".join(rest)


def _uu_lines(octets: bytes, position: int) -> tuple[bytes, int]:
    """Decode uuencoded lines; return the octets and where the next other line begins."""
    out: list[bytes] = []
    while position < len(octets):
        stop = octets.find(b"\n", position)
        stop = len(octets) if stop < 0 else stop
        line = octets[position : min(stop, position + 256)].rstrip(b"\r")
        if line == b"end":
            return b"".join(out), stop + 1
        wanted = ((line[0] - 32 & 63) * 4 + 5) // 3 if line else 0
        if len(line) <= wanted // 2:
            break  # the decoder fills what is missing with NULs: a bomb of one letter a line
        try:
            out.append(binascii.a2b_uu(line[: wanted + 1]))
        except binascii.Error:
            break
        position = stop + 1
    return b"".join(out), min(position, len(octets))
