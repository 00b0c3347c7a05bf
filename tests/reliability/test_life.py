"""Reload, drain and restart while mail flows: no connection is refused, no message is lost, one in DATA ends well."""

from __future__ import annotations

import asyncio
import shutil
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.reliability.traffic import TO, Traffic
from tests.support.process import Utpost
from tests.support.relay import Gate, ScriptedRelay, say
from tests.support.smtp import RawClient

ROOT = Path(__file__).resolve().parents[2]
MEMBER = b"anna.berg@politik.orkelljunga.se"
BEGIN, END = b"Subject: Protokoll\r\n\r\nProtokollet kommer", b" i morgon.\r\n"


@asynccontextmanager
async def in_data(address: tuple[str, int]) -> AsyncIterator[None]:
    """Have half a message sent meanwhile, whose other half and answer come afterwards."""
    async with await RawClient.greeted(address) as client:
        await client.envelope(MEMBER, TO)
        await client.send(BEGIN)
        yield
        await client.send(END + b".\r\n")
        await client.expect(b"250 ")


async def reloads(utpost: Utpost, relay: ScriptedRelay, times: int, messages: int) -> None:
    traffic = Traffic(lambda: utpost.smtp)
    async with traffic.flowing():
        for number in range(1, times + 1):
            async with in_data(utpost.smtp):
                utpost.signal(signal.SIGHUP)
                done = partial(utpost.wait_for_metric, result="success")
                await asyncio.to_thread(done, "utpost_policy_reloads_total", number)
                await traffic.more(messages)
    assert (traffic.refused, traffic.unanswered) == (0, 0)
    traffic.holds(relay)
    assert sum(t.content == BEGIN + END for t in relay.deliveries) == times


async def restarts(start: Callable[[socket.socket], Utpost], relay: ScriptedRelay, times: int, messages: int) -> None:
    """As systemd does it: the socket stays open while one process ends and the next begins."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        address = listener.getsockname()
        utpost = await asyncio.to_thread(start, listener)
        traffic = Traffic(lambda: address)
        async with traffic.flowing():
            for _ in range(times):
                await traffic.more(messages)
                async with in_data(address):
                    ending = asyncio.create_task(asyncio.to_thread(utpost.stop))
                    await asyncio.sleep(0.3)
                assert await ending == 0
                utpost = await asyncio.to_thread(start, listener)
            await traffic.more(messages)
    assert traffic.refused == 0
    traffic.holds(relay)
    assert sum(t.content == BEGIN + END for t in relay.deliveries) == times


@pytest.fixture
def start(
    tmp_path: Path, relay: ScriptedRelay, start_utpost: Callable[..., Utpost]
) -> Callable[[socket.socket], Utpost]:
    def begin(listener: socket.socket) -> Utpost:
        return start_utpost(relay.address, state=tmp_path / "one", workers=2, sockets={"smtp": listener})

    return begin


async def test_reloads_while_mail_flows(relay: ScriptedRelay, start_utpost: Callable[..., Utpost]) -> None:
    await reloads(await asyncio.to_thread(start_utpost, relay.address, workers=2), relay, 1, 30)


async def test_a_message_under_way_is_told_of_with_the_policy_that_judged_it(
    tmp_path: Path, relay: ScriptedRelay, start_utpost: Callable[..., Utpost]
) -> None:
    policies = tmp_path / "policies"
    shutil.copytree(ROOT / "policies", policies)
    utpost = await asyncio.to_thread(
        start_utpost, relay.address, settings=(f'policies.directory="{policies}"',), workers=1
    )
    gate = Gate()
    relay.answer("final", say(b"250 2.0.0 Ok\r\n", gate=gate))
    async with await RawClient.greeted(utpost.smtp) as client:
        sending = asyncio.create_task(client.deliver(MEMBER, [TO], BEGIN + END))
        await relay.until(gate.reached.is_set)
        rule = policies / "rules" / "personnummer.toml"
        rule.write_text(rule.read_text("utf-8").replace('mode = "block"', 'mode = "observe"'), "utf-8")
        utpost.signal(signal.SIGHUP)
        async with await RawClient.greeted(utpost.smtp) as other:
            while versions(utpost)[-1:] in ([], [utpost.ready["policy_version"]]):
                await other.deliver(MEMBER, [TO], BEGIN + END)
        reloaded = versions(utpost)[-1]
        gate.open()
        await sending
        await client.deliver(MEMBER, [TO], BEGIN + END)
    await relay.until(lambda: versions(utpost)[-1] == reloaded and versions(utpost)[-2] != reloaded)
    assert versions(utpost)[-2] == utpost.ready["policy_version"]


def versions(utpost: Utpost) -> list[str]:
    return [line["policy_version"] for line in utpost.log if line["event"] == "message"]


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_many_reloads_while_mail_flows(relay: ScriptedRelay, start_utpost: Callable[..., Utpost]) -> None:
    await reloads(await asyncio.to_thread(start_utpost, relay.address, workers=2), relay, 10, 100)


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_restarts_while_mail_flows(start: Callable[[socket.socket], Utpost], relay: ScriptedRelay) -> None:
    await restarts(start, relay, 8, 100)
