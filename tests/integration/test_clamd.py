"""A real clamd with a signature of our own: what it names is malware; what it does not say is never "clean"."""

from __future__ import annotations

import asyncio
import base64
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.antivirus import Clamd, Scanned, Silent
from gateway.content import Content
from gateway.model import Circumstances, Headers, Inspection, Message
from gateway.telemetry.board import Board
from tests.support.tools import program

MARK = b"UTPOST-TEST-MALWARE-7f3a9c"
NOBODY = Circumstances(sender=None, recipients=())


@pytest.fixture(scope="module")
def clamd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clamd]:
    folder = tmp_path_factory.mktemp("clamd")
    folder.chmod(0o755)
    database = folder / "database"
    database.mkdir()
    (database / "own.ndb").write_text(f"Utpost.Test.Malware:0:*:{MARK.hex()}\n")
    path = folder / "clamd.sock"
    config = folder / "clamd.conf"
    config.write_text(
        f"DatabaseDirectory {database}\nLocalSocket {path}\nForeground yes\nStreamMaxLength 2M\nLogFile {folder}/log\n"
    )
    server = subprocess.Popen([program("clamd"), "--config-file", str(config)], stdout=subprocess.DEVNULL)
    try:
        for _ in range(200):
            if path.exists() or server.poll() is not None:
                break
            asyncio.run(asyncio.sleep(0.1))
        assert path.exists(), "clamd did not start"
        yield Clamd(path=str(path), seconds=20)
    finally:
        server.terminate()
        server.wait(10)


class Nothing:
    """An inspector that sees nothing: clamd alone is tried."""

    async def inspect(self, content: Content, circumstances: Circumstances, seconds: float) -> Inspection:
        del circumstances, seconds
        return Inspection(message=Message(headers=Headers(), parts=(), size=len(content)), findings=())


def mail(attachment: bytes) -> bytes:
    return (
        b"From: a@b.example\r\nMIME-Version: 1.0\r\nContent-Type: application/octet-stream; name=a.bin\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(attachment).replace(b"\n", b"\r\n")
    )


async def test_malware_in_an_attachment_is_named(clamd: Clamd) -> None:
    assert await clamd.scan(mail(b"start " + MARK * 3)) == "Utpost.Test.Malware.UNOFFICIAL"


async def test_clean_mail_is_clean(clamd: Clamd) -> None:
    assert await clamd.scan(mail(b"hej" * 1000)) is None


async def test_mail_beyond_its_limit_is_not_called_clean(clamd: Clamd) -> None:
    with pytest.raises(Silent):
        await clamd.scan(bytes(8_000_000))


async def test_finding_and_silence_reach_the_judge(clamd: Clamd, tmp_path: Path) -> None:
    board = Board(1)
    metrics = board.row(0)
    content = Content.of(mail(MARK))
    found = await Scanned(Nothing(), clamd, metrics).inspect(content, NOBODY, 20)
    assert [(f.rule, f.detector) for f in found.findings] == [("malware", "clamd")]
    away = Scanned(Nothing(), Clamd(path=str(tmp_path / "none")), metrics)
    assert (await away.inspect(content, NOBODY, 20)).crashed == ("clamd",)
    assert (board.value("antivirus", result="malware"), board.value("antivirus", result="silent")) == (1, 1)
