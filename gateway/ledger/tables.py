"""Mailings, persons and permits in the tables of a SQLite file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from gateway.ledger import MailingSummary, Permit
from gateway.ledger.counting import RECALLED, Allowance, allowance_of, count
from gateway.ledger.keys import KeyedClaim, KeyedPermit, mailing_text, moment, plain_permit, sender_text

MIGRATIONS: Final = (
    """
    CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

    -- became: the mailing that this one turned out to be a part of.
    CREATE TABLE mailing (
        id INTEGER PRIMARY KEY, sender INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
        until INTEGER NOT NULL, announced INTEGER NOT NULL DEFAULT 0, became INTEGER
    );
    CREATE INDEX mailing_until ON mailing (until);

    CREATE TABLE mark (id INTEGER PRIMARY KEY, mailing INTEGER NOT NULL, until INTEGER NOT NULL);
    CREATE INDEX mark_until ON mark (until);

    CREATE TABLE content (
        sender INTEGER NOT NULL, minima BLOB NOT NULL, mailing INTEGER NOT NULL, until INTEGER NOT NULL,
        PRIMARY KEY (sender, minima)
    ) WITHOUT ROWID;
    CREATE INDEX content_latest ON content (sender, until);
    CREATE INDEX content_until ON content (until);

    CREATE TABLE reached (
        mailing INTEGER NOT NULL, person INTEGER NOT NULL, weight INTEGER NOT NULL, until INTEGER NOT NULL,
        PRIMARY KEY (mailing, person)
    ) WITHOUT ROWID;

    -- Whom a mailing reached for the first time while its sender had a permit.
    CREATE TABLE charged (
        mailing INTEGER NOT NULL, person INTEGER NOT NULL, weight INTEGER NOT NULL, first INTEGER NOT NULL,
        PRIMARY KEY (mailing, person)
    ) WITHOUT ROWID;

    -- persons: JSON, person to weight.
    CREATE TABLE reservation (
        attempt INTEGER PRIMARY KEY, mailing INTEGER NOT NULL, until INTEGER NOT NULL, permit TEXT,
        persons TEXT NOT NULL
    );
    CREATE INDEX reservation_mailing ON reservation (mailing);

    CREATE TABLE permit (
        id TEXT PRIMARY KEY, sender INTEGER NOT NULL, mailing INTEGER, persons INTEGER NOT NULL,
        until INTEGER NOT NULL, since INTEGER
    ) WITHOUT ROWID;
    """,
)


class SqliteBook:
    """``claiming.Book`` in tables; sets of more than ``FEW`` travel as JSON."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Work in the connection's open transaction."""
        self._do = connection.execute
        self._marks: dict[int, tuple[int, int]] = {}
        self._contents: dict[bytes, tuple[int, int]] = {}
        """What the last look found: mailing, and until when. So it is known what need not be written again."""
        self._living: dict[int, tuple[int, int]] = {}
        """Until when the mailings that were found live, and when they were last spoken of."""

    def _number(self, sql: str, *values: object) -> int:
        return int(self._do(sql, values).fetchone()[0])

    # --- finding the mailing ---------------------------------------------------------------------

    def holder(self, attempt: int, at: int) -> int | None:
        """Return the mailing for which an attempt holds persons."""
        row = self._do("SELECT mailing FROM reservation WHERE attempt = ? AND until > ?", (attempt, at)).fetchone()
        return None if row is None else int(row[0])

    def marked(self, marks: Collection[int], at: int) -> set[int]:
        """Return the mailings that these marks belong to."""
        among, values = _among(marks)
        rows = self._do(
            f"""SELECT mark.id, mark.mailing, mark.until, mailing.became, mailing.until, mailing.last
            FROM mark JOIN mailing ON mailing.id = mark.mailing
            WHERE mark.until > ? AND mark.id IN ({among})""",  # noqa: S608 - question marks
            (at, *values),
        ).fetchall()
        found: set[int] = set()
        self._marks, self._living = {}, {}
        for mark, mailing, until, became, *living in rows:
            self._marks[mark] = (mailing, until)
            self._living[mailing] = (living[0], living[1])
            root = mailing if became is None else self.root(mailing)
            if root is not None:
                found.add(root)
        return found

    def contents(self, sender: int, at: int) -> Sequence[tuple[bytes, int]]:
        """Return minima and mailing of the sender's contents, the latest used."""
        rows = self._do(
            "SELECT minima, mailing, until FROM content WHERE sender = ? AND until > ? ORDER BY until DESC LIMIT ?",
            (sender, at, RECALLED),
        ).fetchall()
        self._contents = {minima: (mailing, until) for minima, mailing, until in rows}
        return [row[:2] for row in rows]

    def root(self, mailing: int) -> int | None:
        """Return what became of a mailing."""
        while True:
            row = self._do("SELECT became FROM mailing WHERE id = ?", (mailing,)).fetchone()
            if row is None:
                return None
            if row[0] is None:
                return mailing
            mailing = row[0]

    def begin(self, mailing: int, claim: KeyedClaim) -> None:
        """Remember a new mailing."""
        self._do(
            "INSERT OR REPLACE INTO mailing (id, sender, first, last, until) VALUES (?, ?, ?, ?, ?)",
            (mailing, claim.sender, claim.at, claim.at, claim.tied_until),
        )
        self._living[mailing] = (claim.tied_until, claim.at)

    def join(self, mailings: Collection[int], at: int) -> int:
        """Make these mailings one, under the name of the oldest."""
        if len(mailings) == 1:
            return next(iter(mailings))
        rows = self._do(
            "SELECT id FROM mailing WHERE id IN (SELECT value FROM json_each(?)) ORDER BY first, id", (_list(mailings),)
        ).fetchall()
        oldest, *others = (int(row[0]) for row in rows)
        for other in others:
            self._absorb(oldest, other, at)
        return oldest

    def _absorb(self, into: int, gone: int, at: int) -> None:
        self._do(
            """INSERT INTO reached SELECT ?1, person, weight, until FROM reached WHERE mailing = ?2 AND until > ?3
            ON CONFLICT DO UPDATE SET until = max(until, excluded.until),
            weight = CASE WHEN until > ?3 THEN max(weight, excluded.weight) ELSE excluded.weight END""",
            (into, gone, at),
        )
        self._do(
            """INSERT INTO charged SELECT ?1, person, weight, first FROM charged WHERE mailing = ?2
            ON CONFLICT DO UPDATE SET first = min(first, excluded.first), weight = max(weight, excluded.weight)""",
            (into, gone),
        )
        self._do(
            """UPDATE mailing SET last = max(mailing.last, m.last), until = max(mailing.until, m.until),
            announced = max(mailing.announced, m.announced)
            FROM mailing AS m WHERE mailing.id = ?1 AND m.id = ?2""",
            (into, gone),
        )
        self._do("UPDATE reservation SET mailing = ? WHERE mailing = ?", (into, gone))
        self._do("UPDATE permit SET mailing = ? WHERE mailing = ?", (into, gone))
        self._drop_persons(gone)
        self._do("UPDATE mailing SET became = ? WHERE id = ?", (into, gone))

    def remember(self, mailing: int, claim: KeyedClaim, content: bytes) -> None:
        """Tie the claim's marks and content to the mailing for as long as it is recognised."""
        needed = claim.tied_until
        for mark in claim.marks:
            if until := _tie(self._marks.get(mark), mailing, needed):
                self._do("INSERT OR REPLACE INTO mark VALUES (?, ?, ?)", (mark, mailing, until))
        if content and (until := _tie(self._contents.get(content), mailing, needed)):
            self._do("INSERT OR REPLACE INTO content VALUES (?, ?, ?, ?)", (claim.sender, content, mailing, until))
        until, last = self._living.get(mailing, (0, 0))
        if until < needed or last < claim.at:
            values = (claim.at, needed, mailing)
            self._do("UPDATE mailing SET last = max(last, ?), until = max(until, ?) WHERE id = ?", values)

    # --- counting --------------------------------------------------------------------------------

    def reached(self, mailing: int, at: int) -> int:
        """Return how many persons the mailing has reached."""
        total, oldest = self._do(
            "SELECT coalesce(sum(weight) FILTER (WHERE until > ?1), 0), min(until) FROM reached WHERE mailing = ?2",
            (at, mailing),
        ).fetchone()
        if oldest is not None and oldest <= at:
            self._do("DELETE FROM reached WHERE mailing = ? AND until <= ?", (mailing, at))
        return int(total)

    def known(self, mailing: int, persons: Collection[int], at: int) -> dict[int, int]:
        """Return those of ``persons`` that the mailing has reached, and their weights."""
        among, values = _among(persons)
        rows = self._do(
            f"SELECT person, weight FROM reached WHERE mailing = ? AND until > ? AND person IN ({among})",  # noqa: S608
            (mailing, at, *values),
        )
        return dict(rows.fetchall())

    def held(self, mailing: int, besides: int, at: int) -> list[Mapping[int, int]]:
        """Return the persons of the mailing's reservations but one attempt's; those of several that are alike once."""
        rows = self._do(
            "SELECT persons FROM reservation WHERE mailing = ? AND attempt <> ? AND until > ?", (mailing, besides, at)
        ).fetchall()
        return [_persons(text) for text in {row[0] for row in rows}]

    def allowances(self, sender: int, mailing: int, at: int) -> list[Allowance]:
        """Return what the sender's permits mean for the mailing."""
        rows = self._do(
            """SELECT id, persons, since, mailing IS NULL AND EXISTS (
                SELECT 1 FROM reservation r WHERE r.permit = permit.id AND r.mailing <> ?2 AND r.until > ?3)
            FROM permit WHERE sender = ?1 AND until > ?3 AND (mailing IS NULL OR mailing = ?2)
            ORDER BY mailing IS NULL, until, id""",
            (sender, mailing, at),
        ).fetchall()
        reached = self.reached(mailing, at) if rows else 0
        return [
            allowance_of(
                permit,
                persons=persons,
                reached=reached,
                charged=self._charged(mailing, since, at),
                taken=bool(taken),
            )
            for permit, persons, since, taken in rows
        ]

    def _charged(self, mailing: int, since: int | None, at: int) -> int:
        if since is None:
            return self.reached(mailing, at)
        return self._number(
            """SELECT coalesce(sum(c.weight), 0) FROM charged c JOIN reached r USING (mailing, person)
            WHERE c.mailing = ? AND c.first >= ? AND r.until > ?""",
            mailing,
            since,
            at,
        )

    # --- changing --------------------------------------------------------------------------------

    def hold(self, mailing: int, claim: KeyedClaim, permit: str | None) -> None:
        """Reserve the claim's persons, in place of what the attempt held before."""
        self._do(
            "INSERT OR REPLACE INTO reservation VALUES (?, ?, ?, ?, ?)",
            (claim.attempt, mailing, claim.held_until, permit, json.dumps(claim.persons)),
        )
        if claim.announced:
            self._do("UPDATE mailing SET announced = ?1 WHERE id = ?2 AND announced < ?1", (claim.announced, mailing))

    def unhold(self, attempt: int, at: int) -> tuple[int, str | None] | None:
        """Drop an attempt's reservation; return its mailing and the permit it leant on, unless it has expired."""
        rows = self._do(
            "DELETE FROM reservation WHERE attempt = ? RETURNING mailing, permit, until > ?", (attempt, at)
        ).fetchall()
        return (rows[0][0], rows[0][1]) if rows and rows[0][2] else None

    def charge(self, mailing: int, sender: int, persons: Mapping[int, int], at: int) -> None:
        """Note which persons are reached for the first time, if the sender has a permit that may count them."""
        if self._do("SELECT 1 FROM permit WHERE sender = ? AND until > ? LIMIT 1", (sender, at)).fetchone() is None:
            return
        known = self.known(mailing, persons.keys(), at)
        self._do(
            "INSERT OR REPLACE INTO charged SELECT ?, CAST(key AS INTEGER), value, ? FROM json_each(?)",
            (mailing, at, json.dumps({p: w for p, w in persons.items() if p not in known})),
        )

    def reach(self, mailing: int, persons: Mapping[int, int], at: int, until: int) -> None:
        """Note that an accepted message has reached persons."""
        if len(persons) <= FEW:
            for person, weight in persons.items():
                values = (mailing, at, until, person, weight)
                self._do(f"INSERT INTO reached VALUES (?1, ?4, ?5, ?3) {_REACHED}", values)  # noqa: S608 - a constant
        else:
            self._do(
                f"""INSERT INTO reached SELECT ?1, CAST(key AS INTEGER), value, ?3 FROM json_each(?4) WHERE true
                {_REACHED}""",  # noqa: S608 - a constant
                (mailing, at, until, json.dumps(persons)),
            )
        life = (at, mailing, until)
        # Nearly always it lives long enough already, and its place in the index stays.
        if not self._do("UPDATE mailing SET last = max(last, ?1) WHERE id = ?2 AND until >= ?3", life).rowcount:
            self._do("UPDATE mailing SET last = max(last, ?1), until = max(until, ?3) WHERE id = ?2", life)

    def bind(self, permit: str, sender: int, mailing: int) -> None:
        """Make a permit that the sender has for any mailing one for this mailing."""
        values = (mailing, permit, sender)
        self._do("UPDATE permit SET mailing = ? WHERE id = ? AND sender = ? AND mailing IS NULL", values)

    def grant(self, permit: KeyedPermit) -> None:
        """Keep a permit."""
        root = None if permit.mailing is None else self.root(permit.mailing)
        mailing = permit.mailing if root is None else root
        self._do(
            "INSERT OR REPLACE INTO permit VALUES (?, ?, ?, ?, ?, ?)",
            (permit.id, permit.sender, mailing, permit.persons, permit.until, permit.since),
        )

    def revoke(self, permit: str) -> bool:
        """Drop a permit."""
        return self._do("DELETE FROM permit WHERE id = ?", (permit,)).rowcount > 0

    def forget(self, mailing: int) -> bool:
        """Drop a mailing and all that hangs on it."""
        root = self.root(mailing)
        if root is None:
            return False
        self._drop_persons(root)
        self._do("DELETE FROM reservation WHERE mailing = ?", (root,))
        self._do("DELETE FROM mailing WHERE id = ?", (root,))
        return True

    def _drop_persons(self, mailing: int) -> None:
        self._do("DELETE FROM reached WHERE mailing = ?", (mailing,))
        self._do("DELETE FROM charged WHERE mailing = ?", (mailing,))

    # --- lists and sweeping ----------------------------------------------------------------------

    def permits(self, at: int) -> list[Permit]:
        """Return the permits that are still good, soonest to end first."""
        rows = self._do(
            "SELECT id, sender, mailing, persons, until, since FROM permit WHERE until > ? ORDER BY until, id", (at,)
        ).fetchall()
        kept = (
            KeyedPermit(id=id_, sender=sender, mailing=mailing, persons=persons, until=until, since=since)
            for id_, sender, mailing, persons, until, since in rows
        )
        return [plain_permit(p, 0 if p.mailing is None else self._charged(p.mailing, p.since, at)) for p in kept]

    def mailings(self, at: int) -> list[MailingSummary]:
        """Return the mailings inside their window, latest first."""
        rows = self._do(
            """SELECT id, sender, announced, first, last,
                (SELECT coalesce(sum(weight), 0) FROM reached r WHERE r.mailing = mailing.id AND r.until > ?1)
            FROM mailing WHERE until > ?1 AND became IS NULL ORDER BY last DESC, id""",
            (at,),
        ).fetchall()
        busy = {row[0] for row in self._do("SELECT DISTINCT mailing FROM reservation").fetchall()}
        return [
            MailingSummary(
                id=mailing_text(number),
                sender=sender_text(sender),
                reached=reached,
                reserved=self._reserved(number, at) if number in busy else 0,
                announced=announced,
                first=moment(first),
                last=moment(last),
            )
            for number, sender, announced, first, last, reached in rows
        ]

    def _reserved(self, mailing: int, at: int) -> int:
        held = self.held(mailing, 0, at)
        return count(0, self.known(mailing, set().union(*held), at), {}, held, 0).reserved

    def sweep(self, at: int, most: int) -> int:
        """Delete at most about ``most`` rows that have expired; a mailing goes when nobody is left in it."""
        swept = 0
        for sql in _SWEEPS:
            if swept < most:
                swept += self._do(sql, {"at": at, "most": most - swept}).rowcount
        return swept


_SWEEPS: Final = (
    "DELETE FROM reservation WHERE attempt IN (SELECT attempt FROM reservation WHERE until <= :at LIMIT :most)",
    "DELETE FROM permit WHERE id IN (SELECT id FROM permit WHERE until <= :at LIMIT :most)",
    "DELETE FROM mark WHERE id IN (SELECT id FROM mark WHERE until <= :at LIMIT :most)",
    """DELETE FROM content WHERE (sender, minima) IN (
        SELECT sender, minima FROM content WHERE until <= :at LIMIT :most)""",
    """DELETE FROM reached WHERE (mailing, person) IN (
        SELECT r.mailing, r.person FROM mailing m JOIN reached r ON r.mailing = m.id
        WHERE m.until <= :at LIMIT :most)""",
    """DELETE FROM charged WHERE (mailing, person) IN (
        SELECT c.mailing, c.person FROM mailing m JOIN charged c ON c.mailing = m.id
        WHERE m.until <= :at LIMIT :most)""",
    """DELETE FROM mailing WHERE id IN (
        SELECT id FROM mailing m WHERE until <= :at AND NOT EXISTS (SELECT 1 FROM reached WHERE mailing = m.id)
        AND NOT EXISTS (SELECT 1 FROM charged WHERE mailing = m.id) LIMIT :most)""",
)
"""Each deletes a bounded number of expired rows, found through an index."""


_REACHED: Final = """ON CONFLICT DO UPDATE SET until = max(until, excluded.until),
    weight = CASE WHEN until > ?2 THEN max(weight, excluded.weight) ELSE excluded.weight END"""
FEW: Final = 4
"""Numbers up to which each has its place in a statement: to read them out of JSON costs as much as five look-ups."""


SLACK: Final = 60_000
"""Milliseconds that a mailing of several messages is recognised beyond its time, so that what ties them together is not
written anew for each of a thousand that follow one another. Whom it has reached counts for their time and no longer."""


_BEYOND: Final = 3_600_000
"""Milliseconds beyond the time needed that only a clock that was ahead, or a longer window, can have written."""


def _tie(found: tuple[int, int] | None, mailing: int, needed: int) -> int:
    """Return until when to tie to the mailing; 0 where what was found does for as long as is needed."""
    if found is None or found[0] != mailing:
        return needed
    return 0 if needed <= found[1] <= needed + _BEYOND else needed + SLACK


def _among(numbers: Collection[int]) -> tuple[str, Collection[object]]:
    """Return what stands between the brackets of IN, and its values; its texts are few, so that they stay prepared."""
    if len(numbers) <= FEW:
        return ", ".join("?" * len(numbers)), numbers
    return "SELECT value FROM json_each(?)", (_list(numbers),)


def _list(numbers: Collection[int]) -> str:
    return json.dumps(list(numbers))


def _persons(text: str) -> dict[int, int]:
    return {int(person): weight for person, weight in json.loads(text).items()}
