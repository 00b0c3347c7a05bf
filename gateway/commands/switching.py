"""What is in force, and what only observes: ``utpost config``, ``observe`` and ``enforce``."""

from __future__ import annotations

import argparse
from pathlib import Path

from gateway.commands.arguments import OK, settings_of, settings_options
from gateway.config import render_settings
from gateway.judgement import load_judgement, policies_directory
from gateway.operator import switch
from gateway.policy.rules import EVERY_RULE


def add_config(parser: argparse.ArgumentParser) -> None:
    """Add what ``config`` can do."""
    kinds = parser.add_subparsers(required=True, metavar="show")
    show = kinds.add_parser("show", help="print every key with its value, as TOML")
    settings_options(show)
    show.set_defaults(command=_config_show)


def add_observe(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``observe``."""
    _add_switch(parser)
    parser.set_defaults(command=_observe)


def add_enforce(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``enforce``."""
    _add_switch(parser)
    parser.set_defaults(command=_enforce)


def _add_switch(parser: argparse.ArgumentParser) -> None:
    settings_options(parser)
    parser.add_argument("--state", type=Path, metavar="DIR", help="the state directory of the running Utpost")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("rule", nargs="?", metavar="RULE")
    which.add_argument("--all", action="store_true", help="every rule")


def _config_show(options: argparse.Namespace) -> int:
    print(render_settings(settings_of(options)), end="")
    return OK


def _observe(options: argparse.Namespace) -> int:
    return _switch(options, to_observe=True)


def _enforce(options: argparse.Namespace) -> int:
    return _switch(options, to_observe=False)


def _switch(options: argparse.Namespace, *, to_observe: bool) -> int:
    settings = settings_of(options, **{"state.directory": options.state})
    judgement = load_judgement(policies_directory(settings))
    wanted = EVERY_RULE if options.all else options.rule
    print(switch(settings, tuple(judgement.policy.rules), wanted, to_observe=to_observe))
    return OK
