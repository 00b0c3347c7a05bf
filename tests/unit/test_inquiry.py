"""The journal for people: the commands against a real file, and what a look at a sender leaves behind."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.cli import main
from gateway.journal.journal import Journal
from gateway.secret import installation_secret
from tests.unit.journal.test_record import FACTS, HANDLED, VERDICT

Told = tuple[int, str, str]
Command = Callable[..., Told]

SENDER = str(FACTS.responsible.address)
REASON = "Begäran om utdrag enligt artikel 15"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir()
    return folder


@pytest.fixture
def command(state: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    def run(*words: str) -> Told:
        try:
            code = main(["journal", words[0], "--state", str(state), *words[1:]])
        except SystemExit as end:
            code = int(end.code or 0)
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def write(state: Path, *ages: timedelta) -> None:
    """Write a record of that age each, referred to as REF0, REF1 and on."""

    async def work() -> None:
        journal = Journal(state / "journal.db", key=installation_secret(state), retention=timedelta(days=30))
        for number, age in enumerate(ages):
            occasion = replace(FACTS.occasion, reference=f"REF{number}", received_at=datetime.now(UTC) - age)
            journal.append(replace(FACTS, occasion=occasion), VERDICT, HANDLED)
        await journal.close()

    asyncio.run(work())


def acts(state: Path) -> list[tuple[str, str]]:
    with sqlite3.connect(state / "journal.db") as connection:
        found = connection.execute("SELECT kind, text FROM events").fetchall()
    connection.close()
    return found


def test_a_reference_is_found_however_it_is_typed(state: Path, command: Command) -> None:
    write(state, timedelta(0), timedelta(0))
    code, out, err = command("search", "--reference", " ref1 ")
    assert (code, err) == (0, "")
    assert out.splitlines()[1].split()[1] == "REF1"
    code, out, _ = command("search", "--reference", "REF0", "--json")
    assert json.loads(out)["reference"] == "REF0"
    assert "@" not in out


def test_a_reference_that_nobody_knows_is_said(state: Path, command: Command) -> None:
    write(state, timedelta(0))
    code, out, err = command("search", "--reference", "REF9")
    assert (code, out) == (2, "")
    assert err == "utpost: no record of REF9: mistyped, or older than 30 days\n"


def test_statistics_count_by_day_rule_and_range(state: Path, command: Command) -> None:
    write(state, timedelta(0), timedelta(0), timedelta(days=2), timedelta(days=20))
    code, out, _ = command("stats", "--days", "7", "--json")
    found = json.loads(out)
    assert code == 0
    assert sum(sum(day.values()) for day in found["days"].values()) == 3
    assert len(found["days"]) == 2
    assert sum(found["persons"].values()) == sum(found["codes"].values()) == 3
    assert {kind for kinds in found["rules"].values() for kind in kinds} <= {"consequence", "observed", "lifted"}
    assert all(count == 3 for kinds in found["rules"].values() for count in kinds.values())
    _, out, _ = command("stats", "--days", "7")
    assert out.splitlines()[0].split() == ["day", "pass", "observe", "warn", "block", "defer"]
    assert "all" in out


@pytest.mark.parametrize("days", ["0", "31", "-1"])
def test_a_time_that_is_not_kept_is_refused(days: str, state: Path, command: Command) -> None:
    write(state, timedelta(0))
    code, _, err = command("stats", "--days", days)
    assert code == 2
    assert "1 to 30" in err


def test_a_look_at_a_sender_is_journalled_with_its_reason(state: Path, command: Command) -> None:
    write(state, timedelta(0), timedelta(days=3))
    code, out, err = command("lookup", "--sender", SENDER.upper(), "--reason", REASON, "--json")
    assert (code, err) == (0, "")
    assert [json.loads(line)["reference"] for line in out.splitlines()] == ["REF1", "REF0"]
    (act,) = acts(state)
    assert act[0] == "sender_looked_up"
    assert act[1].endswith(f" 2 {REASON}")
    assert SENDER not in act[1]
    _, out, _ = command("acts", "--json")
    assert json.loads(out)["act"] == "sender_looked_up"


@pytest.mark.parametrize(
    ("sender", "reason", "told"),
    [
        (SENDER, "", "--reason must be"),
        (SENDER, "  kort     ", "--reason must be"),
        (SENDER, "x" * 501, "--reason must be"),
        ("hedda.sten@example.com", REASON, "--sender must be in scope"),
        ("hedda", REASON, "--sender must be an e-mail address"),
    ],
)
def test_a_look_without_reason_or_sender_is_refused(
    sender: str, reason: str, told: str, state: Path, command: Command
) -> None:
    write(state, timedelta(0))
    code, out, err = command("lookup", "--sender", sender, "--reason", reason)
    assert (code, out) == (2, "")
    assert told in err
    assert acts(state) == []


def test_nothing_is_shown_that_could_not_be_noted(state: Path, command: Command) -> None:
    write(state, timedelta(0))
    with sqlite3.connect(state / "journal.db") as connection:
        connection.execute("DROP TABLE events")
    connection.close()
    code, out, err = command("lookup", "--sender", SENDER, "--reason", REASON)
    assert (code, out) == (2, "")
    assert err.startswith("utpost: the journal cannot be read or written")


@pytest.mark.parametrize(
    "words", [("search", "--reference", "REF0"), ("lookup", "--sender", SENDER, "--reason", REASON)]
)
def test_a_folder_without_a_journal_is_named_and_left_as_it_is(
    words: tuple[str, ...], state: Path, command: Command
) -> None:
    code, _, err = command(*words)
    assert code == 2
    assert str(state) in err
    assert list(state.iterdir()) == []
