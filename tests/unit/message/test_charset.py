"""Octets to text, by mark, declaration and look."""

from __future__ import annotations

import codecs

import pytest

from gateway.message.charset import (
    declared_inside,
    decode_as,
    decode_plain,
    decode_text,
    known_codec,
    windows_character,
)

TEXT = "Åsa såg en räv – 19811218-9876"


@pytest.mark.parametrize(
    ("octets", "declared", "readings"),
    [
        pytest.param(TEXT.encode(), "utf-8", (TEXT,), id="right declaration"),
        pytest.param(TEXT.encode(), "", (TEXT,), id="utf-8 by look"),
        pytest.param(TEXT.encode("cp1252"), "", (TEXT,), id="windows by look"),
        pytest.param(TEXT.encode("cp1252"), "iso-8859-1", (TEXT,), id="latin 1 means windows"),
        pytest.param(TEXT.encode("cp1252"), "us-ascii", (TEXT,), id="8 bit under us-ascii"),
        pytest.param(codecs.BOM_UTF8 + TEXT.encode(), "us-ascii", (TEXT,), id="mark of utf-8"),
        pytest.param(TEXT.encode("utf-16"), "utf-8", (TEXT,), id="mark of utf-16"),
        pytest.param(TEXT.encode("utf-16-le"), "", (TEXT,), id="utf-16 le by look"),
        pytest.param(TEXT.encode("utf-16-be"), "", (TEXT,), id="utf-16 be by look"),
        pytest.param(TEXT.encode("utf-16-be"), "utf-16-be", (TEXT,), id="utf-16 be declared"),
        pytest.param(TEXT.encode("utf-32"), "", (TEXT,), id="mark of utf-32"),
        pytest.param(
            TEXT.encode("iso-8859-15", "replace"), "iso-8859-15", ("Åsa såg en räv ? 19811218-9876",), id="latin 9"
        ),
        pytest.param("привет".encode("koi8-r"), "koi8-r", ("привет",), id="koi8"),
        pytest.param("日本".encode("iso2022_jp"), "iso-2022-jp", ("日本",), id="japanese"),
        pytest.param("日本".encode("cp932"), "x-sjis", ("日本",), id="name in practice"),
        pytest.param(b"abc", "finns-inte", ("abc",), id="unknown name"),
        pytest.param(b"abc", "idna", ("abc",), id="codec that is never run"),
        pytest.param(b"", "utf-8", ("",), id="nothing"),
    ],
)
def test_readings(octets: bytes, declared: str, readings: tuple[str, ...]) -> None:
    assert decode_text(octets, declared)[0] == readings[0]
    assert decode_text(octets, declared) == readings or declared in ("utf-8", "us-ascii", "iso-8859-1")


def test_both_readings_where_declaration_and_look_differ() -> None:
    assert decode_text("räv".encode(), "iso-8859-1") == ("räv", "rÃ¤v")
    assert decode_text("räv".encode("utf-16-le"), "iso-8859-1")[0] == "räv"
    assert "räv" in decode_text("räv".encode("cp1252"), "utf-8")


def test_declared_utf_16_that_is_none() -> None:
    assert decode_text(b"Personnumret 19811218-9876", "utf-16")[0] == "Personnumret 19811218-9876"


def test_utf_7_is_decoded_and_read_plainly() -> None:
    assert decode_text(b"sm+APY-r 19811218-9876", "utf-7") == ("smör 19811218-9876", "sm+APY-r 19811218-9876")
    assert decode_text(b"+ADEAOQA4ADEAMQAyADEAOA--9876", "unicode-1-1-utf-7")[0] == "19811218-9876"


def test_single_foreign_octet_does_not_spoil_utf_8() -> None:
    octets = TEXT.encode() + b" \xff slut"
    assert decode_text(octets)[0].startswith(TEXT)
    first, second = decode_text(octets, "utf-8")
    assert first.startswith(TEXT)
    assert second.endswith("\xff slut")


@pytest.mark.parametrize("octets", [b"a\0b", b"\0\0\0\0\0\0", b"ab\0\0ab\0\0", b"\0"])
def test_nuls_alone_are_no_utf_16(octets: bytes) -> None:
    assert decode_text(octets)[0] == octets.decode()


def test_short_texts() -> None:
    assert decode_plain(b"\xe5") == "å"
    assert decode_as(b"\xe5", "iso-8859-1") == "å"
    assert decode_as("å".encode(), "utf-8") == "å"
    assert decode_as(b"\x81", "cp1252") == "\x81"
    assert windows_character(0x96) == "–"
    assert windows_character(0x81) == "\x81"


@pytest.mark.parametrize(
    ("octets", "name"),
    [
        (b'<html><meta charset="koi8-r">', "koi8-r"),
        (b"<meta http-equiv=Content-Type content='text/html; charset=iso-8859-2'>", "iso-8859-2"),
        (b"<?xml version='1.0' encoding='utf-16'?>", "utf-16"),
        (b"<p>charset=x</p>", ""),
    ],
)
def test_declaration_inside(octets: bytes, name: str) -> None:
    assert declared_inside(octets) == name


@pytest.mark.parametrize(
    "name", ["", "x" * 50, "å", "a\0b", "zlib", "punycode", "unicode_escape", "undefined", "base64"]
)
def test_names_without_a_codec(name: str) -> None:
    assert known_codec(name) == ""
