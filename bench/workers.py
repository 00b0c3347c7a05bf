"""Measure what a second worker brings where judging is the work: different messages of much text, no two alike.

usage: workers.py [--rounds N] [--seconds N] [--kib N] [--sessions N]

One installation has one worker, another has two; both run all the time and are given mail in turns. The messages are
words that nobody wrote, each message other ones, so that nothing is remembered of one for the next. Clients and the
relay behind both are this program: what is left of two cores for a second worker is what remains beside it.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

SENDER: Final = b"hedda.sten@politik.orkelljunga.se"
HEAD: Final = (
    "From: Hedda Sten <{sender}>\r\nTo: a@example.com\r\nSubject: Underlag {number}\r\n"
    "Message-ID: <{number}@politik.orkelljunga.se>\r\nMIME-Version: 1.0\r\n"
    "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
)
_STOCK: Final = 200
"""Texts made before anything is measured; a message is one of them with words of its own in front."""


def messages(octets: int) -> Iterator[bytes]:
    """Yield messages of about so many octets without end, each of a look of its own."""
    rng = random.Random(1)
    letters = "abcdefghijklmnoprstuvåäö"
    words = ["".join(rng.choices(letters, k=rng.randint(2, 11))) for _ in range(60_000)]
    lines = max(1, octets // 85)
    stock = ["\r\n".join(" ".join(rng.choices(words, k=11)) for _ in range(lines)) for _ in range(_STOCK)]
    for number in itertools.count():
        head = HEAD.format(sender=SENDER.decode(), number=number)
        yield f"{head}{' '.join(rng.choices(words, k=40))}\r\n{stock[number % _STOCK]}\r\n.\r\n".encode()


# --- the relay behind, and clients ---------------------------------------------------------------


async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take every message, as a relay that has nothing else to do."""
    writer.write(b"220 relay\r\n")
    while line := await reader.readline():
        if line.upper().startswith(b"DATA"):
            writer.write(b"354 go on\r\n")
            await reader.readuntil(b"\r\n.\r\n")
        if line.upper().startswith(b"EHLO"):
            writer.write(b"250-relay\r\n250-PIPELINING\r\n250 8BITMIME\r\n")
            continue
        writer.write(b"221 bye\r\n" if line.upper().startswith(b"QUIT") else b"250 2.0.0 ok\r\n")
    writer.close()


async def send(port: int, mail: Iterator[bytes], until: float) -> int:
    """Send on one connection until then; return how many were taken."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    sent = 0

    async def say(octets: bytes) -> bytes:
        writer.write(octets)
        reply = await reader.readline()
        while reply[3:4] == b"-":
            reply = await reader.readline()
        return reply

    await say(b"")
    await say(b"EHLO bench\r\n")
    while time.perf_counter() < until:
        await say(b"MAIL FROM:<" + SENDER + b">\r\n")
        await say(b"RCPT TO:<a@example.com>\r\n")
        await say(b"DATA\r\n")
        reply = await say(next(mail))
        if not reply.startswith(b"250"):
            raise RuntimeError(reply.decode())
        sent += 1
    writer.close()
    return sent


@asynccontextmanager
async def installation(workers: int, relay: int) -> AsyncIterator[int]:
    """Run Utpost with so many workers; yield its port."""
    state = tempfile.mkdtemp(prefix="utpost-bench-")
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("utpost")),
        *("serve", "--listen", "127.0.0.1:0", "--metrics", "off", "--relay", f"127.0.0.1:{relay}", "--state", state),
        *("--set", f"workers={workers}", "--set", 'log_level="error"'),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        if process.stdout is None:
            raise RuntimeError
        yield int(json.loads(await process.stdout.readline())["smtp"][0].rpartition(":")[2])
    finally:
        process.terminate()
        await process.wait()
        shutil.rmtree(state, ignore_errors=True)


async def measure(rounds: int, seconds: float, kib: int, sessions: int) -> None:
    """Print how many messages a second one worker and two workers take."""
    mail = messages(kib * 1024)
    sink = await asyncio.start_server(take, "127.0.0.1", 0, limit=64 << 20)
    relay = sink.sockets[0].getsockname()[1]
    rates: dict[int, list[float]] = {1: [], 2: []}
    async with installation(1, relay) as one, installation(2, relay) as two:
        for number in range(rounds + 1):
            for workers, port in ((1, one), (2, two)) if number % 2 else ((2, two), (1, one)):
                begin = time.perf_counter()
                sent = await asyncio.gather(*(send(port, mail, begin + seconds) for _ in range(sessions)))
                if number:  # the first round warms both
                    rates[workers].append(sum(sent) / (time.perf_counter() - begin))
    sink.close()
    print(f"{kib} KiB, {sessions} sessions, {rounds} rounds of {seconds:g} s in turns, messages a second:")
    middle = {workers: statistics.median(figures) for workers, figures in rates.items()}
    for workers, figures in rates.items():
        print(f"workers={workers}: {middle[workers]:.1f} ({min(figures):.1f} to {max(figures):.1f})")
    print(f"two workers for one: {middle[2] / middle[1]:.2f} x")


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--kib", type=int, default=60)
    parser.add_argument("--sessions", type=int, default=8)
    arguments = parser.parse_args()
    asyncio.run(measure(arguments.rounds, arguments.seconds, arguments.kib, arguments.sessions))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
