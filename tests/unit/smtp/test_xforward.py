"""XFORWARD in both directions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model import PeerViolation
from gateway.smtp.xforward import (
    ATTRIBUTES,
    LINE_OCTETS,
    VALUE_OCTETS,
    decode_xtext,
    encode_xtext,
    parse_xforward,
    xforward_lines,
)


def test_attributes_are_decoded() -> None:
    assert parse_xforward(b"NAME=spike.example ADDR=192.0.2.7 ident=4Xyz+2B1") == {
        "NAME": "spike.example",
        "ADDR": "192.0.2.7",
        "IDENT": "4Xyz+1",
    }


@pytest.mark.parametrize("argument", [b"", b"NAME", b"COLOUR=red", b"NAME=a b", b"=x", b"NAME=" + b"a" * 300])
def test_bad_attributes_are_501(argument: bytes) -> None:
    with pytest.raises(PeerViolation) as caught:
        parse_xforward(argument)
    assert caught.value.reply.code == 501


def test_only_what_the_relay_knows_is_said() -> None:
    attributes = {"NAME": "[UNAVAILABLE]", "ADDR": "192.0.2.7", "IDENT": "a b"}
    (line,) = xforward_lines(attributes, ["NAME", "ADDR", "IDENT"])
    assert line == b"XFORWARD NAME=[UNAVAILABLE] ADDR=192.0.2.7 IDENT=a+20b"
    assert xforward_lines(attributes, ["HELO"]) == []


@given(st.text(max_size=40))
def test_xtext_comes_back(text: str) -> None:
    encoded = encode_xtext(text)
    assert decode_xtext(encoded) == text.encode("utf-8", "replace").decode()
    assert all(0x21 <= octet <= 0x7E for octet in encoded)


@given(st.dictionaries(st.sampled_from(ATTRIBUTES), st.text(min_size=1, max_size=20), min_size=1))
def test_lines_are_read_as_they_were_meant(attributes: dict[str, str]) -> None:
    read: dict[str, str] = {}
    for line in xforward_lines(attributes, ATTRIBUTES):
        read |= parse_xforward(line.removeprefix(b"XFORWARD "))
    assert read == {k: v.encode("utf-8", "replace").decode() for k, v in attributes.items()}


@given(st.dictionaries(st.sampled_from(ATTRIBUTES), st.text(min_size=1, max_size=400), min_size=1))
def test_no_line_and_no_value_is_too_long_or_cut_within_a_character(attributes: dict[str, str]) -> None:
    for line in xforward_lines(attributes, ATTRIBUTES):
        assert len(line) <= LINE_OCTETS
        for word in line.split()[1:]:
            name, _, value = word.partition(b"=")
            assert len(value) <= VALUE_OCTETS
            assert attributes[name.decode()].encode("utf-8", "replace").decode().startswith(decode_xtext(value))
