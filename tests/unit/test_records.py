"""Exports of the register: the command against a real file."""

from __future__ import annotations

import asyncio
import csv
import io
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest

from gateway.cli import main
from gateway.journal.sent import Sent, SentRegister
from gateway.records import COLUMNS
from gateway.secret import read_secret

SENDER = "hedda.sten@politik.orkelljunga.se"
LATE = datetime(2026, 5, 4, 22, 30, tzinfo=UTC)
"""Half past midnight on the fifth, in Sweden."""
SENT = Sent(at=LATE, reference="REF1", sender=SENDER, recipients=("åsa@exempel.example", "b@example.com"))
Told = tuple[int, bytes, str]
Command = Callable[..., Told]
DAYS = ("--from", "2026-05-05", "--to", "2026-05-05")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir()
    (tmp_path / "key").write_text("0123456789abcdef" * 4)
    (tmp_path / "key").chmod(0o600)
    return folder


@pytest.fixture
def command(state: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> Command:
    def run(*words: str, key: str | None = "key") -> Told:
        settings = [] if key is None else ["--set", f'records.key_file="{state.with_name(key)}"']
        try:
            code = main(["records", "export", "--state", str(state), *settings, *words])
        except SystemExit as end:
            code = int(end.code or 0)
        told = capfdbinary.readouterr()
        return code, told.out, told.err.decode()

    return run


def keep(state: Path, *sent: Sent) -> None:
    async def work() -> None:
        secret = read_secret(state.with_name("key"), "records.key_file")
        register = SentRegister(state / "records.db", secret=secret, retention=timedelta(days=730))
        for one in sent:
            register.append(one)
        await register.close()

    asyncio.run(work())


def acts(state: Path) -> list[tuple[str, str]]:
    if not (state / "journal.db").exists():
        return []
    with sqlite3.connect(state / "journal.db") as connection:
        found = connection.execute("SELECT kind, text FROM events").fetchall()
    connection.close()
    return found


def test_a_table_for_a_spreadsheet(state: Path, command: Command) -> None:
    keep(state, SENT, replace(SENT, at=LATE - timedelta(hours=2), reference="REF0"))
    code, out, err = command("--sender", SENDER, *DAYS)
    assert (code, err) == (0, "")
    assert list(csv.reader(io.StringIO(out.decode("utf-8-sig")), delimiter=";")) == [
        list(COLUMNS),
        ["2026-05-05", "00:30:00", SENDER, "åsa@exempel.example; b@example.com", "REF1", ""],
    ]
    (act,) = acts(state)
    assert act[0] == "records_exported"
    assert act[1].endswith(" 2026-05-05 2026-05-05 csv 1")
    assert "hedda" not in act[1]


def test_a_workbook(state: Path, command: Command, tmp_path: Path) -> None:
    keep(state, SENT)
    file = tmp_path / "utdrag.xlsx"
    code, out, _ = command("--sender", SENDER, *DAYS, "--format", "xlsx", "--output", str(file))
    assert (code, out.decode()) == (0, f"{file}: 1 messages\n")
    rows = list(openpyxl.load_workbook(file).active.iter_rows(values_only=True))
    assert rows[0] == COLUMNS
    assert rows[1][4] == "REF1"
    assert file.stat().st_mode & 0o777 == 0o600
    code, _, err = command("--sender", SENDER, *DAYS, "--format", "xlsx", "--output", str(file))
    assert (code, "is there already" in err) == (2, True)


def test_no_cell_becomes_a_formula(state: Path, command: Command) -> None:
    keep(state, replace(SENT, recipients=("=cmd|'/c calc'!A1@example.com",)))
    _, out, _ = command("--sender", SENDER, *DAYS)
    assert "'=cmd" in out.decode("utf-8-sig")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--sender", SENDER, "--from", "2026-05-06", "--to", "2026-05-05"), "--from is after --to"),
        (("--sender", SENDER, "--from", "5 maj", "--to", "2026-05-05"), "is no day: write YYYY-MM-DD"),
        (("--sender", "a@example.com", *DAYS), "--sender must be in scope"),
        (("--sender", SENDER, *DAYS, "--format", "xlsx"), "name a file with --output"),
    ],
)
def test_a_wrong_wish_is_refused_and_nothing_noted(
    words: tuple[str, ...], told: str, state: Path, command: Command
) -> None:
    keep(state, SENT)
    code, out, err = command(*words)
    assert (code, out) == (2, b"")
    assert told in err
    assert acts(state) == []


def test_without_a_key_there_is_no_register(state: Path, command: Command) -> None:
    code, _, err = command("--sender", SENDER, *DAYS, key=None)
    assert code == 2
    assert "records.key_file is not set" in err
    assert list(state.iterdir()) == []


def test_a_key_that_others_may_read_is_refused(state: Path, command: Command) -> None:
    keep(state, SENT)
    state.with_name("key").chmod(0o644)
    code, _, err = command("--sender", SENDER, *DAYS)
    assert code == 2
    assert "records.key_file" in err
    assert "chmod 600" in err


def test_a_folder_without_a_register_is_named_and_left_as_it_is(state: Path, command: Command) -> None:
    code, _, err = command("--sender", SENDER, *DAYS)
    assert code == 2
    assert f"{state} holds no register" in err
    assert list(state.iterdir()) == []
