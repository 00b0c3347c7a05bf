"""A process killed at each step of a letter's life: what is left, and what the next process makes of it.

The child performs one step after the other and says before which it stands; the test kills it there with SIGKILL, or
while a step is under way, and looks at the file with an outbox of its own.
"""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest

from gateway.letters.courier import Courier, CourierTerms
from gateway.letters.items import OutboxTerms
from gateway.letters.outbox import Outbox

ROOT = Path(__file__).parents[2]
KEY = b"k" * 32
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
TERMS = OutboxTerms()
SECRET = b"Ditt mejl skickades inte 19780914"

PROGRAM = f"""
import asyncio, sys
from dataclasses import replace
from datetime import datetime, timedelta, UTC
from pathlib import Path
from gateway.letters.courier import Courier
from gateway.letters.letter import Letter, LetterKind
from gateway.letters.outbox import Outbox

NOW = datetime.fromisoformat({NOW.isoformat()!r})
LETTER = Letter(
    kind=LetterKind.WARNED, recipient="anna@example.com", message_id="<m@example.com>", octets={SECRET!r},
    reference="R1", written_at=NOW, rules=("private",), delivered=True, topics=("delivered private m1",),
)


async def stand(step):
    print(step, flush=True)
    if step == sys.argv[2]:
        await asyncio.Event().wait()


async def steps():
    outbox = Outbox(Path(sys.argv[1]), key={KEY!r})
    await stand("before pending")
    number = await outbox.put_pending(LETTER)
    await stand("pending")
    await outbox.release(number)
    await stand("ready")

    async def deliver(sender, recipient, octets):
        await stand("before delivery")
        print("delivered", flush=True)
        await stand("delivered, not noted")
        return 250, "2.0.0"

    courier = Courier(outbox, deliver, clock=lambda: NOW, observe=lambda *words: None)
    await courier.round()
    await stand("sent")


async def endless():
    outbox = Outbox(Path(sys.argv[1]), key={KEY!r})
    number = 0
    while True:
        letter = replace(LETTER, recipient=f"a{{number}}@example.com", reference=f"R{{number}}")
        pending = await outbox.put_pending(letter)
        await outbox.release(pending)
        print(f"ready {{number}}", flush=True)
        for item in await outbox.claim(NOW, 1):
            print(f"delivered {{item.reference[1:]}}", flush=True)
            await outbox.sent(item)
            print(f"sent {{item.reference[1:]}}", flush=True)
        number += 1


asyncio.run(endless() if sys.argv[2] == "endless" else steps())
"""


def start(path: Path, until: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(path), until], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )


def kill_at(path: Path, step: str) -> list[str]:
    """Let a child live until it stands at a step, and kill it; return what it said."""
    said: list[str] = []
    with start(path, step) as child:
        assert child.stdout is not None
        for line in child.stdout:
            said.append(line.strip())
            if said[-1] == step:
                break
        child.send_signal(signal.SIGKILL)
        child.wait()
    assert said[-1] == step
    return said


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.db"


@pytest.fixture
async def outbox(path: Path) -> AsyncIterator[Outbox]:
    opened = Outbox(path, key=KEY, terms=TERMS)
    yield opened
    await opened.close()


async def carried_out(outbox: Outbox, at: datetime) -> list[bytes]:
    """Return what a courier that starts at a time delivers."""
    got: list[bytes] = []

    async def deliver(sender: str, recipient: str, octets: bytes) -> tuple[int, str]:
        assert (sender, recipient) == ("", "anna@example.com")
        got.append(octets)
        return 250, "2.0.0"

    terms = CourierTerms(expire=10**6)
    await outbox.forget_pendings(at)
    await Courier(outbox, deliver, clock=lambda: at, observe=lambda *_: None, terms=terms).round()
    return got


DELIVERIES = {
    "before pending": (0, 0, 0),
    "pending": (0, 0, 0),
    "ready": (0, 1, 0),
    "before delivery": (0, 0, 1),
    "delivered, not noted": (1, 0, 1),
    "sent": (1, 0, 0),
}
"""Where the process was killed → deliveries by it, by the next one at once, by the next one after the lease."""


@pytest.mark.parametrize("step", DELIVERIES)
async def test_a_kill_loses_no_letter_that_was_ready_and_sends_none_that_was_not(
    outbox: Outbox, path: Path, step: str
) -> None:
    said = await asyncio.to_thread(kill_at, path, step)
    at_once = await carried_out(outbox, NOW)
    later = await carried_out(outbox, NOW + TERMS.lease + timedelta(seconds=1))
    assert (said.count("delivered"), len(at_once), len(later)) == DELIVERIES[step]
    assert set(at_once + later) <= {SECRET}
    assert await outbox.waiting() == []
    assert await outbox.erase()
    assert SECRET not in everything(path)


def everything(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.parent.iterdir())


async def test_a_pending_of_the_living_is_not_forgotten(outbox: Outbox, path: Path) -> None:
    with start(path, "pending") as child:
        assert child.stdout is not None
        while await asyncio.to_thread(child.stdout.readline) != "pending\n":
            assert child.poll() is None
        assert await outbox.forget_pendings(NOW) == 0
        child.kill()
        child.wait()
    assert await outbox.forget_pendings(NOW) == 1


@pytest.mark.parametrize("seed", range(6))
async def test_kills_at_any_moment_leave_a_whole_file(outbox: Outbox, path: Path, seed: int) -> None:
    """What was called ready is there or was delivered; what was called sent does not come back."""
    rounds = random.Random(seed).randint(1, 120)
    with start(path, "endless") as child:
        assert child.stdout is not None
        lines = map(str.strip, child.stdout)
        said = await asyncio.to_thread(lambda: list(islice(lines, rounds)))
        child.kill()
        said += lines
    ready, delivered, sent = (
        {line.split()[1] for line in said if line.startswith(word)} for word in ("ready ", "delivered ", "sent ")
    )
    await outbox.forget_pendings(NOW)
    left = {w.reference[1:] for w in await outbox.waiting()}
    assert ready <= left | delivered
    assert not left & sent
    claimed = await outbox.claim(NOW + TERMS.lease, 1000)
    assert {item.reference[1:] for item in claimed} == left
