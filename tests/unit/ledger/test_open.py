"""Which ledger a configuration means."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from gateway.ledger import KeyMismatch
from gateway.ledger.keys import read_key
from gateway.ledger.open import open_ledger
from gateway.ledger.sqlite import FILE
from gateway.model import InvalidConfiguration, Unavailable
from tests.support.claims import START, claim, persons


def inside(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]


async def test_sqlite_lives_in_the_state_folder_and_is_opened_when_used(tmp_path: Path) -> None:
    ledger = open_ledger("sqlite", state=tmp_path / "state", key_file=None)
    assert inside(tmp_path) == []
    await ledger.reserve(claim("a", persons(1, 3)))
    await ledger.close()
    assert inside(tmp_path / "state") == [FILE]


async def test_memory_writes_nothing(tmp_path: Path) -> None:
    ledger = open_ledger("memory", state=tmp_path, key_file=None)
    await ledger.reserve(claim("a", persons(1, 3)))
    assert len(await ledger.mailings(START)) == 1
    assert inside(tmp_path) == []


async def test_a_dead_redis_stops_nobody_from_starting(tmp_path: Path) -> None:
    ledger = open_ledger("redis://127.0.0.1:1/0", state=tmp_path, key_file=None)
    with pytest.raises(Unavailable, match="ledger: no connection"):
        await ledger.ping()
    await ledger.close()


@pytest.mark.parametrize("url", ["postgres://127.0.0.1/0", "redis://127.0.0.1:port/0", ""])
def test_a_store_that_is_none_is_a_mistake_of_the_configuration(tmp_path: Path, url: str) -> None:
    with pytest.raises(InvalidConfiguration, match=r"ledger\.url"):
        open_ledger(url, state=tmp_path, key_file=None)


def test_a_key_file_without_a_key_is_a_mistake_of_the_configuration(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration, match=r"ledger\.key_file"):
        open_ledger("sqlite", state=tmp_path, key_file=tmp_path / "none")


async def test_two_key_files_do_not_share_a_ledger(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).write_text(name.ljust(40, "x"))
        (tmp_path / name).chmod(0o600)
    first = open_ledger("sqlite", state=tmp_path, key_file=tmp_path / "one")
    await first.ping()
    await first.close()
    second = open_ledger("sqlite", state=tmp_path, key_file=tmp_path / "other")
    with pytest.raises(KeyMismatch):
        await second.ping()
    await second.close()


REDIS = "redis://127.0.0.1:1/0"


@pytest.mark.parametrize(
    ("url", "opener"),
    [
        ("memory", "open.memory_ledger"),
        ("sqlite", "open.sqlite_ledger"),
        ("sqlite", "open.kept_ledger"),
        (REDIS, "redis.redis_ledger"),
    ],
)
def test_the_key_of_the_file_reaches_whichever_ledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, opener: str
) -> None:
    (tmp_path / "key").write_text("k" * 40)
    (tmp_path / "key").chmod(0o600)
    opened: list[tuple[object, ...]] = []
    monkeypatch.setattr(f"gateway.ledger.{opener}", lambda *given: opened.append(given))
    ours, theirs = socket.socketpair()
    with ours, theirs:
        hub = ours if opener == "open.kept_ledger" else None
        open_ledger(url, state=tmp_path, key_file=tmp_path / "key", hub=hub)
        where = {"memory": (), "sqlite": (hub or tmp_path,), REDIS: (url,)}[url]
        assert opened == [(*where, read_key(tmp_path / "key"))]
