"""Letters shown to those who edit the texts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.letters.compose import load_letters
from gateway.letters.letter import LetterKind
from gateway.letters.preview import preview
from gateway.letters.samples import SAMPLE_HOUSE
from gateway.policy.load import load_policy, read_tree
from gateway.policy.rules import NAMES

TREE = read_tree(Path(__file__).parents[3] / "policies")
POLICY = load_policy(TREE, NAMES)
TEMPLATES, _ = load_letters(TREE.files)


@pytest.mark.parametrize("kind", LetterKind)
def test_every_kind_is_shown_with_the_words_of_the_policies(kind: LetterKind) -> None:
    shown = preview(kind, TEMPLATES, SAMPLE_HOUSE, POLICY.rules)
    assert SAMPLE_HOUSE.contact in shown.text
    assert shown.subject in shown.html
    if kind is LetterKind.BLOCKED:
        assert POLICY.rules["personnummer"].summary_sv in shown.text


@pytest.mark.parametrize("rule", sorted(NAMES))
def test_every_rule_is_shown(rule: str) -> None:
    shown = preview(LetterKind.BLOCKED, TEMPLATES, SAMPLE_HOUSE, POLICY.rules, rule)
    assert POLICY.rules[rule].title_sv in shown.text
    assert f"({POLICY.rules[rule].section})" in shown.subject


def test_the_house_of_the_configuration_is_shown() -> None:
    house = replace(SAMPLE_HOUSE, contact="fraga@example.com")
    assert "fraga@example.com" in preview(LetterKind.WARNED, TEMPLATES, house, POLICY.rules).text
