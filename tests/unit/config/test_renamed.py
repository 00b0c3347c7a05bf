"""Keys under the names they had."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.cli import main
from gateway.config import load, load_settings
from gateway.model import InvalidConfiguration, Problem


@pytest.fixture(autouse=True)
def _old_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "RENAMED", {"limits.letter": "journal.retention_days", "threads": "workers"})


def write(folder: Path, text: str) -> Path:
    file = folder / "utpost.toml"
    file.write_text(text, "utf-8")
    return file


def test_an_old_name_works_and_is_told(tmp_path: Path) -> None:
    told: list[Problem] = []
    file = write(tmp_path, "threads = 3\n[limits]\nletter = 12\n")
    settings = load_settings(file, warn=told.append)
    assert (settings.workers, settings.journal.retention_days) == (3, 12)
    assert [problem.line for problem in told] == [3, 1]
    assert "limits.letter" in str(told[0])
    assert "is called journal.retention_days now" in str(told[0])


def test_a_command_warns_on_standard_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "show", "--config", str(write(tmp_path, "threads = 3\n"))]) == 0
    told = capsys.readouterr()
    assert "workers = 3" in told.out
    assert told.err.startswith("utpost: warning: ")
    assert "is called workers now" in told.err


def test_both_names_are_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration) as raised:
        load_settings(write(tmp_path, "threads = 3\nworkers = 2\n"))
    (problem,) = raised.value.problems
    assert (problem.line, problem.key) == (1, "threads")
    assert "remove this one" in problem.text


def test_a_wrong_value_is_placed_where_it_was_written(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration) as raised:
        load_settings(write(tmp_path, 'threads = "many"\n'))
    (problem,) = raised.value.problems
    assert "threads" in problem.file
    assert problem.key == "workers"


def test_an_old_name_by_set(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "show", "--set", "threads=3"]) == 0
    assert "is called workers now" in capsys.readouterr().err
