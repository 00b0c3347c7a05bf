"""A Debian with its own systemd, network and processes, booted from a folder: where the package is tried."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Final, Self

from tests.support.namespaces import entered
from tests.support.tools import need_root, program, unavailable

_BOOT: Final = Path(__file__).resolve().parents[1] / "setup" / "boot.sh"
_PACKAGES: Final = "systemd,systemd-sysv,dbus"
_SETTINGS: Final = 'APT::Get::Assume-Yes "true";\nDPkg::Use-Pty "false";\n'
_ENVIRONMENT: Final = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "DEBIAN_FRONTEND": "noninteractive"}
_PATIENCE: Final = 60.0


def bare_debian(folder: Path, *later: str | Path) -> None:
    """Put a Debian 12 with nothing but systemd into ``folder``; what ``later`` needs is downloaded, not installed.

    ``later`` are names of packages, and paths of .deb files.
    """
    command = [program("debootstrap"), "--variant=minbase", f"--include={_PACKAGES}", "bookworm", str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    (folder / "etc/apt/apt.conf.d/90test").write_text(_SETTINGS)
    shutil.copy("/etc/resolv.conf", folder / "etc/resolv.conf")
    for package in later:
        if isinstance(package, Path):
            shutil.copy(package, folder / "tmp")
    names = [f"/tmp/{package.name}" if isinstance(package, Path) else package for package in later]
    for words in (["update", "-qq"], ["install", "-qq", "--download-only", *names]):
        subprocess.run(["chroot", folder, "apt-get", *words], check=True, capture_output=True, env=_ENVIRONMENT)


class Machine:
    """Boots ``root`` and runs commands in it. Its network is its own: nothing of it is reached from outside."""

    def __init__(self, root: Path) -> None:
        """Nothing is started yet."""
        need_root("a machine of its own")
        self.root = root
        self._group = _cgroups() / f"utpost-test-{os.getpid()}"
        self._process: subprocess.Popen[bytes] | None = None
        self._first = 0

    def __enter__(self) -> Self:
        self._group.mkdir()
        kinds = ("--mount", "--pid", "--fork", "--uts", "--ipc", "--net", "--cgroup", "--propagation", "private")
        script = 'echo $$ >"$0/cgroup.procs"; exec "$@"'
        command = ["sh", "-c", script, str(self._group), program("unshare"), *kinds, "sh", str(_BOOT), str(self.root)]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _wait(self) -> None:
        deadline = time.monotonic() + _PATIENCE
        while self.run("systemctl", "is-system-running", check=False).strip() not in {"running", "degraded"}:
            if time.monotonic() > deadline or self._process is None or self._process.poll() is not None:
                unavailable("systemd cannot be process 1 here, not even in namespaces of its own")
            time.sleep(0.5)

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            with contextlib.suppress(OSError, ProcessLookupError):
                os.kill(self._init(), signal.SIGKILL)
            self._process.wait(_PATIENCE)
        folders = [self._group, *(path for path in self._group.rglob("*") if path.is_dir())]
        for folder in reversed(folders):
            with contextlib.suppress(OSError):
                folder.rmdir()

    def _init(self) -> int:
        """Return the process that is number 1 in there. Raises OSError before there is one."""
        if self._process is None:
            raise ProcessLookupError
        pid = self._process.pid
        (found,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split() or ["0"]
        if found == "0":
            raise ProcessLookupError
        return int(found)

    def run(self, *words: str, told: str = "", check: bool = True, folder: str = "/root") -> str:
        """Return what a command in there says on both channels; ``told`` is its input."""
        try:
            pid = self._init()
        except OSError:
            return ""
        enter = [program("nsenter"), "-t", str(pid), "-m", "-p", "-u", "-i", "-n", "-C", "-r", "-w"]
        done = subprocess.run(
            [*enter, "--", "env", "-C", folder, *words],
            input=told,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
            env=_ENVIRONMENT,
        )
        assert done.returncode == 0 or not check, f"{words}: {done.returncode}\n{done.stdout}"
        return done.stdout

    def network(self) -> contextlib.AbstractContextManager[None]:
        """Let this thread, and what it starts, use the network in there; sockets stay where they were made."""
        return entered(self._init())


def _cgroups() -> Path:
    """Return where the second version of control groups is mounted."""
    mounts = (line.split() for line in Path("/proc/self/mounts").read_text().splitlines())
    found = next((place for _, place, kind, *_ in mounts if kind == "cgroup2"), None)
    return Path(found) if found else unavailable("there are no control groups of version 2")
