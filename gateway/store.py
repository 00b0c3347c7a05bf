"""One SQLite file that several processes share: a writer thread in each, and one durable commit for all who wait.

A piece of work is a function of the connection. Pieces that wait at the same time share one ``BEGIN IMMEDIATE``
transaction, each in a savepoint of its own, and every caller goes on only after ``COMMIT``: durable costs one fsync for
all of them. Whatever happens to the disk becomes a ``StoreError``; the file is opened again for the next piece of work,
so a store gets well by itself when the disk does.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import queue
import sqlite3
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from gateway.belonging import create

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

SWITCH_SECONDS: Final = 0.0005

_BATCH: Final = 64
_TURN: Final = 0.05
"""Seconds after which a transaction takes no more work in: its callers wait for all of it."""
_WAITING: Final = 10_000
_WAL_OCTETS: Final = 16 * 1024 * 1024
_ENVIRONMENT: Final = {
    sqlite3.SQLITE_PERM: "access is denied",
    sqlite3.SQLITE_NOMEM: "out of memory",
    sqlite3.SQLITE_READONLY: "the disk is read-only",
    sqlite3.SQLITE_IOERR: "the disk fails to read or write",
    sqlite3.SQLITE_CORRUPT: "the file is damaged",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened",
    sqlite3.SQLITE_PROTOCOL: "locking fails",
    sqlite3.SQLITE_NOTADB: "the file is no database",
}


class StoreError(Exception):
    """The store could not do a piece of work; ``why`` says so without any data of it."""

    def __init__(self, why: str) -> None:
        """Keep the reason."""
        super().__init__(why)
        self.why = why


class StoreBusy(StoreError):
    """Others hold the store or it does not answer in time; only work just being committed may have been kept."""


class StoreBroken(StoreError):
    """The disk or the file is at fault; nothing of the work was kept."""


class StoreRefused(StoreError):
    """The file is not ours to touch: another program's, or written by a newer version."""


class Store:
    """A SQLite file and the one thread of this process that touches it.

    Create it where you like, but use it only in the process that serves: a thread does not survive a fork. Work is
    given to the thread by ``run``; an exception that the work raises undoes that work alone and reaches its caller.

    The thread needs the interpreter's lock twice for each statement, and a busy event loop gives it up only when asked:
    a process that serves sets ``sys.setswitchinterval`` to ``SWITCH_SECONDS``.
    """

    def __init__(
        self, path: Path, *, what: str, migrations: Sequence[str], durable: bool = True, deadline: float = 5.0
    ) -> None:
        """Remember how to open the file; nothing is opened before the first piece of work.

        ``what`` marks the file as its user's own. ``migrations`` are SQL scripts, oldest first: script number n brings
        a file from version n to n + 1, and a released one never changes. ``durable`` waits for the disk at each commit
        (synchronous=FULL); without it a power cut may cost the last commits, never the file. ``deadline`` in seconds.
        """
        self._file = StoreFile(
            path=path, what=what, migrations=tuple(migrations), durable=durable, patience=deadline * 0.8
        )
        self._deadline = deadline
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None
        self._process = 0
        self._closed = False
        self._behind = 0

    async def run(self, work: Work[T], *, concluding: bool = False) -> T:
        """Return what ``work`` returned, once it is committed. Raises StoreError, or what ``work`` raised.

        Leaving early (cancellation, deadline) takes the work back, unless its transaction is just being committed.
        ``concluding`` work goes before all other and is done even when its caller has left: what ends something that is
        under way, may be repeated, and makes the rest cheaper. After a stall the store could not catch up otherwise.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        job = Job(work, _Awaited(loop, future), concluding=concluding)
        self._submit(job)
        timer = loop.call_later(self._deadline, _fail, future, StoreBusy("no answer in time"))
        try:
            return await future
        finally:
            timer.cancel()
            job.left = True

    def run_blocking(self, work: Work[T]) -> T:
        """Do as ``run`` does, for callers without an event loop."""
        future: Future[T] = Future()
        job = Job(work, future)
        self._submit(job)
        try:
            return future.result(self._deadline)
        except TimeoutError:
            raise StoreBusy("no answer in time") from None
        finally:
            job.left = True

    async def close(self) -> None:
        """Finish the work that waits, and let go of the file. Nothing can be run afterwards."""
        await asyncio.to_thread(self.close_blocking)

    def close_blocking(self) -> None:
        """Do as ``close`` does, for callers without an event loop."""
        with self._guard:
            self._closed = True
            thread = self._thread if self._process == os.getpid() else None
            self._thread = None
            self._queue.put(None)
        if thread is not None:
            thread.join(self._deadline)

    def _submit(self, job: Job) -> None:
        with self._guard:
            if self._closed:
                raise StoreBusy("closed")
            if self._queue.qsize() + self._behind >= _WAITING:
                raise StoreBusy("too much work waits")
            self._wake()
            self._queue.put(job)

    def _wake(self) -> None:
        """Make sure that the thread is there."""
        if self._thread is not None and self._process != os.getpid():
            raise StoreRefused("opened before the process was forked")
        if self._thread is None or not self._thread.is_alive():
            self._process = os.getpid()
            self._thread = threading.Thread(target=self._serve, name=f"store-{self._file.what}", daemon=True)
            self._thread.start()

    # --- in the thread ---------------------------------------------------------------------------

    def _serve(self) -> None:
        writer, backlog, ending = Writer(self._file), Backlog(), False
        while not ending or backlog:
            ending = self._gather(backlog, wait=not backlog) or ending
            _tell(writer.perform(backlog))
            self._behind = len(backlog)
        writer.close()

    def _gather(self, backlog: Backlog, *, wait: bool) -> bool:
        """Move what has come in to the backlog; tell whether the store is being closed."""
        try:
            job = self._queue.get(block=wait)
            while job is not None:
                backlog.add(job)
                job = self._queue.get_nowait()
        except queue.Empty:
            return False
        return True


@dataclass(frozen=True, slots=True)
class _Awaited:
    """The end of a future that a coroutine waits for."""

    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]


@dataclass(slots=True, eq=False)
class Job:
    """A piece of work, who waits for it, and what came of it."""

    work: Work[Any]
    caller: object
    concluding: bool = False
    left: bool = False
    """Set by the caller when it goes, answered or not: work that nobody waits for must not be kept."""
    until: float = math.inf
    """When the caller goes (monotonic)."""
    result: Any = None
    error: Exception | None = None

    def unwanted(self) -> bool:
        """Tell whether the work must not be kept, since nobody would hear of it."""
        return not self.concluding and (self.left or time.monotonic() > self.until)


class Backlog:
    """What waits to be done, in order, concluding work first."""

    def __init__(self) -> None:
        """Begin empty."""
        self._first: deque[Job] = deque()
        self._then: deque[Job] = deque()

    def __len__(self) -> int:
        return len(self._first) + len(self._then)

    @property
    def waited_for(self) -> int:
        """Return how many jobs somebody waits for."""
        return len(self._then)

    def add(self, job: Job) -> None:
        """Put a job in its place."""
        (self._first if job.concluding else self._then).append(job)

    def leave(self, callers: Collection[object]) -> None:
        """Note that these callers have left; what concludes is done all the same."""
        for job in self._then:
            if job.caller in callers:
                job.left = True

    def next(self) -> Job:
        """Take the next job out."""
        return (self._first or self._then).popleft()

    def drain(self) -> list[Job]:
        """Take all jobs out."""
        return [self.next() for _ in range(len(self))]


class Writer:
    """The connection, kept as long as it is good."""

    def __init__(self, file: StoreFile) -> None:
        """Open nothing before the first piece of work."""
        self._file = file
        self._connection: Connection | None = None
        self._inode = (0, 0)

    def perform(self, backlog: Backlog) -> list[Job]:
        """Do what one transaction has time for and commit it; return the jobs with what came of them."""
        taken: list[Job] = []
        try:
            if backlog:
                self._transact(backlog, taken)
        except Exception as error:  # noqa: BLE001 - the thread outlives whatever happens; the callers are told
            self.close()
            # What has not begun would meet the same trouble, each after waiting for it.
            taken += backlog.drain()
            reason = translated(error)
            for job in taken:
                job.error = reason
        return taken

    def _transact(self, backlog: Backlog, taken: list[Job]) -> None:
        """Move jobs from the backlog to ``taken`` and do them, for one turn."""
        connection = self._connect()
        connection.execute("BEGIN IMMEDIATE")
        connection.noted.clear()
        until = time.monotonic() + _TURN
        while backlog and len(taken) < _BATCH and (not taken or time.monotonic() < until):
            job = backlog.next()
            taken.append(job)
            _step(connection, job)
        connection.execute("COMMIT")

    def _connect(self) -> Connection:
        if self._connection is not None and self._file.inode() != self._inode:
            self.close()
        if self._connection is None:
            self._connection = self._file.open()
            self._inode = self._file.inode()
        return self._connection

    def close(self) -> None:
        """Let go of the connection; an open transaction is rolled back."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except sqlite3.Error:
                return


def _step(connection: sqlite3.Connection, job: Job) -> None:
    """Do one job in its savepoint and note what came of it. Raises what hurts all jobs."""
    if job.unwanted():
        job.error = StoreBusy("nobody waits")
        return
    connection.execute("SAVEPOINT job")
    try:
        job.result = job.work(connection)
    except Exception as error:  # whatever the work raised is its caller's
        if not connection.in_transaction or _hurts_all(error):
            raise translated(error) from error
        _undo(connection)
        job.error = translated(error) if isinstance(error, sqlite3.Error) else error
        return
    if job.unwanted():
        _undo(connection)
        job.error = StoreBusy("nobody waits")
        return
    connection.execute("RELEASE job")


def _undo(connection: sqlite3.Connection) -> None:
    connection.execute("ROLLBACK TO job")
    connection.execute("RELEASE job")


def _tell(jobs: list[Job]) -> None:
    """Answer the callers, those of one event loop with one call."""
    loops: dict[asyncio.AbstractEventLoop, list[Job]] = {}
    for job in jobs:
        if isinstance(job.caller, Future):
            _answer(job, job.caller)
        elif isinstance(job.caller, _Awaited):
            loops.setdefault(job.caller.loop, []).append(job)
    for loop, theirs in loops.items():
        with contextlib.suppress(RuntimeError):  # closed, and nobody waits any more
            loop.call_soon_threadsafe(_answer_all, theirs)


def _answer_all(jobs: list[Job]) -> None:
    for job in jobs:
        if isinstance(job.caller, _Awaited) and not job.caller.future.done():
            _answer(job, job.caller.future)


def _answer(job: Job, future: Future[Any] | asyncio.Future[Any]) -> None:
    if job.error is not None:
        future.set_exception(job.error)
    else:
        future.set_result(job.result)


def _fail(future: asyncio.Future[Any], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)


def _hurts_all(error: Exception) -> bool:
    return isinstance(error, sqlite3.Error) and _code(error) in _ENVIRONMENT


def _code(error: sqlite3.Error) -> int:
    """Return the primary result code (the low octet of the extended one)."""
    return (getattr(error, "sqlite_errorcode", None) or sqlite3.SQLITE_ERROR) & 0xFF


def translated(error: Exception) -> StoreError:
    """Return the StoreError that says the same as an error of SQLite or of the file system."""
    if isinstance(error, StoreError):
        return error
    if isinstance(error, OSError):
        return StoreBroken((error.strerror or "the file cannot be opened").lower())
    code = _code(error) if isinstance(error, sqlite3.Error) else sqlite3.SQLITE_ERROR
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return StoreBusy("another process holds the file")
    if code == sqlite3.SQLITE_FULL:
        return StoreBroken("the disk is full")
    return StoreBroken(_ENVIRONMENT.get(code, f"work failed ({type(error).__name__}, code {code})"))


# --- the file ------------------------------------------------------------------------------------


class Connection(sqlite3.Connection):
    """A connection with what the work of the present transaction has noted for the work that follows in it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Note nothing yet."""
        super().__init__(*args, **kwargs)
        self.noted: dict[str, Any] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFile:
    """Where a store is kept, and how it is opened."""

    path: Path
    what: str
    migrations: tuple[str, ...]
    durable: bool
    patience: float
    """Seconds to wait for other processes."""

    def inode(self) -> tuple[int, int]:
        """Return what tells this file from one that took its place; zeros when it is gone."""
        try:
            found = self.path.stat()
        except OSError:
            return (0, 0)
        return (found.st_dev, found.st_ino)

    def open(self) -> Connection:
        """Return a connection to the file in its present form, made or migrated where needed."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # The log and the shared memory beside the file take over its mode and its owner.
        with contextlib.suppress(FileExistsError):
            os.close(create(self.path))
        until = time.monotonic() + self.patience
        while True:
            connection = sqlite3.connect(
                self.path, timeout=self.patience, isolation_level=None, cached_statements=256, factory=Connection
            )
            try:
                self._prepare(connection)
            except (sqlite3.Error, StoreError) as error:
                connection.close()
                # Several processes that open a new file at once: SQLite says BUSY at once instead of waiting.
                if not isinstance(translated(error), StoreBusy) or time.monotonic() > until:
                    raise
                time.sleep(0.01)
            else:
                return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        self._check_owner(connection)
        if connection.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
            raise StoreRefused("the file system does not let processes share the file")
        connection.execute(f"PRAGMA synchronous = {'FULL' if self.durable else 'NORMAL'}")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute(f"PRAGMA journal_size_limit = {_WAL_OCTETS}")
        if _number(connection, "user_version") != len(self.migrations):
            self._migrate(connection)

    def _check_owner(self, connection: sqlite3.Connection) -> None:
        # In one statement: between two, another process may have made the file ours.
        mark, version = connection.execute(
            "SELECT application_id, user_version FROM pragma_application_id, pragma_user_version"
        ).fetchone()
        if (mark, version) != (0, 0) and mark != self._mark():
            raise StoreRefused(f"the file is not the {self.what} of this program")
        if version > len(self.migrations):
            raise StoreRefused(
                f"the file was written by a newer version (schema {version}, this program knows {len(self.migrations)})"
            )

    def _migrate(self, connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")
        # Another process may have been here between the look and the lock.
        self._check_owner(connection)
        for script in self.migrations[_number(connection, "user_version") :]:
            for statement in _statements(script):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {self._mark()}")
        connection.execute(f"PRAGMA user_version = {len(self.migrations)}")
        connection.execute("COMMIT")

    def _mark(self) -> int:
        """Return a 31-bit number for SQLite's application_id."""
        return zlib.crc32(f"utpost {self.what}".encode()) & 0x7FFFFFFF


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    return int(connection.execute(f"PRAGMA {pragma}").fetchone()[0])


def _statements(script: str) -> Iterator[str]:
    """Yield the statements of a script: ``executescript`` would commit behind our back."""
    pending = ""
    for piece in script.split(";"):
        pending += piece + ";"
        if sqlite3.complete_statement(pending):
            if pending.strip(" \n;"):
                yield pending
            pending = ""
