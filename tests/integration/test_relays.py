"""The relay restarts, drops, stalls, has others beside it: each message arrives once or stays the client's."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.fleet import Fleet
from tests.support.postfix import Postfix
from tests.support.process import Utpost
from tests.support.relay import FULL, Gate, ScriptedRelay, drop, say, stall
from tests.support.smtp import RawClient

StartUtpost = Callable[..., Utpost]
Shared = tuple[Utpost, ScriptedRelay]

FROM, TO, ALSO = b"asa@avsandare.example", b"bo@mottagare.example", b"eva@mottagare.example"
MEMBER = b"anna.berg@politik.orkelljunga.se"
TEXT = b"Subject: hej\r\n\r\nhej\r\n"
BIG = b"Subject: stort\r\n\r\n" + b"hej hej hej\r\n" * 300_000
QUICK = ("relay.idle_seconds=0.1",)


async def arrives(utpost: Utpost, text: bytes = TEXT) -> None:
    async with await RawClient.greeted(utpost.smtp) as client:
        assert (await client.deliver(FROM, [TO], text)).startswith(b"250 ")


async def seen_to_leave(relay: ScriptedRelay) -> None:
    """End the relay's connections and give Utpost a moment to notice."""
    relay.hang_up()
    await asyncio.sleep(0.1)


# --- restarts ----------------------------------------------------------------------------------


async def test_a_relay_restarted_between_transactions_is_not_noticed(shared: Shared) -> None:
    utpost, relay = shared
    async with await RawClient.greeted(utpost.smtp) as client:
        for _ in range(3):
            assert (await client.deliver(FROM, [TO], TEXT)).startswith(b"250 ")
            relay.refuse()
            await seen_to_leave(relay)
            relay.return_()
    assert len(relay.deliveries) == 3
    assert len(relay.connections) == 3


def test_a_real_relay_that_is_ended_is_gone_and_comes_back_on_its_queue(tmp_path: Path, relay: ScriptedRelay) -> None:
    with Postfix(tmp_path / "postfix", relay) as postfix:
        first = postfix.master
        assert first is not None
        postfix.restart()
        second = postfix.master
        assert second is not None
        assert second != first
        assert (tmp_path / "postfix/queue/incoming").is_dir()
        group = [second, *_children(second)]
    assert len(group) > 1
    deadline = time.monotonic() + 10
    while left := [pid for pid in group if _lives(pid)]:
        assert time.monotonic() < deadline, left
        time.sleep(0.02)


def _children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


async def test_a_relay_that_is_away_between_transactions_is_a_temporary_failure(shared: Shared) -> None:
    utpost, relay = shared
    async with await RawClient.greeted(utpost.smtp) as client:
        assert (await client.deliver(FROM, [TO], TEXT)).startswith(b"250 ")
        relay.refuse()
        await seen_to_leave(relay)
        await client.command(b"MAIL FROM:<" + FROM + b">", b"451 4.4.1 ")
        await client.command(b"NOOP", b"250 ")
        relay.return_()
        assert (await client.deliver(FROM, [TO], TEXT)).startswith(b"250 ")
    assert len(relay.deliveries) == 2


async def test_a_time_out_that_the_relay_announces_between_transactions_is_not_passed_on(shared: Shared) -> None:
    utpost, relay = shared
    relay.answer("final", drop(b"250 2.0.0 Ok\r\n421 4.4.2 relay.example Error: timeout exceeded\r\n"))
    async with await RawClient.greeted(utpost.smtp) as client:
        assert await client.deliver(FROM, [TO], TEXT) == b"250 2.0.0 Ok\r\n"
        await relay.until(lambda: not relay.standing)
        assert (await client.deliver(FROM, [TO], TEXT)).startswith(b"250 ")


async def test_a_relay_that_refuses_the_next_connection_is_heard_at_mail(shared: Shared) -> None:
    utpost, relay = shared
    async with await RawClient.greeted(utpost.smtp) as client:
        assert (await client.deliver(FROM, [TO], TEXT)).startswith(b"250 ")
        await seen_to_leave(relay)
        relay.answer("banner", b"554 5.7.1 enough of you\r\n", b"421 4.3.2 not now\r\n")
        assert await client.command(b"MAIL FROM:<" + FROM + b">") == b"554 5.7.1 enough of you\r\n"
        assert await client.command(b"MAIL FROM:<" + FROM + b">") == b"421 4.3.2 not now\r\n"
        assert await client.at_end()


# --- replaying an envelope ---------------------------------------------------------------------


@pytest.mark.parametrize("sender", [FROM, MEMBER], ids=["stranger", "member"])
@pytest.mark.parametrize("moment", ["after MAIL", "after RCPT", "in the content"])
async def test_an_envelope_is_replayed_where_the_relay_left(moment: str, sender: bytes, shared: Shared) -> None:
    utpost, relay = shared
    relay.answer("rcpt", b"250 2.1.5 Ok\r\n", b"550 5.1.1 no such user\r\n")
    if moment != "after MAIL":
        relay.answer("rcpt", b"250 2.1.5 Ok\r\n", b"550 5.1.1 no such user\r\n")
    async with await RawClient.greeted(utpost.smtp) as client:
        await client.command(b"MAIL FROM:<" + sender + b"> RET=HDRS ENVID=Ab1", b"250")
        if moment == "after MAIL":
            await seen_to_leave(relay)
        await client.command(b"RCPT TO:<" + TO + b"> NOTIFY=NEVER", b"250")
        await client.command(b"RCPT TO:<" + ALSO + b">", b"550")
        if moment == "after RCPT":
            await seen_to_leave(relay)
        await client.command(b"DATA", b"354")
        await client.send(b"Subject: hej\r\n\r\n")
        if moment == "in the content":
            await seen_to_leave(relay)
        await client.send(b"hej\r\n.\r\n")
        assert await client.reply() == b"250 2.0.0 Ok: queued as 4ABC\r\n"
    (delivery,) = relay.deliveries
    assert delivery.mail == b"MAIL FROM:<" + sender + b"> RET=HDRS ENVID=Ab1"
    assert delivery.accepted == [b"RCPT TO:<" + TO + b"> NOTIFY=NEVER"]
    assert delivery.content == TEXT
    assert len(relay.connections) == 2


@pytest.mark.parametrize(
    "again", [b"450 4.2.0 greylisted\r\n", b"550 5.1.1 no\r\n", b"250 2.1.9 Ok\r\n"], ids=lambda reply: repr(reply[:9])
)
@pytest.mark.parametrize("sender", [FROM, MEMBER], ids=["stranger", "member"])
async def test_another_reply_on_replay_is_451_and_nothing_is_sent(again: bytes, sender: bytes, shared: Shared) -> None:
    utpost, relay = shared
    relay.answer("rcpt", b"250 2.1.5 Ok\r\n", again)
    async with await RawClient.greeted(utpost.smtp) as client:
        await client.envelope(sender, TO)
        await seen_to_leave(relay)
        await client.send(TEXT + b".\r\n")
        await client.expect(b"451 4.4.1 ")
        assert (await client.deliver(sender, [TO], TEXT)).startswith(b"250 ")
    assert len(relay.ended) == 1


async def test_a_recipient_refused_before_and_accepted_on_replay_gets_nothing(shared: Shared) -> None:
    utpost, relay = shared
    relay.answer("rcpt", b"250 2.1.5 Ok\r\n", b"450 4.2.0 later\r\n", b"250 2.1.5 Ok\r\n", b"250 2.1.5 Ok\r\n")
    async with await RawClient.greeted(utpost.smtp) as client:
        await client.command(b"MAIL FROM:<" + FROM + b">", b"250")
        await client.command(b"RCPT TO:<" + TO + b">", b"250")
        await client.command(b"RCPT TO:<" + ALSO + b">", b"450")
        await seen_to_leave(relay)
        await client.command(b"DATA", b"354")
        await client.send(TEXT + b".\r\n")
        await client.expect(b"451 4.4.1 ")
    assert not relay.ended


@pytest.mark.parametrize("pipelining", [True, False])
async def test_a_long_envelope_is_replayed_whole(pipelining: bool, shared: Shared) -> None:
    utpost, relay = shared
    relay.offers = FULL if pipelining else FULL[1:]
    recipients = [b"n%d@mottagare.example" % n for n in range(500)]
    async with await RawClient.greeted(utpost.smtp) as client:
        await client.envelope(FROM, *recipients)
        await seen_to_leave(relay)
        await client.send(TEXT + b".\r\n")
        await client.expect(b"250 ")
    assert relay.deliveries[0].accepted == [b"RCPT TO:<" + recipient + b">" for recipient in recipients]


async def test_a_client_that_dawdles_in_a_transaction_does_not_hold_the_relay(fleet: Fleet) -> None:
    utpost, relay = fleet.lend(*QUICK)
    async with await RawClient.greeted(utpost.smtp) as client:
        await client.envelope(FROM, TO)
        await relay.until(lambda: not relay.standing, "the relay is given back in the middle of a slow upload")
        assert relay.connections[0].ended == "quit"
        await client.send(TEXT + b".\r\n")
        await client.expect(b"250 ")
    assert [t.content for t in relay.deliveries] == [TEXT]


# --- never twice -------------------------------------------------------------------------------


@pytest.mark.parametrize("trouble", [drop(), drop(reset=True), drop(b"250"), say(b"nonsense\r\n")])
@pytest.mark.parametrize("sender", [FROM, MEMBER], ids=["stranger", "member"])
async def test_after_the_final_dot_nothing_is_sent_again(trouble: object, sender: bytes, shared: Shared) -> None:
    utpost, relay = shared
    relay.answer("final", trouble)  # type: ignore[arg-type]
    async with await RawClient.greeted(utpost.smtp) as client:
        await client.envelope(sender, TO)
        await client.send(TEXT + b".\r\n")
        await client.expect(b"451 4.4.1 ")
    assert len(relay.ended) == 1
    assert len(relay.connections) == 1


async def test_a_refusal_in_the_middle_of_content_reaches_the_client(shared: Shared) -> None:
    utpost, relay = shared
    relay.interrupt(100_000, stall(b"552 5.3.4 relay.example: too big for us\r\n"))
    async with await RawClient.greeted(utpost.smtp) as client:
        reply = await client.deliver(FROM, [TO], BIG)
    assert reply == b"552 5.3.4 relay.example: too big for us\r\n"
    assert not relay.ended


async def test_success_before_the_end_of_data_is_none(shared: Shared) -> None:
    utpost, relay = shared
    relay.answer("data", b"354 go\r\n250 2.0.0 taken already\r\n")
    async with await RawClient.greeted(utpost.smtp) as client:
        await client.envelope(FROM, TO)
        await client.send(TEXT + b".\r\n")
        await client.expect(b"451 4.4.1 ")
    assert not relay.ended


@pytest.mark.parametrize("code", [b"354", b"334", b"399"])
@pytest.mark.parametrize("stage", ["mail", "rcpt", "final"])
async def test_a_question_is_no_answer(stage: str, code: bytes, shared: Shared) -> None:
    utpost, relay = shared
    relay.answer(stage, code + b" go on\r\n")
    said = []
    async with await RawClient.greeted(utpost.smtp) as client:
        for line in (b"MAIL FROM:<" + FROM + b">", b"RCPT TO:<" + TO + b">", b"DATA", TEXT + b"."):
            said.append(await client.command(line))
            if said[-1].startswith(b"451"):
                break
    assert said[-1].startswith(b"451 4.4.1 ")
    assert code + b" go on\r\n" not in said


# --- several relays ----------------------------------------------------------------------------


@pytest.fixture
def second() -> Iterator[ScriptedRelay]:
    """Another relay."""
    with ScriptedRelay() as scripted:
        yield scripted


@pytest.fixture
def of_two(relay: ScriptedRelay, second: ScriptedRelay, start_utpost: StartUtpost) -> Utpost:
    """A Utpost with a second relay to fall back on."""
    return start_utpost(relay.address, settings=(f'relay.fallback=["{second.address}"]', "relay.connect_seconds=0.5"))


async def test_relays_are_tried_in_order(of_two: Utpost, relay: ScriptedRelay, second: ScriptedRelay) -> None:
    await arrives(of_two)
    relay.refuse()
    relay.hang_up()
    await arrives(of_two)
    relay.return_()
    await arrives(of_two)
    for answer in (b"421 4.3.2 closing\r\n", b"450 4.7.1 not you, not now\r\n", stall(), drop(), b"nonsense\r\n"):
        relay.answer("banner", answer)
        await arrives(of_two)
    assert (len(relay.deliveries), len(second.deliveries)) == (2, 6)


async def test_a_permanent_refusal_is_an_answer(of_two: Utpost, relay: ScriptedRelay, second: ScriptedRelay) -> None:
    relay.answer("banner", b"554 5.7.1 never\r\n")
    async with await RawClient.greeted(of_two.smtp, None) as client:
        assert await client.command(b"EHLO client.example") == b"554 5.7.1 never\r\n"
    assert not second.connections


async def test_an_envelope_may_go_on_at_the_next_relay(
    of_two: Utpost, relay: ScriptedRelay, second: ScriptedRelay
) -> None:
    async with await RawClient.greeted(of_two.smtp) as client:
        await client.envelope(FROM, TO)
        relay.refuse()
        await seen_to_leave(relay)
        await client.send(TEXT + b".\r\n")
        await client.expect(b"250 ")
    assert not relay.ended
    assert [t.content for t in second.deliveries] == [TEXT]


async def test_after_the_final_dot_the_next_relay_is_not_tried(
    of_two: Utpost, relay: ScriptedRelay, second: ScriptedRelay
) -> None:
    gate = Gate()
    relay.answer("final", say(b"", gate=gate))
    async with await RawClient.greeted(of_two.smtp) as client:
        await client.envelope(FROM, TO)
        await client.send(TEXT + b".\r\n")
        await relay.until(gate.reached.is_set)
        relay.refuse()
        relay.hang_up()
        await client.expect(b"451 4.4.1 ")
    assert len(relay.ended) == 1
    assert not second.connections


async def test_all_relays_away(of_two: Utpost, relay: ScriptedRelay, second: ScriptedRelay) -> None:
    relay.refuse()
    second.refuse()
    async with await RawClient.greeted(of_two.smtp, None) as client:
        await client.command(b"EHLO client.example", b"421 ")
        assert await client.at_end()
