"""Arguments that many commands share: the configuration file, and keys set beside it."""

from __future__ import annotations

import argparse
from pathlib import Path

from gateway.config import Settings, load_settings


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
    return load_settings(options.config, options.overrides, {k: v for k, v in flags.items() if v is not None})
