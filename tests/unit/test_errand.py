"""Work in a process of its own: its answer, its mistakes and its end."""

import os
import signal
import sys
from pathlib import Path

import pytest

from gateway.errand import Errand
from gateway.model import InvalidConfiguration, Problem

WRONG = Problem(file="a.toml", key="b", text="is wrong", line=3)


def test_the_answer_comes_from_another_process() -> None:
    pid, text = Errand(lambda: (os.getpid(), "å" * 3_000_000)).result()
    assert pid != os.getpid()
    assert len(text) == 3_000_000


def test_mistakes_are_told_as_if_found_here() -> None:
    def work() -> None:
        raise InvalidConfiguration([WRONG])

    with pytest.raises(InvalidConfiguration) as caught:
        Errand(work).result()
    assert caught.value.problems == [WRONG]


@pytest.mark.parametrize("work", [lambda: os._exit(9), lambda: 1 // 0, lambda: lambda: 0])
def test_an_end_without_an_answer_is_a_mistake_too(work: object, capfd: pytest.CaptureFixture[str]) -> None:
    assert callable(work)
    with pytest.raises(InvalidConfiguration, match="cannot be loaded"):
        Errand(work).result()
    assert "Traceback" not in capfd.readouterr().err


def test_without_room_for_a_child_what_is_loaded_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    def fork() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    before = len(list(Path("/proc/self/fd").iterdir()))
    monkeypatch.setattr(os, "fork", fork)
    with pytest.raises(InvalidConfiguration, match="no process to do so could be started"):
        Errand(lambda: 1)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_parent_that_ignores_its_children_gets_the_answer() -> None:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        assert Errand(lambda: 7).result() == 7
    finally:
        signal.signal(signal.SIGCHLD, before)


def test_without_standard_streams_there_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert Errand(lambda: 7).result() == 7


def test_a_child_ends_when_told_though_its_parent_only_takes_note() -> None:
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        with pytest.raises(InvalidConfiguration, match="ended with -15"):
            Errand(lambda: os.kill(os.getpid(), signal.SIGTERM)).result()
    finally:
        signal.signal(signal.SIGTERM, before)
