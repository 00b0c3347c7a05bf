"""Learning from example mails: which kind of mail a text resembles most (multinomial naive Bayes, smoothed).

The examples are data that an official can read and add to; what is learnt from them is worked out when they are
loaded, by counting alone, so the same files give the same judgement everywhere.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from gateway.detect.normalise import normalise
from gateway.detect.packing import Numbered
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
_WORD: Final = re.compile(r"[a-zåäöéü]++|[0-9]++|[!?]")
_NUMBER: Final = "0"
_LONGEST: Final = 40
"""Characters of a word that are cut into pieces."""
_LANE: Final = 48
"""Bits of one cost in a packed number, enough for the sum of all features of a text."""
_ONE: Final = 1 << 24
"""What a cost of 1 is in a packed number."""
_BEGINNINGS: Final = (4, 5)
_PIECE: Final = 5
"""Letters of a piece, and of an end."""
_WITH_END, _WITH_PIECES = 7, 8
"""Letters of a word of which they mean something."""
_REMEMBERED: Final = 6000
"""Words of which it is remembered what the examples have of them."""
_LETTERS: Final = "latin-1"
"""What holds the letters of words."""
_UNKNOWN: Final = -1
_OF_PLACE: Final = 3
"""Octets of the place of a cost."""


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

    __slots__ = ("_costs", "_table", "_words")

    def __init__(self, mails: Mapping[str, Sequence[str]]) -> None:
        """Count the features of all examples: kind → mails."""
        counts = {kind: Counter[bytes]() for kind in KINDS}
        for kind in KINDS:
            for mail in mails.get(kind, ()):
                counts[kind].update(set(features(mail)))
        known = list(set[bytes]().union(*counts.values()))
        totals = {kind: sum(counts[kind].values()) + _SMOOTHING * len(known) for kind in KINDS}
        logs = {kind: math.log(totals[kind] or 1.0) for kind in KINDS}
        # Most features are met once, in one kind: their costs are the same number, and kept once.
        pool: dict[int, int] = {}
        self._costs: list[int] = []
        for feature in known:
            packed = _packed([logs[kind] - math.log(counts[kind][feature] + _SMOOTHING) for kind in KINDS])
            self._costs.append(pool.setdefault(packed, packed))
        self._table = Numbered(known)
        self._words = _Memory(self._look)

    def __getstate__(self) -> tuple[Numbered, list[int], bytes]:
        """Travel as the table, each cost once, and for each feature the place of its cost."""
        pool = list(dict.fromkeys(self._costs))
        places = {cost: place for place, cost in enumerate(pool)}
        return self._table, pool, b"".join(places[cost].to_bytes(_OF_PLACE, "little") for cost in self._costs)

    def __setstate__(self, state: tuple[Numbered, list[int], bytes]) -> None:
        """Arrive."""
        self._table, pool, places = state
        self._costs = [
            pool[int.from_bytes(places[at : at + _OF_PLACE], "little")] for at in range(0, len(places), _OF_PLACE)
        ]
        self._words = _Memory(self._look)

    def likeness(self, text: str) -> Likeness:
        """Return which kinds of examples the beginning of a text resembles."""
        scores = _unpacked(sum(map(self._costs.__getitem__, self._known_features(text[:READ]))))
        best = max(scores)
        odds = [math.exp((score - best) / _TEMPERATURE) for score in scores]
        return Likeness(shares={kind: odd / sum(odds) for kind, odd in zip(KINDS, odds, strict=True)})

    def _known_features(self, text: str) -> set[int]:
        """Return the features of a text that the examples have too."""
        words = _words(text)
        of = {word: self._words[word] for word in set(words)}
        # The examples that have two words one after another have each of them.
        pairs = {f"{one} {two}" for one, two in pairwise(words) if of[one][0] >= 0 and of[two][0] >= 0}
        known = set(self._table.known([pair.encode(_LETTERS) for pair in pairs])).union(*of.values())
        known.discard(_UNKNOWN)
        return known

    def _look(self, word: str) -> tuple[int, ...]:
        """Return the number of a word, or that it is unknown, and those of its pieces that the examples have."""
        octets, known = word.encode(_LETTERS), self._table.known
        return *(known((octets,)) or (_UNKNOWN,)), *known(_pieces(octets[:_LONGEST]))


class _Memory(dict[str, tuple[int, ...]]):
    """Words and what of them the examples have too; all are forgotten when it is full."""

    def __init__(self, look: Callable[[str], tuple[int, ...]]) -> None:
        super().__init__()
        self._look = look

    def __missing__(self, word: str) -> tuple[int, ...]:
        if len(self) >= _REMEMBERED:
            self.clear()
        known = self[word] = self._look(word)
        return known


def _packed(costs: Sequence[float]) -> int:
    """Return the costs of a feature side by side in one number: one sum adds all of them, in any order the same."""
    return sum(round(cost * _ONE) << (_LANE * number) for number, cost in enumerate(costs))


def _unpacked(total: int) -> list[float]:
    """Return the scores, the negative costs, that a sum of packed numbers holds."""
    return [-(total >> (_LANE * number) & (1 << _LANE) - 1) / _ONE for number in range(len(KINDS))]


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


def features(text: str) -> Iterator[bytes]:
    """Yield words, pairs of words, and beginnings, ends and pieces of longer words, which carry compounds."""
    words = [word.encode(_LETTERS) for word in _words(text)]
    yield from words
    yield from map(b" ".join, pairwise(words))
    for word in words:
        yield from _pieces(word[:_LONGEST])


def _words(text: str) -> list[str]:
    """Return the words of a text, all numbers alike."""
    written = _WORD.findall(normalise(text).text.lower())
    return [_NUMBER if word[0].isdigit() else word for word in written]


def _pieces(word: bytes) -> list[bytes]:
    length = len(word)
    found = [b"<" + word[:size] for size in _BEGINNINGS if length >= size]
    if length >= _WITH_END:
        found.append(word[-_PIECE:] + b">")
    if length >= _WITH_PIECES:
        found += [b"~" + word[start : start + _PIECE] for start in range(length - _PIECE + 1)]
    return found
