"""Everything that policy files say, loaded together: rules, word lists and letters of one version."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.detect import DETECTORS, model, opinion
from gateway.detect.lexicon import Lexicon, build_lexicon
from gateway.letters.compose import LetterTemplates, load_letters
from gateway.model import Envelope, InvalidConfiguration, Problem, Verdict
from gateway.policy.examples import Report, run
from gateway.policy.rules import NAMES, Policy

if TYPE_CHECKING:
    from gateway.config import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a worker needs to judge and to write; picklable."""

    policy: Policy
    lexicon: Lexicon
    letters: LetterTemplates


def policies_directory(settings: Settings) -> Path:
    """Return the configured folder, or the policies that came with the program."""
    if settings.policies.directory is not None:
        return settings.policies.directory
    packaged = Path(str(resources.files("gateway"))) / "_policies"
    return packaged if packaged.is_dir() else packaged.parent.parent / "policies"


_ELSEWHERE: Final[dict[str, frozenset[str]]] = {"clamd": frozenset({"malware"}), opinion.NAME: model.KNOWN}
"""Who finds something outside the detectors, and the rule for it."""


def load_judgement(directory: Path) -> Judgement:
    """Load rules, word lists and letters. Raises InvalidConfiguration with the mistakes of all of them."""
    # A running gateway has its policies loaded by another process: it needs none of what reads and checks them.
    from gateway.policy.load import load_policy, read_tree  # noqa: PLC0415

    tree = read_tree(directory)
    problems: list[Problem] = []
    policy: Policy | None = None
    try:
        policy = load_policy(tree, NAMES, {d.name: frozenset(d.rules) for d in DETECTORS} | _ELSEWHERE)
    except InvalidConfiguration as error:
        problems += error.problems
    lexicon, mistakes = build_lexicon(tree.files)
    problems += mistakes
    letters, mistakes = load_letters(tree.files)
    problems += mistakes
    if problems or policy is None:
        raise InvalidConfiguration(problems)
    return Judgement(policy=policy, lexicon=lexicon, letters=letters)


@dataclass(frozen=True, slots=True, kw_only=True)
class LintReport:
    """What ``utpost policies lint`` found beyond files that cannot be loaded."""

    rules: int
    examples: Report
    warnings: tuple[Problem, ...]


def lint(judgement: Judgement, judge_message: Callable[[Envelope, bytes], Verdict], today: date) -> LintReport:
    """Run the rules' own examples with the whole judgement, and look for what will soon be wrong."""
    from gateway.policy.load import warnings  # noqa: PLC0415

    return LintReport(
        rules=len(judgement.policy.rules),
        examples=run(judgement.policy, judge_message),
        warnings=tuple(warnings(judgement.policy, today)),
    )
