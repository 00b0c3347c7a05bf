"""The register of motivated exceptions: who gave which reason for which mailing, and what came of it.

Apart from the journal, which names nobody: here sender and reason are kept in plain words, because the guideline asks
for a special motivation and a motivation that nobody can read is none. It has its own retention.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from gateway.model import Unavailable
from gateway.store import Store, StoreError

T = TypeVar("T")

FILE: Final = "motivations.db"
_BATCH: Final = 500
_MIGRATIONS: Final = (
    """
    CREATE TABLE motivation (
        code TEXT PRIMARY KEY,
        sender TEXT NOT NULL,
        mailing TEXT NOT NULL,
        persons INTEGER NOT NULL,
        reason TEXT NOT NULL,
        message TEXT NOT NULL,
        at INTEGER NOT NULL,
        state TEXT NOT NULL,
        permit TEXT NOT NULL,
        decided INTEGER,
        decider TEXT NOT NULL DEFAULT ''
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX motivation_sender ON motivation (sender, at);
    CREATE INDEX motivation_at ON motivation (at);
    """,
)


class State(Enum):
    """What became of a motivation."""

    PENDING = "pending"
    """Received, but its message is not answered yet."""
    WAITING = "waiting"
    """An approver has been asked."""
    GRANTED = "granted"
    DENIED = "denied"


@dataclass(frozen=True, slots=True, kw_only=True)
class Motivation:
    """One reason for one mailing."""

    code: str
    """Hidden: a digest of the code that was answered with."""
    sender: str
    mailing: str
    persons: int
    reason: str
    message: str
    """A digest of the answer's Message-ID: the same answer repeated is the same motivation."""
    at: datetime
    state: State
    permit: str
    decided: datetime | None = None
    decider: str = ""
    """Empty where nobody had to be asked."""


def hidden(text: str) -> str:
    """Return a digest that tells equal texts from others and nothing else."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


class Register:
    """One file that all processes share. Methods raise ``Unavailable("motivations", …)`` when it cannot answer."""

    def __init__(self, directory: Path, *, retention: timedelta) -> None:
        """Open nothing before the first use."""
        self._store = Store(directory / FILE, what="motivations", migrations=_MIGRATIONS)
        self._retention = retention

    async def pend(self, motivation: Motivation) -> Motivation | None:
        """Keep a motivation until its message is answered, in place of a pending one of the same code.

        Returns the one that the code was used for before, if any; then nothing has changed.
        """
        return await self._run(partial(_pend, motivation))

    async def settle(self, code: str, state: State, *, at: datetime, decider: str = "") -> None:
        """Note what became of a motivation."""
        values = (state.value, _ms(at), decider, code)
        await self._run(_writing("UPDATE motivation SET state = ?, decided = ?, decider = ? WHERE code = ?", values))

    async def drop(self, code: str) -> None:
        """Forget a pending motivation: its message was not taken."""
        await self._run(_writing("DELETE FROM motivation WHERE code = ? AND state = 'pending'", (code,)))

    async def waiting(self, mailing: str) -> Motivation | None:
        """Return the latest motivation of a mailing that waits for its approver."""
        statement = "SELECT * FROM motivation WHERE mailing = ? AND state = 'waiting' ORDER BY at DESC LIMIT 1"
        found = await self._run(_reading(statement, (mailing,)))
        return found[0] if found else None

    async def granted_since(self, sender: str, since: datetime) -> int:
        """Return how many motivations of a sender have led to a permit."""
        statement = "SELECT * FROM motivation WHERE sender = ? AND at >= ? AND state = 'granted'"
        return len(await self._run(_reading(statement, (sender, _ms(since)))))

    async def listed(self) -> list[Motivation]:
        """Return every motivation, latest first."""
        return await self._run(_reading("SELECT * FROM motivation ORDER BY at DESC", ()))

    async def prune(self, now: datetime) -> int:
        """Delete what is past its time; return how much went."""
        statement = f"DELETE FROM motivation WHERE code IN (SELECT code FROM motivation WHERE at < ? LIMIT {_BATCH})"  # noqa: S608 - own number
        return await self._run(_writing(statement, (_ms(now - self._retention),)))

    async def close(self) -> None:
        """Let go of the file."""
        await self._store.close()

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return await self._store.run(work)
        except StoreError as error:
            raise Unavailable("motivations", error.why) from None


def _pend(motivation: Motivation, connection: sqlite3.Connection) -> Motivation | None:
    found = connection.execute("SELECT * FROM motivation WHERE code = ?", (motivation.code,)).fetchone()
    before = None if found is None else _motivation(found)
    if before is not None and before.state is not State.PENDING:
        return before
    row = (
        motivation.code,
        motivation.sender,
        motivation.mailing,
        motivation.persons,
        motivation.reason,
        motivation.message,
        _ms(motivation.at),
        motivation.state.value,
        motivation.permit,
        None,
        "",
    )
    connection.execute(f"INSERT OR REPLACE INTO motivation VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608 - marks
    return None


def _writing(statement: str, values: tuple[object, ...]) -> Callable[[sqlite3.Connection], int]:
    return lambda connection: connection.execute(statement, values).rowcount


def _reading(statement: str, values: tuple[object, ...]) -> Callable[[sqlite3.Connection], list[Motivation]]:
    return lambda connection: [_motivation(row) for row in connection.execute(statement, values).fetchall()]


def _motivation(row: tuple[str, str, str, int, str, str, int, str, str, int | None, str]) -> Motivation:
    code, sender, mailing, persons, reason, message, at, state, permit, decided, decider = row
    return Motivation(
        code=code,
        sender=sender,
        mailing=mailing,
        persons=persons,
        reason=reason,
        message=message,
        at=_time(at),
        state=State(state),
        permit=permit,
        decided=None if decided is None else _time(decided),
        decider=decider,
    )


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
