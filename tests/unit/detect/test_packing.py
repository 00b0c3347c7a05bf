"""Texts in one piece come back as they were."""

import copy

from hypothesis import given
from hypothesis import strategies as st

from gateway.detect.lexicon import WordList
from gateway.detect.packing import packed, unpacked


@given(st.lists(st.text(st.characters(), max_size=12), max_size=8))
def test_texts_come_back(texts: list[str]) -> None:
    assert unpacked(packed(texts)) == texts


def test_a_list_says_and_sends_what_was_written() -> None:
    listed = WordList(words=("*chefen", "rad\nrad", "å*"), patterns=("[0-9]+",))
    assert listed.words == ("*chefen", "rad\nrad", "å*")
    assert copy.deepcopy(listed) == listed
