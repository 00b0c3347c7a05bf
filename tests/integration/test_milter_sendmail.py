"""A real Sendmail that asks our milter: the protocol's first house, beside Postfix."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.test_mass_mailing import MEMBER, addresses, mailing, reached
from tests.integration.test_motivated_exception import nth
from tests.integration.test_road import FORBIDDEN, HARMLESS, STRANGER
from tests.support.mailservers import Sendmail
from tests.support.process import Utpost
from tests.support.relay import ScriptedRelay
from tests.support.smtp import RawClient

Start = Callable[..., Utpost]


@pytest.fixture
def sendmail(
    request: pytest.FixtureRequest, tmp_path: Path, relay: ScriptedRelay, start_utpost: Start
) -> Iterator[tuple[Sendmail, Utpost]]:
    """Return a Sendmail that delivers to ``relay``, and the Utpost that it asks, with the setting of the parameter."""
    wish = getattr(request, "param", "milter.hold_rules=[]")
    utpost = start_utpost(relay.address, settings=('milter.listen=["127.0.0.1:0"]', wish))
    host, _, port = utpost.ready["milter"][0].rpartition(":")
    cache: Path = request.config.cache.mkdir("mailservers")
    with Sendmail(cache, tmp_path, int(relay.address.rpartition(":")[2]), f"inet:{port}@{host}") as server:
        yield server, utpost


async def send(server: Sendmail, message: bytes, *recipients: bytes, sender: bytes = MEMBER) -> bytes:
    async with await RawClient.greeted(server.address) as client:
        return await client.deliver(sender, list(recipients) or [b"bo@mottagare.example"], message)


async def test_sendmail_asks_and_obeys(sendmail: tuple[Sendmail, Utpost], relay: ScriptedRelay) -> None:
    server, utpost = sendmail
    assert (await send(server, HARMLESS)).startswith(b"250 2.0.0 ")
    refusal = await send(server, FORBIDDEN)
    assert refusal.startswith((b"550 5.7.1 ", b"550-5.7.1 "))
    assert refusal.isascii()
    assert (await send(server, FORBIDDEN, sender=STRANGER)).startswith(b"250"), "named in From alone: not stopped"
    letter = await nth(relay, 1)
    assert letter["Subject"].startswith("Ditt mejl skickades inte")
    assert (await send(server, mailing(), *addresses(1, 99))).startswith(b"250")
    await relay.until(lambda: len(reached(relay)) == 101, "the mailing, and two more")
    assert (await send(server, mailing(), *addresses(100, 101))).startswith(b"550")
    big = HARMLESS + b"En rad text som upprepas.\r\n" * 800_000
    assert (await send(server, big)).startswith(b"250")
    utpost.stop()
    async with await RawClient.greeted(server.address) as client:
        assert (await client.command(b"MAIL FROM:<%b>" % MEMBER)).startswith(b"4")


@pytest.mark.parametrize("sendmail", ['milter.hold_rules=["personnummer"]'], indirect=True)
async def test_sendmail_holds_what_a_rule_says(
    sendmail: tuple[Sendmail, Utpost], relay: ScriptedRelay, tmp_path: Path
) -> None:
    server, _ = sendmail
    assert (await send(server, FORBIDDEN)).startswith(b"250")
    assert (await send(server, HARMLESS)).startswith(b"250")
    await relay.until(lambda: reached(relay), "the harmless one")
    (held,) = (tmp_path / "queue").glob("hf*")
    assert b"X-Utpost-Reference: " in held.read_bytes()
