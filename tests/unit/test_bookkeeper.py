"""The process that keeps a store: answers find their callers, and its death costs only what was under way."""

from __future__ import annotations

import asyncio
import math
import os
import signal
import socket
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from gateway.bookkeeper import Bookkeeper, Crowd, Hub, KeptStore, Words, _frame
from gateway.store import StoreBroken, StoreBusy, StoreFile

SCHEMA = ("CREATE TABLE word (text TEXT UNIQUE);",)


def add(text: str, connection: sqlite3.Connection) -> int:
    connection.execute("INSERT INTO word (text) VALUES (?)", (text,))
    return int(connection.execute("SELECT count(*) FROM word").fetchone()[0])


def words(connection: sqlite3.Connection) -> list[str]:
    return [row[0] for row in connection.execute("SELECT text FROM word ORDER BY text")]


def refuse(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO word (text) VALUES ('undone')")
    raise LookupError("nothing")


def linger(connection: sqlite3.Connection) -> int:  # noqa: ARG001 - work is a function of the connection
    time.sleep(2)
    return os.getpid()


def unfinished(connection: sqlite3.Connection) -> object:
    return (row for row in connection.execute("SELECT 1"))


def process(connection: sqlite3.Connection) -> int:  # noqa: ARG001
    return os.getpid()


@dataclass
class House:
    """A hub, a file, and the processes that kept it."""

    hub: Hub
    file: StoreFile
    pids: list[int]
    words: Words = field(default_factory=dict)

    def start(self) -> int:
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                self.hub.workers.close()
                code = Bookkeeper(self.hub.keeper, self.file, self.words).run()
            finally:
                os._exit(code)
        self.pids.append(pid)
        return pid

    def kill(self) -> None:
        pid = self.pids.pop()
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    file = StoreFile(path=tmp_path / "state" / "test.db", what="test", migrations=SCHEMA, durable=True, patience=1)
    made = House(Hub.make(), file, [])
    yield made
    made.hub.close()
    while made.pids:
        made.kill()


async def test_work_is_kept_when_run_returns(house: House) -> None:
    house.start()
    store = KeptStore(house.hub.workers)
    assert await store.run(partial(add, "ett")) == 1
    with sqlite3.connect(house.file.path) as other:
        assert words(other) == ["ett"]
    await store.close()


async def test_many_workers_and_their_answers(house: House) -> None:
    house.start()
    stores = [KeptStore(house.hub.workers) for _ in range(4)]
    counts = await asyncio.gather(
        *(store.run(partial(add, f"{n}-{m}")) for n, store in enumerate(stores) for m in range(50))
    )
    assert sorted(counts) == list(range(1, 201))
    for store in stores:
        await store.close()


async def test_what_the_work_raises_reaches_its_caller_and_undoes_it_alone(house: House) -> None:
    house.start()
    store = KeptStore(house.hub.workers)
    results = await asyncio.gather(
        store.run(partial(add, "ett")), store.run(refuse), store.run(partial(add, "ett")), return_exceptions=True
    )
    assert results[0] == 1
    assert isinstance(results[1], LookupError)
    assert isinstance(results[2], StoreBroken)
    assert await store.run(words) == ["ett"]
    await store.close()


async def test_what_has_a_word_is_said_with_plain_values(house: House) -> None:
    house.words = {"add": add, "refuse": refuse}
    house.start()
    store = KeptStore(house.hub.workers)
    assert await store.run(("add", "ett")) == 1
    with pytest.raises(LookupError):
        await store.run(("refuse",))
    assert await store.run(words) == ["ett"]
    await store.close()


async def test_a_word_that_nobody_knows_costs_its_caller_alone(house: House) -> None:
    house.start()
    store = KeptStore(house.hub.workers)
    answers = await asyncio.gather(store.run(("fly",)), store.run(partial(add, "ett")), return_exceptions=True)
    assert isinstance(answers[0], KeyError)
    assert answers[1] == 1
    await store.close()


async def test_large_pieces_of_work_pass(house: House) -> None:
    house.start()
    store = KeptStore(house.hub.workers)
    text = "ö" * 3_000_000
    await store.run(partial(add, text))
    assert await store.run(words) == [text]
    await store.close()


async def test_an_answer_that_cannot_travel_is_an_error(house: House) -> None:
    house.start()
    store = KeptStore(house.hub.workers)
    with pytest.raises(StoreBusy, match="cannot travel"):
        await store.run(unfinished)
    assert await store.run(words) == []
    await store.close()


async def test_what_is_under_way_fails_when_it_dies_and_its_successor_is_found(house: House) -> None:
    first = house.start()
    store = KeptStore(house.hub.workers)
    assert await store.run(process) == first
    waiting = asyncio.create_task(store.run(linger))
    await asyncio.sleep(0.2)
    house.kill()
    with pytest.raises(StoreBusy, match="gone"):
        await waiting
    second = house.start()
    assert await store.run(process) == second
    await store.close()


async def test_a_call_waits_in_the_hub_for_a_successor(house: House) -> None:
    store = KeptStore(house.hub.workers)
    waiting = asyncio.create_task(store.run(process))
    await asyncio.sleep(0.1)
    pid = house.start()
    assert await waiting == pid
    await store.close()


async def test_patience_ends(house: House) -> None:
    store = KeptStore(house.hub.workers, deadline=0.1)
    with pytest.raises(StoreBusy, match="in time"):
        await store.run(words)
    await store.close()


async def test_work_whose_caller_has_given_up_is_not_kept(house: House) -> None:
    house.start()
    impatient, patient = KeptStore(house.hub.workers, deadline=0.3), KeptStore(house.hub.workers)
    blocking = asyncio.create_task(patient.run(linger))
    await asyncio.sleep(0.1)
    with pytest.raises(StoreBusy, match="in time"):
        await impatient.run(partial(add, "late"))
    with pytest.raises(StoreBusy, match="in time"):
        await impatient.run(partial(add, "concluded"), concluding=True)
    await blocking
    assert await patient.run(words) == ["concluded"]
    await impatient.close()
    await patient.close()


async def test_work_whose_caller_has_left_is_not_kept(house: House) -> None:
    """Once, what was to take it back went before it, since it concludes: persons were held whom nobody wrote to."""
    house.start()
    other, store = KeptStore(house.hub.workers), KeptStore(house.hub.workers)
    assert await store.run(words) == []
    blocking = asyncio.create_task(other.run(linger))
    await asyncio.sleep(0.1)
    leaving = asyncio.create_task(store.run(partial(add, "left")))
    staying = asyncio.create_task(store.run(partial(add, "stayed")))
    await asyncio.sleep(0.1)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    await store.run(partial(add, "concluded"), concluding=True)
    await asyncio.gather(blocking, staying)
    assert await store.run(words) == ["concluded", "stayed"]
    await other.close()
    await store.close()


async def test_rubbish_on_a_line_ends_that_line_alone(house: House) -> None:
    house.start()
    store = KeptStore(house.hub.workers)
    assert await store.run(words) == []
    ours, theirs = socket.socketpair()
    socket.send_fds(house.hub.workers, [b"L"], [theirs.fileno()])
    theirs.close()
    ours.sendall(b"\0\0\0\4abcd")
    assert await asyncio.to_thread(ours.recv, 1) == b""
    ours.close()
    assert await store.run(words) == []
    await store.close()


async def test_it_ends_when_everybody_has_let_go(house: House) -> None:
    pid = house.start()
    store = KeptStore(house.hub.workers)
    await store.run(partial(add, "ett"))
    os.kill(pid, signal.SIGTERM)
    assert await store.run(words) == ["ett"], "a worker that drains still needs it"
    house.hub.close()
    assert await store.run(words) == ["ett"]
    await store.close()
    _, status = await asyncio.to_thread(os.waitpid, pid, 0)
    house.pids.clear()
    assert os.waitstatus_to_exitcode(status) == 0


def test_it_ends_only_when_all_is_done_that_waits(house: House) -> None:
    """Once, what one transaction did not take in was lost when everybody had gone meanwhile."""
    ours, theirs = socket.socketpair()
    socket.send_fds(house.hub.workers, [b"L"], [theirs.fileno()])
    theirs.close()
    ours.sendall(b"".join(_frame((n, partial(add, f"{n:03}"), True, math.inf)) for n in range(200)))
    ours.close()
    pid = house.start()
    house.hub.close()
    house.pids.clear()
    os.waitpid(pid, 0)
    with sqlite3.connect(house.file.path) as other:
        assert len(words(other)) == 200


async def test_a_closed_store_takes_no_work(house: House) -> None:
    store = KeptStore(house.hub.workers)
    await store.close()
    with pytest.raises(StoreBusy, match="closed"):
        await store.run(words)


async def test_what_concludes_travels_with_what_hurries(house: House) -> None:
    house.start()
    store = KeptStore(house.hub.workers)
    await store.run(process)
    late = asyncio.create_task(store.run(partial(add, "late"), concluding=True))
    await asyncio.sleep(0)
    assert not late.done()
    assert await store.run(words) == ["late"]
    assert await late == 1
    await store.close()


async def test_what_concludes_waits_for_nothing_else(house: House) -> None:
    house.start()
    store = KeptStore(house.hub.workers)
    assert await store.run(partial(add, "alone"), concluding=True) == 1
    await store.close()


async def test_closing_sends_what_waits(house: House) -> None:
    house.start()
    store = KeptStore(house.hub.workers)
    await store.run(process)
    late = asyncio.create_task(store.run(partial(add, "last"), concluding=True))
    await asyncio.sleep(0)
    await store.close()
    assert await late == 1


async def test_it_interrupts_nobody(house: House) -> None:
    pid = house.start()
    store = KeptStore(house.hub.workers)
    assert await store.run(partial(add, "ett")) == 1
    assert os.sched_getscheduler(pid) == os.SCHED_BATCH
    await store.close()


async def test_it_serves_where_the_system_does_not_let_it_wait(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "sched_setscheduler", denied)
    house.start()
    store = KeptStore(house.hub.workers)
    assert await store.run(partial(add, "ett")) == 1
    await store.close()


def test_who_is_alone_or_one_of_two_never_waits_for_others() -> None:
    crowd = Crowd()
    for waiting in [1] * 40 + [2, 1] * 40:
        assert not crowd.worth_waiting(waiting)
        crowd.came(waiting)


def test_a_crowd_waits_for_as_many_as_came_and_now_and_then_for_one_more() -> None:
    crowd = Crowd()
    crowd.came(4)
    assert [crowd.worth_waiting(waiting) for waiting in (1, 4, 5)] == [True, True, False]
    crowd.came(4)  # the fifth did not come
    for _ in range(16):
        assert [crowd.worth_waiting(waiting) for waiting in (3, 4)] == [True, False]
        crowd.came(4)
    crowd.came(4)
    assert crowd.worth_waiting(4)


def test_a_crowd_that_is_gone_is_waited_for_once() -> None:
    crowd = Crowd()
    crowd.came(9)
    assert crowd.worth_waiting(1)
    crowd.came(1)
    assert not crowd.worth_waiting(1)
