"""The ledger in a SQLite file that all processes of one machine share."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from gateway.bookkeeper import KeptStore, Words
from gateway.ledger.books import BookLedger, Work, drop_attempt, settle_claim, take_claim
from gateway.ledger.keys import Key, KeyChanged, KeyedClaim, record_of
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
    return BookLedger(_Caller(KeptStore(hub)), key)


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
            return await self._run(key.id, work, concluding=concluding)
        except StoreError as error:
            raise Unavailable("ledger", error.why) from error

    async def _run(self, key_id: str, work: Work[T], *, concluding: bool) -> T:
        return await self._store.run(partial(_transact, key_id, work), concluding=concluding)

    async def close(self) -> None:
        await self._store.close()


class _Caller(_Keeper):
    """Has words for what is done to every message."""

    def __init__(self, store: KeptStore) -> None:
        super().__init__(store)
        self._kept = store

    async def _run(self, key_id: str, work: Work[T], *, concluding: bool) -> T:
        word = _NAMES.get(work.func) if isinstance(work, partial) else None
        if word is None or not isinstance(work, partial):
            return await super()._run(key_id, work, concluding=concluding)
        values = [one.values() if isinstance(one, KeyedClaim) else one for one in work.args]
        found: T = await self._kept.run((word, key_id, *values), concluding=concluding)
        return found


# --- work, as functions and words that can travel to another process ------------------------------

_FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {"take": take_claim, "settle": settle_claim, "drop": drop_attempt}
_NAMES: Final[dict[Callable[..., Any], str]] = {function: word for word, function in _FUNCTIONS.items()}


def _said(function: Callable[..., Any], key_id: str, *values_and_connection: Any) -> Any:
    *values, connection = values_and_connection
    whole = [KeyedClaim(*one) if isinstance(one, tuple) else one for one in values]
    return _transact(key_id, partial(function, *whole), connection)


WORDS: Final[Words] = {word: partial(_said, function) for word, function in _FUNCTIONS.items()}
"""What a bookkeeper of a ledger's file must understand."""


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
