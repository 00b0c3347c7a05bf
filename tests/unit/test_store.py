"""The store: durable, shared, and well again by itself."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gateway.store import SWITCH_SECONDS, Store, StoreBroken, StoreBusy, StoreError, StoreRefused

SCHEMA = ("CREATE TABLE word (text TEXT UNIQUE);",)
WIDER = (*SCHEMA, "ALTER TABLE word ADD COLUMN count INTEGER DEFAULT 1; CREATE INDEX word_count ON word (count);")


def add(text: str) -> Callable[[sqlite3.Connection], int]:
    def work(connection: sqlite3.Connection) -> int:
        connection.execute("INSERT INTO word (text) VALUES (?)", (text,))
        return int(connection.execute("SELECT count(*) FROM word").fetchone()[0])

    return work


def words(connection: sqlite3.Connection) -> list[str]:
    return [row[0] for row in connection.execute("SELECT text FROM word ORDER BY text")]


def make(path: Path, migrations: tuple[str, ...] = SCHEMA, *, what: str = "test", deadline: float = 5.0) -> Store:
    return Store(path, what=what, migrations=migrations, deadline=deadline)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "test.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    opened = make(path)
    yield opened
    opened.close_blocking()


class Blocker:
    """Work that keeps the thread busy until it is let go."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.leave = threading.Event()

    def __call__(self, _: sqlite3.Connection) -> None:
        self.begun.set()
        self.leave.wait(30)


async def block(store: Store) -> tuple[Blocker, asyncio.Task[None]]:
    blocker = Blocker()
    task = asyncio.create_task(store.run(blocker))
    await asyncio.to_thread(blocker.begun.wait, 30)
    return blocker, task


# --- work ----------------------------------------------------------------------------------------


async def test_work_is_kept_when_run_returns(store: Store, path: Path) -> None:
    assert await store.run(add("ett")) == 1
    with closing(sqlite3.connect(path)) as other:
        assert words(other) == ["ett"]


async def test_work_is_kept_for_the_next_opening(path: Path) -> None:
    first = make(path)
    await first.run(add("ett"))
    await first.close()
    second = make(path)
    assert await second.run(words) == ["ett"]
    await second.close()


async def test_work_that_waits_shares_one_commit(store: Store) -> None:
    statements: list[str] = []
    await store.run(lambda connection: connection.set_trace_callback(statements.append))
    blocker, task = await block(store)
    statements.clear()
    tasks = [asyncio.create_task(store.run(add(f"{n}"))) for n in range(20)]
    await asyncio.sleep(0)
    blocker.leave.set()
    counts = await asyncio.gather(*tasks)
    await task
    assert counts == list(range(1, 21))
    assert statements.count("BEGIN IMMEDIATE") == 1
    assert statements.count("COMMIT") == 2  # the blocker's, and that of all the others


async def test_nobody_goes_on_before_the_commit(store: Store, path: Path) -> None:
    blocker, task = await block(store)
    early = asyncio.create_task(store.run(add("ett")))
    late = Blocker()
    last = asyncio.create_task(store.run(late))
    await asyncio.sleep(0)
    blocker.leave.set()
    await asyncio.to_thread(late.begun.wait, 30)
    assert not early.done()
    with closing(sqlite3.connect(path)) as other:
        assert words(other) == []
    late.leave.set()
    await asyncio.gather(task, early, last)


async def test_failing_work_is_undone_alone(store: Store) -> None:
    def failing(connection: sqlite3.Connection) -> None:
        add("fel")(connection)
        raise LookupError("mine")

    blocker, task = await block(store)
    tasks = [asyncio.create_task(store.run(w)) for w in (add("ett"), failing, add("två"))]
    await asyncio.sleep(0)
    blocker.leave.set()
    results = await asyncio.gather(task, *tasks, return_exceptions=True)
    assert [type(r) for r in results] == [type(None), int, LookupError, int]
    assert await store.run(words) == ["ett", "två"]


async def test_wrong_sql_hurts_nobody_else_and_tells_no_data(store: Store) -> None:
    await store.run(add("hemligt"))
    blocker, task = await block(store)
    tasks = [asyncio.create_task(store.run(w)) for w in (add("hemligt"), add("annat"))]
    await asyncio.sleep(0)
    blocker.leave.set()
    _, error, count = await asyncio.gather(task, *tasks, return_exceptions=True)
    assert isinstance(error, StoreError)
    assert "hemligt" not in error.why
    assert count == 2


async def test_work_taken_back_before_it_begins_is_not_done(store: Store) -> None:
    blocker, task = await block(store)
    unwanted = asyncio.create_task(store.run(add("nej")))
    await asyncio.sleep(0)
    unwanted.cancel()
    await asyncio.gather(unwanted, return_exceptions=True)
    blocker.leave.set()
    await task
    assert await store.run(words) == []


async def test_work_whose_caller_left_while_it_was_done_is_undone(store: Store) -> None:
    blocker = Blocker()

    def slow(connection: sqlite3.Connection) -> None:
        add("nej")(connection)
        blocker(connection)

    task = asyncio.create_task(store.run(slow))
    await asyncio.to_thread(blocker.begun.wait, 30)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    blocker.leave.set()
    assert await store.run(words) == []


async def test_concluding_work_goes_first_and_is_done_for_callers_who_left(store: Store) -> None:
    order: list[str] = []
    blocker, task = await block(store)
    tasks = [asyncio.create_task(store.run(lambda _: order.append("new")))]
    tasks += [asyncio.create_task(store.run(lambda _: order.append("end"), concluding=True))]
    left = asyncio.create_task(store.run(add("kvar"), concluding=True))
    await asyncio.sleep(0)
    left.cancel()
    await asyncio.gather(left, return_exceptions=True)
    blocker.leave.set()
    await asyncio.gather(task, *tasks)
    assert order == ["end", "new"]
    assert await store.run(words) == ["kvar"]


async def test_a_thread_that_hangs_makes_nobody_else_hang(path: Path) -> None:
    store = make(path, deadline=0.2)
    await store.run(words)
    blocker, task = await block(store)
    with pytest.raises(StoreBusy, match="no answer in time"):
        await store.run(add("nej"))
    with pytest.raises(StoreBusy):
        await asyncio.to_thread(store.run_blocking, add("nej"))
    blocker.leave.set()
    await asyncio.gather(task, return_exceptions=True)
    assert await store.run(words) == []
    await store.close()


@pytest.fixture
def _switching() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("_switching")
async def test_a_busy_event_loop_does_not_starve_the_thread(store: Store) -> None:
    async def spin() -> None:
        while True:
            until = time.perf_counter() + 0.002
            while time.perf_counter() < until:
                pass
            await asyncio.sleep(0)

    spinning = asyncio.create_task(spin())
    counts = [await store.run(add(f"{number}")) for number in range(60)]
    spinning.cancel()
    assert counts == list(range(1, 61))


def test_callers_without_a_loop_are_served(path: Path) -> None:
    store = make(path)
    assert store.run_blocking(add("ett")) == 1
    store.close_blocking()
    with pytest.raises(StoreBusy, match="closed"):
        store.run_blocking(words)


async def test_closing_finishes_what_waits(path: Path) -> None:
    store = make(path)
    blocker, task = await block(store)
    waiting = asyncio.create_task(store.run(add("ett")))
    await asyncio.sleep(0)
    closing_ = asyncio.create_task(store.close())
    blocker.leave.set()
    await asyncio.gather(task, closing_)
    assert await waiting == 1
    with pytest.raises(StoreBusy, match="closed"):
        await store.run(words)


def test_a_store_never_used_closes_and_leaves_no_file(path: Path) -> None:
    make(path).close_blocking()
    assert not path.exists()


# --- the file ------------------------------------------------------------------------------------


def test_nobody_else_may_read_the_file(store: Store, path: Path) -> None:
    store.run_blocking(add("ett"))
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == {"test.db": 0o600, "test.db-wal": 0o600, "test.db-shm": 0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(("durable", "synchronous"), [(True, 2), (False, 1)])
def test_the_file_is_as_durable_as_asked(path: Path, durable: bool, synchronous: int) -> None:
    store = Store(path, what="test", migrations=SCHEMA, durable=durable)

    def pragmas(connection: sqlite3.Connection) -> list[object]:
        names = ("synchronous", "secure_delete", "journal_mode")
        return [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    assert store.run_blocking(pragmas) == [synchronous, 1, "wal"]
    store.close_blocking()


def test_what_was_deleted_is_not_in_the_file(path: Path) -> None:
    store = make(path)
    store.run_blocking(add("hemlighet" * 20))
    store.close_blocking()
    assert b"hemlighet" in path.read_bytes()
    store = make(path)
    store.run_blocking(lambda connection: connection.execute("DELETE FROM word"))
    store.close_blocking()
    assert b"hemlighet" not in path.read_bytes()


def test_an_old_file_is_brought_up_to_date(path: Path) -> None:
    old = make(path)
    old.run_blocking(add("ett"))
    old.close_blocking()
    new = make(path, WIDER)
    assert new.run_blocking(lambda c: c.execute("SELECT text, count FROM word").fetchall()) == [("ett", 1)]
    new.close_blocking()


def test_a_newer_file_is_refused_with_both_versions(path: Path) -> None:
    new = make(path, WIDER)
    new.run_blocking(words)
    new.close_blocking()
    before = path.read_bytes()
    old = make(path)
    with pytest.raises(StoreRefused, match=r"newer version \(schema 2, this program knows 1\)"):
        old.run_blocking(words)
    old.close_blocking()
    assert path.read_bytes() == before


def test_the_file_of_another_store_is_refused(path: Path) -> None:
    one = make(path, what="ledger")
    one.run_blocking(words)
    one.close_blocking()
    other = make(path, what="outbox")
    with pytest.raises(StoreRefused, match="not the outbox"):
        other.run_blocking(words)
    other.close_blocking()


def test_a_failing_migration_changes_nothing(path: Path) -> None:
    bad = make(path, (*SCHEMA, "CREATE TABLE other (a); CREATE TABLE word (b);"))
    with pytest.raises(StoreError):
        bad.run_blocking(words)
    bad.close_blocking()
    good = make(path)
    assert good.run_blocking(words) == []
    good.close_blocking()


# --- a disk that is not well ---------------------------------------------------------------------


def test_a_full_disk_is_told_and_forgotten(store: Store) -> None:
    def shrink(connection: sqlite3.Connection) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

    store.run_blocking(add("ett"))
    store.run_blocking(shrink)
    with pytest.raises(StoreBroken, match="the disk is full"):
        store.run_blocking(add("x" * 100_000))
    assert store.run_blocking(add("två")) == 2
    store.run_blocking(lambda connection: connection.execute("PRAGMA max_page_count = 1000000"))
    assert store.run_blocking(add("x" * 100_000)) == 3


def test_a_disk_gone_read_only_is_told_and_forgotten(store: Store) -> None:
    store.run_blocking(add("ett"))
    store.run_blocking(lambda connection: connection.execute("PRAGMA query_only = ON"))
    with pytest.raises(StoreBroken, match="read-only"):
        store.run_blocking(add("två"))
    assert store.run_blocking(add("två")) == 2


def test_a_file_that_is_no_database_is_told_until_it_is_gone(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database, but long enough to look at" * 100)
    store = make(path)
    for _ in range(2):
        with pytest.raises(StoreBroken, match="no database"):
            store.run_blocking(words)
    path.unlink()
    assert store.run_blocking(add("ett")) == 1
    store.close_blocking()


def test_a_file_damaged_under_our_hands_is_told(path: Path) -> None:
    store = make(path)
    for number in range(200):
        store.run_blocking(add(f"{number}" * 100))
    store.close_blocking()
    octets = bytearray(path.read_bytes())
    octets[4096:] = os.urandom(len(octets) - 4096)
    path.write_bytes(octets)
    store = make(path)
    with pytest.raises(StoreBroken, match="damaged"):
        store.run_blocking(words)
    store.close_blocking()


def test_a_file_removed_while_open_is_made_anew(store: Store, path: Path) -> None:
    store.run_blocking(add("ett"))
    for file in path.parent.iterdir():
        file.unlink()
    assert store.run_blocking(add("två")) == 1
    assert path.exists()


def test_a_folder_that_cannot_be_made_is_told_and_forgotten(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    store = make(tmp_path / "state" / "test.db")
    with pytest.raises(StoreBroken) as caught:
        store.run_blocking(words)
    assert str(tmp_path) not in str(caught.value)
    (tmp_path / "state").unlink()
    assert store.run_blocking(add("ett")) == 1
    store.close_blocking()


def test_a_locked_file_is_told_in_time_and_forgotten(path: Path) -> None:
    store = make(path, deadline=0.5)
    store.run_blocking(add("ett"))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusy):
            store.run_blocking(add("två"))
        other.execute("COMMIT")
    assert store.run_blocking(add("tre")) >= 2
    store.close_blocking()


# --- several processes ---------------------------------------------------------------------------

_WRITER = """
import sys
from pathlib import Path
from gateway.store import Store

store = Store(Path(sys.argv[1]), what="test", migrations=("CREATE TABLE word (text TEXT UNIQUE);",))
for number in range(100):
    store.run_blocking(lambda c: c.execute("INSERT INTO word VALUES (?)", (f"{sys.argv[2]} {number}",)))
store.close_blocking()
"""


def test_processes_that_open_a_new_file_at_once_share_it(path: Path) -> None:
    command = [sys.executable, "-c", _WRITER, str(path)]
    writers = [subprocess.Popen([*command, name], cwd=Path(__file__).parents[2]) for name in "abcd"]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0, 0]
    store = make(path)
    assert len(store.run_blocking(words)) == 400
    store.close_blocking()


def test_a_store_opened_before_a_fork_is_refused_after_it(path: Path) -> None:
    store = make(path)
    store.run_blocking(add("ett"))
    child = os.fork()
    if child == 0:
        try:
            store.run_blocking(words)
        except StoreRefused:
            os._exit(7)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert store.run_blocking(words) == ["ett"]
    store.close_blocking()


def test_a_store_made_before_a_fork_serves_after_it(path: Path) -> None:
    store = make(path)
    child = os.fork()
    if child == 0:
        try:
            store.run_blocking(add("ett"))
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert store.run_blocking(words) == ["ett"]
    store.close_blocking()
