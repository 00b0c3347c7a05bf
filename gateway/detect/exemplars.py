"""Learning from example mails: which kind of mail a text resembles most (multinomial naive Bayes, smoothed).

The examples are data that an official can read and add to; what is learnt from them is worked out when they are
loaded, by counting alone, so the same files give the same judgement everywhere.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.detect.normalise import normalise
from gateway.model import Problem

FOLDER: Final = "lexicon/examples/"
LONGEST: Final = 600
"""Characters of one example."""
FEWEST: Final = 10
"""Examples of a kind: fewer teach nothing."""

OFFICIAL: Final = "official"
KINDS: Final = (OFFICIAL, "private", "business", "association", "party")
"""The kinds of examples, each in ``examples/<kind>.txt``."""

READ: Final = 1200
"""Characters of a text that are compared with the examples."""

_SMOOTHING: Final = 0.3
_TEMPERATURE: Final = 10.0
"""Divides log-odds: words of a text are far from independent, so the plain sum is much too sure."""
_WORD: Final = re.compile(r"[a-zåäöéü]+|[0-9]+|[!?]")
_NUMBER: Final = "0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """How a text resembles the kinds of examples; the shares add up to 1."""

    shares: Mapping[str, float]

    @property
    def unofficial(self) -> float:
        """The share of everything but official mail."""
        return 1.0 - self.shares[OFFICIAL]

    def leads(self, kind: str) -> bool:
        """Tell whether a kind comes first of all but official."""
        return kind == max(KINDS[1:], key=lambda k: self.shares[k])


class Exemplars:
    """What has been learnt from the examples."""

    __slots__ = ("_features",)

    def __init__(self, mails: Mapping[str, Sequence[str]]) -> None:
        """Count the features of all examples: kind → mails."""
        counts = {kind: Counter[str]() for kind in KINDS}
        for kind in KINDS:
            for mail in mails.get(kind, ()):
                counts[kind].update(set(features(mail)))
        known = set[str]().union(*counts.values())
        totals = {kind: sum(counts[kind].values()) + _SMOOTHING * len(known) for kind in KINDS}
        logs = {kind: math.log(totals[kind] or 1.0) for kind in KINDS}
        self._features = {
            feature: tuple(math.log(counts[kind][feature] + _SMOOTHING) - logs[kind] for kind in KINDS)
            for feature in known
        }

    def likeness(self, text: str) -> Likeness:
        """Return which kinds of examples the beginning of a text resembles."""
        scores = [0.0] * len(KINDS)
        for feature in set(features(text[:READ])):
            weights = self._features.get(feature)
            if weights is not None:
                for number, weight in enumerate(weights):
                    scores[number] += weight
        best = max(scores)
        odds = [math.exp((score - best) / _TEMPERATURE) for score in scores]
        return Likeness(shares={kind: odd / sum(odds) for kind, odd in zip(KINDS, odds, strict=True)})


def read_mails(files: Mapping[str, str]) -> tuple[dict[str, tuple[str, ...]], list[Problem]]:
    """Return the examples of each kind, one on a line, and every mistake found."""
    mails = {kind: tuple(_mails(files.get(f"{FOLDER}{kind}.txt", ""))) for kind in KINDS}
    problems = [
        Problem(file=path, key="", text=f"no such kind of mail; the kinds are {', '.join(KINDS)}")
        for path in sorted(files)
        if path.startswith(FOLDER) and path.removeprefix(FOLDER) not in {f"{kind}.txt" for kind in KINDS}
    ]
    for kind, listed in mails.items():
        path = f"{FOLDER}{kind}.txt"
        if len(listed) < FEWEST:
            problems.append(
                Problem(file=path, key="", text=f"holds {len(listed)} examples; at least {FEWEST} are needed")
            )
        lines = files.get(path, "").splitlines()
        problems += [
            Problem(file=path, key="", text=f"an example is longer than {LONGEST} characters", line=number)
            for number, line in enumerate(lines, 1)
            if len(line) > LONGEST
        ]
    return mails, problems


def _mails(text: str) -> Iterator[str]:
    for line in text.splitlines():
        mail = line.strip()
        if mail and not mail.startswith("#"):
            yield mail[:LONGEST]


def features(text: str) -> Iterator[str]:
    """Yield words, pairs of words, and beginnings, ends and pieces of longer words, which carry compounds."""
    before = ""
    for match in _WORD.finditer(normalise(text).text.lower()):
        word = match.group()
        if word[0].isdigit():
            word = _NUMBER
        yield word
        if before:
            yield f"{before} {word}"
        before = word
        yield from _pieces(word[:40])


def _pieces(word: str) -> Iterator[str]:
    length = len(word)
    if length >= 4:  # noqa: PLR2004 - lengths at which a piece begins to mean something
        yield f"<{word[:4]}"
    if length >= 5:  # noqa: PLR2004
        yield f"<{word[:5]}"
    if length >= 7:  # noqa: PLR2004
        yield f"{word[-5:]}>"
    if length >= 8:  # noqa: PLR2004
        for start in range(length - 4):
            yield f"~{word[start : start + 5]}"
