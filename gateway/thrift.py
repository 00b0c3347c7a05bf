"""Memory that processes share: what is done before a fork so that less of it is copied afterwards.

A forked child shares every page of its parent until one of them writes to it, and CPython writes to whatever it
touches. Nothing here changes what the program does; where a trick does not work, memory is a little larger.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

_STEP: Final = 16
_SMALL: Final = 512
"""CPython keeps objects up to so many octets in pools, each for one multiple of sixteen."""
_POOL: Final = 16 * 1024
_HEADER: Final = 48
"""Octets of a pool before its first object."""
_OF_BYTES: Final = sys.getsizeof(b"")
_FRESH: Final = 4
"""Objects one after another from the beginning of a pool, which tell that nothing was in it."""
_MOST: Final = 20_000
_DONT_NEED: Final = 4
"""Of madvise(2): these pages may go; they come back from their file when somebody reads them."""

_fillers: list[object] = []
"""What lies in holes of pools, for good: children share it."""


@contextlib.contextmanager
def without(*names: str) -> Iterator[None]:
    """Let modules that a library would load for its comfort, if they happen to be installed, be absent meanwhile."""
    absent = [name for name in names if name not in sys.modules]
    modules: dict[str, Any] = sys.modules
    modules.update(dict.fromkeys(absent))
    try:
        yield
    finally:
        for name in absent:
            modules.pop(name, None)


def tidy() -> None:
    """Give back what was loaded or freed a moment ago; call it where policies have been replaced."""
    gc.collect()
    trim()


def trim() -> None:
    """Give back what is free between what is used: about a millisecond."""
    with contextlib.suppress(AttributeError, OSError):  # a C library without it
        ctypes.CDLL(None).malloc_trim(0)


def share() -> None:
    """Make ready to fork the first children."""
    with contextlib.suppress(AttributeError, OSError, ValueError):
        _let_go_of_programs()
    # What is still mapped here would be copied, page by page, there.
    tidy()
    _fill_pools()
    # Marks of the garbage collector would copy every page in every child.
    gc.freeze()


def _fill_pools() -> None:
    """Take all holes of pools, half a megabyte in all, so that children begin pools of their own.

    Each child would put its first objects into these holes, few to a page, and so copy the pages.
    """
    for size in range(_STEP, _SMALL + 1, _STEP):
        taken: list[object] = []
        fresh, last = 0, 0
        while fresh < _FRESH and len(taken) < _MOST:
            taken.append(one := _object_of(size))
            place = id(one)
            begins = place % _POOL == _HEADER
            fresh = 1 if begins else fresh + 1 if fresh and place == last + size else 0
            last = place
        del taken[-_FRESH:]
        _fillers.append(tuple(taken))


def _object_of(size: int) -> object:
    """Return a new object that takes so much room in a pool."""
    if size > _OF_BYTES:
        return bytes(size - _OF_BYTES)
    return float(size) if size > _STEP else object()


def _let_go_of_programs() -> None:
    """Give pages of programs and libraries back that loading has read: this process hardly needs them again."""
    advise = ctypes.CDLL(None, use_errno=True).madvise
    start = end = 0
    for line in Path("/proc/self/smaps").read_text(encoding="utf-8", errors="replace").splitlines():
        key, *fields = line.split()
        if "-" in key and not key.endswith(":"):
            start, end = (int(place, 16) for place in key.split("-"))
            if not fields[0].startswith("r-") or fields[3] == "0":
                end = start  # it can be written to, or is of no file
        elif key == "Anonymous:" and fields[0] == "0" and end > start:  # nothing in it differs from the file
            advise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _DONT_NEED)
