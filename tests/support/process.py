"""The real `utpost serve` as a process of its own, watched."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Self

UTPOST: Final = Path(sys.executable).with_name("utpost")
START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 60.0


class NotStarted(Exception):
    """The process ended, or said nothing, before it was ready."""


class Utpost:
    """A running Utpost in front of ``relay`` (HOST:PORT), on free ports of 127.0.0.1.

    ``settings`` are KEY=VALUE pairs in TOML, as for ``--set``. What it needs to live is in ``state``.
    """

    def __init__(
        self,
        relay: str,
        *,
        state: Path,
        settings: Sequence[str] = (),
        arguments: Sequence[str] = (),
        workers: int = 1,
        sockets: Mapping[str, socket.socket] = MappingProxyType({}),
    ) -> None:
        """Lay out the command; nothing is started yet. ``sockets``: one to hand over, by its door's name."""
        self.state = state
        self._sockets = sockets
        places = [f"{host}:{port}" for host, port in (sock.getsockname() for sock in sockets.values())]
        self.command = [str(UTPOST), "serve", "--listen", *(places or ["127.0.0.1:0"]), "--relay", relay]
        self.command += ["--state", str(state), "--metrics", "127.0.0.1:0", "--set", f"workers={workers}"]
        for setting in settings:
            self.command += ["--set", setting]
        self.command += arguments
        self.ready: dict[str, Any] = {}
        """The line printed when ready."""
        self.process: subprocess.Popen[bytes] | None = None
        self._stderr = bytearray()
        self._out: list[bytes] = []
        self._spoken = threading.Event()
        self._threads: list[threading.Thread] = []

    # --- life --------------------------------------------------------------------------------

    def start(self) -> Self:
        """Start and wait until it is ready. Raises NotStarted."""
        handed = tuple(sock.fileno() for sock in self._sockets.values())
        self.process = subprocess.Popen(
            [*_handing_over(self._sockets), *self.command],
            pass_fds=handed,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        for work in (self._read_out, self._read_err):
            thread = threading.Thread(target=work, daemon=True)
            thread.start()
            self._threads.append(thread)
        if not self._spoken.wait(START_SECONDS) or not self._out:
            self.kill()
            raise NotStarted(self.stderr or "it said nothing")
        self.ready = json.loads(self._out[0])
        return self

    def stop(self) -> int:
        """Ask it to end (SIGTERM), wait, and return its exit code."""
        if self.process is None:
            raise NotStarted("never started")
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        self._join()
        return code

    def kill(self) -> None:
        """End it and everything it started, at once (SIGKILL to its own process group)."""
        if self.process is not None:
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self._join()

    def kill_one(self, pid: int) -> None:
        """End one of its processes at once."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def signal(self, number: int) -> None:
        """Send a signal to the parent process."""
        if self.process is not None:
            self.process.send_signal(number)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _read_out(self) -> None:
        if self.process is not None and self.process.stdout is not None:
            for line in self.process.stdout:
                self._out.append(line)
                self._spoken.set()
        self._spoken.set()

    def _read_err(self) -> None:
        if self.process is not None and self.process.stderr is not None:
            for line in self.process.stderr:
                self._stderr += line

    def _join(self) -> None:
        for thread in self._threads:
            thread.join(5)
        for pipe in (self.process.stdout, self.process.stderr) if self.process is not None else ():
            if pipe is not None:
                pipe.close()

    # --- what it shows -----------------------------------------------------------------------

    @property
    def smtp(self) -> tuple[str, int]:
        """Return where clients connect."""
        return _host_port(self.ready["smtp"][0])

    @property
    def metrics(self) -> tuple[str, int]:
        """Return where the operations port is."""
        return _host_port(self.ready["metrics"])

    @property
    def stderr(self) -> str:
        """Return everything logged so far."""
        return self._stderr.decode("utf-8", "replace")

    @property
    def log(self) -> list[dict[str, Any]]:
        """Return the log lines so far, as objects."""
        return [json.loads(line) for line in self.stderr.splitlines() if line.startswith("{")]

    @property
    def complaints(self) -> list[str]:
        """Return lines of the log that no run may contain: anything of a stack trace, and any session that broke."""
        words = ("Traceback (most recent call last)", "session_failed", "never retrieved", "was never awaited")
        return [line for line in self.stderr.splitlines() if any(word in line for word in words)]

    def get(self, path: str) -> tuple[int, str]:
        """Return status and text of a page of the operations port."""
        host, port = self.metrics
        try:
            with urllib.request.urlopen(f"http://{host}:{port}{path}", timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def metric(self, name: str, **labels: str) -> float:
        """Return the sum of all samples of ``name`` that carry these labels; 0 where there is none."""
        total = 0.0
        for line in self.get("/metrics")[1].splitlines():
            sample, _, value = line.rpartition(" ")
            found, _, inside = sample.partition("{")
            if found == name and all(f'{key}="{wanted}"' in inside for key, wanted in labels.items()):
                total += float(value)
        return total

    def wait_for_metric(self, name: str, at_least: float, **labels: str) -> None:
        """Wait until a metric has reached a value."""
        deadline = time.monotonic() + 20
        while (now := self.metric(name, **labels)) < at_least:
            if time.monotonic() > deadline:
                raise AssertionError(f"{name} {labels} stayed at {now}, expected {at_least}")
            time.sleep(0.05)

    def named(self, name: str, *, missing: int = 0) -> int:
        """Return the process that goes by a name in ``ps``; ``missing`` where there is none."""
        for pid in self.children():
            try:
                if Path(f"/proc/{pid}/comm").read_text().strip() == name:
                    return pid
            except OSError:
                continue
        return missing

    def children(self) -> list[int]:
        """Return the process ids of everything it has started, its grandchildren included."""
        if self.process is None:
            return []
        found, todo = [], [self.process.pid]
        while todo:
            pid = todo.pop()
            try:
                text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
            except OSError:
                continue
            todo += (below := [int(word) for word in text.split()])
            found += below
        return found


def _handing_over(sockets: Mapping[str, socket.socket]) -> list[str]:
    """Return the beginning of a command that gets its listening socket as from systemd: number 3, in its own name."""
    if not sockets:
        return []
    ((name, sock),) = sockets.items()
    script = f'export LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES={name}; exec "$@" 3<&{sock.fileno()}'
    return ["bash", "-c", script, "bash"]


def _host_port(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)
