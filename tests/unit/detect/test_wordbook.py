"""What is known of single words."""

from __future__ import annotations

from gateway.detect import topics
from gateway.detect.lexicon import Lexicon
from gateway.detect.topics import dictionary_of
from gateway.detect.wordbook import Wordbook

NAMES = {f"{topics.FOLDER}names.given": ["håkan", "anna"], f"{topics.FOLDER}links.heads": ["vård*"]}


def test_a_name_in_the_genitive_is_a_name() -> None:
    word = Wordbook(dictionary_of(NAMES)).word("Håkans")

    assert (word.low, word.capital, word.genitive) == ("håkans", True, True)
    assert word.bits == topics.GIVEN


def test_a_double_name_is_known_by_its_parts() -> None:
    assert Wordbook(dictionary_of(NAMES)).word("Anna-Greta").bits == topics.GIVEN


def test_marks_have_no_bits() -> None:
    assert Wordbook(dictionary_of(NAMES)).word("(").bits == 0


def test_the_rest_of_a_compound_can_make_it_an_activity() -> None:
    book = Wordbook(dictionary_of(NAMES))

    assert book.is_head("vårdens")
    assert not book.is_head("besked")


def test_it_forgets_when_it_is_full_and_still_knows(lexicon: Lexicon) -> None:
    book = lexicon.wordbook
    before = book.word("Karin")
    for number in range(30_000):
        book.word(f"ord{number}")

    assert book.word("Karin") == before


def test_endless_words_are_not_remembered() -> None:
    book = Wordbook(dictionary_of(NAMES))

    assert book.word("a" * 10_000).bits == 0
    assert not book._known
