"""The list in docs/transparency.md names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIST = (ROOT / "docs" / "transparency.md").read_text("utf-8")
DIALOGUES = sorted(set(re.findall(r"`dialogues/([a-z0-9_]+)`", LIST)) - {"x"})


def named() -> list[tuple[str, str]]:
    """Return (file, test) for each proof; ``::test`` alone belongs to the file named before it."""
    found: list[tuple[str, str]] = []
    file = ""
    for path, test in re.findall(r"`((?:protocol|integration|unit)/[\w/]+\.py)?::(test_\w+)`", LIST):
        file = path or file
        found.append((file, test))
    return found


@pytest.mark.parametrize(("file", "test"), named())
def test_a_proof_is_there(file: str, test: str) -> None:
    assert re.search(rf"^(?:async )?def {test}\(", (ROOT / "tests" / file).read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("name", DIALOGUES)
def test_a_dialogue_is_there(name: str) -> None:
    assert (Path(__file__).with_name("dialogues") / f"{name}.smtp").is_file()


def test_the_list_names_many() -> None:
    assert len(named()) > 50
    assert len(DIALOGUES) > 30
