"""What is special about the ledger in a file; its contract is in tests/conformance."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from gateway.ledger import KeyMismatch, Outcome
from gateway.ledger.books import BookLedger
from gateway.ledger.keys import key_of, record_of
from gateway.ledger.sqlite import FILE, _Keeper, ledger_file, sqlite_ledger
from gateway.ledger.tables import MIGRATIONS
from gateway.model import Unavailable
from gateway.store import Store, StoreFile
from tests.support.claims import START, claim, deliver, persons

KEY = key_of(b"f" * 32, given=True)
OTHER = key_of(b"o" * 32, given=True)


def write(state: Path, sql: str, *values: object) -> None:
    with closing(sqlite3.connect(state / FILE, isolation_level=None)) as connection:
        connection.execute(sql, values)


def remove_all(folder: Path) -> None:
    for file in list(folder.iterdir()):
        file.unlink()


async def test_the_secret_of_a_key_file_is_not_in_the_ledger(tmp_path: Path) -> None:
    ledger = sqlite_ledger(tmp_path, KEY)
    await deliver(ledger, claim("a", persons(1, 3), "id:1"))
    await ledger.close()
    octets = (tmp_path / FILE).read_bytes()
    assert KEY.secret not in octets
    assert KEY.secret.hex().encode() not in octets


@pytest.mark.parametrize(("first", "second"), [(KEY, OTHER), (KEY, None), (None, KEY)])
async def test_another_key_is_refused(tmp_path: Path, first: object, second: object) -> None:
    ledger = sqlite_ledger(tmp_path, first)  # type: ignore[arg-type]
    await ledger.ping()
    await ledger.close()
    again = sqlite_ledger(tmp_path, second)  # type: ignore[arg-type]
    for act in (again.ping, lambda: again.reserve(claim("a", persons(1, 3)))):
        with pytest.raises(KeyMismatch):
            await act()
    await again.close()


async def test_a_key_replaced_under_our_hands_is_adopted(tmp_path: Path) -> None:
    ledger = sqlite_ledger(tmp_path)
    await ledger.ping()
    write(tmp_path, "UPDATE meta SET value = ?", record_of(key_of(b"n" * 32, given=False)))
    assert (await ledger.reserve(claim("a", persons(1, 3)))).outcome is Outcome.GRANTED
    await ledger.close()


async def test_a_file_removed_under_our_hands_is_begun_anew_with_the_same_key(tmp_path: Path) -> None:
    ledger = sqlite_ledger(tmp_path)
    reservation = await ledger.reserve(claim("a", persons(1, 60), "id:1"))
    remove_all(tmp_path)
    await ledger.commit(reservation, persons(1, 60), reservation.claim.at)
    second = await ledger.reserve(claim("b", persons(61, 101), "id:1"))
    await ledger.close()
    assert (second.outcome, second.usage.mailing) == (Outcome.OVER, reservation.usage.mailing)


async def test_a_stall_leaves_no_reservations_and_loses_no_commits(tmp_path: Path) -> None:
    """Once, what timed out was kept all the same: each claim had more to count, and one stall never ended."""
    store = Store(tmp_path / FILE, what="ledger", migrations=MIGRATIONS, deadline=0.3)
    ledger = BookLedger(_Keeper(store))
    accepted = await ledger.reserve(claim("a", persons(1, 10), "id:1"))
    begun, leave = threading.Event(), threading.Event()

    def hang(_: sqlite3.Connection) -> None:
        begun.set()
        leave.wait(30)

    stall = asyncio.create_task(store.run(hang))
    await asyncio.to_thread(begun.wait, 30)
    waiting = [ledger.reserve(claim(f"b{n}", persons(11, 20), "id:1")) for n in range(50)]
    ended = await asyncio.gather(
        ledger.commit(accepted, persons(1, 10), START), *waiting, stall, return_exceptions=True
    )
    leave.set()
    found = await ledger.reserve(claim("c", [], "id:1"))
    await ledger.close()
    assert [type(e) for e in ended[:-1]] == [Unavailable] * 51
    assert (found.usage.reached, found.usage.reserved) == (10, 0)


async def test_a_damaged_file_is_a_ledger_that_is_away(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no database at all, whatever its name may say" * 50)
    ledger = sqlite_ledger(tmp_path)
    with pytest.raises(Unavailable, match="ledger: the file is no database"):
        await ledger.reserve(claim("a", persons(1, 3)))
    (tmp_path / FILE).unlink()
    assert (await ledger.reserve(claim("a", persons(1, 3)))).outcome is Outcome.GRANTED
    await ledger.close()


async def test_a_full_disk_is_a_ledger_that_is_away(tmp_path: Path) -> None:
    ledger = sqlite_ledger(tmp_path)
    await ledger.ping()
    store = ledger._keeper._store  # type: ignore[attr-defined]
    pages = await store.run(lambda c: c.execute("PRAGMA page_count").fetchone()[0])
    await store.run(lambda c: c.execute(f"PRAGMA max_page_count = {pages}"))
    with pytest.raises(Unavailable, match="ledger: the disk is full"):
        await ledger.reserve(claim("a", persons(1, 2000), "id:1", limit=None))
    await store.run(lambda c: c.execute("PRAGMA max_page_count = 1000000"))
    granted = await ledger.reserve(claim("a", persons(1, 2000), "id:1", limit=None))
    assert (granted.usage.reserved, granted.usage.own) == (0, 2000)
    await ledger.close()


def test_a_bookkeeper_keeps_the_file_durably(tmp_path: Path) -> None:
    assert ledger_file(tmp_path) == StoreFile(
        path=tmp_path / FILE, what="ledger", migrations=MIGRATIONS, durable=True, patience=4.0
    )
