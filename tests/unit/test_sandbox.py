"""What an enclosed process can no longer do, tried in a fork."""

from __future__ import annotations

import os
import pickle
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.sandbox import Protection, available, enclose


def enclosed(attempt: Callable[[], object]) -> object:
    """Return what an attempt gives in an enclosed fork, or the name of what it raises."""
    ours, theirs = os.pipe()
    if os.fork() == 0:
        try:
            enclose()
            found = attempt()
        except BaseException as error:  # noqa: BLE001 - told to the test
            found = type(error).__name__
        os.write(theirs, pickle.dumps(found))
        os._exit(0)
    os.close(theirs)
    with os.fdopen(ours, "rb") as pipe:
        told: object = pickle.loads(pipe.read())  # noqa: S301 - from our own fork
    os.wait()
    return told


@pytest.fixture(autouse=True)
def kernel() -> None:
    if available() != Protection(landlock=True, seccomp=True):
        pytest.skip("this kernel has no Landlock or no seccomp")


def test_write_is_refused(tmp_path: Path) -> None:
    assert enclosed(lambda: (tmp_path / "a").write_text("a")) == "PermissionError"
    assert not (tmp_path / "a").exists()


def test_read_outside_programs_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("hemligt")
    assert enclosed((tmp_path / "a").read_text) == "PermissionError"
    assert enclosed(Path("/etc/passwd").read_text) == "PermissionError"


def test_socket_is_refused() -> None:
    assert enclosed(lambda: str(socket.socket())) == "PermissionError"


def test_new_program_is_refused() -> None:
    assert enclosed(lambda: os.execv("/bin/true", ["true"])) == "PermissionError"  # noqa: S606


def test_other_processes_are_out_of_reach() -> None:
    assert enclosed(lambda: os.kill(os.getppid(), 0)) == "PermissionError"


def test_programs_can_be_read() -> None:
    assert enclosed(lambda: len(Path(os.__file__).read_text()) > 0) is True


def test_null_device_takes_what_libraries_throw_away() -> None:
    assert enclosed(lambda: Path(os.devnull).write_bytes(b"abc")) == 3
