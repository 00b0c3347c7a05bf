"""The operations page: how Utpost is and what its rules have done, without a word on single persons.

Counts are rounded to ``FEW``, and those below it are not told apart: with few representatives a number, or the
difference of two, can point at one of them.
"""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from jinja2 import Environment, StrictUndefined, Template

from gateway.telemetry.board import Board, RowState
from gateway.telemetry.readiness import Checks, Degraded
from gateway.telemetry.tongue import WORDS

FEW: Final = 5
_WIDTH: Final = 250.0
_ROW: Final = 42
_UNINSPECTED: Final = ("encrypted", "unreadable", "too_big", "timed_out", "truncated")
_STYLE: Final = (
    ":root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif;"
    "--paper:#fff;--ink:#1a1a1a;--line:#767676;--bar:#1d5f8a;--link:#0b4f79;--well:#1b6b34;--degraded:#8a5a00;--failed:#a3171f}"
    "@media (prefers-color-scheme:dark){:root{"
    "--paper:#16191d;--ink:#eee;--line:#8f969e;--bar:#6db3e0;--link:#9ccdf0;--well:#6fcf8b;--degraded:#f0b849;--failed:#ff8d92}}"
    "body{max-width:60rem;margin:0 auto;padding:1rem;background:var(--paper);color:var(--ink)}a{color:var(--link)}"
    "table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid var(--line);overflow-wrap:anywhere;width:50%}"
    "svg{width:100%;max-width:24rem;height:auto}text{fill:var(--ink);font-size:14px}.bar{fill:var(--bar)}"
    ".mark{font-weight:700}.well{color:var(--well)}.degraded{color:var(--degraded)}.failed{color:var(--failed)}"
    "nav a,footer a{margin-right:1rem}"
)
POLICY: Final = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    f"style-src 'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What was made of messages in some time."""

    verdicts: Mapping[str, int]
    """Verdict → messages."""
    rules: Mapping[str, int]
    """Rule → messages on which it had a consequence."""
    observed: Mapping[str, int]
    """Rule → messages on which it only observed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The last day and the last month (30 days)."""

    day: Span
    month: Span
    titles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Language → rule → what it is called in that language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One line of a plot."""

    name: str
    count: str
    width: float
    y: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """Horizontal bars."""

    id: str
    title: str
    rows: tuple[Bar, ...]

    @property
    def height(self) -> int:
        """Return its height in the units of the drawing."""
        return len(self.rows) * _ROW

    @property
    def told(self) -> str:
        """Return the same for who does not see."""
        return ", ".join(f"{row.name} {row.count}" for row in self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """How one part is."""

    name: str
    mark: str
    word: str
    why: str


def choose_language(query: str, accept_language: str) -> str:
    """Return ``sv`` or ``en``: as the query asks, else as the browser prefers (RFC 9110 12.5.4), else Swedish."""
    for lang in WORDS:
        if f"lang={lang}" in query.split("&"):
            return lang
    best, found = 0.0, "sv"
    for part in accept_language[:500].split(","):
        tag, _, parameter = part.strip().partition(";")
        lang = tag.lower().partition("-")[0]
        quality = _quality(parameter)
        if lang in WORDS and quality > best:
            best, found = quality, lang
    return found


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name != "q":
        return 1.0
    try:
        quality = float(value)
    except ValueError:
        return 0.0
    return quality if 0 <= quality <= 1 else 0.0


def operations_page(board: Board, checks: Checks, history: History | None, lang: str) -> bytes:
    """Return the page in HTML; ``history`` None where the journal cannot be read."""
    words = WORDS[lang]
    return (
        _template()
        .render(
            lang=lang,
            words=words,
            style=_STYLE,
            version=board.version,
            policy_version=board.policy_version or "–",
            started=_clock(board.started),
            checks=[_check(check, words) for check in checks.items()],
            numbers=_numbers(board, words),
            plots=_plots(history, words, history.titles.get(lang, {})) if history else (),
            files=_plot("files", words["since_start"], _files(board), words, {}),
        )
        .encode()
    )


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.globals.clear()
    return environment.from_string(Path(__file__).with_suffix(".html").read_text("utf-8"))


def _check(check: tuple[str, bool | str], words: Mapping[str, str]) -> Check:
    name, state = check
    mark = "well" if state is True else "degraded" if isinstance(state, Degraded) else "failed"
    why = "" if isinstance(state, bool) else words.get(f"w_{state}", str(state))
    return Check(name=words.get(f"c_{name}", name), mark=mark, word=words[mark], why=why)


def _numbers(board: Board, words: Mapping[str, str]) -> list[tuple[str, str]]:
    pulses = board.pulses()[1:]
    ready = sum(pulse.state is RowState.READY for pulse in pulses)
    parts = {combo: cell[0] for combo, cell in _cells(board, "policy_reloads")}
    failures = sum(cell[0] for _, cell in _cells(board, "judging_failures"))
    told = {
        "workers": f"{ready} / {len(pulses)}",
        "sessions": f"{sum(cell[0] for _, cell in _cells(board, 'sessions')):.0f}",
        "judging": f"{board.value('judging'):.0f}",
        "failures": f"{failures:.0f}",
        "restarts": f"{board.value('worker_restarts'):.0f}",
        "letters": f"{board.value('outbox_depth'):.0f}",
        "oldest": f"{board.value('outbox_oldest_seconds') / 60:.0f} min",
        "switched": f"{board.value('rules_observed'):.0f}",
        "reloads": f"{parts.get(('success',), 0):.0f} / {parts.get(('failure',), 0):.0f}",
        "reloaded": _clock(board.value("policy_reload_timestamp_seconds")),
        "relay_heard": _clock(board.value("relay_answered_timestamp_seconds")),
    }
    return [(words[f"n_{name}"], value) for name, value in told.items()]


def _plots(history: History, words: Mapping[str, str], titles: Mapping[str, str]) -> tuple[Plot, ...]:
    return tuple(
        _plot(f"{span}-{what}", f"{words[what]}, {words[span]}", counts, words, titles)
        for span, one in (("day", history.day), ("month", history.month))
        for what, counts in (("verdicts", one.verdicts), ("rules", one.rules), ("observed", one.observed))
    )


def _plot(
    name: str, title: str, counts: Mapping[str, int], words: Mapping[str, str], titles: Mapping[str, str]
) -> Plot:
    """Draw counts, the largest first; those too small to be told apart with bars of one length."""
    most = max([*counts.values(), 2 * FEW])
    shown = {key: max(FEW * round(count / FEW), FEW) for key, count in counts.items() if count > 0}
    ranked = sorted(shown, key=lambda key: (-shown[key], key))
    rows = tuple(
        Bar(
            name=words.get(f"v_{key}") or titles.get(key, key),
            count=f"≈ {shown[key]}" if counts[key] >= FEW else f"< {FEW}",
            width=round(_WIDTH * shown[key] / most, 1),
            y=number * _ROW,
        )
        for number, key in enumerate(ranked)
    )
    return Plot(id=name, title=title, rows=rows)


def _files(board: Board) -> Mapping[str, int]:
    counts = dict.fromkeys(_UNINSPECTED, 0)
    for (kind, state), cell in _cells(board, "parts"):
        if kind in ("attachment", "member") and state in counts:
            counts[state] += int(cell[0])
    return MappingProxyType(counts)


def _cells(board: Board, key: str) -> list[tuple[tuple[str, ...], list[float]]]:
    series = next(one for one in board.series if one.key == key)
    return list(zip(series.combinations, board.values(key), strict=True))


def _clock(seconds: float) -> str:
    if not seconds or math.isnan(seconds):
        return "–"
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
