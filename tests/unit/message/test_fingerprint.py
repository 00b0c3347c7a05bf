"""One mailing in many messages."""

from __future__ import annotations

import random
from zlib import crc32

import pytest

from gateway.message.fingerprint import TEXT, _checksums, _folded, _folded_in_any_script, _minima, fingerprint
from gateway.message.parse import parse_message
from gateway.model import Fingerprint

STEMS = ("skola", "väg", "plan", "möte", "grupp", "nämnd", "torg", "bibliotek")
WORDS = [stem + ending for stem in STEMS for ending in ("en", "erna", "s", "ar", "et", "or")]


def letter(seed: int, paragraphs: int = 6) -> list[str]:
    dice = random.Random(seed)
    return [" ".join(dice.choices(WORDS, k=25)).capitalize() + "." for _ in range(paragraphs)]


def of(text: str, subject: str = "x", head: str = "") -> Fingerprint:
    return fingerprint(parse_message(f"Subject: {subject}\r\n{head}\r\n{text}".encode()))


def likeness(one: Fingerprint, other: Fingerprint) -> float:
    return sum(a == b for a, b in zip(one.minhash, other.minhash, strict=True)) / 64


BASE = "Hej Anna!\n\n" + "\n\n".join(letter(1)) + "\n\nMed vänlig hälsning\nHedda Sten\n0435-550 00\n"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(BASE.replace("Anna", "Bo Ek"), id="other greeting"),
        pytest.param(BASE.replace("Hej Anna!\n\n", ""), id="no greeting"),
        pytest.param(BASE.replace("\n", "\r\n"), id="line ends"),
        pytest.param(BASE.upper(), id="case"),
        pytest.param(BASE.replace("torg", "to\u200brg"), id="zero width"),
        pytest.param(BASE.replace(".", " 2026-11-04 nr 17."), id="numbers"),
        pytest.param(BASE.replace(".", ". https://example.com/a?b=1 anna@example.com "), id="addresses"),
        pytest.param(BASE.replace("Hedda Sten", "Bo Ek"), id="other signature"),
        pytest.param(BASE + "\n> gammalt svar\n> mer\n", id="quote below"),
    ],
)
def test_what_does_not_matter(text: str) -> None:
    same = of(BASE)
    found = of(text.replace("NR", "").replace("nr", ""))
    assert likeness(found, same) == 1.0
    assert found.exact == same.exact


def test_order_of_paragraphs_does_not_matter() -> None:
    paragraphs = letter(2)
    assert of("\n\n".join(paragraphs)) == of("\n\n".join(reversed(paragraphs)))


def test_html_is_like_its_plain_text() -> None:
    paragraphs = letter(3)
    html = "".join(f"<p>{paragraph.replace(' ', '<b> </b>')}</p>" for paragraph in paragraphs)
    assert of("\n\n".join(paragraphs)) == of(html, head="Content-Type: text/html; charset=utf-8\r\n")


def test_a_changed_sentence_is_still_alike_and_another_letter_is_not() -> None:
    paragraphs = letter(4)
    changed = of("\n\n".join([*paragraphs[:-1], "En helt annan avslutning på just det här brevet till dig."]))
    assert 0.6 <= likeness(of("\n\n".join(paragraphs)), changed) < 1.0
    assert likeness(of("\n\n".join(paragraphs)), of("\n\n".join(letter(5)))) < 0.3


def test_likeness_survives_long_texts() -> None:
    paragraphs = letter(6, paragraphs=60)
    assert likeness(of("\n\n".join(paragraphs)), of("\n\n".join(paragraphs[:-3]))) >= 0.6


def test_short_texts_have_only_an_exact_print() -> None:
    found = of("Vi ses på torsdag.")
    assert len(found.exact) == 16
    assert found.minhash == ()
    assert found == of("vi ses på TORSDAG")
    assert found.exact != of("Vi ses på fredag.").exact


def test_headings_count_as_one_shingle_each() -> None:
    paragraphs = ["Rubrik", *letter(10), "Två ord"]
    assert likeness(of("\n\n".join(paragraphs)), of("\n\n".join(reversed(paragraphs)))) == 1.0


@pytest.mark.parametrize("text", ["", "\n\n", "12345 67", "> bara citat", "https://example.com/"])
def test_nothing_to_compare(text: str) -> None:
    assert of(text) == Fingerprint()


MIXED = (
    "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\n{}\r\n"
    "--a\r\nContent-Type: application/x-a; name=a\r\n\r\n{}\r\n--a--\r\n"
)


def with_file(text: str, content: str) -> Fingerprint:
    return fingerprint(parse_message(MIXED.format(text, content).encode()))


def test_attachments_count() -> None:
    assert with_file("hej du", "\0a") == with_file("hej du", "\0a")
    assert with_file("hej du", "\0a").exact != with_file("hej du", "\0b").exact
    assert with_file("", "\0a").exact != b""


def test_text_beyond_the_cap_does_not_matter() -> None:
    text = " ".join(letter(7, paragraphs=600))[: TEXT + 10]
    assert of(text + " ".join(letter(8))) == of(text + " ".join(letter(9)))


@pytest.mark.parametrize("frame", ["ab{}Cd", "Å{} å", "{}"])
def test_the_fast_way_and_the_slow_way_find_the_same_words(frame: str) -> None:
    marks = (*range(0x600), *range(0x1E00, 0x3100), 0xD800, 0xFB01, 0xFEFF, 0x1F600, 0x20000)
    differing = [
        hex(c)
        for c in marks
        if chr(c) != "@"
        and _folded(frame.format(chr(c))).split() != _folded_in_any_script(frame.format(chr(c))).split()
    ]
    assert not differing


def plainly(paragraphs: list[list[str]]) -> list[int]:
    """Return the checksums of all runs of three words, or of a whole shorter paragraph, one after the other."""
    factors = (0x2545F491, 0x1B873593, 0x3C6EF373)
    found = []
    for words in paragraphs:
        framed = words if len(words) > 2 else ["\0", *words, "\0"][:3]
        runs = zip(framed, framed[1:], framed[2:], strict=False)
        found += [
            sum(crc32(w.encode()) * f for w, f in zip(run, factors, strict=True)) >> 20 & 2**29 - 1 for run in runs
        ]
    return found


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 40, 1500, 5000])
def test_checksums_made_at_once_are_those_made_one_by_one(size: int) -> None:
    dice = random.Random(size)
    paragraphs = [
        [dice.choice(WORDS) + dice.choice("abcdef") for _ in range(dice.choice((1, 2, 3, 9)))] for _ in range(size)
    ]
    words = ["\0"]
    for paragraph in paragraphs:
        words += [*paragraph, *dice.choice((["\0"], ["\0", "\0"]))]
    found = [value for value in _checksums([word.encode() for word in words]) if value < 2**29]
    assert found == plainly(paragraphs)
    minima = _minima(_checksums([word.encode() for word in words]))
    if len(set(found)) < 25:
        assert minima == ()
    else:
        lowest = {bin_: min(v // 64 for v in found if v % 64 == bin_) for bin_ in {v % 64 for v in found}}
        assert all(minima[bin_] == value for bin_, value in lowest.items())
