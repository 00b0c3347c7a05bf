"""Which ledger a configuration means."""

from __future__ import annotations

import socket
from pathlib import Path

from gateway.ledger import Ledger
from gateway.ledger.keys import read_key
from gateway.ledger.memory import memory_ledger
from gateway.ledger.sqlite import kept_ledger, sqlite_ledger


def open_ledger(url: str, *, state: Path, key_file: Path | None, hub: socket.socket | None = None) -> Ledger:
    """Return the ledger at ``url``: ``memory``, ``sqlite`` (in the folder ``state``), ``redis://…`` or ``rediss://…``.

    ``hub`` leads to the process that keeps the SQLite file; without it this process opens the file itself.

    Nothing is opened before the first call, so that a dead store stops nobody from starting; call it in the process
    that uses the ledger. ``ping`` at start tells a KeyMismatch, which should. Raises InvalidConfiguration where
    ``key_file`` holds no key.
    """
    key = None if key_file is None else read_key(key_file)
    if url == "memory":
        return memory_ledger(key)
    if url == "sqlite":
        return sqlite_ledger(state, key) if hub is None else kept_ledger(hub, key)
    from gateway.ledger.redis import redis_ledger  # noqa: PLC0415 - six megabytes that most installations never use

    return redis_ledger(url, key)
