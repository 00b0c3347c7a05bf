"""The commands of the first day: ``utpost init`` and ``utpost doctor``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from gateway import firstrun
from gateway.commands.arguments import OK, USAGE, settings_of, settings_options
from gateway.config import parse_endpoint
from gateway.doctor.examination import Wishes, examine
from gateway.doctor.mailflow import TestMessage
from gateway.doctor.sign import Sign, as_text, exit_code, unloadable
from gateway.model import InvalidConfiguration, Refused


def add_init(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``init``."""
    parser.add_argument("directory", type=Path, metavar="DIR")
    for question in firstrun.QUESTIONS:
        action = "append" if question.many else "store"
        metavar = question.flag.strip("-").upper()
        parser.add_argument(question.flag, action=action, dest=question.key, metavar=metavar, help=question.words)
    parser.add_argument("--state", type=Path, metavar="DIR", help="where outbox, ledger and journal live (DIR/state)")
    parser.add_argument("--yes", action="store_true", help="ask nothing: defaults for what no flag says")
    parser.set_defaults(command=_init)


def add_doctor(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``doctor``."""
    settings_options(parser)
    parser.add_argument("--json", action="store_true", help="one object a line")
    parser.add_argument("--no-dns", action="store_true", help="do not ask the resolver")
    parser.add_argument(
        "--send-test",
        nargs=3,
        metavar=("HOST:PORT", "FROM", "TO"),
        help="send a message by the representatives' mail server and see whether it comes by here",
    )
    parser.add_argument("--patience", type=float, default=30.0, metavar="SECONDS", help="how long it may take (30)")
    parser.set_defaults(command=_doctor)


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
