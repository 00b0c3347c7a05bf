"""Who authenticated, without keeping a secret."""

import base64

import pytest

from gateway.smtp.auth import Exchange, mechanisms


def b64(octets: bytes) -> bytes:
    return base64.b64encode(octets)


@pytest.mark.parametrize(
    ("argument", "lines", "user"),
    [
        (b"PLAIN " + b64(b"\0anna\0hemligt"), [], "anna"),
        (b"plain", [b64(b"admin\0anna@politik.example\0x")], "anna@politik.example"),
        (b"LOGIN", [b64(b"anna"), b64(b"hemligt")], "anna"),
        (b"LOGIN " + b64(b"anna"), [b64(b"hemligt")], "anna"),
        (b"CRAM-MD5", [b64(b"anna b913a602c7eda7a495b4e6e7334d3890")], "anna"),
        (b"XOAUTH2 " + b64(b"user=anna@x\x01auth=Bearer t\x01\x01"), [], "anna@x"),
        (b"OAUTHBEARER " + b64(b"n,a=anna@x,\x01host=h\x01auth=Bearer t\x01\x01"), [], "anna@x"),
        (b"SCRAM-SHA-256 " + b64(b"n,,n=an=2Cna,r=abc"), [], "an,na"),
        (b"PLAIN =", [b64(b"\0a\0b")], "a"),
        (b"PLAIN not-base64!", [], None),
        (b"PLAIN " + b64(b"anna"), [], None),
        (b"LOGIN", [b"*"], None),
    ],
)
def test_the_user_of_an_exchange(argument: bytes, lines: list[bytes], user: str | None) -> None:
    exchange = Exchange(argument)
    for line in lines:
        exchange.say(line)
    assert exchange.user == user
    kept = repr([getattr(exchange, name) for name in vars(exchange)])
    assert "hemligt" not in kept
    assert "Bearer" not in kept


def test_mechanisms_that_cannot_be_relayed_are_left_out() -> None:
    offered = b"plain GSSAPI LOGIN SCRAM-SHA-256-PLUS EXTERNAL SCRAM-SHA-256"
    assert mechanisms(offered) == ["PLAIN", "LOGIN", "SCRAM-SHA-256"]
