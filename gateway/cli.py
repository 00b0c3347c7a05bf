"""The command line: arguments in, one function for each command."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway import mailings, post
from gateway.administration import FOUND, OK, USAGE, Version, add_first_commands
from gateway.arguments import print_rows, state_option, table, with_state
from gateway.arguments import settings_of as _settings
from gateway.arguments import settings_options as _settings_options
from gateway.checking import Checked, Checker, Flags, Unreadable, check_all, find_messages, names_of
from gateway.config import Settings, render_settings
from gateway.health import probe
from gateway.judgement import Judgement, lint, load_judgement, policies_directory
from gateway.model import Action, InvalidConfiguration
from gateway.operator import Refused, switch
from gateway.paper import add_journal_commands, add_records_commands
from gateway.policy.explain import explain
from gateway.policy.rules import EVERY_RULE
from gateway.policy.sender import Scope
from gateway.replay import as_page, as_text, compare
from gateway.service import serve
from gateway.telemetry.logs import configure


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0, 1 (something found or failed) or 2 (usage)."""
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except InvalidConfiguration as error:
        for problem in error.problems:
            print(f"utpost: {problem}", file=sys.stderr)
        return USAGE
    except (Unreadable, Refused) as error:
        print(f"utpost: {error}", file=sys.stderr)
        return USAGE
    except BrokenPipeError:
        sys.stderr.close()
        return FOUND
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="utpost", description="The outgoing-mail gateway of Örkelljunga municipality."
    )
    parser.add_argument("--version", action=Version, help="of the program and of the policies that came with it")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add_first_commands(commands)
    _serve_parser(commands)
    _check_parser(commands)
    _policies_parser(commands)
    _replay_parser(commands)
    _config_parser(commands)
    _observe_parsers(commands)
    _mailings_parser(commands)
    _letters_parsers(commands)
    add_journal_commands(commands)
    add_records_commands(commands)
    health = commands.add_parser("health", help="ask a running Utpost whether it is ready")
    _settings_options(health)
    health.set_defaults(command=_health)
    return parser


def _serve_parser(commands: Any) -> None:
    parser = commands.add_parser("serve", help="run the gateway in the foreground")
    _settings_options(parser)
    parser.add_argument("--listen", action="append", metavar="HOST:PORT", help="where clients connect (repeatable)")
    parser.add_argument("--relay", metavar="HOST:PORT", help="the municipal relay")
    parser.add_argument("--state", type=Path, metavar="DIR", help="where outbox, ledger and journal live")
    parser.add_argument("--metrics", metavar="HOST:PORT|off", help="where /metrics, /livez and /readyz are served")
    parser.add_argument("--log-format", choices=("json", "console"), help="json for machines, console for people")
    parser.set_defaults(command=_serve)


def _check_parser(commands: Any) -> None:
    parser = commands.add_parser("check", help="judge stored messages (.eml) offline")
    _settings_options(parser)
    parser.add_argument("--json", action="store_true", help="one object a line for each message")
    parser.add_argument("--from", dest="mail_from", metavar="ADDR", help="envelope sender")
    parser.add_argument("--to", dest="rcpt_to", action="append", default=[], metavar="ADDR", help="envelope recipient")
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help=".eml file or folder of them")
    parser.set_defaults(command=_check)


def _policies_parser(commands: Any) -> None:
    parser = commands.add_parser("policies", help="check or explain the rules")
    kinds = parser.add_subparsers(required=True, metavar="lint|explain")
    lint_parser = kinds.add_parser("lint", help="list every mistake in the policy files and run their examples")
    _settings_options(lint_parser)
    lint_parser.set_defaults(command=_lint)
    explain_parser = kinds.add_parser("explain", help="say in Swedish what a rule does, or list all")
    _settings_options(explain_parser)
    explain_parser.add_argument("rule", nargs="?", metavar="RULE")
    explain_parser.set_defaults(command=_explain)


def _replay_parser(commands: Any) -> None:
    parser = commands.add_parser("replay", help="judge stored mail by two sets of policies: where do they part?")
    _settings_options(parser)
    parser.add_argument("paths", nargs="+", type=Path, metavar="DIR", help=".eml file or folder of them")
    parser.add_argument("--policies", required=True, type=Path, metavar="NEW", help="folder with the new policies")
    parser.add_argument("--against", type=Path, metavar="OLD", help="folder with the old ones; else those in force")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write the report there as a page, too")
    parser.add_argument("--json", action="store_true", help="one object a line for each difference")
    parser.set_defaults(command=_replay)


def _config_parser(commands: Any) -> None:
    parser = commands.add_parser("config", help="show the configuration in force")
    kinds = parser.add_subparsers(required=True, metavar="show")
    show = kinds.add_parser("show", help="print every key with its value, as TOML")
    _settings_options(show)
    show.set_defaults(command=_config_show)


def _observe_parsers(commands: Any) -> None:
    for name, text in (
        ("observe", "emergency switch: let rules only observe, at once"),
        ("enforce", "take the emergency switch back"),
    ):
        parser = commands.add_parser(name, help=text)
        _settings_options(parser)
        parser.add_argument("--state", type=Path, metavar="DIR", help="the state directory of the running Utpost")
        which = parser.add_mutually_exclusive_group()
        which.add_argument("rule", nargs="?", metavar="RULE")
        which.add_argument("--all", action="store_true", help="every rule")
        parser.set_defaults(command=_observe if name == "observe" else _enforce)


def _mailings_parser(commands: Any) -> None:
    parser = commands.add_parser("mailings", help="see and permit mailings: counts and pseudonyms")
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
        _settings_options(parsers[name])
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


def _letters_parsers(commands: Any) -> None:
    letters = commands.add_parser("letters", help="see the letters that Utpost writes")
    kinds = letters.add_subparsers(required=True, metavar="preview")
    shown = kinds.add_parser("preview", help="a letter of each kind, or of one, as a reader would get it")
    _settings_options(shown)
    shown.add_argument("kind", nargs="?", metavar="KIND")
    shown.add_argument("--html", type=Path, metavar="FILE", help="write the page there; a folder for all kinds")
    shown.set_defaults(command=_letters_preview)
    outbox = commands.add_parser("outbox", help="letters that wait")
    acts = outbox.add_subparsers(required=True, metavar="list|retry|drop")
    for name, command, text in (
        ("list", _outbox_list, "letters that wait, oldest first, without their words"),
        ("retry", _outbox_retry, "try one letter, or all, now"),
        ("drop", _outbox_drop, "erase a letter: its reader is not told"),
    ):
        act = acts.add_parser(name, help=text)
        _settings_options(act)
        state_option(act)
        act.set_defaults(command=command)
        if name == "list":
            act.add_argument("--json", action="store_true", help="one object a line")
        else:
            act.add_argument("letter", type=int, metavar="ID", **({"nargs": "?"} if name == "retry" else {}))
    dkim = commands.add_parser("dkim", help="keys that sign letters")
    keys = dkim.add_subparsers(required=True, metavar="keygen|record|check")
    keygen = keys.add_parser("keygen", help="make a key in a new file")
    keygen.add_argument("file", type=Path, metavar="FILE")
    keygen.add_argument("--algorithm", choices=("rsa-sha256", "ed25519-sha256"), default="rsa-sha256")
    keygen.set_defaults(command=_dkim_keygen)
    for name, command, text in (
        ("record", _dkim_record, "the DNS records of the configured keys"),
        ("check", _dkim_check, "compare the published records with the keys"),
    ):
        act = keys.add_parser(name, help=text)
        _settings_options(act)
        act.set_defaults(command=command)


def _judgement(options: argparse.Namespace) -> tuple[Settings, Judgement]:
    settings = _settings(options)
    return settings, load_judgement(policies_directory(settings))


# --- commands --------------------------------------------------------------------------------


def _serve(options: argparse.Namespace) -> int:
    flags = {
        "listen.smtp": tuple(options.listen) if options.listen else None,
        "relay.address": options.relay,
        "state.directory": options.state,
        "metrics.listen": options.metrics,
        "log_format": options.log_format,
    }
    settings = _settings(options, **flags)
    configure(settings.log_level, settings.log_format)
    return serve(settings, lambda line: print(line, flush=True))


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
    settings = _settings(options)
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


def _config_show(options: argparse.Namespace) -> int:
    print(render_settings(_settings(options)), end="")
    return OK


def _observe(options: argparse.Namespace) -> int:
    return _switch(options, to_observe=True)


def _enforce(options: argparse.Namespace) -> int:
    return _switch(options, to_observe=False)


def _switch(options: argparse.Namespace, *, to_observe: bool) -> int:
    settings = _settings(options, **{"state.directory": options.state})
    judgement = load_judgement(policies_directory(settings))
    wanted = EVERY_RULE if options.all else options.rule
    print(switch(settings, tuple(judgement.policy.rules), wanted, to_observe=to_observe))
    return OK


_MAILING_COLUMNS = ("id", "sender", "reached", "reserved", "announced", "first", "last")
_REASON_COLUMNS = ("at", "sender", "mailing", "persons", "state", "decider", "permit", "reason")
_PERMIT_COLUMNS = ("id", "sender", "mailing", "persons", "used", "until")


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


_OUTBOX_COLUMNS = ("id", "state", "kind", "recipient", "reference", "written", "due", "attempts")


def _letters_preview(options: argparse.Namespace) -> int:
    settings, judgement = _judgement(options)
    letters = post.shown(settings, judgement, options.kind)
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
    print(post.records(_settings(options)))
    return OK


def _dkim_check(options: argparse.Namespace) -> int:
    text, well = post.checked(_settings(options))
    print(text)
    return OK if well else FOUND


def _health(options: argparse.Namespace) -> int:
    text, well = probe(_settings(options).metrics)
    print(text)
    return OK if well else FOUND
