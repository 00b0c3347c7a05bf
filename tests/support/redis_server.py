"""A real redis-server on a free port of 127.0.0.1, that can be stopped, frozen and started again."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any, Final, Self

import redis

from tests.support.tools import program

_START_SECONDS: Final = 10.0


class RedisServer:
    """Lives in ``folder``; ``options`` are added to its command line."""

    def __init__(self, folder: Path, *options: str) -> None:
        """Choose a port; nothing is started yet."""
        self._folder = folder
        self._options = options
        self._secure = False
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]

    @property
    def url(self) -> str:
        """Where its first database is, for Utpost."""
        return f"redis://127.0.0.1:{self.port}/0"

    def secure(self, certificate: Path, key: Path) -> None:
        """Let it speak TLS alone from its next start on."""
        self._secure = True
        self._options += ("--tls-cert-file", str(certificate), "--tls-key-file", str(key), "--tls-auth-clients", "no")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> Self:
        """Start it, and return when it answers."""
        command = [program("redis-server"), "--bind", "127.0.0.1", "--dir", str(self._folder)]
        command += ["--port", "0", "--tls-port"] if self._secure else ["--port"]
        command += [str(self.port), "--save", "", "--appendonly", "no", "--daemonize", "no", *self._options]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + _START_SECONDS
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError("redis-server did not start")
            time.sleep(0.02)
        return self

    def _listens(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 0.2):
            return True
        return False

    def stop(self) -> None:
        """End it at once; what it held is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Let it hang: it keeps its connections and says nothing."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        if self._process is not None:
            os.kill(self._process.pid, number)

    def do(self, *words: str | bytes | int, password: str | None = None) -> Any:
        """Return its answer to one command."""
        with redis.Redis(port=self.port, password=password) as client:
            return client.execute_command(*words)
