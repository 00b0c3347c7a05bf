"""`utpost serve` as a process of ours."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from pathlib import Path
from typing import Any, Final

UTPOST: Final = Path(sys.executable).with_name("utpost")
START_SECONDS: Final = 60.0
LINE_SECONDS: Final = 30.0


class Failed(Exception):
    """The demonstration cannot go on; the text is one line for a person."""


class Gateway:
    """`utpost serve` as a process of ours."""

    def __init__(self, log: Path) -> None:
        """Keep its log lines in ``log``."""
        self._log = log
        self._process: asyncio.subprocess.Process | None = None
        self._lines: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._last = ""
        self._reader: asyncio.Task[None] | None = None
        self.ready: dict[str, Any] = {}

    async def start(self, *arguments: str) -> None:
        """Start and wait until it is ready. Raises Failed with its own words."""
        self._process = await asyncio.create_subprocess_exec(
            str(UTPOST),
            "serve",
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for us, who then end it in order
        )
        self._reader = asyncio.create_task(self._read_log(self._process))
        line = b""
        if self._process.stdout is not None:
            with contextlib.suppress(TimeoutError):
                line = await asyncio.wait_for(self._process.stdout.readline(), START_SECONDS)
        if not line:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            await self._reader
            raise Failed(self._last or "utpost serve said nothing")
        self.ready = json.loads(line)

    async def _read_log(self, process: asyncio.subprocess.Process) -> None:
        if process.stderr is None:
            return
        with self._log.open("wb") as log:
            while line := await process.stderr.readline():
                log.write(line)
                log.flush()
                self._last = line.decode("utf-8", "replace").strip()
                with contextlib.suppress(ValueError):
                    entry = json.loads(line)
                    if entry.get("event") == "message":
                        self._lines.put_nowait(entry)

    async def next_message(self) -> dict[str, Any]:
        """Return its log line on the message that was sent last. Raises Failed."""
        try:
            return await asyncio.wait_for(self._lines.get(), LINE_SECONDS)
        except TimeoutError:
            raise Failed(f"Utpost logged nothing about a message; see {self._log.name}") from None

    async def ended(self) -> int:
        """Return its exit code when it ends."""
        return await self._process.wait() if self._process is not None else 0

    async def stop(self) -> None:
        """Let it drain and end."""
        if self._process is None:
            return
        if self._process.returncode is None:
            self._process.terminate()
        await self._process.wait()
        if self._reader is not None:
            await self._reader


async def rule_titles() -> dict[str, tuple[str, str]]:
    """Return rule → (section, title), from Utpost itself."""
    process = await asyncio.create_subprocess_exec(
        str(UTPOST), "policies", "explain", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    out, _ = await process.communicate()
    titles = {}
    for line in out.decode().splitlines():
        words = line.split(None, 3)
        if len(words) == 4:  # noqa: PLR2004 - section, name, mode, title
            titles[words[1]] = (words[0], words[3])
    return titles
