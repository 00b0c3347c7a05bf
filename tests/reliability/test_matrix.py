"""The promises of docs/reliability.md in a few cells, in all of them when there is time, and that the count sees."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest

from tests.reliability.cell import STAGES, Cell, Message
from tests.reliability.ground import Ground, Relay
from tests.reliability.matrix import FAULTS, run_matrix
from tests.reliability.page import PAGE
from tests.reliability.wire import Wire
from tests.support.relay import ScriptedRelay, Transaction

postfix = pytest.mark.xdist_group("postfix")
AFTER_THE_DOT = ("after the final dot", "before the relay's reply")
BITES = {
    "client gone": AFTER_THE_DOT,
    "kill -9 of the workers": AFTER_THE_DOT,
    "disk full": ("in DATA",),
}
"""Cells of the short run: in each of them some client has to try twice."""


@postfix
@pytest.mark.parametrize("fault", BITES)
async def test_promises_are_kept_where_it_is_tight(fault: str) -> None:
    results = await run_matrix([fault], BITES[fault], 1, 6)
    assert [(r.stage, r.broken) for r in results if r.broken] == []
    assert [r.stage for r in results if r.tally.attempts == r.tally.messages] == [], "the fault was felt"


@pytest.mark.long
@pytest.mark.timeout(600)
@postfix
@pytest.mark.parametrize("fault", FAULTS)
async def test_promises_are_kept_in_every_cell(fault: str) -> None:
    results = await run_matrix([fault], STAGES, 1, 9)
    assert [(r.stage, r.broken) for r in results if r.broken] == []
    assert [r.stage for r in results] == list(STAGES)


def test_the_page_has_a_row_for_every_cell() -> None:
    text = PAGE.read_text("utf-8")
    assert [(f, s) for f in FAULTS for s in STAGES if f"\n| {f} | {s} | " not in text] == []


# --- the count --------------------------------------------------------------------------------------


class Idle:
    """A relay without a queue."""

    idle = True


@pytest.fixture
async def wire(relay: ScriptedRelay) -> AsyncIterator[Wire]:
    host, _, port = relay.address.rpartition(":")
    async with Wire((host, int(port))) as opened:
        yield opened


def ground(tmp_path: Path, mailbox: ScriptedRelay, wire: Wire) -> Ground:
    return Ground(tmp_path, cast("Relay", Idle()), mailbox, wire)


async def test_a_message_that_is_acknowledged_and_goes_nowhere_is_counted_as_lost(tmp_path: Path, wire: Wire) -> None:
    with ScriptedRelay() as elsewhere:
        cell = Cell(ground(tmp_path, elsewhere, wire), "after it", None, pipe=True)
        tally = await cell.run([Message(kind="stranger") for _ in range(3)])
    assert (tally.acknowledged, tally.delivered, tally.broken) == (3, 0, ["lost: 3"])


async def test_an_attempt_that_arrives_twice_is_counted_as_doubled(
    tmp_path: Path, relay: ScriptedRelay, wire: Wire
) -> None:
    class Stutterer(Ground):
        @property
        def deliveries(self) -> list[Transaction]:
            return super().deliveries * 2

    cell = Cell(Stutterer(tmp_path, cast("Relay", Idle()), relay, wire), "after it", None, pipe=True)
    tally = await cell.run([Message(kind="stranger") for _ in range(3)])
    assert (tally.repeats, tally.broken) == (3, ["doubled: 3"])


async def test_another_attempt_is_a_repeat_and_no_double(tmp_path: Path, relay: ScriptedRelay, wire: Wire) -> None:
    cell = Cell(ground(tmp_path, relay, wire), "before the relay's reply", None, pipe=True)
    tally = await cell.run([Message(kind="stranger") for _ in range(3)])
    assert (tally.attempts, tally.repeats, tally.broken) == (6, 3, [])


async def test_a_refused_message_that_arrives_all_the_same_is_counted_as_leaked(
    tmp_path: Path, relay: ScriptedRelay, wire: Wire
) -> None:
    cell = Cell(ground(tmp_path, relay, wire), "after it", None, pipe=True)
    message = Message(kind="stranger")
    await cell.run([message])
    message.reply = b"550 5.7.1 no\r\n"
    assert cell._count().broken == ["leaked: 1", "missing_letters: 1"]
