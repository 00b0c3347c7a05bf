"""Who wrote to whom and when, for requests for public records (guideline 2.8).

Encrypted, apart from the journal, off by default. Each row is sealed with AES-256-GCM under a key from
``records.key_file``. In the open stand its time, which retention needs, and a keyed mark of the sender, by which an
export finds rows. Without the key nothing in the file names anybody; a lost key makes it worthless.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from gateway.journal.backlog import Backlog
from gateway.model import Unavailable
from gateway.store import Store, StoreError

T = TypeVar("T")

FILE: Final = "records.db"
_BATCH: Final = 500
_BATCHES: Final = 20
_NONCE: Final = 12
_MIGRATIONS: Final = (
    """
    CREATE TABLE sent (
        id INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        sender BLOB NOT NULL,
        sealed BLOB NOT NULL
    ) STRICT;
    CREATE INDEX sent_sender ON sent (sender, at);
    CREATE INDEX sent_at ON sent (at);
    """,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One message that the relay took."""

    at: datetime
    reference: str
    sender: str
    """The responsible sender's address."""
    recipients: tuple[str, ...]
    """As the client named them to the relay."""


class Unsealed(Exception):
    """A row cannot be opened: another key wrote it, or it was changed."""


class SentRegister:
    """The file that all processes share. Only what waits for an answer raises ``Unavailable("records", …)``."""

    def __init__(self, path: Path, *, secret: bytes, retention: timedelta) -> None:
        """Remember the file; two keys, to seal and to mark, are derived from ``secret``."""
        self.on_drop: Callable[[int], None] = lambda _: None
        """Told how many rows were lost."""
        self._sealing = hmac.digest(secret, b"utpost records seal", hashlib.sha256)
        self._marking = hmac.digest(secret, b"utpost records mark", hashlib.sha256)
        self._retention = retention
        self._store = Store(path, what="records", migrations=_MIGRATIONS, durable=True)
        self._backlog = Backlog(self._write, self._dropped)

    def append(self, sent: Sent) -> None:
        """Note a message and return at once; needs a running event loop."""
        self._backlog.add(sent)

    def _dropped(self, count: int) -> None:
        self.on_drop(count)

    async def _write(self, batch: Sequence[Sent]) -> None:
        rows = tuple(map(self._row, batch))

        def work(connection: sqlite3.Connection) -> None:
            connection.executemany("INSERT INTO sent (at, sender, sealed) VALUES (?, ?, ?)", rows)

        await self._run(work)

    async def of_sender(self, sender: str, since: datetime, until: datetime) -> list[Sent]:
        """Return what a sender sent, oldest first; ``until`` is left out. Raises Unsealed for a row of another key."""
        statement = "SELECT at, sealed FROM sent WHERE sender = ? AND at >= ? AND at < ? ORDER BY at, id"
        asked = (self._mark(sender), _ms(since), _ms(until))
        rows: list[tuple[int, bytes]] = await self._run(lambda c: c.execute(statement, asked).fetchall())
        return [self._opened(at, sealed) for at, sealed in rows]

    async def prune(self, now: datetime) -> int:
        """Delete what is past its time, in small batches; return how much went."""
        before = _ms(now - self._retention)
        deleted = 0
        for _ in range(_BATCHES):
            count = await self._run(partial(_delete_batch, before))
            deleted += count
            if count < _BATCH:
                break
        return deleted

    async def close(self) -> None:
        """Write what waits, once, and let go of the file."""
        await self._backlog.close()
        await self._store.close()

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return await self._store.run(work)
        except StoreError as error:
            raise Unavailable("records", error.why) from None

    # --- seals -----------------------------------------------------------------------------------

    def _mark(self, sender: str) -> bytes:
        return hmac.digest(self._marking, sender.casefold().encode(), hashlib.sha256)[:16]

    def _row(self, sent: Sent) -> tuple[int, bytes, bytes]:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - megabytes that few need

        at = _ms(sent.at)
        words = json.dumps([sent.reference, sent.sender, sent.recipients], ensure_ascii=False).encode()
        nonce = secrets.token_bytes(_NONCE)
        return at, self._mark(sent.sender), nonce + AESGCM(self._sealing).encrypt(nonce, words, b"%d" % at)

    def _opened(self, at: int, sealed: bytes) -> Sent:
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - as above
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

        try:
            words = AESGCM(self._sealing).decrypt(sealed[:_NONCE], sealed[_NONCE:], b"%d" % at)
        except InvalidTag:
            raise Unsealed from None
        reference, sender, recipients = json.loads(words)
        return Sent(
            at=datetime.fromtimestamp(at / 1000, UTC), reference=reference, sender=sender, recipients=tuple(recipients)
        )


def _delete_batch(before: int, connection: sqlite3.Connection) -> int:
    statement = "DELETE FROM sent WHERE id IN (SELECT id FROM sent WHERE at < ? LIMIT ?)"
    return connection.execute(statement, (before, _BATCH)).rowcount


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
