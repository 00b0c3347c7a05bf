"""Where sentences begin and end, and what they are cut into."""

from __future__ import annotations

import pytest

from gateway.detect.lexicon import Lexicon
from gateway.detect.sentences import REACH, Reader
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
