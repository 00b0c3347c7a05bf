"""The command line: one function for each command; only the module of the one that is asked for is loaded."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final

from gateway import thrift
from gateway.model import InvalidConfiguration, Refused

FOUND, USAGE = 1, 2
_INTERRUPTED: Final = 130
_COMFORTS: Final = ("rich", "colorama", "better_exceptions")
"""What structlog would load to paint stack traces, which are never shown: three megabytes in every process."""

COMMANDS: Final = {
    "init": ("first", "write a first configuration and policies that only observe"),
    "doctor": ("first", "examine configuration, machine and surroundings, with remedies"),
    "serve": ("serving", "run the gateway in the foreground"),
    "check": ("judging", "judge stored messages (.eml) offline"),
    "policies": ("judging", "check or explain the rules"),
    "replay": ("judging", "judge stored mail by two sets of policies: where do they part?"),
    "config": ("switching", "show the configuration in force"),
    "observe": ("switching", "emergency switch: let rules only observe, at once"),
    "enforce": ("switching", "take the emergency switch back"),
    "mailings": ("mailings", "see and permit mailings: counts and pseudonyms"),
    "letters": ("letters", "see the letters that Utpost writes"),
    "outbox": ("letters", "letters that wait"),
    "dkim": ("letters", "keys that sign letters"),
    "journal": ("paper", "what became of messages: no content, pseudonyms only"),
    "records": ("paper", "who wrote to whom, for requests for public records (2.8)"),
    "health": ("asking", "ask a running Utpost whether it is ready"),
}
"""Command → the module of ``commands`` that holds it, and what it does."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0, 1 (something found or failed) or 2 (usage)."""
    words = sys.argv[1:] if arguments is None else arguments
    options = _parser(next((word for word in words if word in COMMANDS), "")).parse_args(words)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except InvalidConfiguration as error:
        for problem in error.problems:
            print(f"utpost: {problem}", file=sys.stderr)
        return USAGE
    except Refused as error:
        print(f"utpost: {error}", file=sys.stderr)
        return USAGE
    except BrokenPipeError:
        sys.stderr.close()
        return FOUND
    except KeyboardInterrupt:
        return _INTERRUPTED


def _parser(wanted: str) -> argparse.ArgumentParser:
    """Return a parser that knows every command by name, and the arguments of the wanted one."""
    parser = argparse.ArgumentParser(
        prog="utpost", description="The outgoing-mail gateway of Örkelljunga municipality."
    )
    parser.add_argument("--version", action=_Version, help="of the program and of the policies that came with it")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, (module, text) in COMMANDS.items():
        command = commands.add_parser(name, help=text)
        if name == wanted:
            _of_commands(module, f"add_{name}")(command)
    return parser


def _of_commands(module: str, function: str) -> Callable[..., Any]:
    with thrift.without(*_COMFORTS):
        found: Callable[..., Any] = getattr(importlib.import_module(f"gateway.commands.{module}"), function)
    return found


class _Version(argparse.Action):
    """Print the versions; the policies are read only when somebody asks."""

    def __init__(self, option_strings: Sequence[str], dest: str, **words: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, **words)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Print and end."""
        print(_of_commands("versions", "versions")())
        parser.exit()
