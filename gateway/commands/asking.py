"""Asking a running gateway whether it is ready: ``utpost health``."""

from __future__ import annotations

import argparse

from gateway.commands.arguments import FOUND, OK, settings_of, settings_options
from gateway.health import probe


def add_health(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``health``."""
    settings_options(parser)
    parser.set_defaults(command=_health)


def _health(options: argparse.Namespace) -> int:
    text, well = probe(settings_of(options).metrics)
    print(text)
    return OK if well else FOUND
