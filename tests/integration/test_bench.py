"""The measuring programs run; what they measure is in bench/RESULTS.md."""

from __future__ import annotations

import email
import importlib.util
import io
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

BENCH = Path(__file__).resolve().parents[2] / "bench"


def loaded(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"bench_{name}", BENCH / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_one_worker_and_two_are_measured_in_turns() -> None:
    arguments = ("--rounds", "1", "--seconds", "0.3", "--kib", "2", "--sessions", "2")
    done = subprocess.run(
        [sys.executable, BENCH / "workers.py", *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert [line.partition(":")[0] for line in done.stdout.splitlines()[1:]] == [
        "workers=1",
        "workers=2",
        "two workers for one",
    ]


def test_messages_of_the_workers_bench_are_all_different() -> None:
    mail = loaded("workers").messages(4096)
    some = [next(mail) for _ in range(250)]
    assert len({message.partition(b"\r\n\r\n")[2] for message in some}) == len(some)
    assert all(message.endswith(b"\r\n.\r\n") for message in some)


def test_a_large_message_of_the_harness_gets_a_text_document() -> None:
    def message(size: int) -> bytes:
        large = b"--b\r\nContent-Type: application/octet-stream\r\n\r\nAA==\r\n--b--\r\n"
        head = b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
        return head + b"--b\r\n\r\nHej\r\n" + large if size > 1000 else b"Subject: liten\r\n\r\nHej\r\n"

    compare = loaded("compare")
    assert compare.with_office_file(message, 10) == message(10)
    octets = compare.with_office_file(message, 4_000_000)
    assert 4_000_000 <= len(octets) < 6_000_000
    file = list(email.message_from_bytes(octets).walk())[-1]
    with zipfile.ZipFile(io.BytesIO(bytes(file.get_payload(decode=True)))) as package:
        assert len(package.read("word/document.xml")) > 1_000_000
        assert package.testzip() is None
