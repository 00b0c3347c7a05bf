"""The courier over a real outbox and a relay that answers what a test wants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gateway.letters.courier import Courier, CourierTerms
from gateway.letters.items import DueDigest, OutboxTerms
from gateway.letters.letter import Letter, LetterKind
from gateway.letters.outbox import Outbox
from gateway.model import Unavailable
from tests.unit.letters.test_outbox import KEY, LETTER, NOW, SECRET, about, everything

TERMS = CourierTerms(pauses=(5.0, 30.0), expire=3600.0, poll=0.01, delivery=0.2, batch=4)


class Clock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Relay:
    """What the relay answers, and what it was given."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, str] | BaseException] = []
        self.got: list[tuple[str, str, bytes]] = []

    async def __call__(self, sender: str, recipient: str, octets: bytes) -> tuple[int, str]:
        self.got.append((sender, recipient, octets))
        answer = self.answers.pop(0) if self.answers else (250, "2.0.0")
        if isinstance(answer, BaseException):
            raise answer
        return answer


class Bench:
    """A courier at work."""

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox
        self.clock = Clock()
        self.relay = Relay()
        self.told: list[tuple[str, str, str, int]] = []
        self.heard = asyncio.Event()
        self.digest: Callable[[DueDigest], Letter] | None = None

    def _observe(self, kind: str, result: str, reference: str, code: int) -> None:
        self.told.append((kind, result, reference, code))
        self.heard.set()

    def courier(self, terms: CourierTerms = TERMS) -> Courier:
        return Courier(
            self.outbox,
            self.relay,
            clock=self.clock,
            observe=self._observe,
            terms=terms,
            digest=self.digest,
        )


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    outbox = Outbox(tmp_path / "outbox.db", key=KEY, terms=OutboxTerms(daily=2))
    yield Bench(outbox)
    await outbox.close()


async def test_a_letter_goes_with_an_empty_sender_and_is_erased(bench: Bench, tmp_path: Path) -> None:
    await bench.outbox.put(LETTER)
    assert await bench.courier().round() == 1
    assert bench.relay.got == [("", LETTER.recipient, LETTER.octets)]
    assert bench.told == [("warned", "sent", "R1", 250)]
    assert await bench.outbox.waiting() == []
    assert SECRET not in everything(tmp_path / "outbox.db")


@pytest.mark.parametrize("answer", [(451, "4.3.0"), (354, ""), OSError("refused"), Unavailable("relay", "lost")])
async def test_what_fails_for_now_comes_again_later_and_later(
    bench: Bench, answer: tuple[int, str] | Exception
) -> None:
    await bench.outbox.put(LETTER)
    courier = bench.courier()
    bench.relay.answers = [answer] * 3
    for pause in (5.0, 30.0, 30.0):
        assert await courier.round() == 1
        bench.clock.move(pause - 1)
        assert await courier.round() == 0
        bench.clock.move(1)
    assert await courier.round() == 1
    assert [result for _, result, _, _ in bench.told] == ["retried"] * 3 + ["sent"]
    assert len({octets for _, _, octets in bench.relay.got}) == 1


async def test_a_relay_that_says_nothing_does_not_hold_the_courier(bench: Bench) -> None:
    class Silent(Relay):
        async def __call__(self, sender: str, recipient: str, octets: bytes) -> tuple[int, str]:
            await asyncio.Event().wait()
            return await super().__call__(sender, recipient, octets)

    bench.relay = Silent()
    await bench.outbox.put(LETTER)
    await bench.courier(replace(TERMS, delivery=0.01)).round()
    assert bench.told == [("warned", "retried", "R1", 0)]


async def test_a_final_refusal_ends_a_letter(bench: Bench) -> None:
    await bench.outbox.put(LETTER)
    bench.relay.answers = [(550, "5.1.1")]
    await bench.courier().round()
    assert bench.told == [("warned", "refused", "R1", 550)]
    assert await bench.outbox.waiting() == []


async def test_an_old_letter_is_given_up_without_being_sent(bench: Bench) -> None:
    await bench.outbox.put(LETTER)
    bench.clock.move(TERMS.expire + 1)
    await bench.courier().round()
    assert bench.relay.got == []
    assert bench.told == [("warned", "expired", "R1", 0)]
    assert await bench.outbox.waiting() == []


async def test_one_bad_letter_does_not_stop_the_others(bench: Bench) -> None:
    for number in range(2):
        await bench.outbox.put(about(number))
    bench.relay.answers = [OSError("refused")]
    await bench.courier().round()
    assert sorted(result for _, result, _, _ in bench.told) == ["retried", "sent"]


async def test_an_outbox_that_is_away_is_told_and_tried_again(tmp_path: Path) -> None:
    (tmp_path / "outbox.db").mkdir()
    outbox = Outbox(tmp_path / "outbox.db", key=KEY)
    bench = Bench(outbox)
    assert await bench.courier().round() == 0
    assert bench.told == [("other", "failed", "", 0)]
    (tmp_path / "outbox.db").rmdir()
    await outbox.put(LETTER)
    assert await bench.courier().round() == 1
    await outbox.close()


def take_away(folder: Path) -> None:
    for file in folder.glob("outbox.db*"):
        file.rename(file.with_name(f"away-{file.name}"))
    (folder / "outbox.db").mkdir()


def bring_back(folder: Path) -> None:
    (folder / "outbox.db").rmdir()
    for file in folder.glob("away-*"):
        file.rename(file.with_name(file.name.removeprefix("away-")))


async def test_a_letter_whose_end_could_not_be_noted_goes_again_unchanged(bench: Bench, tmp_path: Path) -> None:
    await bench.outbox.put(LETTER)
    courier = bench.courier()

    class Breaking(Relay):
        async def __call__(self, sender: str, recipient: str, octets: bytes) -> tuple[int, str]:
            take_away(tmp_path)
            return await super().__call__(sender, recipient, octets)

    bench.relay = Breaking()
    await bench.courier().round()
    assert [result for _, result, _, _ in bench.told] == ["failed"]
    bring_back(tmp_path)
    assert await courier.round() == 0
    bench.clock.move(OutboxTerms().lease.total_seconds())
    first, bench.relay = bench.relay, Relay()
    await bench.courier().round()
    assert bench.relay.got == first.got


async def test_what_was_held_goes_as_a_digest(bench: Bench) -> None:
    for number in range(4):
        await bench.outbox.put(about(number))
    dues: list[DueDigest] = []

    def digest(due: DueDigest) -> Letter:
        dues.append(due)
        return replace(LETTER, kind=LetterKind.DIGEST, reference="D", topics=())

    bench.digest = digest
    bench.clock.move(OutboxTerms().digest_after.total_seconds())
    await bench.courier(replace(TERMS, expire=10**6)).round()
    assert [held.reference for held in dues[0].held] == ["R2", "R3"]
    assert ("digest", "sent", "D", 250) in bench.told


async def test_a_digest_that_cannot_be_written_stops_no_letter(bench: Bench) -> None:
    for number in range(3):
        await bench.outbox.put(about(number))

    def digest(due: DueDigest) -> Letter:
        raise ValueError(due.recipient)

    bench.digest = digest
    bench.clock.move(OutboxTerms().digest_after.total_seconds())
    assert await bench.courier(replace(TERMS, expire=10**6)).round() == 2
    assert ("digest", "failed", "", 0) in bench.told


async def test_a_running_courier_comes_when_it_is_kicked(bench: Bench) -> None:
    courier = bench.courier(replace(TERMS, poll=600.0))
    task = asyncio.create_task(courier.run())
    await asyncio.sleep(0.05)
    await bench.outbox.put(LETTER)
    courier.kick()
    async with asyncio.timeout(10):
        await bench.heard.wait()
        courier.stop()
        await task


async def test_a_running_courier_comes_by_itself(bench: Bench) -> None:
    task = asyncio.create_task(bench.courier().run())
    await bench.outbox.put(LETTER)
    async with asyncio.timeout(10):
        await bench.heard.wait()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_a_courier_that_is_stopped_finishes_what_is_under_way(bench: Bench) -> None:
    courier = bench.courier()

    class Slow(Relay):
        async def __call__(self, sender: str, recipient: str, octets: bytes) -> tuple[int, str]:
            courier.stop()
            await asyncio.sleep(0.05)
            return await super().__call__(sender, recipient, octets)

    bench.relay = courier._deliver = Slow()
    await bench.outbox.put(LETTER)
    async with asyncio.timeout(10):
        await courier.run()
    assert bench.told == [("warned", "sent", "R1", 250)]
