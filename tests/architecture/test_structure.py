"""The house rules that a machine can check: import contracts, sizes, names, docstrings."""

from __future__ import annotations

import ast
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "gateway").rglob("*.py"))
NAMES = [str(path.relative_to(ROOT)) for path in MODULES]

MODULE_LINES = 500
FUNCTION_LINES = 50
FUNCTION_P90 = 30
FUNCTION_MEDIAN = 10
PARAMETERS = 5
BANNED = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}

# A function that takes more says why, in the words behind this.
REASONED = "noqa: PLR0913 - "

# Tests of what we lean on, not of a module of ours.
NO_MODULE = {"smtp/substrate", "detect/identities_measured"}


@dataclass(frozen=True)
class Function:
    """One function of a module, with what counts about it."""

    name: str
    lines: int
    parameters: int


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def functions(path: Path) -> Iterator[Function]:
    lines = path.read_text("utf-8").splitlines()
    yield from _functions(parsed(path), str(path.relative_to(ROOT)) + ":", lines)


def _functions(node: ast.AST, prefix: str, lines: list[str]) -> Iterator[Function]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([child.lineno, *(d.lineno for d in child.decorator_list)])
            source = lines[child.lineno - 1]
            arguments = (
                [] if REASONED in source else [*child.args.posonlyargs, *child.args.args, *child.args.kwonlyargs]
            )
            counted = [a for a in arguments if a.arg not in {"self", "cls"}]
            yield Function(prefix + child.name, (child.end_lineno or first) - first + 1, len(counted))
            yield from _functions(child, f"{prefix}{child.name}.", lines)
        else:
            name = f"{child.name}." if isinstance(child, ast.ClassDef) else ""
            yield from _functions(child, prefix + name, lines)


ALL = [function for path in MODULES for function in functions(path)]


def test_import_contracts_are_kept() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_a_module_says_what_it_is_for_in_a_docstring(path: Path) -> None:
    assert ast.get_docstring(parsed(path)), "a module begins with one sentence about itself"


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_a_module_fits_in_a_head(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= MODULE_LINES


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_a_module_is_named_after_a_thing(path: Path) -> None:
    assert not BANNED & {path.stem, path.parent.name}


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_no_module_asserts_at_run_time(path: Path) -> None:
    lines = [node.lineno for node in ast.walk(parsed(path)) if isinstance(node, ast.Assert)]
    assert not lines, "python -O would take it away: raise something"


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_no_module_swallows_everything(path: Path) -> None:
    bare = [n.lineno for n in ast.walk(parsed(path)) if isinstance(n, ast.ExceptHandler) and n.type is None]
    assert not bare


def test_no_function_is_too_long() -> None:
    assert not {f.name: f.lines for f in ALL if f.lines > FUNCTION_LINES}


def test_most_functions_are_short() -> None:
    lengths = sorted(f.lines for f in ALL)
    assert statistics.median(lengths) <= FUNCTION_MEDIAN
    assert lengths[int(len(lengths) * 0.9)] <= FUNCTION_P90


def test_functions_take_few_parameters() -> None:
    assert not {f.name: f.parameters for f in ALL if f.parameters > PARAMETERS}


def test_every_unit_test_mirrors_a_module() -> None:
    units = ROOT / "tests" / "unit"
    modules = {path.relative_to(ROOT / "gateway").with_suffix("") for path in MODULES}
    modules |= {module.parent for module in modules if module.name == "__init__"}
    strangers = []
    for path in sorted(units.rglob("test_*.py")):
        mirrored = path.relative_to(units).with_name(path.stem.removeprefix("test_"))
        if mirrored not in modules and str(mirrored) not in NO_MODULE:
            strangers.append(str(path.relative_to(ROOT)))
    assert not strangers, "a unit test stands where its module does, with test_ before its name"
