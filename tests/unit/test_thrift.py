"""What is done before a fork: nothing breaks, nothing grows, comforts stay away only meanwhile."""

import importlib
import os
import sys

import pytest

from gateway import thrift


def test_a_comfort_is_absent_meanwhile_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "this_comfort", raising=False)
    with thrift.without("this_comfort"), pytest.raises(ImportError):
        importlib.import_module("this_comfort")
    assert "this_comfort" not in sys.modules


def test_what_is_loaded_already_stays() -> None:
    before = importlib.import_module("json")
    with thrift.without("json"):
        assert importlib.import_module("json") is before
    assert sys.modules["json"] is before


def test_a_process_goes_on_afterwards_and_so_do_its_children() -> None:
    """In a fork, since what is frozen stays so."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            thrift.share()
            thrift.tidy()
            words = {str(number): [number] for number in range(10_000)}
            grandchild = os.fork()
            if grandchild == 0:
                os._exit(0 if sum(value for [value] in words.values()) == 49_995_000 else 1)
            code = os.waitstatus_to_exitcode(os.waitpid(grandchild, 0)[1])
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
