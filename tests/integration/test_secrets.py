"""Secrets planted in messages: none is found again in metrics, log, journal, others' letters or any file.

What a message says is its sender's; Utpost may hold it while it is under way and not longer.
"""

from __future__ import annotations

import io
import time
import zipfile
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from tests.conftest import StartUtpost
from tests.support.process import Utpost
from tests.support.relay import ScriptedRelay
from tests.support.smtp import RawClient, unstuff

DOMAIN = "politik.orkelljunga.se"
SECRETS = {
    place: f"xq{place}zk"
    for place in (
        *("body", "subject", "filename", "inside", "zipped", "recipient", "display", "relay", "helo", "header"),
        *("warned", "blocked", "passed"),
    )
}
"""Where it is planted → a word that occurs nowhere else. The last three are the local parts of senders."""
OWN = {"warned", "blocked"}
"""Senders who get a letter: their address is in the outbox until it is delivered."""


def zipped(text: str) -> bytes:
    octets = io.BytesIO()
    with zipfile.ZipFile(octets, "w") as archive:
        archive.writestr(f"{SECRETS['filename']}.txt", text)
    return octets.getvalue()


def message(sender: str, body: str) -> bytes:
    made = EmailMessage(policy=SMTP)
    made["From"] = f"{SECRETS['display']} <{SECRETS[sender]}@{DOMAIN}>"
    made["To"] = f"{SECRETS['display']} <{SECRETS['recipient']}@example.org>"
    made["Subject"] = f"Om {SECRETS['subject']}"
    made["X-Note"] = SECRETS["header"]
    made.set_content(f"{body} {SECRETS['body']}\n")
    made.add_attachment(f"Bilaga {SECRETS['inside']}\n", filename=f"{SECRETS['filename']}.txt")
    made.add_attachment(zipped(SECRETS["zipped"]), "application", "zip", filename=f"{SECRETS['filename']}.zip")
    return made.as_bytes()


async def send(utpost: Utpost, sender: str, octets: bytes, *recipients: str) -> bytes:
    async with await RawClient.greeted(utpost.smtp, f"EHLO {SECRETS['helo']}.example".encode()) as client:
        to = [f"{name}@example.org".encode() for name in (SECRETS["recipient"], *recipients)]
        return await client.deliver(f"{SECRETS[sender]}@{DOMAIN}".encode(), to, octets)


def found(octets: bytes) -> set[str]:
    lowered = octets.lower()
    return {place for place, secret in SECRETS.items() if secret.encode() in lowered}


def in_files(folder: Path, since: float = 0.0, *, deep: bool = True) -> dict[str, set[str]]:
    """Return the files below a folder, younger than ``since``, that hold a secret."""
    hits = {}
    for file in folder.rglob("*") if deep else folder.glob("*"):
        try:
            if file.is_file() and file.stat().st_mtime >= since and (secrets := found(file.read_bytes())):
                hits[file.name] = secrets
        except OSError:
            continue
    return hits


def open_files(utpost: Utpost) -> set[str]:
    """Return the files that any of its processes holds open, deleted ones too; memory files are none."""
    targets = set()
    for pid in utpost.children():
        for link in Path(f"/proc/{pid}/fd").glob("*"):
            try:
                targets.add(str(link.readlink()))
            except OSError:
                continue
    return {target for target in targets if target.startswith("/") and not target.startswith(("/memfd:", "/dev/"))}


async def test_no_secret_of_a_message_stays_or_shows(
    start_utpost: StartUtpost, relay: ScriptedRelay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = time.time()
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    utpost = start_utpost(relay.address, settings=('log_level="debug"',))

    assert (await send(utpost, "passed", message("passed", "Protokollet kommer i morgon."))).startswith(b"250")
    relay.answer("final", f"550 5.7.0 no {SECRETS['relay']}@{SECRETS['relay']}.example\r\n".encode())
    assert SECRETS["relay"].encode() in await send(utpost, "passed", message("passed", "En gång till."))
    relay.answer("rcpt", f"451 4.2.0 <{SECRETS['relay']}@example.org> later\r\n".encode())
    with pytest.raises(AssertionError):
        await send(utpost, "passed", message("passed", "Och en gång."))
    blocked = message("blocked", "Mitt personnummer är 19780914-2388.")
    assert (await send(utpost, "blocked", blocked, *(f"p{n}" for n in range(120)))).startswith(b"550")
    private = message("warned", "Jag säljer min gamla cykel för 500 kr, hör av dig till mig.")
    await send(utpost, "warned", private)
    utpost.wait_for_metric("utpost_letters_total", 2, result="sent")
    passed = found(bytes(relay.deliveries[0].raw))
    assert passed >= {"body", "subject", "filename", "display", "header", "passed"}, "what is looked for can be found"

    letters = [unstuff(seen.content) for seen in relay.deliveries if seen.mail.startswith(b"MAIL FROM:<>")]
    assert letters
    for letter in letters:
        secrets = found(letter)
        assert len(secrets & OWN) == 1, "a letter names its own reader alone"
        assert secrets <= OWN

    assert found(utpost.get("/metrics")[1].encode()) == set()
    assert found("".join(utpost.get(path)[1] for path in ("/", "/livez", "/readyz")).encode()) == set()
    assert found(utpost.stderr.encode()) == set()
    assert {
        file for file in open_files(utpost) if str(utpost.state) not in file and "site-packages" not in file
    } == set()
    utpost.stop()
    assert found(utpost.stderr.encode()) == set()
    assert in_files(utpost.state) == {}
    assert list(scratch.iterdir()) == []
    assert in_files(Path("/tmp"), began, deep=False) == {}


def test_no_process_may_write_a_core(utpost: Utpost) -> None:
    assert utpost.process is not None
    for pid in (utpost.process.pid, *utpost.children()):
        limits = Path(f"/proc/{pid}/limits").read_text()
        line = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
        assert line.split()[4:6] == ["0", "0"], pid
