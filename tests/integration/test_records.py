"""The register of who wrote to whom, from the wire to the registrar's table."""

from __future__ import annotations

import csv
import io
import os
import signal
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.integration.test_road import FORBIDDEN, HARMLESS, MEMBER, STRANGER, send
from tests.support.process import UTPOST, NotStarted, Utpost
from tests.support.relay import ScriptedRelay

DAY = datetime.now(UTC).date()


def exported(state: Path, key: Path) -> list[dict[str, str]]:
    days = ("--from", str(DAY - timedelta(days=1)), "--to", str(DAY + timedelta(days=1)))
    words = ["--state", str(state), "--set", f'records.key_file="{key}"', "--sender", MEMBER.decode(), *days]
    done = subprocess.run([UTPOST, "records", "export", *words], capture_output=True, check=True)
    return list(csv.DictReader(io.StringIO(done.stdout.decode("utf-8-sig")), delimiter=";"))


async def test_what_the_relay_took_is_listed_and_nothing_else(
    relay: ScriptedRelay, start_utpost: Callable[..., Utpost], tmp_path: Path
) -> None:
    key = tmp_path / "key"
    key.write_text("0123456789abcdef" * 4)
    key.chmod(0o600)
    utpost = start_utpost(relay.address, settings=(f'records.key_file="{key}"',))
    assert (await send(utpost, MEMBER, HARMLESS, b"one@mottagare.example", b"two@mottagare.example")).startswith(b"250")
    assert (await send(utpost, MEMBER, FORBIDDEN)).startswith(b"550")
    assert (await send(utpost, STRANGER, HARMLESS.replace(MEMBER, STRANGER))).startswith(b"250")
    await relay.until(lambda: exported(utpost.state, key), "the row is written")
    (row,) = exported(utpost.state, key)
    assert row["Avsändare"] == MEMBER.decode()
    assert row["Mottagare"] == "one@mottagare.example; two@mottagare.example"
    assert row["Sekretessprövning"] == ""
    utpost.stop()
    for file in utpost.state.glob("records.db*"):
        assert b"mottagare" not in file.read_bytes(), file.name


async def test_it_is_off_without_a_key(utpost: Utpost) -> None:
    assert (await send(utpost, MEMBER, HARMLESS)).startswith(b"250")
    assert not list(utpost.state.glob("records.db*"))


async def test_an_unfit_key_is_told_at_the_start_and_stops_no_mail_later(
    relay: ScriptedRelay, start_utpost: Callable[..., Utpost], tmp_path: Path
) -> None:
    key = tmp_path / "key"
    with pytest.raises(NotStarted, match=r"records\.key_file"):
        start_utpost(relay.address, settings=(f'records.key_file="{key}"',))
    key.write_text("0123456789abcdef" * 4)
    key.chmod(0o600)
    utpost = start_utpost(relay.address, settings=(f'records.key_file="{key}"',))
    key.unlink()
    worker = utpost.named("utpost-worker-1")
    os.kill(worker, signal.SIGKILL)
    await relay.until(lambda: utpost.named("utpost-worker-1", missing=worker) not in (0, worker), "there is another")
    assert (await send(utpost, MEMBER, HARMLESS)).startswith(b"250")
    assert any(entry.get("event") == "records_off" for entry in utpost.log)
