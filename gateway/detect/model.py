"""A small model over sentences: how much each rule is spoken for, learnt from labelled sentences.

Weights of features are added up, and a few hidden units (leaky rectifiers) say what the features are worth together.
All that is data: ``lexicon/model.txt``, written by ``eval/fit_sentences.py``. Weights are whole numbers, so the same
sentences give the same sums everywhere.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import isfinite
from struct import Struct
from typing import Final, NamedTuple

from gateway.detect.buckets import BLOCKS, BUCKETS, FEATURES, FLOORS, bucket, pieces
from gateway.model import Problem

FILE: Final = "lexicon/model.txt"

KNOWN: Final = frozenset(
    {
        "special_category", "solicitation", "capacity_unclear", "protected_identity", "private",
        "business_or_association", "party_internal", "financial", "credentials",
    }
)  # fmt: skip
"""The rules that a model may speak about."""

_LANE: Final = 4
"""Octets of one weight while it is added: room for the sum of all features of a text."""
LEAK: Final = 0.1
"""What is left of a hidden unit that is not lit."""
_ZERO: Final = 128
"""What a weight of nothing is as an octet."""
_REMEMBERED: Final = 4_000
"""Words whose sums are remembered."""
_LONGEST: Final = 60
"""Characters of a word that is remembered."""
_MARK: Final = "---"
_SCALES: Final = frozenset({"scale", "unit_scale", "whole_scale"})
_LINE: Final = 120
"""Characters of a line of weights."""


class Said(NamedTuple):
    """What the words of a mail say of a rule."""

    score: float
    """Of the sentences that speak most for it."""
    whole: float
    """Of all words together."""
    length: float
    """From 0, not long, to 1."""


@dataclass(frozen=True, slots=True)
class Balance:
    """How the model's sum for a rule and the rule's own finding are weighed against each other."""

    bias: float
    model: float
    whole: float
    """What the words of the mail as a whole weigh."""
    length: float
    """Added where the mail is long; less where it is not so long."""
    found: float
    """Added where the rule has found something in the sender's own words."""
    sure: float
    """Added where that is certain."""
    block_at: float
    warn_at: float
    drop_at: float
    """Below this, what the rule has found does not count."""
    look_at: float
    """What must speak for a hit by words alone, for anything to be looked at more closely."""

    def weigh(self, said: Said, *, found: bool, sure: bool) -> float:
        """Return how much speaks for a hit: what is said, and whether the rule has found something."""
        weight = self.bias + self.model * said.score + self.whole * said.whole + self.length * said.length
        return weight + self.found * found + self.sure * sure


class Unit(NamedTuple):
    """A hidden unit."""

    bias: float
    """How much it is lit by nothing."""
    tells: tuple[float, ...]
    """For each rule and then each kind, what it adds for as much as it is lit."""


@dataclass(slots=True, kw_only=True)
class Heading:
    """What the file says before the weights."""

    balances: dict[str, Balance] = field(default_factory=dict)
    """By rule, in the order of their weights."""
    kinds: tuple[str, ...] = ()
    """Of sensitive facts, in the order of their weights, which follow those of the rules."""
    plain: frozenset[str] = frozenset()
    """Words that stand for themselves in the build of a sentence."""
    scale: float = 0.0
    """What a weight of 1 is worth."""
    units: list[Unit] = field(default_factory=list)
    """Hidden units, in the order of their weights, which come before those of a mail as a whole."""
    unit_scale: float = 0.0
    """What a weight of 1 is worth to a hidden unit."""
    whole_scale: float = 0.0
    """What a weight of 1 is worth where a mail is taken as a whole."""
    blocks: int = BLOCKS
    """Kinds of features that the weights were fitted to."""
    features: int = FEATURES
    """Their version."""

    @property
    def lanes(self) -> int:
        """Weights in a row."""
        return 2 * len(self.balances) + len(self.kinds) + len(self.units)


Sums = tuple[tuple[int, int], ...]
"""For each block the packed sum of its weights and the number of its features."""


class Model:
    """The weights, and the sums of single words."""

    __slots__ = ("_apart", "_heading", "_lanes", "_weights", "_words", "balances", "kinds", "plain")

    def __init__(self, heading: Heading, weights: bytes) -> None:
        """Take the weights row by row: one for each rule, for each kind, for each hidden unit."""
        self._heading = heading
        self.balances = heading.balances
        self.kinds = heading.kinds
        self.plain = heading.plain
        self._lanes = heading.lanes
        self._apart = Struct(f"<{heading.lanes}I")
        self._weights = weights
        self._words = _Memory(self)

    def __reduce__(self) -> tuple[type[Model], tuple[Heading, bytes]]:
        """Travel without what is remembered."""
        return Model, (self._heading, self._weights)

    def add(self, features: Iterable[str]) -> tuple[int, int]:
        """Return the packed sum of the weights of features, and their number."""
        weights, lanes = self._weights, self._lanes
        rows = [weights[at : at + lanes] for at in [number * lanes for number in _numbered(features)]]
        width, size = _LANE * lanes, _LANE * lanes * len(rows)
        apart = bytearray(size)  # each weight with room for the sum of its lane
        apart[::_LANE] = b"".join(rows)
        return sum([int.from_bytes(apart[at : at + width], "little") for at in range(0, size, width)]), len(rows)

    def add_words(self, words: Sequence[str]) -> tuple[int, int]:
        """Return the same for the pieces of words in lower case."""
        known = [self._words[word] for word in words]
        return sum([total for total, _ in known]), sum([count for _, count in known])

    def scores(self, sums: Iterable[Sums], *, kinds: bool = True) -> list[float]:
        """Return the score of each rule and then, unless told otherwise, of each kind, for sentences together."""
        totals = self._totals(sums)
        rules, known = len(self.balances), len(self.balances) + len(self.kinds)
        scores = [total * self._heading.scale for total in totals[: known if kinds else rules]]
        for unit, total in zip(self._heading.units, totals[known : self._lanes - rules], strict=True):
            lit = unit.bias + total * self._heading.unit_scale
            bright = lit if lit > 0 else LEAK * lit
            scores = [score + bright * tells for score, tells in zip(scores, unit.tells, strict=False)]
        return scores

    def whole(self, sums: Sums) -> list[float]:
        """Return for each rule what the words of a mail together say."""
        return [total * self._heading.whole_scale for total in self._totals([sums])[self._lanes - len(self.balances) :]]

    def _totals(self, sums: Iterable[Sums]) -> list[float]:
        totals = [0.0] * self._lanes
        for block, floor in zip(zip(*sums, strict=True), FLOORS, strict=False):
            count = sum(number for _, number in block)
            if count:
                packed, share = sum(packed for packed, _ in block), 1 / max(count, floor) ** 0.5
                apart = self._apart.unpack(packed.to_bytes(self._apart.size, "little"))
                nothing = _ZERO * count * share
                totals = [total + weights * share - nothing for total, weights in zip(totals, apart, strict=True)]
        return totals


def _numbered(features: Iterable[str]) -> list[int]:
    """Return where features are counted; hundreds of them in a sentence, without a call of ``bucket`` for each."""
    features = list(features)
    try:
        return [zlib.crc32(feature.encode()) % BUCKETS for feature in features]
    except UnicodeEncodeError:
        return list(map(bucket, features))


class _Memory(dict[str, tuple[int, int]]):
    """Words and their sums; all are forgotten when it is full."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self._model = model

    def __missing__(self, low: str) -> tuple[int, int]:
        found = self._model.add(pieces(low))
        if len(low) > _LONGEST:
            return found
        if len(self) >= _REMEMBERED:
            self.clear()
        self[low] = found
        return found


# --- the file ------------------------------------------------------------------------------------


def written_model(heading: Heading, weights: bytes) -> str:
    """Return a model as a policy file; weights are octets, 128 for nothing, row by row."""
    packed = base64.b64encode(zlib.compress(weights, 9)).decode()
    lines = [
        "# Modellen: hur mycket ordvalet i en mening talar för varje regel, uträknat ur märkta meningar av",
        "# eval/fit_sentences.py. Ändra den inte för hand, utom balance: en rad för varje regel med tio tal:",
        "# utgångsläge, vikten av modellen, av hela mejlet, av längden, av regelns egen träff, av en säker träff,",
        "# stoppa från, varna från, bortse under, läs närmare från. unit: dolda enheter, som säger vad ord betyder",
        "# tillsammans.",
        "plain " + " ".join(sorted(heading.plain)),
        "kinds " + " ".join(heading.kinds),
        f"blocks {BLOCKS}",
        f"features {FEATURES}",
        f"scale {heading.scale!r}",
        f"unit_scale {heading.unit_scale!r}",
        f"whole_scale {heading.whole_scale!r}",
        *(f"unit {unit.bias!r} {' '.join(map(repr, unit.tells))}" for unit in heading.units),
        *(
            f"balance {rule} {b.bias} {b.model} {b.whole} {b.length} {b.found} {b.sure} {b.block_at} {b.warn_at} "
            f"{b.drop_at} {b.look_at}"
            for rule, b in heading.balances.items()
        ),
        _MARK,
        *(packed[at : at + _LINE] for at in range(0, len(packed), _LINE)),
    ]
    return "\n".join(lines) + "\n"


def read_model(text: str | None) -> tuple[Model | None, list[Problem]]:
    """Return the model of a policy file, None where there is none or it cannot be used, and what is wrong with it."""
    if text is None:
        return None, []
    head, mark, body = text.partition(f"\n{_MARK}\n")
    heading, problems = Heading(blocks=0, features=0), []
    for number, line in enumerate(head.split("\n"), 1):
        wrong = _read_line(heading, line.split())
        if wrong:
            problems.append(_wrong(wrong, number))
    if mark and (heading.blocks, heading.features) != (BLOCKS, FEATURES):
        problems.append(_wrong("was fitted for another version of Utpost; take the file of this version, or remove it"))
    if any(len(unit.tells) != len(heading.balances) + len(heading.kinds) for unit in heading.units):
        problems.append(_wrong("each unit must have its bias, and one number for each balance and each of kinds"))
    weights = _weights("".join(body.split()), heading.lanes) if mark else None
    if weights is None or not heading.scale or not heading.balances:
        problems.append(_wrong("is cut off or damaged; write it anew with eval/fit_sentences.py, or remove it"))
    if problems or weights is None:
        return None, problems
    return Model(heading, weights), []


def _read_line(heading: Heading, values: list[str]) -> str | None:
    """Take a line in; return what is wrong with it."""
    if not values or values[0].startswith("#"):
        return None
    key, *values = values
    try:
        if key == "plain":
            heading.plain = frozenset(values)
        elif key == "kinds":
            heading.kinds = tuple(values)
        elif key in _SCALES:
            (scale,) = map(_finite, values)
            setattr(heading, key, scale)
        elif key == "features":
            (heading.features,) = map(int, values)
        elif key == "unit":
            bias, *tells = map(_finite, values)
            heading.units.append(Unit(bias, tuple(tells)))
        elif key == "blocks":
            (heading.blocks,) = map(int, values)
        elif key == "balance" and values:
            if values[0] not in KNOWN:
                return f'the model has nothing to say about "{values[0]}"'
            heading.balances[values[0]] = Balance(*map(_finite, values[1:]))
        else:
            return f'"{key}" is not known here'
    except (ValueError, TypeError):
        return f"{key} does not have the numbers it needs"
    return None


def _finite(figure: str) -> float:
    number = float(figure)
    if not isfinite(number):
        raise ValueError(figure)
    return number


def _weights(packed: str, lanes: int) -> bytes | None:
    try:
        unpack = zlib.decompressobj()
        weights = unpack.decompress(base64.b64decode(packed, validate=True), BUCKETS * lanes + 1)
    except (ValueError, zlib.error, binascii.Error):
        return None
    return weights if len(weights) == BUCKETS * lanes and unpack.eof else None


def _wrong(text: str, line: int | None = None) -> Problem:
    return Problem(file=FILE, key="", text=text, line=line)
