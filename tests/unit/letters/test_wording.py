"""Times and enumerations as people say them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from gateway.letters.wording import enumerate_words, say_time, sentence

STOCKHOLM = ZoneInfo("Europe/Stockholm")


@pytest.mark.parametrize(
    ("at", "swedish", "english"),
    [
        (
            datetime(2026, 5, 4, 12, 30, tzinfo=UTC),
            "måndagen den 4 maj 2026 kl. 14.30",
            "on Monday 4 May 2026 at 14:30",
        ),
        (
            datetime(2026, 12, 31, 23, 5, tzinfo=UTC),
            "fredagen den 1 januari 2027 kl. 00.05",
            "on Friday 1 January 2027 at 00:05",
        ),
    ],
)
def test_a_time_is_that_of_swedish_clocks(at: datetime, swedish: str, english: str) -> None:
    assert say_time(at, STOCKHOLM, "sv") == swedish
    assert say_time(at, STOCKHOLM, "en") == english


def test_a_machine_without_time_zones_says_which_time_it_tells() -> None:
    assert say_time(datetime(2026, 5, 4, 12, 30, tzinfo=UTC), UTC, "sv") == "måndagen den 4 maj 2026 kl. 12.30 UTC"


@pytest.mark.parametrize(
    ("words", "said"), [([], ""), (["a"], "a"), (["a", "b"], "a och b"), (["a", "b", "c"], "a, b och c")]
)
def test_words_are_enumerated(words: list[str], said: str) -> None:
    assert enumerate_words(words, "sv") == said


def test_a_sentence_begins_with_a_capital() -> None:
    assert sentence("åtta") == "Åtta"
    assert sentence("") == ""
