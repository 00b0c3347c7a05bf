"""Judging stored mail, and the policies themselves: ``utpost check``, ``replay`` and ``policies``."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from gateway.checking import Checked, Checker, Flags, check_all, find_messages, names_of
from gateway.commands.arguments import FOUND, OK, USAGE, settings_of, settings_options
from gateway.config import Settings
from gateway.judgement import Judgement, lint, load_judgement, policies_directory
from gateway.model import Action, Refused
from gateway.policy.explain import explain
from gateway.policy.sender import Scope
from gateway.replay import as_page, as_text, compare


def add_check(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``check``."""
    settings_options(parser)
    parser.add_argument("--json", action="store_true", help="one object a line for each message")
    parser.add_argument("--from", dest="mail_from", metavar="ADDR", help="envelope sender")
    parser.add_argument("--to", dest="rcpt_to", action="append", default=[], metavar="ADDR", help="envelope recipient")
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help=".eml file or folder of them")
    parser.set_defaults(command=_check)


def add_replay(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``replay``."""
    settings_options(parser)
    parser.add_argument("paths", nargs="+", type=Path, metavar="DIR", help=".eml file or folder of them")
    parser.add_argument("--policies", required=True, type=Path, metavar="NEW", help="folder with the new policies")
    parser.add_argument("--against", type=Path, metavar="OLD", help="folder with the old ones; else those in force")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write the report there as a page, too")
    parser.add_argument("--json", action="store_true", help="one object a line for each difference")
    parser.set_defaults(command=_replay)


def add_policies(parser: argparse.ArgumentParser) -> None:
    """Add what ``policies`` can do."""
    kinds = parser.add_subparsers(required=True, metavar="lint|explain")
    lint_parser = kinds.add_parser("lint", help="list every mistake in the policy files and run their examples")
    settings_options(lint_parser)
    lint_parser.set_defaults(command=_lint)
    explain_parser = kinds.add_parser("explain", help="say in Swedish what a rule does, or list all")
    settings_options(explain_parser)
    explain_parser.add_argument("rule", nargs="?", metavar="RULE")
    explain_parser.set_defaults(command=_explain)


def _judgement(options: argparse.Namespace) -> tuple[Settings, Judgement]:
    settings = settings_of(options)
    return settings, load_judgement(policies_directory(settings))


def _check(options: argparse.Namespace) -> int:
    settings, judgement = _judgement(options)
    flags = Flags(mail_from=options.mail_from, rcpt_to=tuple(options.rcpt_to))
    checker = Checker(judgement, Scope(domains=settings.scope.folded), flags)
    worst = OK
    for result in check_all(checker, find_messages(options.paths)):
        if isinstance(result, str):
            print(f"utpost: {result}", file=sys.stderr)
            worst = USAGE
            continue
        print(json.dumps(result.as_object(), ensure_ascii=False) if options.json else _for_people(result))
        if result.verdict.action >= Action.WARN:
            worst = max(worst, FOUND)
    return worst


def _replay(options: argparse.Namespace) -> int:
    settings = settings_of(options)
    old = load_judgement(options.against or policies_directory(settings))
    new = load_judgement(options.policies)
    found = compare(find_messages(options.paths), old, new, Scope(domains=settings.scope.folded))
    for trouble in found.unreadable:
        print(f"utpost: {trouble}", file=sys.stderr)
    if options.html is not None:
        try:
            options.html.write_text(as_page(found), "utf-8")
        except OSError as error:
            raise Refused(f"{options.html} cannot be written ({error.strerror})") from None
    if options.json:
        for difference in found.differences:
            print(json.dumps(difference.as_object(), ensure_ascii=False))
    else:
        print(as_text(found))
    if found.unreadable:
        return USAGE
    return FOUND if found.differences else OK


def _for_people(result: Checked) -> str:
    if not result.in_scope:
        return f"{result.id}: pass (out of scope)"
    lines = [f"{result.id}: {result.word}"]
    for hit in result.verdict.hits:
        if hit.action is Action.PASS:
            continue
        lines.append(f"  {hit.section} {', '.join(names_of([hit]))}: {hit.action.name.lower()}")
        lines += [f"    {f.part} ({f.segment.value}): {f.reason} {f.evidence}".rstrip() for f in hit.findings]
    return "\n".join(lines)


def _lint(options: argparse.Namespace) -> int:
    settings, judgement = _judgement(options)
    checker = Checker(judgement, Scope(domains=settings.scope.folded), Flags())
    report = lint(judgement, checker.judge, datetime.now(UTC).date())
    for problem in report.examples.problems:
        print(problem, file=sys.stderr)
    for warning in report.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    examples = report.examples
    print(
        f"{report.rules} rules, {len(examples.passed)} examples as expected, {len(examples.problems)} otherwise, "
        f"{len(examples.skipped)} pending, policy version {judgement.policy.version}"
    )
    return FOUND if examples.problems else OK


def _explain(options: argparse.Namespace) -> int:
    _, judgement = _judgement(options)
    rules = judgement.policy.rules
    if options.rule is None:
        for name, rule in rules.items():
            print(f"{rule.section}  {name:26} {rule.mode.value:8} {rule.title_sv}")
        return OK
    if options.rule not in rules:
        raise Refused(f"there is no rule {options.rule!r}; there are: {', '.join(rules)}")
    print(explain(judgement.policy, options.rule))
    return OK
