"""What readers yield, what they raise, and what all of them may use up together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from gateway.model import PartState

_OCTETS: Final = 256 * 1024 * 1024
_FILES: Final = 1000
_PICTURES: Final = 12
_CHUNK: Final = 1 << 20


class NotRead(Exception):
    """A file could not be read to its end; ``state`` says why."""

    state = PartState.UNREADABLE


class Locked(NotRead):
    """It is encrypted."""

    state = PartState.ENCRYPTED


class TooBig(NotRead):
    """It unfolds to more than a message may."""

    state = PartState.TOO_BIG


class TooSlow(NotRead):
    """Reading it takes longer than a message may."""

    state = PartState.TIMED_OUT


class Foreign(NotRead):
    """It is of a kind that nobody here reads."""

    state = PartState.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    """A file inside a file."""

    name: str
    octets: bytes = field(repr=False, default=b"")
    state: PartState | None = None
    """Where it is known already that it cannot be opened."""


Finds = Iterator[str | Inner]
"""Texts and files in the order in which they stand."""

Reader = Callable[[bytes, "Budget"], Finds]
"""Reads the octets of one file. Raises NotRead, or whatever its library raises on a broken file."""


@dataclass(slots=True)
class Budget:
    """What may still be unfolded of one message: shared by all its files and all levels of nesting."""

    octets: int = _OCTETS
    files: int = _FILES
    pictures: int = _PICTURES
    """Pictures and scanned pages that are still read; each takes about a second."""

    def take(self, octets: int) -> None:
        """Count unfolded octets. Raises TooBig."""
        self.octets -= octets
        if self.octets < 0:
            raise TooBig

    def file(self) -> None:
        """Count a file. Raises TooBig."""
        self.files -= 1
        if self.files < 0:
            raise TooBig

    def picture(self) -> bool:
        """Tell whether one more picture may be read, and count it."""
        self.pictures -= 1
        return self.pictures >= 0

    def gather(self, read: Callable[[int], bytes]) -> bytes:
        """Return everything that ``read`` gives, counted as it comes. Raises TooBig."""
        pieces = []
        while piece := read(_CHUNK):
            self.take(len(piece))
            pieces.append(piece)
        return b"".join(pieces)
