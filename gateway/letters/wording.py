"""Times and enumerations in Swedish and English, as people say them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import Final

_DAYS: Final = {
    "sv": ("måndagen", "tisdagen", "onsdagen", "torsdagen", "fredagen", "lördagen", "söndagen"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_MONTHS: Final = {
    "sv": (
        *("januari", "februari", "mars", "april", "maj", "juni"),
        *("juli", "augusti", "september", "oktober", "november", "december"),
    ),
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
}
_AND: Final = {"sv": "och", "en": "and"}


def say_time(at: datetime, zone: tzinfo, language: str) -> str:
    """Return day and minute: ``onsdagen den 25 november 2026 kl. 04.05``; with ``UTC`` where it is not local time."""
    local = at.astimezone(zone)
    foreign = " UTC" if zone is UTC else ""
    day, month = _DAYS[language][local.weekday()], _MONTHS[language][local.month - 1]
    if language == "sv":
        return f"{day} den {local.day} {month} {local.year} kl. {local:%H.%M}{foreign}"
    return f"on {day} {local.day} {month} {local.year} at {local:%H:%M}{foreign}"


def enumerate_words(words: Sequence[str], language: str) -> str:
    """Return ``a, b och c``."""
    if len(words) < 2:  # noqa: PLR2004 - nothing to join
        return "".join(words)
    return f"{', '.join(words[:-1])} {_AND[language]} {words[-1]}"


def sentence(text: str) -> str:
    """Return ``text`` with a capital first letter."""
    return text[:1].upper() + text[1:]
