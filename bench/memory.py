"""Measure the memory of `utpost serve`: proportional set size by process and by what it holds.

usage: memory.py [--text OFFICIAL_JSONL] [--messages N] [--sessions N] [--idle N] [--workers N] [--alike] [--kinds]

Three moments: just started, after some messages of different lengths and texts (a tenth of them with a file, one in
fifty refused, so that letters are written), and with many connections that say nothing beside. The relay behind and
all clients are this program, which is not counted.
``--kinds`` tells of each process what its private and its shared pages are: the heap of the C library, memory that was
asked of the kernel (Python's own objects among it), mapped files.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
SENDER: Final = "hedda.sten@politik.orkelljunga.se"
HEAD: Final = (
    "From: Hedda Sten <{sender}>\r\nTo: a{number}@example.com\r\nSubject: Underlag {number}\r\n"
    "Message-ID: <{number}@politik.orkelljunga.se>\r\nMIME-Version: 1.0\r\n"
)
PLAIN: Final = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
MIXED: Final = (
    'Content-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\n' + PLAIN + "{text}\r\n--x\r\n"
    "Content-Type: text/csv; charset=utf-8\r\n"
    'Content-Disposition: attachment; filename="lista.csv"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n'
    "namn;ort\r\nBo Ek;Skånes Fagerhult\r\n--x--\r\n"
)
SIZES: Final = (400, 1500, 4000, 10_000, 10_000, 20_000)
FILES_EVERY: Final = 10
REFUSED_EVERY: Final = 50
TEXT: Final = "Protokollet från nämndens sammanträde justeras på torsdag i nästa vecka.\r\n"


def messages(prose: str, number: int, *, alike: bool) -> Iterator[bytes]:
    """Yield so many messages, no two alike, or the same of 10 KB again and again."""
    rng = random.Random(1)
    for at in range(number):
        if at % REFUSED_EVERY == REFUSED_EVERY - 1:
            yield f"{HEAD.format(sender=SENDER, number=at)}{PLAIN}Hennes personnummer: 19121212-1212\r\n.\r\n".encode()
            continue
        if alike:
            yield f"{HEAD.format(sender=SENDER, number=0)}{PLAIN}{TEXT * 140}\r\n.\r\n".encode()
            continue
        size = SIZES[at % len(SIZES)]
        start = rng.randrange(max(1, len(prose) - size))
        text = re.sub(r"(?m)^\.+", "", prose[start : start + size]).replace("\r", "").replace("\n", "\r\n")
        head = HEAD.format(sender=SENDER, number=at)
        body = MIXED.replace("{text}", text) if at % FILES_EVERY == FILES_EVERY - 1 else PLAIN + text
        yield f"{head}{body}\r\n.\r\n".encode()


# --- the relay behind, and clients ---------------------------------------------------------------


async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take every message, as a relay that has nothing else to do."""
    writer.write(b"220 relay\r\n")
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                writer.write(b"354 go on\r\n")
                await reader.readuntil(b"\r\n.\r\n")
            writer.write(b"250-relay\r\n250-PIPELINING\r\n250 8BITMIME\r\n" if verb == b"EHLO" else b"250 ok\r\n")
            if verb == b"QUIT":
                break
    writer.close()


async def reply(reader: asyncio.StreamReader) -> bytes:
    """Return the last line of a reply."""
    while (line := await reader.readline())[3:4] == b"-":
        pass
    return line


async def send(port: int, waiting: Iterator[bytes], *, alike: bool) -> Counter[bytes]:
    """Send messages, ten on each connection, until there are none; return how often which reply came."""
    replies: Counter[bytes] = Counter()
    while batch := list(itertools.islice(waiting, 10)):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
        await reply(reader)
        writer.write(b"EHLO bench.example\r\n")
        await reply(reader)
        for number, message in enumerate(batch):
            to = f"RCPT TO:<a{0 if alike else number}@example.com>"
            for command in (f"MAIL FROM:<{SENDER}> BODY=8BITMIME", to, "DATA"):
                writer.write(f"{command}\r\n".encode())
                await reply(reader)
            writer.write(message)
            replies[(await reply(reader))[:3]] += 1
        writer.close()
    return replies


# --- memory --------------------------------------------------------------------------------------


def family(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    found = [pid]
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            found += family(int(child))
    return found


def kind_of(name: str) -> str:
    """Return what a mapping is for."""
    if name in {"[heap]", "[stack]"}:
        return name.strip("[]")
    if not name or name.startswith(("[anon", "[v")):
        return "anonymous"
    if name.startswith(("/memfd", "/dev/")):
        return "shared memory"
    return "files"


def mappings(pid: int) -> Counter[tuple[str, str]]:
    """Return KiB by (kind of mapping, figure)."""
    found: Counter[tuple[str, str]] = Counter()
    kind = ""
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        key, _, rest = line.partition(":")
        if " " in key:  # a mapping's own line: addresses, rights, offset, device, inode, name
            fields = line.split(None, 5)
            kind = kind_of(fields[5].strip() if len(fields) > 5 else "")  # noqa: PLR2004 - the sixth is the name
        elif rest.endswith(" kB"):
            found[kind, key] += int(rest.split()[0])
    return found


def show(moment: str, root: int, *, kinds: bool) -> float:
    """Print what all processes take at this moment, in MiB; return their sum."""
    rows = []
    for pid in family(root):
        name = Path(f"/proc/{pid}/comm").read_text().strip()
        found = mappings(pid)
        whole: Counter[str] = Counter()
        for (_, figure), kib in found.items():
            whole[figure] += kib
        rows.append((f"{name} {pid}", whole, found))
    total = sum(whole["Pss"] for _, whole, _ in rows) / 1024
    print(f"\n{moment}: {total:.1f} MiB in {len(rows)} processes\n")
    print("| process | PSS | private | shared | of the private: |\n|---|---:|---:|---:|---|")
    for name, whole, found in rows:
        private = sum(whole[one] for one in ("Private_Dirty", "Private_Clean")) / 1024
        shared = sum(whole[one] for one in ("Shared_Dirty", "Shared_Clean")) / 1024
        parts: Counter[str] = Counter()
        for (kind, figure), kib in found.items():
            if figure in {"Private_Dirty", "Private_Clean"}:
                parts[kind] += kib
        told = ", ".join(f"{kind} {kib / 1024:.1f}" for kind, kib in parts.most_common(3))
        print(f"| {name} | {whole['Pss'] / 1024:.1f} | {private:.1f} | {shared:.1f} | {told} |")
    if kinds:
        sums: Counter[str] = Counter()
        for _, _, found in rows:
            for (kind, figure), kib in found.items():
                if figure == "Pss":
                    sums[kind] += kib
        print("\nPSS: " + ", ".join(f"{kind} {kib / 1024:.1f}" for kind, kib in sums.most_common()))
    sys.stdout.flush()
    return total


# --- the run -------------------------------------------------------------------------------------


@asynccontextmanager
async def serving(state: Path, relay: int, options: Sequence[str]) -> AsyncIterator[tuple[int, int]]:
    """Run Utpost with its full policies; yield its process and its port."""
    command = [str(Path(sys.executable).parent / "utpost"), "serve", "--listen", "127.0.0.1:0"]
    command += ["--relay", f"127.0.0.1:{relay}", "--state", str(state), "--metrics", "127.0.0.1:0", *options]
    child = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        ready = json.loads(await child.stdout.readline() if child.stdout else b"")
        yield child.pid, int(ready["smtp"][0].rpartition(":")[2])
    finally:
        child.terminate()
        await child.wait()


async def run(arguments: argparse.Namespace, prose: str, directory: Path) -> None:
    """Start, send, connect; print."""
    sink = await asyncio.start_server(take, "127.0.0.1", 0, limit=1 << 26)
    relay = sink.sockets[0].getsockname()[1]
    options = ["--set", f"workers={arguments.workers}"] if arguments.workers else []
    async with serving(directory, relay, [*options, *arguments.options]) as (pid, port):
        await asyncio.sleep(2)
        show("idle", pid, kinds=arguments.kinds)
        waiting = messages(prose, arguments.messages, alike=arguments.alike)
        begin = time.monotonic()
        sent = await asyncio.gather(*(send(port, waiting, alike=arguments.alike) for _ in range(arguments.sessions)))
        replies: Counter[bytes] = sum(sent, Counter())
        print(
            f"\n{arguments.messages} messages in {time.monotonic() - begin:.1f} s: "
            + ", ".join(f"{code.decode()} {times}" for code, times in replies.most_common())
        )
        await asyncio.sleep(2)
        show("after messages", pid, kinds=arguments.kinds)
        clients = [await asyncio.open_connection("127.0.0.1", port) for _ in range(arguments.idle)]
        greeted = sum([(await reader.readline()).startswith(b"220") for reader, _ in clients])
        await asyncio.sleep(1)
        show(f"with {greeted} idle connections", pid, kinds=arguments.kinds)
        for _, writer in clients:
            writer.close()
    sink.close()


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--text", type=Path, default=ROOT.parent / "shared/data/sv-text/official.jsonl")
    parser.add_argument("--messages", type=int, default=600)
    parser.add_argument("--sessions", type=int, default=10)
    parser.add_argument("--idle", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=0, help="0: as many as it takes by itself")
    parser.add_argument("--alike", action="store_true")
    parser.add_argument("--kinds", action="store_true")
    parser.add_argument("options", nargs="*", help="further options of `utpost serve`, after --")
    arguments = parser.parse_args()
    if not arguments.text.is_file():
        print(f"memory.py: no such file: {arguments.text}; name one with --text", file=sys.stderr)
        return 2
    files = max(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 1024)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    prose = "\n".join(json.loads(line)["text"] for line in arguments.text.open(encoding="utf-8"))
    directory = Path(tempfile.mkdtemp(prefix="utpost-memory-"))
    try:
        asyncio.run(run(arguments, prose, directory))
    finally:
        shutil.rmtree(directory)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
