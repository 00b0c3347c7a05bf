"""What the tests of detectors share: the word lists that ship, and short ways to judge a text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.detect import detect
from gateway.detect.lexicon import Lexicon, build_lexicon
from gateway.detect.view import Page, View
from gateway.model import (
    Address,
    Circumstances,
    Finding,
    Headers,
    Message,
    Origin,
    Part,
    PartState,
    Segment,
    SegmentKind,
)
from gateway.policy.load import read_tree

ROOT = Path(__file__).parents[3]
DATA = ROOT / ".." / "shared" / "data"

MakePart = Callable[..., Part]
MakeMessage = Callable[..., Message]
Judge = Callable[..., tuple[Finding, ...]]
MakePage = Callable[..., Page]


@pytest.fixture(scope="session")
def lexicon() -> Lexicon:
    """The word lists of the repository."""
    built, problems = build_lexicon(read_tree(ROOT / "policies").files)
    assert problems == []
    return built


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of shared measuring data."""
    if not DATA.is_dir():
        pytest.skip("the shared measuring data is not here")
    return DATA


def _part(text: str = "", *, path: str = "1", **other: object) -> Part:
    segments = other.pop("segments", (Segment(kind=SegmentKind.OWN, start=0, end=len(text)),))
    values: dict[str, object] = {
        "media_type": "text/plain",
        "filename": None,
        "origin": Origin.OWN,
        "state": PartState.SCANNED,
        "body": path == "1",
    }
    return Part(path=path, text=text, segments=segments, **{**values, **other})  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def part() -> MakePart:
    """A function that makes a part of own text."""
    return _part


@pytest.fixture(scope="session")
def quoting() -> MakePart:
    """A function that makes a part of a quote and one's own words below it."""

    def make(quote: str, own: str) -> Part:
        kinds = ((SegmentKind.QUOTED, 0, len(quote)), (SegmentKind.OWN, len(quote), len(quote + own)))
        return _part(quote + own, segments=tuple(Segment(kind=k, start=s, end=e) for k, s, e in kinds))

    return make


def _message(*parts: Part) -> Message:
    return Message(headers=Headers(), parts=parts, size=sum(len(p.text) for p in parts))


@pytest.fixture(scope="session")
def message() -> MakeMessage:
    """A function that makes a message of parts."""
    return _message


@pytest.fixture(scope="session")
def page(lexicon: Lexicon) -> MakePage:
    """A function that lays out one text as the page of a message."""

    def lay_out(text: str, **other: object) -> Page:
        return View(_message(_part(text, **other)), lexicon).pages[0]  # type: ignore[arg-type]

    return lay_out


@pytest.fixture(scope="session")
def judge(lexicon: Lexicon) -> Judge:
    """A function that returns what all detectors find in parts, or in one text with an optional subject.

    Without the model: what it adds and doubts changes with every fit, and is measured by ``make eval``.
    """
    rules = replace(lexicon, model=None)

    def run(
        *parts: Part | str, subject: str = "", to: Sequence[str] = ("karin.lind@example.com",)
    ) -> tuple[Finding, ...]:
        made = [_part(p, path=str(n)) if isinstance(p, str) else p for n, p in enumerate(parts, 1)]
        if subject:
            made.insert(0, _part(subject, path="subject"))
        circumstances = Circumstances(
            sender=_address("magnus.ahlberg@politik.orkelljunga.se"), recipients=tuple(map(_address, to))
        )
        findings, crashed = detect(_message(*made), rules, circumstances)
        assert crashed == ()
        return findings

    return run


def _address(text: str) -> Address:
    local, _, domain = text.partition("@")
    return Address(local=local, domain=domain)
