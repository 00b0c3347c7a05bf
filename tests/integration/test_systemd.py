"""The units as systemd reads them, and Utpost started as systemd starts it. Only the boot itself is not run here."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import smtplib
import socket
import subprocess
import sys
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from gateway.config import Settings
from tests.support.process import UTPOST
from tests.support.relay import ScriptedRelay
from tests.support.tools import program
from tests.unit.extract.documents import picture, zipped

UNITS = Path(__file__).resolve().parents[2] / "deploy" / "systemd"


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """Copies whose program is there to be found."""
    folder = tmp_path / "units"
    shutil.copytree(UNITS, folder)
    for unit in folder.iterdir():
        unit.write_text(unit.read_text("utf-8").replace("/usr/bin/utpost", sys.executable), "utf-8")
    return folder


def analyze(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [program("systemd-analyze"), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("drop_in", [False, True])
def test_systemd_understands_every_line(units: Path, *, drop_in: bool) -> None:
    if drop_in:
        (units / "utpost.service.d").mkdir()
        shutil.copy(units / "credentials.conf", units / "utpost.service.d")
    done = analyze("verify", *(units / name for name in ("utpost.service", "utpost.socket", "utpost-milter.socket")))
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_exposure_is_at_most_two(units: Path) -> None:
    done = analyze("security", "--offline=yes", "--no-pager", "--threshold=20", units / "utpost.service")
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert found is not None, done.stderr
    assert float(found[1]) <= 2.0
    assert done.returncode == 0


def test_stopping_is_given_longer_than_draining_takes() -> None:
    found = re.search(r"^TimeoutStopSec=(\d+)$", (UNITS / "utpost.service").read_text("utf-8"), re.MULTILINE)
    assert found is not None
    assert int(found[1]) >= Settings().timeouts.drain + 15


def test_user_and_folders_are_made(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    subprocess.run([program("systemd-sysusers"), f"--root={root}", UNITS / "sysusers.conf"], check=True, timeout=60)
    assert "utpost:x:" in (root / "etc" / "passwd").read_text()
    assert "nologin" in (root / "etc" / "passwd").read_text()
    if os.geteuid() == 0:
        command = [program("systemd-tmpfiles"), f"--root={root}", "--create", f"{UNITS}/tmpfiles.conf"]
        subprocess.run(command, check=True, timeout=60, capture_output=True)
        assert (root / "var/lib/utpost").stat().st_mode & 0o777 == 0o700
        assert (root / "etc/utpost").stat().st_mode & 0o777 == 0o750


def test_started_by_a_socket_it_serves_there_and_says_that_it_is_ready(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with ScriptedRelay() as relay, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(60)
        command = [program("systemd-socket-activate"), "-l", f"127.0.0.1:{port}", "--fdname=smtp"]
        for name, value in (("NOTIFY_SOCKET", tmp_path / "notify"), ("WATCHDOG_USEC", "600000")):
            command += ["-E", f"{name}={value}"]
        command += [str(UTPOST), "serve", "--relay", relay.address, "--state", str(tmp_path / "state")]
        # The very place that is handed over: it is opened once.
        command += ["--listen", f"127.0.0.1:{port}", "--metrics", "127.0.0.1:0", "--set", "workers=1"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=os.environ)
        try:
            with smtplib.SMTP(timeout=60) as client:
                _connect(client, port)
                assert client.sendmail("a@example.com", ["b@example.com"], b"Subject: x\r\n\r\nx\r\n") == {}
            told = b"".join(manager.recv(1000) for _ in range(4))
            assert b"READY=1" in told
            assert told.count(b"WATCHDOG=1") >= 2
            assert process.stdout is not None
            assert json.loads(process.stdout.readline())["smtp"] == [f"127.0.0.1:{port}"]
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
            assert len(relay.transactions) == 1
            while b"STOPPING=1" not in told:
                told += manager.recv(1000)
        finally:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()


def _connect(client: smtplib.SMTP, port: int) -> None:
    """Connect as soon as the sockets are there: who connects first is who starts the service."""
    for _ in range(200):
        try:
            client.connect("127.0.0.1", port)
        except ConnectionRefusedError:
            signal.sigtimedwait([], 0.05)
        else:
            return
    raise AssertionError("nothing listens")


@pytest.mark.long
def test_what_it_asks_of_the_kernel_is_what_the_unit_allows(tmp_path: Path) -> None:
    """Serving, judging and opening a picture and an archive, each system call held against SystemCallFilter=."""
    trace = tmp_path / "trace"
    with ScriptedRelay() as relay:
        command = [program("strace"), "-f", "-qq", "-e", "signal=none", "-o", str(trace), str(UTPOST), "serve"]
        command += ["--relay", relay.address, "--state", str(tmp_path / "state"), "--listen", "127.0.0.1:0"]
        command += ["--metrics", "127.0.0.1:0", "--set", "workers=1"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            place, _, port = ready["smtp"][0].rpartition(":")
            stopped = pytest.raises(smtplib.SMTPDataError, match="personnummer")  # that in the picture
            with smtplib.SMTP(place, int(port), timeout=100) as client, stopped:
                client.sendmail("anna.ek@politik.orkelljunga.se", ["bo.lind@example.com"], with_files())
            os.kill(ready["pid"], signal.SIGTERM)
            process.wait(100)
        finally:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
    refused = asked_for(trace.read_text("utf-8", "replace")) - allowed()
    if os.geteuid() == 0:
        refused -= {"fchown"}  # SQLite gives its files to the owner of the database: only as root
    assert not refused


def with_files() -> bytes:
    message = EmailMessage()
    message["From"], message["To"] = "anna.ek@politik.orkelljunga.se", "bo.lind@example.com"
    message["Subject"] = "Underlag"
    message.set_content("Se bilagorna.\n" * 30_000)  # above what is kept in memory
    message.add_attachment(picture(), maintype="image", subtype="png", filename="bild.png")
    message.add_attachment(zipped({"a.txt": b"Hej"}), maintype="application", subtype="zip", filename="a.zip")
    return message.as_bytes(policy=SMTP)


def asked_for(trace: str) -> set[str]:
    """Return the names of system calls in a trace of Utpost; programs that libraries start are no part of it."""
    return set(re.findall(r"^\d+ +(\w+)\(", trace, re.MULTILINE))


def allowed() -> set[str]:
    """Return what SystemCallFilter= of the unit amounts to, line by line."""
    calls: set[str] = set(expanded("@default"))
    for line in re.findall(r"^SystemCallFilter=(.*)$", (UNITS / "utpost.service").read_text("utf-8"), re.MULTILINE):
        named = {call for word in line.lstrip("~").split() for call in expanded(word)}
        calls = calls - named if line.startswith("~") else calls | named
    return calls


def expanded(word: str) -> set[str]:
    if not word.startswith("@"):
        return {word}
    told = subprocess.run(
        [program("systemd-analyze"), "syscall-filter", "--no-pager", word], capture_output=True, text=True, check=True
    ).stdout.splitlines()[1:]
    return {
        call for line in told if not line.strip().startswith("#") for call in expanded(line.strip()) if line.strip()
    }
