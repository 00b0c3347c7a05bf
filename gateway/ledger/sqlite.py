"""The ledger in a SQLite file that all processes of one machine share."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from gateway.ledger.books import BookLedger, Work
from gateway.ledger.keys import Key, KeyChanged, record_of
from gateway.ledger.tables import MIGRATIONS, SqliteBook
from gateway.model import Unavailable
from gateway.store import Store, StoreError

T = TypeVar("T")

FILE: Final = "ledger.sqlite"


def sqlite_ledger(directory: Path, key: Key | None = None) -> BookLedger:
    """Return the ledger in the state directory; opened at its first use, in the process that uses it."""
    return BookLedger(_Keeper(Store(directory / FILE, what="ledger", migrations=MIGRATIONS)), key)


class _Keeper:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def agree(self, proposal: Key) -> str:
        def work(connection: sqlite3.Connection) -> str:
            connection.execute("INSERT OR IGNORE INTO meta VALUES ('key', ?)", (record_of(proposal),))
            return _recorded(connection)

        return await self._run(work)

    async def transact(self, key: Key, work: Work[T], *, concluding: bool) -> T:
        def checked(connection: sqlite3.Connection) -> T:
            if not _recorded(connection).startswith(f"{key.id}:"):
                raise KeyChanged
            return work(SqliteBook(connection))

        return await self._run(checked, concluding=concluding)

    async def _run(self, work: Callable[[sqlite3.Connection], T], *, concluding: bool = False) -> T:
        try:
            return await self._store.run(work, concluding=concluding)
        except StoreError as error:
            raise Unavailable("ledger", error.why) from error

    async def close(self) -> None:
        await self._store.close()


def _recorded(connection: sqlite3.Connection) -> str:
    row = connection.execute("SELECT value FROM meta WHERE name = 'key'").fetchone()
    return "" if row is None else str(row[0])
