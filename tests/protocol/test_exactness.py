"""What the relay gets is what the client sent, octet for octet: stored mail of every kind, and mail made up."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.support.process import Utpost
from tests.support.relay import ScriptedRelay
from tests.support.smtp import RawClient, stuff
from tests.support.tools import folder

Shared = tuple[Utpost, ScriptedRelay]

STRANGER = b"anna@avsandare.example"
MEMBER = b"anna.berg@politik.orkelljunga.se"
TO = b"bo@mottagare.example"
STORED = Path(__file__).parents[2] / ".." / "shared" / "data" / "attachments"
FILES = sorted(STORED.glob("*.eml"))
_PIECES = (
    b"\r\n",
    b".",
    b"..",
    b"\r\n.",
    b"\r\n..\r\n",
    b" ",
    b"\t",
    b"--=_x\r\n",
    b"Subject: x\r\n",
    b"\r\n\r\n",
    b"=\r\n",
)


def as_sent(stored: bytes) -> bytes:
    """Give a stored message the line ends of the wire."""
    return stored if b"\r\n" in stored else stored.replace(b"\n", b"\r\n")


def is_clean(message: bytes) -> bool:
    """Tell whether there is no bare CR, bare LF or NUL."""
    rest = message.replace(b"\r\n", b"")
    return not any(octet in rest for octet in (b"\r", b"\n", b"\0"))


def ended(message: bytes) -> bytes:
    """Return a message as it leaves DATA: its last line is a line."""
    return message if not message or message.endswith(b"\r\n") else message + b"\r\n"


@pytest.mark.parametrize("sender", [STRANGER, MEMBER], ids=["stranger", "member"])
async def test_stored_mail_arrives_as_it_is(sender: bytes, shared: Shared) -> None:
    folder(STORED)
    utpost, relay = shared
    wrong = []
    for path in FILES:
        message = as_sent(path.read_bytes())
        before = len(relay.ended)
        async with await RawClient.greeted(utpost.smtp) as client:
            reply = await client.deliver(sender, [TO], message)
        sent = [t.content for t in relay.ended[before:] if t.mail.endswith(b"<" + sender + b">")]
        if not is_clean(message):
            right = reply.startswith(b"550 5.6.0") and not sent
        elif sender == MEMBER and reply.startswith(b"550"):
            right = reply[3:10] in {b"-5.7.1 ", b" 5.7.1 "} and not sent
        else:
            right = reply.startswith(b"250 2.0.0 Ok: queued") and sent == [ended(message)]
        if not right:
            wrong.append((path.name, reply))
    assert not wrong


def made_up(seed: int) -> bytes:
    """Return a message of odd pieces and random octets, up to some hundred kilobytes."""
    chance = random.Random(seed)
    out = bytearray()
    for _ in range(chance.choice((0, 1, 5, 50, 500, 4000))):
        out += chance.choice(_PIECES) if chance.random() < 0.5 else chance.randbytes(chance.randrange(120))
    return bytes(out).replace(b"\r\n", b"\x01\x02").translate(None, b"\r\n\0").replace(b"\x01\x02", b"\r\n")


@pytest.mark.parametrize("sender", [STRANGER, MEMBER], ids=["stranger", "member"])
@pytest.mark.parametrize("seed", range(24))
async def test_mail_made_up_at_random_arrives_as_it_is(seed: int, sender: bytes, shared: Shared) -> None:
    utpost, relay = shared
    message = made_up(seed)
    assert is_clean(message)
    chance = random.Random(seed)
    wire = stuff(message) + b".\r\n"
    async with await RawClient.greeted(utpost.smtp) as client:
        await client.envelope(sender, TO)
        while wire:
            size = chance.choice((1, 2, 3, 7, 100, 4096, 65536, 300_000))
            await client.send(wire[:size])
            wire = wire[size:]
        assert (await client.reply()).startswith(b"250 2.0.0 Ok: queued")
    (transaction,) = [t for t in relay.ended if t.mail.endswith(b"<" + sender + b">")]
    assert transaction.content == ended(message)


@pytest.mark.parametrize("octets", [262_143, 262_144, 262_145, 5_000_000])
async def test_size_makes_no_difference(octets: int, shared: Shared) -> None:
    utpost, relay = shared
    line = b"." + b"x" * 97 + b"\r\n"
    message = (b"Subject: big\r\n\r\n" + line * (octets // len(line) + 1))[: octets - 2] + b"\r\n"
    if b"\r\r\n" in message:
        message = message.replace(b"\r\r\n", b"x\r\n")
    async with await RawClient.greeted(utpost.smtp) as client:
        reply = await client.deliver(STRANGER, [TO], message)
    assert reply.startswith(b"250 2.0.0 Ok")
    assert relay.ended[0].content == message
