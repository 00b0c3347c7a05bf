"""The words of letters as an official edits them: TOML files below ``policies/letters``, checked key by key."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.letters.letter import LetterKind, Where
from gateway.model import Problem

FOLDER: Final = "letters/"
ADVICE: Final = "letters/advice/"
COMMON: Final = "letters/common.toml"
LAYOUTS: Final = ("letters/layout.html", "letters/layout.txt")
DEFAULT: Final = "default"
LANGUAGES: Final = ("sv", "en")
TONES: Final = frozenset({"advice", "not_inspected"})
"""What a rule's ``kind`` may be; without one its letters warn."""

_PHRASES: Final = (
    "why",
    "found",
    "steps",
    "steps_about",
    "questions",
    "logged",
    "section",
    "guideline",
    "more",
    "instances",
    "left_out",
    "question",
    "retention",
    "retention_reason",
    "retention_answer",
    "automatic",
)
_PLACES: Final = (*(where.value for where in Where), "named", "unnamed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A text that a file must or may hold."""

    name: str
    """With dots between tables."""
    needed: bool = True
    listed: bool = False
    """True for a list of texts."""


def _in_each(*keys: Key, inside: str = "") -> tuple[Key, ...]:
    return tuple(
        Key(name=f"{inside}{language}.{key.name}", needed=key.needed, listed=key.listed)
        for language in LANGUAGES
        for key in keys
    )


_COMMON_KEYS: Final = (
    Key(name="en.pointer"),
    *_in_each(*(Key(name=p) for p in _PHRASES), *(Key(name=f"places.{p}") for p in _PLACES)),
)
_LETTER_KEYS: Final = (
    Key(name="sv.subject"),
    *_in_each(Key(name="heading"), Key(name="outcome"), Key(name="outcome_one"), Key(name="happened")),
)
_DIGEST_KEYS: Final = (
    Key(name="sv.subject"),
    *_in_each(
        Key(name="heading"),
        Key(name="outcome"),
        Key(name="happened"),
        Key(name="entries"),
        Key(name="entry"),
        Key(name="steps", listed=True),
    ),
)
_ANSWER_KEYS: Final = (
    Key(name="sv.subject"),
    *_in_each(
        Key(name="heading"),
        Key(name="outcome"),
        Key(name="happened"),
        Key(name="reason", needed=False),
        Key(name="steps", listed=True),
    ),
)
_ADVICE_KEYS: Final = (
    Key(name="kind", needed=False),
    *(
        key
        for when in ("blocked", "warned")
        for key in _in_each(
            Key(name="clause"), Key(name="found", needed=False), Key(name="steps", listed=True), inside=f"{when}."
        )
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """All texts: file → key → one text, or several for a list."""

    files: Mapping[str, Mapping[str, tuple[str, ...]]]

    def get(self, file: str, key: str) -> tuple[str, ...]:
        """Return the texts of a key; none where it is left out."""
        return self.files.get(file, {}).get(key, ())

    @property
    def rules(self) -> frozenset[str]:
        """Return the rules that have texts of their own."""
        names = (n.removeprefix(ADVICE).removesuffix(".toml") for n in self.files if n.startswith(ADVICE))
        return frozenset(names) - {DEFAULT}

    def tone(self, rule: str) -> str:
        """Return ``advice`` or ``not_inspected`` where letters about a rule alone are of that kind; else nothing."""
        return "".join(self.get(self.advice(rule), "kind"))

    def advice(self, rule: str) -> str:
        """Return the file that speaks for a rule."""
        file = f"{ADVICE}{rule}.toml"
        return file if file in self.files else f"{ADVICE}{DEFAULT}.toml"


def letter_file(kind: LetterKind) -> str:
    """Return the file of a kind of letter."""
    return f"{FOLDER}{kind.value}.toml"


def read_texts(files: Mapping[str, str]) -> tuple[Texts, list[Problem]]:
    """Read all texts from the files of the policies (path → content); return them with every mistake in them."""
    problems: list[Problem] = []
    read: dict[str, Mapping[str, tuple[str, ...]]] = {}
    expected = dict(_expected(files))
    for name, keys in expected.items():
        if name not in files:
            problems.append(Problem(file=name, key="", text="is missing"))
            continue
        found, mistakes = _read(name, files[name], keys)
        read[name] = found
        problems += mistakes
    problems += (Problem(file=n, key="", text="is missing or empty") for n in LAYOUTS if not files.get(n, "").strip())
    known = {*expected, *LAYOUTS}
    for name in files:
        if name.startswith(FOLDER) and name not in known:
            problems.append(Problem(file=name, key="", text=_unknown(name, files)))
    return Texts(files=read), problems


def _expected(files: Mapping[str, str]) -> Iterator[tuple[str, tuple[Key, ...]]]:
    yield COMMON, _COMMON_KEYS
    for kind in LetterKind:
        yield letter_file(kind), _keys_of(kind)
    yield f"{ADVICE}{DEFAULT}.toml", _ADVICE_KEYS
    for name in files:
        if name.startswith(ADVICE) and f"rules/{name.removeprefix(ADVICE)}" in files:
            yield name, _ADVICE_KEYS


def _keys_of(kind: LetterKind) -> tuple[Key, ...]:
    if kind.answers:
        return _ANSWER_KEYS
    return _DIGEST_KEYS if kind is LetterKind.DIGEST else _LETTER_KEYS


def _unknown(name: str, files: Mapping[str, str]) -> str:
    if name.startswith(ADVICE):
        rules = sorted(n.removeprefix("rules/").removesuffix(".toml") for n in files if n.startswith("rules/"))
        return f"belongs to no rule; there are {', '.join(rules) or 'none'}, and {DEFAULT}"
    return f"is no letter that we write; there are {', '.join(sorted(kind.value for kind in LetterKind))}"


def _read(name: str, content: str, keys: tuple[Key, ...]) -> tuple[dict[str, tuple[str, ...]], list[Problem]]:
    try:
        flat = dict(_flattened(tomllib.loads(content)))
    except tomllib.TOMLDecodeError as error:
        return {}, [Problem(file=name, key="", text=f"is not TOML: {error}")]
    read: dict[str, tuple[str, ...]] = {}
    problems = [_unexpected(name, key, keys) for key in flat if key not in {k.name for k in keys}]
    for key in keys:
        value = flat.get(key.name)
        wrong = _wrong(key, value)
        if wrong:
            problems.append(Problem(file=name, key=key.name, text=wrong))
        elif value is not None:
            read[key.name] = tuple(value) if key.listed else (value,)
    tone = read.get("kind", ())
    if tone and tone[0] not in TONES:
        problems.append(Problem(file=name, key="kind", text=f"is one of {', '.join(sorted(TONES))}"))
    return read, problems


def _flattened(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flattened(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _wrong(key: Key, value: object) -> str:
    if value is None:
        return "is missing" if key.needed else ""
    if key.listed:
        good = isinstance(value, list) and bool(value) and all(isinstance(v, str) and v.strip() for v in value)
        return "" if good else 'is a list of texts, for instance ["Ring mottagaren."]'
    return "" if isinstance(value, str) and value.strip() else "is a text, and not empty"


def _unexpected(name: str, key: str, keys: tuple[Key, ...]) -> Problem:
    table = key.rpartition(".")[0]
    near = [k.name for k in keys if k.name.rpartition(".")[0] == table]
    return Problem(file=name, key=key, text=f"is not known; here are {', '.join(near or [k.name for k in keys])}")
