"""The ledger in a SQLite file that all processes of one machine share."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final, Protocol, TypeVar

from gateway.bookkeeper import KeptStore
from gateway.ledger.books import BookLedger, Work
from gateway.ledger.keys import Key, KeyChanged, record_of
from gateway.ledger.tables import MIGRATIONS, SqliteBook
from gateway.model import Unavailable
from gateway.store import Connection, Store, StoreError, StoreFile

T = TypeVar("T")

FILE: Final = "ledger.sqlite"
_PATIENCE: Final = 4.0


def sqlite_ledger(directory: Path, key: Key | None = None) -> BookLedger:
    """Return the ledger in the state directory; opened at its first use, in the process that uses it."""
    return BookLedger(_Keeper(Store(directory / FILE, what="ledger", migrations=MIGRATIONS)), key)


def kept_ledger(hub: socket.socket, key: Key | None = None) -> BookLedger:
    """Return the ledger that the bookkeeper behind ``hub`` keeps."""
    return BookLedger(_Keeper(KeptStore(hub)), key)


def ledger_file(directory: Path) -> StoreFile:
    """Return the ledger's file in the state directory, for a bookkeeper."""
    return StoreFile(path=directory / FILE, what="ledger", migrations=MIGRATIONS, durable=True, patience=_PATIENCE)


class _Runner(Protocol):
    async def run(self, work: Callable[[sqlite3.Connection], T], *, concluding: bool = False) -> T: ...

    async def close(self) -> None: ...


class _Keeper:
    def __init__(self, store: _Runner) -> None:
        self._store = store

    async def agree(self, proposal: Key) -> str:
        try:
            return await self._store.run(partial(_agree, record_of(proposal)))
        except StoreError as error:
            raise Unavailable("ledger", error.why) from error

    async def transact(self, key: Key, work: Work[T], *, concluding: bool) -> T:
        try:
            return await self._store.run(partial(_transact, key.id, work), concluding=concluding)
        except StoreError as error:
            raise Unavailable("ledger", error.why) from error

    async def close(self) -> None:
        await self._store.close()


# --- work, as functions that can travel to another process ----------------------------------------


def _agree(record: str, connection: sqlite3.Connection) -> str:
    connection.execute("INSERT OR IGNORE INTO meta VALUES ('key', ?)", (record,))
    if isinstance(connection, Connection):
        connection.noted.clear()
    return _recorded(connection)


def _transact(key_id: str, work: Work[T], connection: sqlite3.Connection) -> T:
    """Do the work if the key is still the one; asked once in a transaction, since nobody else writes meanwhile."""
    noted = connection.noted if isinstance(connection, Connection) else {}
    if noted.get("key") != key_id:
        if not _recorded(connection).startswith(f"{key_id}:"):
            raise KeyChanged
        noted["key"] = key_id
    return work(SqliteBook(connection))


def _recorded(connection: sqlite3.Connection) -> str:
    row = connection.execute("SELECT value FROM meta WHERE name = 'key'").fetchone()
    return "" if row is None else str(row[0])
