"""The first configuration: commented, loadable, and never written over anything."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.cli import main
from gateway.config import Settings, load_settings
from gateway.firstrun import QUESTIONS, ask, initialise
from gateway.judgement import load_judgement
from gateway.model import InvalidConfiguration, Mode, Refused

RELAY = {"relay.address": "relay.example:25", "access.networks": ("192.0.2.0/24",)}


def test_what_is_written_loads_to_the_answers_and_to_defaults(tmp_path: Path) -> None:
    initialise(tmp_path / "etc", RELAY)
    settings = load_settings(tmp_path / "etc" / "utpost.toml")
    assert settings.relay.address == "relay.example:25"
    assert settings.access.networks == ("192.0.2.0/24",)
    assert settings.state.directory == tmp_path / "etc" / "state"
    assert settings.timeouts == Settings().timeouts


def test_the_file_documents_every_key(tmp_path: Path) -> None:
    initialise(tmp_path / "etc", RELAY)
    text = (tmp_path / "etc" / "utpost.toml").read_text("utf-8")
    assert tomllib.loads(text)["relay"] == {"address": "relay.example:25"}
    assert "#connect_seconds = 30.0" in text
    assert "# How long a connection, its greeting included, may take." in text


def test_every_rule_only_observes_and_nothing_else_is_changed(tmp_path: Path) -> None:
    settings = initialise(tmp_path / "etc", {})
    assert settings.policies.directory is not None
    theirs, ours = load_judgement(settings.policies.directory), load_judgement(Path("policies"))
    assert {rule.mode for rule in theirs.policy.rules.values()} == {Mode.OBSERVE}
    assert theirs.lexicon == ours.lexicon
    assert {n: r.own for n, r in theirs.policy.rules.items()} == {n: r.own for n, r in ours.policy.rules.items()}


def test_the_rules_own_examples_hold_in_observe(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    initialise(tmp_path / "etc", {})
    assert main(["policies", "lint", "--config", str(tmp_path / "etc" / "utpost.toml")]) == 0
    assert ", 0 otherwise" in capsys.readouterr().out


def test_an_answer_that_is_a_mistake_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration, match=r"relay\.address"):
        initialise(tmp_path / "etc", {"relay.address": "no port", "access.networks": ("0.0.0.0/0",)})
    assert not (tmp_path / "etc").exists()


@pytest.mark.parametrize("name", ["utpost.toml", "policies"])
def test_what_is_there_stays(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(Refused, match=name):
        initialise(tmp_path, {})
    assert (tmp_path / name).read_text() == "mine"
    assert len(list(tmp_path.iterdir())) == 1


def test_questions_are_asked_once_each_and_enter_keeps_the_default() -> None:
    asked: list[str] = []
    told: Iterator[str] = iter(["0.0.0.0:25 [::]:25", *[""] * len(QUESTIONS)])

    def read(words: str) -> str:
        asked.append(words)
        return next(told)

    assert ask({"relay.address": "relay.example:25"}, read) == {
        "relay.address": "relay.example:25",
        "listen.smtp": ("0.0.0.0:25", "[::]:25"),
    }
    assert len(asked) == len(QUESTIONS) - 1
    assert "[politik.orkelljunga.se]" in "".join(asked)


def test_the_command_asks_nothing_with_yes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", str(tmp_path / "etc"), "--yes", "--network", "192.0.2.1/32", "--network", "192.0.2.9/32"]) == 0
    assert "every rule only observes" in capsys.readouterr().out
    assert load_settings(tmp_path / "etc" / "utpost.toml").access.networks == ("192.0.2.1/32", "192.0.2.9/32")


def test_versions_of_program_and_policies_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    assert load_judgement(Path("policies")).policy.version in capsys.readouterr().out
