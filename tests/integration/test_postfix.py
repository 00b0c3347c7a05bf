"""A real Postfix as the relay behind Utpost: its offers, its words, its deliveries."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.postfix import Postfix
from tests.support.process import Utpost
from tests.support.relay import ScriptedRelay
from tests.support.smtp import RawClient, stuff, unstuff

pytestmark = pytest.mark.xdist_group("postfix")

Behind = tuple[Utpost, ScriptedRelay]

ODD = (
    b"From: =?utf-8?q?=C3=85sa?= <asa@avsandare.example>\r\nTo: bo@mottagare.example\r\nsubject:odd\r\n"
    b"Message-ID: <odd@avsandare.example>\r\nDate: Mon, 2 Mar 2026 10:00:00 +0100\r\nX-Folded: a\r\n\tb \r\n\r\n"
    b".\r\n..\r\n.dots\r\n\xff\xfe eight bits\r\ntrailing blanks   \r\n" + b"x" * 900 + b"\r\n\r\n\r\n"
)


@pytest.fixture
def behind(postfix: tuple[Postfix, ScriptedRelay], start_utpost: Callable[..., Utpost]) -> Behind:
    """A Utpost before Postfix, and the mailbox behind both."""
    return start_utpost(postfix[0].address), postfix[1]


def without_trace(content: bytes) -> bytes:
    """Take away what Postfix puts on top: its Received field."""
    assert content.startswith(b"Received: ")
    lines = content.split(b"\r\n")
    end = next(n for n, line in enumerate(lines[1:], start=1) if not line.startswith((b" ", b"\t")))
    return b"\r\n".join(lines[end:])


async def test_what_postfix_delivers_is_what_was_sent(behind: Behind) -> None:
    utpost, mailbox = behind
    async with await RawClient.greeted(utpost.smtp) as client:
        reply = await client.deliver(b"asa@avsandare.example", [b"bo@mottagare.example"], ODD)
    assert reply.startswith(b"250 2.0.0 Ok: queued as ")
    await mailbox.until(lambda: mailbox.deliveries)
    assert without_trace(mailbox.deliveries[0].content) == ODD


async def test_the_way_through_utpost_makes_no_difference(
    behind: Behind, postfix: tuple[Postfix, ScriptedRelay]
) -> None:
    utpost, mailbox = behind
    host, _, port = postfix[0].address.rpartition(":")
    for address in ((host, int(port)), utpost.smtp):
        async with await RawClient.greeted(address) as client:
            await client.deliver(b"asa@avsandare.example", [b"bo@mottagare.example"], ODD)
    await mailbox.until(lambda: len(mailbox.deliveries) == 2)
    first, second = (without_trace(delivery.content) for delivery in mailbox.deliveries)
    assert first == second


async def test_offers_are_those_that_both_know(behind: Behind, postfix: tuple[Postfix, ScriptedRelay]) -> None:
    host, _, port = postfix[0].address.rpartition(":")
    offers = []
    for address in ((host, int(port)), behind[0].smtp):
        async with await RawClient.greeted(address, None) as client:
            reply = await client.command(b"EHLO client.example", b"250")
        offers.append({line[4:] for line in reply.split(b"\r\n")[1:-1]})
    direct, through = offers
    assert through == {b"PIPELINING", b"SIZE 52428800", b"8BITMIME", b"SMTPUTF8", b"ENHANCEDSTATUSCODES", b"DSN"}
    assert {keyword.split()[0] for keyword in through} <= {keyword.split()[0] for keyword in direct}


async def test_its_refusals_come_in_its_own_words(behind: Behind, postfix: tuple[Postfix, ScriptedRelay]) -> None:
    said = []
    host, _, port = postfix[0].address.rpartition(":")
    for address in ((host, int(port)), behind[0].smtp):
        async with await RawClient.greeted(address) as client:
            await client.command(b"MAIL FROM:<asa@avsandare.example> SIZE=52000000", b"250")
            said.append(
                [
                    await client.command(b"RCPT TO:<bo@[203.0.113.300]>"),
                    await client.command(b"RCPT TO:<bo@mottagare..example>"),
                    await client.command(b"RCPT TO:<bo@mottagare.example> NOTIFY=NEVER,FAILURE"),
                    await client.command(b"DATA"),
                ]
            )
    assert said[0][:3] == said[1][:3]
    assert [reply[:1] for reply in said[1]] == [b"5"] * 4


async def test_a_transaction_that_was_not_ended_is_not_delivered(behind: Behind) -> None:
    utpost, mailbox = behind
    async with await RawClient.greeted(utpost.smtp) as client:
        await client.envelope(b"asa@avsandare.example", b"bo@mottagare.example")
        await client.send(stuff(ODD))
        client.abort()
    async with await RawClient.greeted(utpost.smtp) as client:
        await client.deliver(b"asa@avsandare.example", [b"eva@mottagare.example"], b"Subject: after\r\n\r\n")
    await mailbox.until(lambda: mailbox.deliveries)
    (delivery,) = mailbox.deliveries
    assert [rcpt.split()[1] for rcpt in delivery.accepted] == [b"TO:<eva@mottagare.example>"]


def test_stuffing_and_unstuffing_are_each_other_s_inverse() -> None:
    assert unstuff(stuff(ODD)) == ODD
