"""Measure the ledger: claims in an open loop, and what a million remembered persons take.

usage: ledger.py [--seconds N] [--rate N] [--persons N]

SQLite is kept by a bookkeeper as in the service, on the file system of --folder; Redis is a redis-server of our own
with appendfsync everysec. Latencies are of the claim alone, from the moment it was due.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.bookkeeper import Bookkeeper, Hub
from gateway.ledger import Claim, Ledger
from gateway.ledger.open import open_ledger
from gateway.ledger.sqlite import FILE, kept_ledger, ledger_file
from gateway.model import Fingerprint

RECIPIENTS = 16
SENDERS = 20
REACHED = 100


def claim(number: int, persons: list[str], rng: random.Random) -> Claim:
    """Return the claim of a message with words of its own."""
    return Claim(
        attempt=f"{number}-{rng.getrandbits(40)}",
        sender=f"sender{number % SENDERS}@politik.orkelljunga.se",
        identities=(f"message-id:{number}",),
        fingerprint=Fingerprint(exact=rng.randbytes(16), minhash=tuple(rng.getrandbits(26) for _ in range(64))),
        persons=dict.fromkeys(persons, 1),
        announced=0,
        limit=100,
        at=datetime.now(UTC),
        window=timedelta(hours=24),
        hold=timedelta(minutes=15),
    )


async def open_loop(ledger: Ledger, rate: float, seconds: float) -> list[float]:
    """Claim and commit at a steady rate whatever the answers take; return the claims' latencies in milliseconds."""
    rng = random.Random(1)
    took: list[float] = []
    begin = time.perf_counter()

    async def one(number: int, due: float) -> None:
        wish = claim(number, [f"p{rng.getrandbits(30)}@example.com" for _ in range(RECIPIENTS)], rng)
        reservation = await ledger.reserve(wish)
        took.append((time.perf_counter() - due) * 1000)
        await ledger.commit(reservation, list(wish.persons), datetime.now(UTC))

    tasks = []
    for number in range(int(rate * seconds)):
        due = begin + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(one(number, due)))
    await asyncio.gather(*tasks)
    return sorted(took)


async def fill(ledger: Ledger, persons: int) -> None:
    """Let so many persons be reached, a hundred by each mailing."""
    rng = random.Random(2)
    places = asyncio.Semaphore(32)

    async def one(number: int) -> None:
        async with places:
            wish = claim(number, [f"q{number}-{n}@example.com" for n in range(REACHED)], rng)
            reservation = await ledger.reserve(wish)
            await ledger.commit(reservation, list(wish.persons), datetime.now(UTC))

    for base in range(0, persons // REACHED, 1000):
        await asyncio.gather(*(one(number) for number in range(base, min(base + 1000, persons // REACHED))))


def report(name: str, took: list[float]) -> None:
    """Print the figures of one open loop."""
    p50, p99 = took[len(took) // 2], took[int(len(took) * 0.99)]
    print(f"{name:8} claims {len(took):6}  p50 {p50:6.2f} ms  p99 {p99:7.2f} ms  max {took[-1]:7.2f} ms", flush=True)


async def measure(name: str, ledger: Ledger, options: argparse.Namespace) -> None:
    """Measure one ledger."""
    await ledger.ping()
    report(name, await open_loop(ledger, options.rate, options.seconds))
    if options.persons:
        await fill(ledger, options.persons)
    await ledger.close()


def sqlite(folder: Path, options: argparse.Namespace) -> None:
    """Measure SQLite behind a bookkeeper."""
    hub = Hub.make()
    pid = os.fork()
    if pid == 0:
        hub.workers.close()
        os._exit(Bookkeeper(hub.keeper, ledger_file(folder)).run())
    hub.keeper.close()
    asyncio.run(measure("sqlite", kept_ledger(hub.workers), options))
    hub.close()
    os.waitpid(pid, 0)
    if options.persons:
        print(f"sqlite   {options.persons} persons take {(folder / FILE).stat().st_size / 1e6:.0f} MB", flush=True)


def redis(folder: Path, options: argparse.Namespace) -> None:
    """Measure Redis on loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", ""]
    command += ["--appendonly", "yes", "--appendfsync", "everysec", "--maxmemory-policy", "noeviction"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        ledger = open_ledger(f"redis://127.0.0.1:{port}/0", state=folder, key_file=None)
        asyncio.run(measure("redis", ledger, options))
        if options.persons:
            told = subprocess.run(
                ["redis-cli", "-p", str(port), "info", "memory"], capture_output=True, text=True, check=True
            ).stdout
            used = next(line.partition(":")[2] for line in told.splitlines() if line.startswith("used_memory:"))
            print(f"redis    {options.persons} persons take {int(used) / 1e6:.0f} MB", flush=True)
    finally:
        server.terminate()
        server.wait()


def main() -> int:
    """Measure both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=300.0, help="claims a second (300)")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--persons", type=int, default=0, help="remember so many and tell what they take")
    parser.add_argument("--folder", help="where the stores live (a temporary folder)")
    options = parser.parse_args()
    with ExitStack() as stack:
        for kind in (sqlite, redis):
            kind(Path(stack.enter_context(tempfile.TemporaryDirectory(dir=options.folder))), options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
