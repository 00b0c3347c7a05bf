"""Detectors work no harder on a character of a long text than on one of a short text: steps are counted."""

from __future__ import annotations

import importlib
import pkgutil
import re
import sys
from collections.abc import Callable
from pathlib import Path
from re import _parser  # type: ignore[attr-defined]
from types import FrameType
from typing import Any

import pytest

import gateway.detect
from gateway.detect import detect
from gateway.detect.lexicon import Lexicon
from gateway.judgement import load_judgement
from gateway.message.parse import parse_message
from gateway.model import Address, Circumstances, Message
from tests.property.test_message_linear import height

HEAD = "From: a@example.com\r\nSubject: x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
CIRCUMSTANCES = Circumstances(
    sender=Address(local="hedda.sten", domain="politik.orkelljunga.se"),
    recipients=(Address(local="a", domain="example.com"),),
)

REPEATED = {
    "facts about persons": "Anna Svensson har diabetes. ",
    "facts without an end": "Anna Svensson har diabetes och ",
    "facts in lines": "Anna har adhd\n",
    "a fact after a fact": "cancer ",
    "facts joined by hyphens": "cancer-",
    "pronouns": "Han är sjuk. ",
    "relatives": "min sons lärare är sjukskriven ",
    "names": "Anna Svensson ",
    "names with commas": "Svensson, Anna; ",
    "names in cells": "Anna;Svensson;070-1740605\n",
    "groups": "m (m) medlem i s ",
    "groups without members": "Moderaterna ",
    "zeros": "0",
    "single digits": "1 ",
    "identity numbers": "780914-2388 ",
    "identity numbers in a row": "780914-2388",
    "identity numbers without a blank": "780914-2388;",
    "interim numbers": "780914-T238 ",
    "dates and halves": "född 780914, fyra sista 2388 ",
    "numerals": "noll ett två tre ",
    "labels": "personnummer ",
    "columns": "personnummer;namn\n780914-2388;Bo Ek\n",
    "cards": "4111 1111 1111 ",
    "accounts": "kontonummer 8327-9, 934 123 456-1 ",
    "ibans": "SE35 5000 0000 0549 1000 0003 ",
    "payments": "8327;9341234561\n",
    "debts": "Bo Ek har skulder. ",
    "passwords": "lösenord: hemligt1 ",
    "codes": "koden till larmet är ",
    "settings": "token=abc_token=",
    "keys": "sk-sk-ghp_",
    "log-ins": "logga in ",
    "requests": "skicka ditt personnummer ",
    "requests without an end": "kan du skicka journalen och ",
    "protected": "skyddad identitet Storgatan 1 ",
    "addresses": "a.a@b.se ",
    "at signs": "@",
    "interests": "min förening ",
    "offices": "som ordförande i nämnden och föreningen ",
    "family": "min dotter fyller år ",
    "firms": "Ek AB\n",
    "semicolons": ";",
    "rows": "a;b\n",
    "cells without lines": "a;",
    "commas": ",",
    "full stops": ".",
    "abbreviations": "t.ex. ",
    "line breaks": "\n",
    "hyphens": "a-",
    "question marks": "?",
    "capitals": "A",
    "accents": "a\u0301",
    "nothing to see": "\u200b",
    "dashes": "\u2013 ",
    "euros": "10 \u20ac ",
    "Arabic": "\u0645\u0631\u064a\u0636\u061f ",
    "Chinese": "\u4e2d",
    "faces": "\U0001f600",
}


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return load_judgement(Path(__file__).resolve().parents[2] / "policies").lexicon


def laid(text: str, size: int) -> Message:
    repeated = text * (size // len(text))
    return parse_message((HEAD + repeated.replace("\n", "\r\n")).encode())


def steps(message: Message, lexicon: Lexicon) -> int:
    """Count calls and lines of Python, and calls of C, while a message is looked at."""
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
        assert detect(message, lexicon, CIRCUMSTANCES)[1] == ()
    finally:
        sys.setprofile(before[1])
        sys.settrace(before[0])
    return count


@pytest.mark.parametrize("name", REPEATED)
def test_twice_the_text_is_at_most_twice_the_work(name: str, lexicon: Lexicon) -> None:
    small, large = (steps(laid(REPEATED[name], size), lexicon) for size in (8_000, 16_000))
    assert large <= 2.2 * small + 2_000


# --- patterns ---------------------------------------------------------------------------------

_WORDS = "possessive, and each turn of the outer loop begins with a hyphen or an apostrophe"
SEPARATED = {
    "gateway.detect.keyed._NO_VALUE[0]": "each part begins with a dot, which no part holds; short values",
    **{f"gateway.detect.sentences.{n}[0]": _WORDS for n in ("_TOKEN", "_TOKEN_LATIN", "_WORD", "_WORD_LATIN")},
    "gateway.detect.senses._ENTRY[0]": "each part ends at a mark that no part holds, and only policy files are matched",
    "gateway.detect.solicitation._BETWEEN[0]": "possessive, and matched against some sixty characters only",
}
"""Patterns with repetition inside repetition, and why it is harmless."""


def patterns() -> dict[str, re.Pattern[Any]]:
    out = {}
    for module in pkgutil.iter_modules(gateway.detect.__path__, "gateway.detect."):
        for name, value in vars(importlib.import_module(module.name)).items():
            several = value if isinstance(value, tuple) else value.values() if isinstance(value, dict) else [value]
            for number, pattern in enumerate(several):
                if isinstance(pattern, re.Pattern):
                    out[f"{module.name}.{name}[{number}]"] = pattern
    return out


@pytest.mark.parametrize("name", sorted(patterns()))
def test_no_repetition_inside_repetition(name: str) -> None:
    pattern = patterns()[name]
    octets = isinstance(pattern.pattern, bytes)
    nested = height(_parser.parse(pattern.pattern, pattern.flags & ~re.UNICODE if octets else pattern.flags))
    assert (nested > 1) == (name in SEPARATED)
