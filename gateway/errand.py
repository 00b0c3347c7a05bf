"""Work done in a process of its own for what it returns: the memory that it needs and scatters ends with it."""

from __future__ import annotations

import os
import pickle
import signal
import sys
from collections.abc import Callable
from typing import Any, Final, NoReturn

from gateway.control import die_with_parent
from gateway.model import InvalidConfiguration, Problem

_ENDING: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
_MISTAKES: Final = 3
"""Exit code of a child that found what it loads wrong."""


class Errand:
    """A forked child at work. Call ``octets`` once."""

    def __init__(self, work: Callable[[], object]) -> None:
        """Fork; the caller has no threads. Raises InvalidConfiguration where the machine has no room for a child."""
        if signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # inherited so, the kernel would take the answer's end away
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()  # or the child would say it again
        answer = -1
        try:
            self._answer = answer = os.memfd_create("utpost-errand", os.MFD_CLOEXEC)
            self._pid = os.fork()
        except OSError as error:
            if answer >= 0:
                os.close(answer)
            raise _not_loaded(f"no process to do so could be started ({error.strerror})") from None
        if self._pid == 0:
            self._perform(work)

    def _perform(self, work: Callable[[], object]) -> NoReturn:
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in _ENDING:
                signal.signal(number, signal.SIG_DFL)
            die_with_parent()
            try:
                answer: object = work()
                code = 0
            except InvalidConfiguration as error:
                answer, code = error.problems, _MISTAKES
            octets = memoryview(pickle.dumps(answer, pickle.HIGHEST_PROTOCOL))
            while octets:
                octets = octets[os.write(self._answer, octets) :]
            if sys.stderr is not None:
                sys.stderr.flush()
        except BaseException as error:  # noqa: BLE001 - the last fence of a process
            code = 1
            os.write(2, f"utpost: loading failed: {type(error).__name__}\n".encode())
        finally:
            os._exit(code)

    def octets(self) -> bytes:
        """Wait for the child and return its pickled answer. Raises InvalidConfiguration as the work did."""
        try:
            code = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
            octets = os.pread(self._answer, os.fstat(self._answer).st_size, 0)
        finally:
            os.close(self._answer)
        if code == _MISTAKES:
            problems: list[Problem] = pickle.loads(octets)  # noqa: S301 - from our own child
            raise InvalidConfiguration(problems)
        if code:
            raise _not_loaded(f"the process that did so ended with {code}")
        return octets

    def result(self) -> Any:
        """Return the answer itself."""
        return pickle.loads(self.octets())  # noqa: S301 - from our own child


def _not_loaded(why: str) -> InvalidConfiguration:
    return InvalidConfiguration([Problem(file="policies", key="", text=f"cannot be loaded: {why}")])
