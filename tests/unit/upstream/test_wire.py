"""The reply parser, whole and byte by byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.upstream.wire import REPLY_OCTETS, RelayReply, ReplyParser, parse_capabilities

REPLIES = st.lists(
    st.tuples(
        st.integers(200, 599),
        st.lists(
            st.binary(max_size=30).map(lambda t: t.replace(b"\r", b"").replace(b"\n", b"")), min_size=1, max_size=4
        ),
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


NONSENSE = [
    b"hello\r\n",
    b"25\r\n",
    b"2500 x\r\n",
    b"250_x\r\n",
    b"\r\n",
    b"150 x\r\n",
    b"650 x\r\n",
    b"250-a\r\n550 b\r\n",
    b"250 a\rb\r\n",
]


@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize("nonsense", NONSENSE)
def test_nonsense_ends_the_conversation_and_takes_nothing_back(nonsense: bytes, size: int) -> None:
    parser = ReplyParser()
    stream = b"250-a\r\n250 b\r\n" + nonsense + b"250 c\r\n"
    got = [reply for start in range(0, len(stream), size) for reply in parser.feed(stream[start : start + size])]
    assert [reply.raw for reply in got] == [b"250-a\r\n250 b\r\n"]
    assert parser.violation
    assert not parser.clean


def test_a_reply_without_end_is_cut_off() -> None:
    parser = ReplyParser()
    for _ in range(REPLY_OCTETS // 10 + 2):
        assert not parser.feed(b"250-more\r\n")
    assert parser.violation


def test_a_line_without_end_is_cut_off() -> None:
    parser = ReplyParser()
    for _ in range(REPLY_OCTETS // 1000 + 2):
        assert not parser.feed(b"2" * 1000)
    assert parser.violation


@pytest.mark.parametrize(
    ("code", "positive", "negative"),
    [(200, True, False), (299, True, False), (354, False, False), (400, False, True), (599, False, True)],
)
def test_yes_no_and_neither(code: int, positive: bool, negative: bool) -> None:
    (reply,) = ReplyParser().feed(b"%d\r\n" % code)
    assert (reply.positive, reply.negative) == (positive, negative)


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
    assert capabilities.words("SIZE") == ["1000"]
    assert capabilities.words("XCLIENT") == []


@pytest.mark.parametrize(
    ("value", "size"), [(b"SIZE", None), (b"SIZE 0", None), (b"SIZE x", None), (b"SIZE 9" + b"9" * 18, 10**19 - 1)]
)
def test_size(value: bytes, size: int | None) -> None:
    (reply,) = ReplyParser().feed(b"250-mx\r\n250 " + value + b"\r\n")
    assert parse_capabilities(reply).size == size
