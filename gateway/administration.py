"""The commands of the first day: init and doctor, and what the versions are."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gateway import __version__, firstrun
from gateway.arguments import settings_of, settings_options
from gateway.config import Settings, parse_endpoint
from gateway.doctor.sign import Sign, as_text, exit_code, unloadable
from gateway.judgement import load_judgement, policies_directory
from gateway.model import InvalidConfiguration
from gateway.operator import Refused

OK, FOUND, USAGE = 0, 1, 2


class Version(argparse.Action):
    """Print the versions; the policies are read only when somebody asks."""

    def __init__(self, option_strings: Sequence[str], dest: str, **words: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, **words)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Print and end."""
        print(f"utpost {__version__} (policies {load_judgement(policies_directory(Settings())).policy.version})")
        parser.exit()


def add_first_commands(commands: Any) -> None:
    """Add ``init`` and ``doctor``."""
    parser = commands.add_parser("init", help="write a first configuration and policies that only observe")
    parser.add_argument("directory", type=Path, metavar="DIR")
    for question in firstrun.QUESTIONS:
        action = "append" if question.many else "store"
        metavar = question.flag.strip("-").upper()
        parser.add_argument(question.flag, action=action, dest=question.key, metavar=metavar, help=question.words)
    parser.add_argument("--state", type=Path, metavar="DIR", help="where outbox, ledger and journal live (DIR/state)")
    parser.add_argument("--yes", action="store_true", help="ask nothing: defaults for what no flag says")
    parser.set_defaults(command=_init)
    doctor = commands.add_parser("doctor", help="examine configuration, machine and surroundings, with remedies")
    settings_options(doctor)
    doctor.add_argument("--json", action="store_true", help="one object a line")
    doctor.add_argument("--no-dns", action="store_true", help="do not ask the resolver")
    doctor.add_argument(
        "--send-test",
        nargs=3,
        metavar=("HOST:PORT", "FROM", "TO"),
        help="send a message by the representatives' mail server and see whether it comes by here",
    )
    doctor.add_argument("--patience", type=float, default=30.0, metavar="SECONDS", help="how long it may take (30)")
    doctor.set_defaults(command=_doctor)


def _init(options: argparse.Namespace) -> int:
    given = {q.key: value for q in firstrun.QUESTIONS if (value := getattr(options, q.key)) is not None}
    given = {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}
    answers = given if options.yes or not sys.stdin.isatty() else firstrun.ask(given, input)
    settings = firstrun.initialise(options.directory, answers, options.state)
    file = options.directory / firstrun.FILE
    print(f"{file} and {settings.policies.directory} are written; every rule only observes.")
    print(f"Next: utpost doctor --config {file}; then: utpost serve --config {file}")
    return OK


def _doctor(options: argparse.Namespace) -> int:
    from gateway.doctor.examination import Wishes, examine  # noqa: PLC0415 - DNS and X.509 are not for the service
    from gateway.doctor.mailflow import TestMessage  # noqa: PLC0415

    try:
        settings = settings_of(options)
        message = None
        if options.send_test:
            server, sender, recipient = options.send_test
            message = TestMessage(
                server=parse_endpoint(server), sender=sender, recipient=recipient, patience=options.patience
            )
    except InvalidConfiguration as error:
        _print_signs(options, list(unloadable(error)))
        return USAGE
    except ValueError as error:
        raise Refused(f"--send-test: {error}") from None
    signs = []
    for sign in examine(settings, options.config, Wishes(dns=not options.no_dns, message=message)):
        _print_signs(options, [sign])
        signs.append(sign)
    return exit_code(signs)


def _print_signs(options: argparse.Namespace, signs: list[Sign]) -> None:
    for line in (json.dumps(s.as_object(), ensure_ascii=False) for s in signs) if options.json else as_text(signs):
        print(line, flush=True)
