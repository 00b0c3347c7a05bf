"""Whose new files in the state folder are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gateway.belonging import create
from gateway.secret import installation_secret
from gateway.store import Store
from gateway.switches import switch_file, write_switches
from tests.support.tools import need_root

NOBODY = 65534


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Give a folder that belongs to somebody else than root."""
    need_root("a folder of another user")
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    os.chown(folder, NOBODY, NOBODY)
    return folder


def test_what_root_makes_belongs_to_whose_folder_it_is(state: Path) -> None:
    installation_secret(state)
    write_switches(state, frozenset({"personnummer"}))
    store = Store(state / "some.db", what="some", migrations=("CREATE TABLE word (text TEXT);",))
    store.run_blocking(lambda connection: connection.execute("INSERT INTO word VALUES ('ett')"))
    found = {path.name: (path.stat().st_uid, path.stat().st_mode & 0o777) for path in state.iterdir()}
    store.close_blocking()
    assert set(found) == {"secret", switch_file(state).name, "some.db", "some.db-wal", "some.db-shm"}
    assert set(found.values()) == {(NOBODY, 0o600)}


def test_what_is_there_is_neither_opened_nor_given_away(state: Path, tmp_path: Path) -> None:
    treasure = tmp_path / "treasure"
    treasure.write_text("root's")
    (state / "some.db").symlink_to(treasure)
    with pytest.raises(FileExistsError):
        create(state / "some.db")
    assert treasure.stat().st_uid == 0
