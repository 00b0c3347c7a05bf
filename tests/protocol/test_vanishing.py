"""Clients that leave: before their final dot nothing is delivered, after it everything that had to happen happens."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.process import Utpost
from tests.support.relay import Gate, ScriptedRelay, say
from tests.support.smtp import RawClient

Shared = tuple[Utpost, ScriptedRelay]

STRANGER = b"anna@avsandare.example"
MEMBER = b"anna.berg@politik.orkelljunga.se"
TO = b"bo@mottagare.example"
TEXT = b"Subject: Handlingar\r\n\r\nHandlingarna finns i m\xc3\xb6tesportalen.\r\n"
BEFORE_THE_DOT = {
    "at once": b"",
    "after MAIL": b"MAIL FROM:<%s>\r\n",
    "after RCPT": b"MAIL FROM:<%s>\r\nRCPT TO:<bo@mottagare.example>\r\n",
    "after DATA": b"MAIL FROM:<%s>\r\nRCPT TO:<bo@mottagare.example>\r\nDATA\r\n",
    "in the header": b"MAIL FROM:<%s>\r\nRCPT TO:<bo@mottagare.example>\r\nDATA\r\nSubj",
    "after a line": b"MAIL FROM:<%s>\r\nRCPT TO:<bo@mottagare.example>\r\nDATA\r\nSubject: x\r\n\r\nhej\r\n",
    "at the dot": b"MAIL FROM:<%s>\r\nRCPT TO:<bo@mottagare.example>\r\nDATA\r\nSubject: x\r\n\r\nhej\r\n.",
    "in the dot's end": b"MAIL FROM:<%s>\r\nRCPT TO:<bo@mottagare.example>\r\nDATA\r\nSubject: x\r\n\r\nhej\r\n.\r",
}


@pytest.mark.parametrize("sender", [STRANGER, MEMBER], ids=["stranger", "member"])
@pytest.mark.parametrize("way", ["reset", "closed", "half closed"])
@pytest.mark.parametrize("moment", BEFORE_THE_DOT)
async def test_nothing_is_delivered_before_the_dot(moment: str, way: str, sender: bytes, shared: Shared) -> None:
    utpost, relay = shared
    said = BEFORE_THE_DOT[moment]
    async with await RawClient.greeted(utpost.smtp) as client:
        await client.send(said % sender if b"%" in said else said)
        commands = said.split(b"DATA\r\n")[0].count(b"\r\n") + (b"DATA\r\n" in said)
        for start in (b"250", b"250", b"354")[:commands]:
            await client.expect(start)
        if way == "reset":
            client.abort()
        elif way == "closed":
            await client.close()
        else:
            client.half_close()
            assert await client.at_end()
        await relay.until(lambda: not relay.standing, "the relay is let go")
    assert not relay.ended
    assert b"DATA" not in relay.commands


async def test_a_client_that_half_closes_after_its_dot_still_hears_the_answer(shared: Shared) -> None:
    utpost, relay = shared
    async with await RawClient.greeted(utpost.smtp) as client:
        await client.envelope(MEMBER, TO)
        await client.send(TEXT + b".\r\n")
        client.half_close()
        assert await client.reply() == b"250 2.0.0 Ok: queued as 4ABC\r\n"
    assert len(relay.deliveries) == 1


@pytest.mark.parametrize("sender", [STRANGER, MEMBER], ids=["stranger", "member"])
async def test_one_delivery_when_the_client_leaves_while_the_relay_thinks(sender: bytes, shared: Shared) -> None:
    utpost, relay = shared
    gate = Gate()
    relay.answer("final", say(b"250 2.0.0 Ok: late\r\n", gate=gate))
    async with await RawClient.greeted(utpost.smtp) as client:
        await client.envelope(sender, TO)
        await client.send(TEXT + b".\r\n")
        await relay.until(gate.reached.is_set)
        client.abort()
    await asyncio.sleep(0.2)
    assert relay.standing == 1, "the relay is not left before it has answered"
    gate.open()
    await relay.until(lambda: not relay.standing)
    assert [t.content for t in relay.deliveries] == [TEXT]
    assert relay.connections[0].ended == "quit"


async def test_whom_it_reached_is_remembered_when_the_client_left_before_the_answer(
    utpost: Utpost, relay: ScriptedRelay
) -> None:
    text = (
        b"From: <%s>\r\nSubject: Inbjudan\r\nMessage-ID: <inbjudan-1@politik.orkelljunga.se>\r\n\r\n"
        b"Inbjudan till samr\xc3\xa5d om skolv\xc3\xa4garna den 24 mars i Forumskolans matsal.\r\n" % MEMBER
    )
    gate = Gate()
    relay.answer("final", say(b"250 2.0.0 Ok: late\r\n", gate=gate))
    async with await RawClient.greeted(utpost.smtp) as client:
        await client.envelope(MEMBER, *(b"first%d@mottagare.example" % n for n in range(60)))
        await client.send(text + b".\r\n")
        await relay.until(gate.reached.is_set)
        client.abort()
    gate.open()
    await relay.until(lambda: not relay.standing)
    async with await RawClient.greeted(utpost.smtp) as client:
        reply = await client.deliver(MEMBER, [b"second%d@mottagare.example" % n for n in range(60)], text)
    assert reply.startswith(b"550-5.7.1 ")
    assert len([t for t in relay.deliveries if t.mail == b"MAIL FROM:<%s>" % MEMBER]) == 1
