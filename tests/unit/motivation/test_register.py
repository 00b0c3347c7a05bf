"""The register: one reason for one code, kept as long as it says and no longer."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.model import Unavailable
from gateway.motivation.register import FILE, Motivation, Register, State, hidden

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
ONE = Motivation(
    code=hidden("kod"),
    sender="anna@politik.orkelljunga.se",
    mailing="7k2m0abcde",
    persons=140,
    reason="Alla längs vägen berörs.",
    message=hidden("<a@b>"),
    at=NOW,
    state=State.PENDING,
    permit="abc123",
)


@pytest.fixture
async def register(tmp_path: Path) -> AsyncIterator[Register]:
    opened = Register(tmp_path, retention=timedelta(days=10))
    yield opened
    await opened.close()


async def test_a_code_is_used_once(register: Register) -> None:
    assert await register.pend(ONE) is None
    assert await register.pend(replace(ONE, reason="Bättre sagt.")) is None, "pending: replaced"
    await register.settle(ONE.code, State.GRANTED, at=NOW)
    before = await register.pend(replace(ONE, reason="Igen."))
    assert before is not None
    assert (before.state, before.reason, before.decided) == (State.GRANTED, "Bättre sagt.", NOW)


async def test_what_is_pending_can_be_dropped_and_nothing_else(register: Register) -> None:
    await register.pend(ONE)
    await register.drop(ONE.code)
    assert await register.listed() == []
    await register.pend(ONE)
    await register.settle(ONE.code, State.WAITING, at=NOW)
    await register.drop(ONE.code)
    assert [m.state for m in await register.listed()] == [State.WAITING]


async def test_the_approver_s_question_is_found_until_it_is_answered(register: Register) -> None:
    await register.pend(ONE)
    assert await register.waiting(ONE.mailing) is None
    await register.settle(ONE.code, State.WAITING, at=NOW)
    found = await register.waiting(ONE.mailing)
    assert found is not None
    assert found.sender == ONE.sender
    await register.settle(ONE.code, State.DENIED, at=NOW, decider="kommunkontor@orkelljunga.se")
    assert await register.waiting(ONE.mailing) is None
    assert [m.decider for m in await register.listed()] == ["kommunkontor@orkelljunga.se"]


async def test_permits_of_a_week_are_counted(register: Register) -> None:
    for number in range(4):
        code = hidden(str(number))
        await register.pend(replace(ONE, code=code, at=NOW - timedelta(days=3 * number)))
        await register.settle(code, State.DENIED if number == 1 else State.GRANTED, at=NOW)
    assert await register.granted_since(ONE.sender, NOW - timedelta(days=7)) == 2
    assert await register.granted_since("bo@politik.orkelljunga.se", NOW - timedelta(days=7)) == 0


async def test_reasons_are_forgotten_in_time(register: Register, tmp_path: Path) -> None:
    await register.pend(replace(ONE, at=NOW - timedelta(days=10, seconds=1)))
    await register.pend(replace(ONE, code=hidden("ny"), at=NOW - timedelta(days=9)))
    assert await register.prune(NOW) == 1
    assert [m.code for m in await register.listed()] == [hidden("ny")]
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


async def test_a_locked_register_is_unavailable(register: Register, tmp_path: Path) -> None:
    await register.listed()
    holder = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(Unavailable):
        await register.pend(ONE)
    holder.close()
