"""The relay's side against a scripted relay: greeting, groups, content, partings."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest

from gateway.content import Content
from gateway.model import Unavailable
from gateway.upstream.client import HELD, RelayPoint, RelayRefusal, RelaySession, open_relay
from gateway.upstream.connection import RelayConnection
from tests.support.relay import Gate, ScriptedRelay, drop, say, stall

MAIL, RCPT = b"MAIL FROM:<anna@avsandare.example>", b"RCPT TO:<bo@mottagare.example>"
BIG = Content.of(b"hej hej\r\n" * 3_000_000, stuffed=True)


def point(relay: ScriptedRelay, **times: float) -> RelayPoint:
    host, _, port = relay.address.rpartition(":")
    quick = RelayPoint(host=host, port=int(port), connect=2.0, reply=2.0, final=2.0, block=2.0)
    return replace(quick, **times)  # type: ignore[arg-type]


Open = Callable[..., Awaitable[RelaySession]]


@pytest.fixture
async def opened(relay: ScriptedRelay) -> AsyncIterator[Open]:
    """A function that greets the relay; what it has opened is closed afterwards."""
    sessions: list[RelaySession] = []

    async def open_one(**times: float) -> RelaySession:
        sessions.append(await open_relay(point(relay, **times), b"client.example"))
        return sessions[-1]

    yield open_one
    for session in sessions:
        session.abort()
    await asyncio.sleep(0)


async def in_data(opened: Open, **times: float) -> RelaySession:
    session = await opened(**times)
    for line in (MAIL, RCPT):
        assert (await session.command(line)).positive
    assert (await session.begin_data()).code == 354
    return session


# --- greeting ----------------------------------------------------------------------------------


async def test_a_whole_transaction(relay: ScriptedRelay, opened: Open) -> None:
    session = await in_data(opened)
    assert await session.send_content(Content.of(b"..dot\r\n", stuffed=True)) is None
    assert (await session.finish()).raw == b"250 2.0.0 Ok: queued as 4ABC\r\n"
    await session.quit()
    await relay.until(lambda: relay.connections[0].ended == "quit")
    assert [bytes(t.raw) for t in relay.deliveries] == [b"..dot\r\n"]


@pytest.mark.parametrize("code", [500, 502, 504])
async def test_helo_where_ehlo_is_unknown(code: int, relay: ScriptedRelay, opened: Open) -> None:
    relay.answer("ehlo", b"%d what?\r\n" % code)
    session = await opened()
    assert not session.capabilities.keywords
    assert relay.commands == [b"EHLO client.example", b"HELO client.example"]


@pytest.mark.parametrize("code", [421, 450, 501, 521, 550, 554])
@pytest.mark.parametrize("stage", ["banner", "ehlo"])
async def test_a_refusal_is_the_relay_s_word_on_the_client(
    stage: str, code: int, relay: ScriptedRelay, opened: Open
) -> None:
    relay.answer(stage, b"%d-no\r\n%d never\r\n" % (code, code))
    with pytest.raises(RelayRefusal) as refused:
        await opened()
    assert refused.value.reply.raw == b"%d-no\r\n%d never\r\n" % (code, code)
    assert b"HELO client.example" not in relay.commands


@pytest.mark.parametrize("octets", [b"250 hello\r\n", b"354 go\r\n", b"SSH-2.0-x\r\n", b"220-x\r\n250 y\r\n"])
async def test_a_greeting_that_is_none(octets: bytes, relay: ScriptedRelay, opened: Open) -> None:
    relay.answer("banner", octets)
    with pytest.raises(Unavailable):
        await opened()


async def test_a_relay_that_does_not_greet_in_time(relay: ScriptedRelay, opened: Open) -> None:
    relay.answer("banner", stall())
    with pytest.raises(Unavailable, match="no reply in time"):
        await opened(connect=0.1)


async def test_nobody_there(relay: ScriptedRelay, opened: Open) -> None:
    relay.refuse()
    with pytest.raises(Unavailable, match="no connection"):
        await opened()


# --- replies -----------------------------------------------------------------------------------


async def test_a_group_is_answered_in_order(relay: ScriptedRelay, opened: Open) -> None:
    relay.answer("rcpt", *(b"%d n%d\r\n" % (250 + n % 2 * 300, n) for n in range(300)))
    session = await opened()
    await session.command(MAIL)
    replies = await session.commands([RCPT] * 300)
    assert [reply.texts[0] for reply in replies] == [b"n%d" % n for n in range(300)]
    assert relay.connections[0].pipelined > 0


async def test_one_by_one_where_groups_are_not_offered(relay: ScriptedRelay, opened: Open) -> None:
    relay.offers = ()
    session = await opened()
    await session.commands([MAIL, RCPT, RCPT])
    assert relay.connections[0].pipelined == 0


async def test_crumbs_are_waited_for_as_long_as_they_come(relay: ScriptedRelay, opened: Open) -> None:
    relay.answer("mail", say(b"250-" + b"x" * 400 + b"\r\n250 ok\r\n", crumbs=True))
    session = await opened(reply=0.2)
    assert (await session.command(MAIL)).texts == (b"x" * 400, b"ok")


async def test_the_last_words_of_a_leaving_relay_are_heard(relay: ScriptedRelay, opened: Open) -> None:
    relay.answer("mail", drop(b"421 4.3.2 closing\r\n"))
    session = await opened()
    assert (await session.command(MAIL)).raw == b"421 4.3.2 closing\r\n"
    with pytest.raises(Unavailable):
        await session.command(RCPT)


async def test_a_whole_reply_before_nonsense_counts(relay: ScriptedRelay, opened: Open) -> None:
    relay.answer("final", b"250 2.0.0 taken\r\n\x00\x01rubbish\r\n")
    session = await in_data(opened)
    assert (await session.finish()).raw == b"250 2.0.0 taken\r\n"
    assert not session.alive


async def test_a_relay_that_talks_unasked_is_left(relay: ScriptedRelay, opened: Open) -> None:
    relay.answer("mail", b"250 ok\r\n" * 1000)
    session = await opened()
    assert (await session.command(MAIL)).positive
    assert session.lost


# --- content -----------------------------------------------------------------------------------


@pytest.mark.parametrize("octets", [b"200 ok\r\n", b"350 more\r\n", b"334 \r\n"])
async def test_data_is_answered_with_354_or_no(octets: bytes, relay: ScriptedRelay, opened: Open) -> None:
    relay.answer("data", octets)
    session = await opened()
    with pytest.raises(Unavailable):
        await session.begin_data()


async def test_a_refusal_in_the_middle_of_content_is_final_and_no_dot_follows(
    relay: ScriptedRelay, opened: Open
) -> None:
    relay.interrupt(100_000, stall(b"552 5.3.4 too big\r\n"))
    session = await in_data(opened)
    early = await session.send_content(BIG)
    assert early is not None
    assert early.raw == b"552 5.3.4 too big\r\n"
    with pytest.raises(Unavailable):
        await session.finish()
    assert not relay.ended


@pytest.mark.parametrize("words", [b"552 5.3.4 too big\r\n", b"250 2.0.0 taken\r\n", b""])
async def test_a_relay_that_leaves_in_the_middle_of_content_has_taken_nothing(
    words: bytes, relay: ScriptedRelay, opened: Open
) -> None:
    relay.interrupt(100_000, drop(words))
    session = await in_data(opened)
    try:
        early = await session.send_content(BIG) or await session.finish()
    except Unavailable:  # its words can be lost with the connection
        early = None
    assert early is None or early.raw == words == b"552 5.3.4 too big\r\n"
    assert not relay.ended


async def test_success_before_the_dot_is_none(relay: ScriptedRelay, opened: Open) -> None:
    relay.answer("data", b"354 go\r\n250 2.0.0 taken\r\n")
    session = await opened()
    await session.commands([MAIL, RCPT])
    assert (await session.begin_data()).code == 354
    with pytest.raises(Unavailable, match="before the end of data"):
        await session.send_content(Content.of(b"x\r\n"))
    assert not relay.ended


async def test_the_end_of_data_is_answered_with_yes_or_no(relay: ScriptedRelay, opened: Open) -> None:
    relay.answer("final", b"354 go on\r\n")
    session = await in_data(opened)
    with pytest.raises(Unavailable):
        await session.finish()


# --- partings ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("half", "sent"),
    [
        pytest.param(b"half\r\n", b"", id="short, waits for its dot"),
        pytest.param(b"half\r\n" * HELD, b"half\r\n" * HELD, id="long"),
    ],
)
async def test_parting_in_the_middle_of_content_sends_neither_quit_nor_dot(
    half: bytes, sent: bytes, relay: ScriptedRelay, opened: Open
) -> None:
    session = await in_data(opened)
    await session.send_content(Content.of(half))
    await session.quit()
    await relay.until(lambda: not relay.standing)
    assert bytes(relay.transactions[0].raw) == sent
    assert not relay.ended


async def test_parting_while_answers_are_under_way_is_still_in_order(relay: ScriptedRelay, opened: Open) -> None:
    gate = Gate()
    relay.answer("rcpt", say(b"250 one\r\n", gate=gate))
    session = await opened()
    await session.command(MAIL)
    session.send([RCPT, RCPT])
    parting = asyncio.create_task(session.quit())
    await relay.until(gate.reached.is_set)
    gate.open()
    await parting
    await relay.until(lambda: relay.connections[0].ended == "quit")


async def test_parting_never_takes_long(relay: ScriptedRelay, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.upstream.client._FAREWELL_SECONDS", 0.05)
    relay.answer("quit", stall())
    session = await opened()
    await session.quit()
    await relay.until(lambda: not relay.standing)


async def test_who_has_heard_all_answers_says_quit_and_waits_for_nothing(relay: ScriptedRelay, opened: Open) -> None:
    relay.answer("quit", stall())
    session = await opened()
    await session.command(MAIL)
    session.part()
    await relay.until(lambda: not relay.standing)
    assert session.lost
    assert relay.connections[0].commands[-1] == b"QUIT"


async def test_a_relay_connection_that_ended_leaves_nothing_to_the_garbage_collector(relay: ScriptedRelay) -> None:
    def there() -> int:
        return sum(isinstance(one, RelayConnection) for one in gc.get_objects())

    gc.collect()
    gc.disable()
    try:
        before = there()
        for _ in range(3):
            await (await open_relay(point(relay), b"client.example")).quit()
        await asyncio.sleep(0.05)
        assert there() <= before
    finally:
        gc.enable()
