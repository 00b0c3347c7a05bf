"""No odd line end hides a second message, whatever the relay behind Utpost takes for the end of data."""

from __future__ import annotations

import itertools

import pytest

from tests.support.process import Utpost
from tests.support.relay import ScriptedRelay
from tests.support.smtp import RawClient

Shared = tuple[Utpost, ScriptedRelay]

STRANGER = b"anna@avsandare.example"
MEMBER = b"anna.berg@politik.orkelljunga.se"
TO = b"bo@mottagare.example"
HIDDEN = (
    b"MAIL FROM:<false@elsewhere.example>\r\nRCPT TO:<victim@mottagare.example>\r\nDATA\r\n"
    b"From: false@elsewhere.example\r\nSubject: smuggled\r\n\r\nhidden\r\n"
)

LINE_ENDS = (b"\r\n", b"\n", b"\r", b"\r\r\n", b"\n\r", b"\0\r\n", b"\r\0\n", b"\r\n\0", b"\n\n", b"\r\r")
OTHERS = (
    *(b"\r\n.\x85", b"\x85.\x85", b"\r\n.\x0b", b"\x0b.\x0b", b"\x0c.\x0c", b"\r\n.\x1a"),
    *(b"\xe2\x80\xa8.\xe2\x80\xa8", b"\r\n. \r\n", b"\r\n.\t\r\n", b"\r\n .\r\n", b"\r\n=2E\r\n"),
    *(b"\r\n..\n", b"\n..\n", b"\n..\r\n", b"\r\n.\\r\\n"),
)
COMBINED = [before + b"." + after for before, after in itertools.product(LINE_ENDS, repeat=2)]
VARIANTS = [variant for variant in (*COMBINED, *OTHERS) if b"\r\n.\r\n" not in variant]
"""Everything that some server has been found to take for the end of data, and its neighbours, but the true one."""

FOUND = (b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r", b"\0.\r\n", b".\0\r\n")
RELAYS = {"strict": (b"\r\n.\r\n",), "lenient": (b"\r\n.\r\n", *FOUND)}


def show(variant: bytes) -> str:
    return variant.decode("latin-1").encode("unicode_escape").decode()


@pytest.mark.parametrize("relay_is", RELAYS)
@pytest.mark.parametrize("sender", [STRANGER, MEMBER], ids=["stranger", "member"])
async def test_no_variant_makes_two_messages_of_one(relay_is: str, sender: bytes, shared: Shared) -> None:
    utpost, relay = shared
    relay.ends = RELAYS[relay_is]
    wrong = []
    for variant in VARIANTS:
        before = len(relay.transactions), len(relay.deliveries)
        async with await RawClient.greeted(utpost.smtp) as client:
            await client.envelope(sender, TO)
            await client.send(b"Subject: outer\r\n\r\nouter" + variant + HIDDEN + b".\r\nNOOP\r\n")
            replies = [await client.reply(), await client.reply()]
        new = relay.transactions[before[0] :]
        delivered = relay.deliveries[before[1] :]
        hidden = [t for t in new if b"false" in t.mail or any(b"victim" in rcpt for rcpt in t.rcpts)]
        one_each = replies[0][:3] in {b"250", b"550"} and replies[1].startswith(b"250 2.0.0 OK")
        agrees = len(delivered) == (1 if replies[0].startswith(b"250 ") else 0)
        if hidden or not one_each or not agrees:
            wrong.append((show(variant), replies))
    assert not wrong


@pytest.mark.parametrize(
    "variant", [b"\n.\n", b"\n.\r\n", b"\r.\r\n", b"\r\n.\r", b"\r\n.\n", b"\r\n\0.\r\n"], ids=show
)
async def test_what_some_relay_takes_for_an_end_is_refused_before_the_relay_sees_it(
    variant: bytes, shared: Shared
) -> None:
    utpost, relay = shared
    async with await RawClient.greeted(utpost.smtp) as client:
        reply = await client.deliver(STRANGER, [TO], b"Subject: x\r\n\r\nfirst" + variant + HIDDEN)
    assert reply.startswith(b"550 5.6.0 ")
    assert b"DATA" not in relay.commands


@pytest.mark.parametrize("size", [1, 2, 3, 5])
async def test_cutting_it_makes_no_difference(size: int, shared: Shared) -> None:
    utpost, relay = shared
    relay.ends = RELAYS["lenient"]
    for variant in (b"\n.\n", b"\r\n.\r", b"\r.\r\n", b"\n.\r\n", b"\r\n.\n"):
        async with await RawClient.greeted(utpost.smtp) as client:
            await client.envelope(STRANGER, TO)
            await client.drip(b"x" + variant + HIDDEN + b".\r\n", size=size)
            await client.expect(b"550 5.6.0 ")
    assert not relay.ended


async def test_a_true_end_is_one_and_what_follows_is_a_transaction_of_its_own(shared: Shared) -> None:
    utpost, relay = shared
    async with await RawClient.greeted(utpost.smtp) as client:
        await client.envelope(STRANGER, TO)
        await client.send(b"Subject: outer\r\n\r\nouter\r\n.\r\n" + HIDDEN + b".\r\n")
        for code in (b"250", b"250", b"250", b"354", b"250"):
            await client.expect(code)
    assert [t.content.split(b"\r\n")[-2] for t in relay.deliveries] == [b"outer", b"hidden"]


@pytest.mark.parametrize(
    "line",
    [
        b"MAIL FROM:<a@b.example>\nRCPT TO:<victim@mottagare.example>",
        b"MAIL FROM:<a@b.example\n>",
        b"MAIL FROM:<a@b.example>\r",
        b"MAIL FROM:<a\r@b.example>",
        b'MAIL FROM:<"a\nRSET"@b.example>',
        b'MAIL FROM:<"a\0"@b.example>',
        b"MAIL FROM:<a@b.example> ENVID=x\nRSET",
        b"EHLO x\nMAIL FROM:<a@b.example>",
        b"VRFY x\nMAIL FROM:<a@b.example>",
    ],
    ids=repr,
)
async def test_a_line_end_in_a_command_is_refused_with_the_command(line: bytes, shared: Shared) -> None:
    utpost, relay = shared
    async with await RawClient.greeted(utpost.smtp) as client:
        await client.command(line, b"500 5.5.2 ")
        await client.command(b"NOOP", b"250 2.0.0 ")
    assert relay.commands[:1] == [b"EHLO client.example"]
    assert set(relay.commands[1:]) <= {b"QUIT"}


async def test_crlf_in_an_address_is_two_commands_that_are_both_wrong(shared: Shared) -> None:
    utpost, relay = shared
    async with await RawClient.greeted(utpost.smtp) as client:
        await client.send(b"MAIL FROM:<a\r\n@b.example>\r\nNOOP\r\n")
        await client.expect(b"501 5.5.4 ")
        await client.expect(b"500 5.5.2 ")
        await client.expect(b"250 2.0.0 ")
    assert not relay.transactions


async def test_bdat_carries_nothing(shared: Shared) -> None:
    utpost, relay = shared
    async with await RawClient.greeted(utpost.smtp) as client:
        await client.command(b"MAIL FROM:<" + STRANGER + b"> BODY=BINARYMIME", b"501 ")
        await client.command(b"MAIL FROM:<" + STRANGER + b">", b"250")
        await client.command(b"RCPT TO:<" + TO + b">", b"250")
        await client.command(b"BDAT 0 LAST", b"502 5.5.1 ")
    assert not relay.ended
