"""Send very many messages through one Utpost and look whether anything grows: memory, descriptors, files, processes.

usage: python -m tests.reliability.soak [--messages N] [--clients N]

Messages are in scope or not, pass or are refused, and some carry a file that is opened. One line for each twentieth; at
the end it says what grew since the warm-up. Exit code 1 where something did.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from itertools import count
from pathlib import Path
from typing import Final

from tests.integration.test_mass_mailing import mailing, other_words
from tests.support.process import Utpost
from tests.support.relay import ScriptedRelay
from tests.support.smtp import RawClient
from tests.unit.extract.documents import zipped

WARM_UP: Final = 0.25
"""Which part of the messages is sent before the first look that counts: allocators, caches and pools fill first."""
ALLOWED_KIB: Final = 24 * 1024
"""What all processes together may differ by in memory: a collection under way, a block half used."""
STEPS: Final = 20
QUIET: Final = 8.0
"""Seconds before a look that counts: connections to the relay are given back after five."""
SENSITIVE: Final = "Hans personnummer är 19811218-9876.\r\n".encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look at all processes of Utpost shows."""

    messages: int
    memory: int
    """PSS in KiB."""
    descriptors: int
    processes: int
    files: int
    """In the state folder."""

    def grown(self, later: Look) -> list[str]:
        """Return what was more at a later look."""
        found = []
        if later.memory > self.memory + ALLOWED_KIB:
            found.append(f"memory: {self.memory} to {later.memory} KiB")
        for name in ("descriptors", "processes", "files"):
            before, after = getattr(self, name), getattr(later, name)
            if after > before:
                found.append(f"{name}: {before} to {after}")
        return found

    def __str__(self) -> str:
        return (
            f"{self.messages} messages: {self.memory / 1024:.1f} MiB, {self.descriptors} descriptors, "
            f"{self.processes} processes, {self.files} files"
        )


def look(utpost: Utpost, messages: int) -> Look:
    """Look at the whole tree."""
    if utpost.process is None:
        raise RuntimeError("not started")
    pids = [utpost.process.pid, *utpost.children()]
    return Look(
        messages=messages,
        memory=sum(map(_pss, pids)),
        descriptors=sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in pids),
        processes=len(pids),
        files=sum(1 for path in utpost.state.rglob("*") if path.is_file()),
    )


def _pss(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def message(number: int) -> tuple[bytes, bytes, bytes]:
    """Return sender, octets and how the answer begins, for message ``number``."""
    member = b"ledamot%d@politik.orkelljunga.se" % (number % 5000)
    match number % 8:
        case 0:
            return b"asa@avsandare.example", mailing(number=number, text=other_words(number)) + SENSITIVE, b"250"
        case 1:
            return member, mailing(number=number, text=other_words(number)) + SENSITIVE, b"550"
        case 2 if number % 40 == 2:
            return member, _with_a_file(number, member), b"550"
        case _:
            return member, mailing(number=number, text=other_words(number)), b"250"


def _with_a_file(number: int, sender: bytes) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender.decode(), "bo@mottagare.example", f"Fil {number}"
    mail.set_content(other_words(number))
    mail.add_attachment(zipped({"a.txt": SENSITIVE}), maintype="application", subtype="zip", filename="a.zip")
    return mail.as_bytes(policy=SMTP)


async def send_many(utpost: Utpost, numbers: Iterator[int], until: int, clients: int) -> None:
    """Send messages from ``numbers`` up to ``until`` over connections that are kept for fifty each."""

    async def client() -> None:
        while True:
            async with await RawClient.greeted(utpost.smtp) as connection:
                for _ in range(50):
                    if (number := next(numbers)) > until:
                        return
                    sender, octets, expected = message(number)
                    reply = await connection.deliver(sender, [b"bo%d@mottagare.example" % number], octets)
                    if not reply.startswith(expected):
                        raise AssertionError(f"message {number}: {reply!r}")

    await asyncio.gather(*(client() for _ in range(clients)))


async def soak(messages: int, clients: int) -> Iterator[Look]:
    """Return the looks, one at the end of the warm-up and one for each step after it."""
    looks = []
    with tempfile.TemporaryDirectory(prefix="utpost-soak-") as name, ScriptedRelay() as relay:
        with Utpost(relay.address, state=Path(name) / "state", workers=2) as utpost:
            for step in range(1, STEPS + 1):
                until = messages * step // STEPS
                await send_many(utpost, count(messages * (step - 1) // STEPS + 1), until, clients)
                relay.reset()
                counts = step in {STEPS * WARM_UP, STEPS}
                await asyncio.sleep(QUIET if counts else 1)
                seen = await asyncio.to_thread(look, utpost, until)
                print(seen, file=sys.stderr, flush=True)
                if step >= STEPS * WARM_UP:
                    looks.append(seen)
        if utpost.complaints:
            raise RuntimeError("\n".join(utpost.complaints))
    return iter(looks)


def main(words: Sequence[str]) -> int:
    """Run it; exit code 1 where something grew."""
    parser = argparse.ArgumentParser(prog="soak", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--clients", type=int, default=10)
    asked = parser.parse_args(words)
    begun = time.monotonic()
    with contextlib.suppress(KeyboardInterrupt):
        looks = list(asyncio.run(soak(asked.messages, asked.clients)))
        grown = looks[0].grown(looks[-1])
        print(f"after {looks[0]}\nat the end {looks[-1]}\n{(time.monotonic() - begun) / 60:.0f} minutes")
        print("; ".join(grown) or "nothing grew")
        return 1 if grown else 0
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
