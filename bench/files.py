"""Measure what attached files cost: the way to another process, big documents, and who waits meanwhile.

usage: files.py [--rounds N] [--sessions N] [--seconds N]

Three tables. The hop: a message of 25 MiB whose file nobody can open, inspected in this process and in a fork of the
zygote, both from the memory file that holds it, and the way there and back alone, with nothing read. Big files:
documents of about 10 MB, wall time of the whole inspection behind the fence. The loop: sessions that send messages
with a PDF of 1 MB through a real `utpost serve` of one worker, while one more session says NOOP every 10 ms: how late
its answer comes, beside the same with nobody else there.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import io
import json
import random
import shutil
import statistics
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Final
from unittest import mock

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gateway.detect.lexicon import Lexicon

SENDER: Final = "hedda.sten@politik.orkelljunga.se"
HEAD: Final = (
    f"From: Hedda Sten <{SENDER}>\r\nTo: a@example.com\r\nSubject: Underlag\r\nMIME-Version: 1.0\r\n"
    'Content-Type: multipart/mixed; boundary="x"\r\n\r\n'
    "--x\r\nContent-Type: text/plain\r\n\r\nUnderlaget bifogas.\r\n--x\r\n"
    'Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename="{name}"\r\n'
    "Content-Transfer-Encoding: base64\r\n\r\n"
)
MIB: Final = 1 << 20


def mail(name: str, octets: bytes) -> bytes:
    """Return a message with one file."""
    lines = base64.encodebytes(octets).replace(b"\n", b"\r\n")
    return HEAD.replace("{name}", name).encode() + lines + b"--x--\r\n"


# --- documents -------------------------------------------------------------------------------


class Prose:
    """Words that nobody wrote, always the same ones."""

    def __init__(self) -> None:
        """Make 60 000 words."""
        self._rng = random.Random(1)
        letters = "abcdefghijklmnoprstuvåäö"
        self.words = ["".join(self._rng.choices(letters, k=self._rng.randint(2, 11))) for _ in range(60_000)]

    def some(self, number: int) -> str:
        """Return that many words."""
        return " ".join(self._rng.choices(self.words, k=number))

    def noise(self, number: int) -> bytes:
        """Return octets that no one can compress."""
        return self._rng.randbytes(number)


def docx(prose: Prose, octets: int) -> bytes:
    """Return a text document: paragraphs, nothing else."""
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    body = "".join(f"<w:p><w:r><w:t>{prose.some(60)}</w:t></w:r></w:p>" for _ in range(octets // 290))
    whole = f'<?xml version="1.0"?><w:document xmlns:w="{space}"><w:body>{body}</w:body></w:document>'
    return zipped({"[Content_Types].xml": "<Types/>", "word/document.xml": whole})


def xlsx(prose: Prose, octets: int) -> bytes:
    """Return a workbook of one sheet: five columns, numbers and strings kept in the cells."""

    def rows() -> Iterator[str]:
        for row in range(1, octets // 58):
            cells = [f'<c r="{c}{row}" t="inlineStr"><is><t>{prose.some(1)}</t></is></c>' for c in "ADE"]
            yield f'<row r="{row}">{cells[0]}<c r="B{row}"><v>{row * 7}</v></c><c r="C{row}"><v>{row / 3}</v></c>'
            yield f"{cells[1]}{cells[2]}</row>"

    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    sheet = f'<?xml version="1.0"?><worksheet xmlns="{space}"><sheetData>{"".join(rows())}</sheetData></worksheet>'
    return zipped(
        {"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<workbook/>", "xl/worksheets/sheet1.xml": sheet}
    )


def zipped(members: dict[str, str]) -> bytes:
    """Return a package."""
    octets = io.BytesIO()
    with zipfile.ZipFile(octets, "w", zipfile.ZIP_DEFLATED) as package:
        for name, text in members.items():
            package.writestr(name, text)
    return octets.getvalue()


def pdf(prose: Prose, octets: int, pictures: int = 0) -> bytes:
    """Return pages of text, and as many octets of pictures as asked for."""
    pages = max(1, (octets - pictures) // 4_800)
    objects: list[bytes] = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    kids = []
    if pictures:
        side = int(pictures**0.5)
        objects.append(
            b"<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray /BitsPerComponent 8 "
            b"/Length %d >>\nstream\n%s\nendstream" % (side, side, side * side, prose.noise(side * side))
        )
    for _ in range(pages):
        lines = "".join(f"({prose.some(12)}) Tj T*\n" for _ in range(56)).encode("latin-1")
        stream = b"BT /F1 9 Tf 12 TL 40 800 Td\n" + lines + b"ET"
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R >> >> >>" % len(objects)
        )
        kids.append(len(objects))
    objects[1] = b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(kids), b" ".join(b"%d 0 R" % kid for kid in kids))
    return _pdf_of(objects)


def _pdf_of(objects: list[bytes]) -> bytes:
    whole, places = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(whole))
        whole += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(whole)
    whole += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    whole += b"".join(b"%010d 00000 n \n" % place for place in places)
    whole += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(whole)


# --- the hop, and big files ------------------------------------------------------------------


def hop_and_files(rounds: int) -> None:
    """Measure inspections without a gateway around them."""
    from gateway.content import Content  # noqa: PLC0415 - imported before the zygote forks, not by the other table
    from gateway.inspection import inspect  # noqa: PLC0415
    from gateway.judgement import load_judgement  # noqa: PLC0415
    from gateway.model import Circumstances  # noqa: PLC0415
    from gateway.offload import start_zygote  # noqa: PLC0415

    lexicon = load_judgement(ROOT / "policies").lexicon
    zygote = start_zygote(lexicon)
    nobody = Circumstances(sender=None, recipients=())
    prose = Prose()

    async def there(octets: bytes) -> tuple[float, list[str]]:
        content = Content.of(octets)
        begin = time.perf_counter()
        found = await zygote.inspect(content, nobody, 30.0)
        took = time.perf_counter() - begin
        content.close()
        return took, [part.state.value for part in found.message.parts]

    def here(octets: bytes) -> float:
        content = Content.of(octets)
        begin = time.perf_counter()
        inspect(content.unstuffed(), nobody, lexicon, files=True)
        took = time.perf_counter() - begin
        content.close()
        return took

    big = mail("data.bin", prose.noise(18 * MIB))
    runs = [(here(big), asyncio.run(there(big))[0]) for _ in range(max(rounds, 5))]
    print(f"message of {len(big) / MIB:.1f} MiB: here {_ms(h for h, _ in runs)}, in a fork {_ms(t for _, t in runs)}")
    print(f"the way there and back, nothing read: {_ms(_ways(lexicon, big, max(rounds, 20)))}")
    print("\n| file | octets | whole inspection | states |\n|---|---:|---:|---|")
    for name, make in (("docx", docx), ("xlsx", xlsx), ("pdf", pdf)):
        octets = make(prose, 10_000_000)
        figures = [asyncio.run(there(mail(f"a.{name}", octets))) for _ in range(rounds)]
        states = ", ".join(figures[0][1])
        print(f"| {name} | {len(octets) / 1e6:.1f} MB | {_ms(took for took, _ in figures)} | {states} |", flush=True)
    zygote.close()


def _ways(lexicon: Lexicon, octets: bytes, rounds: int) -> list[float]:
    """Return how long a fork takes that gets the message, limits itself, puts up its fence and answers, unread."""
    from gateway.content import Content  # noqa: PLC0415 - as above
    from gateway.model import Circumstances  # noqa: PLC0415
    from gateway.offload import start_zygote  # noqa: PLC0415

    with mock.patch.object(Content, "unstuffed", return_value=b"Subject: x\r\n\r\n"):
        zygote = start_zygote(lexicon)
    content = Content.of(octets)

    async def ways() -> list[float]:
        took = []
        for _ in range(rounds):
            begin = time.perf_counter()
            await zygote.inspect(content, Circumstances(sender=None, recipients=()), 30.0)
            took.append(time.perf_counter() - begin)
        return took

    took = asyncio.run(ways())
    content.close()
    zygote.close()
    return took


def _ms(seconds: Iterable[float]) -> str:
    ordered = sorted(seconds)
    middle = statistics.median(ordered) * 1000
    return f"{middle:.0f} ms ({ordered[0] * 1000:.0f} to {ordered[-1] * 1000:.0f})"


# --- the loop --------------------------------------------------------------------------------


async def _take_all(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 sink\r\n")
    in_data = False
    while line := await reader.readline():
        if in_data:
            if line != b".\r\n":
                continue
            in_data = False
            writer.write(b"250 2.0.0 ok\r\n")
        elif line[:4].upper() == b"EHLO":
            writer.write(b"250-sink\r\n250-8BITMIME\r\n250 SIZE 60000000\r\n")
        elif line[:4].upper() == b"DATA":
            in_data = True
            writer.write(b"354 go\r\n")
        elif line[:4].upper() == b"QUIT":
            writer.write(b"221 bye\r\n")
            break
        else:
            writer.write(b"250 2.0.0 ok\r\n")
    writer.close()


async def _say(streams: tuple[asyncio.StreamReader, asyncio.StreamWriter], line: bytes) -> bytes:
    reader, writer = streams
    writer.write(line)
    await writer.drain()
    reply = b""
    while reply[3:4] != b" ":
        if not (reply := await reader.readline()):
            raise ConnectionResetError
    return reply


async def _open(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    streams = await asyncio.open_connection("127.0.0.1", port)
    await _say(streams, b"")
    await _say(streams, b"EHLO bench\r\n")
    return streams


async def _send_on(port: int, message: bytes, until: float, sent: list[int]) -> None:
    while time.perf_counter() < until:
        streams = await _open(port)
        for line in (f"MAIL FROM:<{SENDER}>\r\n".encode(), b"RCPT TO:<a@example.com>\r\n", b"DATA\r\n"):
            await _say(streams, line)
        if (await _say(streams, message + b".\r\n")).startswith(b"250"):
            sent.append(1)
        await _say(streams, b"QUIT\r\n")
        streams[1].close()


async def _lateness(port: int, seconds: float) -> list[float]:
    streams = await _open(port)
    late = []
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        begin = time.perf_counter()
        await _say(streams, b"NOOP\r\n")
        late.append(time.perf_counter() - begin)
        await asyncio.sleep(0.01)
    streams[1].close()
    return late


async def waiting(sessions: int, seconds: float) -> None:
    """Measure who waits for the sessions that send files."""
    sink = await asyncio.start_server(_take_all, "127.0.0.1", 0, limit=8 * MIB)
    relay = f"127.0.0.1:{sink.sockets[0].getsockname()[1]}"
    state = tempfile.mkdtemp(prefix="utpost-bench-")
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("utpost")),
        *("serve", "--listen", "127.0.0.1:0", "--metrics", "off", "--relay", relay, "--state", state),
        *("--set", "workers=1", "--set", 'log_level="error"'),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        if process.stdout is None:
            raise RuntimeError
        port = int(json.loads(await process.stdout.readline())["smtp"][0].rpartition(":")[2])
        message = mail("a.pdf", pdf(Prose(), 1_000_000, pictures=800_000))
        alone = await _probe(port, seconds)
        sent: list[int] = []
        until = time.perf_counter() + seconds + 1
        senders = [asyncio.create_task(_send_on(port, message, until, sent)) for _ in range(sessions)]
        await asyncio.sleep(1)
        busy = await _probe(port, seconds)
        await asyncio.gather(*senders, return_exceptions=True)
        print(f"\n{sessions} sessions, PDF of 1 MB each, one worker: {len(sent)} messages in {seconds + 1:.0f} s")
        print("| NOOP answered after | p50 | p99 | worst |\n|---|---:|---:|---:|")
        for name, late in (("nobody else there", alone), ("all sessions sending", busy)):
            ordered = sorted(late)
            at = [ordered[int(len(ordered) * share)] * 1000 for share in (0.5, 0.99)]
            print(f"| {name} | {at[0]:.1f} ms | {at[1]:.1f} ms | {ordered[-1] * 1000:.1f} ms |")
    finally:
        process.terminate()
        await process.wait()
        shutil.rmtree(state, ignore_errors=True)
        sink.close()


async def _probe(port: int, seconds: float) -> list[float]:
    """Ask in a process of its own, whose loop has nothing else to do."""
    asking = await asyncio.create_subprocess_exec(
        *(sys.executable, __file__, "--probe", str(port), "--seconds", str(seconds)), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await asking.communicate()
    return [float(line) for line in out.split()]


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--probe", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.probe:
        print("\n".join(map(str, asyncio.run(_lateness(arguments.probe, arguments.seconds)))))
        return 0
    hop_and_files(arguments.rounds)
    asyncio.run(waiting(arguments.sessions, arguments.seconds))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
