"""Run the matrix of faults and stages with a real Postfix, print it and, when it is whole, write docs/reliability.md.

usage: python -m tests.reliability.matrix [--runs N] [--messages N] [--fault NAME]... [--stage NAME]... [--no-page]
"""

from __future__ import annotations

import argparse
import asyncio
import shlex
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from tests.reliability.cell import ANY_MOMENT, KINDS, STAGES, Cell, Fault, Message, Tally
from tests.reliability.ground import Ground, Relay
from tests.reliability.page import PAGE, page, table
from tests.reliability.wire import Wire
from tests.support.redis_server import RedisServer
from tests.support.relay import ScriptedRelay


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One row of the matrix."""

    act: Callable[[Ground], Fault | None]
    pipe: Callable[[Ground], Fault | None] | None = None
    """What is the same to a plain TCP pipe; None where a pipe has no such part, and so no right to a repeat."""


def _freeze(ground: Ground) -> Fault:
    async def freeze() -> None:
        ground.wire.freeze()

    return freeze


def _cut(ground: Ground) -> Fault:
    async def cut() -> None:
        ground.wire.cut()

    return cut


FAULTS: Final = {
    "client gone": Trouble(act=lambda _: None, pipe=lambda _: None),
    "relay gone": Trouble(act=lambda g: g.wire.sever, pipe=lambda g: g.wire.sever),
    "relay stalls": Trouble(act=_freeze, pipe=_freeze),
    "relay restarts": Trouble(act=lambda g: g.restart_relay, pipe=lambda g: g.restart_relay),
    "kill -9 of the workers": Trouble(act=lambda g: g.kill_workers, pipe=_cut),
    "kill -9 of the parent": Trouble(act=lambda g: g.kill_parent, pipe=_cut),
    "kill -9 of the zygotes": Trouble(act=lambda g: g.kill_zygotes),
    "kill -9 of the bookkeeper": Trouble(act=lambda g: g.kill_books),
    "Redis gone": Trouble(act=lambda g: g.stop_redis),
    "disk full": Trouble(act=lambda g: g.fill_disk),
    "outbox locked": Trouble(act=lambda g: g.lock_outbox),
}


@dataclass(slots=True, kw_only=True)
class Result:
    """What one cell came to, through Utpost and through a pipe."""

    fault: str
    stage: str
    tally: Tally
    pipe: Tally | None

    @property
    def broken(self) -> list[str]:
        """Return the promises that were broken, repeats that a pipe would not have had among them."""
        broken = self.tally.broken
        # At any moment, which of them met the moment when a pipe repeats is chance.
        allowed = self.pipe is not None and (self.pipe.repeats or self.stage == ANY_MOMENT)
        if self.tally.repeats and not allowed:
            broken.append(f"repeats that a pipe has not: {self.tally.repeats}")
        return broken


@asynccontextmanager
async def relay_and_mailbox(folder: Path) -> AsyncIterator[tuple[Relay, ScriptedRelay]]:
    """Give a real Postfix and the mailbox behind it."""
    with ScriptedRelay() as mailbox:
        relay = Relay(folder / "postfix", mailbox, settings={"smtp_connection_cache_on_demand": "no"})
        await asyncio.to_thread(relay.start)
        try:
            yield relay, mailbox
        finally:
            await asyncio.to_thread(relay.stop)


@asynccontextmanager
async def ground_for(fault: str, relay: Relay, mailbox: ScriptedRelay, folder: Path) -> AsyncIterator[Ground]:
    """Give a Utpost for the cells of one fault; it must end without a complaint in its log."""
    folder.mkdir(parents=True)  # noqa: ASYNC240 - nothing else runs yet
    host, _, port = relay.address.rpartition(":")
    async with Wire((host, int(port))) as wire:
        ground = Ground(folder, relay, mailbox, wire)
        if fault == "Redis gone":
            ground.redis = await asyncio.to_thread(RedisServer(folder).start)
        await asyncio.to_thread(ground.start)
        try:
            yield ground
        finally:
            await asyncio.to_thread(ground.stop)
            if ground.redis is not None:
                ground.redis.stop()
    if ground.complaints:
        raise RuntimeError("in the log of Utpost:\n" + "\n".join(ground.complaints))


async def run_cell(ground: Ground, fault: str, stage: str, messages: int) -> Result:
    """Run one cell once, through Utpost and, where it has a counterpart, through a pipe."""
    trouble = FAULTS[fault]
    # Refused messages never get to the relay, so they have nothing to do with its reply.
    kinds = [kind for kind in KINDS if kind != "refused" or stage != "before the relay's reply"]
    batch = [Message(kind=kinds[n % len(kinds)]) for n in range(messages)]
    await ground.whole()
    tally = await Cell(ground, stage, trouble.act(ground)).run(batch)
    pipe = None
    if trouble.pipe is not None:
        strangers = [Message(kind="stranger") for _ in range(messages)]
        pipe = await Cell(ground, stage, trouble.pipe(ground), pipe=True).run(strangers)
    await ground.settle(lambda: True, 5)
    ground.mailbox.connections.clear()
    return Result(fault=fault, stage=stage, tally=tally, pipe=pipe)


async def run_matrix(faults: Sequence[str], stages: Sequence[str], runs: int, messages: int) -> list[Result]:
    """Run the cells ``runs`` times each; progress goes to standard error."""
    found: dict[tuple[str, str], Result] = {}
    begun, done, whole = time.monotonic(), 0, len(faults) * len(stages) * runs
    with tempfile.TemporaryDirectory(prefix="utpost-matrix-") as name:
        async with relay_and_mailbox(Path(name)) as (relay, mailbox):
            for fault in faults:
                async with ground_for(fault, relay, mailbox, Path(name) / fault.replace(" ", "-")) as ground:
                    for stage in [stage for stage in stages for _ in range(runs)]:
                        result = await run_cell(ground, fault, stage, messages)
                        _gather(found, result)
                        done += 1
                        left = (time.monotonic() - begun) / done * (whole - done)
                        told = f"{done}/{whole}, about {left / 60:.0f} min left: {fault}, {stage}"
                        print(f"{told}: {result.broken or 'kept'}", file=sys.stderr, flush=True)
    return list(found.values())


def _gather(found: dict[tuple[str, str], Result], result: Result) -> None:
    before = found.setdefault((result.fault, result.stage), result)
    if before is not result:
        before.tally.add(result.tally)
        if before.pipe is not None and result.pipe is not None:
            before.pipe.add(result.pipe)


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="matrix", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=2, help="how often each cell is run")
    parser.add_argument("--messages", type=int, default=18, help="messages of one run, and as many through the pipe")
    parser.add_argument("--fault", action="append", choices=list(FAULTS), help="only these rows")
    parser.add_argument("--stage", action="append", choices=list(STAGES), help="only these columns")
    parser.add_argument("--no-page", action="store_true", help="print the table and write nothing")
    return parser.parse_args(words)


def main(words: Sequence[str]) -> int:
    """Run what is asked for; exit code 1 where a promise was broken, 2 where a program is missing."""
    asked = _arguments(words)
    try:
        results = asyncio.run(
            run_matrix(asked.fault or list(FAULTS), asked.stage or STAGES, asked.runs, asked.messages)
        )
    except pytest.skip.Exception as error:
        print(f"matrix: {error}", file=sys.stderr)
        return 2
    print(table(results))
    if not (asked.no_page or asked.fault or asked.stage):
        command = "make reliability" + (f' ARGS="{shlex.join(words)}"' if words else "")
        PAGE.write_text(page(results, command, datetime.now(UTC).date()), "utf-8")
    broken = [f"{r.fault}, {r.stage}: {text}" for r in results for text in r.broken]
    print("\n".join(broken) or "every promise was kept", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
