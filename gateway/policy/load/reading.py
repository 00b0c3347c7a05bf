"""One TOML file: parsed, checked against its model, its mistakes put in words with their lines."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from gateway.model import Problem
from gateway.policy.load.lines import Lines, Place

_SYNTAX: Final = re.compile(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)", re.DOTALL)
_WORDS: Final[Mapping[str, str]] = {
    "missing": "is missing",
    "string_type": "must be text in quotes",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "list_type": 'must be a list, for instance ["…"]',
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "date_type": "must be a date, for instance 2027-01-31, without quotes",
    "literal_error": "must be one of {expected}",
    "too_short": "must hold at least {min_length}",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
}

Model = TypeVar("Model", bound=BaseModel)


@dataclass(slots=True, kw_only=True)
class Source:
    """One file, and the mistakes found in it so far."""

    file: str
    raw: Mapping[str, Any] = field(default_factory=dict)
    lines: Lines
    problems: list[Problem] = field(default_factory=list)

    def complain(self, place: Place, text: str) -> None:
        """Note a mistake at a key."""
        self.problems.append(Problem(file=self.file, key=_dotted(place), text=text, line=self.lines.of(place)))


def parse(file: str, text: str) -> Source:
    """Read TOML; a mistake of syntax is the only one that is listed alone."""
    try:
        return Source(file=file, raw=tomllib.loads(text), lines=Lines(text))
    except tomllib.TOMLDecodeError as error:
        found = _SYNTAX.fullmatch(str(error))
        reason, number = found.groups() if found else (str(error), None)
        line = int(number) if number else text.rstrip().count("\n") + 1
        problem = Problem(file=file, key="", text=f"is not valid TOML: {reason}", line=line)
    except RecursionError:
        problem = Problem(file=file, key="", text="is not valid TOML: nested too deeply")
    return Source(file=file, lines=Lines(""), problems=[problem])


def check(source: Source, model: type[Model]) -> Model | None:
    """Return the file as its model, or None after noting every mistake."""
    if source.problems:
        return None
    try:
        return model.model_validate(source.raw)
    except ValidationError as error:
        for mistake in error.errors(include_url=False):
            place = tuple(part for part in mistake["loc"] if part != "[key]")
            source.complain(place, _in_words(mistake, model))
        return None


def _dotted(place: Place) -> str:
    return "".join(f"[{part + 1}]" if isinstance(part, int) else f".{_hidden(part)}" for part in place).lstrip(".")


def _hidden(key: str) -> str:
    # Aliases have addresses as keys, and a mistake may be logged.
    return "…" if "@" in key else key


def _in_words(mistake: ErrorDetails, model: type[BaseModel]) -> str:
    kind, context = mistake["type"], mistake.get("ctx", {})
    if kind == "extra_forbidden":
        return f"is not a known key{_suggestion(str(mistake['loc'][-1]), model)}"
    if kind == "value_error":
        return str(context["error"])
    return _WORDS.get(kind, str(mistake["msg"])).format(**context)


def _suggestion(key: str, model: type[BaseModel]) -> str:
    near = difflib.get_close_matches(key, _keys(model), n=1, cutoff=0.7)
    return f"; did you mean {near[0]}?" if near else ""


def _keys(model: type[BaseModel]) -> list[str]:
    keys: list[str] = []
    schema = model.model_json_schema(by_alias=True)
    for table in (schema, *schema.get("$defs", {}).values()):
        keys += table.get("properties", {})
    return keys
