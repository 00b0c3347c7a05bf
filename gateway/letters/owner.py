"""Which process holds a pending letter, and whether it still lives, told from /proc (proc(5))."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_START_TIME: Final = 19
"""Place of ``starttime`` among the fields that follow the name in /proc/PID/stat: number 22, counted from 3."""


def this_process() -> str:
    """Return a name of this process that no other process had or will have on this machine."""
    pid = os.getpid()
    return f"{_boot()} {_namespace()} {pid} {_start_time(pid)}"


def is_gone(owner: str) -> bool:
    """Tell whether the process ``owner`` has certainly ended. A process of another container may live unseen."""
    boot, *rest = owner.split(" ")
    if boot != _boot() or len(rest) != 3 or not rest[1].isdecimal():  # noqa: PLR2004 - namespace, number, start
        return True
    namespace, pid, start = rest
    return namespace == _namespace() and _start_time(int(pid)) != start


def _namespace() -> str:
    """Return the namespace in which process numbers mean what they mean here."""
    try:
        return str((_PROC / "self/ns/pid").readlink())
    except OSError:
        return "-"


def _boot() -> str:
    try:
        return (_PROC / "sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return "-"


def _start_time(pid: int) -> str:
    """Return when a process began, in clock ticks since the boot; empty when there is none, or only a zombie."""
    try:
        fields = (_PROC / str(pid) / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in {"Z", "X"} else fields[_START_TIME]
