"""Whom Utpost believes: balancers and mail servers that are configured, and nobody else."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import struct
from collections.abc import Callable

import pytest

from tests.support.certificates import Authority
from tests.support.fleet import Fleet
from tests.support.process import Utpost
from tests.support.relay import FULL, ScriptedRelay
from tests.support.smtp import RawClient

Shared = tuple[Utpost, ScriptedRelay]

FROM, TO = b"asa@avsandare.example", b"bo@mottagare.example"
MEMBER = b"anna.berg@politik.orkelljunga.se"
TEXT = b"Subject: hej\r\n\r\nhej\r\n"
BEHIND_A_BALANCER = ('access.networks=["198.51.100.0/24", "2001:db8::/32"]', 'access.proxy_peers=["127.0.0.1/32"]')
SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"


def version_1(address: str, family: str = "TCP4") -> bytes:
    there = "192.0.2.1" if family == "TCP4" else "2001:db8::1"
    return f"PROXY {family} {address} {there} 4711 25\r\n".encode()


def version_2(address: str, command: int = 0x21, family: int = 0x11) -> bytes:
    places = bytes(map(int, address.split("."))) + bytes([192, 0, 2, 1]) + struct.pack("!HH", 4711, 25)
    return SIGNATURE + struct.pack("!BBH", command, family, len(places)) + places


HEADERS: dict[str, Callable[[str], bytes]] = {"version 1": version_1, "version 2": version_2}


async def announced(utpost: Utpost, header: bytes) -> RawClient:
    client = await RawClient.connect(utpost.smtp)
    await client.send(header)
    return client


# --- PROXY -------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", HEADERS)
async def test_the_announced_address_is_judged(version: str, fleet: Fleet) -> None:
    utpost, relay = fleet.lend(*BEHIND_A_BALANCER)
    async with await announced(utpost, HEADERS[version]("198.51.100.7")) as client:
        await client.expect(b"220 ")
        await client.command(b"EHLO client.example", b"250")
        assert (await client.deliver(FROM, [TO], TEXT)).startswith(b"250")
    async with await announced(utpost, HEADERS[version]("203.0.113.9")) as client:
        await client.expect(b"554 ")
        assert await client.at_end()
    assert len(relay.deliveries) == 1


@pytest.mark.parametrize("cut", [1, 5, 12, 13, 20])
@pytest.mark.parametrize("version", HEADERS)
async def test_a_header_in_pieces_with_commands_behind_it(version: str, cut: int, fleet: Fleet) -> None:
    utpost, relay = fleet.lend(*BEHIND_A_BALANCER)
    header = HEADERS[version]("198.51.100.7")
    async with await announced(utpost, header[:cut]) as client:
        await asyncio.sleep(0.01)
        await client.send(header[cut:] + b"EHLO client.example\r\nMAIL FROM:<" + FROM + b">\r\n")
        await client.expect(b"220 ")
        await client.expect(b"250-")
        await client.expect(b"250 2.1.0")
    assert len(relay.connections) == 1


async def test_an_announced_address_of_the_other_family(fleet: Fleet) -> None:
    utpost, _ = fleet.lend(*BEHIND_A_BALANCER)
    async with await announced(utpost, version_1("2001:db8::7", "TCP6")) as client:
        await client.expect(b"220 ")
    async with await announced(utpost, version_1("2001:db9::7", "TCP6")) as client:
        await client.expect(b"554 ")


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"EHLO client.example\r\n",
        b"PROXY\r\nEHLO client.example\r\n",
        b"PROXY TCP4 198.51.100.7\r\n",
        b"PROXY TCP4 198.51.100.999 192.0.2.1 1 2\r\n",
        b"PROXY UDP4 198.51.100.7 192.0.2.1 1 2\r\n",
        b"PROXY TCP4 198.51.100.7 192.0.2.1 1 2\n" + b"x" * 200,
        SIGNATURE + b"\x31\x11\x00\x0c" + bytes(12),
        SIGNATURE + b"\x21\x11\x00\x04" + bytes(4),
        SIGNATURE + b"\x21\x11\xff\xff" + bytes(100),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
    ],
    ids=lambda header: repr(header[:24]),
)
async def test_without_a_good_header_there_is_not_even_a_greeting(header: bytes, fleet: Fleet) -> None:
    utpost, relay = fleet.lend(*BEHIND_A_BALANCER)
    before = len(reports(utpost))
    async with await announced(utpost, header) as client:
        with contextlib.suppress(OSError):  # it may be closed already
            client.half_close()
        assert await client.at_end()
    for _ in range(200):
        if len(reports(utpost)) > before:
            break
        await asyncio.sleep(0.01)
    assert len(reports(utpost)) == before + 1, "one line tells of it"
    assert not relay.connections


def reports(utpost: Utpost) -> list[object]:
    return [line for line in utpost.log if line["event"] == "proxy_header_missing"]


@pytest.mark.parametrize(
    "header",
    [
        b"PROXY UNKNOWN\r\n",
        b"PROXY UNKNOWN 198.51.100.7 192.0.2.1 1 2\r\n",
        version_2("198.51.100.7", command=0x20),
        version_2("198.51.100.7", family=0x00),
    ],
    ids=["v1 unknown", "v1 unknown with an address", "v2 local", "v2 unspecified"],
)
async def test_who_announces_nobody_is_judged_by_its_own_address(header: bytes, fleet: Fleet) -> None:
    utpost, _ = fleet.lend(*BEHIND_A_BALANCER)
    async with await announced(utpost, header) as client:
        await client.expect(b"554 ")
    own, _ = fleet.lend('access.networks=["127.0.0.0/8"]', 'access.proxy_peers=["127.0.0.1/32"]')
    async with await announced(own, header) as client:
        await client.expect(b"220 ")


@pytest.mark.parametrize("version", HEADERS)
async def test_nobody_else_announces(version: str, fleet: Fleet) -> None:
    utpost, relay = fleet.lend('access.networks=["198.51.100.0/24"]', 'access.proxy_peers=["192.0.2.7/32"]')
    async with await announced(utpost, HEADERS[version]("198.51.100.7")) as client:
        await client.expect(b"554 ")
        assert await client.at_end()
    assert not relay.connections


@pytest.mark.parametrize("version", HEADERS)
async def test_a_header_from_one_who_may_speak_changes_nothing(version: str, shared: Shared) -> None:
    utpost, relay = shared
    async with await announced(utpost, HEADERS[version]("198.51.100.7")) as client:
        await client.expect(b"220 ")
        assert (await client.reply())[:1] in {b"4", b"5"}
    assert not relay.connections


async def test_the_header_comes_before_tls(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> None:
    authority = Authority(tmp_path_factory.mktemp("authority"))
    utpost, relay = fleet.lend(
        *BEHIND_A_BALANCER, *authority.issue("localhost").settings, 'listen.smtps=["127.0.0.1:0"]'
    )
    host, _, port = utpost.ready["smtps"][0].rpartition(":")
    for address, greeting in (("198.51.100.7", b"220 "), ("203.0.113.9", b"554 ")):
        async with await RawClient.connect((host, int(port))) as client:
            await client.send(version_2(address))
            await client.encrypt(authority.trusting())
            await client.expect(greeting)
            if greeting == b"220 ":
                await client.command(b"EHLO client.example", b"250")
                assert (await client.deliver(FROM, [TO], TEXT)).startswith(b"250")
    async with await RawClient.connect((host, int(port))) as client:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await client.encrypt(authority.trusting())
    assert len(relay.deliveries) == 1


# --- XFORWARD ----------------------------------------------------------------------------------

KNOWS_XFORWARD = (*FULL, "XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE")
BELIEVED = ('access.xforward_peers=["127.0.0.1/32"]',)
TOLD = b"XFORWARD NAME=spike.example ADDR=198.51.100.7 PROTO=ESMTP HELO=spike.example IDENT=4Xyz+2B1"


async def test_xforward_is_offered_to_configured_peers_alone(shared: Shared, fleet: Fleet) -> None:
    utpost, relay = shared
    relay.offers = KNOWS_XFORWARD
    async with await RawClient.greeted(utpost.smtp, None) as client:
        assert b"XFORWARD" not in await client.command(b"EHLO client.example", b"250")
        await client.command(TOLD, b"502 ")
        await client.command(b"XCLIENT ADDR=198.51.100.7", b"502 ")
    utpost, _ = fleet.lend(*BELIEVED)
    async with await RawClient.greeted(utpost.smtp, None) as client:
        reply = await client.command(b"EHLO client.example", b"250")
        assert b"XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE\r\n" in reply
        await client.command(b"XCLIENT ADDR=198.51.100.7", b"502 ")


async def test_what_a_peer_says_of_its_client_goes_on_for_one_transaction(fleet: Fleet) -> None:
    utpost, relay = fleet.lend(*BELIEVED)
    relay.offers = KNOWS_XFORWARD
    async with await RawClient.greeted(utpost.smtp) as client:
        await client.command(TOLD, b"250 ")
        assert (await client.deliver(FROM, [TO], TEXT)).startswith(b"250")
        await client.command(b"MAIL FROM:<" + FROM + b">", b"250")
        await client.command(TOLD, b"503 ")
        await client.command(b"RSET", b"250")
        await client.command(TOLD, b"250 ")
        await client.command(b"RSET", b"250")
        await client.command(b"MAIL FROM:<" + FROM + b">", b"250")
    told = [line for line in relay.commands if line.startswith(b"XFORWARD")]
    assert told[0] == TOLD
    assert all(b"ADDR=127.0.0.1" in line for line in told[1:])
    assert len(told) == 3


@pytest.mark.parametrize("argument", [b"", b" NAME", b" COLOUR=red", b" ADDR", b" =", b" NAME=" + b"x" * 300])
async def test_a_malformed_xforward_is_501(argument: bytes, fleet: Fleet) -> None:
    utpost, _ = fleet.lend(*BELIEVED)
    async with await RawClient.greeted(utpost.smtp) as client:
        await client.command(b"XFORWARD" + argument, b"501 5.5.4 ")


async def test_a_relay_that_offers_xforward_is_told_of_the_client(shared: Shared) -> None:
    utpost, relay = shared
    relay.offers = (*FULL, "xforward ADDR HELO PROTO")
    relay.answer("xforward", b"550 5.7.0 insufficient authorization\r\n")
    for hello, proto in ((b"EHLO client.example", b"ESMTP"), (b"EHLO [127.0.0.1]", b"ESMTP")):
        async with await RawClient.greeted(utpost.smtp, hello) as client:
            assert (await client.deliver(FROM, [TO], TEXT)).startswith(b"250")
        told = next(line for line in reversed(relay.commands) if line.startswith(b"XFORWARD"))
        assert told == b"XFORWARD ADDR=127.0.0.1 PROTO=" + proto + b" HELO=" + hello[5:]


async def test_only_a_configured_peer_s_queue_id_makes_a_mailing(fleet: Fleet) -> None:
    utpost, relay = fleet.lend(*BELIEVED)
    ident = b"XFORWARD NAME=a.example ADDR=198.51.100.7 IDENT=4AbCdE"
    said = []
    async with await RawClient.greeted(utpost.smtp) as client:
        for number in range(3):
            await client.command(ident, b"250 ")
            text = b"Subject: Del %d\r\n\r\nHej nummer %d.\r\n" % (number, number)
            said.append(
                await client.deliver(MEMBER, [b"p%d-%d@mottagare.example" % (number, n) for n in range(45)], text)
            )
    assert [reply[:4] for reply in said] == [b"250 ", b"250 ", b"550-"], (
        "the third part takes it over a hundred persons"
    )
    assert len([t for t in relay.deliveries if MEMBER in t.mail]) == 2


# --- XCLIENT -----------------------------------------------------------------------------------


async def test_xclient_is_spoken_only_where_it_is_wished_and_offered(shared: Shared, fleet: Fleet) -> None:
    utpost, relay = shared
    relay.offers = (*FULL, "XCLIENT NAME ADDR PORT PROTO HELO")
    async with await RawClient.greeted(utpost.smtp):
        assert relay.commands == [b"EHLO client.example"]
    utpost, relay = fleet.lend("relay.xclient=true")
    async with await RawClient.greeted(utpost.smtp) as client:
        assert (await client.deliver(FROM, [TO], TEXT)).startswith(b"250")
    assert relay.commands[:2] == [b"EHLO client.example", b"MAIL FROM:<" + FROM + b">"]


@pytest.mark.parametrize("hello", [b"EHLO client.example", b"HELO client.example"])
async def test_xclient_goes_first_and_the_client_s_greeting_again(hello: bytes, fleet: Fleet) -> None:
    utpost, relay = fleet.lend("relay.xclient=true")
    relay.offers = (*FULL, "XCLIENT ADDR PROTO HELO")
    async with await RawClient.greeted(utpost.smtp, hello) as client:
        assert (await client.deliver(FROM, [TO], TEXT)).startswith(b"250")
    first, told, last = relay.commands[:3]
    assert (first, last) == (b"EHLO client.example", hello)
    proto = b"ESMTP" if hello.startswith(b"EHLO") else b"SMTP"
    assert told == b"XCLIENT ADDR=127.0.0.1 PROTO=" + proto + b" HELO=client.example"


async def test_a_relay_that_refuses_xclient_is_not_served_in_our_own_name(fleet: Fleet) -> None:
    utpost, relay = fleet.lend("relay.xclient=true")
    relay.offers = (*FULL, "XCLIENT ADDR")
    relay.always("xclient", b"550 5.7.0 Error: insufficient authorization\r\n")
    async with await RawClient.greeted(utpost.smtp, None) as client:
        await client.command(b"EHLO client.example", b"421 ")
    assert not relay.transactions


# --- an open relay -----------------------------------------------------------------------------


async def test_a_foreign_address_is_refused_before_anything(fleet: Fleet) -> None:
    utpost, relay = fleet.lend('access.networks=["192.0.2.0/24"]')
    everything = b"EHLO c.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n.\r\n"
    for said in (b"", everything, version_1("192.0.2.9"), b"XFORWARD ADDR=192.0.2.9\r\n" + everything):
        async with await RawClient.connect(utpost.smtp) as client:
            await client.send(said)
            await client.expect(b"554 ")
            assert await client.at_end()
    assert not relay.connections


async def test_xforward_and_helo_open_no_door(fleet: Fleet) -> None:
    utpost, relay = fleet.lend('access.networks=["192.0.2.0/24"]', *BELIEVED)
    async with await RawClient.connect(utpost.smtp) as client:
        await client.send(b"EHLO [192.0.2.9]\r\n" + TOLD + b"\r\n")
        await client.expect(b"554 ")
        assert await client.at_end()
    assert not relay.connections


PATHS = [
    b"<bo%elsewhere.example@mottagare.example>",
    b"<elsewhere.example!bo@mottagare.example>",
    b"<@mottagare.example:bo@elsewhere.example>",
    b"<@a.example,@b.example:bo@elsewhere.example>",
    b'<"bo@elsewhere.example"@mottagare.example>',
    b'<"bo%elsewhere.example"@mottagare.example>',
    b"<bo@elsewhere.example@mottagare.example>",
    b"<bo%elsewhere.example@[127.0.0.1]>",
    b"<bo@[192.0.2.1]>",
    b"<bo@localhost>",
]


@pytest.mark.parametrize("answer", [b"250 2.1.5 Ok\r\n", b"554 5.7.1 <x>: Relay access denied\r\n"])
@pytest.mark.parametrize("path", PATHS)
async def test_where_a_path_leads_is_for_the_relay_to_judge(path: bytes, answer: bytes, shared: Shared) -> None:
    utpost, relay = shared
    relay.answer("rcpt", answer)
    async with await RawClient.greeted(utpost.smtp) as client:
        await client.command(b"MAIL FROM:<" + FROM + b">", b"250")
        assert await client.command(b"RCPT TO:" + path) == answer
    assert relay.transactions[0].rcpts == [b"RCPT TO:" + path]
