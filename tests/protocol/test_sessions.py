"""Many sessions, long sessions, slow sessions, and sessions that may not be: each is for itself."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

import pytest

from tests.support.fleet import Fleet
from tests.support.process import Utpost
from tests.support.relay import Gate, ScriptedRelay, say, stall
from tests.support.smtp import RawClient, stuff

Shared = tuple[Utpost, ScriptedRelay]

FROM, TO = b"asa@avsandare.example", b"bo@mottagare.example"
MEMBER = b"anna.berg@politik.orkelljunga.se"


@pytest.mark.parametrize("offers", [("PIPELINING",), ()], ids=["pipelining relay", "plain relay"])
async def test_each_of_a_thousand_recipients_gets_its_own_answer(offers: tuple[str, ...], shared: Shared) -> None:
    utpost, relay = shared
    relay.offers = offers
    answers = [b"%d %d.1.5 number %d\r\n" % ((250, 2, n) if n % 3 else (550, 5, n)) for n in range(1000)]
    relay.answer("rcpt", *answers)
    rcpts = [b"RCPT TO:<n%d@mottagare.example>" % n for n in range(1000)]
    async with await RawClient.greeted(utpost.smtp) as client:
        await client.send(b"\r\n".join([b"MAIL FROM:<" + FROM + b">", *rcpts, b"DATA", b""]))
        await client.expect(b"250")
        assert [await client.reply() for _ in rcpts] == answers
        await client.expect(b"354")
        await client.send(b"Subject: x\r\n\r\n.\r\n")
        await client.expect(b"250 2.0.0 Ok: queued")
    (transaction,) = relay.deliveries
    assert transaction.rcpts == rcpts
    assert transaction.accepted == [rcpt for n, rcpt in enumerate(rcpts) if n % 3]


async def test_two_hundred_sessions_do_not_mix(shared: Shared) -> None:
    utpost, relay = shared

    async def one(number: int) -> None:
        sender, text = b"s%d@avsandare.example" % number, b"Subject: %d\r\n\r\n" % number + b"%d\r\n" % number * 2000
        async with await RawClient.greeted(utpost.smtp) as client:
            await client.envelope(sender, b"r%d@mottagare.example" % number)
            wire = stuff(text) + b".\r\n"
            for start in range(0, len(wire), 4000):
                await client.send(wire[start : start + 4000])
                await asyncio.sleep(0)
            await client.expect(b"250 2.0.0 Ok: queued")

    await asyncio.gather(*(one(number) for number in range(200)))
    assert len(relay.deliveries) == 200
    for transaction in relay.deliveries:
        number = int(transaction.mail.split(b"<s")[1].split(b"@")[0])
        assert transaction.rcpts == [b"RCPT TO:<r%d@mottagare.example>" % number]
        assert transaction.content == b"Subject: %d\r\n\r\n" % number + b"%d\r\n" % number * 2000


async def test_a_stuck_relay_connection_costs_only_its_own_session(shared: Shared) -> None:
    utpost, relay = shared
    gate = Gate()
    relay.answer("final", say(b"250 2.0.0 Ok: first\r\n", gate=gate))
    async with await RawClient.greeted(utpost.smtp) as slow, await RawClient.greeted(utpost.smtp) as quick:
        await slow.envelope(FROM, TO)
        await slow.send(b"Subject: slow\r\n\r\n.\r\n")
        await relay.until(gate.reached.is_set)
        for _ in range(5):
            await quick.deliver(FROM, [TO], b"Subject: quick\r\n\r\n")
        gate.open()
        assert await slow.reply() == b"250 2.0.0 Ok: first\r\n"


async def test_idle_sessions_hold_no_relay_connection(fleet: Fleet) -> None:
    utpost, relay = fleet.lend("relay.idle_seconds=0.2")
    clients = [await RawClient.greeted(utpost.smtp) for _ in range(50)]
    await relay.until(lambda: not relay.standing, "idle sessions give their relay connection back")
    for client in clients[:5]:
        assert (await client.deliver(FROM, [TO], b"Subject: x\r\n\r\n")).startswith(b"250 2.0.0 Ok")
    for client in clients:
        client.abort()
    assert len(relay.deliveries) == 5


async def test_a_silent_client_is_told_and_left(fleet: Fleet) -> None:
    utpost, _ = fleet.lend("timeouts.command=0.3")
    async with await RawClient.greeted(utpost.smtp) as client:
        await client.expect(b"421 4.4.2 ")
        assert await client.at_end()


async def test_time_counts_from_the_last_octet_not_from_the_start(fleet: Fleet) -> None:
    utpost, relay = fleet.lend("timeouts.data_block=1.0")
    async with await RawClient.greeted(utpost.smtp) as client:
        await client.envelope(FROM, TO)
        for _ in range(10):
            await client.send(b"a line\r\n")
            await asyncio.sleep(0.3)
        await client.send(b".\r\n")
        await client.expect(b"250 2.0.0 Ok: queued")
    async with await RawClient.greeted(utpost.smtp) as client:
        await client.envelope(FROM, TO)
        await client.send(b"a line\r\n")
        await client.expect(b"421 4.4.2 ")
    assert len(relay.deliveries) == 1


async def test_what_is_too_big_is_thrown_away_as_it_comes(fleet: Fleet) -> None:
    utpost, relay = fleet.lend("limits.message_octets=100000")
    async with await RawClient.greeted(utpost.smtp) as client:
        await client.envelope(FROM, TO)
        for _ in range(100):
            await client.send(b"x" * 998 + b"\r\n" + b"y" * 99_000)
        await client.send(b"\r\n.\r\n")
        await client.expect(b"552 5.3.4 ")
        assert (await client.deliver(FROM, [TO], b"Subject: small\r\n\r\n")).startswith(b"250")
    assert [t.content for t in relay.ended] == [b"Subject: small\r\n\r\n"]


async def test_strangers_from_other_networks_are_sent_away(fleet: Fleet) -> None:
    utpost, relay = fleet.lend('access.networks=["192.0.2.0/24"]')
    async with await RawClient.connect(utpost.smtp) as client:
        await client.expect(b"554 ")
        assert await client.at_end()
    assert not relay.connections


async def test_too_many_sessions_are_told_to_come_back(fleet: Fleet) -> None:
    utpost, _ = fleet.lend("limits.sessions=3", "limits.sessions_per_address=3")
    clients = [await RawClient.greeted(utpost.smtp, None) for _ in range(3)]
    async with await RawClient.connect(utpost.smtp) as client:
        await client.expect(b"421 ")
        assert await client.at_end()
    for client in clients:
        client.abort()
    for _ in range(100):
        async with await RawClient.connect(utpost.smtp) as client:
            if (await client.reply()).startswith(b"220"):
                return
        await asyncio.sleep(0.05)
    pytest.fail("it does not recover")


async def test_a_relay_that_is_away_is_a_temporary_failure_until_it_is_back(shared: Shared) -> None:
    utpost, relay = shared
    relay.refuse()
    async with await RawClient.greeted(utpost.smtp, None) as client:
        assert (await client.command(b"EHLO client.example"))[:3] in {b"421", b"451"}
    relay.return_()
    async with await RawClient.greeted(utpost.smtp) as client:
        assert (await client.deliver(FROM, [TO], b"Subject: x\r\n\r\n")).startswith(b"250 2.0.0 Ok")


async def test_a_tls_client_on_the_plain_port_does_no_harm(shared: Shared) -> None:
    utpost, relay = shared
    async with await RawClient.connect(utpost.smtp) as client:
        await client.expect(b"220")
        await client.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)) * 3 + b"\r\n")
        await client.expect(b"421 ")
        assert await client.at_end()
    async with await RawClient.greeted(utpost.smtp) as client:
        assert (await client.deliver(FROM, [TO], b"Subject: x\r\n\r\n")).startswith(b"250")
    assert len(relay.deliveries) == 1


async def test_sigterm_finishes_what_is_under_way_and_sends_the_rest_away(utpost: Utpost, relay: ScriptedRelay) -> None:
    gate = Gate()
    relay.answer("final", say(b"250 2.0.0 Ok: last\r\n", gate=gate))
    async with await RawClient.greeted(utpost.smtp) as busy, await RawClient.greeted(utpost.smtp) as idle:
        await busy.envelope(MEMBER, TO)
        await busy.send(b"Subject: Handlingar\r\n\r\nHandlingarna kommer.\r\n.\r\n")
        await relay.until(gate.reached.is_set)
        utpost.signal(signal.SIGTERM)
        await idle.expect(b"421 4.3.2 ")
        assert await idle.at_end()
        with pytest.raises((ConnectionError, EOFError)):
            await (await RawClient.connect(utpost.smtp)).reply()
        gate.open()
        assert await busy.reply() == b"250 2.0.0 Ok: last\r\n"
    assert await asyncio.to_thread(utpost.stop) == 0
    assert len(relay.deliveries) == 1


async def test_draining_has_an_end(relay: ScriptedRelay, start_utpost: Callable[..., Utpost]) -> None:
    utpost = start_utpost(relay.address, settings=("timeouts.drain=0.5",))
    relay.always("final", stall())
    async with await RawClient.greeted(utpost.smtp) as client:
        await client.envelope(FROM, TO)
        await client.send(b"Subject: x\r\n\r\n.\r\n")
        await relay.until(lambda: relay.ended)
        await asyncio.to_thread(utpost.stop)
        assert not (await client.line()).startswith(b"2")
