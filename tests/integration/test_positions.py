"""The pieces of Postfix configuration that we ship, in a real Postfix, as they stand but for the ports."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.test_mass_mailing import MEMBER, Target, addresses, mailing, reached
from tests.integration.test_road import FORBIDDEN, HARMLESS
from tests.support.postfix import Postfix
from tests.support.process import Utpost
from tests.support.relay import ScriptedRelay
from tests.support.smtp import RawClient

pytestmark = pytest.mark.xdist_group("postfix")
Start = Callable[..., Utpost]
PIECES = Path(__file__).parents[2] / "deploy" / "postfix"


def settings_of(name: str, **ports: str) -> dict[str, str]:
    """Return the settings of a piece of main.cf, with our ports for the documented ones."""
    text = "\n".join(line for line in (PIECES / name).read_text("utf-8").splitlines() if not line.startswith("#"))
    for old, new in ports.items():
        text = text.replace(f":{old.removeprefix('p')}", f":{new}")
    found = re.findall(r"^(\w+) = (.*)$", text, re.MULTILINE)
    assert found
    return dict(found)


def port_of(place: str) -> str:
    return place.rpartition(":")[2]


async def deliver(postfix: Postfix, message: bytes, recipients: list[bytes]) -> bytes:
    host, _, port = postfix.address.rpartition(":")
    async with await RawClient.greeted((host, int(port))) as client:
        return await client.deliver(MEMBER, recipients, message)


async def test_milter(tmp_path: Path, relay: ScriptedRelay, start_utpost: Start) -> None:
    utpost = start_utpost(relay.address, settings=('milter.listen=["127.0.0.1:0"]', "listen.smtp=[]"))
    settings = settings_of("milter.main.cf", p2526=port_of(utpost.ready["milter"][0]))
    with Postfix(tmp_path / "front", relay, settings=settings) as postfix:
        assert (await deliver(postfix, HARMLESS, addresses(1, 1))).startswith(b"250")
        assert (await deliver(postfix, FORBIDDEN, addresses(1, 1))).startswith(b"550-5.7.1 ")
        assert (await deliver(postfix, mailing(), addresses(1, 250))).startswith(b"550-5.7.1 ")


async def test_before_the_queue(tmp_path: Path, relay: ScriptedRelay, start_utpost: Start) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        second = probe.getsockname()[1]
    utpost = start_utpost(f"127.0.0.1:{second}")
    services = (PIECES / "before-queue.master.cf").read_text("utf-8")
    blocks = [b for b in re.split(r"\n(?=\S)", services) if not b.startswith("#")]
    front, back = (re.findall(r"-o \S+", block) for block in blocks)
    postfix = Postfix(tmp_path / "front", relay)
    ours = f"{utpost.smtp[0]}:{utpost.smtp[1]}"
    postfix.smtpd_options = tuple(option.replace("127.0.0.1:2525", ours) for option in front)
    postfix.more_services = f"127.0.0.1:{second} inet n - n - - smtpd\n" + "".join(f"    {o}\n" for o in back)
    with postfix:
        assert (await deliver(postfix, HARMLESS, addresses(1, 1))).startswith(b"250 2.0.0 Ok: queued as ")
        assert (await deliver(postfix, FORBIDDEN, addresses(1, 1))).startswith(b"550")
        assert (await deliver(postfix, mailing(), addresses(1, 250))).startswith(b"550")
        await relay.until(lambda: len(reached(relay)) == 1)


async def test_behind_the_queue(tmp_path: Path, relay: ScriptedRelay, start_utpost: Start) -> None:
    utpost = start_utpost(relay.address, settings=('access.xforward_peers=["127.0.0.1/32"]',))
    settings = settings_of("relayhost.main.cf", p2525=str(utpost.smtp[1]))
    target = Target(f"127.0.0.1:{utpost.smtp[1]}")
    with Postfix(tmp_path / "front", target, settings=settings) as postfix:  # type: ignore[arg-type]
        assert (await deliver(postfix, HARMLESS, addresses(1, 1))).startswith(b"250")
        assert (await deliver(postfix, mailing(), addresses(1, 250))).startswith(b"250"), "the queue takes anything"
        await relay.until(lambda: [t for t in relay.deliveries if b"550" in t.content], "a bounce and no delivery")
        await relay.until(lambda: reached(relay), "the first message: a queue keeps no order")
        assert len(reached(relay)) == 1
