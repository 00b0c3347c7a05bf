"""Transfer encodings undone by look."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable

import pytest

from gateway.message.transfer import (
    Encoding,
    base64_islands,
    decoded_chunks,
    decodings,
    files_within,
    from_base64,
    from_quoted,
    is_textual,
    read_encodings,
)

BINARY = bytes(range(256)) * 3
TEXT = "Personnumret 19811218-9876 står i en bilaga, och raden är lång nog för att brytas.".encode()
BASE64 = base64.encodebytes(TEXT).replace(b"\n", b"\r\n")


@pytest.mark.parametrize(
    ("values", "encodings"),
    [
        ([], []),
        ([b"base64"], [Encoding.BASE64]),
        ([b"BASE64; x=y"], [Encoding.BASE64]),
        ([b"(a) base-64"], [Encoding.BASE64]),
        ([b"quoted-printable"], [Encoding.QUOTED]),
        ([b"x-uuencode"], [Encoding.UU]),
        ([b"x-uue"], [Encoding.UU]),
        ([b"7bit"], [Encoding.IDENTITY]),
        ([b"8 bit"], [Encoding.IDENTITY]),
        ([b"binary"], [Encoding.IDENTITY]),
        ([b"7bit", b"base64"], [Encoding.IDENTITY, Encoding.BASE64]),
        ([b"nonsense"], []),
    ],
)
def test_declarations(values: list[bytes], encodings: list[Encoding]) -> None:
    assert list(read_encodings(values)) == encodings


@pytest.mark.parametrize(
    "octets",
    [
        BASE64,
        BASE64.replace(b"\r\n", b""),
        BASE64.rstrip(b"=\r\n"),
        b"!".join(BASE64[i : i + 3] for i in range(0, len(BASE64), 3)),
        b" ".join(BASE64[i : i + 1] for i in range(len(BASE64))),
        base64.b64encode(TEXT[:20]) + base64.b64encode(TEXT[20:]),
        b"\r\n".join(base64.b64encode(TEXT[i : i + 1]) for i in range(len(TEXT))),
        base64.b64encode(TEXT).rstrip(b"=") + b"=====",
    ],
)
def test_base64_in_any_shape(octets: bytes) -> None:
    assert TEXT in from_base64(octets)


def test_padding_in_the_middle_has_two_readings() -> None:
    digits = base64.b64encode(TEXT)
    assert TEXT in from_base64(digits[:8] + b"=" + digits[8:])
    assert TEXT in from_base64(digits[:9] + b"==" + digits[9:])


@pytest.mark.parametrize("octets", [b"", b"=", b"A", b"====", b"A=", b"\xff", b"QQ=" * 30_000])
def test_base64_of_little_sense(octets: bytes) -> None:
    assert from_base64(octets)


@pytest.mark.parametrize(
    ("octets", "decoded"),
    [
        (b"sm=C3=B6r", "smör".encode()),
        (b"sm=c3=b6r", "smör".encode()),
        (b"lang=\r\n rad", b"lang rad"),
        (b"lang=  \r\nrad", b"langrad"),
        (b"lang=\nrad", b"langrad"),
        (b"a=ZZb", b"a=ZZb"),
        (b"a=", b"a"),
        (b"1=3D1", b"1=1"),
    ],
)
def test_quoted_printable(octets: bytes, decoded: bytes) -> None:
    assert from_quoted(octets) == decoded


@pytest.mark.parametrize(
    ("octets", "declared"),
    [
        (BASE64, [Encoding.BASE64]),
        (BASE64, [Encoding.IDENTITY]),
        (BASE64, []),
        (BASE64, [Encoding.QUOTED]),
        (BASE64, [Encoding.IDENTITY, Encoding.BASE64]),
        (b"Hej, text.\r\n\r\n" + BASE64, [Encoding.BASE64]),
        (TEXT, [Encoding.BASE64]),
        (binascii.b2a_qp(TEXT), [Encoding.QUOTED]),
        (binascii.b2a_qp(TEXT), [Encoding.BASE64]),
        (binascii.b2a_qp(TEXT), []),
    ],
)
def test_text_is_found_whatever_is_declared(octets: bytes, declared: list[Encoding]) -> None:
    assert any(TEXT in reading for reading in decodings(octets, declared))


def test_right_declaration_gives_one_reading() -> None:
    assert decodings(BASE64, [Encoding.BASE64]) == [TEXT]
    assert decodings(TEXT, [Encoding.IDENTITY]) == [TEXT]
    assert decodings(b"se https://example.com/?a=12&b=34&c=AB", []) == [b"se https://example.com/?a=12&b=34&c=AB"]


def test_a_known_file_comes_first() -> None:
    octets = b"PK\x03\x04" + BINARY
    junk = b".".join(base64.b64encode(octets)[i : i + 4] for i in range(0, 900, 4))
    assert decodings(junk, [Encoding.BASE64])[0].startswith(b"PK\x03\x04")


@pytest.mark.parametrize("size", [0, 1, 3, 1000, (1 << 20) + 5, 3 * (1 << 20)])
def test_chunks_are_the_whole(size: int) -> None:
    octets = (BINARY * (size // len(BINARY) + 1))[:size]
    encoded = b"head" + base64.encodebytes(octets).replace(b"\n", b"\r\n") + b"tail"
    assert b"".join(decoded_chunks(encoded, 4, len(encoded) - 4, [Encoding.BASE64])) == octets
    assert b"".join(decoded_chunks(octets, 0, len(octets), [])) == octets


def test_islands() -> None:
    octets = b"Hej!\r\n\r\n" + base64.encodebytes(TEXT) + b"\r\nMvh\r\n" + base64.encodebytes(b"PK\x03\x04" + BINARY)
    texts = base64_islands(octets)
    assert texts[0] == TEXT
    assert texts[1].startswith(b"PK\x03\x04")
    assert base64_islands(b"Vanlig text utan kod.\r\nElektroencefalografiundersokningar\r\n") == []


def uuencoded(octets: bytes) -> bytes:
    lines = [binascii.b2a_uu(octets[i : i + 45]) for i in range(0, len(octets), 45)]
    return b"begin 644 fil.bin\n" + b"".join(lines) + b"`\nend\n"


def yenc(octets: bytes) -> bytes:
    out = bytearray()
    for octet in octets:
        code = (octet + 42) % 256
        out += bytes([61, (code + 64) % 256]) if code in (0, 10, 13, 61) else bytes([code])
    return b"=ybegin line=128 size=%d name=fil.bin\r\n%s\r\n=yend size=%d\r\n" % (len(octets), bytes(out), len(octets))


@pytest.mark.parametrize("encode", [uuencoded, yenc])
def test_files_within_a_text(encode: Callable[[bytes], bytes]) -> None:
    files, rest = files_within(b"fore\n" + encode(BINARY) + b"mellan\n" + encode(TEXT) + b"efter\n")
    assert files == [(b"fil.bin", BINARY), (b"fil.bin", TEXT)]
    assert rest == b"fore\nmellan\nefter\n"


def test_uuencode_as_a_declared_encoding() -> None:
    assert decodings(uuencoded(BINARY), [Encoding.UU]) == [BINARY]


@pytest.mark.parametrize(
    "octets",
    [
        b"begin 644 x\n",
        b"begin 644 x\nM",
        b"=ybegin name=x\n",
        b"begin 644 x\nhej\nend\n",
        b"begin 644 x\n#\xff\xff\xff\xff\n",
    ],
)
def test_beginnings_without_files(octets: bytes) -> None:
    files, rest = files_within(octets)
    assert all(len(data) < len(octets) for _, data in files)
    assert len(rest) <= len(octets)


@pytest.mark.parametrize(
    ("octets", "textual"),
    [
        (TEXT, True),
        ("räv".encode("utf-16-le") * 20, True),
        (BINARY, False),
        (b"\0" * 100, True),
        (b"", True),
        (b"\x1b$B", True),
    ],
)
def test_textual(octets: bytes, textual: bool) -> None:
    assert is_textual(octets) is textual


LONG = bytes(range(256)) * 12_000
DIGITS = base64.b64encode(LONG)


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(base64.encodebytes(LONG).replace(b"\n", b"\r\n"), id="lines"),
        pytest.param(base64.encodebytes(LONG), id="bare line feeds"),
        pytest.param(DIGITS, id="no lines"),
        pytest.param(b" " + base64.encodebytes(LONG), id="a blank in front"),
        pytest.param(base64.encodebytes(LONG).replace(b"\n", b"\r\n\r\n"), id="empty lines"),
        pytest.param(b"\r\n".join(DIGITS[n : n + 75] for n in range(0, len(DIGITS), 75)), id="cut groups"),
        pytest.param(base64.encodebytes(LONG + b"x"), id="padded"),
    ],
)
def test_pieces_of_base64_are_together_what_it_says(written: bytes) -> None:
    expected = LONG + b"x" if written.endswith(b"==\n") else LONG
    pieces = list(decoded_chunks(b"head" + written + b"tail", 4, 4 + len(written), (Encoding.BASE64,)))
    assert b"".join(pieces) == expected
    assert len(pieces) > 1
    assert max(map(len, pieces)) <= 1 << 20
