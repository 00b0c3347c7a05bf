"""A real Postfix that asks our milter, and an MTA of our own that breaks the protocol."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import struct
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from gateway.milter import codec
from tests.integration.test_mass_mailing import MEMBER, addresses, mailing, reached
from tests.integration.test_motivated_exception import OFFICE, REASON, address, answer, nth, words
from tests.integration.test_road import FORBIDDEN, HARMLESS, PRIVATE, STRANGER
from tests.support.postfix import Postfix
from tests.support.process import Utpost
from tests.support.relay import ScriptedRelay
from tests.support.smtp import RawClient
from tests.support.tools import program

pytestmark = pytest.mark.xdist_group("postfix")
Start = Callable[..., Utpost]


@dataclass
class House:
    """A Postfix that asks a Utpost, and delivers to ``mailbox``."""

    postfix: Postfix
    utpost: Utpost
    mailbox: ScriptedRelay

    async def send(self, message: bytes, *recipients: bytes, sender: bytes = MEMBER) -> bytes:
        host, _, port = self.postfix.address.rpartition(":")
        async with await RawClient.greeted((host, int(port))) as client:
            return await client.deliver(sender, list(recipients) or [b"bo@mottagare.example"], message)


Open = Callable[..., House]


def milter_of(utpost: Utpost) -> str:
    place: str = utpost.ready["milter"][0]
    return place if place.startswith("unix:") else f"inet:{place}"


@pytest.fixture
def open_house(tmp_path: Path, relay: ScriptedRelay, start_utpost: Start) -> Iterator[Open]:
    started: list[Postfix] = []

    def start(*settings: str, listen: str = "127.0.0.1:0", postfix: dict[str, str] | None = None) -> House:
        utpost = start_utpost(relay.address, settings=(f'milter.listen=["{listen}"]', *settings))
        place = milter_of(utpost)
        wishes = {
            "smtpd_milters": place,
            "non_smtpd_milters": place,
            "milter_default_action": "tempfail",
            "milter_protocol": "6",
            "milter_mail_macros": "i {auth_authen} {mail_addr}",
            **(postfix or {}),
        }
        server = Postfix(tmp_path / f"house{len(started)}", relay, settings=wishes)
        started.append(server)
        return House(server.start(), utpost, relay)

    yield start
    for server in started:
        server.stop()


async def test_mail_passes_and_is_refused_as_through_the_proxy(open_house: Open) -> None:
    house = open_house()
    assert (await house.send(HARMLESS)).startswith(b"250 2.0.0 Ok: queued as ")
    refusal = await house.send(FORBIDDEN)
    assert refusal.startswith(b"550-5.7.1 ")
    assert refusal.isascii()
    assert 1 <= refusal.count(b"\r\n") <= 3
    assert (await house.send(PRIVATE)).startswith(b"250"), "warned"
    assert (await house.send(FORBIDDEN, sender=STRANGER)).startswith(b"250"), "named in From alone: not stopped"
    refused, warned = await nth(house.mailbox, 1), await nth(house.mailbox, 2)
    assert refused["Subject"].startswith("Ditt mejl skickades inte")
    assert warned["Subject"].startswith("Ditt mejl skickades")
    assert "inte" not in warned["Subject"].partition("–")[0]
    assert house.utpost.metric("utpost_messages_total", front="milter") >= 3


async def test_all_of_250_recipients_are_seen_before_any_splitting(open_house: Open) -> None:
    house = open_house()
    assert (await house.send(mailing(), *addresses(1, 250))).startswith(b"550-5.7.1 ")
    assert (await house.send(mailing(), *addresses(1, 100))).startswith(b"250")
    await house.mailbox.until(lambda: len(reached(house.mailbox)) == 100)
    assert (await house.send(mailing(), *addresses(101, 101))).startswith(b"550-5.7.1 ")


async def test_the_motivated_exception_through_the_milter(open_house: Open) -> None:
    house = open_house(f'motivation.address="{OFFICE}"')
    assert (await house.send(mailing(), *addresses(1, 150))).startswith(b"550-5.7.1 ")
    letter = await nth(house.mailbox, 1)
    colleague = b"kollega@mottagare.example"
    assert (await house.send(answer(letter, REASON), address(letter), colleague)).startswith(b"250")
    assert "500 personer till" in words(await nth(house.mailbox, 2))
    assert (await house.send(mailing(), *addresses(1, 150))).startswith(b"250")
    await house.mailbox.until(lambda: len(reached(house.mailbox)) == 151, "the mailing and the copy")
    assert not [line for line in reached(house.mailbox) if b"motivering" in line]
    again = answer(letter, "En gång till, för säkerhets skull.")
    assert (await house.send(again, address(letter))).startswith(b"250"), "for us alone: it ends here"
    assert "redan besvarat" in words(await nth(house.mailbox, 3))
    await asyncio.sleep(1)
    assert len(reached(house.mailbox)) == 151


async def test_a_unix_socket_and_large_mail(open_house: Open, tmp_path: Path) -> None:
    path = Path(f"/tmp/utpost-milter-{tmp_path.name[-20:]}.sock")
    house = open_house(
        "limits.message_octets=60000000", listen=f"unix:{path}", postfix={"message_size_limit": "60000000"}
    )
    try:
        os.chmod(path, 0o666)  # noqa: PTH101, S103 - an operator puts Postfix in our group
        big = HARMLESS + b"En rad text som upprepas.\r\n" * 800_000
        assert (await house.send(big)).startswith(b"250")
        number = HARMLESS + b"En rad text som upprepas.\r\n" * 100_000 + b"Personnummer: 780914-2388\r\n"
        assert (await house.send(number)).startswith(b"550-5.7.1 ")
    finally:
        os.unlink(path)  # noqa: PTH108


def held(house: House) -> list[bytes]:
    """Return the messages in Postfix's hold queue, in its own form."""
    return [f.read_bytes() for f in (house.postfix.folder / "queue" / "hold").rglob("*") if f.is_file()]


async def test_a_rule_may_hold_instead(open_house: Open) -> None:
    house = open_house('milter.hold_rules=["personnummer"]')
    assert (await house.send(FORBIDDEN)).startswith(b"250")
    await house.mailbox.until(lambda: held(house), "Postfix holds it")
    (octets,) = held(house)
    assert re.search(rb"X-Utpost-Reference: [0-9A-F]{12}", octets)
    assert (await house.send(mailing(), *addresses(1, 101))).startswith(b"550-5.7.1 "), "other rules refuse"


async def test_passing_mail_carries_a_reference_only_on_wish(open_house: Open) -> None:
    for setting, wanted in (("milter.add_reference=true", True), ("milter.add_reference=false", False)):
        house = open_house(setting)
        house.mailbox.reset()
        assert (await house.send(HARMLESS)).startswith(b"250")
        await house.mailbox.until(partial(getattr, house.mailbox, "deliveries"))
        assert (b"X-Utpost-Reference: " in house.mailbox.deliveries[0].content) is wanted


async def test_a_milter_that_is_gone_defers_and_comes_back(open_house: Open, start_utpost: Start) -> None:
    house = open_house()
    place = house.utpost.ready["milter"][0]
    house.utpost.stop()
    host, _, port = house.postfix.address.rpartition(":")
    async with await RawClient.greeted((host, int(port))) as client:
        await client.command(b"MAIL FROM:<%b>" % MEMBER, b"451 4.7.1 ")
    start_utpost(house.mailbox.address, settings=(f'milter.listen=["{place}"]',))
    assert (await house.send(HARMLESS)).startswith(b"250")


async def test_mail_that_programs_of_the_machine_write_is_asked_about_too(open_house: Open) -> None:
    house = open_house()
    sendmail = [
        program("sendmail"),
        "-C",
        str(house.postfix.folder / "etc"),
        "-f",
        MEMBER.decode(),
        "bo@mottagare.example",
    ]
    for message in (HARMLESS, FORBIDDEN):
        written = message.replace(b"\r\n", b"\n")
        await asyncio.to_thread(subprocess.run, sendmail, input=written, check=True, timeout=60)
    letter = await nth(house.mailbox, 1)
    assert letter["Subject"].startswith("Ditt mejl skickades inte")
    await house.mailbox.until(lambda: len(reached(house.mailbox)) == 1, "the harmless one alone")


@pytest.mark.parametrize(
    ("action", "reply"), [("tempfail", b"451"), ("reject", b"5"), ("accept", b"250"), ("quarantine", b"250")]
)
async def test_a_milter_that_hangs_is_left_to_the_default_action(open_house: Open, action: str, reply: bytes) -> None:
    patience = {"milter_connect_timeout": "1s", "milter_command_timeout": "1s", "milter_content_timeout": "1s"}
    house = open_house(postfix={"milter_default_action": action, **patience})
    pids = [house.utpost.process.pid, *house.utpost.children()] if house.utpost.process else []
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        host, _, port = house.postfix.address.rpartition(":")
        async with await RawClient.connect((host, int(port))) as client:
            told = await client.reply()
            for command in (b"EHLO client.example", b"MAIL FROM:<%b>" % MEMBER):
                told = await client.command(command) if told.startswith(b"2") else told
            assert told.startswith(reply), told
    finally:
        for pid in reversed(pids):
            os.kill(pid, signal.SIGCONT)


async def test_swedish_letters_reach_those_who_can_read_them(open_house: Open) -> None:
    house = open_house(postfix={"smtputf8_enable": "yes"})
    host, _, port = house.postfix.address.rpartition(":")
    for parameter, plain in ((b"", True), (b" SMTPUTF8", False)):
        async with await RawClient.greeted((host, int(port))) as client:
            await client.command(b"MAIL FROM:<%b>%b" % (MEMBER, parameter), b"250")
            to = b"bo@mottagare.example" if plain else "b\u00f6rje@mottagare.example".encode()
            await client.command(b"RCPT TO:<%b>" % to, b"250")
            await client.command(b"DATA", b"354")
            await client.send(FORBIDDEN + b".\r\n")
            refusal = await client.expect(b"550-5.7.1 ")
        assert refusal.isascii() is plain


def test_miltertest_speaks_with_us(asked: Utpost) -> None:
    script = Path(__file__).with_name("milter.lua")
    place = f"inet:{asked.ready['milter'][0].rpartition(':')[2]}@127.0.0.1"
    done = subprocess.run(
        [program("miltertest"), "-D", f"place={place}", "-s", str(script)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr + done.stdout


# --- an MTA of our own -------------------------------------------------------------------------------------


@pytest.fixture
def asked(relay: ScriptedRelay, start_utpost: Start) -> Utpost:
    return start_utpost(relay.address, settings=('milter.listen=["127.0.0.1:0"]',))


def connect(utpost: Utpost) -> socket.socket:
    host, _, port = utpost.ready["milter"][0].rpartition(":")
    sock = socket.create_connection((host, int(port)), 10)
    sock.settimeout(10)
    return sock


def packet_of(sock: socket.socket) -> tuple[bytes, bytes]:
    head = b""
    while len(head) < 4:
        more = sock.recv(4 - len(head))
        if not more:
            return b"", b""
        head += more
    body = b""
    while len(body) < struct.unpack("!I", head)[0]:
        body += sock.recv(struct.unpack("!I", head)[0] - len(body))
    return body[:1], body[1:]


def offer(sock: socket.socket, steps: int = 0x1FFFFF) -> None:
    sock.sendall(codec.packet(b"O", struct.pack("!III", 6, 0x1FF, steps)))
    assert packet_of(sock)[0] == b"O"


def message(sock: socket.socket, octets: bytes, *, answered: bool = False) -> tuple[bytes, bytes]:
    """Hand a message over and return the answer to its end."""
    head, _, body = octets.partition(b"\r\n\r\n")
    packets = [codec.packet(b"M", b"<%b>\0" % MEMBER), codec.packet(b"R", b"<bo@mottagare.example>\0")]
    for line in re.sub(rb"\r\n([ \t])", rb"\n\1", head).split(b"\r\n"):
        name, _, value = line.partition(b":")
        packets.append(codec.packet(b"L", name + b"\0" + value + b"\0"))
    packets += [codec.packet(b"N"), codec.packet(b"B", body)]
    for packet in packets:
        sock.sendall(packet)
        if answered:
            assert packet_of(sock)[0] == b"c"
    sock.sendall(codec.packet(b"E"))
    return packet_of(sock)


def test_every_command_is_answered_once_where_the_mta_waits(asked: Utpost) -> None:
    with connect(asked) as sock:
        offer(sock, steps=0)
        for packet in (codec.packet(b"C", b"x\x004\0\x19192.0.2.1\0"), codec.packet(b"H", b"client.example\0")):
            sock.sendall(packet)
            assert packet_of(sock)[0] == b"c"
        assert message(sock, FORBIDDEN.replace(b": ", b":"), answered=True)[0] == b"y"
        assert message(sock, HARMLESS.replace(b": ", b":"), answered=True)[0] == b"c"


def test_many_messages_and_connections_on_one_socket(asked: Utpost) -> None:
    with connect(asked) as sock:
        offer(sock)
        for _ in range(3):
            assert message(sock, HARMLESS)[0] == b"c"
            assert message(sock, FORBIDDEN)[0] == b"y"
            sock.sendall(codec.packet(b"M", b"<%b>\0" % MEMBER) + codec.packet(b"A"))
            sock.sendall(codec.packet(b"K"))
        sock.sendall(codec.packet(b"Q"))
        assert packet_of(sock) == (b"", b"")


@pytest.mark.parametrize(
    "octets",
    [
        b"\0\0\0\0",
        b"\xff\xff\xff\xff",
        codec.packet(b"M", b"<a@b>\0"),
        codec.packet(b"O", b"\0"),
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
    ids=["no length", "too long", "no terms", "short offer", "http", "tls"],
)
def test_rubbish_ends_its_connection_alone(asked: Utpost, octets: bytes) -> None:
    with connect(asked) as good, connect(asked) as bad:
        offer(good)
        bad.sendall(octets)
        assert packet_of(bad) == (b"", b"")
        assert message(good, HARMLESS)[0] == b"c"
    assert "milter_violation" in asked.stderr


@pytest.mark.parametrize("command", [b"R", b"L", b"B", b"E"])
def test_parts_of_no_message_are_a_violation(asked: Utpost, command: bytes) -> None:
    with connect(asked) as sock:
        offer(sock)
        sock.sendall(codec.packet(command, b"a\0b\0"))
        assert packet_of(sock) == (b"", b"")


def test_two_hundred_connections_side_by_side(asked: Utpost) -> None:
    socks = [connect(asked) for _ in range(200)]
    try:
        for sock in socks:
            offer(sock)
        for sock in socks:
            assert message(sock, HARMLESS)[0] == b"c"
    finally:
        for sock in socks:
            sock.close()


def test_leaving_at_any_moment_leaves_nothing_behind(asked: Utpost) -> None:
    whole = b"".join(
        [
            codec.packet(b"O", struct.pack("!III", 6, 0x1FF, 0x1FFFFF)),
            codec.packet(b"C", b"x\x004\0\x19192.0.2.1\0"),
            codec.packet(b"M", b"<%b>\0" % MEMBER),
            codec.packet(b"R", b"<bo@mottagare.example>\0"),
            codec.packet(b"L", b"Subject\0 hej\0"),
            codec.packet(b"N"),
            codec.packet(b"B", b"hej\r\n"),
            codec.packet(b"E"),
        ]
    )
    for cut in range(0, len(whole), 7):
        with connect(asked) as sock:
            sock.sendall(whole[:cut])
    with connect(asked) as sock:
        offer(sock)
        assert message(sock, HARMLESS)[0] == b"c"
    asked.wait_for_metric("utpost_messages_total", 1, front="milter")
    assert asked.metric("utpost_sessions", front="milter") <= 1
