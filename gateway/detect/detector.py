"""What every detector is: a name, the rules it speaks for, and one pure function."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gateway.detect.lexicon import Lexicon
from gateway.detect.view import View
from gateway.model import Circumstances, Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Detector:
    """One detector. ``detect`` is pure, linear in the text, and takes any text."""

    name: str
    rules: tuple[str, ...]
    """Rules that its findings may name, without kinds."""
    detect: Callable[[View, Lexicon, Circumstances], Iterable[Finding]]
