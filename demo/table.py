"""One table of what was sent, what should have happened, what did, and why."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from demo.examples import Answer, Example

_SAYS: Final = {
    "pass": "passed",
    "observe": "passed",
    "bypass": "passed unjudged",
    "warn": "passed with a letter",
    "block": "refused",
}
_HEADINGS: Final = {
    "2.1": "Återkoppling och svar",
    "2.2": "E-post kopplad till ditt förtroendeuppdrag",
    "2.3": "Massutskick",
    "2.4": "Oönskad e-post",
    "2.5": "Hot, kränkningar",
    "2.6": "Diarieföring",
    "2.7": "Personuppgifter och andra känsliga uppgifter",
}
"""Section → heading, in the words of the guideline."""


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What happened to one example."""

    example: Example
    answer: Answer
    verdict: str
    rules: tuple[str, ...]
    """Those that made the verdict."""
    observed: tuple[str, ...]
    """Those that saw something and say nothing to the sender."""
    reference: str
    delivered: bool
    exact: bool
    letter: bool = False
    faults: list[str] = field(default_factory=list)


def table(outcomes: list[Outcome], titles: dict[str, tuple[str, str]]) -> str:
    """Return one readable table; ``titles`` are rule → (section, title)."""
    rows = [("", "What was sent", "Expected", "What happened", "Why")]
    for outcome in outcomes:
        example = outcome.example
        expected = " ".join((_SAYS[example.verdict], f"({', '.join(example.rules)})" if example.rules else "")).strip()
        happened = f"{_SAYS.get(outcome.verdict, outcome.verdict)}: {outcome.answer.code}"
        mark = "ok" if not outcome.faults else "NOT"
        happened += "".join(f"; {fault}" for fault in outcome.faults)
        many = f"{example.name}.eml, to {len(example.rcpt_to)}"
        rows.append((mark, f"{example.title}\n{many}", expected, happened, _why(outcome, titles)))
    return _ruled(rows, (3, 35, 19, 17, 31))


def _why(outcome: Outcome, titles: dict[str, tuple[str, str]]) -> str:
    if outcome.verdict == "bypass":
        return "the sender's domain is not bound by the guideline; not looked at"
    reasons = [_reason(rule, titles) for rule in outcome.rules] or ["nothing that the guideline forbids"]
    reasons += [f"(only observed: {_reason(rule, titles)})" for rule in outcome.observed]
    return "\n".join(dict.fromkeys(reasons))


def _reason(rule: str, titles: dict[str, tuple[str, str]]) -> str:
    section, title = titles.get(rule.partition(":")[0], ("", rule))
    return f"§ {section} {_HEADINGS.get(section, '')}: {title}" if section else title


def _ruled(rows: Sequence[tuple[str, ...]], widths: tuple[int, ...]) -> str:
    rule = "+".join("-" * (width + 2) for width in widths)
    lines = [rule]
    for row in rows:
        cells = [
            [piece for line in cell.split("\n") for piece in textwrap.wrap(line, width) or [""]]
            for cell, width in zip(row, widths, strict=True)
        ]
        for number in range(max(map(len, cells))):
            texts = (cell[number] if number < len(cell) else "" for cell in cells)
            lines.append("|".join(f" {text:<{width}} " for text, width in zip(texts, widths, strict=True)).rstrip())
        lines.append(rule)
    return "\n".join(lines)
