"""Work in a process of its own: its answer, its mistakes and its end."""

import os

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
