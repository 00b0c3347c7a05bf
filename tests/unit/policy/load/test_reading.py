"""One TOML file, checked against its model."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, ConfigDict

from gateway.policy.load.reading import check, parse


class Inner(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")
    known: int = 0


class Outer(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")
    name: str
    inner: Inner = Inner()
    people: dict[str, int] = {}


def problems(text: str) -> list[str]:
    source = parse("f.toml", text)
    assert check(source, Outer) is None
    return [str(p) for p in source.problems]


def test_right() -> None:
    source = parse("f.toml", 'name = "x"\n[inner]\nknown = 3\n')
    assert check(source, Outer) == Outer(name="x", inner=Inner(known=3))
    assert source.problems == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = " + "[" * 5000, ["f.toml: is not valid TOML: nested too deeply"]),
        ("", ["f.toml: name: is missing"]),
        (
            "name = 1\n\n[inner]\nknow = 1",
            [
                "f.toml:1: name: must be text in quotes",
                "f.toml:4: inner.know: is not a known key; did you mean known?",
            ],
        ),
        ('name = "x"\ninner = 1', ["f.toml:2: inner: must be a table"]),
        ('name = "x"\n[people]\n"a@example.com" = "x"', ["f.toml:3: people.…: must be a whole number"]),
    ],
)
def test_every_mistake_with_its_line(text: str, expected: list[str]) -> None:
    assert problems(text) == expected


@pytest.mark.parametrize(("text", "line"), [('name = "x\ny = 1', 1), ("x = 1\nx = 2\n", 2), ("x = 1\na = [\n\n", 2)])
def test_syntax_has_its_line(text: str, line: int) -> None:
    (problem,) = parse("f.toml", text).problems
    assert problem.line == line
    assert problem.text.startswith("is not valid TOML: ")
