"""Mailings for operators: the commands against a real ledger, and no address in what they say."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.cli import main
from gateway.journal.journal import Journal
from gateway.ledger import Claim, Ledger, Outcome, Reservation
from gateway.ledger.open import open_ledger
from gateway.motivation.register import Motivation, Register, State, hidden
from tests.support.claims import SENDER, claim, deliver, persons

Told = tuple[int, str, str]
Command = Callable[..., Told]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def command(state: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    def run(*words: str) -> Told:
        try:
            code = main(["mailings", words[0], "--state", str(state), *words[1:]])
        except SystemExit as end:
            code = int(end.code or 0)
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def now(wish: Claim) -> Claim:
    return replace(wish, at=datetime.now(UTC))


def in_ledger(state: Path, *wishes: Claim) -> list[Reservation]:
    async def work() -> list[Reservation]:
        ledger: Ledger = open_ledger("sqlite", state=state, key_file=None)
        try:
            return [await deliver(ledger, now(wish)) for wish in wishes]
        finally:
            await ledger.close()

    return asyncio.run(work())


def test_a_list_of_counts_and_pseudonyms(state: Path, command: Command) -> None:
    reached = in_ledger(state, claim("a", persons(1, 60), "message-id:x"))[0]
    code, out, _ = command("list")
    assert code == 0
    heading, line = out.splitlines()
    assert heading.split() == ["id", "sender", "reached", "reserved", "announced", "first", "last"]
    assert line.split()[0] == reached.usage.mailing
    assert line.split()[2:5] == ["60", "0", "0"]
    assert "@" not in out
    code, out, _ = command("list", "--json")
    assert json.loads(out)["reached"] == 60


def test_a_permit_lets_a_mailing_go_on_and_is_shown_used_and_revoked(state: Path, command: Command) -> None:
    first = claim("a", persons(1, 100), "message-id:x")
    more = claim("b", persons(101, 150), "message-id:x")
    reservations = in_ledger(state, first, more)
    assert [r.outcome for r in reservations] == [Outcome.GRANTED, Outcome.OVER]
    mailing = reservations[0].usage.mailing
    code, out, err = command("permit", "--sender", SENDER.upper(), "--persons", "60", "--mailing", mailing)
    assert (code, err) == (0, "")
    name = re.match(r"permit (\w+): ", out)[1]  # type: ignore[index]
    assert in_ledger(state, more)[0].outcome is Outcome.GRANTED
    _, out, _ = command("permits", "--json")
    assert {k: json.loads(out)[k] for k in ("id", "mailing", "persons", "used")} == {
        "id": name, "mailing": mailing, "persons": 60, "used": 50,
    }  # fmt: skip
    _, out, _ = command("show", mailing, "--json")
    assert json.loads(out)["reached"] == 150
    assert [p["id"] for p in json.loads(out)["permits"]] == [name]
    _, out, _ = command("show", mailing)
    assert name in out
    assert command("revoke", name)[0] == 0
    assert in_ledger(state, claim("c", persons(151, 155), "message-id:x"))[0].outcome is Outcome.OVER
    assert name not in command("show", mailing)[1]


def test_a_permit_for_any_mailing(state: Path, command: Command) -> None:
    assert command("permit", "--sender", SENDER, "--persons", "200")[0] == 0
    assert in_ledger(state, claim("a", persons(1, 180), "message-id:x"))[0].outcome is Outcome.GRANTED


def test_a_forgotten_mailing_begins_anew(state: Path, command: Command) -> None:
    mailing = in_ledger(state, claim("a", persons(1, 100), "message-id:x"))[0].usage.mailing
    assert command("forget", mailing)[0] == 0
    assert command("list")[1].splitlines()[1:] == []
    assert in_ledger(state, claim("b", persons(101, 150), "message-id:x"))[0].outcome is Outcome.GRANTED


def test_each_act_is_journalled(state: Path, command: Command) -> None:
    mailing = in_ledger(state, claim("a", persons(1, 100), "message-id:x"))[0].usage.mailing
    _, out, _ = command("permit", "--sender", SENDER, "--persons", "7", "--mailing", mailing)
    name = out.split()[1].rstrip(":")
    command("revoke", name)
    command("forget", mailing)

    async def events() -> list[tuple[str, str]]:
        journal = Journal(state / "journal.db", key=b"k", retention=timedelta(days=1))
        try:
            return [(e.kind, e.text) for e in await journal.events(datetime(2020, 1, 1, tzinfo=UTC))]
        finally:
            await journal.close()

    assert asyncio.run(events()) == [
        ("permit_granted", f"{name} {mailing} 7"),
        ("permit_revoked", name),
        ("mailing_forgotten", mailing),
    ]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("show", "nothing"), "no mailing nothing is remembered"),
        (("forget", "nothing"), "no mailing nothing is remembered"),
        (("revoke", "nothing"), "there is no permit nothing"),
        (("permit", "--sender", SENDER, "--persons", "5", "--mailing", "nothing"), "no mailing nothing is remembered"),
        (("permit", "--sender", "someone", "--persons", "5"), "--sender must be an e-mail address"),
        (("permit", "--sender", "a@example.com", "--persons", "5"), "--sender must be in scope"),
        (("permit", "--sender", SENDER, "--persons", "0"), "--persons must be 1 or more"),
        (("permit", "--sender", SENDER, "--persons", "5", "--hours", "0"), "--hours must be more than 0"),
        (("permit", "--sender", SENDER, "--persons", "5", "--hours", "nan"), "--hours must be more than 0"),
        (("permit", "--sender", SENDER, "--persons", "many"), "invalid int value"),
        (("list", "--set", 'ledger.url="memory"', "--set", "workers=1"), "only the running process knows"),
        (("list", "--set", 'ledger.url="redis://127.0.0.1:1/0"'), "the ledger cannot be asked"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line(command: Command, words: tuple[str, ...], told: str) -> None:
    code, out, err = command(*words)
    assert code == 2
    assert out == ""
    assert told in err
    assert "Traceback" not in err


def test_a_damaged_ledger_is_told(state: Path, command: Command) -> None:
    state.mkdir()
    (state / "ledger.sqlite").write_bytes(b"nothing of ours" * 100)
    code, _, err = command("list")
    assert code == 2
    assert "the ledger cannot be asked" in err


def test_reasons_are_listed_with_their_names_and_the_look_is_journalled(state: Path, command: Command) -> None:
    motivation = Motivation(
        code=hidden("kod"),
        sender=SENDER,
        mailing="7k2m0abcde",
        persons=140,
        reason="Alla längs vägen\nberörs.",
        message="",
        at=datetime.now(UTC),
        state=State.GRANTED,
        permit="abc123",
    )

    async def keep() -> None:
        register = Register(state, retention=timedelta(days=1))
        await register.pend(motivation)
        await register.close()

    asyncio.run(keep())
    code, out, _ = command("reasons")
    assert code == 0
    assert f"{SENDER}  7k2m0abcde  140" in out
    assert "Alla längs vägen berörs." in out
    assert json.loads(command("reasons", "--json")[1])["reason"] == "Alla längs vägen\nberörs."
