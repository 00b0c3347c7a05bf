"""Replies as octets: what every client reads."""

from __future__ import annotations

import pytest

from gateway.model import Reply

TWO = Reply(code=550, enhanced="5.7.1", lines=("Först", "sedan"))


@pytest.mark.parametrize(
    ("reply", "how", "octets"),
    [
        (TWO, {}, b"550-5.7.1 Forst\r\n550 5.7.1 sedan\r\n"),
        (TWO, {"enhanced": False}, b"550-Forst\r\n550 sedan\r\n"),
        (TWO, {"utf8": True}, "550-5.7.1 Först\r\n550 5.7.1 sedan\r\n".encode()),
        (Reply(code=220, enhanced="", lines=("utpost.example ESMTP",)), {}, b"220 utpost.example ESMTP\r\n"),
        (Reply(code=250, enhanced="2.0.0", lines=("Ok",)), {}, b"250 2.0.0 Ok\r\n"),
    ],
)
def test_octets(reply: Reply, how: dict[str, bool], octets: bytes) -> None:
    assert reply.encode(**how) == octets


def test_letters_of_the_north_are_folded_and_all_else_outside_ascii_is_a_question_mark() -> None:
    text = "åäöÅÄÖéÉ–”’ŋ"
    assert Reply(code=250, enhanced="", lines=(text,)).encode() == b"250 aaoAAOeE-\"'?\r\n"


@pytest.mark.parametrize("text", ["a\rb", "a\nb", "a\r\n354 go on"])
def test_no_text_ends_a_line(text: str) -> None:
    octets = Reply(code=250, enhanced="2.0.0", lines=(text,)).encode()
    assert octets == b"250 2.0.0 " + text.replace("\r", " ").replace("\n", " ").encode() + b"\r\n"


@pytest.mark.parametrize(("letter", "length"), [("x", 512), ("ö", 512), ("€", 510)])
def test_a_line_has_at_most_512_octets_and_ends_with_a_whole_character(letter: str, length: int) -> None:
    octets = Reply(code=250, enhanced="", lines=(letter * 600,)).encode(utf8=True)
    assert len(octets) == length
    assert octets.decode() == "250 " + letter * (506 // len(letter.encode())) + "\r\n"


def test_half_a_character_becomes_a_question_mark() -> None:
    assert Reply(code=250, enhanced="", lines=("a\ud800b",)).encode(utf8=True) == b"250 a?b\r\n"
