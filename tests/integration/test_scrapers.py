"""Scrapers that hang and scrapers that never stop, on a Utpost that has mail to carry."""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conftest import StartUtpost
from tests.support.process import Utpost
from tests.support.relay import ScriptedRelay
from tests.support.smtp import RawClient

SENDER = b"anna.berg@politik.orkelljunga.se"
MESSAGE = b"From: <anna.berg@politik.orkelljunga.se>\r\nSubject: Protokoll\r\n\r\nProtokollet skickas i morgon.\r\n"
SCRAPES = 250
"""What a thousand in a minute are in fifteen seconds; asked for as fast as eight visitors can."""
MAILS = 25


def scrape(utpost: Utpost) -> int:
    path = ("/metrics", "/metrics", "/metrics", "/readyz", "/")
    return sum(utpost.get(path[number % len(path)])[0] == 200 for number in range(SCRAPES // 8 + 1))


async def carry(utpost: Utpost) -> int:
    """Send mail, one after the other; return how many the relay has taken."""
    taken = 0
    for number in range(MAILS):
        async with await RawClient.greeted(utpost.smtp) as client:
            message = MESSAGE.replace(b"i morgon", b"dag %d" % number)
            taken += (await client.deliver(SENDER, [b"info@example.org"], message)).startswith(b"250")
    return taken


@pytest.mark.long
async def test_mail_flows_while_scrapers_hang_and_others_never_stop(
    start_utpost: StartUtpost, relay: ScriptedRelay
) -> None:
    utpost = start_utpost(relay.address)
    hanging = [socket.create_connection(utpost.metrics, 20) for _ in range(20)]
    for number, visitor in enumerate(hanging):
        visitor.sendall((b"", b"GET /metr", b"GET /metrics HTTP/1.1\r\n\r\n")[number % 3])
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(8) as visitors:
        scrapes = [loop.run_in_executor(visitors, scrape, utpost) for _ in range(8)]
        taken = await carry(utpost)
        answered = await asyncio.gather(*scrapes)
    for visitor in hanging:
        visitor.close()
    assert taken == len(relay.deliveries) == MAILS
    assert sum(answered) == 8 * (SCRAPES // 8 + 1)
    assert utpost.metric("utpost_judged_total") == MAILS
    assert utpost.metric("utpost_worker_restarts_total") == 0
