"""Work done in a process of its own for what it returns: the memory that it needs and scatters ends with it."""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable
from typing import Any, Final, NoReturn

from gateway.control import die_with_parent
from gateway.model import InvalidConfiguration, Problem

_MISTAKES: Final = 3
"""Exit code of a child that found what it loads wrong."""


class Errand:
    """A forked child at work. Call ``octets`` once."""

    def __init__(self, work: Callable[[], object]) -> None:
        """Fork; the caller has no threads."""
        self._answer = os.memfd_create("utpost-errand", os.MFD_CLOEXEC)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()  # or the child would say it again
        self._pid = os.fork()
        if self._pid == 0:
            self._perform(work)

    def _perform(self, work: Callable[[], object]) -> NoReturn:
        code = 1
        try:
            die_with_parent()
            try:
                answer: object = work()
                code = 0
            except InvalidConfiguration as error:
                answer, code = error.problems, _MISTAKES
            octets = memoryview(pickle.dumps(answer, pickle.HIGHEST_PROTOCOL))
            while octets:
                octets = octets[os.write(self._answer, octets) :]
            sys.stderr.flush()
        except BaseException as error:  # noqa: BLE001 - the last fence of a process
            code = 1
            sys.stderr.write(f"utpost: loading failed: {type(error).__name__}\n")
            sys.stderr.flush()
        finally:
            os._exit(code)

    def octets(self) -> bytes:
        """Wait for the child and return its pickled answer. Raises InvalidConfiguration as the work did."""
        code = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        try:
            octets = os.pread(self._answer, os.fstat(self._answer).st_size, 0)
        finally:
            os.close(self._answer)
        if code == _MISTAKES:
            problems: list[Problem] = pickle.loads(octets)  # noqa: S301 - from our own child
            raise InvalidConfiguration(problems)
        if code:
            text = f"cannot be loaded: the process that did so ended with {code}"
            raise InvalidConfiguration([Problem(file="policies", key="", text=text)])
        return octets

    def result(self) -> Any:
        """Return the answer itself."""
        return pickle.loads(self.octets())  # noqa: S301 - from our own child
