"""Where sentences begin and end, and what they are cut into."""

from __future__ import annotations

import pytest

from gateway.detect.lexicon import Lexicon
from gateway.detect.sentences import REACH, Reader
from gateway.model import Segment, SegmentKind
from tests.unit.detect.conftest import MakePage

SPLITS = [
    "En mening.| En till!| Och en fråga?| Slut",
    "Vi ses kl. 10 hos dr. Ek.| Sedan åker vi",
    "Rad ett\n|Rad två\n|- punkt",
    "en rad\nsom fortsätter\n|Men inte här",
    'Han sa "nej."| Sedan gick han',
    "Kostnaden är 3.5 miljoner.| Det är mycket",
    "Bo K. Ek kom.| Karin gick",
    "هل هذا سؤال؟| نعم.| شكرا",
    "Va?| Nej?| Jaha!| Nej!| Bra.| Bra.| Slut",
    ".| Hej på dig.",
    "(Han kom.)| Sedan gick han",
    "Se fil.txt och a!b och c?d nu",
    'Han sa nej."x" sedan',
    "rad\n fortsätter\n| Men inte här\n|\t1 punkt\n|\n|• sist",
]


@pytest.fixture
def reader(page: MakePage, lexicon: Lexicon):  # type: ignore[no-untyped-def]
    return lambda text: Reader(page(text), lexicon.wordbook)


@pytest.mark.parametrize("marked", SPLITS)
def test_a_text_falls_apart_into_its_sentences(reader, marked: str) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    text = marked.replace("|", "")
    read = reader(text)
    found, at = [], 0
    while at < len(text):
        sentence = read.sentence(at)
        found.append(text[sentence.start : sentence.end])
        at = sentence.end

    assert "|".join(found) == marked


def test_an_endless_sentence_is_cut(reader) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    sentence = reader("ord " * 5000).sentence(9000)

    assert sentence.start <= 9000 < sentence.end
    assert sentence.end - sentence.start <= 3 * REACH


def test_the_pieces_of_an_endless_sentence_are_the_same_from_everywhere_in_them(reader) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    for position in (2 * REACH, 2 * REACH + 1, 3 * REACH - 1):
        sentence = reader("x" * 3000).sentence(position)
        assert (sentence.start, sentence.end) == (REACH, 4 * REACH)
    for mark, start, end in (
        (4 * REACH - 1, REACH, 4 * REACH),
        (4 * REACH, REACH, 4 * REACH),
        (REACH, REACH + 1, 4 * REACH),
    ):
        text = "x" * mark + "." + " " * 3000
        sentence = reader(text).sentence(2 * REACH)
        assert (sentence.start, sentence.end) == (start, end)


def test_a_sentence_is_read_once(reader) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    read = reader("Karin kom. Hon gick.")
    assert read.sentence(1) is read.sentence(5)
    assert read.sentence(1) is not read.sentence(12)


@pytest.mark.parametrize(("lines", "near"), [(1, True), (7, True), (8, False)])
def test_empty_lines_part_sentences(reader, lines: int, *, near: bool) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    text = "Karin kom" + "\n" * lines + "Hon gick"
    read = reader(text)
    before = read.before(read.sentence(len(text) - 1))
    assert (before is not None and text[before.start : before.end].startswith("Karin kom")) is near


def test_a_quote_is_no_sentence_before(page: MakePage, lexicon: Lexicon) -> None:
    text = "> Karin kom.\nHon gick."
    kinds = ((SegmentKind.QUOTED, 0, 13), (SegmentKind.OWN, 13, len(text)))
    laid = page(text, segments=tuple(Segment(kind=k, start=s, end=e) for k, s, e in kinds))
    read = Reader(laid, lexicon.wordbook)
    assert read.before(read.sentence(15)) is None


def test_the_sentence_before_stands_close(reader) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    text = "Karin kom. Hon gick." + " " * 20 + "Efter en lucka."
    read = reader(text)
    first = read.before(read.sentence(text.index("Hon")))

    assert first is not None
    assert text[first.start : first.end] == "Karin kom."
    assert read.before(first) is None


def test_tokens_are_words_and_marks_with_their_places(reader) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    sentence = reader("Anna-Greta (C) har adhd-diagnos.").sentence(0)

    assert [t.low for t in sentence.tokens] == ["anna-greta", "(", "c", ")", "har", "adhd-diagnos", "."]
    assert sentence.token_at(sentence.tokens[5].start + 2) == 5


@pytest.mark.parametrize(("text", "lower"), [("vi ses i morgon hos kim", True), ("Vi ses hos Kim Ek i Eket.", False)])
def test_writers_without_capital_letters_are_known(reader, text: str, lower: bool) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    assert reader(text).lower_case is lower


def test_a_token_holds_or_follows_a_position(reader) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    sentence = reader("a b, cd").sentence(0)
    assert [sentence.token_at(position) for position in range(8)] == [0, 1, 1, 2, 3, 3, 3, 4]


def test_bits_are_those_of_the_tokens_of_a_stretch(reader) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    sentence = reader("Hon har inte feber").sentence(0)
    bits = [token.bits for token in sentence.tokens]
    assert bits[0] != 0
    assert sentence.span(-3, 1) == bits[0]
    assert sentence.span(-3, 0) == 0
    assert sentence.span(0, 2) == bits[0] | bits[1]
    assert sentence.whole == bits[0] | bits[1] | bits[2] | bits[3]
