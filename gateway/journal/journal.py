"""The journal's file: records written behind the message's back, found by reference, deleted when their time is up.

Mail never waits for it. Records queue in memory; a journal that cannot be written costs records, which are counted.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from gateway.journal.backlog import Backlog
from gateway.journal.record import Handled, Record, record_of
from gateway.model import Facts, Unavailable, Verdict
from gateway.store import Store, StoreError

T = TypeVar("T")

_BATCH: Final = 500
_BATCHES: Final = 20

_COLUMNS: Final = (
    "at, reference, front, sender, persons, direction, size, verdict, rules, observed, lifted, policy, code, enhanced, "
    "milliseconds"
)
_MIGRATIONS: Final = (
    """
    CREATE TABLE records (
        id INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        reference TEXT NOT NULL,
        front TEXT NOT NULL,
        sender TEXT NOT NULL,
        persons TEXT NOT NULL,
        direction TEXT NOT NULL,
        size TEXT NOT NULL,
        verdict TEXT NOT NULL,
        rules TEXT NOT NULL,
        observed TEXT NOT NULL,
        lifted TEXT NOT NULL,
        policy TEXT NOT NULL,
        code INTEGER NOT NULL,
        enhanced TEXT NOT NULL,
        milliseconds TEXT NOT NULL
    ) STRICT;
    CREATE INDEX records_at ON records (at);
    CREATE UNIQUE INDEX records_reference ON records (reference, at);
    CREATE TABLE events (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL) STRICT;
    CREATE INDEX events_at ON events (at);
    """,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that an operator did."""

    at: datetime
    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What happened in some time, counted."""

    days: Mapping[str, Mapping[str, int]]
    """Day (UTC, ISO 8601) → verdict → messages."""
    rules: Mapping[str, Mapping[str, int]]
    """Rule → ``consequence``, ``observed`` or ``lifted`` → messages."""
    persons: Mapping[str, int]
    """Range of persons → messages."""
    codes: Mapping[int, int]
    """Reply that the client got → messages."""


class Journal:
    """One file that all processes share. Only what waits for an answer raises ``Unavailable("journal", …)``."""

    def __init__(self, path: Path, *, key: bytes, retention: timedelta) -> None:
        """Remember the file; ``key`` makes the senders' pseudonyms."""
        self.on_drop: Callable[[int], None] = lambda _: None
        """Told how many records were lost."""
        self._key = key
        self._retention = retention
        self._store = Store(path, what="journal", migrations=_MIGRATIONS, durable=False)
        self._backlog = Backlog(self._write, self._dropped)

    # --- writing -------------------------------------------------------------------------------

    def append(self, facts: Facts, verdict: Verdict, handled: Handled) -> Record:
        """Note a message and return at once; needs a running event loop. Never raises for the journal's sake."""
        record = record_of(facts, verdict, handled, self._key)
        self._backlog.add(record)
        return record

    def _dropped(self, count: int) -> None:
        self.on_drop(count)

    async def _write(self, batch: Sequence[Record]) -> None:
        await self._run(partial(_insert, tuple(map(_row, batch))))

    def write_event(self, at: datetime, kind: str, text: str) -> None:
        """Note what an operator did, and wait for it; for commands. Raises Unavailable."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT INTO events (at, kind, text) VALUES (?, ?, ?)", (_ms(at), kind, text))

        try:
            self._store.run_blocking(work)
        except StoreError as error:
            raise Unavailable("journal", error.why) from None

    # --- reading and forgetting ----------------------------------------------------------------

    async def search(self, reference: str) -> list[Record]:
        """Return the records of a reference, oldest first: one, or one for each attempt."""
        statement = f"SELECT {_COLUMNS} FROM records WHERE reference = ? ORDER BY at, id"  # noqa: S608 - own names
        return await self._run(
            lambda connection: [_record(row) for row in connection.execute(statement, (reference.strip().upper(),))]
        )

    async def of_sender(self, name: str, since: datetime) -> list[Record]:
        """Return the records under a pseudonym, oldest first."""
        statement = f"SELECT {_COLUMNS} FROM records WHERE at >= ? AND sender = ? ORDER BY at, id"  # noqa: S608 - own names
        return await self._run(
            lambda connection: [_record(row) for row in connection.execute(statement, (_ms(since), name))]
        )

    async def tally(self, since: datetime) -> Tally:
        """Count what happened, without a word on single messages."""
        return await self._run(partial(_tally, _ms(since)))

    async def events(self, since: datetime) -> list[Event]:
        """Return what operators did, oldest first."""
        statement = "SELECT at, kind, text FROM events WHERE at >= ? ORDER BY at, id"
        return await self._run(
            lambda connection: [
                Event(at=_time(at), kind=kind, text=text)
                for at, kind, text in connection.execute(statement, (_ms(since),))
            ]
        )

    async def prune(self, now: datetime) -> int:
        """Delete what is past its time, in small batches so that nobody waits long; return how much went."""
        deleted = 0
        for table in ("records", "events"):
            work = partial(_delete_batch, table, _ms(now - self._retention))
            for _ in range(_BATCHES):
                count = await self._run(work)
                deleted += count
                if count < _BATCH:
                    break
        return deleted

    async def close(self) -> None:
        """Write what waits, once, and let go of the file."""
        await self._backlog.close()
        await self._store.close()

    def close_blocking(self) -> None:
        """Do as ``close`` does, for commands."""
        self._store.close_blocking()

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return await self._store.run(work)
        except StoreError as error:
            raise Unavailable("journal", error.why) from None


def _insert(rows: Sequence[tuple[str | int, ...]], connection: sqlite3.Connection) -> None:
    """Write records; one that is there already, since its writer was not told in time, stays alone."""
    marks = ", ".join("?" * len(_COLUMNS.split(", ")))
    connection.executemany(f"INSERT OR IGNORE INTO records ({_COLUMNS}) VALUES ({marks})", rows)  # noqa: S608 - own names


def _tally(since: int, connection: sqlite3.Connection) -> Tally:
    def counted(what: str, source: str = "records") -> list[tuple[Any, ...]]:
        statement = f"SELECT {what}, count(*) FROM {source} WHERE at >= ? GROUP BY {what} ORDER BY {what}"  # noqa: S608
        return connection.execute(statement, (since,)).fetchall()

    days: dict[str, dict[str, int]] = {}
    for day, verdict, count in counted("date(at / 1000, 'unixepoch'), verdict"):
        days.setdefault(day, {})[verdict] = count
    rules: dict[str, dict[str, int]] = {}
    for kind, column in (("consequence", "rules"), ("observed", "observed"), ("lifted", "lifted")):
        for value, count in counted("value", f"records, json_each(records.{column})"):
            of_rule = rules.setdefault(value.partition("=")[0], {})
            of_rule[kind] = of_rule.get(kind, 0) + count
    return Tally(days=days, rules=rules, persons=dict(counted("persons")), codes=dict(counted("code")))


def _delete_batch(table: str, before: int, connection: sqlite3.Connection) -> int:
    statement = f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE at < ? LIMIT {_BATCH})"  # noqa: S608
    return connection.execute(statement, (before,)).rowcount


def _row(record: Record) -> tuple[str | int, ...]:
    return (
        _ms(record.at),
        record.reference,
        record.front,
        record.sender,
        record.persons,
        record.direction,
        record.size,
        record.verdict,
        json.dumps(record.rules) if record.rules else "[]",
        json.dumps(record.observed) if record.observed else "[]",
        json.dumps(record.lifted) if record.lifted else "[]",
        record.policy,
        record.code,
        record.enhanced,
        "{" + ", ".join([f'"{stage}": {spent}' for stage, spent in record.milliseconds.items()]) + "}",
    )


def _record(row: tuple[int, str, str, str, str, str, str, str, str, str, str, str, int, str, str]) -> Record:
    at, reference, front, sender, persons, direction, size, verdict, rules, observed, lifted, policy, code = row[:13]
    return Record(
        at=_time(at),
        reference=reference,
        front=front,
        sender=sender,
        persons=persons,
        direction=direction,
        size=size,
        verdict=verdict,
        rules=tuple(json.loads(rules)),
        observed=tuple(json.loads(observed)),
        lifted=tuple(json.loads(lifted)),
        policy=policy,
        code=code,
        enhanced=row[13],
        milliseconds=json.loads(row[14]),
    )


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
