"""Letters that wait: written before the relay's final dot, released by its reply, claimed by one courier at a time.

A letter is *pending* until the fate of its message is known, then *ready* until it is delivered or given up, then
erased. What repeats a letter told lately is left out; what exceeds a reader's daily ration is *held* for a digest.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import secrets
import sqlite3
from collections.abc import Callable, Collection
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar

from gateway.letters.items import (
    DueDigest,
    Fate,
    Item,
    OutboxTerms,
    Waiting,
    item_of,
    ms,
    span_ms,
    time_of,
    waiting_of,
)
from gateway.letters.letter import Held, Letter, LetterKind
from gateway.letters.owner import is_gone, this_process
from gateway.model import Unavailable
from gateway.store import Store, StoreError

T = TypeVar("T")

_MIGRATIONS: Final = (
    """
    CREATE TABLE letters (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        state TEXT NOT NULL CHECK (state IN ('pending', 'ready')),
        owner TEXT NOT NULL,
        kind TEXT NOT NULL,
        recipient TEXT NOT NULL,
        reader BLOB NOT NULL,
        message_id TEXT NOT NULL,
        reference TEXT NOT NULL,
        rules TEXT NOT NULL,
        delivered INTEGER NOT NULL,
        topics TEXT NOT NULL,
        octets BLOB NOT NULL,
        written_at INTEGER NOT NULL,
        due_at INTEGER NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        lease TEXT NOT NULL DEFAULT '',
        leased_until INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX letters_due ON letters (state, due_at);
    CREATE TABLE told (topic BLOB PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE rations (reader BLOB NOT NULL, at INTEGER NOT NULL) STRICT;
    CREATE INDEX rations_reader ON rations (reader, at);
    CREATE TABLE held (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        recipient TEXT NOT NULL,
        reference TEXT NOT NULL,
        at INTEGER NOT NULL,
        delivered INTEGER NOT NULL,
        rules TEXT NOT NULL
    ) STRICT;
    CREATE INDEX held_at ON held (at);
    """,
)
_DAY: Final = timedelta(days=1)
_AHEAD: Final = timedelta(days=1)
"""A time further in the future than this was written by a clock that has been set back since: it is not waited for."""


class Outbox:
    """The letters of one machine, in one file that all its processes share; each call is durable when it returns.

    Every method raises ``Unavailable("outbox", …)`` when the file cannot be used.
    """

    def __init__(self, path: Path, *, key: bytes, terms: OutboxTerms | None = None) -> None:
        """Remember the file; ``key`` hides whom told topics concern."""
        self._path = path
        self._key = key
        self._terms = terms or OutboxTerms()
        self._store = Store(path, what="outbox", migrations=_MIGRATIONS)

    # --- writing -------------------------------------------------------------------------------

    async def put_pending(self, letter: Letter) -> int | None:
        """Keep a letter until the fate of its message is known; None when its reader was told the same lately."""

        def work(connection: sqlite3.Connection) -> int | None:
            topics = [self._hidden("topic", letter.recipient, topic) for topic in letter.topics]
            if self._all_told(connection, topics, ms(letter.written_at), letter.kind.value):
                return None
            return self._insert(connection, letter, "pending")

        return await self._run(work)

    async def put(self, letter: Letter) -> Fate:
        """Keep a letter that may go at once."""

        def work(connection: sqlite3.Connection) -> Fate:
            return self._admit(connection, self._insert(connection, letter, "pending"))

        return await self._run(work)

    async def release(self, letter_id: int) -> Fate:
        """Let a pending letter go: its message was delivered."""
        return await self._run(lambda connection: self._admit(connection, letter_id))

    async def drop(self, letter_id: int) -> bool:
        """Erase a letter, pending or ready: its message was not delivered after all, or an operator says so."""

        def work(connection: sqlite3.Connection) -> bool:
            return connection.execute("DELETE FROM letters WHERE id = ?", (letter_id,)).rowcount > 0

        return await self._run(work)

    async def forget_pendings(self, now: datetime) -> int:
        """Drop pending letters whose process has ended, and those older than ``terms.unknown``; return how many.

        Whether their messages were delivered nobody knows: a warning too few beats a false one.
        """

        def work(connection: sqlite3.Connection) -> int:
            owners = [o for (o,) in connection.execute("SELECT DISTINCT owner FROM letters WHERE state = 'pending'")]
            gone = 0
            for owner in filter(is_gone, owners):
                statement = "DELETE FROM letters WHERE state = 'pending' AND owner = ?"
                gone += connection.execute(statement, (owner,)).rowcount
            statement = "DELETE FROM letters WHERE state = 'pending' AND (written_at < ? OR written_at > ?)"
            span = (ms(now - self._terms.unknown), ms(now + _AHEAD))
            return gone + connection.execute(statement, span).rowcount

        return await self._run(work)

    def _insert(self, connection: sqlite3.Connection, letter: Letter, state: str) -> int:
        at = ms(letter.written_at)
        row = {
            "state": state,
            "owner": this_process(),
            "kind": letter.kind.value,
            "recipient": letter.recipient,
            "reader": self._hidden("reader", letter.recipient),
            "message_id": letter.message_id,
            "reference": letter.reference,
            "rules": " ".join(letter.rules),
            "delivered": letter.delivered,
            "topics": json.dumps([self._hidden("topic", letter.recipient, t).hex() for t in letter.topics]),
            "octets": letter.octets,
            "written_at": at,
            "due_at": at,
        }
        names = ", ".join(row)
        marks = ", ".join(f":{name}" for name in row)
        inserted = connection.execute(f"INSERT INTO letters ({names}) VALUES ({marks})", row)  # noqa: S608 - own names
        return int(inserted.lastrowid or 0)

    def _admit(self, connection: sqlite3.Connection, letter_id: int) -> Fate:
        """Decide whether a pending letter goes, repeats another, or is too many."""
        statement = (
            "SELECT reader, topics, written_at, kind, recipient, rules FROM letters WHERE id = ? AND state = 'pending'"
        )
        row = connection.execute(statement, (letter_id,)).fetchone()
        if row is None:
            return Fate.GONE
        reader, at = row[0], row[2]
        topics = [bytes.fromhex(t) for t in json.loads(row[1])]
        if self._all_told(connection, topics, at, row[3]):
            connection.execute("DELETE FROM letters WHERE id = ?", (letter_id,))
            return Fate.REPEATED
        connection.executemany("INSERT OR REPLACE INTO told VALUES (?, ?)", [(topic, at) for topic in topics])
        about = self._hidden("about", row[4], row[5]) if row[5] else reader
        too_many = self._rations(connection, reader, at) >= self._terms.daily
        if topics and (too_many or (row[5] and self._rations(connection, about, at) >= self._terms.per_rule)):
            _hold(connection, letter_id)
            return Fate.HELD
        if topics:
            counted = {reader, about}
            connection.executemany("INSERT INTO rations VALUES (?, ?)", [(one, at) for one in counted])
        connection.execute("UPDATE letters SET state = 'ready' WHERE id = ?", (letter_id,))
        return Fate.READY

    def _all_told(self, connection: sqlite3.Connection, topics: Collection[bytes], at: int, kind: str) -> bool:
        span = self._terms.advice if kind == LetterKind.ADVICE.value else self._terms.repeat
        since, until = at - span_ms(span), at + span_ms(_AHEAD)
        statement = "SELECT 1 FROM told WHERE topic = ? AND at > ? AND at < ?"
        told = [connection.execute(statement, (topic, since, until)).fetchone() for topic in topics]
        return bool(told) and all(told)

    def _rations(self, connection: sqlite3.Connection, reader: bytes, at: int) -> int:
        statement = "SELECT count(*) FROM rations WHERE reader = ? AND at > ? AND at < ?"
        span = (reader, at - span_ms(_DAY), at + span_ms(_AHEAD))
        return int(connection.execute(statement, span).fetchone()[0])

    def _hidden(self, *words: str) -> bytes:
        return hmac.digest(self._key, "\0".join(words).casefold().encode("utf-8", "surrogateescape"), hashlib.sha256)

    # --- carrying out --------------------------------------------------------------------------

    async def claim(self, now: datetime, limit: int = 16) -> list[Item]:
        """Return letters that are due, longest waiting first; nobody else gets them until the lease ends."""
        lease = secrets.token_hex(8)
        facts = {
            "lease": lease,
            "now": ms(now),
            "until": ms(now + self._terms.lease),
            "ahead": ms(now + _AHEAD),
            "limit": limit,
        }
        statement = """
            UPDATE letters SET lease = :lease, leased_until = :until WHERE id IN (
                SELECT id FROM letters
                WHERE state = 'ready'
                    AND (due_at <= :now OR due_at > :ahead) AND (leased_until <= :now OR leased_until > :ahead)
                ORDER BY due_at, id LIMIT :limit)
            RETURNING id, kind, recipient, message_id, reference, octets, written_at, attempts
        """

        def work(connection: sqlite3.Connection) -> list[Item]:
            return sorted((item_of(lease, row) for row in connection.execute(statement, facts)), key=lambda i: i.id)

        return await self._run(work)

    async def sent(self, item: Item) -> None:
        """Erase a letter that was delivered."""
        await self._run(lambda connection: connection.execute("DELETE FROM letters WHERE id = ?", (item.id,)))

    async def failed(self, item: Item, retry_at: datetime | None) -> None:
        """Put a letter back until ``retry_at``, or erase it: None gives it up. Nothing if the lease was lost."""

        def work(connection: sqlite3.Connection) -> None:
            if retry_at is None:
                connection.execute("DELETE FROM letters WHERE id = ? AND lease = ?", (item.id, item.lease))
                return
            connection.execute(
                "UPDATE letters SET due_at = ?, attempts = attempts + 1, lease = '', leased_until = 0 "
                "WHERE id = ? AND lease = ?",
                (ms(retry_at), item.id, item.lease),
            )

        await self._run(work)

    async def due_digests(self, now: datetime, limit: int = 16) -> list[DueDigest]:
        """Return what readers were not told yet and should be now."""

        def work(connection: sqlite3.Connection) -> list[DueDigest]:
            statement = "SELECT DISTINCT recipient FROM held WHERE at <= ? LIMIT ?"
            due = connection.execute(statement, (ms(now - self._terms.digest_after), limit)).fetchall()
            return [_digest(connection, recipient) for (recipient,) in due]

        return await self._run(work)

    async def put_digest(self, letter: Letter, due: DueDigest) -> bool:
        """Exchange what was held for the letter that tells it; False when another process was faster."""

        def work(connection: sqlite3.Connection) -> bool:
            marks = ", ".join("?" * len(due.ids))
            deleted = connection.execute(f"DELETE FROM held WHERE id IN ({marks})", due.ids).rowcount  # noqa: S608
            if deleted:
                self._insert(connection, letter, "ready")
            return deleted > 0

        return await self._run(work)

    # --- looking after -------------------------------------------------------------------------

    async def depth(self) -> int:
        """Return how many letters wait to be delivered."""
        statement = "SELECT count(*) FROM letters WHERE state = 'ready'"
        return await self._run(lambda connection: int(connection.execute(statement).fetchone()[0]))

    async def oldest(self) -> datetime | None:
        """Return when the letter that has waited longest was written; None when none waits."""
        statement = "SELECT min(written_at) FROM letters WHERE state = 'ready'"
        at = await self._run(lambda connection: connection.execute(statement).fetchone()[0])
        return None if at is None else time_of(at)

    async def waiting(self) -> list[Waiting]:
        """List all letters, oldest first."""
        statement = (
            "SELECT id, state, kind, recipient, reference, written_at, due_at, attempts "
            "FROM letters ORDER BY written_at, id"
        )
        return await self._run(lambda connection: [waiting_of(row) for row in connection.execute(statement)])

    async def retry(self, now: datetime, letter_id: int | None = None) -> int:
        """Make one ready letter, or all, due now; return how many."""
        statement = (
            "UPDATE letters SET due_at = :now, lease = '', leased_until = 0 "
            "WHERE state = 'ready' AND (:id IS NULL OR id = :id)"
        )
        facts = {"now": ms(now), "id": letter_id}
        return await self._run(lambda connection: connection.execute(statement, facts).rowcount)

    async def tidy(self, now: datetime) -> None:
        """Forget what no longer matters: told topics, rations, pendings of unknown fate; then ``erase``."""

        def work(connection: sqlite3.Connection) -> None:
            told = max(self._terms.repeat, self._terms.advice)
            for table, span in (("told", told), ("rations", _DAY)):
                statement = f"DELETE FROM {table} WHERE at < ? OR at > ?"  # noqa: S608 - own names
                connection.execute(statement, (ms(now - span), ms(now + _AHEAD)))

        await self._run(work)
        await self.forget_pendings(now)
        await self.erase()

    async def erase(self) -> bool:
        """Take deleted letters out of the write-ahead log too; False when others use the file just now."""
        try:
            return await asyncio.to_thread(_checkpoint, self._path)
        except (sqlite3.Error, OSError) as error:
            raise Unavailable("outbox", type(error).__name__) from None

    async def close(self) -> None:
        """Let go of the file."""
        await self._store.close()

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return await self._store.run(work)
        except StoreError as error:
            raise Unavailable("outbox", error.why) from None


def _hold(connection: sqlite3.Connection, letter_id: int) -> None:
    columns = "recipient, reference, written_at, delivered, rules"
    connection.execute(
        f"INSERT INTO held (recipient, reference, at, delivered, rules) SELECT {columns} FROM letters WHERE id = ?",  # noqa: S608
        (letter_id,),
    )
    connection.execute("DELETE FROM letters WHERE id = ?", (letter_id,))


def _digest(connection: sqlite3.Connection, recipient: str) -> DueDigest:
    statement = "SELECT id, reference, at, delivered, rules FROM held WHERE recipient = ? ORDER BY at, id LIMIT 500"
    rows = connection.execute(statement, (recipient,)).fetchall()
    held = tuple(
        Held(reference=row[1], at=time_of(row[2]), delivered=bool(row[3]), rules=tuple(row[4].split())) for row in rows
    )
    return DueDigest(recipient=recipient, held=held, ids=tuple(row[0] for row in rows))


def _checkpoint(path: Path) -> bool:
    """Copy the log into the file and cut it to nothing; a connection of its own, since no transaction may be open."""
    with closing(sqlite3.connect(path, timeout=1.0, isolation_level=None)) as connection:
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy
