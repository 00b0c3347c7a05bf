"""The relay leg: one connection when it is needed, envelopes replayed only where nothing has changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from gateway.content import Content
from gateway.model import PeerViolation, Unavailable
from gateway.smtp import replies
from gateway.smtp.leg import RelayLeg
from gateway.upstream.client import RelayPoint, RelayRefusal, RelaySession, open_relay
from gateway.upstream.wire import RelayReply
from tests.support.relay import FULL, ScriptedRelay, drop

NAME = b"client.example"
MAIL, RCPT, OTHER = (
    b"MAIL FROM:<a@avsandare.example>",
    b"RCPT TO:<b@mottagare.example>",
    b"RCPT TO:<c@mottagare.example>",
)
ORIGIN = {"NAME": "[UNAVAILABLE]", "ADDR": "198.51.100.7", "PROTO": "ESMTP", "HELO": "client.example"}


Legs = Callable[..., RelayLeg]


@pytest.fixture
async def leg(relay: ScriptedRelay) -> AsyncIterator[Legs]:
    """A function that makes a leg; all are ended afterwards."""
    made: list[RelayLeg] = []

    def make(*, announced: bool = False) -> RelayLeg:
        made.append(leg_to(relay, announced=announced))
        return made[-1]

    yield make
    for held in made:
        held.abort()
    await asyncio.sleep(0)


def leg_to(relay: ScriptedRelay, *, announced: bool) -> RelayLeg:
    host, _, port = relay.address.rpartition(":")
    point = RelayPoint(host=host, port=int(port), connect=5.0, reply=5.0, final=5.0, block=5.0)

    async def connect(name: bytes, extended: bool) -> RelaySession:
        return await open_relay(point, name, extended=extended)

    return RelayLeg(connect, (lambda: ORIGIN) if announced else None)


async def rcpt(held: RelayLeg, *lines: bytes) -> list[bytes]:
    await held.send_rcpts(lines)
    return [(await held.rcpt_reply(line)).raw for line in lines]


async def gone(held: RelayLeg, relay: ScriptedRelay) -> None:
    """Let the relay leave, and the leg notice."""
    session = held._session
    relay.hang_up()
    await relay.until(lambda: session is None or session.lost)


async def test_an_envelope_is_replayed_where_the_relay_left(relay: ScriptedRelay, leg: Legs) -> None:
    relay.answer("rcpt", b"250 one\r\n", b"550 5.1.1 two\r\n", b"250 other words\r\n", b"550 5.1.1 than before\r\n")
    held = leg()
    await held.greet(NAME, extended=True)
    await held.mail(MAIL, {})
    await rcpt(held, RCPT, OTHER)
    await gone(held, relay)
    assert (await held.begin_data()).code == 354
    await held.send_content(Content.of(b"x\r\n"))
    assert (await held.finish()).positive
    assert [c.commands for c in relay.connections] == [
        [b"EHLO client.example", MAIL, RCPT, OTHER],
        [b"EHLO client.example", MAIL, RCPT, OTHER, b"DATA"],
    ]


@pytest.mark.parametrize(
    "answer",
    [b"250 2.1.5 ok\r\n", b"550 5.1.1 no\r\n", b"450 4.1.5 ok\r\n", b"451 \r\n", drop()],
    ids=["other enhanced code", "no", "later", "code alone", "leaves"],
)
async def test_it_is_not_where_any_reply_differs(answer: object, relay: ScriptedRelay, leg: Legs) -> None:
    relay.answer("rcpt", b"250 2.1.0 ok\r\n", answer)  # type: ignore[arg-type]
    held = leg()
    await held.greet(NAME, extended=True)
    await held.mail(MAIL, {})
    await rcpt(held, RCPT)
    await gone(held, relay)
    with pytest.raises(Unavailable):
        await held.begin_data()
    assert b"DATA" not in relay.commands


async def test_a_relay_that_refuses_the_connection_for_the_replay_is_a_loss(relay: ScriptedRelay, leg: Legs) -> None:
    relay.answer("banner", b"220 relay\r\n", b"554 5.7.1 no more of you\r\n")
    held = leg()
    await held.greet(NAME, extended=True)
    await held.mail(MAIL, {})
    await gone(held, relay)
    with pytest.raises(Unavailable):
        await held.send_rcpts([RCPT])


async def test_a_refusal_between_transactions_is_the_relay_s_word(relay: ScriptedRelay, leg: Legs) -> None:
    relay.answer("banner", b"220 relay\r\n", b"554 5.7.1 no more of you\r\n")
    held = leg()
    await held.greet(NAME, extended=True)
    await gone(held, relay)
    with pytest.raises(RelayRefusal):
        await held.mail(MAIL, {})


async def test_a_used_connection_that_ends_at_mail_is_replaced_once(relay: ScriptedRelay, leg: Legs) -> None:
    held = leg()
    await held.greet(NAME, extended=True)
    await held.mail(MAIL, {})
    await held.reset()
    relay.answer("mail", drop())
    assert (await held.mail(MAIL, {})).positive
    assert len(relay.connections) == 2
    await held.reset()
    relay.answer("mail", drop(), drop())
    with pytest.raises(Unavailable):
        await held.mail(MAIL, {})


async def test_a_new_connection_that_ends_at_mail_is_a_loss(relay: ScriptedRelay, leg: Legs) -> None:
    relay.answer("mail", drop())
    held = leg()
    await held.greet(NAME, extended=True)
    with pytest.raises(Unavailable):
        await held.mail(MAIL, {})
    assert len(relay.connections) == 1


async def test_a_second_greeting_uses_the_connection_that_stands(relay: ScriptedRelay, leg: Legs) -> None:
    held = leg()
    await held.greet(NAME, extended=True)
    await held.mail(MAIL, {})
    await held.greet(b"other.example", extended=False)
    assert not held.in_transaction
    assert relay.commands == [b"EHLO client.example", MAIL, b"HELO other.example"]
    assert not held.capabilities.keywords


async def test_origin_is_told_before_each_mail_and_before_a_replay(relay: ScriptedRelay, leg: Legs) -> None:
    relay.offers = (*FULL, "XFORWARD NAME ADDR PROTO HELO")
    held = leg()
    await held.greet(NAME, extended=True)
    await held.mail(MAIL, ORIGIN)
    await gone(held, relay)
    await rcpt(held, RCPT)
    told = b"XFORWARD NAME=[UNAVAILABLE] ADDR=198.51.100.7 PROTO=ESMTP HELO=client.example"
    assert [c.commands[1:] for c in relay.connections] == [[told, MAIL], [told, MAIL, RCPT]]


@pytest.mark.parametrize("extended", [True, False])
async def test_xclient_goes_before_the_client_s_own_greeting(extended: bool, relay: ScriptedRelay, leg: Legs) -> None:
    relay.offers = (*FULL, "XCLIENT NAME ADDR PROTO HELO")
    held = leg(announced=True)
    await held.greet(NAME, extended=extended)
    told = b"XCLIENT NAME=[UNAVAILABLE] ADDR=198.51.100.7 PROTO=ESMTP HELO=client.example"
    greeting = b"EHLO client.example" if extended else b"HELO client.example"
    assert relay.commands == [b"EHLO client.example", told, greeting]


async def test_a_relay_that_does_not_let_us_announce_is_not_served_around(relay: ScriptedRelay, leg: Legs) -> None:
    relay.offers = (*FULL, "XCLIENT ADDR")
    relay.answer("xclient", b"550 5.7.0 Error: insufficient authorization\r\n")
    held = leg(announced=True)
    with pytest.raises(Unavailable):
        await held.greet(NAME, extended=True)


async def test_what_a_relay_says_of_an_announced_client_is_its_word(relay: ScriptedRelay, leg: Legs) -> None:
    relay.offers = (*FULL, "XCLIENT ADDR")
    relay.answer("xclient", b"554 5.7.1 Client host rejected\r\n")
    held = leg(announced=True)
    with pytest.raises(RelayRefusal):
        await held.greet(NAME, extended=True)


async def test_an_exchange_that_must_not_go_on_is_cancelled(relay: ScriptedRelay, leg: Legs) -> None:
    relay.answer("auth", b"334 \r\n", b"501 5.7.0 cancelled\r\n")
    held = leg()
    await held.greet(NAME, extended=True)

    async def answer(_: RelayReply) -> bytes:
        raise PeerViolation(replies.BAD_RESPONSE)

    with pytest.raises(PeerViolation):
        await held.authenticate(b"AUTH PLAIN", answer)
    assert relay.connections[0].log[-2:] == [b"AUTH PLAIN", b"*"]
    assert not held.pinned
    assert (await held.mail(MAIL, {})).positive


async def test_an_authenticated_connection_is_not_replaced(relay: ScriptedRelay, leg: Legs) -> None:
    async def answer(_: RelayReply) -> bytes:
        return b"x"

    held = leg()
    await held.greet(NAME, extended=True)
    assert (await held.authenticate(b"AUTH PLAIN AGEAYg==", answer)).positive
    await gone(held, relay)
    with pytest.raises(Unavailable, match="authenticated"):
        await held.mail(MAIL, {})
    with pytest.raises(Unavailable, match="authenticated"):
        await held.greet(NAME, extended=True)


@pytest.mark.parametrize("stage", ["mail", "rcpt"])
async def test_a_question_is_no_answer_to_an_envelope(stage: str, relay: ScriptedRelay, leg: Legs) -> None:
    relay.answer(stage, b"354 go on\r\n")
    held = leg()
    await held.greet(NAME, extended=True)
    if stage == "mail":
        with pytest.raises(Unavailable):
            await held.mail(MAIL, {})
    else:
        await held.mail(MAIL, {})
        with pytest.raises(Unavailable):
            await rcpt(held, RCPT)


async def test_a_connection_handed_out_leaves_the_envelope(relay: ScriptedRelay, leg: Legs) -> None:
    held = leg()
    await held.greet(NAME, extended=True)
    await held.mail(MAIL, {})
    session = held.detach()
    assert session is not None
    await session.quit()
    assert held.detach() is None
    assert held.in_transaction
    assert await rcpt(held, RCPT) == [b"250 2.1.5 Recipient ok\r\n"]
    assert len(relay.connections) == 2
