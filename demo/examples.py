"""The example messages: what is sent, with which envelope, and what should happen to it."""

from __future__ import annotations

import json
import smtplib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).with_name("messages")


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One NAME.eml with its NAME.envelope.json."""

    name: str
    title: str
    mail_from: str
    rcpt_to: tuple[str, ...]
    octets: bytes
    """As on the wire: CRLF line ends."""
    verdict: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the client was told at the end."""

    code: int
    text: str


def read_examples(folder: Path = FOLDER) -> list[Example]:
    """Return the examples in the order of their names."""
    return [_read(path) for path in sorted(folder.glob("*.eml"))]


def _read(path: Path) -> Example:
    envelope = json.loads(path.with_suffix(".envelope.json").read_text("utf-8"))
    return Example(
        name=path.stem,
        title=envelope["title"],
        mail_from=envelope["mail_from"],
        rcpt_to=tuple(envelope["rcpt_to"]),
        octets=path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"),
        verdict=envelope["expect"]["verdict"],
        rules=tuple(envelope["expect"]["rules"]),
    )


def send(example: Example, host: str, port: int) -> Answer:
    """Send one example over SMTP, as a mail client does."""
    with smtplib.SMTP(host, port, local_hostname="client.example", timeout=60) as client:
        client.ehlo()
        eight_bit = [] if example.octets.isascii() else ["BODY=8BITMIME"]
        answer = client.mail(example.mail_from, eight_bit)
        for recipient in example.rcpt_to:
            if answer[0] == 250:  # noqa: PLR2004 - RFC 5321 4.2
                answer = client.rcpt(recipient)
        if answer[0] == 250:  # noqa: PLR2004
            answer = client.data(example.octets)
    return Answer(code=answer[0], text=answer[1].decode("utf-8", "replace"))
