"""Everything hostile at once, for as long as others need to be served: slow, endless, greedy and senseless clients."""

from __future__ import annotations

import asyncio
import contextlib
import random
import ssl
from collections.abc import Awaitable, Callable

import pytest

from tests.protocol.test_life import FROM, MAIL, MEMBER, RCPT, TEXT, TO, resident
from tests.support.process import Utpost
from tests.support.relay import ScriptedRelay
from tests.support.smtp import RawClient

Start = Callable[..., Utpost]

GIGABYTE = 1024**3
BLOCK = b"x" * (1 << 20)
LETTER = b"From: <anna.berg@politik.orkelljunga.se>\r\nSubject: Protokoll\r\n\r\nProtokollet kommer.\r\n"
SPEECH = b"EHLO client.example\r\n" + MAIL + b"\r\n" + RCPT + b"\r\nDATA\r\nSubject: slow\r\n\r\n"


async def endless_command(utpost: Utpost) -> None:
    """Send a gigabyte without a line end, or until we are left."""
    async with await RawClient.greeted(utpost.smtp) as client:
        for _ in range(GIGABYTE // len(BLOCK)):
            await client.send(BLOCK)


async def endless_line(utpost: Utpost) -> None:
    """Send a gigabyte of content in one line; whoever reads it to its end refuses it, and goes on."""
    async with await RawClient.greeted(utpost.smtp) as client:
        await client.envelope(FROM, TO)
        for _ in range(GIGABYTE // len(BLOCK)):
            await client.send(BLOCK)
        await client.send(b"\r\n.\r\n")
        await client.expect(b"552 5.3.4 ")


async def slow(utpost: Utpost) -> None:
    """Say one octet every half second."""
    async with await RawClient.connect(utpost.smtp) as client:
        for octet in SPEECH:
            await client.send(bytes([octet]))
            await asyncio.sleep(0.5)


async def garbage(utpost: Utpost) -> None:
    """Say what means nothing, again and again."""
    random_ = random.Random(4711)
    while True:
        with contextlib.suppress(OSError, EOFError):
            async with await RawClient.connect(utpost.smtp) as client:
                for _ in range(50):
                    await client.send(random_.randbytes(500))
                await asyncio.sleep(0.05)


async def wrong_tls(utpost: Utpost) -> None:
    """Begin a handshake where none is expected."""
    context = ssl.create_default_context()
    while True:
        with contextlib.suppress(OSError, EOFError, TimeoutError):
            async with asyncio.timeout(1):
                await RawClient.connect(utpost.smtp, tls=context)
        await asyncio.sleep(0.05)


async def forger(utpost: Utpost) -> None:
    """Announce other addresses with PROXY and XFORWARD, from where nobody may."""
    while True:
        with contextlib.suppress(OSError, EOFError):
            async with await RawClient.connect(utpost.smtp) as client:
                await client.send(
                    b"PROXY TCP4 127.0.0.9 127.0.0.1 1 25\r\nEHLO x\r\nXFORWARD ADDR=127.0.0.9\r\nRSET\r\n"
                )
                await asyncio.sleep(0.1)


async def crowd(utpost: Utpost) -> None:
    """Address ten thousand recipients, and leave before the content."""
    while True:
        with contextlib.suppress(OSError, EOFError):
            async with await RawClient.greeted(utpost.smtp) as client:
                await client.send(MAIL + b"\r\n" + b"".join(b"RCPT TO:<n%d@x.example>\r\n" % n for n in range(10_000)))
                await client.send(b"DATA\r\n" + BLOCK)
                await asyncio.sleep(0.5)


HOSTILE: list[tuple[Callable[[Utpost], Awaitable[None]], int]] = [
    (endless_command, 2),
    (endless_line, 2),
    (slow, 300),
    (garbage, 4),
    (wrong_tls, 4),
    (forger, 4),
    (crowd, 1),
]


async def served(utpost: Utpost, relay: ScriptedRelay, messages: int) -> None:
    """Fail unless each message goes through, one after the other, in scope and out of it."""
    for number in range(messages):
        sender, octets = (MEMBER, LETTER) if number % 2 else (FROM, TEXT)
        async with await RawClient.greeted(utpost.smtp) as client:
            assert (await client.deliver(sender, [TO], octets)).startswith(b"250 ")
    wanted = {LETTER, TEXT} if messages > 1 else {TEXT}
    assert wanted <= {t.content for t in relay.deliveries}


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_others_are_served_while_everything_hostile_is_tried_at_once(
    relay: ScriptedRelay, start_utpost: Start
) -> None:
    utpost = await asyncio.to_thread(start_utpost, relay.address, workers=2)
    await served(utpost, relay, 10)
    before = resident(utpost)
    besieging = [asyncio.ensure_future(act(utpost)) for act, times in HOSTILE for _ in range(times)]
    peak = 0
    for _ in range(30):
        await served(utpost, relay, 10)
        peak = max(peak, resident(utpost))
        await asyncio.sleep(0.2)
    for task in besieging:
        task.cancel()
    ended = await asyncio.gather(*besieging, return_exceptions=True)
    assert peak < before + 300 * 1024, "a gigabyte is not kept"
    unexpected = (asyncio.CancelledError, OSError, EOFError)
    assert [e for e in ended if e is not None and not isinstance(e, unexpected)] == []
    await served(utpost, relay, 10)
    assert {t.content for t in relay.deliveries} == {LETTER, TEXT}, "nothing of theirs came through"


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("line", [endless_command, endless_line])
async def test_a_line_of_a_gigabyte_costs_no_memory(
    line: Callable[[Utpost], Awaitable[None]], relay: ScriptedRelay, start_utpost: Start
) -> None:
    utpost = await asyncio.to_thread(start_utpost, relay.address, workers=1)
    await served(utpost, relay, 10)
    before = resident(utpost)
    sending = asyncio.ensure_future(line(utpost))
    peak = 0
    while not sending.done():
        await served(utpost, relay, 2)
        peak = max(peak, resident(utpost))
    (error,) = await asyncio.gather(sending, return_exceptions=True)
    assert error is None or (line is endless_command and isinstance(error, OSError))
    assert peak < before + 100 * 1024
