"""DotReader: the end of data, dot by dot."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.smtp.data import DotReader

LIMIT = 10_000


def read(stream: bytes, sizes: list[int], limit: int = LIMIT) -> tuple[DotReader, bytes | None]:
    """Feed a stream in chunks; return the reader and what followed the end, None without an end."""
    reader = DotReader(limit)
    position = 0
    turn = 0
    while position < len(stream):
        size = sizes[turn % len(sizes)]
        turn += 1
        rest = reader.feed(stream[position : position + size])
        position += size
        if rest is not None:
            return reader, rest + stream[position:]
    return reader, None


def reference(stream: bytes) -> tuple[bytes, bytes] | None:
    """Cut a stream the slow and obvious way."""
    body, end, rest = (b"\r\n" + stream).partition(b"\r\n.\r\n")
    return ((body + b"\r\n")[2:], rest) if end else None


@given(
    st.lists(st.sampled_from([b"\r\n", b"\r", b"\n", b".", b"a", b"\r\n.", b".\r\n", b"\0"]), max_size=30).map(
        b"".join
    ),
    st.lists(st.integers(1, 7), min_size=1, max_size=5),
)
def test_any_segmentation_gives_the_same_message(stream: bytes, sizes: list[int]) -> None:
    reader, rest = read(stream, sizes)
    expected = reference(stream)
    if expected is None:
        assert rest is None
        return
    body, after = expected
    assert rest == after
    pairs = body.count(b"\r\n")
    unfit = body.count(b"\n") != pairs or body.count(b"\r") != pairs or b"\0" in body
    assert reader.malformed == unfit
    if not unfit:
        assert reader.content.raw() == body
        assert reader.size == len(body)


@pytest.mark.parametrize(
    "ending",
    [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r", b"\r\n\0.\r\n", b"\r\n.\0\r\n", b"\n\n.\n\n"],
)
def test_nothing_but_crlf_dot_crlf_ends_a_message(ending: bytes) -> None:
    reader, rest = read(b"Subject: a\r\n\r\ntext" + ending + b"MAIL FROM:<x@y>\r\n", [3])
    assert rest is None
    reader.feed(b"\r\n.\r\n")
    assert reader.malformed


def test_an_empty_message_is_a_message() -> None:
    reader, rest = read(b".\r\nQUIT\r\n", [100])
    assert (reader.content.raw(), rest, reader.fit) == (b"", b"QUIT\r\n", True)


def test_too_big_is_read_to_its_end_and_forgotten() -> None:
    reader, rest = read(b"x" * 5000 + b"\r\n" + b"y" * 9000 + b"\r\n.\r\nNOOP\r\n", [700], limit=6000)
    assert rest == b"NOOP\r\n"
    assert reader.too_big
    assert len(reader.content) == 0


def test_exactly_the_limit_fits() -> None:
    reader, rest = read(b"x" * 98 + b"\r\n.\r\n", [10], limit=100)
    assert rest == b""
    assert reader.fit
    assert reader.size == 100


def test_large_content_is_kept_byte_exact_in_a_memfd() -> None:
    lines = [random.Random(n).randbytes(60).translate(None, b"\r\n\0") for n in range(20000)]
    body = b"".join(b"a" + line + b"\r\n" for line in lines)
    reader, rest = read(body + b".\r\n", [65536], limit=1 << 24)
    assert rest == b""
    assert reader.content.descriptor is not None
    assert reader.content.raw() == body
    reader.content.close()


@pytest.mark.parametrize(("lines", "fits"), [(4, True), (5, False)])
def test_dots_of_transparency_do_not_count(lines: int, fits: bool) -> None:
    reader, rest = read(b"..aa\r\n" * lines + b".\r\n", [4], limit=20)
    assert rest == b""
    assert reader.fit == fits


def test_without_room_the_message_is_read_to_its_end_and_forgotten() -> None:
    reader = DotReader(LIMIT)
    assert reader.feed(b"x" * 500 + b"\r\n") is None
    reader.give_up()
    assert len(reader.content) == 0
    assert reader.feed(b"more\r\n") is None
    assert reader.feed(b".\r\nNOOP\r\n") == b"NOOP\r\n"
    assert (reader.fit, reader.no_room, len(reader.content)) == (False, True, 0)


def test_a_machine_without_memory_is_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_memory(*_: object) -> int:
        raise OSError(12, "no memory")

    monkeypatch.setattr("os.memfd_create", no_memory)
    reader, rest = read(b"x" * 300_000 + b"\r\n.\r\n", [65536], limit=1 << 24)
    assert rest == b""
    assert reader.no_room
    assert len(reader.content) == 0
