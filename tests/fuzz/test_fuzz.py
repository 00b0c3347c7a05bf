"""Fuzzing short enough for every run: all seeds and kept finds, then some hundreds of changed ones with coverage."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.seeds import seeds
from tests.fuzz.targets import TARGETS

RUN = Path(__file__).with_name("run.py")


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_and_kept_finds_are_dealt_with(name: str) -> None:
    begun = list(seeds(name))
    assert begun
    for octets in begun:
        TARGETS[name](octets)


@pytest.mark.parametrize("name", TARGETS)
def test_changed_ones_are_dealt_with(name: str, tmp_path: Path) -> None:
    finds_nothing(name, tmp_path, "--runs", "200", "--seconds", "10")


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", TARGETS)
def test_two_minutes_find_nothing(name: str, tmp_path: Path) -> None:
    finds_nothing(name, tmp_path, "--seconds", "120")


def finds_nothing(name: str, folder: Path, *words: str) -> None:
    if sys.version_info >= (3, 13):
        pytest.skip("atheris has no build for this Python")
    command = [sys.executable, str(RUN), name, "--corpus", str(folder), *words]
    done = subprocess.run(command, capture_output=True, timeout=280, check=False)
    finds = [path.name for path in (folder / "finds").iterdir()]
    assert (done.returncode, finds) == (0, []), done.stderr[-2000:].decode("utf-8", "replace")
