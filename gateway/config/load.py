"""Defaults, then the file, then ``--set``, then flags; every mistake is listed at once with file, key and line."""

from __future__ import annotations

import copy
import difflib
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from gateway.config.contradictions import contradictions
from gateway.config.renamed import RENAMED, moved, used
from gateway.config.settings import Settings
from gateway.config.toml import key_lines, to_toml
from gateway.model import InvalidConfiguration, Problem

MAX_FILE_OCTETS: Final = 1024 * 1024

_NO_FLAGS: Final[Mapping[str, object]] = MappingProxyType({})
_KEY: Final = re.compile(r"[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*")
_SYNTAX: Final = re.compile(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)", re.DOTALL)
_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "string_type": "must be text in quotes",
        "int_type": "must be a whole number",
        "float_type": "must be a number",
        "bool_type": "must be true or false",
        "tuple_type": 'must be a list, for instance ["…"]',
        "is_instance_of": "must be a path in quotes",
        "model_type": "must be a table",
        "finite_number": "must be a finite number",
        "too_short": "must not be empty",
        "greater_than": "must be more than {gt:g}",
        "greater_than_equal": "must be at least {ge:g}",
        "less_than_equal": "must be at most {le:g}",
        "literal_error": "must be one of {expected}",
    }
)
"""Pydantic's names of mistakes, in words for people."""
_KINDS: Final[Mapping[type, str]] = MappingProxyType(
    {
        bool: "true or false",
        int: "a whole number",
        float: "a decimal number",
        str: "text",
        list: "a list",
        tuple: "a list",
        dict: "a table",
    }
)


@dataclass(slots=True)
class _Sources:
    """Where each key was set last."""

    file: str = ""
    lines: Mapping[tuple[str, ...], int] = field(default_factory=dict)
    later: dict[tuple[str, ...], str] = field(default_factory=dict)
    """Keys set by ``--set`` or flags, and by which."""

    def knows(self, path: tuple[str, ...]) -> bool:
        """Tell whether a person set this key or its table as a whole."""
        return path in self.lines or path in self.later

    def problem(self, path: tuple[str, ...], key: str, text: str) -> Problem:
        """Return a problem placed where the key, or the nearest table around it, was set."""
        for end in range(len(path), 0, -1):
            if path[:end] in self.later:
                return Problem(file=self.later[path[:end]], key=key, text=text)
            if path[:end] in self.lines:
                return Problem(file=self.file, key=key, text=text, line=self.lines[path[:end]])
        return Problem(file=self.file or "defaults", key=key, text=text)


def load_settings(
    file: Path | None,
    overrides: Sequence[str] = (),
    flags: Mapping[str, object] = _NO_FLAGS,
    warn: Callable[[Problem], None] = lambda _: None,
) -> Settings:
    """Return the settings that ``file`` (TOML), then ``overrides`` and ``flags`` make of the defaults.

    ``overrides`` are ``KEY=VALUE`` with a dotted key and a TOML value, as given to ``--set``; ``flags`` maps dotted
    keys to values, None for a flag that was not given. ``warn`` is told of keys under an old name.
    Raises InvalidConfiguration with every mistake.
    """
    tree: dict[str, Any] = {}
    sources = _Sources()
    problems: list[Problem] = []
    if file is not None:
        sources.file = str(file)
        text = _read(file)
        tree = _parse(text, sources.file)
        sources.lines = key_lines(text)
    for override in overrides:
        problems.extend(_override(tree, sources, override))
    for key, value in flags.items():
        if value is not None:
            _put(tree, sources, key, value, "command line")
    for old, new in used(tree, RENAMED):
        path = tuple(old.split("."))
        if moved(tree, old, new):
            warn(sources.problem(path, old, f"is called {new} now; the old name goes with the next minor version"))
            sources.later.setdefault(tuple(new.split(".")), f"{sources.file or 'command line'}, as {old}")
        else:
            problems.append(sources.problem(path, old, f"is the old name of {new}, which is set too; remove this one"))
            _drop(tree, path)
    settings, found = _validate(tree, sources)
    problems += found
    if problems:
        raise InvalidConfiguration(sorted(problems, key=lambda problem: (problem.file, problem.line or 0)))
    return settings


def _drop(tree: dict[str, Any], path: tuple[str, ...]) -> None:
    for name in path[:-1]:
        tree = tree[name]
    del tree[path[-1]]


def _read(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            octets = stream.read(MAX_FILE_OCTETS + 1)
    except OSError as error:
        raise _broken(file, f"cannot be read: {error.strerror or 'not a readable file'}") from None
    except ValueError:
        raise _broken(file, "cannot be read: no such path") from None
    if len(octets) > MAX_FILE_OCTETS:
        raise _broken(file, "is larger than 1 MiB; is this the right file?")
    try:
        # Windows editors put a byte order mark in front.
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
        raise _broken(file, "is not UTF-8 text", line=line) from None


def _broken(file: Path | str, text: str, line: int | None = None) -> InvalidConfiguration:
    return InvalidConfiguration([Problem(file=str(file), key="", text=text, line=line)])


def _parse(text: str, file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _SYNTAX.fullmatch(str(error))
        reason, number = found.groups() if found else (str(error), None)
        line = int(number) if number else text.count("\n") + 1
        raise _broken(file, f"is not valid TOML: {reason}", line=line) from None
    except RecursionError:
        raise _broken(file, "is not valid TOML: nested too deeply") from None


def _override(tree: dict[str, Any], sources: _Sources, override: str) -> Iterator[Problem]:
    key, equals, value = override.partition("=")
    key, value = key.strip(), value.strip()
    if not equals or not _KEY.fullmatch(key):
        yield Problem(file="--set", key="", text="must be KEY=VALUE, for instance --set workers=2")
        return
    try:
        parsed = tomllib.loads(f"value = {value}")
    except (tomllib.TOMLDecodeError, RecursionError):
        parsed = {}
    if parsed.keys() != {"value"}:
        yield Problem(file="--set", key=key, text=_quoting(key, value))
        return
    _put(tree, sources, key, parsed["value"], "--set")


def _quoting(key: str, value: str) -> str:
    # A store's address may hold a password: it is not repeated.
    word = "…" if key == "ledger.url" else value.strip("\"'[]")
    model, name = _field(key)
    listed = model is not None and isinstance(model.model_fields[name].default, tuple)
    example = f"[{to_toml(word)}]" if listed else to_toml(word)
    return f"is not a TOML value; text stands in quotes: --set '{key}={example}'"


def _field(key: str) -> tuple[type[BaseModel] | None, str]:
    """Return the model that declares ``key``, and the field's name in it; None when there is no such key."""
    model: type[BaseModel] = Settings
    *tables, name = key.split(".")
    for table in tables:
        info = model.model_fields.get(table)
        if info is None or not (isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel)):
            return None, name
        model = info.annotation
    return (model if name in model.model_fields else None), name


def _put(tree: dict[str, Any], sources: _Sources, key: str, value: object, origin: str) -> None:
    path = tuple(key.split("."))
    table: Any = tree
    for depth, name in enumerate(path[:-1], start=1):
        if path[:depth] not in sources.lines:
            sources.later.setdefault(path[:depth], origin)
        table = table.setdefault(name, {})
        if not isinstance(table, dict):
            return  # validation says that it must be a table
    table[path[-1]] = value
    sources.later[path] = origin


def _validate(tree: dict[str, Any], sources: _Sources) -> tuple[Settings, list[Problem]]:
    problems: list[Problem] = []
    wrong: set[tuple[str, ...]] = set()
    try:
        settings = Settings.model_validate(tree)
    except ValidationError as error:
        for mistake in error.errors(include_url=False):
            path = tuple(part for part in mistake["loc"] if isinstance(part, str))
            wrong.add(path)
            problems.append(sources.problem(path, _dotted(mistake["loc"]), _in_words(path, mistake)))
        # What is right is kept, so that contradictions in it are listed in the same go.
        settings = Settings.model_validate(_without(tree, wrong))
    for keys, text in contradictions(settings):
        paths = [tuple(key.split(".")) for key in keys]
        if not any(path[:end] in wrong for path in paths for end in range(1, len(path) + 1)):
            path = next((p for p in paths if sources.knows(p)), paths[0])
            problems.append(sources.problem(path, ".".join(path), text))
    return settings, problems


def _without(tree: Mapping[str, Any], wrong: set[tuple[str, ...]]) -> dict[str, Any]:
    kept = copy.deepcopy(dict(tree))
    for path in wrong:
        table: Any = kept
        for name in path[:-1]:
            table = table.get(name, {})
        table.pop(path[-1], None)
    return kept


def _dotted(location: tuple[int | str, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")


def _in_words(path: tuple[str, ...], mistake: ErrorDetails) -> str:
    kind, value, context = mistake["type"], mistake["input"], mistake.get("ctx", {})
    if kind == "extra_forbidden":
        return f"is not a known key{_suggestion(path)}"
    if kind == "value_error":
        return str(context["error"])
    words = _WORDS.get(kind, str(mistake["msg"])).format(**context)
    if kind.endswith("_type") or kind == "is_instance_of":
        return f"{words}, not {_kind_of(value)}"
    return f"{words}, not {value}" if isinstance(value, (int, float)) else words


def _kind_of(value: object) -> str:
    return _KINDS.get(type(value), "a date or time")


def _suggestion(path: tuple[str, ...]) -> str:
    known = list(_all_keys(Settings))
    near = difflib.get_close_matches(".".join(path), known, n=1, cutoff=0.75)
    if not near:
        endings = {key.rpartition(".")[2]: key for key in reversed(known)}
        near = [endings[name] for name in difflib.get_close_matches(path[-1], endings, n=1, cutoff=0.75)]
    return f"; did you mean {near[0]}?" if near else ""


def _all_keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, info in model.model_fields.items():
        yield prefix + name
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            yield from _all_keys(info.annotation, f"{prefix}{name}.")
