"""Fit the model of whole sentences (policies/lexicon/model.txt) to the open labelled material, and measure it.

    python eval/fit_sentences.py [--write] [--official OFFICIAL.jsonl]

Logistic regression and a few hidden units over the features that ``gateway.detect.opinion`` reads, all rules at once
(AdaGrad with weight decay, features dropped at random, seeded). A mail with a hit teaches by the sentences that speak
most for it, a mail without one by all of them; official text teaches as mail without any hit, every second text, so
that the others remain for measuring. The words of whole mails teach weights of their own.
Each group of hands who wrote whole mails is judged by weights that have not
seen it. What that gives says how the model and the rules' own findings are to be weighed against each other: where the
lists were made with a hand's mail in view, they find far more than they will find elsewhere, and sentences that were
made hard on purpose say little about how common anything is. Needs numpy and numba: ``pip install -e .[training]``.
Takes twenty minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numba
import numpy as np

HERE: Final = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import score as scoring  # noqa: E402 - the program is started from anywhere

from gateway.checking import Checker, Flags  # noqa: E402
from gateway.detect.buckets import BUCKETS, FLOORS, OF_WORDS, bucket, pieces  # noqa: E402
from gateway.detect.lexicon import Lexicon  # noqa: E402
from gateway.detect.model import FILE, LEAK, Balance, Heading, Model, Said, Unit, written_model  # noqa: E402
from gateway.detect.opinion import READ, Reading, length_of, windows_of  # noqa: E402
from gateway.detect.topics import KINDS  # noqa: E402
from gateway.detect.view import Kind, View  # noqa: E402
from gateway.judgement import load_judgement  # noqa: E402
from gateway.message.locked import tell_locked  # noqa: E402
from gateway.message.parse import parse_message  # noqa: E402
from gateway.policy.sender import Scope  # noqa: E402

POLICIES: Final = HERE.parent / "policies"
RULES: Final = (
    "special_category", "solicitation", "capacity_unclear", "protected_identity", "private", "business_or_association",
    "party_internal", "financial", "credentials",
)  # fmt: skip
LANES: Final = (*RULES, *KINDS)
WIDTH: Final = len(LANES)
TOPICS: Final = {"social", "school", "employment"}
SKIPPED: Final = "quoted-forwarded"
PLAIN_WORDS: Final = 260
MARKS: Final = frozenset("?!,.:;()-")
PLAIN_COUNT: Final = {
    "passing": 5,
    "everyday-g": 2,
    "everyday-k": 2,
    "everyday-q": 2,
    "dense-g": 2,
    "dense-k": 2,
    "dense-q": 2,
    "everyday-x": 2,
    "dense-x": 2,
    "everyday-y": 2,
    "dense-y": 2,
    "everyday-z": 4,
    "everyday-0": 4,
}
"""Files that count more than once: ordinary mail with the words of a rule is far commoner than it is here."""
SEED, EPOCHS, RATE, UNIT_RATE, DECAY, OFFICIAL_SHARE, OFFICIAL_MOST = 1, 12, 0.15, 0.1, 1e-4, 0.3, 6000
NOTHING: Final = -7.0
"""What a stretch says of which nothing is known; were it learnt, mail unlike any lesson would be near every rule."""
UNITS: Final = 8
"""Hidden units: what stands beside what in a stretch, which a sum of its features cannot tell."""
DROPPED: Final = 0.4
"""Share of the features that a lesson leaves out, so that none is relied upon alone."""
HANDS: Final = ("369DJKNRTX", "47AEGLPSVY", "58CFHMQBUWZ")
"""Who wrote a file of whole mails, by the sign at the end of its name; each group is judged by what others teach."""
MAILS: Final = "mails-"
"""What a file of whole mails is called: written as such mail is, and by hands who knew neither lists nor sentences."""
MAILS_COUNT: Final = 3
"""How often they count: they are what the gateway will see."""
FAINT: Final = 1
OVERLOOKED: Final = 0.06
"""Share of the hits that only the model sees that words alone may leave out."""

Stretch = tuple[np.ndarray, np.ndarray, int]
"""Buckets, their values, and how many of them are of words alone."""


@dataclass(slots=True, kw_only=True)
class Example:
    """A mail, its label for each lane (1, -1, or 0 where it teaches nothing), and its sentences."""

    name: str
    group: str
    labels: np.ndarray
    line: dict[str, Any]
    stretches: list[Stretch]
    whole: list[Stretch]
    """One stretch of the words of all sentences, or none where there are none."""
    length: float
    """From 0 to 1."""


class Collector(Model):
    """Stands in for the model, and keeps the features instead of adding up their weights."""

    def __init__(self, plain: frozenset[str]) -> None:
        """Take the words that stand for themselves."""
        self.plain = plain

    def add(self, features: Iterable[str]) -> Any:
        """Return the buckets of features."""
        return [bucket(feature) for feature in features]

    def add_words(self, words: Sequence[str]) -> Any:
        """Return the buckets of the pieces of words."""
        return [bucket(piece) for word in words for piece in pieces(word)]


# --- reading -------------------------------------------------------------------------------------


def read_lines(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the labelled sentences, each with the name of its file."""
    for path in sorted(folder.glob("*.jsonl")):
        if not path.stem.startswith(SKIPPED):
            yield from ((path.stem, json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines())


def labels_of(line: dict[str, Any]) -> np.ndarray:
    """Return what a line teaches about each rule, and, where it is a sensitive fact, about its kind."""
    rule, _, kind = line["rule"].partition(":")
    kind = "social" if line.get("topic") in TOPICS else kind
    tolerated = {name.partition(":")[0] for name in line.get("tolerated", ())}
    of_rules = [1.0 if name == rule else 0.0 if name in tolerated else -1.0 for name in RULES]
    of_kinds = [(1.0 if name == kind else -1.0) if kind and rule == RULES[0] else 0.0 for name in KINDS]
    return np.array(of_rules + of_kinds, np.float32)


Features = tuple[list[Stretch], list[Stretch], float]
"""Of the sentences of a mail, so many together as the model looks at, and of all its words; and how long it is."""


def features_of(octets: bytes, lexicon: Lexicon, collector: Collector) -> Features:
    """Return the features of a mail."""
    view = View(parse_message(octets, tell_locked), lexicon)
    body = next((page for page in view.of(Kind.BODY) if not page.part.alternative), None)
    if body is None:
        return [], [], 0.0
    reader = Reading(view, body, lexicon, collector)
    read = [reader.read(glance).sums for glance in reader.glances()]
    length = length_of(sum(end - start for start, end in body.stretches(*READ)))
    if not read:
        return [], [], length
    return [_packed(window) for window in windows_of(read)], [_packed([reader.whole()])], length


def _packed(window: Sequence[Any]) -> Stretch:
    places, values = [], []
    words = 0
    for block in range(len(window[0])):
        buckets = [place for sums in window for place in sums[block]]
        if buckets:
            found, counts = np.unique(np.array(buckets, np.int64), return_counts=True)
            places.append(found)
            values.append(counts / max(len(buckets), FLOORS[block]) ** 0.5)
            words += len(found) if block < OF_WORDS else 0
    return np.concatenate(places), np.concatenate(values).astype(np.float32), words


def plain_words(lines: Iterable[dict[str, Any]]) -> frozenset[str]:
    """Return the commonest words of the lines, and marks."""
    counts = Counter[str]()
    for line in lines:
        counts.update({word for word in line["text"].lower().split() if word.isalpha()})
    return frozenset(word for word, _ in sorted(counts.items(), key=lambda c: (-c[1], c[0]))[:PLAIN_WORDS]) | MARKS


def read_official(path: Path, lexicon: Lexicon, collector: Collector) -> list[Features]:
    """Return the features of each official text."""
    texts = [json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines()]
    mails = (scoring.message({"text": text, "subject": "Inför mötet"}, ["a@example.com"]) for text in texts)
    return [features_of(mail, lexicon, collector) for mail in mails]


# --- fitting -------------------------------------------------------------------------------------


class Weights:
    """The weights while they are learnt: of the rules and kinds, and of the hidden units between."""

    def __init__(self, units: int) -> None:
        """Know nothing; what the units tell is drawn at random, so that each learns something of its own."""
        draw = np.random.default_rng(SEED)
        self.rows = np.zeros((BUCKETS, WIDTH), np.float32)
        self.squares = np.full((BUCKETS, WIDTH), 1e-3, np.float32)
        self.bias = np.full(WIDTH, NOTHING, np.float32)
        self.hidden = np.zeros((BUCKETS, units), np.float32)
        self.hidden_squares = np.full((BUCKETS, units), 1e-3, np.float32)
        self.telling = draw.normal(0, 0.5, (units, WIDTH)).astype(np.float32)
        self.telling_squares = np.full((units, WIDTH), 0.1, np.float32)
        self.hidden_bias = np.abs(draw.normal(0, 0.3, units)).astype(np.float32)

    def scores(self, stretch: Stretch) -> np.ndarray:
        """Return the score of each lane."""
        places, values, _ = stretch
        lit = values @ self.hidden[places] + self.hidden_bias
        return values @ self.rows[places] + self.bias + np.where(lit > 0, lit, LEAK * lit) @ self.telling


@dataclass(slots=True)
class Lessons:
    """Examples in one piece: where the stretches of each begin, and where the buckets of each stretch do."""

    stretches: np.ndarray
    buckets: np.ndarray
    places: np.ndarray
    values: np.ndarray
    labels: np.ndarray
    shares: np.ndarray


def lessons_of(examples: Sequence[tuple[Sequence[Stretch], np.ndarray, float]]) -> Lessons:
    """Return stretches, labels and shares in one piece."""
    stretches = [stretch for one, _, _ in examples for stretch in one]
    return Lessons(
        np.cumsum([0, *(len(one) for one, _, _ in examples)]),
        np.cumsum([0, *(len(places) for places, _, _ in stretches)]),
        np.concatenate([places for places, _, _ in stretches]),
        np.concatenate([values for _, values, _ in stretches]),
        np.array([labels for _, labels, _ in examples], np.float32),
        np.array([share for _, _, share in examples], np.float32),
    )


Lesson = tuple[Sequence[Stretch], np.ndarray]
"""The stretches of a mail, and its label for each lane."""


def fit(examples: Sequence[Lesson], official: Sequence[Stretch], units: int) -> Weights:
    """Return what the examples teach weights with so many hidden units."""
    rng = random.Random(SEED)  # noqa: S311 - to shuffle, and to shuffle alike every time
    weights = Weights(units)
    nothing = np.concatenate([np.full(len(RULES), -1.0), np.zeros(len(KINDS))]).astype(np.float32)
    lessons = lessons_of(
        [(stretches, labels, max(1, len(stretches)) ** -0.5) for stretches, labels in examples]
        + [([stretch], nothing, OFFICIAL_SHARE) for stretch in official]
    )
    draw = np.random.default_rng(SEED)
    for epoch in range(EPOCHS):
        order = list(range(len(lessons.labels)))
        rng.shuffle(order)
        seen = draw.random(len(lessons.values), np.float32) >= DROPPED
        values = np.where(seen, lessons.values / np.float32(1 - DROPPED), np.float32(0))
        _learn(
            np.array(order), lessons.stretches, lessons.buckets, lessons.places, values, lessons.labels, lessons.shares,
            (weights.rows, weights.squares, weights.bias),
            (weights.hidden, weights.hidden_squares, weights.hidden_bias),
            (weights.telling, weights.telling_squares), epoch > 0,
        )  # fmt: skip
    return weights


@numba.njit(nogil=True, fastmath=True)  # type: ignore[untyped-decorator]
def _learn(  # noqa: C901, PLR0912, PLR0913, PLR0917 - one pass over numbers, compiled
    order: np.ndarray, stretches: np.ndarray, buckets: np.ndarray, places: np.ndarray, values: np.ndarray,
    labels: np.ndarray, shares: np.ndarray, plain: Any, hidden: Any, telling: Any, choose: bool,  # noqa: FBT001
) -> None:  # fmt: skip
    """Take one step for each stretch; of a mail with a hit only the best one teaches it where ``choose`` says so."""
    (rows, squares, bias), (units, unit_squares, unit_bias), (tells, tell_squares) = plain, hidden, telling
    decay, rate, unit_rate = np.float32(DECAY), np.float32(RATE), np.float32(UNIT_RATE)
    one, most, leak = np.float32(1), np.float32(30), np.float32(LEAK)
    score, slope, highest = np.zeros(WIDTH, np.float32), np.zeros(WIDTH, np.float32), np.zeros(WIDTH, np.float32)
    lit, back = np.zeros_like(unit_bias), np.zeros_like(unit_bias)
    best = np.zeros(WIDTH, np.int64)
    for example in order:
        first, last = stretches[example], stretches[example + 1]
        best[:] = first
        if choose and last - first > 1:
            for number in range(first, last):
                start, stop = buckets[number], buckets[number + 1]
                _add_up(score, lit, (rows, bias, units, unit_bias, tells), places[start:stop], values[start:stop])
                for lane in range(WIDTH):
                    if number == first or score[lane] > highest[lane]:
                        highest[lane], best[lane] = score[lane], number
        for number in range(first, last):
            start, stop = buckets[number], buckets[number + 1]
            _add_up(score, lit, (rows, bias, units, unit_bias, tells), places[start:stop], values[start:stop])
            for lane in range(WIDTH):
                label = labels[example, lane]
                if label > 0 and choose and best[lane] != number:
                    label = np.float32(0)
                margin = min(most, max(-most, label * score[lane]))
                slope[lane] = -label / (one + np.exp(margin)) * shares[example]
            for unit in range(len(lit)):
                bright = lit[unit] if lit[unit] > 0 else leak * lit[unit]
                total = np.float32(0)
                for lane in range(WIDTH):
                    total += slope[lane] * tells[unit, lane]
                    step = slope[lane] * bright + np.float32(1e-4) * tells[unit, lane]
                    tell_squares[unit, lane] += step * step
                    tells[unit, lane] -= np.float32(0.02) * step / np.sqrt(tell_squares[unit, lane])
                back[unit] = total if lit[unit] > 0 else leak * total
                unit_bias[unit] -= np.float32(0.005) * back[unit]
            for at in range(start, stop):
                value, place = values[at], places[at]
                if value == 0:
                    continue
                for lane in range(WIDTH):
                    step = value * slope[lane] + decay * rows[place, lane]
                    squares[place, lane] += step * step
                    rows[place, lane] -= rate * step / np.sqrt(squares[place, lane])
                for unit in range(len(lit)):
                    step = value * back[unit] + decay * units[place, unit]
                    unit_squares[place, unit] += step * step
                    units[place, unit] -= unit_rate * step / np.sqrt(unit_squares[place, unit])


@numba.njit(nogil=True, fastmath=True)  # type: ignore[untyped-decorator]
def _add_up(score: np.ndarray, lit: np.ndarray, weights: Any, places: np.ndarray, values: np.ndarray) -> None:
    """Set the score of each lane and how much each unit is lit."""
    rows, bias, units, unit_bias, tells = weights
    score[:] = bias
    lit[:] = unit_bias
    for at in range(len(places)):
        value, place = values[at], places[at]
        if value == 0:
            continue
        for lane in range(WIDTH):
            score[lane] += value * rows[place, lane]
        for unit in range(len(lit)):
            lit[unit] += value * units[place, unit]
    for unit in range(len(lit)):
        bright = lit[unit] if lit[unit] > 0 else np.float32(LEAK) * lit[unit]
        for lane in range(WIDTH):
            score[lane] += bright * tells[unit, lane]


Fitted = tuple[Weights, Weights]
"""The weights for sentences, and those for mails as a whole."""


def fit_both(examples: Sequence[Example], official: Sequence[Stretch], texts: Sequence[Stretch]) -> Fitted:
    """Return what the sentences teach, and what the words of whole mails and texts do."""
    whole = [(example.whole, example.labels) for example in examples if example.whole]
    return fit([(e.stretches, e.labels) for e in examples], official, UNITS), fit(whole, texts, 0)


def best_scores(weights: Weights, stretches: Sequence[Stretch]) -> tuple[np.ndarray, np.ndarray]:
    """Return the best score of each lane among the stretches of a mail, and what the words of that stretch come to."""
    if not stretches:
        return np.full((2, len(LANES)), -9.0)
    scores = np.array([weights.scores(stretch) for stretch in stretches])
    best = scores.argmax(axis=0)
    words = {at: weights.scores(_words_of(stretches[at])) for at in set(best)}
    return scores.max(axis=0), np.array([words[at][lane] for lane, at in enumerate(best)])


def _words_of(stretch: Stretch) -> Stretch:
    places, values, words = stretch
    return places[:words], values[:words], words


# --- weighing the rules' own findings --------------------------------------------------------------


def found_by_rules(examples: Sequence[Example], lexicon: Lexicon) -> np.ndarray:
    """Return for each example and rule whether it finds something without the model, and whether that is certain."""
    judgement = replace(load_judgement(POLICIES), lexicon=replace(lexicon, model=None))
    checker = Checker(judgement, Scope(domains=scoring.DOMAINS), Flags())
    found = np.zeros((len(examples), len(RULES), 2))
    for number, example in enumerate(examples):
        word, names = scoring.judge(checker, example.line)
        for at, rule in enumerate(RULES):
            if rule in names:
                found[number, at] = 1.0, word == "block"
    return found


_NEVER_AGAINST: Final = (2, 4, 5)
"""Columns that never speak against a hit: the mail as a whole, what a rule finds."""


def balance_of(lane: int, scores: np.ndarray, found: np.ndarray, examples: Sequence[Example]) -> list[float]:
    """Return bias and weights of scores, length, finding and certain finding (logistic regression, Newton's method).

    No finding speaks against a hit: what would get a weight below nothing gets none.
    """
    labels = np.array([example.labels[lane] for example in examples])
    lengths = np.array([example.length for example in examples])
    use = labels != 0
    columns = np.column_stack(
        [np.ones(use.sum()), *scores[:2, use, lane], lengths[use], found[use, lane, 0], found[use, lane, 1]]
    )
    target = (labels[use] > 0).astype(float)
    kept = list(range(columns.shape[1]))
    while True:
        weights = _regressed(columns[:, kept], target)
        against = [
            column for column, weight in zip(kept, weights, strict=True) if column in _NEVER_AGAINST and weight < 0
        ]
        if not against:
            return [float(weights[kept.index(column)]) if column in kept else 0.0 for column in range(columns.shape[1])]
        kept.remove(against[-1])


def _regressed(columns: np.ndarray, target: np.ndarray) -> np.ndarray:
    weights = np.zeros(columns.shape[1])
    for _ in range(25):
        chance = 1 / (1 + np.exp(-np.clip(columns @ weights, -30, 30)))
        slope = columns.T @ (chance - target) + 0.1 * weights
        curve = (columns * (chance * (1 - chance))[:, None]).T @ columns + 0.1 * np.eye(len(weights))
        weights = weights - np.linalg.solve(curve, slope)
    return weights


THRESHOLDS: Final = {
    "special_category": (1.2, -0.8, -0.9),
    "solicitation": (9.0, -1.2, -2.5),
    "capacity_unclear": (9.0, -0.9, -2.0),
    "protected_identity": (0.4, -1.4, -4.0),
    "private": (9.0, -1.1, -2.0),
    "business_or_association": (9.0, -1.2, -1.8),
    "party_internal": (9.0, -1.0, -1.5),
    "financial": (0.6, -1.4, -2.0),
    "credentials": (0.6, -1.0, -4.0),
}
"""Block, warn, drop: what the rules of 2.2 do at most is to warn."""


def cross_validated(
    examples: Sequence[Example], mails: Sequence[Example], official: Sequence[Stretch], texts: Sequence[Stretch]
) -> np.ndarray:
    """Return what every mail scores with weights not taught by its hand.

    By its best sentences, as a whole, and by the words of the former alone.
    """
    scores = np.zeros((3, len(mails), len(LANES)))

    def learn(group: str) -> Fitted:
        return fit_both([example for example in examples if not _is_of(example, group)], official, texts)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for group, (sentences, whole) in zip(HANDS, pool.map(learn, HANDS), strict=True):
            for number, mail in enumerate(mails):
                if _is_of(mail, group):
                    scores[::2, number] = best_scores(sentences, mail.stretches)
                    scores[1, number], _ = best_scores(whole, mail.whole)
    return scores


def _is_of(example: Example, group: str) -> bool:
    file = example.line["file"]
    return file.startswith(MAILS) and file[-1] in group


def times(name: str) -> int:
    """Return how often the lines of a file count."""
    return MAILS_COUNT if name.startswith(MAILS) else PLAIN_COUNT.get(name, 1)


def report(lane: int, weighed: np.ndarray, examples: Sequence[Example], balance: Balance) -> None:
    """Print one line about a rule."""
    hits = [w for w, e in zip(weighed, examples, strict=True) if e.labels[lane] > 0]
    others = [w for w, e in zip(weighed, examples, strict=True) if e.line["rule"] == "none"]
    pairs: dict[str, list[bool]] = defaultdict(list)
    for weight, example in zip(weighed, examples, strict=True):
        pairs[example.group].append((weight >= balance.warn_at) == (example.labels[lane] > 0))
    of_rule = {e.group for e in examples if e.labels[lane] > 0}
    right = [all(pairs[group]) for group in of_rule]
    print(
        f"{RULES[lane]:24} {len(hits):5} hits, {np.mean(np.array(hits) >= balance.warn_at):6.1%} found; mails that "
        f"must pass raised {np.mean(np.array(others) >= balance.warn_at):6.1%}; pairs right {np.mean(right):6.1%}"
    )


def looked_at(
    weighed: np.ndarray, by_words: np.ndarray, found: np.ndarray, labels: np.ndarray, warn_at: float
) -> float:
    """Return what words alone must come to, so that nearly all hits are read that nothing but the model sees."""
    seen = (labels > 0) & (found == 0) & (weighed >= warn_at)
    return round(float(np.quantile(by_words[seen], OVERLOOKED)), 2) if seen.any() else warn_at


def octets_of(sentences: Weights, whole: Weights) -> tuple[list[float], bytes]:
    """Return the scales of weights, units and whole mails, and the weights as octets with 128 for nothing."""
    scales, columns = [], []
    for values in (sentences.rows, sentences.hidden, whole.rows[:, : len(RULES)]):
        most = float(np.quantile(np.abs(values[values != 0]), 0.9995))
        scales.append(round(most / 127, 6))
        whole = np.clip(np.rint(values / scales[-1]), -127, 127)
        whole[np.abs(whole) <= FAINT] = 0
        columns.append(whole + 128)
    return scales, np.concatenate(columns, axis=1).astype(np.uint8).tobytes()


def units_of(weights: Weights) -> list[Unit]:
    """Return the hidden units."""
    return [
        Unit(round(float(bias), 4), tuple(round(float(number), 4) for number in tells))
        for bias, tells in zip(weights.hidden_bias, weights.telling, strict=True)
    ]


def balances_of(mails: Sequence[Example], scores: np.ndarray, found: np.ndarray) -> dict[str, Balance]:
    """Return how the model and each rule's own findings are weighed, and print what comes of it."""
    balances = {}
    for lane, rule in enumerate(RULES):
        fitted = balance_of(lane, scores, found, mails)
        figures = [round(number, 2) for number in (*fitted, *THRESHOLDS[rule])]
        balance = Balance(*figures, 0.0)
        weighed, by_words = (
            np.array(
                [
                    balance.weigh(Said(best, words, mail.length), found=bool(seen), sure=bool(sure))
                    for best, words, (seen, sure), mail in zip(
                        some, scores[1, :, lane], found[:, lane], mails, strict=True
                    )
                ]
            )
            for some in scores[::2, :, lane]
        )
        report(lane, weighed, mails, balance)
        labels = np.array([mail.labels[lane] for mail in mails])
        look_at = looked_at(weighed, by_words, found[:, lane, 0], labels, balance.warn_at)
        balances[rule] = replace(balance, look_at=look_at)
    return balances


def main() -> None:
    """Read, measure, and write where asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write the model fitted to everything")
    parser.add_argument("--official", type=Path, required=True, help="official text without a hit")
    parser.add_argument("--scores", type=Path, help="file for the scores of cross-validation (npz)")
    options = parser.parse_args()
    lexicon = load_judgement(POLICIES).lexicon
    lines = list(read_lines(HERE / "sentences"))
    plain = plain_words(line for name, line in lines for _ in range(times(name)))
    collector = Collector(plain)
    once = []
    for name, line in lines:
        stretches, whole, length = features_of(
            scoring.message(line, line.get("to") or ["a@example.com"]), lexicon, collector
        )
        known = {"name": line["id"], "group": line["pair"], "labels": labels_of(line), "line": {**line, "file": name}}
        once.append(Example(**known, stretches=stretches, whole=whole, length=length))
    examples = [example for example in once for _ in range(times(example.line["file"]))]
    mails = [example for example in once if example.line["file"].startswith(MAILS)]
    texts = read_official(options.official, lexicon, collector)
    pool = [stretch for stretches, _, _ in texts[::2] for stretch in stretches]
    official = random.Random(SEED).sample(pool, min(OFFICIAL_MOST, len(pool)))  # noqa: S311
    whole = [stretch for _, whole, _ in texts[::2] for stretch in whole]
    scores = cross_validated(examples, mails, official, whole)
    found = found_by_rules(mails, lexicon)
    balances = balances_of(mails, scores, found)
    if options.scores:
        np.savez_compressed(options.scores, scores=scores, found=found, names=[mail.name for mail in mails])
    weights, of_wholes = fit_both(examples, official, whole)
    alarms = [best_scores(weights, stretches)[0] for stretches, _, _ in texts[1::2] if stretches]
    for lane, rule in enumerate(RULES):
        print(f"official text not fitted to, {rule}: 99 % below {np.quantile([a[lane] for a in alarms], 0.99):.2f}")
    if options.write:
        (scale, unit_scale, whole_scale), rows = octets_of(weights, of_wholes)
        # What every score has in common moves into the balance.
        balances = {
            rule: replace(
                b,
                bias=round(b.bias + b.model * float(weights.bias[lane]) + b.whole * float(of_wholes.bias[lane]), 2),
            )
            for lane, (rule, b) in enumerate(balances.items())
        }
        heading = Heading(
            balances=balances, kinds=KINDS, plain=plain, scale=scale, units=units_of(weights), unit_scale=unit_scale,
            whole_scale=whole_scale,
        )  # fmt: skip
        (POLICIES / FILE).write_text(written_model(heading, rows), encoding="utf-8")


if __name__ == "__main__":
    main()
