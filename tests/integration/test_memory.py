"""Memory of a running Utpost: what it starts with, and that policies loaded again do not pile up."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path

from tests.support.process import Utpost

StartUtpost = Callable[..., Utpost]
START_MIB = 90
"""All processes with two workers, just started: 74 on 2026-11-26, and some for other machines."""
AT_MOST = 4
"""Times as much after five reloads, for parent, workers and zygotes no longer share the policies; it was six times."""

STILL = 5
"""Measurements, half a second apart, that are alike when nothing is under way."""


def family(pid: int) -> list[int]:
    children = [
        int(child) for file in Path(f"/proc/{pid}/task").glob("*/children") for child in file.read_text().split()
    ]
    return [pid, *(one for child in children for one in family(child))]


def memory(utpost: Utpost) -> float:
    """Return the proportional set size of all processes in MiB."""
    assert utpost.process is not None
    rollups = (Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in family(utpost.process.pid))
    kib = sum(int(line.split()[1]) for text in rollups for line in text.splitlines() if line.startswith("Pss:"))
    return kib / 1024


def test_a_start_is_small_and_reloads_do_not_pile_up(start_utpost: StartUtpost) -> None:
    utpost = start_utpost("127.0.0.1:9", workers=2)
    time.sleep(1)
    start = memory(utpost)
    assert start < START_MIB
    for number in range(1, 6):
        utpost.signal(signal.SIGHUP)
        utpost.wait_for_metric("utpost_policy_reloads_total", number, result="success")
    assert settled(utpost) <= AT_MOST * start


def settled(utpost: Utpost) -> float:
    """Return the memory when it has stood still for two seconds: processes load and tidy up one after another."""
    deadline = time.monotonic() + 60
    seen = [memory(utpost)]
    while time.monotonic() < deadline and (len(seen) < STILL or max(seen[-STILL:]) - min(seen[-STILL:]) > 1):
        time.sleep(0.5)
        seen.append(memory(utpost))
    return seen[-1]
