"""One line of the doctor's report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from gateway.model import InvalidConfiguration


class Level(Enum):
    """How a sign is meant."""

    WELL = "well"
    NOTE = "note"
    """Could not be examined here, or is a choice to know about."""
    WARNING = "warning"
    FAILURE = "failure"


_MARKS: Final = {Level.WELL: "ok  ", Level.NOTE: "note", Level.WARNING: "warn", Level.FAILURE: "FAIL"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """What was found, and what to do about it."""

    name: str
    level: Level
    text: str
    remedy: str = ""

    def as_object(self) -> dict[str, str]:
        """Return it in JSON's types."""
        return {"name": self.name, "level": self.level.value, "text": self.text, "remedy": self.remedy}


def well(name: str, text: str) -> Sign:
    """Return a sign of health."""
    return Sign(name=name, level=Level.WELL, text=text)


def note(name: str, text: str, remedy: str = "") -> Sign:
    """Return something to know."""
    return Sign(name=name, level=Level.NOTE, text=text, remedy=remedy)


def warning(name: str, text: str, remedy: str) -> Sign:
    """Return something that will hurt some day."""
    return Sign(name=name, level=Level.WARNING, text=text, remedy=remedy)


def failure(name: str, text: str, remedy: str) -> Sign:
    """Return something that hurts now."""
    return Sign(name=name, level=Level.FAILURE, text=text, remedy=remedy)


def unloadable(error: InvalidConfiguration) -> Iterator[Sign]:
    """Yield a sign for each mistake of a configuration that cannot be loaded."""
    for problem in error.problems:
        yield failure("configuration", str(problem), "correct this key; deploy/utpost.example.toml documents each")


def as_text(signs: Iterable[Sign]) -> Iterator[str]:
    """Yield the lines that a person reads."""
    for sign in signs:
        yield f"{_MARKS[sign.level]} {sign.name}: {sign.text}"
        if sign.remedy:
            yield f"       -> {sign.remedy}"


def exit_code(signs: Iterable[Sign]) -> int:
    """Return 1 where something fails, else 0: a warning stops no roll-out."""
    return 1 if any(sign.level is Level.FAILURE for sign in signs) else 0
