"""The policies that come with the program: they load, and their defaults are the guideline's."""

from __future__ import annotations

import pickle
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from gateway.model import (
    Action,
    Confidence,
    Facts,
    Finding,
    Headers,
    Inspection,
    Message,
    Mode,
    Occasion,
    Origin,
    Responsible,
    SegmentKind,
    SenderSource,
    Verdict,
)
from gateway.policy.examples import contradiction, envelope_of
from gateway.policy.explain import explain
from gateway.policy.judge import judge
from gateway.policy.load import load_policy, read_tree, warnings
from gateway.policy.load.schema import ExampleTable, ExemptionTable, GroupsFile, GroupTable, HandlingFile, RuleFile
from gateway.policy.persons import count_persons
from gateway.policy.rules import JUDGED_HERE, NAMES, Example, OnError

FOLDER = Path(__file__).parents[2] / "policies"
POLICY = load_policy(read_tree(FOLDER), NAMES)
README = (FOLDER / "README.md").read_text("utf-8")


def test_every_rule_has_its_file_and_nothing_to_warn_about() -> None:
    assert set(POLICY.rules) == NAMES
    assert warnings(POLICY, date(2026, 5, 4)) == []
    assert pickle.loads(pickle.dumps(POLICY)) == POLICY  # noqa: S301 - our own


@pytest.mark.parametrize(
    ("name", "section", "mode", "on_error", "lane"),
    [
        ("mass_mailing", "2.3", Mode.BLOCK, OnError.DEFER, False),
        ("visible_recipients", "2.3", Mode.OBSERVE, OnError.PASS, False),
        ("personnummer", "2.7", Mode.BLOCK, OnError.DEFER, True),
        ("samordningsnummer", "2.7", Mode.BLOCK, OnError.DEFER, True),
        ("special_category", "2.7", Mode.BLOCK, OnError.DEFER, True),
        ("protected_identity", "2.7", Mode.BLOCK, OnError.DEFER, True),
        ("bulk_personal_data", "2.7", Mode.BLOCK, OnError.DEFER, True),
        ("financial", "2.7", Mode.BLOCK, OnError.DEFER, True),
        ("solicitation", "2.7", Mode.BLOCK, OnError.DEFER, True),
        ("credentials", "2.4", Mode.BLOCK, OnError.DEFER, True),
        ("malware", "2.4", Mode.BLOCK, OnError.PASS, False),
        ("private", "2.2", Mode.WARN, OnError.PASS, True),
        ("business_or_association", "2.2", Mode.WARN, OnError.PASS, True),
        ("party_internal", "2.2", Mode.WARN, OnError.PASS, True),
        ("capacity_unclear", "2.2", Mode.WARN, OnError.PASS, True),
        ("not_inspected", "2.7", Mode.WARN, OnError.PASS, True),
    ],
)
def test_defaults(name: str, section: str, mode: Mode, on_error: OnError, *, lane: bool) -> None:
    rule = POLICY.rules[name]
    assert (rule.section, rule.mode, rule.on_error, rule.lane) == (section, mode, on_error, lane)


def verdict_of(example: Example, *findings: Finding) -> Verdict:
    envelope = envelope_of(example)
    addresses = tuple(r.address for r in envelope.recipients if r.address)
    headers = Headers(subject=example.subject, visible=() if example.hidden else addresses)
    assert envelope.sender is not None
    facts = Facts(
        occasion=Occasion(reference="r", received_at=datetime(2026, 5, 4, tzinfo=UTC), front="check"),
        responsible=Responsible(address=envelope.sender, source=SenderSource.ENVELOPE),
        envelope=envelope,
        inspection=Inspection(message=Message(headers=headers, parts=(), size=0), findings=findings),
        usage=None,
        persons=count_persons(envelope, POLICY),
    )
    return judge(POLICY, facts)


COUNTED = [e for name in ("mass_mailing", "visible_recipients") for e in POLICY.rules[name].examples]


@pytest.mark.parametrize("example", COUNTED, ids=lambda e: e.name)
def test_examples_that_need_no_detector(example: Example) -> None:
    assert contradiction(example, verdict_of(example)) is None


@pytest.mark.parametrize("name", sorted(NAMES - JUDGED_HERE))
def test_strong_evidence_in_own_words_does_the_most_that_the_mode_allows(name: str) -> None:
    finding = Finding(
        rule=name,
        detector="d",
        confidence=Confidence.HIGH,
        part="1",
        segment=SegmentKind.OWN,
        origin=Origin.OWN,
        evidence="•",
        reason="x",
        count=100,
    )
    most = Action.BLOCK if POLICY.rules[name].mode is Mode.BLOCK else Action.WARN
    assert verdict_of(POLICY.rules[name].examples[0], finding).action is most


def test_staff_count_and_functions_do_not() -> None:
    assert "kommunkontor@orkelljunga.se" in POLICY.handling.uncounted
    assert "orkelljunga.se" in POLICY.handling.staff_domains
    assert "politik.orkelljunga.se" not in POLICY.handling.staff_domains


@pytest.mark.parametrize("name", sorted(NAMES))
def test_readme_names_every_rule_with_its_section_and_mode(name: str) -> None:
    rule = POLICY.rules[name]
    row = re.search(rf"^\| `{name}` \|(.*)$", README, re.MULTILINE)
    assert row is not None
    assert f" {rule.section} |" in row[1]
    assert f"`{rule.mode.value}`" in row[1]


@pytest.mark.parametrize("table", [RuleFile, ExemptionTable, ExampleTable, HandlingFile, GroupsFile, GroupTable])
def test_readme_explains_every_key(table: type[RuleFile]) -> None:
    keys = {field.alias or name for name, field in table.model_fields.items()}
    assert {key for key in keys if not re.search(rf"`\[{{0,2}}{key}\]{{0,2}}`", README)} == set()


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_block_of_a_rule_file_is_commented(name: str) -> None:
    settings = (FOLDER / "rules" / f"{name}.toml").read_text("utf-8").partition("[[example]]")[0]
    assert [block for block in settings.split("\n\n") if "# " not in block] == []


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_rule_can_be_explained(name: str) -> None:
    assert POLICY.rules[name].title_sv in explain(POLICY, name)
