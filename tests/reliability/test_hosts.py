"""Several hosts, each with its own state folder, share one Redis: one dies, Redis hangs, the network parts."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.test_mass_mailing import MEMBER, addresses, mailing, other_words, reached
from tests.support.namespaces import Network
from tests.support.process import Utpost
from tests.support.redis_server import RedisServer
from tests.support.relay import ScriptedRelay
from tests.support.smtp import RawClient

PERSONS, LINE = 150, 100
IMPATIENT = ("timeouts.decision=2", "timeouts.relay_final=4", "ledger.hold_seconds=6", "ledger.wait_seconds=1")

Start = Callable[..., Utpost]


class Mailing:
    """One letter to each of many persons, sent one by one through several hosts until each has its answer."""

    def __init__(self, hosts: list[Utpost]) -> None:
        """Nothing is sent yet."""
        self.hosts = hosts
        self.answers: dict[int, bytes] = {}
        self.deferred = 0

    async def send(self, persons: range, *, at_once: int = 6) -> None:
        """Send to these persons, some at once, each again until the answer is 2xx or 5xx."""
        places = asyncio.Semaphore(at_once)

        async def one(number: int) -> None:
            async with places:
                for attempt in range(200):
                    reply = await self.attempt(number, attempt, self.hosts[(number + attempt) % len(self.hosts)])
                    if reply[:1] in {b"2", b"5"}:
                        self.answers[number] = reply
                        return
                    self.deferred += 1
                    await asyncio.sleep(0.2)

        await asyncio.gather(*(one(number) for number in persons))

    async def attempt(self, number: int, attempt: int, host: Utpost) -> bytes:
        """Return the answer to one attempt, empty where none came."""
        to = f"person{number}@mottagare.example"
        message = b"X-Attempt: %d-%d\r\n" % (number, attempt) + mailing(to=to, number=number)
        with contextlib.suppress(OSError, EOFError, AssertionError):
            async with await RawClient.connect(host.smtp) as client:
                await client.expect(b"220")
                await client.command(b"EHLO client.example", b"250")
                return await client.deliver(MEMBER, [to.encode()], message)
        return b""

    @property
    def passed(self) -> set[int]:
        """Return whose message was acknowledged."""
        return {number for number, reply in self.answers.items() if reply.startswith(b"2")}


def twice(relay: ScriptedRelay) -> list[bytes]:
    """Return the attempts that were delivered more than once."""
    attempts = Counter(t.content.split(b"\r\n", 1)[0] for t in relay.deliveries if t.content.startswith(b"X-Attempt"))
    return [attempt for attempt, times in attempts.items() if times > 1]


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    with RedisServer(tmp_path) as server:
        yield server


@pytest.fixture
def three(relay: ScriptedRelay, start_utpost: Start, redis_server: RedisServer) -> list[Utpost]:
    settings = (f'ledger.url="{redis_server.url}"', *IMPATIENT)
    return [start_utpost(relay.address, settings=settings) for _ in range(3)]


async def stranger_is_served(host: Utpost) -> None:
    async with await RawClient.greeted(host.smtp) as client:
        reply = await client.deliver(
            b"asa@avsandare.example", [b"bo@mottagare.example"], b"Subject: hej\r\n\r\nhej\r\n"
        )
    assert reply.startswith(b"250 ")


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_a_host_that_dies_in_a_mailing_lets_nobody_over_the_line(
    three: list[Utpost], relay: ScriptedRelay
) -> None:
    sent = Mailing(three)
    sending = asyncio.create_task(sent.send(range(PERSONS)))
    while len(sent.answers) < 40:  # noqa: ASYNC110 - a moment somewhere in the middle
        await asyncio.sleep(0.02)
    await asyncio.to_thread(three[1].kill)
    await sending
    assert sent.deferred > 20, "a third of the rest has met nobody at first"
    got = {int(line.partition(b"<person")[2].partition(b"@")[0]) for line in reached(relay)}
    assert len(sent.answers) == PERSONS
    assert len(sent.passed) == LINE
    assert sent.passed <= got
    assert len(got - sent.passed) <= 6, "only what was under way there may have arrived without an answer"
    assert twice(relay) == []


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_a_redis_that_hangs_defers_what_is_counted_and_nothing_else(
    three: list[Utpost], relay: ScriptedRelay, redis_server: RedisServer
) -> None:
    sent = Mailing(three)
    await sent.send(range(60))
    redis_server.freeze()
    try:
        sending = asyncio.create_task(sent.send(range(60, PERSONS)))
        for _ in range(5):
            await asyncio.gather(*map(stranger_is_served, three))
        while sent.deferred < 6:  # noqa: ASYNC110 - until each client was told to come again
            await asyncio.sleep(0.1)
        assert len(sent.answers) == 60, "nothing that must be counted passes uncounted"
    finally:
        redis_server.thaw()
    await sending
    assert len(sent.passed) == LINE
    assert len(set(reached(relay)) - {b"RCPT TO:<bo@mottagare.example>"}) == LINE
    assert twice(relay) == []


# --- a network that parts -------------------------------------------------------------------------


async def through(network: Network, host: Utpost, recipients: list[bytes], message: bytes, sender: bytes) -> bytes:
    """Return the answer to a message that is sent on the host itself."""
    with network.entered():
        client = await RawClient.connect(host.smtp)
    async with client:
        await client.expect(b"220")
        await client.command(b"EHLO client.example", b"250")
        return await client.deliver(sender, recipients, message)


@pytest.fixture
def parted(
    tmp_path: Path, start_utpost: Start
) -> Iterator[tuple[Network, list[tuple[Network, Utpost, ScriptedRelay]]]]:
    """A network with a Redis, and two hosts with a line to it each, with relays of their own."""
    with contextlib.ExitStack() as stack:
        hub = stack.enter_context(Network())
        with hub.entered():
            redis = stack.enter_context(RedisServer(tmp_path, "--bind", "0.0.0.0", "--protected-mode", "no"))
        hosts = []
        for number in (1, 2):
            network = stack.enter_context(Network())
            address = hub.join(network, number)
            with network.entered():
                relay = stack.enter_context(ScriptedRelay())
                url = f'ledger.url="redis://{address}:{redis.port}/0"'
                hosts.append((network, start_utpost(relay.address, settings=(url, *IMPATIENT)), relay))
        yield hub, hosts


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_a_host_that_is_cut_off_defers_what_is_counted_and_comes_back_by_itself(
    parted: tuple[Network, list[tuple[Network, Utpost, ScriptedRelay]]],
) -> None:
    hub, ((near, one, first), (far, two, second)) = parted
    assert (await through(near, one, addresses(1, 60), mailing(number=1), MEMBER)).startswith(b"250")
    hub.cut(2)
    assert (await through(far, two, addresses(61, 70), mailing(number=2), MEMBER)).startswith(b"451 4.3.0 ")
    for number in range(5):
        stranger = mailing(number=100 + number, text=other_words(number))
        assert (await through(far, two, [b"bo@mottagare.example"], stranger, b"asa@avsandare.example"))[:3] == b"250"
    assert (await through(near, one, addresses(61, 90), mailing(number=3), MEMBER)).startswith(b"250")
    hub.mend(2)
    reply = b""
    for _ in range(100):
        reply = await through(far, two, addresses(91, 101), mailing(number=4), MEMBER)
        if not reply.startswith(b"451"):
            break
        await asyncio.sleep(0.2)
    assert reply.startswith(b"550-5.7.1 "), "the ninety that the other host has reached count here"
    assert (await through(far, two, addresses(91, 100), mailing(number=5), MEMBER)).startswith(b"250")
    assert (len(reached(first)), len(reached(second))) == (90, 15)
