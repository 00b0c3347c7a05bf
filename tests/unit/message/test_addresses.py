"""Address lists as senders write them."""

from __future__ import annotations

import pytest

from gateway.message.addresses import make_address, read_addresses


def read(value: bytes) -> list[tuple[str, str]]:
    return [(name, str(address)) for name, address in read_addresses(value)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"anna@example.com", [("", "anna@example.com")]),
        (b"<anna@example.com>", [("", "anna@example.com")]),
        (b"Anna Berg <Anna.Berg@Example.COM>", [("Anna Berg", "anna.berg@example.com")]),
        (b'"Berg, Anna" <a@example.com>, bo@example.com', [("Berg, Anna", "a@example.com"), ("", "bo@example.com")]),
        (b"a@example.com,b@example.com , c@example.com", [("", f"{x}@example.com") for x in "abc"]),
        (b"a@example.com; b@example.com", [("", "a@example.com"), ("", "b@example.com")]),
        (b"a@example.com (Anna (Berg))", [("", "a@example.com")]),
        (b"(Anna) a @ example . com", [("", "a@example.com")]),
        (
            b"Grupp: a@example.com, B <b@example.com>; c@example.com",
            [("", "a@example.com"), ("B", "b@example.com"), ("", "c@example.com")],
        ),
        (b"undisclosed-recipients:;", []),
        (b"=?utf-8?q?Hedda_St=C3=A9n?= <h@example.com>", [("Hedda Stén", "h@example.com")]),
        ("Åsa Öst <a@example.com>".encode(), [("Åsa Öst", "a@example.com")]),
        ("a@örkelljunga.se".encode(), [("", "a@xn--rkelljunga-dcb.se")]),
        ("a@örkelljunga.se".encode("latin-1"), [("", "a@xn--rkelljunga-dcb.se")]),
        (b'"a b"@example.com', [("", "a b@example.com")]),
        (b'"\\"Anna\\" Berg" <a@example.com>', [('"Anna" Berg', "a@example.com")]),
        (b"<@relay.example,@other.example:a@example.com>", [("", "a@example.com")]),
        (b"a@[192.0.2.1]", [("", "a@[192.0.2.1]")]),
        pytest.param(
            b'"Anna <a@example.com>, b@example.com', [("Anna", "a@example.com"), ("", "b@example.com")], id="open quote"
        ),
        pytest.param(
            b'"Anna (x) <a@example.com>, Bo (y) <b@example.com>',
            [("Anna", "a@example.com"), ("Bo", "b@example.com")],
            id="open quote and comments",
        ),
        pytest.param(
            b"Anna <a@example.com, Bo <b@example.com>",
            [("Anna", "a@example.com"), ("Bo", "b@example.com")],
            id="open angle",
        ),
        pytest.param(b"=?utf-8?q?a=40example=2Ecom?=", [("", "a@example.com")], id="address in an encoded word"),
        pytest.param(b"Anna Berg a@example.com", [("", "a@example.com")], id="name without angles"),
        pytest.param(b"a@example.com, , ,", [("", "a@example.com")], id="empty places"),
        pytest.param(b"a@example.com.", [("", "a@example.com")], id="dot after the domain"),
        (b"", []),
        (b"Anna", []),
        (b"<>", []),
        (b"@", []),
        (b"a@", []),
        (b"@b", []),
    ],
)
def test_read(value: bytes, expected: list[tuple[str, str]]) -> None:
    assert read(value) == expected


@pytest.mark.parametrize(
    ("local", "domain"),
    [("", "example.com"), ("a", ""), ("a", "x" * 256), ("a" * 321, "example.com"), ("a", "å" * 100), ("a", "..å..")],
)
def test_what_is_no_address(local: str, domain: str) -> None:
    assert make_address(local, domain) is None


def test_a_thousand_recipients() -> None:
    value = b", ".join(b"Namn %d <n%d@example.com>" % (n, n) for n in range(1000))
    assert len(read(value)) == 1000
