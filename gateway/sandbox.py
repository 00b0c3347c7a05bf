"""What a process that opens strangers' files may still do: read programs, compute, answer through its pipe.

Landlock (Linux 5.13; kernel documentation userspace-api/landlock) forbids every write, every read outside the places of
programs, and TCP; seccomp (Linux 3.17, seccomp(2)) forbids sockets, new programs, and reaching other processes. Both
hold for the process and all it starts, and cannot be taken back.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import struct
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PR_SET_NO_NEW_PRIVS: Final = 38
_PR_SET_SECCOMP: Final = 22
_SECCOMP_MODE_FILTER: Final = 2

_LANDLOCK_CREATE_RULESET, _LANDLOCK_ADD_RULE, _LANDLOCK_RESTRICT_SELF = 444, 445, 446
_CREATE_RULESET_VERSION: Final = 1
_RULE_PATH_BENEATH: Final = 1
_READ: Final = (1 << 0) | (1 << 2) | (1 << 3)
"""Execute (libraries are mapped so), read a file, read a folder."""
_READ_FILE: Final = (1 << 0) | (1 << 2)
_DISCARD: Final = (1 << 1) | (1 << 2) | (1 << 14)
"""Write, read, and empty a file: what tesseract asks of /dev/null, and dies of where it is refused."""
_ALL_BY_VERSION: Final = {1: (1 << 13) - 1, 2: (1 << 14) - 1}
_ALL: Final = (1 << 15) - 1
_TCP: Final = 3
_TCP_VERSION: Final = 4

_READABLE: Final = (
    *("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/localtime", "/dev/urandom"),
    *("/proc/meminfo", "/proc/cpuinfo", "/proc/stat", "/sys/devices/system/cpu"),
)
"""Programs and what libraries ask of the machine: py7zr wants to know its memory."""

# --- seccomp: struct sock_filter and the offsets of struct seccomp_data -------------------------
_LOAD, _JUMP_EQUAL, _RETURN = 0x20, 0x15, 0x06
_NUMBER, _ARCHITECTURE = 0, 4
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050001
"""Allow; fail with EPERM."""
_FORBIDDEN: Final[dict[str, tuple[int, tuple[int, ...]]]] = {
    "x86_64": (
        0xC000003E,
        (41, 42, 43, 49, 50, 53, 59, 62, 101, 200, 272, 308, 288, 322, 310, 311, 321, 323, 425, 424, 434, 438),
    ),
    "aarch64": (
        0xC00000B7,
        (198, 203, 202, 200, 201, 199, 221, 129, 117, 130, 97, 268, 242, 281, 270, 271, 280, 282, 425, 424, 434, 438),
    ),
}
"""AUDIT_ARCH and the numbers of: socket connect accept bind listen socketpair execve kill ptrace tkill unshare setns
accept4 execveat process_vm_readv process_vm_writev bpf userfaultfd io_uring_setup pidfd_send_signal pidfd_open
pidfd_getfd."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """Which of the kernel's means are there."""

    landlock: bool
    seccomp: bool


def available() -> Protection:
    """Tell what this kernel offers."""
    return Protection(landlock=_landlock_version() > 0, seccomp=_has_seccomp())


def enclose() -> Protection:
    """Give up, for good, whatever opening a file does not need; return what the kernel enforces."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    landlock = _restrict(libc)
    return Protection(landlock=landlock, seccomp=_filter(libc))


def _landlock_version() -> int:
    version: int = ctypes.CDLL(None, use_errno=True).syscall(_LANDLOCK_CREATE_RULESET, None, 0, _CREATE_RULESET_VERSION)
    return max(version, 0)


def _restrict(libc: ctypes.CDLL) -> bool:
    version = _landlock_version()
    if not version:
        return False
    handled = _ALL_BY_VERSION.get(version, _ALL)
    attributes = struct.pack("QQ", handled, _TCP) if version >= _TCP_VERSION else struct.pack("Q", handled)
    ruleset = libc.syscall(_LANDLOCK_CREATE_RULESET, attributes, len(attributes), 0)
    if ruleset < 0:
        return False
    try:
        for place in dict.fromkeys([*_READABLE, sys.prefix, sys.base_prefix, *_packages()]):
            _allow(libc, ruleset, place, _READ)
        _allow(libc, ruleset, os.devnull, _DISCARD & handled)
        return bool(libc.syscall(_LANDLOCK_RESTRICT_SELF, ruleset, 0) == 0)
    finally:
        os.close(ruleset)


def _packages() -> list[str]:
    """Return where modules that are not loaded yet come from."""
    return [str(Path(__file__).parent), *(path for path in sys.path if path.endswith("site-packages"))]


def _allow(libc: ctypes.CDLL, ruleset: int, place: str, access: int) -> None:
    with contextlib.suppress(OSError):
        descriptor = os.open(place, os.O_PATH | os.O_CLOEXEC)
        try:
            of_its_kind = access if Path(place).is_dir() else access & (_READ_FILE | _DISCARD)
            rule = struct.pack("=Qi", of_its_kind, descriptor)
            libc.syscall(_LANDLOCK_ADD_RULE, ruleset, _RULE_PATH_BENEATH, rule, 0)
        finally:
            os.close(descriptor)


def _has_seccomp() -> bool:
    with contextlib.suppress(OSError):
        return platform.machine() in _FORBIDDEN and b"Seccomp:" in Path("/proc/self/status").read_bytes()
    return False


def _filter(libc: ctypes.CDLL) -> bool:
    if platform.machine() not in _FORBIDDEN:
        return False
    architecture, forbidden = _FORBIDDEN[platform.machine()]
    steps = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        # A foreign architecture's numbers mean other calls: refused like the forbidden ones.
        (_JUMP_EQUAL, 0, len(forbidden) + 2, architecture),
        (_LOAD, 0, 0, _NUMBER),
        *((_JUMP_EQUAL, len(forbidden) - at, 0, number) for at, number in enumerate(forbidden)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    code = b"".join(struct.pack("HBBI", *step) for step in steps)
    program = ctypes.create_string_buffer(code, len(code))
    holder = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(program))
    return bool(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, holder, 0, 0) == 0)
