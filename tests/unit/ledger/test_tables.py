"""The tables: what is looked up is found through an index, and sweeping takes small bites."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest

from gateway.ledger.claiming import settle, take
from gateway.ledger.keys import KeyedClaim, key_of, keyed, keyed_permit
from gateway.ledger.tables import MIGRATIONS, SLACK, SqliteBook
from tests.support.claims import START, WINDOW, claim, like, permit, persons

KEY = key_of(b"k" * 32, given=False)
SECOND = timedelta(seconds=1)
GROWING = ("mailing", "mark", "content", "reached")


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as opened:
        opened.executescript(MIGRATIONS[0])
        yield opened


def play(book: SqliteBook, messages: int) -> int:
    """Deliver messages of 20 persons each; return the time when all of it has expired."""
    for number in range(messages):
        wish = keyed(claim(f"a{number}", persons(1, 20), f"id:{number}", fingerprint=like(number % 3 / 3)), KEY)
        settle(book, wish, take(book, wish).mailing)
    return keyed(claim("z", [], at=START + 3 * WINDOW), KEY).at


def test_no_statement_of_a_message_or_a_sweep_reads_a_growing_table_through(connection: sqlite3.Connection) -> None:
    statements: set[str] = set()
    connection.set_trace_callback(statements.add)
    book = SqliteBook(connection)
    late = play(book, 10)
    wish = keyed(claim("b", persons(1, 120), "id:1"), KEY)
    take(book, wish)
    book.sweep(late, 100)
    connection.set_trace_callback(None)

    plans = {s: connection.execute(f"EXPLAIN QUERY PLAN {s}").fetchall() for s in statements}
    steps = [(statement, row[3]) for statement, plan in plans.items() for row in plan]
    assert len(plans) > 15
    assert [(s, step) for s, step in steps if step.startswith("SCAN") and step.split()[1] in GROWING] == []


def test_sweeping_is_done_in_bites(connection: sqlite3.Connection) -> None:
    book = SqliteBook(connection)
    late = play(book, 100)
    bites = []
    while bite := book.sweep(late, 50):
        bites.append(bite)
    assert max(bites) <= 50
    for table in ("mailing", "mark", "content", "reached", "charged", "reservation", "permit"):
        rows = connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - names from this very line
        assert rows == [], table


def test_sweeping_leaves_no_charges_behind(connection: sqlite3.Connection) -> None:
    book = SqliteBook(connection)
    book.grant(keyed_permit(permit(50), KEY))
    late = play(book, 3)
    assert connection.execute("SELECT count(*) FROM charged").fetchone()[0] > 0
    while book.sweep(late, 50):
        pass
    assert connection.execute("SELECT count(*) FROM charged").fetchone()[0] == 0


def test_expired_persons_of_a_living_mailing_are_deleted_when_it_is_looked_at(connection: sqlite3.Connection) -> None:
    book = SqliteBook(connection)
    first = keyed(claim("a", persons(1, 20), "id:1"), KEY)
    settle(book, first, take(book, first).mailing)
    later = keyed(claim("b", persons(21, 25), "id:1", at=START + WINDOW), KEY)
    settle(book, later, take(book, later).mailing)
    assert connection.execute("SELECT count(*) FROM reached").fetchone()[0] == 5


def kept(connection: sqlite3.Connection) -> dict[str, int]:
    """Return how many rows each table holds, of those that hold any."""
    tables = ("mailing", "mark", "content", "reached", "charged", "reservation", "permit")
    counts = {t: connection.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in tables}  # noqa: S608
    return {table: count for table, count in counts.items() if count}


def test_nobody_of_a_forgotten_mailing_is_left(connection: sqlite3.Connection) -> None:
    book = SqliteBook(connection)
    book.grant(keyed_permit(permit(50), KEY))
    first = keyed(claim("a", persons(1, 20), "id:1"), KEY)
    settle(book, first, take(book, first).mailing)
    held = take(book, keyed(claim("b", persons(21, 30), "id:1"), KEY))
    assert kept(connection) == {"mailing": 1, "mark": 1, "reached": 20, "charged": 20, "reservation": 1, "permit": 1}
    assert book.forget(held.mailing)
    assert kept(connection) == {"mark": 1, "permit": 1}


def test_persons_of_mailings_that_become_one_are_kept_once(connection: sqlite3.Connection) -> None:
    book = SqliteBook(connection)
    book.grant(keyed_permit(permit(50), KEY))
    for attempt, last, *identities in (("a", 20, "id:1"), ("b", 30, "id:2"), ("c", 30, "id:1", "id:2")):
        wish = keyed(claim(attempt, persons(1, last), *identities), KEY)
        settle(book, wish, take(book, wish).mailing)
    assert kept(connection)["reached"] == kept(connection)["charged"] == 30


def test_reservations_and_permits_are_swept_with_the_rest(connection: sqlite3.Connection) -> None:
    book = SqliteBook(connection)
    book.grant(keyed_permit(permit(50), KEY))
    take(book, keyed(claim("a", persons(1, 20), "id:1", fingerprint=like(1.0)), KEY))
    late = keyed(claim("z", [], at=START + 3 * WINDOW), KEY).at
    assert book.sweep(late, 2) == 2
    assert kept(connection) == {"mailing": 1, "mark": 2, "content": 1}
    assert book.sweep(late, 50) == 4
    assert kept(connection) == {}


def same_again(*seconds: int) -> list[KeyedClaim]:
    """Return claims of one mailing, each so many seconds after the start."""
    content = like(1)
    return [keyed(claim(f"a{s}", [f"p{s}"], "id:1", fingerprint=content, at=START + s * SECOND), KEY) for s in seconds]


def tied(connection: sqlite3.Connection) -> list[object]:
    return [connection.execute(f"SELECT * FROM {t} ORDER BY 1").fetchall() for t in ("mark", "content")]  # noqa: S608


def test_what_ties_a_mailing_together_is_not_written_for_each_of_many_messages(connection: sqlite3.Connection) -> None:
    book = SqliteBook(connection)
    first, second, third = same_again(0, 1, 60)
    mailing = take(book, first).mailing
    settle(book, second, take(book, second).mailing)
    before, changes = tied(connection), connection.total_changes
    assert take(book, third).mailing == mailing
    assert connection.total_changes - changes == 2  # the reservation, and when the mailing was last spoken of
    settle(book, third, mailing)
    assert connection.total_changes - changes == 5  # it goes, a person is reached, the mailing has a last time
    assert tied(connection) == before


def test_what_ties_a_mailing_together_is_written_anew_before_its_time(connection: sqlite3.Connection) -> None:
    book = SqliteBook(connection)
    for wish in same_again(0, 1, 61, 62, 122, 123):
        take(book, wish)
        for table in ("mark", "content"):
            (until,) = connection.execute(f"SELECT min(until) FROM {table}").fetchone()  # noqa: S608
            assert wish.tied_until <= until <= wish.tied_until + SLACK


def test_a_mailing_of_a_short_window_outlives_the_persons_that_it_holds(connection: sqlite3.Connection) -> None:
    book, terms = SqliteBook(connection), {"window": 25 * SECOND, "hold": 20 * SECOND}
    first = keyed(claim("a", ["p1"], "id:1", **terms), KEY)
    mailing = take(book, first).mailing
    book.unhold(first.attempt, first.at)
    second = keyed(claim("b", persons(1, 60), "id:1", at=START + 40 * SECOND, **terms), KEY)
    take(book, second)
    book.sweep(second.at + 6000, 50)
    settle(book, second.moved(START + 50 * SECOND), mailing)
    third = keyed(claim("c", persons(61, 120), "id:1", at=START + 52 * SECOND, **terms), KEY)
    assert take(book, third).found.reached == 60


def test_what_a_clock_that_was_ahead_has_tied_is_tied_for_the_usual_time_again(connection: sqlite3.Connection) -> None:
    book, day = SqliteBook(connection), 24 * 3600
    for wish in same_again(0, 30 * day, 60):
        take(book, wish)
    for table in ("mark", "content"):
        (until,) = connection.execute(f"SELECT max(until) FROM {table}").fetchone()  # noqa: S608
        assert until == wish.tied_until + SLACK
