"""What many commands share: exit codes, arguments for configuration and state, and how they show rows."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.model import Problem
from gateway.rows import table

if TYPE_CHECKING:
    from gateway.config import Settings

OK, FOUND, USAGE = 0, 1, 2
"""Exit codes: well; something was found or failed; the command line or its files are wrong."""


def settings_options(parser: argparse.ArgumentParser) -> None:
    """Let a command take --config and --set."""
    parser.add_argument("--config", type=Path, metavar="FILE", help="configuration file (TOML)")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="overrides",
        help="override one key, value in TOML",
    )


def settings_of(options: argparse.Namespace, **flags: object) -> Settings:
    """Return the settings that the arguments of a command ask for. Raises InvalidConfiguration."""
    from gateway.config import load_settings  # noqa: PLC0415 - not needed by who only takes arguments

    given = {key: value for key, value in flags.items() if value is not None}
    return load_settings(options.config, options.overrides, given, _warn)


def _warn(problem: Problem) -> None:
    print(f"utpost: warning: {problem}", file=sys.stderr)


def state_option(parser: argparse.ArgumentParser) -> None:
    """Let a command take --state."""
    parser.add_argument("--state", type=Path, metavar="DIR", help="the state directory")


def with_state(options: argparse.Namespace) -> Settings:
    """Return the settings of a command that has --state. Raises InvalidConfiguration."""
    return settings_of(options, **{"state.directory": options.state})


def print_rows(options: argparse.Namespace, rows: list[dict[str, Any]], columns: Sequence[str]) -> int:
    """Print rows as a table, or with --json one object a line."""
    if options.json:
        for row in rows:
            print(json.dumps(row, ensure_ascii=False))
    else:
        print(table(rows, columns))
    return OK
