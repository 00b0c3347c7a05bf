"""Measure judging: what it costs and what it takes, without the gateway around it.

usage: judging.py [--text OFFICIAL_JSONL] [--rounds N]

``--text`` is a file with one JSON object on a line, whose ``text`` is Swedish prose; pieces of it are sent as mail.
Figures are CPU time of one core, the best of some rounds over different pieces; memory is counted for a parent that
loads the policies and a forked child that judges 500 messages: what the child then has for itself alone.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

SIZES = (2, 4, 10, 20, 100)
LONG = 2_000_000
MESSAGES = 500
HEAD = (
    "From: Hedda Sten <hedda.sten@politik.orkelljunga.se>\r\nTo: a@example.com\r\nSubject: Inför nämnden\r\n"
    "Message-ID: <bench@politik.orkelljunga.se>\r\nMIME-Version: 1.0\r\n"
    "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
)
NAMES = ("Karin Svensson", "Anna Lindqvist", "Mohammed Ali", "Bo Ek", "Siv Åkesson")
ROOT = Path(__file__).resolve().parents[1]


def pieces(prose: str, size: int, number: int) -> list[bytes]:
    """Return messages of about ``size`` octets from different places of the prose."""
    rng = random.Random(size)
    starts = [rng.randrange(max(1, len(prose) - size)) for _ in range(number)]
    return [(HEAD + prose[s : s + size].replace("\n", "\r\n")).encode()[:size] for s in starts]


def named(prose: str, size: int, number: int) -> list[bytes]:
    """Return the same with a personal name every twelfth word."""
    rng = random.Random(size)
    messages = []
    for message in pieces(prose, size, number):
        words = message.decode("utf-8", "ignore").removeprefix(HEAD).split(" ")
        for at in range(0, len(words), 12):
            words[at] = f"{words[at]} {rng.choice(NAMES)}"
        messages.append((HEAD + " ".join(words)).encode()[:size])
    return messages


def cpu(work: Callable[[Any], object], items: Sequence[object], rounds: int) -> float:
    """Return milliseconds of CPU for one item, in the best round."""
    best = float("inf")
    for _ in range(rounds):
        begin = time.process_time()
        for item in items:
            work(item)
        best = min(best, time.process_time() - begin)
    return best / len(items) * 1000


def memory() -> dict[str, float]:
    """Return PSS, resident and private dirty memory of this process in MiB."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()[1:]
    kib = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    return {name: kib[name] / 1024 for name in ("Rss", "Pss", "Private_Dirty")}


def private_after(work: Callable[[bytes], object], messages: Sequence[bytes]) -> tuple[float, float]:
    """Return the private memory in MiB of a fork: just born, and after its messages."""
    ours, theirs = os.pipe()
    if os.fork() == 0:
        born = memory()["Private_Dirty"]
        for message in messages:
            work(message)
        os.write(theirs, json.dumps([born, memory()["Private_Dirty"]]).encode())
        os._exit(0)
    os.close(theirs)
    with os.fdopen(ours, "rb") as pipe:
        born, after = json.loads(pipe.read())
    os.wait()
    return born, after


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--text", type=Path, default=ROOT.parent / "shared/data/sv-text/official.jsonl")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    if not arguments.text.is_file():
        print(f"judging.py: no such file: {arguments.text}; name one with --text", file=sys.stderr)
        return 2
    prose = "\n".join(json.loads(line)["text"] for line in arguments.text.open(encoding="utf-8"))
    measure(prose, arguments.rounds)
    return 0


def measure(prose: str, rounds: int) -> None:
    """Load, judge and count."""
    import gateway.policy.load  # noqa: F401, PLC0415 - what importing takes is counted apart
    from gateway.detect import detect  # noqa: PLC0415
    from gateway.inspection import inspect  # noqa: PLC0415
    from gateway.judgement import load_judgement  # noqa: PLC0415
    from gateway.message.fingerprint import fingerprint  # noqa: PLC0415
    from gateway.message.locked import tell_locked  # noqa: PLC0415
    from gateway.message.parse import parse_message  # noqa: PLC0415
    from gateway.model import Address, Circumstances  # noqa: PLC0415

    gc.collect()
    before, begin = memory()["Rss"], time.process_time()
    judgement = load_judgement(ROOT / "policies")
    loaded = time.process_time() - begin
    gc.collect()
    gc.freeze()
    out = sys.stdout.write
    out(f"policies, word lists, models: loaded in {loaded:.2f} s, {memory()['Rss'] - before:.1f} MiB\n")
    lexicon = judgement.lexicon
    circumstances = Circumstances(
        sender=Address(local="hedda.sten", domain="politik.orkelljunga.se"),
        recipients=(Address(local="a", domain="example.com"),),
    )

    def whole(octets: bytes) -> object:
        return inspect(octets, circumstances, lexicon, files=False)

    born, after = private_after(whole, pieces(prose, 10_240, MESSAGES))
    out(f"a fork's own memory: {born:.1f} MiB at birth, {after:.1f} MiB after {MESSAGES} messages of 10 KiB\n\n")
    out("| message | parse | detect | fingerprint | whole inspection, CPU ms |\n|---|---:|---:|---:|---:|\n")
    kinds = {f"{kib} KiB prose": pieces(prose, kib * 1024, max(10, 400 // kib)) for kib in SIZES}
    kinds["10 KiB with names everywhere"] = named(prose, 10_240, 40)
    for kind, messages in kinds.items():
        parsed = [parse_message(octets, tell_locked) for octets in messages]
        figures = [
            cpu(lambda octets: parse_message(octets, tell_locked), messages, rounds),
            cpu(lambda message: detect(message, lexicon, circumstances), parsed, rounds),
            cpu(fingerprint, parsed, rounds),
            cpu(whole, messages, rounds),
        ]
        out(f"| {kind} | {' | '.join(f'{figure:.2f}' for figure in figures)} |\n")
    long = pieces(prose, LONG, 1)
    message = parse_message(long[0], tell_locked)
    detecting = cpu(lambda _: detect(message, lexicon, circumstances), [None], rounds)
    rate = LONG / 1e3
    out(f"\nlong text, MB/s: detect {rate / detecting:.1f}, whole {rate / cpu(whole, long, rounds):.1f}\n")


if __name__ == "__main__":
    raise SystemExit(main())
