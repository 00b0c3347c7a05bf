"""Texts in one piece come back as they were."""

import copy

from hypothesis import given
from hypothesis import strategies as st

from gateway.detect.lexicon import WordList
from gateway.detect.packing import Numbered, packed, unpacked


@given(st.lists(st.text(st.characters(), max_size=12), max_size=8))
def test_texts_come_back(texts: list[str]) -> None:
    assert unpacked(packed(texts)) == texts


def test_a_list_says_and_sends_what_was_written() -> None:
    listed = WordList(words=("*chefen", "rad\nrad", "å*"), patterns=("[0-9]+",))
    assert listed.words == ("*chefen", "rad\nrad", "å*")
    assert copy.deepcopy(listed) == listed


@given(st.sets(st.binary(min_size=1, max_size=6).filter(lambda text: min(text) >= 32), max_size=300))
def test_texts_have_their_numbers_and_others_none(texts: set[bytes]) -> None:
    numbered = sorted(texts)
    table = Numbered(numbered)
    assert [table.known([text]) for text in numbered] == [[number] for number in range(len(numbered))]
    assert table.known([text + b"x" for text in numbered if text + b"x" not in texts]) == []


def test_numbers_of_a_large_table() -> None:
    texts = [b"%d" % number for number in range(20_000)]
    assert Numbered(texts).known(texts) == list(range(20_000))
