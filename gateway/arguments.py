"""Arguments that many commands share: the configuration file, and keys set beside it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from gateway.config import Settings, load_settings
from gateway.model import Problem


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
    given = {key: value for key, value in flags.items() if value is not None}
    return load_settings(options.config, options.overrides, given, _warn)


def _warn(problem: Problem) -> None:
    print(f"utpost: warning: {problem}", file=sys.stderr)  # noqa: T201 - a command's own words
