"""Mailings seen and permitted: ``utpost mailings``."""

from __future__ import annotations

import argparse
import json
from typing import Final

from gateway import mailings
from gateway.commands.arguments import OK, print_rows, settings_options, state_option, with_state
from gateway.judgement import load_judgement, policies_directory
from gateway.rows import table

_MAILING_COLUMNS: Final = ("id", "sender", "reached", "reserved", "announced", "first", "last")
_REASON_COLUMNS: Final = ("at", "sender", "mailing", "persons", "state", "decider", "permit", "reason")
_PERMIT_COLUMNS: Final = ("id", "sender", "mailing", "persons", "used", "until")


def add_mailings(parser: argparse.ArgumentParser) -> None:
    """Add what ``mailings`` can do."""
    kinds = parser.add_subparsers(required=True, metavar="list|show|forget|permit|permits|revoke|reasons")
    parsers = {}
    for name, command, text in (
        ("list", _mailings_list, "mailings of the last day, latest first"),
        ("show", _mailings_show, "one mailing and its permits"),
        ("forget", _mailings_forget, "forget a mailing and whom it reached"),
        ("permit", _mailings_permit, "let a mailing reach more persons"),
        ("permits", _mailings_permits, "permits that are still good"),
        ("revoke", _mailings_revoke, "end a permit"),
        ("reasons", _mailings_reasons, "reasons that senders gave, with their names; the look is journalled"),
    ):
        parsers[name] = kinds.add_parser(name, help=text)
        settings_options(parsers[name])
        state_option(parsers[name])
        parsers[name].set_defaults(command=command)
    for name in ("list", "show", "permits", "reasons"):
        parsers[name].add_argument("--json", action="store_true", help="one object a line")
    for name in ("show", "forget"):
        parsers[name].add_argument("mailing", metavar="ID")
    parsers["revoke"].add_argument("permit", metavar="PERMIT")
    permit = parsers["permit"]
    permit.add_argument("--sender", required=True, metavar="ADDR", help="the representative")
    permit.add_argument("--persons", required=True, type=int, metavar="N", help="persons beyond those reached already")
    permit.add_argument("--hours", type=float, default=24.0, metavar="N", help="how long it is good (24)")
    permit.add_argument("--mailing", metavar="ID", help="else the sender's first mailing that needs it")


def _mailings_list(options: argparse.Namespace) -> int:
    return print_rows(options, mailings.listed(with_state(options)), _MAILING_COLUMNS)


def _mailings_show(options: argparse.Namespace) -> int:
    found = mailings.shown(with_state(options), options.mailing)
    if options.json:
        print(json.dumps(found, ensure_ascii=False))
        return OK
    print(table([found], _MAILING_COLUMNS))
    if found["permits"]:
        print("\n" + table(found["permits"], _PERMIT_COLUMNS))
    return OK


def _mailings_forget(options: argparse.Namespace) -> int:
    print(mailings.forget(with_state(options), options.mailing))
    return OK


def _mailings_permit(options: argparse.Namespace) -> int:
    settings = with_state(options)
    wish = mailings.Wish(sender=options.sender, persons=options.persons, hours=options.hours, mailing=options.mailing)
    print(mailings.permit(settings, load_judgement(policies_directory(settings)).policy, wish))
    return OK


def _mailings_permits(options: argparse.Namespace) -> int:
    return print_rows(options, mailings.permits(with_state(options)), _PERMIT_COLUMNS)


def _mailings_reasons(options: argparse.Namespace) -> int:
    return print_rows(options, mailings.reasons(with_state(options)), _REASON_COLUMNS)


def _mailings_revoke(options: argparse.Namespace) -> int:
    print(mailings.revoke(with_state(options), options.permit))
    return OK
