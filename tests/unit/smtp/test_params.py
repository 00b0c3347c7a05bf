"""The argument grammar of MAIL and RCPT."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model import PeerViolation
from gateway.smtp.params import _quoted_path_end, parse_path_command, path_end, read_address

ALL = frozenset({"SIZE", "8BITMIME", "SMTPUTF8", "DSN"})


@pytest.mark.parametrize(
    ("argument", "path", "address"),
    [
        (b"FROM:<a@b.example>", b"<a@b.example>", "a@b.example"),
        (b"from:<A.B@B.Example>", b"<A.B@B.Example>", "a.b@b.example"),
        (b"FROM: <a@b>", b"<a@b>", "a@b"),
        (b"FROM:<>", b"<>", None),
        (b'FROM:<"a b>c"@d.example>', b'<"a b>c"@d.example>', "a b>c@d.example"),
        (b'FROM:<"a\\"b@x"@d>', b'<"a\\"b@x"@d>', 'a"b@x@d'),
        (b"FROM:<@r1,@r2:a@b>", b"<@r1,@r2:a@b>", "a@b"),
        (b"FROM:<a@[192.0.2.1]>", b"<a@[192.0.2.1]>", "a@[192.0.2.1]"),
        ("FROM:<åsa@räk.example>".encode(), "<åsa@räk.example>".encode(), "åsa@xn--rk-via.example"),
        (b"FROM:<postmaster>", b"<postmaster>", "postmaster"),
        (b"FROM:<a%b@c>", b"<a%b@c>", "a%b@c"),
    ],
)
def test_paths_stay_as_written_and_are_understood(argument: bytes, path: bytes, address: str | None) -> None:
    command = parse_path_command(argument, b"FROM", ALL)
    assert command.path == path
    assert (None if command.address is None else str(command.address)) == address


@pytest.mark.parametrize(
    "argument",
    [
        b"",
        b"FROM",
        b"FROM<a@b>",
        b"TO:<a@b>",
        b"FROM:a@b",
        b"FROM:<a@b",
        b"FROM:<a",
        b"FROM:<",
        b"FROM:<a@b>x",
        b"FROM:<a b@c>",
        b"FROM:<a@b\x00>",
        b"FROM:<a\r@b>",
        b"FROM:<a@>",
        b"FROM:<@b>",
        b"FROM:<a@b> SIZE=x",
        b"FROM:<a@b> SIZE",
        b"FROM:<a@b> SIZE=1 SIZE=1",
        b"FROM:<a@b> =1",
        b"FROM:<a@b> BODY=BINARYMIME",
        b"FROM:<a@b> SMTPUTF8=1",
        b"FROM:<a@b> RET==FULL",
    ],
)
def test_bad_syntax_is_501(argument: bytes) -> None:
    with pytest.raises(PeerViolation) as caught:
        parse_path_command(argument, b"FROM", ALL)
    assert caught.value.reply.code == 501


@pytest.mark.parametrize("parameter", [b"MT-PRIORITY=1", b"X=1", b"REQUIRETLS", b"AUTH=<>", b"NOTIFY=NEVER"])
def test_what_was_not_offered_is_555(parameter: bytes) -> None:
    with pytest.raises(PeerViolation) as caught:
        parse_path_command(b"FROM:<a@b> " + parameter, b"FROM", ALL)
    assert caught.value.reply.code == 555


def test_parameters_keep_their_case() -> None:
    command = parse_path_command(b"FROM:<a@b> ENVID=QQ+2Babc ret=FULL size=10 BODY=8bitmime", b"FROM", ALL)
    assert command.parameters == {"ENVID": b"QQ+2Babc", "RET": b"FULL", "SIZE": b"10", "BODY": b"8bitmime"}


def test_an_empty_recipient_is_refused() -> None:
    with pytest.raises(PeerViolation):
        parse_path_command(b"TO:<>", b"TO", ALL)


@given(st.binary(max_size=200))
def test_any_octets_are_read_or_refused(octets: bytes) -> None:
    try:
        command = parse_path_command(b"TO:" + octets, b"TO", ALL)
    except PeerViolation as error:
        refused = error.reply.code
    else:
        refused = 0
        assert command.path in octets
        assert command.path.startswith(b"<")
        assert command.path.endswith(b">")
    assert refused in {0, 501, 555}


@given(
    st.from_regex(rb"[a-z0-9.+_%-]{1,20}", fullmatch=True),
    st.from_regex(rb"[a-z0-9-]{1,10}(\.[a-z0-9-]{1,10}){0,2}", fullmatch=True),
)
def test_ordinary_addresses_survive(local: bytes, domain: bytes) -> None:
    address = read_address(b"<" + local.upper() + b"@" + domain + b">")
    assert address is not None
    assert str(address).encode() == local + b"@" + domain


@given(st.text(alphabet='<>"\\ @a.:,', max_size=12).map(str.encode))
def test_a_plain_path_ends_where_reading_octet_by_octet_ends_it(octets: bytes) -> None:
    def ended(find: Callable[[bytes], int]) -> int | None:
        try:
            return find(b"<" + octets)
        except PeerViolation:
            return None

    assert ended(path_end) == ended(_quoted_path_end)
