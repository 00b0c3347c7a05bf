"""Each folder under ``bad`` overlays the shipped policies and is refused with exactly the lines of its expected.txt."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.model import InvalidConfiguration
from gateway.policy.load import Tree, load_policy, read_tree
from gateway.policy.rules import NAMES

BAD = Path(__file__).parent / "bad"
SHIPPED = Path(__file__).parents[2] / "policies"


def overlaid(case: Path) -> Tree:
    files = dict(read_tree(SHIPPED).files)
    files |= {n: t for n, t in read_tree(case).files.items() if n != "expected.txt"}
    return Tree(files=files, version="x")


@pytest.mark.parametrize("case", sorted(p.name for p in BAD.iterdir()))
def test_refused_with_all_mistakes(case: str) -> None:
    with pytest.raises(InvalidConfiguration) as caught:
        load_policy(overlaid(BAD / case), NAMES)
    expected = (BAD / case / "expected.txt").read_text("utf-8").splitlines()
    assert [str(p) for p in caught.value.problems] == expected


def test_missing_files_are_mistakes() -> None:
    files = {n: t for n, t in read_tree(SHIPPED).files.items() if n not in {"groups.toml", "rules/private.toml"}}
    with pytest.raises(InvalidConfiguration) as caught:
        load_policy(Tree(files=files, version="x"), ["private", "special_category:health"])
    assert [str(p) for p in caught.value.problems] == [
        "groups.toml: is missing",
        'rules/private.toml: is missing; a rule that is not wanted has mode = "off"',
    ]
