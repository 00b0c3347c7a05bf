"""The inbox: lines, messages, and room."""

import asyncio

import pytest

from gateway.smtp.data import DotReader
from gateway.smtp.inbox import HIGH_WATER, ClientGone, Inbox, LineTooLong, NotText


class Socket:
    """Notes whether it may be read from."""

    def __init__(self) -> None:
        self.reading = True

    def pause(self) -> None:
        self.reading = False

    def resume(self) -> None:
        self.reading = True


def inbox(limit: int = 100) -> tuple[Inbox, Socket]:
    socket = Socket()
    return Inbox(limit, socket.pause, socket.resume), socket


async def test_lines_end_with_crlf_alone() -> None:
    box, _ = inbox()
    box.feed(b"NOOP\nNOOP\rNOOP\r\nQUIT\r")
    assert await box.line() == b"NOOP\nNOOP\rNOOP"
    assert not box.line_ready()
    box.feed(b"\n")
    assert await box.line() == b"QUIT"


async def test_a_waiting_reader_is_woken() -> None:
    box, _ = inbox()
    waiting = asyncio.ensure_future(box.line())
    await asyncio.sleep(0)
    box.feed(b"NO")
    await asyncio.sleep(0)
    box.feed(b"OP\r\n")
    assert await waiting == b"NOOP"


async def test_a_long_line_is_discarded_to_its_end() -> None:
    box, _ = inbox(limit=10)
    for _ in range(1000):
        box.feed(b"x" * 50)
        assert box.take_line() is None
    assert len(box._buffer) <= 50
    box.feed(b"\r\nNOOP\r\n")
    with pytest.raises(LineTooLong):
        await box.line()
    assert await box.line() == b"NOOP"


async def test_octets_beyond_the_mark_stop_the_socket_until_read() -> None:
    box, socket = inbox()
    box.feed(b"NOOP\r\n" * (HIGH_WATER // 6 + 2))
    assert not socket.reading
    while box.line_ready():
        await box.line()
    assert socket.reading


async def test_whole_lines_are_read_after_the_end() -> None:
    box, _ = inbox()
    box.feed(b"NOOP\r\nQUI")
    box.end()
    assert await box.line() == b"NOOP"
    with pytest.raises(ClientGone):
        await box.line()


async def test_a_message_and_the_commands_around_it() -> None:
    box, _ = inbox()
    box.feed(b"DATA\r\nSubject: a\r\n\r\n.")
    assert await box.line() == b"DATA"
    reader = DotReader(1000)
    waiting = asyncio.ensure_future(box.message(reader))
    await asyncio.sleep(0)
    box.feed(b"\r\nQUIT\r\n")
    await waiting
    assert reader.content.raw() == b"Subject: a\r\n\r\n"
    assert await box.line() == b"QUIT"


async def test_a_client_gone_before_the_dot() -> None:
    box, _ = inbox()
    waiting = asyncio.ensure_future(box.message(DotReader(1000)))
    await asyncio.sleep(0)
    box.feed(b"half\r\n")
    box.end()
    with pytest.raises(ClientGone):
        await waiting


@pytest.mark.parametrize("size", [1, 3, 1000])
async def test_a_line_as_long_as_allowed_is_a_line_however_it_comes(size: int) -> None:
    box, _ = inbox(limit=10)
    stream = b"x" * 10 + b"\r\n" + b"y" * 11 + b"\r\n" + b"NOOP\r\n"
    said: list[bytes] = []
    for start in range(0, len(stream), size):
        box.feed(stream[start : start + size])
        while True:
            try:
                line = box.take_line()
            except LineTooLong:
                line = b"too long"
            if line is None:
                break
            said.append(line)
    assert said == [b"x" * 10, b"too long", b"NOOP"]


async def test_tls_is_known_by_its_first_octet() -> None:
    for hello in (b"\x16", b"\x16\x03\x01\x02\r\n"):
        box, _ = inbox()
        box.feed(hello)
        with pytest.raises(NotText):
            await box.line()


@pytest.mark.parametrize(
    ("octets", "unfinished", "crooked"),
    [
        (b"", False, False),
        (b"NOOP\r\n", True, False),
        (b"NOOP", True, False),
        (b"NOOP\r", True, False),
        (b"NOOP\n", True, True),
        (b"NOOP\nNOOP", True, True),
    ],
)
def test_a_client_that_ends_lines_otherwise_is_noticed(octets: bytes, unfinished: bool, crooked: bool) -> None:
    box, _ = inbox()
    box.feed(octets)
    assert (box.unfinished, box.crooked) == (unfinished, crooked)


async def test_what_was_forgotten_no_longer_stops_the_socket() -> None:
    box, socket = inbox()
    box.feed(b"x" * (HIGH_WATER + 1))
    before = socket.reading
    box.clear()
    assert (before, socket.reading, box.unfinished) == (False, True, False)


async def test_nothing_is_taken_after_the_end() -> None:
    box, _ = inbox()
    box.end()
    box.feed(b"NOOP\r\n")
    with pytest.raises(ClientGone):
        await box.line()
