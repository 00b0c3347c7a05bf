"""Limits, patience and the end: slow, silent, greedy and confused clients cost only themselves."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.fleet import Fleet
from tests.support.process import Utpost
from tests.support.relay import Gate, ScriptedRelay, say
from tests.support.smtp import RawClient

Shared = tuple[Utpost, ScriptedRelay]
StartUtpost = Callable[..., Utpost]

FROM, TO = b"asa@avsandare.example", b"bo@mottagare.example"
MEMBER = b"anna.berg@politik.orkelljunga.se"
TEXT = b"Subject: hej\r\n\r\nhej\r\n"
MAIL, RCPT = b"MAIL FROM:<" + FROM + b">", b"RCPT TO:<" + TO + b">"
WHOLE = b"\r\n".join([MAIL, RCPT, b"DATA", TEXT + b".", b""])


async def quick(utpost: Utpost, times: int = 3) -> None:
    """Another client is served as if it were alone."""
    for _ in range(times):
        async with await RawClient.greeted(utpost.smtp) as client:
            assert (await client.deliver(b"quick@avsandare.example", [TO], TEXT)).startswith(b"250 ")


async def all_said(client: RawClient) -> list[bytes]:
    """Return every reply until the connection ends."""
    said = []
    try:
        while True:
            said.append(await client.reply())
    except (EOFError, ConnectionError):
        return said


# --- everything at once ------------------------------------------------------------------------


@pytest.mark.parametrize("transactions", [1, 3, 100])
@pytest.mark.parametrize("half_closed", [True, False])
async def test_whole_sessions_in_one_segment(transactions: int, half_closed: bool, shared: Shared) -> None:
    utpost, relay = shared
    async with await RawClient.connect(utpost.smtp) as client:
        await client.send(b"EHLO client.example\r\n" + WHOLE * transactions + b"QUIT\r\n")
        if half_closed:
            client.half_close()
        said = await all_said(client)
    codes = [reply[:3] for reply in said]
    assert codes == [b"220", b"250", *([b"250", b"250", b"354", b"250"] * transactions), b"221"]
    assert [t.content for t in relay.deliveries] == [TEXT] * transactions


async def test_ten_thousand_recipients_in_one_segment(shared: Shared) -> None:
    utpost, relay = shared
    rcpts = [b"RCPT TO:<n%d@mottagare.example>" % n for n in range(10_000)]
    async with await RawClient.greeted(utpost.smtp) as client:
        await client.send(b"\r\n".join([MAIL, *rcpts, b"DATA", b""]))
        await client.expect(b"250 2.1.0 ")
        for _ in rcpts:
            await client.expect(b"250 2.1.5 ")
        await client.expect(b"354 ")
        await client.send(TEXT + b".\r\n")
        await client.expect(b"250 2.0.0 ")
    assert relay.deliveries[0].accepted == rcpts


@pytest.mark.parametrize("last", [b"", b"421 4.3.2 closing\r\n"], ids=["drops", "says 421"])
async def test_each_of_a_group_has_one_answer_when_the_relay_leaves(last: bytes, shared: Shared) -> None:
    utpost, relay = shared
    relay.offers = ("ENHANCEDSTATUSCODES",)  # one by one: which of a group are answered is else for chance to say
    relay.answer("rcpt", b"250 2.1.5 one\r\n", b"550 5.1.1 two\r\n", say(last) if last else b"x\r\n")
    async with await RawClient.greeted(utpost.smtp) as client:
        await client.send(b"\r\n".join([MAIL, *[RCPT] * 5, b"DATA", b"RSET", b"NOOP", b"QUIT", b""]))
        said = [reply[:9] for reply in await all_said(client)]
    begin = [b"250 2.1.0", b"250 2.1.5", b"550 5.1.1"]
    if last:
        assert said == [*begin, b"421 4.3.2"], "after 421 nothing more is said"
    else:
        assert said == [*begin, *[b"451 4.4.1"] * 4, b"250 2.0.0", b"250 2.0.0", b"221 2.0.0"]
    assert not relay.ended


async def test_a_pipelined_group_has_one_answer_each_when_the_relay_leaves(shared: Shared) -> None:
    utpost, relay = shared
    relay.answer("rcpt", b"250 2.1.5 one\r\n", b"550 5.1.1 two\r\n", b"no reply at all\r\n")
    async with await RawClient.greeted(utpost.smtp) as client:
        await client.send(b"\r\n".join([MAIL, *[RCPT] * 30, b"DATA", b"RSET", b"QUIT", b""]))
        said = [reply[:9] for reply in await all_said(client)]
    answers = [b"250 2.1.5", b"550 5.1.1", *[b"451 4.4.1"] * 28]
    assert said == [b"250 2.1.0", *answers, b"451 4.4.1", b"250 2.0.0", b"221 2.0.0"]
    assert not relay.ended


async def test_after_a_loss_a_new_transaction_needs_no_rset(shared: Shared) -> None:
    utpost, relay = shared
    relay.answer("rcpt", b"no reply at all\r\n")
    async with await RawClient.greeted(utpost.smtp) as client:
        await client.command(MAIL, b"250")
        await client.command(RCPT, b"451 4.4.1 ")
        assert (await client.deliver(FROM, [TO], TEXT)).startswith(b"250 ")
    assert len(relay.deliveries) == 1


# --- slow and silent clients -------------------------------------------------------------------


async def test_a_client_that_reads_nothing_costs_only_itself(shared: Shared) -> None:
    utpost, relay = shared
    reader, writer = await asyncio.open_connection(*utpost.smtp, limit=1024)
    writer.transport.pause_reading()  # type: ignore[attr-defined]

    async def pour() -> None:
        while True:
            writer.write(b"NOOP\r\nHELP\r\n" * 5000)
            await writer.drain()

    pouring = asyncio.create_task(pour())
    await asyncio.sleep(0.3)
    before = resident(utpost)
    await quick(utpost)
    await asyncio.sleep(0.5)
    assert resident(utpost) < before + 20 * 1024, "what is not read is not piled up"
    pouring.cancel()
    writer.transport.abort()
    assert reader.at_eof() is False
    assert len(relay.deliveries) == 3


def resident(utpost: Utpost) -> int:
    """Return the memory of all processes, in KiB."""
    total = 0
    for pid in utpost.children():
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                total += int(line.split()[1])
    return total


async def test_a_client_that_reads_late_gets_everything(shared: Shared) -> None:
    utpost, relay = shared
    relay.always("rcpt", b"250-" + b"x" * 400 + b"\r\n250 2.1.5 ok\r\n")
    reader, writer = await asyncio.open_connection(*utpost.smtp, limit=1024)
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    writer.write(b"EHLO c.example\r\n" + MAIL + b"\r\n" + (RCPT + b"\r\n") * 4000 + b"QUIT\r\n")
    await asyncio.sleep(0.5)
    writer.transport.resume_reading()  # type: ignore[attr-defined]
    said = await asyncio.wait_for(reader.read(-1), 20)
    writer.close()
    assert said.count(b"250 2.1.5 ok\r\n") == 4000
    assert said.endswith(b"Bye\r\n")


async def test_octet_by_octet_many_at_a_time(shared: Shared) -> None:
    utpost, relay = shared

    async def drip() -> None:
        async with await RawClient.greeted(utpost.smtp) as client:
            await client.drip(WHOLE)
            for code in (b"250", b"250", b"354", b"250"):
                await client.expect(code)

    await asyncio.gather(*(drip() for _ in range(30)), quick(utpost, 5))
    assert len(relay.deliveries) == 35


async def test_a_client_that_never_says_crlf_is_told_and_left(shared: Shared) -> None:
    utpost, relay = shared

    async def one(said: bytes) -> None:
        async with await RawClient.connect(utpost.smtp) as client:
            await client.expect(b"220 ")
            await client.send(said)
            assert await client.reply() == b"421 Lines end with CRLF\r\n"
            assert await client.at_end()

    lines = (b"EHLO client.example\n", b"NOOP\nNOOP\n", b"QUIT\n", b"EHLO x\n\n\nMAIL FROM:<a@b>\n")
    await asyncio.gather(*map(one, lines))
    assert not relay.connections


async def test_time_in_the_content_counts_from_the_last_octet(fleet: Fleet) -> None:
    utpost, relay = fleet.lend("timeouts.data_block=0.6", "timeouts.command=0.6")
    async with await RawClient.greeted(utpost.smtp) as client:
        await client.envelope(FROM, TO)
        for octet in b"Subj":
            await client.send(bytes([octet]))
            await asyncio.sleep(0.3)
        await client.send(b"ect: x\r\n.\r\n")
        await client.expect(b"250 ")
        await client.expect(b"421 4.4.2 ")
        assert await client.at_end()
    assert len(relay.deliveries) == 1


async def test_time_is_not_counted_while_the_relay_thinks(fleet: Fleet) -> None:
    utpost, relay = fleet.lend("timeouts.data_block=0.6", "timeouts.command=0.6")
    for stage in ("mail", "rcpt", "final"):
        gate = Gate()
        relay.answer(stage, say(b"250 2.0.0 after a while\r\n", gate=gate))
        async with await RawClient.greeted(utpost.smtp) as client:
            await client.send(WHOLE)
            await relay.until(gate.reached.is_set)
            await asyncio.sleep(0.9)
            gate.open()
            said = [await client.reply() for _ in range(4)]
            assert b"250 2.0.0 after a while\r\n" in said
            assert said[3].startswith(b"250")
    assert len(relay.deliveries) == 3


async def test_a_silent_client_in_each_state_is_told(fleet: Fleet) -> None:
    utpost, relay = fleet.lend("timeouts.data_block=0.6", "timeouts.command=0.6")
    for commands in ([], [b"EHLO c.example"], [b"EHLO c.example", MAIL], [b"EHLO c.example", MAIL, RCPT, b"DATA"]):
        async with await RawClient.connect(utpost.smtp) as client:
            await client.expect(b"220 ")
            for command in commands:
                await client.command(command)
            assert (await client.reply()).startswith(b"421 ")
            assert await client.at_end()
    await relay.until(lambda: not relay.standing)


async def test_replies_that_come_in_crumbs_are_waited_for(fleet: Fleet) -> None:
    utpost, relay = fleet.lend("timeouts.relay_reply=0.3", "timeouts.relay_final=0.3")
    for stage in ("mail", "rcpt", "final"):
        relay.answer(stage, say(b"250-" + b"x" * 400 + b"\r\n250 2.0.0 at last\r\n", crumbs=True))
    async with await RawClient.greeted(utpost.smtp) as client:
        await client.send(WHOLE)
        said = [await client.reply() for _ in range(4)]
    assert [reply[-9:] for reply in said if reply.startswith(b"250-")] == [b"at last\r\n"] * 3


async def test_idle_clients_hold_no_relay_connection_a_thousand_of_them(fleet: Fleet) -> None:
    utpost, relay = fleet.lend("relay.idle_seconds=0.1")
    clients: list[RawClient] = []
    for _ in range(20):
        clients += await asyncio.gather(*(RawClient.greeted(utpost.smtp) for _ in range(50)))
    await relay.until(lambda: not relay.standing)
    for client in clients[::100]:
        assert (await client.deliver(FROM, [TO], TEXT)).startswith(b"250 ")
    assert len(relay.deliveries) == 10
    for client in clients:
        client.abort()


# --- limits ------------------------------------------------------------------------------------


async def test_recipients_beyond_the_limit_wait_for_the_next_transaction(fleet: Fleet) -> None:
    utpost, relay = fleet.lend("limits.recipients=3")
    async with await RawClient.greeted(utpost.smtp) as client:
        await client.send(b"\r\n".join([MAIL, *[RCPT] * 5, b"DATA", b""]))
        codes = [(await client.reply())[:9] for _ in range(7)]
        assert codes == [b"250 2.1.0", *[b"250 2.1.5"] * 3, *[b"452 4.5.3"] * 2, b"354 End d"]
        await client.send(TEXT + b".\r\n")
        await client.expect(b"250 ")
    assert len(relay.deliveries[0].rcpts) == 3


async def test_sessions_of_one_address_beyond_the_limit(fleet: Fleet) -> None:
    utpost, _ = fleet.lend("limits.sessions_per_address=2")
    async with await RawClient.greeted(utpost.smtp, None), await RawClient.greeted(utpost.smtp, None):
        async with await RawClient.connect(utpost.smtp) as third:
            await third.send(b"EHLO client.example\r\n")
            await third.expect(b"421 ")
            assert await third.at_end()
        async with await RawClient.connect(utpost.smtp) as fourth:
            await fourth.expect(b"421 ")


async def test_content_of_all_together_has_a_limit(fleet: Fleet) -> None:
    utpost, relay = fleet.lend("limits.in_flight_octets=1048576", "limits.message_octets=1048576")
    big = b"Subject: big\r\n\r\n" + b"x" * 70 + b"\r\n"
    async with await RawClient.greeted(utpost.smtp) as one, await RawClient.greeted(utpost.smtp) as other:
        for client in (one, other):
            await client.envelope(FROM, TO)
        for _ in range(8_000):
            await one.send(big)
        await other.send(big * 8_000)
        for client in (one, other):
            await client.send(b".\r\n")
        said = sorted([await one.reply(), await other.reply()])
        assert said[-1].startswith(b"452 4.3.1 ")
        for client in (one, other):
            assert (await client.deliver(FROM, [TO], TEXT)).startswith(b"250 ")
    assert await asyncio.to_thread(utpost.metric, "utpost_in_flight_octets") == 0
    assert len(relay.deliveries) <= 3


async def test_what_is_thrown_away_takes_no_room_from_others(fleet: Fleet) -> None:
    utpost, relay = fleet.lend("limits.in_flight_octets=1048576", "limits.message_octets=100000")
    async with await RawClient.greeted(utpost.smtp) as greedy:
        await greedy.envelope(FROM, TO)
        await greedy.send(b"bare\nline\r\n" + b"x" * 3_000_000)
        await quick(utpost)
        await greedy.send(b"\r\n.\r\n")
        await greedy.expect(b"550 5.6.0 ")
        await greedy.envelope(FROM, TO)
        await greedy.send(b"x" * 3_000_000)
        await quick(utpost)
        await greedy.send(b"\r\n.\r\n")
        await greedy.expect(b"552 5.3.4 ")
    assert len(relay.deliveries) == 6


async def test_a_message_waits_for_room(fleet: Fleet) -> None:
    utpost, relay = fleet.lend("limits.in_flight_octets=1048576", "limits.message_octets=1048576")
    gate = Gate()
    relay.answer("final", say(b"250 2.0.0 Ok\r\n", gate=gate))
    fills = b"x" * 998 + b"\r\n"
    async with await RawClient.greeted(utpost.smtp) as first, await RawClient.greeted(utpost.smtp) as second:
        await first.envelope(FROM, TO)
        await first.send(fills * 1048 + b"x" * 574)
        await asyncio.sleep(0.1)
        await first.send(b"\r\n.\r\n")
        await relay.until(gate.reached.is_set)
        await second.command(MAIL, b"250")
        await second.command(RCPT, b"250")
        await second.send(b"DATA\r\n")
        await asyncio.sleep(0.3)
        gate.open()
        await first.expect(b"250 2.0.0 Ok")
        await second.expect(b"354 ")


async def test_mistakes_are_forgiven_when_something_right_is_said_between(shared: Shared) -> None:
    utpost, _ = shared
    async with await RawClient.greeted(utpost.smtp) as client:
        for _ in range(10):
            for _ in range(15):
                await client.command(b"XYZZY", b"500 ")
            await client.command(b"NOOP", b"250 ")


async def test_rubbish_gets_one_line_in_the_log(shared: Shared) -> None:
    utpost, relay = shared
    before = len(utpost.log)
    rubbish = (b"GET / HTTP/1.1\r\n", b"\x16\x03\x01\x00", b"a\r\n" * 30, b"PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\n")
    for octets in rubbish:
        async with await RawClient.connect(utpost.smtp) as client:
            await client.send(octets)
            assert (await all_said(client))[-1].startswith(b"421 ")
    await quick(utpost, 1)
    reports = [line["why"] for line in utpost.log[before:] if line["event"] == "client_sent_away"]
    assert reports == ["HTTP", "TLS on a port for plain text", "too many errors", "PROXY from a stranger"]
    assert len(relay.connections) == 1


async def test_a_reset_at_any_moment_leaves_nothing_behind(shared: Shared) -> None:
    utpost, relay = shared
    said = b"EHLO client.example\r\n" + WHOLE + b"QUIT\r\n"
    for end in range(0, len(said), 3):
        async with await RawClient.connect(utpost.smtp) as client:
            await client.send(said[:end])
            client.abort()
    await relay.until(lambda: not relay.standing)
    for _ in range(200):
        if not await asyncio.to_thread(utpost.metric, "utpost_sessions"):
            break
        await asyncio.sleep(0.02)
    assert await asyncio.to_thread(utpost.metric, "utpost_sessions") == 0
    assert all(t.content == TEXT for t in relay.ended)
    await quick(utpost)


# --- the end -----------------------------------------------------------------------------------


async def test_the_last_word_reaches_a_client_that_is_still_sending(fleet: Fleet) -> None:
    utpost, _ = fleet.lend('access.networks=["192.0.2.0/24"]')
    for _ in range(50):
        reader, writer = await asyncio.open_connection(*utpost.smtp)
        for _ in range(20):
            writer.write(b"NOOP\r\n" * 1000)
            await asyncio.sleep(0)
        assert (await reader.readline()).startswith(b"554 ")
        writer.transport.abort()


async def test_sigterm_lets_messages_and_verdicts_under_way_end(relay: ScriptedRelay, utpost: Utpost) -> None:
    gate = Gate()
    relay.answer("final", say(b"250 2.0.0 Ok: judged\r\n", gate=gate))
    async with (
        await RawClient.greeted(utpost.smtp) as judged,
        await RawClient.greeted(utpost.smtp) as sending,
        await RawClient.greeted(utpost.smtp) as in_transaction,
        await RawClient.greeted(utpost.smtp, None) as silent,
    ):
        await judged.envelope(MEMBER, TO)
        await judged.send(TEXT + b".\r\n")
        await relay.until(gate.reached.is_set)
        await sending.envelope(FROM, TO)
        await sending.send(TEXT)
        await in_transaction.command(MAIL, b"250")
        utpost.signal(signal.SIGTERM)
        for client in (in_transaction, silent):
            assert (await client.reply()).startswith(b"421 ")
            assert await client.at_end()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(utpost.smtp, 5)
        await sending.send(b".\r\n")
        await sending.expect(b"250 2.0.0 Ok: queued")
        await sending.expect(b"421 4.3.2 ")
        gate.open()
        await judged.expect(b"250 2.0.0 Ok: judged")
        await judged.expect(b"421 4.3.2 ")
        assert await judged.at_end()
    assert await asyncio.to_thread(utpost.stop) == 0
    assert len(relay.deliveries) == 2
    assert not relay.standing
