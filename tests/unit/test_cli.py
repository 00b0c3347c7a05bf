"""The command line: every command is there, and wrong words are told in a line."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gateway.cli import COMMANDS, main


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert f"usage: utpost {command}" in capsys.readouterr().out


@pytest.mark.parametrize("words", [[], ["bogus"], ["bogus", "check"], ["check"], ["mailings", "bogus"], ["--bogus"]])
def test_wrong_words_are_told(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "usage: utpost" in capsys.readouterr().err


def test_asking_for_health_loads_no_judgement() -> None:
    program = (
        "import sys; from gateway.cli import main; main(['health']);"
        "sys.exit(any(m.startswith(('gateway.detect', 'gateway.service')) for m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60, check=False)
    assert done.returncode == 0
