"""The reply parser, whole and byte by byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.upstream.wire import REPLY_OCTETS, RelayReply, RelayViolation, ReplyParser, parse_capabilities

REPLIES = st.lists(
    st.tuples(
        st.integers(200, 599),
        st.lists(st.binary(max_size=30).map(lambda t: t.replace(b"\r", b"").replace(b"\n", b"")), min_size=1, max_size=4),
    ),
    max_size=5,
)


def encode(code: int, texts: list[bytes]) -> bytes:
    """Write a reply."""
    last = len(texts) - 1
    return b"".join(b"%d%s%s\r\n" % (code, b"-" if n < last else b" ", text) for n, text in enumerate(texts))


@given(REPLIES, st.integers(1, 9))
def test_fragments_make_no_difference(replies: list[tuple[int, list[bytes]]], size: int) -> None:
    stream = b"".join(encode(code, texts) for code, texts in replies)
    parser = ReplyParser()
    got: list[RelayReply] = []
    for start in range(0, len(stream), size):
        got += parser.feed(stream[start : start + size])
    assert b"".join(r.raw for r in got) == stream
    assert [r.code for r in got] == [code for code, _ in replies]
    assert [list(r.texts) for r in got] == [texts for _, texts in replies]


@pytest.mark.parametrize("line", [b"250\r\n", b"250 \r\n", b"250-\r\n250\r\n", b"250-a\r\n250-\r\n250 b\r\n"])
def test_code_only_and_empty_lines_are_replies(line: bytes) -> None:
    assert [r.raw for r in ReplyParser().feed(line)] == [line]


@pytest.mark.parametrize("line", [b"hello\r\n", b"25\r\n", b"2500 x\r\n", b"250_x\r\n", b"\r\n", b"150 x\r\n", b"650 x\r\n"])
def test_nonsense_is_a_violation(line: bytes) -> None:
    with pytest.raises(RelayViolation):
        ReplyParser().feed(line)


def test_a_reply_without_end_is_cut_off() -> None:
    parser = ReplyParser()
    with pytest.raises(RelayViolation):
        for _ in range(REPLY_OCTETS // 10 + 2):
            parser.feed(b"250-more\r\n")


def test_a_line_without_end_is_cut_off() -> None:
    parser = ReplyParser()
    with pytest.raises(RelayViolation):
        for _ in range(REPLY_OCTETS // 1000 + 2):
            parser.feed(b"2" * 1000)


@pytest.mark.parametrize(
    ("text", "enhanced"),
    [(b"2.1.5 Ok", "2.1.5"), (b"5.7.1", "5.7.1"), (b"Ok", ""), (b"2.1.5x", ""), (b"", "")],
)
def test_enhanced_codes(text: bytes, enhanced: str) -> None:
    (reply,) = ReplyParser().feed(b"250 " + text + b"\r\n")
    assert reply.enhanced == enhanced


def test_capabilities() -> None:
    (reply,) = ReplyParser().feed(b"250-mx\r\n250-size 1000\r\n250-Pipelining\r\n250-\r\n250 DSN\r\n")
    capabilities = parse_capabilities(reply)
    assert set(capabilities.keywords) == {"SIZE", "PIPELINING", "DSN"}
    assert capabilities.size == 1000


@pytest.mark.parametrize(("value", "size"), [(b"SIZE", None), (b"SIZE 0", None), (b"SIZE x", None), (b"SIZE 9" + b"9" * 18, 10**19 - 1)])
def test_size(value: bytes, size: int | None) -> None:
    (reply,) = ReplyParser().feed(b"250-mx\r\n250 " + value + b"\r\n")
    assert parse_capabilities(reply).size == size
