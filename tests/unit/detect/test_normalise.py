"""One plain spelling, and the way back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.detect.normalise import normalise


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Årsmöte på Ängen kl. 19, välkomna!", "Årsmöte på Ängen kl. 19, välkomna!"),
        ("780914\u20132388", "780914-2388"),
        ("780914\u22122388", "780914-2388"),
        ("780914\u20112388", "780914-2388"),
        ("780914\u00a02388", "780914 2388"),
        ("780914\u202f2388", "780914 2388"),
        ("78\u200b09\u200d14", "780914"),
        ("\u202e780914\u202c", "780914"),
        ("78\u00ad0914", "780914"),
        ("\u0667\u0668", "78"),
        ("\uff17\uff18", "78"),
        ("\U0001d7d7", "9"),
        ("A\u030angstro\u0308m", "Ångström"),
        ("a\u0301\u0301\u0301", "á"),
        ("rad\r\nrad", "rad\nrad"),
        ("rad\rrad", "rad\nrad"),
        ("\u201dhej\u201c", '"hej"'),
        ("\u0130stanbul", "Istanbul"),
        ("\ufb01lm", "film"),
        ("\ufdfa", "\ufdfa"),
        ("\ud800x", "\ufffdx"),
        ("\U0001f469\u200d\U0001f467", "\U0001f469\U0001f467"),
        ("ندعوكم", "ندعوكم"),
        ("\u00a0Hej", " Hej"),
        ("a\r\rb", "a\n\nb"),
        ("a\u2013\rb", "a-\nb"),
        ("a\u2013\r\nb", "a-\nb"),
        ("\u0301a", "a"),
        ("\ufb01\u0301n", "fín"),
        ("\u2487", "(20)"),
        ("\u3315", "\u3315"),
    ],
)
def test_unusual_characters_become_plain(text: str, plain: str) -> None:
    assert normalise(text).text == plain


def test_clean_text_is_the_same_object() -> None:
    text = "Kommunfullmäktige sammanträder den 14 mars."
    assert normalise(text).text is text


@pytest.mark.parametrize("text", ["a\u200bb\u200bc 78\u20130914", "A\u030a\r\nB\r\nC", "x\u00a0\u00a0y"])
def test_positions_lead_back_to_the_same_character(text: str) -> None:
    done = normalise(text)
    for position, character in enumerate(done.text):
        if character.isascii() and character.isalnum():
            origin = done.original(position)
            assert text[origin] == character or text[origin : origin + 1].isalnum()
            assert done.plain(origin) == position


@pytest.mark.parametrize(
    ("text", "starts", "origins"),
    [
        ("78\u20130914\u20112388", (), ()),
        ("a\u200bb\u2013c\u2013d", (1,), (2,)),
        ("a\u200bb\u200bc", (1, 2), (2, 4)),
        ("\ufb01lm\u2013rad", (2,), (1,)),
    ],
)
def test_only_a_new_shift_is_written_down(text: str, starts: tuple[int, ...], origins: tuple[int, ...]) -> None:
    done = normalise(text)
    assert (done.starts, done.origins) == (starts, origins)


def test_inside_what_vanished_the_place_is_where_it_was() -> None:
    done = normalise("a\u200b\u200b\u200bb\u2013c\u200b\u200bd")
    assert [done.plain(position) for position in range(11)] == [0, 1, 1, 1, 1, 2, 3, 4, 4, 4, 5]


@given(st.text())
def test_any_text_gives_plain_text_with_positions_inside(text: str) -> None:
    done = normalise(text)
    assert len(done.text.lower()) == len(done.text)
    positions = [done.original(p) for p in range(len(done.text) + 1)]
    assert all(0 <= p <= len(text) + 4 for p in positions)
    assert all(0 <= done.plain(p) <= len(done.text) for p in range(len(text) + 1))


@given(st.text(alphabet=st.characters(max_codepoint=0x2FF), max_size=60))
def test_plain_text_stays_plain(text: str) -> None:
    once = normalise(text).text
    assert normalise(once).text == once
