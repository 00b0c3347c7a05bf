"""Run the peers' benchmark with Utpost among them, and make sure that Utpost judged what it was sent.

usage: compare.py PEERS_PY [ARGUMENTS OF PEERS_PY ...]

With UTPOST_BENCH_MILTER=1 in the environment a Postfix that asks Utpost's milter is a further peer.
The harness sends the same message again and again, and Utpost remembers for a minute what it saw in the same octets:
UTPOST_BENCH_AFRESH=1 makes it look at each message anew, as it must at messages that differ.
UTPOST_BENCH_OFFICE=1 puts a docx (two megabytes of text, the rest pictures) into the large messages of the harness, for
all peers, in the place of octets that nobody can open.

``PEERS_PY`` is the black-box harness (client -> peer -> sink). Utpost runs with its full default policies; when it is
stopped after a run, its own counters are written to stderr as ``judged=N messages=N``, and the memory of this program,
which the harness counts with Utpost's, as ``beside=N`` MiB.
"""

from __future__ import annotations

import base64
import importlib.util
import io
import os
import random
import signal
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def peer(port: int, upstream: int, metrics: int, directory: str) -> int:
    """Be the peer that the harness starts: serve until SIGTERM, then tell what was judged."""
    program = [str(Path(sys.executable).parent / "utpost")]
    if os.environ.get("UTPOST_BENCH_AFRESH"):
        program = [sys.executable, __file__, "--afresh"]
    command = [*program, "serve", "--listen", f"127.0.0.1:{port}", "--relay", f"127.0.0.1:{upstream}"]
    command += [
        "--state",
        f"{directory}/state",
        "--metrics",
        f"127.0.0.1:{metrics}",
        "--set",
        "limits.message_octets=99999999",
    ]
    command += os.environ.get("UTPOST_BENCH_ARGUMENTS", "").split()
    child = subprocess.Popen(command)
    stopped: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: stopped.append(number))
    while not stopped and child.poll() is None:
        signal.pause()
    with urllib.request.urlopen(f"http://127.0.0.1:{metrics}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    judged = sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith("utpost_judged_total"))
    messages = sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith("utpost_messages_total"))
    rollup = Path("/proc/self/smaps_rollup").read_text()
    beside = int(next(line.split()[1] for line in rollup.splitlines() if line.startswith("Pss:"))) / 1024
    print(f"judged={judged:.0f} messages={messages:.0f} beside={beside:.0f}", file=sys.stderr, flush=True)
    child.terminate()
    return child.wait()


def afresh(arguments: list[str]) -> int:
    """Be ``utpost``, with nothing remembered of one message for the next."""
    from gateway import recent  # noqa: PLC0415 - needed by the peer alone
    from gateway.cli import main as utpost  # noqa: PLC0415

    vars(recent)["LARGEST"] = 0
    return utpost(arguments)


# --- large messages with a file that is opened ---------------------------------------------------


def docx(octets: int) -> bytes:
    """Return a text document of about so many octets: at most two megabytes of text, the rest pictures."""
    rng = random.Random(1)
    words = ["".join(rng.choices("abcdefghijklmnoprstuvåäö", k=rng.randint(2, 11))) for _ in range(20_000)]
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    paragraphs = (" ".join(rng.choices(words, k=60)) for _ in range(min(2_000_000, octets) // 500))
    body = "".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in paragraphs)
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", "<Types/>")
        package.writestr("word/document.xml", f'<w:document xmlns:w="{space}"><w:body>{body}</w:body></w:document>')
        number = 0
        while whole.tell() < octets:
            number += 1
            picture = b"\xff\xd8\xff\xe0\x00\x10JFIF\0" + rng.randbytes(1 << 20)
            package.writestr(zipfile.ZipInfo(f"word/media/image{number}.jpeg"), picture)
    return whole.getvalue()


def with_office_file(message: Callable[[int], bytes], size: int) -> bytes:
    """Return the harness's message, where it is a large one with a docx in place of its attachment."""
    plain = message(size)
    start = plain.find(b"--b\r\nContent-Type: application/octet-stream")
    if start < 0:
        return plain
    file = base64.encodebytes(docx(size * 57 // 78)).replace(b"\n", b"\r\n")
    kind = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    head = b"--b\r\nContent-Type: " + kind + b'\r\nContent-Disposition: attachment; filename="underlag.docx"\r\n'
    return plain[:start] + head + b"Content-Transfer-Encoding: base64\r\n\r\n" + file + b"--b--\r\n"


def office(harness: str, arguments: list[str]) -> int:
    """Be the harness, with office files in its large messages."""
    spec = importlib.util.spec_from_file_location("peers", harness)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(harness)
    module = importlib.util.module_from_spec(spec)
    sys.modules["peers"] = module
    spec.loader.exec_module(module)
    plain = module.message
    vars(module)["message"] = lambda size: with_office_file(plain, size)
    sys.argv = [harness, *arguments]
    return int(module.main() or 0)


def main() -> int:
    """Start the harness with Utpost as a further peer."""
    if sys.argv[1:2] == ["--office"]:
        return office(sys.argv[2], sys.argv[3:])
    if sys.argv[1:2] == ["--afresh"]:
        return afresh(sys.argv[2:])
    if len(sys.argv) > 2 and sys.argv[1] == "--peer-process":  # noqa: PLR2004
        port, upstream, metrics, directory = sys.argv[2:6]
        return peer(int(port), int(upstream), int(metrics), directory)
    if len(sys.argv) < 2:  # noqa: PLR2004
        print(__doc__, file=sys.stderr)
        return 2
    ours = f"utpost={sys.executable} {__file__} --peer-process {{port}} {{upstream_port}} {{aux_port}} {{dir}}"
    milter = ROOT / "bench" / "milter_peer.py"
    asked = f"postfix+utpost={sys.executable} {milter} {{port}} {{upstream_port}} {{aux_port}} {{dir}}"
    peers = ["--peer", ours, *(["--peer", asked] if os.environ.get("UTPOST_BENCH_MILTER") else [])]
    harness = [__file__, "--office"] if os.environ.get("UTPOST_BENCH_OFFICE") else []
    return subprocess.call([sys.executable, *harness, *sys.argv[1:], *peers], cwd=ROOT)


if __name__ == "__main__":
    sys.exit(main())
