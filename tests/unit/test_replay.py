"""Two sets of policies over the same mail: what the table, the page and the exit code say."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.cli import main
from gateway.config import Settings
from gateway.judgement import policies_directory

ROOT = Path(__file__).resolve().parents[2]
MESSAGES = ROOT / "demo" / "messages"
Told = tuple[int, str, str]
Command = Callable[..., Told]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    def run(*words: object) -> Told:
        code = main(["replay", *map(str, words)])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


@pytest.fixture
def softer(tmp_path: Path) -> Path:
    """Policies that only warn of identity numbers."""
    folder = tmp_path / "policies"
    shutil.copytree(policies_directory(Settings()), folder)
    rule = folder / "rules" / "personnummer.toml"
    text = rule.read_text("utf-8")
    assert 'mode = "block"' in text
    rule.write_text(text.replace('mode = "block"', 'mode = "warn"'), "utf-8")
    return folder


def test_the_same_policies_agree(command: Command) -> None:
    code, out, err = command(MESSAGES, "--policies", policies_directory(Settings()))
    assert (code, err) == (0, "")
    assert "No message is judged in another way." in out


def test_what_changes_is_shown_in_table_json_and_page(softer: Path, command: Command, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    code, out, err = command(MESSAGES, "--policies", softer, "--html", page)
    assert (code, err) == (1, "")
    lines = out.splitlines()
    assert lines[2].split() == ["before", "→", "pass", "→", "warn", "→", "block"]
    assert lines[5].split()[:3] == ["block", "0", "1"], "one message that was blocked is warned of"
    assert "personnummer" in out
    html = page.read_text("utf-8")
    assert "<script" not in html
    assert "warn: personnummer" in html
    code, out, _ = command(MESSAGES, "--policies", softer, "--json")
    (difference,) = map(json.loads, out.splitlines())
    assert (difference["before"]["verdict"], difference["after"]["verdict"]) == ("block", "warn")


def test_the_other_way_round(softer: Path, command: Command) -> None:
    code, out, _ = command(MESSAGES, "--policies", policies_directory(Settings()), "--against", softer, "--json")
    assert code == 1
    assert json.loads(out)["after"]["verdict"] == "block"


def test_files_of_one_name_stay_apart(softer: Path, command: Command, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        shutil.copytree(MESSAGES, tmp_path / "mail" / folder)
    _, out, _ = command(tmp_path / "mail", "--policies", softer, "--json")
    assert len(out.splitlines()) == 2


def test_a_message_that_cannot_be_judged_is_named(softer: Path, command: Command, tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(b"Subject: x\r\n\r\nx\r\n")
    (tmp_path / "a.envelope.json").write_text("[]")
    code, _, err = command(tmp_path / "a.eml", "--policies", softer)
    assert code == 2
    assert "a.envelope.json: must be" in err


def test_policies_with_mistakes_are_told(softer: Path, command: Command) -> None:
    (softer / "rules" / "personnummer.toml").write_text("mode = ")
    code, out, err = command(MESSAGES, "--policies", softer)
    assert (code, out) == (2, "")
    assert "personnummer.toml" in err
