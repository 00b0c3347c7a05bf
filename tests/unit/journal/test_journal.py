"""The journal over a real file, and over files that are none."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.journal import backlog as module
from gateway.journal.journal import Journal
from gateway.model import Facts, Unavailable
from tests.unit.journal.test_record import FACTS, HANDLED, KEY, VERDICT

NOW = FACTS.occasion.received_at
DAYS = timedelta(days=30)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
async def journal(path: Path) -> AsyncIterator[Journal]:
    opened = Journal(path, key=KEY, retention=DAYS)
    yield opened
    await opened.close()


def facts(number: int, at: timedelta = timedelta(0)) -> Facts:
    return replace(FACTS, occasion=replace(FACTS.occasion, reference=f"REF{number}", received_at=NOW + at))


async def written(journal: Journal) -> None:
    await journal._backlog.settled()


def rows(path: Path, table: str = "records") -> list[tuple[str]]:
    with sqlite3.connect(path) as connection:
        found = connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - ours
    connection.close()
    return found


def names_in(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]


async def test_a_record_is_found_by_its_reference(journal: Journal) -> None:
    record = journal.append(FACTS, VERDICT, HANDLED)
    journal.append(facts(2), VERDICT, HANDLED)
    await written(journal)
    assert await journal.search("0A1B2C3D4E5F") == [record]
    assert await journal.search(" 0a1b2c3d4e5f\n") == [record]
    assert await journal.search("0A1B2C3D4E5") == []


async def test_appending_never_waits_for_the_disk(journal: Journal, path: Path) -> None:
    journal.append(FACTS, VERDICT, HANDLED)
    assert names_in(path.parent) == []
    await written(journal)
    assert len(rows(path)) == 1


async def test_many_records_are_written_in_few_commits(journal: Journal, path: Path) -> None:
    for number in range(1200):
        journal.append(facts(number), VERDICT, HANDLED)
    await written(journal)
    assert len(rows(path)) == 1200


async def test_what_waits_at_the_end_is_written(path: Path) -> None:
    journal = Journal(path, key=KEY, retention=DAYS)
    journal.append(FACTS, VERDICT, HANDLED)
    await journal.close()
    assert len(rows(path)) == 1


async def test_a_record_written_twice_is_kept_once(journal: Journal, path: Path) -> None:
    for _ in range(2):
        journal.append(FACTS, VERDICT, HANDLED)
        await written(journal)
    assert len(rows(path)) == 1


async def test_a_dead_journal_costs_nothing_but_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "QUEUE", 3)
    (tmp_path / "journal.db").mkdir()
    journal = Journal(tmp_path / "journal.db", key=KEY, retention=DAYS)
    lost: list[int] = []
    journal.on_drop = lost.append
    for number in range(5):
        journal.append(facts(number), VERDICT, HANDLED)
    await journal.close()
    assert sum(lost) == 5


async def test_records_wait_for_a_journal_that_gets_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FIRST_PAUSE", 0.01)
    path = tmp_path / "journal.db"
    path.mkdir()
    journal = Journal(path, key=KEY, retention=DAYS)
    lost: list[int] = []
    journal.on_drop = lost.append
    journal.append(FACTS, VERDICT, HANDLED)
    await asyncio.sleep(0.05)
    path.rmdir()
    await written(journal)
    assert [r.reference for r in await journal.search(FACTS.occasion.reference)] == [FACTS.occasion.reference]
    assert lost == []
    await journal.close()


async def test_records_go_when_their_time_is_up(journal: Journal, path: Path) -> None:
    for number in range(1100):
        journal.append(facts(number, at=-timedelta(days=31)), VERDICT, HANDLED)
    journal.append(facts(-1, at=-timedelta(days=29)), VERDICT, HANDLED)
    await written(journal)
    assert await journal.prune(NOW) == 1100
    assert await journal.prune(NOW) == 0
    assert len(rows(path)) == 1


async def test_what_went_is_in_no_file_any_more(journal: Journal, path: Path) -> None:
    journal.append(FACTS, VERDICT, HANDLED)
    await written(journal)
    await journal.prune(NOW + DAYS + timedelta(seconds=1))
    await journal.close()
    assert b"0A1B2C3D4E5F" not in b"".join(file.read_bytes() for file in path.parent.iterdir())


async def test_what_operators_do_is_kept_and_goes_in_time(journal: Journal) -> None:
    await asyncio.to_thread(journal.write_event, NOW, "observe", "mass_mailing")
    await asyncio.to_thread(journal.write_event, NOW + timedelta(days=2), "enforce", "mass_mailing")
    assert [(e.at, e.kind, e.text) for e in await journal.events(NOW)] == [
        (NOW, "observe", "mass_mailing"),
        (NOW + timedelta(days=2), "enforce", "mass_mailing"),
    ]
    await journal.prune(NOW + DAYS + timedelta(days=1))
    assert [e.kind for e in await journal.events(NOW)] == ["enforce"]


async def test_reading_a_dead_journal_says_so(tmp_path: Path) -> None:
    (tmp_path / "journal.db").write_bytes(b"no database" * 1000)
    journal = Journal(tmp_path / "journal.db", key=KEY, retention=DAYS)
    for attempt in (journal.search("X"), journal.events(NOW), journal.prune(NOW)):
        with pytest.raises(Unavailable) as raised:
            await attempt
        assert raised.value.what == "journal"
    with pytest.raises(Unavailable):
        await asyncio.to_thread(journal.write_event, NOW, "observe", "*")
    await journal.close()


async def test_several_processes_write_one_journal(journal: Journal, path: Path) -> None:
    other = Journal(path, key=KEY, retention=DAYS)
    for number in range(50):
        journal.append(facts(number), VERDICT, HANDLED)
        other.append(facts(100 + number), VERDICT, HANDLED)
    await asyncio.gather(written(journal), written(other))
    assert len(rows(path)) == 100
    await other.close()
