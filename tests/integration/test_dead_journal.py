"""A journal that is damaged, or a folder: mail flows, the log has its line, commands say why."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.test_road import FORBIDDEN, HARMLESS, MEMBER, letters, send
from tests.support.process import UTPOST, Utpost
from tests.support.relay import ScriptedRelay


def damage(file: Path) -> None:
    file.write_bytes(b"no database at all, but long enough to be taken for one\n" * 200)


def stats(state: Path) -> subprocess.CompletedProcess[str]:
    command = [str(UTPOST), "journal", "stats", "--state", str(state)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("spoil", [damage, Path.mkdir], ids=["damaged", "folder"])
async def test_mail_flows_without_a_journal(
    spoil: Callable[[Path], None], relay: ScriptedRelay, start_utpost: Callable[..., Utpost], tmp_path: Path
) -> None:
    state = tmp_path / "spoilt"
    state.mkdir(mode=0o700)
    spoil(state / "journal.db")
    utpost = start_utpost(relay.address, state=state)
    assert (await send(utpost, MEMBER, HARMLESS)).startswith(b"250")
    assert (await send(utpost, MEMBER, FORBIDDEN)).startswith(b"550")
    await relay.until(lambda: len(letters(relay)) == 1, "its letter comes")
    told = await asyncio.to_thread(stats, state)
    assert told.returncode == 2
    assert told.stderr.startswith("utpost: ")
    assert "Traceback" not in told.stderr
    utpost.stop()
    assert any(entry.get("event") == "message" for entry in utpost.log), "the log has its line all the same"
