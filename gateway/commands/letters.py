"""Letters, those that wait, and the keys that sign them: ``utpost letters``, ``outbox`` and ``dkim``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from gateway import post
from gateway.commands.arguments import (
    FOUND,
    OK,
    print_rows,
    settings_of,
    settings_options,
    state_option,
    with_state,
)
from gateway.judgement import load_judgement, policies_directory
from gateway.model import Refused

_OUTBOX_COLUMNS: Final = ("id", "state", "kind", "recipient", "reference", "written", "due", "attempts")


def add_letters(parser: argparse.ArgumentParser) -> None:
    """Add what ``letters`` can do."""
    kinds = parser.add_subparsers(required=True, metavar="preview")
    shown = kinds.add_parser("preview", help="a letter of each kind, or of one, as a reader would get it")
    settings_options(shown)
    shown.add_argument("kind", nargs="?", metavar="KIND")
    shown.add_argument("--html", type=Path, metavar="FILE", help="write the page there; a folder for all kinds")
    shown.set_defaults(command=_letters_preview)


def add_outbox(parser: argparse.ArgumentParser) -> None:
    """Add what ``outbox`` can do."""
    acts = parser.add_subparsers(required=True, metavar="list|retry|drop")
    for name, command, text in (
        ("list", _outbox_list, "letters that wait, oldest first, without their words"),
        ("retry", _outbox_retry, "try one letter, or all, now"),
        ("drop", _outbox_drop, "erase a letter: its reader is not told"),
    ):
        act = acts.add_parser(name, help=text)
        settings_options(act)
        state_option(act)
        act.set_defaults(command=command)
        if name == "list":
            act.add_argument("--json", action="store_true", help="one object a line")
        else:
            act.add_argument("letter", type=int, metavar="ID", nargs="?" if name == "retry" else None)


def add_dkim(parser: argparse.ArgumentParser) -> None:
    """Add what ``dkim`` can do."""
    keys = parser.add_subparsers(required=True, metavar="keygen|record|check")
    keygen = keys.add_parser("keygen", help="make a key in a new file")
    keygen.add_argument("file", type=Path, metavar="FILE")
    keygen.add_argument("--algorithm", choices=("rsa-sha256", "ed25519-sha256"), default="rsa-sha256")
    keygen.set_defaults(command=_dkim_keygen)
    for name, command, text in (
        ("record", _dkim_record, "the DNS records of the configured keys"),
        ("check", _dkim_check, "compare the published records with the keys"),
    ):
        act = keys.add_parser(name, help=text)
        settings_options(act)
        act.set_defaults(command=command)


def _letters_preview(options: argparse.Namespace) -> int:
    settings = settings_of(options)
    letters = post.shown(settings, load_judgement(policies_directory(settings)), options.kind)
    if options.html is None:
        for kind, letter in letters.items():
            print(f"--- {kind} ---\nSubject: {letter.subject}\n\n{letter.text}")
        return OK
    try:
        if options.kind is None:
            options.html.mkdir(parents=True, exist_ok=True)
        for kind, letter in letters.items():
            file = options.html if options.kind else options.html / f"{kind}.html"
            file.write_text(letter.html, "utf-8")
            print(file)
    except OSError as error:
        raise Refused(f"{options.html} cannot be written ({error.strerror})") from None
    return OK


def _outbox_list(options: argparse.Namespace) -> int:
    return print_rows(options, post.waiting(with_state(options)), _OUTBOX_COLUMNS)


def _outbox_retry(options: argparse.Namespace) -> int:
    print(post.retry(with_state(options), options.letter))
    return OK


def _outbox_drop(options: argparse.Namespace) -> int:
    print(post.drop(with_state(options), options.letter))
    return OK


def _dkim_keygen(options: argparse.Namespace) -> int:
    print(post.keygen(options.file, options.algorithm))
    return OK


def _dkim_record(options: argparse.Namespace) -> int:
    print(post.records(settings_of(options)))
    return OK


def _dkim_check(options: argparse.Namespace) -> int:
    text, well = post.checked(settings_of(options))
    print(text)
    return OK if well else FOUND
