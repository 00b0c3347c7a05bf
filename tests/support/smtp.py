"""A client that sends exactly the octets it is told to, and a place to take replies from."""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import Final, Self

PATIENCE: Final = 20.0
"""Seconds after which a peer that says nothing has failed the test; no test measures time with it."""


class RawClient:
    """One SMTP connection without any opinion on SMTP: octets out, whole replies in."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, patience: float = PATIENCE) -> None:
        """Use ``connect`` instead."""
        self._reader, self._writer, self._patience = reader, writer, patience
        self.transcript = bytearray()
        """Every octet received."""

    @classmethod
    async def connect(cls, address: tuple[str, int], *, tls: ssl.SSLContext | None = None) -> Self:
        """Connect without waiting for the greeting."""
        reader, writer = await asyncio.open_connection(*address, ssl=tls, limit=1 << 20)
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return cls(reader, writer)

    @classmethod
    async def greeted(cls, address: tuple[str, int], hello: bytes | None = b"EHLO client.example") -> Self:
        """Connect, read the greeting and say hello; fails unless both are answered with 2xx."""
        client = await cls.connect(address)
        await client.expect(b"220")
        if hello is not None:
            await client.command(hello, b"250")
        return client

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.abort()

    async def send(self, octets: bytes) -> None:
        """Send octets as they are, in one segment as far as the system allows."""
        self._writer.write(octets)
        await self._writer.drain()

    async def drip(self, octets: bytes, size: int = 1) -> None:
        """Send octets in pieces of ``size``, giving the other side time to see each alone."""
        for start in range(0, len(octets), size):
            await self.send(octets[start : start + size])
            await asyncio.sleep(0.0003)

    async def line(self) -> bytes:
        """Return the next line with its line end; empty at the end of the connection."""
        line = await asyncio.wait_for(self._reader.readline(), self._patience)
        self.transcript += line
        return line

    async def reply(self) -> bytes:
        """Return the next whole reply, every line with its CRLF. Raises EOFError when the connection ends before it."""
        lines = b""
        while True:
            line = await self.line()
            if not line.endswith(b"\n"):
                raise EOFError(f"the connection ended; received so far: {bytes(self.transcript)!r}")
            lines += line
            if line[3:4] != b"-":
                return lines

    async def expect(self, start: bytes) -> bytes:
        """Return the next reply, which must start with ``start``."""
        reply = await self.reply()
        if not reply.startswith(start):
            raise AssertionError(f"expected {start!r}, got {reply!r}")
        return reply

    async def command(self, line: bytes, start: bytes | None = None) -> bytes:
        """Send one command line (CRLF is added) and return the reply, which must start with ``start`` if given."""
        await self.send(line + b"\r\n")
        return await self.reply() if start is None else await self.expect(start)

    async def envelope(self, sender: bytes, *recipients: bytes, then: bytes = b"354") -> bytes:
        """Send MAIL, RCPTs (no brackets) and DATA; return the last reply, which must start with ``then``."""
        await self.command(b"MAIL FROM:<" + sender + b">", b"250")
        for recipient in recipients:
            await self.command(b"RCPT TO:<" + recipient + b">", b"250")
        return await self.command(b"DATA", then)

    async def deliver(self, sender: bytes, recipients: list[bytes], message: bytes) -> bytes:
        """Send a whole message (plain, CRLF line ends) and return the final reply."""
        await self.envelope(sender, *recipients)
        await self.send(stuff(message) + b".\r\n")
        return await self.reply()

    async def at_end(self) -> bool:
        """Return True when the peer closes the connection before it says anything more."""
        try:
            return not await self.line()
        except ConnectionResetError:
            return True

    async def encrypt(self, context: ssl.SSLContext, name: str = "localhost") -> None:
        """Begin TLS on this connection (after a 220 to STARTTLS)."""
        await self._writer.start_tls(context, server_hostname=name)

    def half_close(self) -> None:
        """Say that nothing more will be sent, and go on reading."""
        self._writer.write_eof()

    async def close(self) -> None:
        """Close in order."""
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except OSError:
            return

    def abort(self) -> None:
        """Be gone at once, as a client whose machine lost power (a TCP reset)."""
        self._writer.transport.abort()


def stuff(message: bytes) -> bytes:
    """Return a message with transparency dots (RFC 5321 4.5.2), ending in CRLF."""
    stuffed = message.replace(b"\r\n.", b"\r\n..")
    if stuffed.startswith(b"."):
        stuffed = b"." + stuffed
    return stuffed if not stuffed or stuffed.endswith(b"\r\n") else stuffed + b"\r\n"


def unstuff(raw: bytes) -> bytes:
    """Return a message without transparency dots."""
    plain = raw.replace(b"\r\n.", b"\r\n")
    return plain[1:] if plain.startswith(b".") else plain
