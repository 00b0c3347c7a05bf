"""Judge a development set of whole messages by cross-validation, and long official text for false alarms.

The weights of the special categories are the one thing that is fitted to the development set. They are fitted anew for
each fold, without its messages; everything else is as ``policies/`` has it.
"""

from __future__ import annotations

import importlib.util
import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import fit_special_category as fitting
import mails

from gateway.checking import Checker, Flags
from gateway.detect.lexicon import build_lexicon
from gateway.judgement import Judgement, load_judgement
from gateway.model import Envelope, Recipient
from gateway.policy.load import read_tree
from gateway.policy.sender import Scope

WEIGHTS: Final = "lexicon/special_category/weights.toml"
SENDER: Final = "hedda.sten@politik.orkelljunga.se"
TO: Final = "mottagare@example.com"


def program(path: Path) -> ModuleType:
    """Load a program that stands outside the repository."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def checker_with(judgement: Judgement, weights: dict[str, float] | None = None) -> Checker:
    """Return a checker; with weights given, they stand in place of those shipped."""
    if weights is not None:
        files = {**read_tree(mails.ROOT / "policies").files, WEIGHTS: fitting.file_of(weights)}
        lexicon, problems = build_lexicon(files)
        if problems:
            raise ValueError("\n".join(map(str, problems)))
        judgement = replace(judgement, lexicon=lexicon)
    return Checker(judgement, Scope(domains=mails.DOMAINS), Flags())


# --- the development set ---------------------------------------------------------------------


def print_messages(data: Path) -> None:
    """Print the scores of ``data``/policy-dev, each message judged by weights that have not seen it."""
    source, official = data / "policy-dev" / "dev.jsonl", data / "sv-text" / "official.jsonl"
    gold = [json.loads(line) for line in source.open(encoding="utf-8")]
    build, scorer = program(data / "build_messages.py").build, program(data / "score.py")
    predicted = {
        row["id"]: mails.judge_octets(checker, row, *_sent(build, row))
        for checker, rows in _folds(gold, source, official)
        for row in rows
    }
    answers = {name: {"verdict": one.word, "rules": sorted(one.names)} for name, one in predicted.items()}
    scorer.show(scorer.score(gold, answers)[0])


def _sent(build: Any, row: dict[str, Any]) -> tuple[bytes, Envelope]:
    octets, sidecar = build(row)
    recipients = [Recipient(path=f"<{r}>".encode(), address=mails.address(r)) for r in sidecar["rcpt_to"]]
    return octets, Envelope(sender=mails.address(sidecar["mail_from"]), recipients=tuple(recipients))


def _folds(gold: list[dict[str, Any]], source: Path, official: Path) -> Iterator[tuple[Checker, list[dict[str, Any]]]]:
    """Yield a checker and the messages that its weights have not seen, fold by fold."""
    judgement = load_judgement(mails.ROOT / "policies")
    sentences, messages, texts = fitting.read_all(judgement.lexicon, source, official)
    negative = fitting.half_for_fitting(texts)
    ids = sorted(row["id"] for row in gold)
    random.Random(fitting.SEED).shuffle(ids)  # noqa: S311 - to draw folds, alike every time
    fold_of = {name: number % fitting.FOLDS for number, name in enumerate(ids)}
    for fold in range(fitting.FOLDS):
        seen = [m for m in messages if fold_of[m.group] != fold]
        weights = fitting.fit([*sentences, *seen], negative)
        yield checker_with(judgement, weights), [row for row in gold if fold_of[row["id"]] == fold]


# --- official text ---------------------------------------------------------------------------


def print_alarms(data: Path) -> None:
    """Print the alarms on the half of ``data``/sv-text that no weight was fitted to; every one is false."""
    lines = (data / "sv-text" / "official.jsonl").read_text(encoding="utf-8").splitlines()[1::2]
    texts = [json.loads(line)["text"] for line in lines]
    checker = checker_with(load_judgement(mails.ROOT / "policies"))
    words, rules = Counter[str](), defaultdict[str, Counter[str]](Counter)
    for number, text in enumerate(texts):
        one = mails.judge(checker, _official(number, text))
        words[one.word] += 1
        for rule in one.rules:
            rules[one.word][rule] += 1
    millions = sum(map(len, texts)) / 1e6
    print(f"{len(texts)} texts, {millions:.2f} million characters")
    for word in ("block", "warn"):
        which = ", ".join(f"{rule} {count}" for rule, count in rules[word].most_common())
        print(f"{word:6}{words[word]:4} texts, {words[word] / millions:5.1f} per million characters  {which}")


def _official(number: int, text: str) -> dict[str, Any]:
    return {"id": f"text-{number}", "from": SENDER, "to": [TO], "subject": "Inför sammanträdet", "body": text}
