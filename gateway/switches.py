"""The emergency switch: rules put into observe by hand, in a file that the parent watches."""

from __future__ import annotations

import json
import os
from pathlib import Path

from gateway.belonging import create

ALL = "*"
"""Stands for every rule."""


def switch_file(state: Path) -> Path:
    """Return where the switches are kept."""
    return state / "observed.json"


def read_switches(state: Path) -> frozenset[str]:
    """Return the rules that are switched to observe; a missing or damaged file switches nothing."""
    try:
        rules = json.loads(switch_file(state).read_text("utf-8"))
    except (OSError, ValueError):
        return frozenset()
    return frozenset(r for r in rules if isinstance(r, str)) if isinstance(rules, list) else frozenset()


def write_switches(state: Path, rules: frozenset[str]) -> None:
    """Put exactly ``rules`` into observe, in one step that a reader sees whole. Raises OSError."""
    target = switch_file(state)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = target.with_suffix(f".{os.getpid()}")
    fresh.unlink(missing_ok=True)
    with os.fdopen(create(fresh), "w", encoding="utf-8") as file:
        json.dump(sorted(rules), file)
    fresh.replace(target)
