"""A relay for trying Utpost out: takes every message and keeps it in a Maildir, with the envelope on top."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import socket
import time
from pathlib import Path
from typing import Any, Final

from aiosmtpd.smtp import SMTP, Envelope, Session

HOSTNAME: Final = "relay.example"
SIZE: Final = 50 * 1024 * 1024
_OFFERS: Final = ["250-PIPELINING", "250-ENHANCEDSTATUSCODES"]
_OWN_WORDS: Final = re.compile(rb"(?!220)([245])([0-9]{2}) (?![245]\.[0-9])")


class Maildir:
    """A folder of messages as mail readers know it: new/ holds one file for each."""

    def __init__(self, folder: Path) -> None:
        """Make the folder where it is missing."""
        self.folder = folder
        self._count = 0
        for part in ("tmp", "new", "cur"):
            (folder / part).mkdir(parents=True, exist_ok=True)

    def add(self, mail_from: str, rcpt_tos: list[str], content: bytes) -> None:
        """Store one message, whole or not at all."""
        self._count += 1
        name = f"{time.time():.6f}.{os.getpid()}_{self._count}.{socket.gethostname()}"
        top = f"Return-Path: {_path(mail_from)}\r\n" + "".join(f"Delivered-To: {to}\r\n" for to in rcpt_tos)
        written = self.folder / "tmp" / name
        written.write_bytes(top.encode() + content)
        written.rename(self.folder / "new" / name)

    def messages(self) -> list[tuple[bytes, bytes]]:
        """Return what has come, oldest first: the envelope lines on top, and the message as it was sent."""
        found = []
        for path in sorted((self.folder / "new").iterdir()):
            lines = path.read_bytes().splitlines(keepends=True)
            on_top = 1
            while lines[on_top].startswith(b"Delivered-To:"):
                on_top += 1
            found.append((b"".join(lines[:on_top]), b"".join(lines[on_top:])))
        return found


def _path(mail_from: str) -> str:
    return mail_from if mail_from.startswith("<") else f"<{mail_from}>"


class _Handler:
    """What aiosmtpd asks about each transaction."""

    def __init__(self, maildir: Maildir) -> None:
        self._maildir = maildir

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name and signature
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [*responses[:-1], *_OFFERS, responses[-1]]

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        self._maildir.add(envelope.mail_from or "", envelope.rcpt_tos, content)
        return "250 2.0.0 Stored"


class _Relay(SMTP):
    """aiosmtpd's receiver, whose own replies get the enhanced status codes that it offers (RFC 2034)."""

    _greeting = False

    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802
        self._greeting = True
        try:
            await super().smtp_EHLO(hostname)
        finally:
            self._greeting = False

    async def push(self, status: str | bytes) -> None:
        octets = status.encode() if isinstance(status, str) else status
        if not self._greeting:
            octets = _OWN_WORDS.sub(rb"\1\2 \1.0.0 ", octets, count=1) if _OWN_WORDS.match(octets) else octets
        await super().push(octets)


async def start_relay(maildir: Maildir, host: str = "127.0.0.1", port: int = 0) -> tuple[asyncio.Server, str]:
    """Listen; return the server and HOST:PORT. ``port`` 0 is any free one."""
    logging.getLogger("mail.log").setLevel(logging.ERROR)
    loop = asyncio.get_running_loop()
    options: dict[str, Any] = {"hostname": HOSTNAME, "loop": loop, "enable_SMTPUTF8": True, "data_size_limit": SIZE}
    server = await loop.create_server(lambda: _Relay(_Handler(maildir), **options), host, port)
    bound = server.sockets[0].getsockname()
    return server, f"{bound[0]}:{bound[1]}"
