"""Encoded words, whole and broken."""

from __future__ import annotations

import pytest

from gateway.message.words import decode_base64_word, decode_words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"Hej", "Hej"),
        (b"=?utf-8?q?H=C3=A4lsning?=", "Hälsning"),
        (b"=?ISO-8859-1?Q?=C4rende_16?=", "Ärende 16"),
        (b"=?UTF-8?B?w4RyZW5kZQ==?= 16", "Ärende 16"),
        (b"=?utf-8?q?a?= =?utf-8?q?b?=", "ab"),
        (b"=?utf-8?q?a?= x =?utf-8?q?b?=", "a x b"),
        (b"x =?utf-8?q?a?= =?iso-8859-1?q?=E5?=", "x aå"),
        (b" =?utf-8?q?a?=", " a"),
        pytest.param(b"=?utf-8?q?sm=C3?= =?utf-8?q?=B6r?=", "smör", id="character cut in two"),
        pytest.param(b"=?utf-8?b?w4Q?=", "Ä", id="no padding"),
        pytest.param(b"=?utf-8?b?w4RyZ!W5kZQ==?=", "Ärende", id="junk in base64"),
        pytest.param(b"=?utf-8?q?hej p=C3=A5 dig?=", "hej på dig", id="blanks inside"),
        pytest.param(b"=?utf-8?q?slut_saknas", "slut saknas", id="no end"),
        pytest.param(b"=?utf-8*sv?q?=C3=A5?=", "å", id="language, RFC 2231 5"),
        pytest.param(b"=?finns-inte?q?=C3=A5?=", "å", id="unknown charset"),
        pytest.param(b"=?utf-8?x?abc?=", "=?utf-8?x?abc?=", id="unknown encoding"),
        pytest.param("rå text åäö".encode(), "rå text åäö", id="raw utf-8"),
        pytest.param("rå text åäö".encode("cp1252"), "rå text åäö", id="raw 8 bit"),
        pytest.param(b"a\r\n\tb", "a b", id="line break"),
        pytest.param(b"=?utf-8?q?a=0Ab?=", "a b", id="line break inside a word"),
        (b"", ""),
        (b"=?", "=?"),
        (b"=??=?=", "=??=?="),
    ],
)
def test_decode(value: bytes, text: str) -> None:
    assert decode_words(value) == text


def test_base64_word_drops_a_lone_digit() -> None:
    assert decode_base64_word(b"aGVqA") == b"hej"
