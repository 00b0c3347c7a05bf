"""Content-Type and its kin in all their spellings."""

from __future__ import annotations

import pytest

from gateway.message.parameters import PARAMETERS, read_valued


@pytest.mark.parametrize(
    ("value", "main"),
    [
        (b"text/plain", "text/plain"),
        (b"TEXT/Plain; charset=utf-8", "text/plain"),
        (b"multipart / mixed; boundary=x", "multipart/mixed"),
        (b"(a)multipart(b)/(c)mixed; boundary=x", "multipart/mixed"),
        (b'"multipart/mixed"; boundary=x', "multipart/mixed"),
        (b"multipart/mixed, boundary=x", "multipart/mixed"),
        (b"attachment", "attachment"),
        (b"", ""),
        (b";", ""),
        (b"((((", ""),
    ],
)
def test_main_value(value: bytes, main: str) -> None:
    assert read_valued(value).main == main


@pytest.mark.parametrize(
    ("value", "name", "values"),
    [
        (b"x; name=a", "name", ["a"]),
        (b'x; name="a b"', "name", ["a b"]),
        (b"x; name = a ", "name", ["a"]),
        (b"x; NAME=a", "name", ["a"]),
        (b'x; name="a;b"', "name", ["a;b"]),
        (b'x; name="a\\"b"', "name", ['a"b']),
        (b"x; name=(c)a(d)", "name", ["a"]),
        (b"x; name=a; name=b", "name", ["a", "b"]),
        (b'x; name="a', "name", ["a"]),
        (b"x; name=Lista 2026.docx", "name", ["Lista 2026.docx"]),
        (b"x; name*=utf-8''%C3%A5.txt", "name", ["å.txt"]),
        (b"x; name*=iso-8859-1'sv'%E5.txt", "name", ["å.txt"]),
        (b"x; name*=%C3%A5.txt", "name", ["å.txt"]),
        (b"x; name*0=a; name*1=b", "name", ["ab"]),
        (b"x; name*1=b; name*0=a", "name", ["ab"]),
        (b"x; name*0*=utf-8''%C3; name*1*=%A5; name*2=b", "name", ["åb"]),
        (b"x; name=a; name*=''b", "name", ["b", "a"]),
        (b"x; name==?utf-8?q?=C3=A5.txt?=", "name", ["å.txt"]),
        (b'x; name="=?utf-8?b?w6UudHh0?="', "name", ["å.txt"]),
        ("x; name=å.txt".encode(), "name", ["å.txt"]),
        ("x; name=å.txt".encode("latin-1"), "name", ["å.txt"]),
        (b"x; =a; b; name=c", "name", ["c"]),
    ],
)
def test_parameters(value: bytes, name: str, values: list[str]) -> None:
    found = read_valued(value)
    assert found.parameters[name] == values
    assert found.get(name) == values[0]


def test_missing_parameter() -> None:
    assert read_valued(b"text/plain").get("charset") == ""


def test_parameters_are_capped() -> None:
    found = read_valued(b"x" + b"".join(b"; p%d=1" % n for n in range(2 * PARAMETERS)))
    assert len(found.parameters) == PARAMETERS
