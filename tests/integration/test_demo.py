"""`make run ONCE=1`, without make: the demonstration as a newcomer runs it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RUN = ROOT / "demo" / "run.py"
MESSAGES = ROOT / "demo" / "messages"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, RUN, "--once", *arguments], capture_output=True, text=True, timeout=100, check=False
    )


def free_place() -> str:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{sock.getsockname()[1]}"


@pytest.mark.xdist_group("demo")
def test_every_example_gets_what_its_file_says() -> None:
    done = run("--listen", free_place(), "--metrics", free_place())
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Every example got what its file says." in done.stdout
    assert done.stderr == ""
    for path in MESSAGES.glob("*.eml"):
        assert path.name in done.stdout


@pytest.mark.xdist_group("demo")
def test_a_port_that_is_taken_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        done = run("--listen", place, "--metrics", free_place())
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith(f"Cannot listen on {place}: Address already in use.")
    assert done.stderr.count("\n") == 1


def test_the_examples_cover_what_the_readme_promises() -> None:
    expected = {}
    for path in sorted(MESSAGES.glob("*.eml")):
        envelope = json.loads(path.with_suffix(".envelope.json").read_text("utf-8"))
        expected[path.stem] = envelope["expect"]
        assert envelope["mail_from"]
        assert len(envelope["rcpt_to"]) == len(set(envelope["rcpt_to"]))
    assert [e["verdict"] for e in expected.values()].count("block") == 2
    assert expected["2-utskick"] == {"verdict": "block", "rules": ["mass_mailing"]}
    assert len(json.loads((MESSAGES / "2-utskick.envelope.json").read_text("utf-8"))["rcpt_to"]) == 101
