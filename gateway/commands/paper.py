"""The commands for whoever answers questions on paper: ``utpost journal`` and ``utpost records``."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

from gateway import inquiry, records
from gateway.commands.arguments import OK, print_rows, settings_options, state_option, with_state
from gateway.judgement import load_judgement, policies_directory
from gateway.model import Refused
from gateway.rows import table


def add_journal(parser: argparse.ArgumentParser) -> None:
    """Add what ``journal`` can do."""
    kinds = parser.add_subparsers(required=True, metavar="search|stats|lookup|acts")
    parsers = {}
    for name, command, text in (
        ("search", _journal_search, "what became of the message with a reference"),
        ("stats", _journal_stats, "verdicts for each day, rules, numbers of persons: counts only"),
        ("lookup", _journal_lookup, "one sender's records; the look and its reason are journalled"),
        ("acts", _journal_acts, "what operators did"),
    ):
        parsers[name] = kinds.add_parser(name, help=text)
        settings_options(parsers[name])
        state_option(parsers[name])
        parsers[name].add_argument("--json", action="store_true", help="JSON: one object a line, or one for stats")
        parsers[name].set_defaults(command=command)
    parsers["search"].add_argument("--reference", required=True, metavar="REF", help="as in the reply and the letter")
    for name in ("stats", "acts"):
        parsers[name].add_argument("--days", type=int, default=30, metavar="N", help="how far back (30)")
    parsers["lookup"].add_argument("--sender", required=True, metavar="ADDR", help="the representative")
    parsers["lookup"].add_argument("--reason", required=True, metavar="TEXT", help="why; it is kept")


def add_records(parser: argparse.ArgumentParser) -> None:
    """Add what ``records`` can do."""
    kinds = parser.add_subparsers(required=True, metavar="export")
    taken = kinds.add_parser("export", help="one sender's messages as a table; each export is journalled")
    settings_options(taken)
    state_option(taken)
    taken.add_argument("--sender", required=True, metavar="ADDR", help="the representative")
    taken.add_argument("--from", dest="first", required=True, type=_day, metavar="DATE", help="first day, YYYY-MM-DD")
    taken.add_argument("--to", dest="last", required=True, type=_day, metavar="DATE", help="last day, YYYY-MM-DD")
    taken.add_argument("--format", choices=("csv", "xlsx"), default="csv")
    taken.add_argument("--output", type=Path, metavar="FILE", help="a new file; needed for xlsx (csv: standard output)")
    taken.set_defaults(command=_records_export)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day: write YYYY-MM-DD") from None


_RECORD_COLUMNS = ("at", "reference", "verdict", "rules", "observed", "lifted", "persons", "size", "code", "policy")


def _journal_search(options: argparse.Namespace) -> int:
    return _print_records(options, inquiry.by_reference(with_state(options), options.reference))


def _journal_lookup(options: argparse.Namespace) -> int:
    settings = with_state(options)
    policy = load_judgement(policies_directory(settings)).policy
    return _print_records(options, inquiry.of_sender(settings, policy, options.sender, options.reason))


def _print_records(options: argparse.Namespace, rows: list[dict[str, Any]]) -> int:
    if not options.json:
        rows = [{k: ", ".join(v) or None if isinstance(v, list) else v for k, v in row.items()} for row in rows]
    return print_rows(options, rows, _RECORD_COLUMNS)


def _journal_acts(options: argparse.Namespace) -> int:
    return print_rows(options, inquiry.acts(with_state(options), options.days), ("at", "act", "of"))


def _journal_stats(options: argparse.Namespace) -> int:
    tally = inquiry.stats(with_state(options), options.days)
    if options.json:
        print(json.dumps(inquiry.figures(tally), ensure_ascii=False))
        return OK
    verdicts = ("pass", "observe", "warn", "block", "defer")
    rows: list[dict[str, Any]] = [{"day": day, **counts} for day, counts in tally.days.items()]
    rows.append({"day": "all", **inquiry.sums(dict(counts) for counts in tally.days.values())})
    print(table(rows, ("day", *verdicts)))
    if tally.rules:
        rows = [{"rule": rule, **counts} for rule, counts in tally.rules.items()]
        print("\n" + table(rows, ("rule", "consequence", "observed", "lifted")))
    return OK


def _records_export(options: argparse.Namespace) -> int:
    settings = with_state(options)
    if options.output is None and options.format == "xlsx":
        raise Refused("xlsx is no text: name a file with --output")
    if options.output is not None and options.output.exists():
        raise Refused(f"{options.output} is there already")
    policy = load_judgement(policies_directory(settings)).policy
    wanted = records.Wanted(sender=options.sender, first=options.first, last=options.last, format=options.format)
    octets, count = records.export(settings, policy, wanted)
    if options.output is None:
        sys.stdout.buffer.write(octets)
        return OK
    try:
        with options.output.open("xb") as file:
            options.output.chmod(0o600)
            file.write(octets)
    except OSError as error:
        raise Refused(f"{options.output} cannot be written ({error.strerror})") from None
    print(f"{options.output}: {count} messages")
    return OK
