"""What other policies would have said: stored mail judged twice, and where the verdicts part (``utpost replay``)."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gateway.checking import Checked, Checker, Flags, check_all, names_of
from gateway.judgement import Judgement
from gateway.model import Action
from gateway.policy.sender import Scope
from gateway.rows import table

_WORDS: Final = ("pass", "warn", "block")
_STYLE: Final = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b}"
    "table{border-collapse:collapse;margin:1rem 0}th,td{border:1px solid #8a8a8a;padding:.3rem .6rem;text-align:left;"
    "vertical-align:top}th{background:#efefef}caption{text-align:left;font-weight:600;padding:.3rem 0}"
    "td.number{text-align:right}.scroll{overflow-x:auto}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one set of policies said of one message."""

    word: str
    """``pass``, ``warn`` or ``block``."""
    rules: tuple[str, ...]
    observed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A message of which the two say different things."""

    message: str
    before: Outcome
    after: Outcome

    def as_object(self) -> dict[str, Any]:
        """Return it in JSON's types."""
        return {
            "id": self.message,
            "before": {"verdict": self.before.word, "rules": self.before.rules, "observed": self.before.observed},
            "after": {"verdict": self.after.word, "rules": self.after.rules, "observed": self.after.observed},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two judgements of the same mail."""

    versions: tuple[str, str]
    moves: Counter[tuple[str, str]]
    """(verdict before, verdict after) → messages."""
    differences: tuple[Difference, ...]
    unreadable: tuple[str, ...]
    """Why a file could not be judged."""

    @property
    def messages(self) -> int:
        """Return how many were judged."""
        return self.moves.total()


def compare(messages: Sequence[Path], before: Judgement, after: Judgement, scope: Scope) -> Comparison:
    """Judge stored messages by both."""
    old, troubles = _judged(messages, before, scope)
    new, _ = _judged(messages, after, scope)
    both = [(name, old[name], new[name]) for name in old if name in new]
    return Comparison(
        versions=(before.policy.version, after.policy.version),
        moves=Counter((a.word, b.word) for _, a, b in both),
        differences=tuple(Difference(message=name, before=a, after=b) for name, a, b in both if a != b),
        unreadable=tuple(troubles),
    )


def _judged(messages: Sequence[Path], judgement: Judgement, scope: Scope) -> tuple[dict[str, Outcome], list[str]]:
    outcomes: dict[str, Outcome] = {}
    troubles: list[str] = []
    checker = Checker(judgement, scope, Flags())
    for path, result in zip(messages, check_all(checker, list(messages)), strict=True):
        if isinstance(result, str):
            troubles.append(result)
        else:
            outcomes[str(path)] = _outcome(result)
    return outcomes, troubles


def _outcome(result: Checked) -> Outcome:
    loud = [hit for hit in result.verdict.hits if hit.action >= Action.WARN and hit.exempted_by is None]
    quiet = [hit for hit in result.verdict.hits if hit not in loud]
    return Outcome(word=result.word, rules=tuple(sorted(names_of(loud))), observed=tuple(sorted(names_of(quiet))))


# --- for people ------------------------------------------------------------------------------


def as_text(found: Comparison) -> str:
    """Return tables for a terminal."""
    lines = [f"{found.messages} messages, policies {found.versions[0]} → {found.versions[1]}", ""]
    lines.append(table(_moves(found), ("before", *(f"→ {word}" for word in _WORDS))))
    if found.differences:
        lines += ["", table(map(_told, found.differences), ("message", "before", "after"))]
    else:
        lines += ["", "No message is judged in another way."]
    return "\n".join(lines)


def as_page(found: Comparison) -> str:
    """Return a page that stands alone: no script, nothing fetched; file names but no content of any message."""
    moves = [list(row.values()) for row in _moves(found)]
    told = [list(_told(difference).values()) for difference in found.differences]
    before, after = map(html.escape, found.versions)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>Policies {before} and {after} compared</title><style>{_STYLE}</style></head><body><main>"
        f"<h1>Policies compared</h1><p>{found.messages} messages, judged by {before} and by {after}; "
        f"{len(found.differences)} of them in another way.</p>"
        + _grid("From verdict to verdict", ["before", *(f"→ {word}" for word in _WORDS)], moves)
        + (_grid("Messages judged in another way", ["message", "before", "after"], told) if told else "")
        + (_grid("Not judged", ["why"], [[why] for why in found.unreadable]) if found.unreadable else "")
        + "</main></body></html>\n"
    )


def _grid(caption: str, heads: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    top = "".join(f'<th scope="col">{html.escape(head)}</th>' for head in heads)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    head = f"<thead><tr>{top}</tr></thead>"
    return (
        f'<div class="scroll"><table><caption>{html.escape(caption)}</caption>{head}<tbody>{body}</tbody></table></div>'
    )


def _cell(value: object) -> str:
    number = ' class="number"' if isinstance(value, int) else ""
    return f"<td{number}>{html.escape(str(value))}</td>"


def _moves(found: Comparison) -> list[dict[str, Any]]:
    return [{"before": a, **{f"→ {b}": found.moves[a, b] for b in _WORDS}} for a in _WORDS]


def _told(difference: Difference) -> dict[str, str]:
    return {
        "message": difference.message,
        "before": _words(difference.before),
        "after": _words(difference.after),
    }


def _words(outcome: Outcome) -> str:
    rules = ", ".join(outcome.rules)
    quiet = f"; observed {', '.join(outcome.observed)}" if outcome.observed else ""
    return f"{outcome.word}{f': {rules}' if rules else ''}{quiet}"
