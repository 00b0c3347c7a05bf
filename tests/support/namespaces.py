"""Networks of their own, joined by lines that can be taken down: hosts on one machine."""

from __future__ import annotations

import contextlib
import ctypes
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Self

from tests.support.tools import need_root, program, unavailable

_NETWORK: Final = 0x40000000
"""CLONE_NEWNET"""


@contextlib.contextmanager
def entered(pid: int) -> Iterator[None]:
    """Let this thread, and what it starts, use the network of a process; sockets stay where they were made."""
    with Path("/proc/thread-self/ns/net").open() as ours, Path(f"/proc/{pid}/ns/net").open() as theirs:
        _enter(theirs.fileno())
        try:
            yield
        finally:
            _enter(ours.fileno())


def _enter(descriptor: int) -> None:
    if ctypes.CDLL(None, use_errno=True).setns(descriptor, _NETWORK) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


class Network:
    """A network with nothing but a loopback interface, as long as it is open."""

    def __init__(self) -> None:
        """Nothing is made yet."""
        need_root("a network of its own")
        self._holder: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        command = [program("unshare"), "--net", "sh", "-c", "echo; exec sleep infinity"]
        self._holder = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        if self._holder.stdout is None or not self._holder.stdout.readline():
            unavailable("networks cannot be parted here")
        self.ip("link", "set", "lo", "up")
        return self

    def __exit__(self, *_: object) -> None:
        if self._holder is not None:
            self._holder.kill()
            self._holder.communicate()

    @property
    def pid(self) -> int:
        """Return a process that lives in it."""
        if self._holder is None:
            raise RuntimeError("not open")
        return self._holder.pid

    def entered(self) -> contextlib.AbstractContextManager[None]:
        """Let this thread, and what it starts, use it."""
        return entered(self.pid)

    def ip(self, *words: str) -> None:
        """Change its interfaces (ip(8))."""
        with self.entered():
            done = subprocess.run([program("ip"), *words], capture_output=True, text=True, check=False)
        if done.returncode:
            unavailable(f"networks cannot be joined here: {done.stderr.strip()}")

    def join(self, other: Network, number: int) -> str:
        """Lay line ``number`` to another network; return the address of this end, as the other one sees it."""
        ours, theirs = f"near{number}", f"far{number}"
        self.ip("link", "add", ours, "type", "veth", "peer", "name", theirs, "netns", str(other.pid))
        for network, name, end in ((self, ours, 1), (other, theirs, 2)):
            network.ip("address", "add", f"10.213.{number}.{end}/24", "dev", name)
            network.ip("link", "set", name, "up")
        return f"10.213.{number}.1"

    def cut(self, number: int) -> None:
        """Take a line down: what is on it is lost without a word."""
        self.ip("link", "set", f"near{number}", "down")

    def mend(self, number: int) -> None:
        """Take it up again."""
        self.ip("link", "set", f"near{number}", "up")
