"""What a cell of the matrix stands on: a Utpost, a real Postfix as relay, the mailbox behind it, and the faults."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.reliability.wire import Wire
from tests.support.postfix import Postfix
from tests.support.process import Utpost
from tests.support.redis_server import RedisServer
from tests.support.relay import ScriptedRelay, Transaction

SETTINGS: Final = (
    "timeouts.relay_reply=3",
    "timeouts.relay_final=3",
    "timeouts.drain=5",
    "relay.connect_seconds=3",
    "ledger.wait_seconds=2",
    "letters.retry_seconds=[0.3]",
)
"""Impatient, so that a cell takes seconds; nothing else differs from the defaults."""

WORKERS: Final = 2
_UNLIMITED: Final = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


class Relay(Postfix):
    """A Postfix that tells when it has delivered everything."""

    @property
    def idle(self) -> bool:
        """Tell whether its queue is empty."""
        folders = ("incoming", "active", "deferred", "maildrop")
        return not any(path.is_file() for name in folders for path in (self.folder / "queue" / name).rglob("*"))


class Ground:
    """One Utpost between the clients and the wire to the relay."""

    def __init__(self, folder: Path, relay: Relay, mailbox: ScriptedRelay, wire: Wire) -> None:
        """Nothing is started yet; ``folder`` keeps what Utpost needs to live."""
        self.folder, self.relay, self.mailbox, self.wire = folder, relay, mailbox, wire
        self.redis: RedisServer | None = None
        self.utpost: Utpost | None = None
        self._lock: sqlite3.Connection | None = None
        self._orphans: list[int] = []
        self.complaints: list[str] = []

    # --- Utpost ------------------------------------------------------------------------------

    @property
    def running(self) -> Utpost:
        """Return the Utpost that clients reach now."""
        if self.utpost is None:
            raise RuntimeError("not started")
        return self.utpost

    def start(self) -> None:
        """Start a Utpost on the state that there is."""
        settings = SETTINGS if self.redis is None else (*SETTINGS, f'ledger.url="{self.redis.url}"')
        host, port = self.wire.address
        self.utpost = Utpost(f"{host}:{port}", state=self.folder / "state", settings=settings, workers=WORKERS).start()

    def stop(self) -> None:
        """End it, and whatever an earlier one has left."""
        if self.utpost is not None:
            self.utpost.stop()
            self.complaints += self.utpost.complaints
        for pid in self._orphans:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _pids(self, start: str) -> list[int]:
        """Return those of its processes whose names begin so; a fault that meets nobody would prove nothing."""
        found = [pid for pid in self.running.children() if _name(pid).startswith(start)]
        if not found:
            raise RuntimeError(f"there is no process {start}")
        return found

    async def whole(self) -> None:
        """Wait until workers and bookkeeper are there: who died often comes back later each time."""
        deadline = time.monotonic() + 40
        while not self._is_whole():
            if time.monotonic() > deadline:
                raise TimeoutError("workers or bookkeeper did not come back")
            await asyncio.sleep(0.1)

    def _is_whole(self) -> bool:
        names = [_name(pid) for pid in self.running.children()]
        books = self.redis is not None or any(name.startswith("utpost-books") for name in names)
        return books and sum(name.startswith("utpost-worker") for name in names) >= WORKERS

    # --- faults ------------------------------------------------------------------------------

    async def kill_parent(self) -> None:
        """Kill the parent alone, as the system does when memory is short."""
        utpost = self.running
        self._orphans += utpost.children()
        if utpost.process is not None:
            utpost.process.kill()
            await asyncio.to_thread(utpost.process.wait)
        self.complaints += utpost.complaints

    async def kill_workers(self) -> None:
        """Kill every worker; what the wire holds is lost with them, as if they had not yet said it."""
        for pid in self._pids("utpost-worker"):
            os.kill(pid, signal.SIGKILL)
        if self.wire.hold:
            self.wire.cut()

    async def kill_zygotes(self) -> None:
        """Kill the processes that inspections are forked from."""
        zygotes = [pid for worker in self._pids("utpost-worker") for pid in _children(worker)]
        if not zygotes:
            raise RuntimeError("the workers have no zygotes")
        for pid in zygotes:
            os.kill(pid, signal.SIGKILL)

    async def kill_books(self) -> None:
        """Kill the process that keeps the ledger."""
        for pid in self._pids("utpost-books"):
            os.kill(pid, signal.SIGKILL)

    async def restart_relay(self) -> None:
        """Let Postfix end and come back, and the connections with it."""
        await self.wire.sever()
        await asyncio.to_thread(self.relay.restart)

    async def fill_disk(self) -> None:
        """Let no process of Utpost write another octet to any file."""
        self._limit((1, resource.RLIM_INFINITY))

    def _limit(self, limits: tuple[int, int]) -> None:
        for pid in self.running.children():
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)

    async def lock_outbox(self) -> None:
        """Hold the outbox's file, so that nobody else can read or write it."""

        def lock() -> sqlite3.Connection:
            path = self.folder / "state" / "outbox.db"
            holder = sqlite3.connect(path, isolation_level=None, timeout=10, check_same_thread=False)
            holder.execute("BEGIN EXCLUSIVE")
            return holder

        self._lock = await asyncio.to_thread(lock)

    async def stop_redis(self) -> None:
        """End Redis; what it held is gone."""
        if self.redis is not None:
            await asyncio.to_thread(self.redis.stop)

    async def heal(self) -> None:
        """Undo whatever was done, and return when clients are served again."""
        await self.wire.mend()
        if self._lock is not None:
            self._lock.close()
            self._lock = None
        if self.redis is not None and not self.redis._listens():
            await asyncio.to_thread(self.redis.start)
        if self.running.process is None or self.running.process.poll() is not None:
            await asyncio.to_thread(self.start)
        self._limit(_UNLIMITED)

    # --- what came of it ---------------------------------------------------------------------

    @property
    def deliveries(self) -> list[Transaction]:
        """Return what reached the mailbox behind Postfix, in order."""
        return self.mailbox.deliveries

    def letters_waiting(self) -> set[bytes]:
        """Return whose letters are in the outbox, still to be delivered."""
        file = sqlite3.connect(f"file:{self.folder / 'state' / 'outbox.db'}?mode=ro", uri=True, timeout=10)
        try:
            rows = file.execute("SELECT recipient FROM letters WHERE state = 'ready'").fetchall()
        finally:
            file.close()
        return {str(recipient).encode() for (recipient,) in rows}

    async def settle(self, done: Callable[[], bool], seconds: float) -> None:
        """Wait until Postfix has nothing left to do and ``done`` holds, or the time is over."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.relay.idle and done():
                return
            await asyncio.sleep(0.1)


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def _children(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
