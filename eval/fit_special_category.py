"""Fit the weights of policies/lexicon/special_category/weights.toml to labelled sentences, and measure them.

    python eval/fit_special_category.py [--write] [--dev DEV.jsonl] [--official OFFICIAL.jsonl]

Logistic regression over the traits that ``gateway.detect.traits`` sees. A mail with a hit teaches by its best pair of
person and fact, as the weights stand; a mail without one teaches by all its pairs. Without ``--write`` it only prints
what five-fold cross-validation gives; both halves of a minimal pair stay in one fold. Everything is seeded.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from gateway.detect.facts import facts_of  # noqa: E402 - the program is started from anywhere
from gateway.detect.lexicon import Lexicon, build_lexicon  # noqa: E402
from gateway.detect.mentions import Mention  # noqa: E402
from gateway.detect.pairing import Finder  # noqa: E402
from gateway.detect.sentences import Reader  # noqa: E402
from gateway.detect.special_category import RULE, most_of  # noqa: E402
from gateway.detect.traits import traits_of  # noqa: E402
from gateway.detect.view import Kind, View  # noqa: E402
from gateway.model import Confidence, Headers, Message, Origin, Part, PartState  # noqa: E402

POLICIES: Final = HERE.parent / "policies"
WEIGHTS: Final = POLICIES / "lexicon" / "special_category" / "weights.toml"
CASES: Final = HERE.parent / "tests" / "unit" / "detect" / "special_category_cases.txt"
SKIPPED: Final = frozenset({"quoted-forwarded"})
"""Files whose labels hang on whose words they are, which this program does not look at."""

ROUNDS, EPOCHS, RATE, DECAY, SEED, FOLDS = 4, 8, 0.15, 2e-3, 1, 5
OFFICIAL_WEIGHT: Final = 0.5
CASES_COUNT: Final = 4
"""Times that each case of the detector's own table counts: it shows forms that mails seldom have (fields, tables)."""
NOTHING: Final = -20.0

Traits = frozenset[str]


@dataclass(slots=True, kw_only=True)
class Example:
    """A mail and its label."""

    group: str
    hit: bool
    text: str
    subject: str = ""
    attachments: tuple[tuple[str, str], ...] = ()
    strict: bool = True
    """Only a block is right."""
    pairs: list[tuple[Traits, Confidence]] = field(default_factory=list)
    score: float = NOTHING


# --- reading -------------------------------------------------------------------------------------


def read_sentences(folder: Path) -> Iterator[Example]:
    """Yield the development sentences."""
    for path in sorted(folder.glob("*.jsonl")):
        if path.stem in SKIPPED:
            continue
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            hit = row["rule"].partition(":")[0] == RULE
            strict = row["accept"] == ["block"]
            yield Example(
                group=row["pair"], hit=hit, text=row["text"], subject=row.get("subject", ""), strict=hit and strict
            )


def read_cases(path: Path) -> Iterator[Example]:
    """Yield the table of cases of the detector's own test: kind, + or -, text."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    for number, line in enumerate(lines):
        _, mark, text = line.split(" ", 2)
        yield Example(group=f"case-{number // 2}", hit=mark == "+", text=text.replace("\\n", "\n"), strict=mark == "+")


def read_messages(path: Path) -> Iterator[Example]:
    """Yield labelled messages of the development set; those that may be reported without penalty are left out."""
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        hit = RULE in row["rules"]
        if RULE in row.get("tolerated", []) or (hit and "pass" in row["accept"]):
            continue
        files = tuple((a["filename"], a["content"]) for a in row.get("attachments", []))
        strict = hit and row["accept"] == ["block"]
        yield Example(
            group=row["id"], hit=hit, text=row["body"], subject=row["subject"], attachments=files, strict=strict
        )


def message_of(example: Example) -> Message:
    """Return a message whose words are all the sender's own."""
    texts = [("subject", None, example.subject), ("1", None, example.text)]
    texts += [(str(n), name, text) for n, (name, text) in enumerate(example.attachments, 2)]
    parts = tuple(
        Part(
            path=path, media_type="text/plain", filename=name, origin=Origin.OWN, state=PartState.SCANNED, text=text,
            body=path == "1",
        )
        for path, name, text in texts
        if text
    )  # fmt: skip
    return Message(headers=Headers(), parts=parts, size=0)


def pairs_of(example: Example, lexicon: Lexicon) -> Iterator[tuple[Traits, Confidence]]:
    """Yield the traits of every pair of person and fact, and the confidence it can have at most."""
    view = View(message_of(example), lexicon)
    heading: list[Mention] = []
    for page in view.pages:
        finder = Finder(Reader(page, lexicon.wordbook), [] if page.kind is Kind.SUBJECT else heading)
        if page.kind is Kind.SUBJECT:
            heading = finder.named()
        if page.kind is not Kind.FILENAME:
            for fact in facts_of(page, lexicon.wordbook):
                for pair in finder.pairs(fact):
                    traits = traits_of(pair)
                    yield frozenset(traits), most_of(pair, traits)


# --- fitting -------------------------------------------------------------------------------------


def fit(examples: Sequence[Example], official: Sequence[Traits]) -> dict[str, float]:
    """Return trait → weight (AdaGrad with weight decay)."""
    rng = random.Random(SEED)  # noqa: S311 - to shuffle, and to shuffle alike every time
    weights: dict[str, float] = defaultdict(float)
    squares: dict[str, float] = defaultdict(lambda: 1e-8)
    for number in range(ROUNDS):
        lessons = [*_lessons(examples, weights, first=number == 0), *((0.0, t, OFFICIAL_WEIGHT) for t in official)]
        for _ in range(EPOCHS):
            rng.shuffle(lessons)
            for target, traits, share in lessons:
                error = (_logistic(sum(weights[t] for t in traits)) - target) * share
                for trait in traits:
                    slope = error + DECAY * weights[trait]
                    squares[trait] += slope * slope
                    weights[trait] -= RATE * slope / math.sqrt(squares[trait])
    return dict(weights)


def _lessons(
    examples: Iterable[Example], weights: dict[str, float], *, first: bool
) -> Iterator[tuple[float, Traits, float]]:
    for example in examples:
        found = [traits for traits, _ in example.pairs]
        if example.hit and found:
            yield 1.0, max(found, key=_plain if first else lambda t: sum(weights[w] for w in t)), 1.0
        elif not example.hit:
            yield from ((0.0, traits, len(found) ** -0.5) for traits in found)


def _plain(traits: Traits) -> float:
    """Return how likely a pair is the one that is meant, before anything is learnt."""
    return len(traits & {"far:0", "order:after", "table:certain", "table:states", "table:members"})


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, value))))


# --- measuring -----------------------------------------------------------------------------------


def score(example: Example, weights: dict[str, float], medium: float, high: float) -> float:
    """Return the score of the best pair, held below the level that it cannot reach."""
    ceilings = {Confidence.LOW: medium, Confidence.MEDIUM: high, Confidence.HIGH: math.inf}
    return max(
        (min(sum(weights.get(t, 0.0) for t in traits), ceilings[most] - 1e-9) for traits, most in example.pairs),
        default=NOTHING,
    )


def cross_validate(examples: Sequence[Example], official: Sequence[Traits], medium: float, high: float) -> None:
    """Score every example by weights that have not seen its group."""
    groups = sorted({e.group for e in examples})
    random.Random(SEED).shuffle(groups)  # noqa: S311
    folds = {group: number % FOLDS for number, group in enumerate(groups)}
    for fold in range(FOLDS):
        weights = fit([e for e in examples if folds[e.group] != fold], official)
        for example in examples:
            if folds[example.group] == fold:
                example.score = score(example, weights, medium, high)


def report(name: str, examples: Sequence[Example], medium: float, high: float) -> None:
    """Print one line of sums."""
    hits, others = [e for e in examples if e.hit], [e for e in examples if not e.hit]
    strict = [e for e in hits if e.strict]
    pairs: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        pairs[example.group].append(example)
    halves = [p for p in pairs.values() if len(p) == 2]  # noqa: PLR2004
    right = sum(all(_is_right(e, medium, high) for e in p) for p in halves)
    print(
        f"{name}: {len(hits)} hits, high {_share(sum(e.score >= high for e in strict), len(strict))} of the strict, "
        f"found {_share(sum(e.score >= medium for e in hits), len(hits))}; {len(others)} others, "
        f"high {_share(sum(e.score >= high for e in others), len(others))}, "
        f"raised {_share(sum(e.score >= medium for e in others), len(others))}; "
        f"pairs right {_share(right, len(halves))} of {len(halves)}"
    )


def _is_right(example: Example, medium: float, high: float) -> bool:
    if not example.hit:
        return example.score < medium
    return example.score >= (high if example.strict else medium)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "-"


def alarms(texts: Sequence[Example], weights: dict[str, float], medium: float, high: float) -> None:
    """Print how often official text is raised per million characters."""
    size = sum(len(e.text) for e in texts) / 1e6
    certain = raised = 0
    for example in texts:
        for traits, most in example.pairs:
            value = sum(weights.get(t, 0.0) for t in traits)
            certain += value >= high and most is Confidence.HIGH
            raised += value >= medium and most is not Confidence.LOW
    print(
        f"official text not fitted to: pairs per million characters high {certain / size:.1f}, "
        f"raised {raised / size:.1f}"
    )


def file_of(weights: dict[str, float]) -> str:
    """Return the weights as a policy file."""
    lines = [
        "# Vikter för de drag som syns när en uppgift och en person hålls ihop. Uträknade ur märkta meningar av",
        "# eval/fit_special_category.py; ändra dem inte för hand.",
        "",
        "[numbers]",
        *(f'"{trait}" = {weight:.2f}' for trait, weight in sorted(weights.items()) if abs(weight) >= 0.005),  # noqa: PLR2004
    ]
    return "\n".join(lines) + "\n"


def read_all(
    lexicon: Lexicon, dev: Path | None, official: Path | None
) -> tuple[list[Example], list[Example], list[Example]]:
    """Return sentences, labelled messages and official texts, each with its pairs of person and fact."""
    examples = [*read_sentences(HERE / "sentences"), *(e for _ in range(CASES_COUNT) for e in read_cases(CASES))]
    messages = list(read_messages(dev)) if dev else []
    lines = official.read_text(encoding="utf-8").splitlines() if official else []
    texts = [Example(group=f"official-{n}", hit=False, text=json.loads(line)["text"]) for n, line in enumerate(lines)]
    for example in (*examples, *messages, *texts):
        example.pairs = list(pairs_of(example, lexicon))
    return examples, messages, texts


def half_for_fitting(texts: Sequence[Example]) -> list[Traits]:
    """Return the pairs of every second official text; the others are for measuring."""
    return [traits for text in texts[::2] for traits, _ in text.pairs]


def main() -> None:
    """Read, measure, and write where asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write the weights fitted to everything")
    parser.add_argument("--dev", type=Path, help="labelled messages, one JSON object a line")
    parser.add_argument("--official", type=Path, help="official text without a hit; half is fitted, half measured")
    options = parser.parse_args()
    files = {p.relative_to(POLICIES).as_posix(): p.read_text(encoding="utf-8") for p in POLICIES.rglob("*.toml")}
    lexicon, problems = build_lexicon(files)
    if any("special_category" in p.file and p.file != "lexicon/special_category/weights.toml" for p in problems):
        sys.exit("\n".join(map(str, problems)))
    medium, high = (lexicon.number(f"special_category/levels.{name}") for name in ("medium", "high"))
    examples, messages, texts = read_all(lexicon, options.dev, options.official)
    official = half_for_fitting(texts)
    cross_validate([*examples, *messages], official, medium, high)
    report("sentences", examples, medium, high)
    report("messages", messages, medium, high)
    weights = fit([*examples, *messages], official)
    if texts:
        alarms(texts[1::2], weights, medium, high)
    if options.write:
        WEIGHTS.write_text(file_of(weights), encoding="utf-8")


if __name__ == "__main__":
    main()
