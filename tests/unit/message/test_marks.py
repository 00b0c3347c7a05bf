"""Lines that divide parts."""

from __future__ import annotations

import random

import pytest

from gateway.message.marks import before, begins_part, boundaries_of, find_dashed, line_end, line_starts
from gateway.message.parameters import read_valued


def test_line_starts() -> None:
    octets = b"--a\n--a--\n --a\nx--a\n--b\n--a"
    assert list(line_starts(octets, b"--a", 0, len(octets))) == [0, 4, 24]
    assert list(line_starts(octets, b"--a", 1, 20)) == [4]
    assert list(line_starts(octets, b"--a", 2, 6)) == []


def test_line_end_and_before() -> None:
    octets = b"ab\r\n--x\ncd"
    assert line_end(octets, 0, len(octets)) == 4
    assert line_end(octets, 8, len(octets)) == len(octets)
    assert before(octets, 0, 4) == 2
    assert before(octets, 0, 8) == 7
    assert before(octets, 4, 4) == 4


@pytest.mark.parametrize(
    ("value", "boundaries"),
    [
        (b"multipart/mixed; boundary=a", [b"a"]),
        (b"multipart/mixed; boundary=a; boundary=b", [b"a", b"b"]),
        (b'multipart/mixed; boundary="a b "', [b"a b", b"a"]),
        (b"multipart/mixed; boundary='a'", [b"'a'", b"a"]),
        (b"multipart/mixed", []),
        (b'multipart/mixed; boundary=""', []),
    ],
)
def test_boundaries(value: bytes, boundaries: list[bytes]) -> None:
    assert boundaries_of([read_valued(value)]) == boundaries


def test_boundaries_are_capped() -> None:
    value = b"multipart/mixed" + b"".join(b"; boundary=b%d" % n for n in range(50))
    assert len(boundaries_of([read_valued(value)])) == 8


@pytest.mark.parametrize(
    ("octets", "begins"),
    [
        (b"Content-Type: text/plain\n\nx", True),
        (b" content-type : text/plain\n\nx", True),
        (b"X-Other: 1\nContent-Disposition: inline\n\nx", True),
        (b"X-Other: 1\n\nContent-Type: text/plain", False),
        (b"\nContent-Type: text/plain", False),
        (b"Hej: Content-Type: x\n", False),
        (b"Anna Berg\nContent-Type: x\n", False),
        (b"", False),
    ],
)
def test_begins_part(octets: bytes, begins: bool) -> None:
    assert begins_part(octets, 0, len(octets)) is begins


@pytest.mark.parametrize("letters", ["-\n", "-\nA", "A" * 500 + "-\n", "A" * 9000 + "\n-"])
def test_a_needle_with_a_dash_is_found_where_any_search_finds_it(letters: str) -> None:
    dice = random.Random(len(letters))
    for _ in range(60):
        octets = "".join(dice.choices(letters, k=20_000)).encode()
        at = dice.randrange(len(octets))
        octets = octets[:at] + b"\n--a" + octets[at:]
        start, end = sorted(dice.choices(range(len(octets)), k=2))
        for needle in (b"\n--a", b"\n--", b"\n --"):
            assert find_dashed(octets, needle, start, end) == octets.find(needle, start, end)


@pytest.mark.parametrize("length", [4094, 4096, 5000, 9000])
def test_a_needle_longer_than_what_is_searched_at_once_comes_to_an_end(length: int) -> None:
    needle = b"\n--" + b"x" * length
    octets = b"a - b\n" * 10_000
    assert find_dashed(octets, needle, 0, len(octets)) == -1
    octets += needle + b"\n" + octets
    assert find_dashed(octets, needle, 0, len(octets)) == octets.find(needle)
