"""Endpoints as configuration writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config.endpoint import Endpoint, is_host_name, parse_endpoint


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("127.0.0.1:25", Endpoint(host="127.0.0.1", port=25)),
        ("localhost:0", Endpoint(host="localhost", port=0)),
        ("relay_1.example.org.:65535", Endpoint(host="relay_1.example.org.", port=65535)),
        ("[::1]:2525", Endpoint(host="::1", port=2525)),
        ("[2001:DB8:0::1]:25", Endpoint(host="2001:db8::1", port=25)),
        ("unix:/run/relay.sock", Endpoint(path="/run/relay.sock")),
    ],
)
def test_reads(text: str, endpoint: Endpoint) -> None:
    assert parse_endpoint(text) == endpoint


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "must be HOST:PORT"),
        ("25", "must be HOST:PORT"),
        (":25", "must be HOST:PORT"),
        ("mail.example.org", "must be HOST:PORT"),
        ("127.0.0.1:", "port from 0 to 65535"),
        ("127.0.0.1:65536", "port from 0 to 65535"),
        ("127.0.0.1:-1", "port from 0 to 65535"),
        ("127.0.0.1:+1", "port from 0 to 65535"),
        ("127.0.0.1:²", "port from 0 to 65535"),
        ("127.0.0.1:" + "9" * 5000, "port from 0 to 65535"),
        ("::1:25", "brackets"),
        ("[]:25", "no IPv6 address"),
        ("[127.0.0.1]:25", "no IPv6 address"),
        ("127.1:25", "no IPv4 address"),
        ("-mail.example.org:25", "no host name"),
        ("mail..example.org:25", "no host name"),
        ("må.example.org:25", "no host name"),
        ("a" * 64 + ".example.org:25", "no host name"),
        ("a b:25", "no host name"),
        ("unix:relay", "absolute path"),
        ("unix:/" + "x" * 107, "absolute path"),
        ("unix:/a\0b", "absolute path"),
    ],
)
def test_says_what_is_wrong(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parse_endpoint(text)


@given(st.text(max_size=40))
def test_either_reads_what_it_writes_or_raises_value_error(text: str) -> None:
    try:
        endpoint = parse_endpoint(text)
    except ValueError:
        return
    assert parse_endpoint(str(endpoint)) == endpoint


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("127.0.0.1:25", "127.0.0.1:25", True),
        ("127.0.0.1:25", "127.0.0.1:26", False),
        ("127.0.0.1:25", "127.0.0.2:25", False),
        ("0.0.0.0:25", "127.0.0.2:25", True),
        ("127.0.0.2:25", "[::]:25", True),
        ("127.0.0.1:0", "127.0.0.1:0", False),
        ("unix:/a", "unix:/a", True),
        ("unix:/a", "unix:/b", False),
        ("unix:/a", "127.0.0.1:25", False),
    ],
)
def test_overlap_is_seen_from_both_sides(one: str, other: str, together: bool) -> None:
    assert parse_endpoint(one).overlaps(parse_endpoint(other)) is together
    assert parse_endpoint(other).overlaps(parse_endpoint(one)) is together


def test_a_host_name_has_at_most_253_octets() -> None:
    label = "a" * 62 + "."
    assert is_host_name(label * 4 + "b")
    assert not is_host_name(label * 4 + "bb")
