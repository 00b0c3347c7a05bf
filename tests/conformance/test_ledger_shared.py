"""What several processes on one ledger may rely on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from gateway.ledger import Outcome
from tests.support.claims import HOLD, START, Place, claim, deliver, like, permit, persons
from tests.support.redis_server import RedisServer

GRANTED, OVER, CONTENDED = Outcome.GRANTED, Outcome.OVER, Outcome.CONTENDED


async def test_what_was_counted_outlives_the_process(lasting: Place) -> None:
    first = lasting.open()
    await deliver(first, claim("a", persons(1, 60), "id:1", fingerprint=like(1.0)))
    await first.close()

    second = lasting.open()
    found = await second.reserve(claim("b", persons(61, 120), "id:2", fingerprint=like(0.9)))
    await second.close()
    assert (found.outcome, found.usage.reached) == (OVER, 60)


async def _race(lasting: Place, rounds: int) -> list[list[str]]:
    racers = [lasting.spawn("race") for _ in range(2)]
    outcomes = []
    try:
        for racer in racers:
            assert racer.stdout is not None
            assert racer.stdout.readline() == "ready\n"
        for number in range(rounds):
            for letter, racer, first in zip("ab", racers, (1, 61), strict=True):
                assert racer.stdin is not None
                racer.stdin.write(f"{letter}{number} {first} {first + 59} id:{number}\n")
                racer.stdin.flush()
            outcomes.append([racer.stdout.readline().strip() for racer in racers if racer.stdout])
    finally:
        for racer in racers:
            racer.kill()
            racer.communicate()
    return outcomes


async def test_two_processes_race_and_one_is_granted(lasting: Place) -> None:
    for outcomes in await _race(lasting, 20):
        assert outcomes.count("granted") == 1, outcomes


@pytest.mark.long
async def test_two_processes_race_many_times(lasting: Place) -> None:
    for outcomes in await _race(lasting, 500):
        assert outcomes.count("granted") == 1, outcomes


async def test_a_process_killed_between_reserve_and_commit_leaves_nothing(lasting: Place) -> None:
    victim = lasting.spawn()
    assert victim.stdin is not None
    assert victim.stdout is not None
    victim.stdout.readline()
    victim.stdin.write("a 1 60 id:1\n")
    victim.stdin.flush()
    assert victim.stdout.readline() == "granted\n"
    victim.kill()
    victim.communicate()

    ledger = lasting.open()
    before = await ledger.reserve(claim("b", persons(61, 120), "id:1", at=START + HOLD - timedelta(milliseconds=1)))
    after = await ledger.reserve(claim("b", persons(61, 120), "id:1", at=START + HOLD))
    await ledger.close()
    assert (before.outcome, before.usage.reserved) == (CONTENDED, 60)
    assert (after.outcome, after.usage.reached, after.usage.reserved) == (GRANTED, 0, 0)


def _stored(lasting: Place, request: pytest.FixtureRequest) -> Callable[[], bytes]:
    def read() -> bytes:
        if lasting.url == "sqlite":
            return b"".join(f.read_bytes() for f in lasting.state.iterdir())
        server: RedisServer = request.getfixturevalue("redis_server")
        return b"".join(key + (server.do("DUMP", key) or b"") for key in server.do("KEYS", "*"))

    return read


async def test_the_store_holds_no_addresses_and_no_message_ids(lasting: Place, request: pytest.FixtureRequest) -> None:
    ledger = lasting.open()
    await ledger.grant(permit(150))
    wish = claim("a", ["person1@exempel.se"], "message-id:<brev-77@exempel.se>", fingerprint=like(1.0))
    await deliver(ledger, wish)
    await ledger.reserve(claim("b", ["person2@exempel.se"], "message-id:<brev-77@exempel.se>"))
    octets = _stored(lasting, request)()
    await ledger.close()
    assert len(octets) > 100
    for word in (b"anna.ek", b"person1", b"person2", b"exempel", b"brev-77"):
        assert word not in octets
