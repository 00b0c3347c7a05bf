"""The register of who wrote to whom, over a real file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.journal.sent import Sent, SentRegister, Unsealed
from gateway.model import Unavailable

NOW = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)
SECRET = bytes(range(32))
SENDER = "hedda.sten@politik.orkelljunga.se"
SENT = Sent(at=NOW, reference="7K2MQ4R8T1VX", sender=SENDER, recipients=("åsa@exempel.example", "b@example.com"))
DAY = timedelta(days=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "records.db"


@pytest.fixture
async def register(path: Path) -> AsyncIterator[SentRegister]:
    opened = SentRegister(path, secret=SECRET, retention=timedelta(days=730))
    yield opened
    await opened.close()


async def keep(register: SentRegister, *sent: Sent) -> None:
    for one in sent:
        register.append(one)
    await register._backlog.settled()


async def test_a_sender_s_messages_come_back_in_order(register: SentRegister) -> None:
    other = replace(SENT, sender="bo.ek@politik.orkelljunga.se")
    later = replace(SENT, at=NOW + DAY, reference="OTHER")
    await keep(register, later, other, SENT)
    assert await register.of_sender(SENDER.upper(), NOW, NOW + 2 * DAY) == [SENT, later]
    assert await register.of_sender(SENDER, NOW, NOW + DAY) == [SENT], "the end is left out"
    assert await register.of_sender("nobody@politik.orkelljunga.se", NOW, NOW + 2 * DAY) == []


async def test_the_files_name_nobody(register: SentRegister, path: Path) -> None:
    await keep(register, SENT)
    for file in path.parent.iterdir():
        octets = file.read_bytes()
        for word in (b"hedda", b"politik", b"exempel", b"example.com", SENT.reference.encode()):
            assert word not in octets, (file.name, word)


async def test_another_key_opens_nothing(register: SentRegister, path: Path) -> None:
    await keep(register, SENT)
    other = SentRegister(path, secret=bytes(32), retention=DAY)
    assert await other.of_sender(SENDER, NOW, NOW + DAY) == [], "the marks are keyed too"
    other._marking = register._marking
    with pytest.raises(Unsealed):
        await other.of_sender(SENDER, NOW, NOW + DAY)
    await other.close()


async def test_a_changed_time_is_noticed(register: SentRegister) -> None:
    await keep(register, SENT)
    await register._run(lambda connection: connection.execute("UPDATE sent SET at = at + 1000"))
    with pytest.raises(Unsealed):
        await register.of_sender(SENDER, NOW, NOW + DAY)


async def test_rows_go_when_their_time_is_up(register: SentRegister) -> None:
    await keep(register, *[SENT] * 3, replace(SENT, at=NOW + DAY))
    assert await register.prune(NOW + timedelta(days=730, seconds=1)) == 3
    assert len(await register.of_sender(SENDER, NOW, NOW + 2 * DAY)) == 1


async def test_a_register_that_cannot_be_written_drops_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "records.db").mkdir()
    register = SentRegister(tmp_path / "records.db", secret=SECRET, retention=DAY)
    dropped: list[int] = []
    register.on_drop = dropped.append
    register.append(SENT)
    register.append(SENT)
    await register.close()
    assert dropped == [2]
    with pytest.raises(Unavailable, match="records"):
        await register.of_sender(SENDER, NOW, NOW + DAY)
