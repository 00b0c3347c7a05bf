"""Never a 2xx to the end of data that the relay did not give, whatever the relay does, and at whatever stage."""

from __future__ import annotations

import pytest

from tests.support.fleet import Fleet
from tests.support.relay import Answer, drop, say, stall
from tests.support.smtp import RawClient

MEMBER = b"anna.berg@politik.orkelljunga.se"
STRANGER = b"anna@avsandare.example"
IMPATIENT = (
    "timeouts.relay_reply=1.0",
    "timeouts.relay_final=1.0",
    "timeouts.data_block=1.0",
    "relay.connect_seconds=1.0",
)
TROUBLE = {
    "drops": drop(),
    "resets": drop(reset=True),
    "stalls": stall(),
    "talks nonsense": say(b"Ok\r\n"),
    "speaks without a line end": stall(b"250 2.0.0 Ok"),
    "breaks off a reply": drop(b"250-2.0.0 Ok\r\n250"),
    "breaks off a line": drop(b"250 2.0.0 O"),
    "speaks of code 999": say(b"999 Ok\r\n"),
    "refuses for now": say(b"451 4.3.0 later\r\n"),
    "refuses": say(b"554 5.3.0 no\r\n"),
    "says 421 and leaves": drop(b"421 4.3.2 closing\r\n"),
    "talks without end": say(b"250-2.0.0 and so on\r\n" * 5000),
}


@pytest.mark.parametrize("sender", [STRANGER, MEMBER], ids=["stranger", "member"])
@pytest.mark.parametrize("stage", ["banner", "ehlo", "mail", "rcpt", "data", "final"])
@pytest.mark.parametrize("trouble", TROUBLE)
async def test_trouble_of_the_relay_is_no_success(trouble: str, stage: str, sender: bytes, fleet: Fleet) -> None:
    utpost, relay = fleet.lend(*IMPATIENT)
    relay.always(stage, TROUBLE[trouble])
    if stage == "ehlo":
        relay.always("helo", TROUBLE[trouble])
    said = await whole_conversation(utpost.smtp, sender)
    assert not said or not said[-1].startswith(b"2"), "the end of data was answered with success"
    ours = [reply for reply in said if b"4.4.1" in reply or b"4.4.2" in reply]
    assert all(reply.startswith((b"451", b"421")) for reply in ours)
    if trouble != "refuses":
        assert not [reply for reply in said if reply.startswith(b"5") and not reply.startswith(b"503")]


async def whole_conversation(address: tuple[str, int], sender: bytes) -> list[bytes]:
    """Talk as far as the other side lets us; return the replies from EHLO on."""
    said: list[bytes] = []
    async with await RawClient.connect(address) as client:
        try:
            await client.reply()
            for line in (
                b"EHLO client.example",
                b"MAIL FROM:<" + sender + b">",
                b"RCPT TO:<bo@mottagare.example>",
                b"DATA",
            ):
                said.append(await client.command(line))
                if said[-1][:1] not in {b"2", b"3"}:
                    return said
            said.append(await client.command(b"Subject: hej\r\n\r\nhej\r\n."))
        except (EOFError, ConnectionResetError):
            said.append(b"")
    return said


@pytest.mark.parametrize("trouble", ["drops", "resets", "stalls", "refuses for now", "refuses", "says 421 and leaves"])
async def test_trouble_in_the_middle_of_content(trouble: str, fleet: Fleet) -> None:
    utpost, relay = fleet.lend(*IMPATIENT)
    answer: Answer = TROUBLE[trouble]
    relay.interrupt(100_000, answer)
    async with await RawClient.greeted(utpost.smtp) as client:
        reply = await client.deliver(
            STRANGER, [b"bo@mottagare.example"], b"Subject: hej\r\n\r\n" + b"hej hej\r\n" * 1_000_000
        )
    assert not relay.deliveries
    assert reply[:1] == (b"5" if trouble == "refuses" else b"4")
