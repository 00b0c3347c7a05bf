"""Fuzzing short enough for every run: all seeds and kept finds, then some hundreds of changed ones with coverage."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.seeds import seeds
from tests.fuzz.targets import TARGETS

RUNS = 400
RUN = Path(__file__).with_name("run.py")


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_and_kept_finds_are_dealt_with(name: str) -> None:
    begun = list(seeds(name))
    assert begun
    for octets in begun:
        TARGETS[name](octets)


@pytest.mark.parametrize("name", TARGETS)
def test_changed_ones_are_dealt_with(name: str, tmp_path: Path) -> None:
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("atheris has no build for this Python")
    done = subprocess.run(
        [sys.executable, str(RUN), name, "--runs", str(RUNS), "--seconds", "20", "--corpus", str(tmp_path)],
        capture_output=True,
        timeout=240,
        check=False,
    )
    finds = [path.name for path in (tmp_path / "finds").iterdir()]
    assert (done.returncode, finds) == (0, []), done.stderr[-2000:].decode("utf-8", "replace")


@pytest.mark.long
@pytest.mark.parametrize("name", TARGETS)
def test_an_hour_in_all_finds_nothing(name: str, tmp_path: Path) -> None:
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("atheris has no build for this Python")
    seconds = 360
    done = subprocess.run(
        [sys.executable, str(RUN), name, "--seconds", str(seconds), "--corpus", str(tmp_path)],
        capture_output=True,
        timeout=2 * seconds,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:].decode("utf-8", "replace")
