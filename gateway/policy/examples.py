"""The examples in the rule files as messages, and whether a judgement of them is what their file says."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, replace
from email.header import Header
from typing import Final

from gateway.model import Action, Envelope, Mode, Problem, Recipient, Verdict
from gateway.policy.rules import Example, Policy
from gateway.policy.sender import read_plain

_CRLF: Final = "\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came of running all examples."""

    passed: tuple[str, ...]
    """``rule/name`` of those that are judged as their file says."""
    skipped: tuple[str, ...]
    """Those whose detector is still to come."""
    problems: tuple[Problem, ...]
    """One for each example that is judged otherwise."""


def examples(policy: Policy) -> list[Example]:
    """Return the examples of all rules, pending ones included."""
    return [example for rule in policy.rules.values() for example in rule.examples]


def run(policy: Policy, judge_message: Callable[[Envelope, bytes], Verdict]) -> Report:
    """Judge every example that is not pending with the whole judgement, given as a callable."""
    passed: list[str] = []
    skipped: list[str] = []
    problems: list[Problem] = []
    for example in examples(policy):
        name = f"{example.rule}/{example.name}"
        if example.pending:
            skipped.append(name)
            continue
        wrong = contradiction(_as_moded(example, policy), judge_message(envelope_of(example), octets_of(example)))
        if wrong is None:
            passed.append(name)
        else:
            key = f"example {example.name}"
            problems.append(Problem(file=example.file, key=key, text=wrong, line=example.line))
    return Report(passed=tuple(passed), skipped=tuple(skipped), problems=tuple(problems))


def _as_moded(example: Example, policy: Policy) -> Example:
    """Return what an example expects where the official has turned its rules down since it was written."""
    modes = [policy.rules[rule].mode for rule in example.rules if rule in policy.rules]
    if not modes or Mode.OFF in modes:
        return example
    most = max(_MOST[mode] for mode in modes)
    return replace(example, expect=min(example.expect, most))


_MOST: Final = {Mode.OBSERVE: Action.OBSERVE, Mode.WARN: Action.WARN, Mode.BLOCK: Action.BLOCK}


def contradiction(example: Example, verdict: Verdict) -> str | None:
    """Say in what a verdict differs from what the example expects; None when it does not.

    ``pass`` also fits a verdict that other rules only observe.
    """
    action = verdict.action
    loud = frozenset(hit.rule for hit in verdict.deciding)
    quiet = frozenset(hit.rule for hit in verdict.hits if hit.exempted_by is None)
    if example.expect is Action.PASS and action is Action.OBSERVE and example.rule not in quiet:
        action = Action.PASS
    if action is example.expect and loud == example.rules:
        return None
    if action is example.expect is Action.OBSERVE and example.rules <= quiet:
        return None
    return f"expects {_words(example.expect, example.rules)}, is judged {_words(action, loud or quiet)}"


def _words(action: Action, rules: frozenset[str]) -> str:
    return f"{action.name.lower()} ({', '.join(sorted(rules))})" if rules else action.name.lower()


def envelope_of(example: Example) -> Envelope:
    """Return the envelope of an example."""
    recipients = tuple(_recipient(text) for text in example.recipients)
    return Envelope(sender=read_plain(example.sender), recipients=recipients)


def _recipient(text: str) -> Recipient:
    return Recipient(path=f"<{text}>".encode(), address=read_plain(text))


def octets_of(example: Example) -> bytes:
    """Return the message of an example (RFC 5322), the same octets every time."""
    headers = [f"From: <{example.sender}>"]
    if not example.hidden:
        headers.append("To: " + ",\r\n ".join(f"<{text}>" for text in example.recipients))
    headers += [
        f"Subject: {Header(example.subject, 'utf-8').encode(linesep=_CRLF)}",
        "Date: Mon, 04 May 2026 09:00:00 +0200",
        f"Message-ID: <{example.rule}.{example.name}@example.com>",
        "MIME-Version: 1.0",
    ]
    text = _part("text/plain; charset=utf-8", "", base64.encodebytes(example.text.encode()))
    if example.attachment is None:
        return _CRLF.join(headers).encode() + b"\r\n" + text
    name, encoded = example.attachment
    opened = base64.b64decode(encoded)
    attached = _part("application/octet-stream", f'attachment; filename="{name}"', base64.encodebytes(opened))
    headers += ['Content-Type: multipart/mixed; boundary="example"', "", ""]
    dash = b"--example\r\n"
    return _CRLF.join(headers).encode() + dash + text + b"\r\n" + dash + attached + b"\r\n--example--\r\n"


def _part(media_type: str, disposition: str, encoded: bytes) -> bytes:
    headers = [f"Content-Type: {media_type}", "Content-Transfer-Encoding: base64"]
    if disposition:
        headers.append(f"Content-Disposition: {disposition}")
    return _CRLF.join([*headers, "", ""]).encode() + encoded.replace(b"\n", b"\r\n")
