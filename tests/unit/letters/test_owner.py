"""Whose a pending letter is, and whether they still live."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.letters.owner import is_gone, this_process

ROOT = Path(__file__).parents[3]


def another_process() -> subprocess.Popen[str]:
    program = "from gateway.letters.owner import this_process; print(this_process(), flush=True); input()"
    return subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )


def test_we_are_here() -> None:
    assert not is_gone(this_process())


def test_another_process_is_gone_when_it_has_ended() -> None:
    with another_process() as child:
        assert child.stdout is not None
        owner = child.stdout.readline().strip()
        assert not is_gone(owner)
        child.kill()
        child.wait()
        assert is_gone(owner)


def test_a_zombie_is_gone() -> None:
    with another_process() as child:
        assert child.stdout is not None
        owner = child.stdout.readline().strip()
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert is_gone(owner)


def test_a_later_process_with_the_same_number_is_another() -> None:
    boot, namespace, pid, start = this_process().split(" ")
    assert is_gone(f"{boot} {namespace} {pid} {int(start) + 1}")


def test_before_the_last_boot_everybody_is_gone() -> None:
    _, *rest = this_process().split(" ")
    assert is_gone(" ".join(["00000000-0000-0000-0000-000000000000", *rest]))


def test_a_process_in_another_container_may_live_unseen() -> None:
    boot, _, pid, start = this_process().split(" ")
    assert not is_gone(f"{boot} pid:[1] {pid} {int(start) + 1}")


@pytest.mark.parametrize("name", ["", "x", "a b c", "a b c d e"])
def test_a_name_that_we_did_not_write_is_nobodys(name: str) -> None:
    assert is_gone(name)
