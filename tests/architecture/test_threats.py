"""Each threat of docs/threat-model.md has a test that exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "threat-model.md").read_text("utf-8")
THREATS, PROOFS = PAGE.split("## Each control and its test")


def rows(text: str) -> list[list[str]]:
    """Return the cells of each row of the table in a text, its head left out."""
    found = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return found[1:]


def test_every_threat_has_its_tests() -> None:
    named = [f"{who}: {tries.split(':', maxsplit=1)[0]}" for who, tries, *_ in rows(THREATS)]
    assert len(named) > 10
    assert [against for against, _ in rows(PROOFS)] == named
    assert all("::" in tests for _, tests in rows(PROOFS))


@pytest.mark.parametrize(("file", "test"), sorted(set(re.findall(r"`([\w/]+\.py)::(\w+)`", PROOFS))))
def test_a_named_test_is_there(file: str, test: str) -> None:
    assert re.search(rf"^(?:async )?def {test}\(", (ROOT / "tests" / file).read_text("utf-8"), re.MULTILINE)
