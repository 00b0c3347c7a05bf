"""Work grows no faster than the message: steps are counted, and patterns are looked at for nested repetition."""

from __future__ import annotations

import importlib
import pkgutil
import re
import sys
from collections.abc import Callable
from re import _constants, _parser  # type: ignore[attr-defined]
from types import FrameType
from typing import Any

import pytest

import gateway.message
from gateway.message.fingerprint import fingerprint
from gateway.message.parse import parse_message

HEAD = b"From: a@example.com\r\nSubject: SV: x\r\n"
HTML = HEAD + b"Content-Type: text/html\r\n\r\n"
MIXED = HEAD + b"Content-Type: multipart/mixed; boundary=a\r\n\r\n"

HOSTILE: dict[str, Callable[[int], bytes]] = {
    "semicolons": lambda n: HEAD + b"Content-Type: x" + b";" * n + b"\r\n\r\nhej",
    "continuations": lambda n: (
        HEAD + b"Content-Type: a/b" + b"".join(b"; n*%d*=a" % i for i in range(n // 9)) + b"\r\n\r\n"
    ),
    "encoded words": lambda n: HEAD + b"Subject: " + b"=?utf-8?q?a?= " * (n // 14) + b"\r\n\r\n",
    "recipients": lambda n: HEAD + b"To: " + b"a@b.se,\r\n " * (n // 10) + b"\r\n\r\n",
    "angles": lambda n: HEAD + b"To: " + b"<" * n + b"\r\n\r\n",
    "open quotes": lambda n: HEAD + b"To: " + b'"\\"' * (n // 3) + b"\r\n\r\n",
    "stray lines": lambda n: HEAD + b"abc\r\nX: y\r\n" * (n // 11) + b"\r\n",
    "colons on the next line": lambda n: HEAD + b"a\r\n :\r\n" * (n // 7) + b"\r\n",
    "parts": lambda n: MIXED + b"--a\r\n\r\nx\r\n" * (n // 10),
    "closing boundaries": lambda n: MIXED + b"--a--\r\n" * (n // 7),
    "boundaries": lambda n: HEAD + b"\r\n" + b"--\r\na:\r\n" * (n // 8),
    "undeclared parts": lambda n: HEAD + b"\r\n" + b"--\r\nContent-Type: text/plain\r\n\r\nx\r\n" * (n // 36),
    "nested multiparts": lambda n: b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(n // 55)
    ),
    "nested messages": lambda n: b"Content-Type: message/rfc822\r\n\r\n" * (n // 32),
    "padding": lambda n: HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"QQ==" * (n // 4),
    "quoted signs": lambda n: HEAD + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b"= " * (n // 2),
    "uuencode": lambda n: HEAD + b"\r\n" + b"begin 644 a\r\n#86)C\r\nend\r\n" * (n // 26),
    "yenc": lambda n: HEAD + b"\r\n=yend\r\n" + b"=ybegin name=a\r\n" * (n // 16),
    "islands": lambda n: HEAD + b"\r\n" + b"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=\r\nx y\r\n" * (n // 43),
    "quotes and answers": lambda n: HEAD + b"\r\n" + b"> a\r\nx\r\n" * (n // 8),
    "introductions": lambda n: HEAD + b"\r\n" + b"den 1 skrev\r\n" * (n // 13),
    "header blocks": lambda n: HEAD + b"\r\n" + "Från: a\r\n".encode() * (n // 10),
    "rules": lambda n: HEAD + b"\r\n" + b"__________\r\n\r\n" * (n // 14),
    "closings": lambda n: HEAD + b"\r\n" + b"mvh\r\nx\r\n\r\n" * (n // 10),
    "notices": lambda n: HEAD + b"\r\n" + b"detta mejl konfidentiell mottagare\r\n\r\n" * (n // 38),
    "angle brackets": lambda n: HTML + b"<" * n,
    "comments": lambda n: HTML + b"<!--" * (n // 4),
    "elements": lambda n: HTML + b"<div>" * (n // 5),
    "end tags": lambda n: HTML + b"<i><div>" + b"<b>" * (n // 8) + b"</i>" * (n // 8),
    "cells": lambda n: HTML + b"<tr><td>1" * (n // 9),
    "quoting elements": lambda n: HTML + b"<blockquote type=cite>x<div class=gmail_quote>" * (n // 45),
    "attributes": lambda n: HTML + b"<a " + b"x=1 " * (n // 4) + b">",
    "titles": lambda n: HTML + b"<a title=x1>" * (n // 12),
    "references": lambda n: HTML + b"&#1;" * (n // 4),
    "calendar": lambda n: HEAD + b"Content-Type: text/calendar\r\n\r\n" + b'A;x="":\r\n' * (n // 9),
}


def steps(octets: bytes) -> int:
    """Count calls and lines of Python, and calls of C, while a message is opened."""
    count = 0

    def trace(_frame: FrameType, _event: str, _argument: Any) -> Callable[..., Any]:
        nonlocal count
        count += 1
        return trace

    def profile(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal count
        count += event == "c_call"

    before = sys.gettrace(), sys.getprofile()
    sys.settrace(trace)
    sys.setprofile(profile)
    try:
        fingerprint(parse_message(octets))
    finally:
        sys.setprofile(before[1])
        sys.settrace(before[0])
    return count


@pytest.mark.parametrize("name", HOSTILE)
def test_twice_the_input_is_at_most_twice_the_work(name: str) -> None:
    small, large = (steps(HOSTILE[name](size)) for size in (10_000, 20_000))
    assert large <= 2.2 * small + 2_000


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_message_of_a_quarter_megabyte(name: str) -> None:
    message = parse_message(HOSTILE[name](250_000))
    assert sum(len(part.text) for part in message.parts) <= 2 * message.size + 1000


# --- patterns ---------------------------------------------------------------------------------

SEPARATED = {
    "gateway.message.addresses._TOKEN": "each turn of the outer loop begins with a backslash",
    "gateway.message.parameters._PIECE": "each turn of the outer loop begins with a backslash",
    "gateway.message.transfer._ISLAND": "each turn of the outer loop ends with a line break",
}
"""Patterns with repetition inside repetition, and why it is harmless."""

REPEATS = {_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT}


def patterns() -> dict[str, re.Pattern[Any]]:
    out = {}
    for module in pkgutil.iter_modules(gateway.message.__path__, "gateway.message."):
        for name, value in vars(importlib.import_module(module.name)).items():
            for key, pattern in value.items() if isinstance(value, dict) else [("", value)]:
                if isinstance(pattern, re.Pattern):
                    out[f"{module.name}.{name}{f'[{key}]' if key else ''}"] = pattern
    return out


def height(tree: Any, limit: int = 8) -> int:
    """Return how deeply repetitions without a small bound are nested."""
    deepest = 0
    for operation, argument in tree:
        if operation in REPEATS:
            deepest = max(deepest, (argument[1] > limit) + height(argument[2], limit))
        elif operation is _constants.SUBPATTERN:
            deepest = max(deepest, height(argument[3], limit))
        elif operation is _constants.BRANCH:
            deepest = max(deepest, *(height(branch, limit) for branch in argument[1]))
        elif operation in (_constants.ASSERT, _constants.ASSERT_NOT):
            deepest = max(deepest, height(argument[1], limit))
    return deepest


@pytest.mark.parametrize("name", patterns())
def test_no_repetition_inside_repetition(name: str) -> None:
    pattern = patterns()[name]
    nested = height(
        _parser.parse(
            pattern.pattern, pattern.flags & ~re.UNICODE if isinstance(pattern.pattern, bytes) else pattern.flags
        )
    )
    assert (nested > 1) == (name in SEPARATED)
