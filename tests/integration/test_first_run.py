"""As a new administrator: init, doctor, serve, the test message, and the first refused mail with its letter."""

from __future__ import annotations

import json
import smtplib
import socket
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.process import UTPOST, Utpost
from tests.support.relay import ScriptedRelay

SENDER = "anna.ek@politik.orkelljunga.se"
TO = "bo.lind@example.com"


def doctor(config: Path, *words: str) -> tuple[int, dict[str, dict[str, str]]]:
    command = [str(UTPOST), "doctor", "--json", "--no-dns", "--config", str(config), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert "Traceback" not in done.stderr
    signs = [json.loads(line) for line in done.stdout.splitlines()]
    return done.returncode, {sign["name"]: sign for sign in signs}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_from_nothing_to_the_first_refusal(tmp_path: Path) -> None:
    etc = tmp_path / "etc"
    with ScriptedRelay() as relay:
        listen = f"127.0.0.1:{free_port()}"
        words = ["--yes", "--listen", listen, "--relay", relay.address, "--motivation", "motivering@utpost.example"]
        subprocess.run([UTPOST, "init", etc, *words], check=True, timeout=60, capture_output=True)
        config = etc / "utpost.toml"
        code, signs = doctor(config)
        assert code == 0, [sign for sign in signs.values() if sign["level"] == "failure"]
        assert signs["relay"]["level"] == signs["listen.smtp"]["level"] == "well"

        running = Utpost(relay.address, state=etc / "state", arguments=["--config", str(config)])
        running.command = [str(UTPOST), "serve", "--config", str(config), "--metrics", "127.0.0.1:0"]
        running.command += ["--set", "workers=1"]
        with running:
            code, signs = doctor(config, "--send-test", listen, SENDER, TO)
            assert signs["motivation"]["level"] == "well"
            assert signs["test message"]["level"] == "well", signs["test message"]
            assert send(listen, "Hans personnummer är 19811218-9876.") == 250
            rule = etc / "policies" / "rules" / "personnummer.toml"
            rule.write_text(rule.read_text("utf-8").replace('mode = "observe"', 'mode = "block"'), "utf-8")
            running.signal(1)
            deadline = time.monotonic() + 20
            while send(listen, "Hans personnummer är 19811218-9876.") != 550:
                assert time.monotonic() < deadline
                time.sleep(0.2)
            while not any(SENDER.encode() in line for t in relay.transactions for line in t.rcpts):
                assert time.monotonic() < deadline, "no letter came"
                time.sleep(0.1)


def send(place: str, text: str) -> int:
    host, _, port = place.partition(":")
    with smtplib.SMTP(host, int(port), timeout=30) as client:
        client.ehlo("client.example")
        client.mail(SENDER)
        client.rcpt(TO)
        head = f"From: {SENDER}\r\nTo: {TO}\r\nSubject: Hej\r\n"
        mime = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
        return client.data(f"{head}{mime}{text}\r\n".encode())[0]


@pytest.mark.parametrize(
    ("text", "code", "name"),
    [("[relay]\naddress = 7\n", 2, "configuration"), ("[relay]\nadress = 'a:1'\n", 2, "configuration")],
)
def test_a_configuration_with_mistakes_is_told_line_by_line(tmp_path: Path, text: str, code: int, name: str) -> None:
    (tmp_path / "utpost.toml").write_text(text)
    found, signs = doctor(tmp_path / "utpost.toml")
    assert found == code
    assert signs[name]["level"] == "failure"
    assert signs[name]["remedy"]


def test_what_does_not_come_by_is_found_out(tmp_path: Path) -> None:
    """The mail server delivers by itself: here the relay is asked directly."""
    with ScriptedRelay() as relay:
        subprocess.run([UTPOST, "init", tmp_path / "etc", "--yes", "--relay", relay.address], check=True, timeout=60)
        (tmp_path / "etc" / "state").mkdir(mode=0o700)
        config = tmp_path / "etc" / "utpost.toml"
        code, signs = doctor(config, "--send-test", relay.address, SENDER, TO, "--patience", "1")
    assert code == 1
    assert "did not come by" in signs["test message"]["text"]
