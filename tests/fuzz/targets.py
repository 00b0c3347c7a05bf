"""What strangers' octets may do: a function for each door they come in by; each raises when something broke.

A target takes octets and returns when they were dealt with: understood, or refused with the error that its docstring
promises. Everything else (another exception, a broken invariant) is a find.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Final

from gateway.detect.lexicon import Lexicon, build_lexicon
from gateway.extract import opener
from gateway.inspection import judged_text
from gateway.message.html import render
from gateway.message.locked import tell_locked
from gateway.message.parse import parse_message
from gateway.message.quotes import Setting
from gateway.message.segments import segment
from gateway.milter import codec
from gateway.model import Circumstances, InvalidConfiguration, PeerViolation
from gateway.policy.load import load_policy, read_tree
from gateway.policy.rules import NAMES
from gateway.smtp import params, proxied, xforward
from gateway.smtp.data import DotReader
from gateway.upstream.wire import ReplyParser

CORPUS: Final = Path(__file__).with_name("corpus")
POLICIES: Final = Path(__file__).resolve().parents[2] / "policies"
NOBODY: Final = Circumstances(sender=None, recipients=())
OFFERED: Final = frozenset({"SIZE", "8BITMIME", "SMTPUTF8", "DSN", "AUTH"})


class Broken(AssertionError):
    """An invariant does not hold."""


def demand(holds: object, what: str) -> None:
    """Raise Broken unless it holds."""
    if not holds:
        raise Broken(what)


def pieces(octets: bytes) -> Iterator[bytes]:
    """Cut octets into chunks whose sizes follow from the octets themselves."""
    at = 0
    while at < len(octets):
        size = 1 + octets[at] % 7
        yield octets[at : at + size]
        at += size


# --- SMTP --------------------------------------------------------------------------------------


def data(octets: bytes) -> None:
    """Content ends at the same place however it was cut, and only at CRLF.CRLF."""

    def read(chunks: Iterator[bytes]) -> tuple[object, ...]:
        reader = DotReader(4096)
        rest = None
        for chunk in chunks:
            rest = reader.feed(chunk) if rest is None else rest + chunk
        told = reader.malformed, reader.too_big, rest
        kept = reader.content.raw() if reader.fit else b""
        reader.content.close()
        return (*told, kept)

    whole = read(iter((octets,)) if octets else iter(()))
    demand(whole == read(pieces(octets)), "the place of the cuts matters")
    stream = b"\r\n" + octets
    demand((whole[2] is not None) == (b"\r\n.\r\n" in stream), "it ends elsewhere")


def commands(octets: bytes) -> None:
    """Paths and parameters are read or refused with a reply."""
    line = octets.partition(b"\n")[0]
    for keyword in (b"FROM", b"TO"):
        with contextlib.suppress(PeerViolation):
            command = params.parse_path_command(keyword + b":" + line, keyword, OFFERED)
            params.read_address(command.path)
    with contextlib.suppress(PeerViolation):
        found = xforward.parse_xforward(line)
        for text in found.values():
            demand(xforward.decode_xtext(xforward.encode_xtext(text)) == text, "xtext does not come back")


def balancer(octets: bytes) -> None:
    """A PROXY header is read or refused, and no octet is asked for twice."""

    async def read() -> None:
        at = 0

        async def exactly(number: int) -> bytes:
            nonlocal at
            if at + number > len(octets):
                raise EOFError
            at += number
            return octets[at - number : at]

        with contextlib.suppress(proxied.NoHeader, EOFError):
            await proxied.read_header(exactly)

    asyncio.run(read())


def replies(octets: bytes) -> None:
    """The relay's replies are the same however they were cut."""

    def read(chunks: Iterator[bytes]) -> tuple[object, ...]:
        parser = ReplyParser()
        found = [reply for chunk in chunks for reply in parser.feed(chunk)]
        return [(r.code, r.raw, r.enhanced, r.texts) for r in found], parser.violation, parser.clean

    demand(read(iter((octets,))) == read(pieces(octets)), "the place of the cuts matters")


# --- milter ------------------------------------------------------------------------------------


def milter(octets: bytes) -> None:
    """Packets are the same however they were cut; what they hold is read or refused."""

    def read(chunks: Iterator[bytes]) -> tuple[list[codec.Packet], str | None]:
        reader = codec.PacketReader()
        found: list[codec.Packet] = []
        try:
            for chunk in chunks:
                for packet in reader.feed(chunk):
                    found.append(packet)  # noqa: PERF402 - what stands before a violation counts
        except codec.PeerViolation as error:
            return found, error.why
        return found, None

    packets, _ = whole = read(iter((octets,)))
    demand(whole == read(pieces(octets)), "the place of the cuts matters")
    for packet in packets:
        demand(codec.packet(packet.command, packet.data) in octets, "a packet is not written as it was read")
        for take in (codec.strings, codec.negotiate, codec.macros_of, codec.connection_of):
            with contextlib.suppress(codec.PeerViolation):
                take(packet.data)


# --- messages ----------------------------------------------------------------------------------


@cache
def _lexicon() -> Lexicon:
    return build_lexicon(read_tree(POLICIES).files)[0]


def message(octets: bytes) -> None:
    """A message is opened and judged whatever it is; segments lie inside its texts."""
    parsed = parse_message(octets, tell_locked)
    for part in parsed.parts:
        ends = [0, *(s.end for s in part.segments)]
        starts = [s.start for s in part.segments]
        demand(all(a <= b for a, b in zip(ends, starts, strict=False)), "segments overlap")
        demand(ends[-1] <= len(part.text), "a segment ends outside")
    found = judged_text(parsed, NOBODY, _lexicon())
    demand(not found.crashed, f"detectors crashed: {sorted(found.crashed)}")


def html(octets: bytes) -> None:
    """Any markup becomes text."""
    # Octets that are no UTF-8 become lone surrogates: text may hold them.
    text = render(octets.decode("utf-8", "surrogateescape")).text
    demand(isinstance(text, str), "no text")


def segments(octets: bytes) -> None:
    """The segments of a body cover it in order."""
    text = octets[1:].decode("utf-8", "replace")
    bits = octets[0] if octets else 0
    found = segment(text, Setting(reply=bool(bits & 1), forward=bool(bits & 2)))
    at = 0
    for piece in found:
        demand(piece.start == at and piece.end > piece.start, "a gap or an overlap")
        at = piece.end
    demand(at == len(text), "not all of it")


FILES: Final = (
    *(
        "a.docx",
        "a.xlsx",
        "a.pptx",
        "a.odt",
        "a.doc",
        "a.xls",
        "a.ppt",
        "a.msg",
        "a.rtf",
        "a.pdf",
        "a.zip",
        "a.7z",
        "a.tar",
    ),
    *("a.gz", "a.xz", "a.bz2", "winmail.dat", "a.csv", "a.html", "a.svg", "a.ics", "a.eml", "a.epub", "a.bin"),
)


def files(octets: bytes) -> None:
    """A file of any name is opened or gets a state. The first octet picks the name."""
    if not octets:
        return
    name = FILES[octets[0] % len(FILES)]
    head = f'Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename="{name}"\r\n'
    body = base64.encodebytes(octets[1:]).replace(b"\n", b"\r\n")
    mail = b"MIME-Version: 1.0\r\n" + head.encode() + b"Content-Transfer-Encoding: base64\r\n\r\n" + body
    parse_message(mail, opener.Opener())


# --- policies ----------------------------------------------------------------------------------


_tree = cache(read_tree)


def policies(octets: bytes) -> None:
    """A rule file is taken, or its mistakes are told one by one."""
    tree = _tree(POLICIES)
    text = octets.decode("utf-8", "replace").replace("\r\n", "\n")
    changed = type(tree)(files={**tree.files, "rules/financial.toml": text}, version=tree.version)
    try:
        load_policy(changed, NAMES, {"financial": frozenset(NAMES)})
    except InvalidConfiguration as error:
        demand(error.problems, "refused without a reason")
        demand(all(str(problem) for problem in error.problems), "a mistake without words")


TARGETS: Final[dict[str, Callable[[bytes], None]]] = {
    target.__name__: target
    for target in (data, commands, balancer, replies, milter, message, html, segments, files, policies)
}
