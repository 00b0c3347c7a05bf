"""Encryption on both legs, and AUTH, which needs it on both."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import smtplib
import ssl
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.certificates import Authority, Pair
from tests.support.fleet import Fleet
from tests.support.process import Utpost
from tests.support.relay import FULL, Gate, ScriptedRelay, drop, say
from tests.support.smtp import RawClient

StartUtpost = Callable[..., Utpost]
Lent = tuple[Utpost, ScriptedRelay]

FROM, TO = b"asa@avsandare.example", b"bo@mottagare.example"
MEMBER = b"anna.berg@politik.orkelljunga.se"
TEXT = b"Subject: hej\r\n\r\nhej\r\n"
STARTTLS = (*FULL, "STARTTLS")
AUTH = (*FULL, "AUTH PLAIN LOGIN GSSAPI SCRAM-SHA-256-PLUS CRAM-MD5")
SECRET = b"hemligt-losenord"


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority for the whole run."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def pair(authority: Authority) -> Pair:
    """A certificate for localhost and 127.0.0.1."""
    return authority.issue("localhost", "127.0.0.1", file="both")


@pytest.fixture
def inward(fleet: Fleet, pair: Pair) -> Lent:
    """A Utpost with TLS towards clients, on both kinds of port."""
    return fleet.lend(*pair.settings, 'listen.smtps=["127.0.0.1:0"]')


@pytest.fixture
def both(fleet: Fleet, pair: Pair, authority: Authority) -> Lent:
    """A Utpost with TLS on both legs, before a relay that offers AUTH."""
    return relay_with_auth(fleet.lend(*settings_of_both(pair, authority)), pair)


@pytest.fixture
def hasty(fleet: Fleet, pair: Pair, authority: Authority) -> Lent:
    """The same, and it gives an idle relay connection back at once."""
    return relay_with_auth(fleet.lend(*settings_of_both(pair, authority), "relay.idle_seconds=0.1"), pair)


def settings_of_both(pair: Pair, authority: Authority) -> tuple[str, ...]:
    return (*pair.settings, 'relay.tls="required"', f'relay.ca_file="{authority.ca_file}"')


def relay_with_auth(lent: Lent, pair: Pair) -> Lent:
    lent[1].offers, lent[1].tls = (*AUTH, "STARTTLS"), pair.context()
    return lent


def keywords(reply: bytes) -> set[bytes]:
    """Return the keywords of a reply to EHLO."""
    return {line[4:].split()[0] for line in reply.split(b"\r\n")[1:-1]}


async def encrypted(utpost: Utpost, authority: Authority) -> RawClient:
    """Return a client that has begun TLS and said EHLO."""
    client = await RawClient.greeted(utpost.smtp)
    await client.command(b"STARTTLS", b"220 ")
    await client.encrypt(authority.trusting())
    await client.command(b"EHLO client.example", b"250")
    return client


async def delivers(client: RawClient, sender: bytes = FROM) -> bytes:
    return await client.deliver(sender, [TO], TEXT)


async def no_session_is_left(utpost: Utpost) -> None:
    for _ in range(200):
        if not await asyncio.to_thread(utpost.metric, "utpost_sessions"):
            return
        await asyncio.sleep(0.02)
    pytest.fail("a session outlives its client")


# --- clients: STARTTLS -------------------------------------------------------------------------


async def test_starttls_is_offered_only_where_there_is_a_certificate(shared: Lent, inward: Lent) -> None:
    utpost, relay = shared
    relay.offers = STARTTLS
    async with await RawClient.greeted(utpost.smtp, None) as client:
        assert b"STARTTLS" not in keywords(await client.command(b"EHLO client.example", b"250"))
        await client.command(b"STARTTLS", b"502 ")
    async with await RawClient.greeted(inward[0].smtp, None) as client:
        assert b"STARTTLS" in keywords(await client.command(b"EHLO client.example", b"250"))
        await client.command(b"STARTTLS now", b"501 ")
        assert (await delivers(client)).startswith(b"250")


async def test_mail_inside_tls(inward: Lent, authority: Authority) -> None:
    utpost, relay = inward
    async with await encrypted(utpost, authority) as client:
        assert b"STARTTLS" not in keywords(await client.command(b"EHLO client.example", b"250"))
        await client.command(b"STARTTLS", b"502 ")
        big = b"Subject: big\r\n\r\n" + b".line\r\n" * 500_000
        for message in (TEXT, big, TEXT):
            assert await client.deliver(FROM, [TO], message) == b"250 2.0.0 Ok: queued as 4ABC\r\n"
        await client.command(b"QUIT", b"221")
        assert await client.at_end()
    assert [t.content for t in relay.deliveries] == [TEXT, big, TEXT]


async def test_starttls_forgets_what_was_said_on_both_sides(inward: Lent, authority: Authority) -> None:
    utpost, relay = inward
    async with await RawClient.greeted(utpost.smtp) as client:
        await client.command(b"MAIL FROM:<" + FROM + b">", b"250")
        await client.command(b"RCPT TO:<" + TO + b">", b"250")
        await client.command(b"STARTTLS", b"220 ")
        await client.encrypt(authority.trusting())
        await client.command(b"DATA", b"503 ")
        await client.command(b"MAIL FROM:<" + FROM + b">", b"503 ")
        await client.command(b"EHLO client.example", b"250")
        await client.command(b"RCPT TO:<" + TO + b">", b"503 ")
        assert (await delivers(client)).startswith(b"250")
    assert len(relay.deliveries) == 1
    assert len(relay.connections) == 2
    assert relay.connections[0].ended


@pytest.mark.parametrize("how", ["in one segment", "in the next segment"])
async def test_plain_text_behind_starttls_is_never_obeyed(how: str, inward: Lent, authority: Authority) -> None:
    utpost, relay = inward
    injected = b"EHLO evil.example\r\nMAIL FROM:<false@avsandare.example>\r\nRCPT TO:<x@mottagare.example>\r\n"
    async with await RawClient.greeted(utpost.smtp) as client:
        if how == "in one segment":
            await client.send(b"STARTTLS\r\n" + injected)
        else:
            await client.send(b"STARTTLS\r\n")
            await client.send(injected)
        await client.expect(b"220 ")
        with contextlib.suppress(ssl.SSLError, ConnectionError):
            await client.encrypt(authority.trusting())
            await client.command(b"DATA", b"503 ")
            reply = await client.command(b"EHLO client.example", b"250-")
            assert b"PIPELINING" in reply
            assert (await delivers(client)).startswith(b"250")
    assert not [line for line in relay.commands if b"false" in line or b"evil" in line]


async def test_a_handshake_of_rubbish_ends_the_connection_and_nothing_else(inward: Lent, authority: Authority) -> None:
    utpost, relay = inward
    async with await RawClient.greeted(utpost.smtp) as client, await encrypted(utpost, authority) as other:
        await client.command(b"STARTTLS", b"220 ")
        await client.send(b"MAIL FROM:<anna@avsandare.example>\r\n" * 10)
        while await client.line():
            pass
        assert (await delivers(other)).startswith(b"250")
    assert len(relay.deliveries) == 1
    await no_session_is_left(utpost)


async def test_a_client_that_leaves_in_the_handshake(inward: Lent) -> None:
    utpost, relay = inward
    for way in ("abort", "half close"):
        async with await RawClient.greeted(utpost.smtp) as client:
            await client.command(b"STARTTLS", b"220 ")
            client.abort() if way == "abort" else client.half_close()
    await relay.until(lambda: not relay.standing)
    await no_session_is_left(utpost)


@pytest.mark.parametrize(
    ("minimum", "versions"),
    [("TLSv1.2", {"TLSv1_1": False, "TLSv1_2": True}), ("TLSv1.3", {"TLSv1_2": False, "TLSv1_3": True})],
)
@pytest.mark.filterwarnings("ignore:.*TLSv1_1 is deprecated")
async def test_the_oldest_version_spoken(
    minimum: str, versions: dict[str, bool], fleet: Fleet, pair: Pair, authority: Authority
) -> None:
    utpost, _ = fleet.lend(*pair.settings, f'tls.minimum="{minimum}"')
    for version, fits in versions.items():
        context = authority.trusting()
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1_1
        context.maximum_version = ssl.TLSVersion[version]
        async with await RawClient.greeted(utpost.smtp) as raw:
            await raw.command(b"STARTTLS", b"220 ")
            if fits:
                await raw.encrypt(context)
                await raw.command(b"EHLO client.example", b"250")
            else:
                with pytest.raises((ssl.SSLError, ConnectionError)):
                    await raw.encrypt(context)
    await no_session_is_left(utpost)


async def shown(utpost: Utpost, authority: Authority) -> int:
    """Return the serial number of the certificate that a new client is shown."""
    async with await encrypted(utpost, authority) as client:
        certificate = client._writer.get_extra_info("ssl_object").getpeercert()
    return int(certificate["serialNumber"], 16)


async def test_a_certificate_is_renewed_while_sessions_go_on(
    relay: ScriptedRelay, start_utpost: StartUtpost, tmp_path: Path
) -> None:
    authority = Authority(tmp_path)
    utpost = start_utpost(relay.address, settings=authority.issue("localhost").settings)
    before = await shown(utpost, authority)
    async with await encrypted(utpost, authority) as client:
        authority.issue("localhost")
        utpost.signal(signal.SIGHUP)
        after = before
        for _ in range(300):
            after = await shown(utpost, authority)
            if after != before:
                break
            await asyncio.sleep(0.02)
        assert after != before
        assert (await delivers(client)).startswith(b"250")


@pytest.mark.parametrize("what", ["certificate of rubbish", "key of another"])
async def test_a_certificate_that_cannot_be_used_is_told_about_and_the_old_one_kept(
    what: str, relay: ScriptedRelay, start_utpost: StartUtpost, tmp_path: Path
) -> None:
    authority = Authority(tmp_path)
    pair = authority.issue("localhost")
    utpost = start_utpost(relay.address, settings=pair.settings)
    before = await shown(utpost, authority)
    if what == "key of another":
        key = authority.issue("localhost", file="other").key
        authority.issue("localhost")
        key.replace(pair.key)
    else:
        pair.certificate.write_text("nonsense")
    utpost.signal(signal.SIGHUP)
    for _ in range(300):
        if kept(utpost):
            break
        await asyncio.sleep(0.02)
    assert kept(utpost)
    assert await shown(utpost, authority) == before


def kept(utpost: Utpost) -> list[object]:
    return [line for line in utpost.log if line["event"] == "certificate_kept"]


# --- clients: TLS before the greeting ----------------------------------------------------------


def tls_port(utpost: Utpost) -> tuple[str, int]:
    host, _, port = utpost.ready["smtps"][0].rpartition(":")
    return host, int(port)


async def test_tls_before_the_greeting(inward: Lent, authority: Authority) -> None:
    utpost, relay = inward
    for _ in range(10):
        async with await RawClient.connect(tls_port(utpost), tls=authority.trusting()) as client:
            await client.expect(b"220 ")
            assert b"STARTTLS" not in keywords(await client.command(b"EHLO client.example", b"250"))
            await client.command(b"STARTTLS", b"502 ")
            assert (await delivers(client)).startswith(b"250")
            await client.command(b"QUIT", b"221")
            assert await client.at_end()
    assert len(relay.deliveries) == 10


async def test_plain_text_on_the_tls_port_gets_nowhere(inward: Lent) -> None:
    utpost, relay = inward
    async with await RawClient.connect(tls_port(utpost)) as client:
        await client.send(b"EHLO client.example\r\nMAIL FROM:<anna@avsandare.example>\r\n")
        while line := await client.line():
            assert not line.startswith(b"2")
    assert not relay.connections


async def test_smtps_drains_too(
    relay: ScriptedRelay, start_utpost: StartUtpost, pair: Pair, authority: Authority
) -> None:
    utpost = start_utpost(relay.address, settings=(*pair.settings, 'listen.smtps=["127.0.0.1:0"]'))
    gate = Gate()
    relay.answer("final", say(b"250 2.0.0 Ok: last\r\n", gate=gate))
    place, tls = tls_port(utpost), authority.trusting()
    async with (
        await RawClient.connect(place, tls=tls) as busy,
        await RawClient.connect(place, tls=tls) as idle,
        await RawClient.connect(place) as unfinished,
    ):
        for client in (busy, idle):
            await client.expect(b"220 ")
            await client.command(b"EHLO client.example", b"250")
        await busy.envelope(FROM, TO)
        await busy.send(TEXT + b".\r\n")
        await relay.until(gate.reached.is_set)
        utpost.signal(signal.SIGTERM)
        await idle.expect(b"421 4.3.2 ")
        assert await unfinished.at_end()
        gate.open()
        await busy.expect(b"250 2.0.0 Ok: last")
    assert await asyncio.to_thread(utpost.stop) == 0


# --- the relay ---------------------------------------------------------------------------------


async def refused(utpost: Utpost, hello: bytes = b"EHLO client.example") -> bytes:
    """Return what a client hears whom the relay cannot be reached for."""
    async with await RawClient.greeted(utpost.smtp, None) as client:
        return await client.command(hello)


async def test_off_is_off(shared: Lent, pair: Pair) -> None:
    utpost, relay = shared
    relay.offers, relay.tls = STARTTLS, pair.context()
    async with await RawClient.greeted(utpost.smtp) as client:
        await delivers(client)
    assert not relay.connections[0].encrypted


@pytest.mark.parametrize("hello", [b"EHLO client.example", b"HELO client.example"])
async def test_opportunistic_takes_any_certificate(hello: bytes, fleet: Fleet, tmp_path: Path) -> None:
    utpost, relay = fleet.lend('relay.tls="opportunistic"')
    relay.offers, relay.tls = STARTTLS, Authority(tmp_path).issue("another.example").context()
    async with await RawClient.greeted(utpost.smtp, hello) as client:
        assert (await delivers(client)).startswith(b"250")
    assert relay.deliveries
    assert relay.connections[0].encrypted
    assert relay.connections[0].commands[:3] == [b"EHLO client.example", b"STARTTLS", hello]


TROUBLE = {
    "refused": say(b"454 4.7.0 not now\r\n"),
    "broken": drop(b"220 go\r\n"),
    "rubbish": say(b"220 go\r\n250 rubbish\r\n"),
}
OFFERS = {"not offered": FULL, "ehlo unknown": None}


@pytest.mark.parametrize("trouble", [*TROUBLE, *OFFERS])
async def test_opportunistic_goes_on_in_plain_text(trouble: str, fleet: Fleet) -> None:
    utpost, relay = fleet.lend('relay.tls="opportunistic"')
    relay.offers = OFFERS.get(trouble, STARTTLS)
    if trouble in TROUBLE:
        relay.always("starttls", TROUBLE[trouble])
    async with await RawClient.greeted(utpost.smtp) as client:
        assert (await delivers(client)).startswith(b"250")
    assert [t.content for t in relay.deliveries] == [TEXT]
    assert not relay.connections[-1].encrypted


@pytest.mark.parametrize("hello", [b"EHLO client.example", b"HELO client.example"])
async def test_required_encrypts_and_verifies(hello: bytes, both: Lent) -> None:
    utpost, relay = both
    async with await RawClient.greeted(utpost.smtp, hello) as client:
        assert (await delivers(client)).startswith(b"250")
        assert (await delivers(client, MEMBER)).startswith(b"250")
    assert len(relay.deliveries) == 2
    assert all(c.encrypted for c in relay.connections)
    assert relay.connections[0].commands[:3] == [b"EHLO client.example", b"STARTTLS", hello]


async def test_the_name_that_is_given_is_the_one_verified(fleet: Fleet, pair: Pair, authority: Authority) -> None:
    utpost, relay = fleet.lend(*settings_of_both(pair, authority), 'relay.server_name="mail.relay.example"')
    relay.offers, relay.tls = STARTTLS, authority.issue("mail.relay.example", file="relay").context()
    async with await RawClient.greeted(utpost.smtp) as client:
        assert (await delivers(client)).startswith(b"250")
    relay.tls = pair.context()
    assert (await refused(utpost)).startswith(b"421 ")
    assert len(relay.deliveries) == 1


@pytest.mark.parametrize("hello", [b"EHLO client.example", b"HELO client.example"])
@pytest.mark.parametrize("trouble", ["wrong name", "stranger", "old version", *TROUBLE, *OFFERS])
@pytest.mark.filterwarnings("ignore:.*TLSv1_1 is deprecated")
async def test_required_sends_nothing_where_anything_is_wrong(
    trouble: str, hello: bytes, both: Lent, authority: Authority, tmp_path: Path
) -> None:
    utpost, relay = both
    names = "other.example" if trouble == "wrong name" else "127.0.0.1"
    issuer = Authority(tmp_path, "stranger") if trouble == "stranger" else authority
    relay.offers = OFFERS.get(trouble, STARTTLS)
    relay.tls = issuer.issue(names, file="wrong").context()
    if trouble == "old version":
        relay.tls.set_ciphers("ALL:@SECLEVEL=0")
        relay.tls.minimum_version = relay.tls.maximum_version = ssl.TLSVersion.TLSv1_1
    if trouble in TROUBLE:
        relay.always("starttls", TROUBLE[trouble])
    assert (await refused(utpost, hello)).startswith(b"421 ")
    assert {line.split()[0] for line in relay.commands} <= {b"EHLO", b"HELO", b"STARTTLS", b"QUIT"}


# --- AUTH --------------------------------------------------------------------------------------


def plain(user: bytes = MEMBER) -> bytes:
    return b64encode(b"\0" + user + b"\0" + SECRET)


async def test_no_secret_is_ever_logged(
    relay: ScriptedRelay, start_utpost: StartUtpost, pair: Pair, authority: Authority
) -> None:
    settings = (*settings_of_both(pair, authority), 'log_level="debug"')
    utpost, _ = relay_with_auth((start_utpost(relay.address, settings=settings), relay), pair)
    challenge, wrong = b"334 VXNlcm5hbWU6\r\n", b"535 5.7.8 wrong\r\n"
    relay.answer("auth", wrong, challenge, wrong, challenge, challenge, wrong, challenge, drop(), challenge)
    async with await encrypted(utpost, authority) as client:
        await client.command(b"AUTH PLAIN " + plain(), b"535 ")
        await client.command(b"AUTH PLAIN", b"334 ")
        await client.command(plain(), b"535 ")
        await client.command(b"AUTH LOGIN " + b64encode(MEMBER), b"334 ")
        await client.command(b64encode(SECRET), b"334 ")
        await client.command(b64encode(SECRET), b"535 ")
        await client.command(b"AUTH PLAIN", b"334 ")
        await client.command(plain(), b"451 ")
        await client.command(b"AUTH PLAIN", b"334 ")
        await client.command(plain() + b"\n", b"501 ")
        await client.command(b"AUTH XYZ " + plain(), b"504 ")
        await client.command(plain(), b"500 ")
    await asyncio.to_thread(utpost.stop)
    assert utpost.stderr
    for form in (SECRET, b64encode(SECRET), plain(), plain()[:24]):
        assert form.decode() not in utpost.stderr


async def test_auth_is_not_offered_before_tls_with_the_client(both: Lent) -> None:
    utpost, relay = both
    async with await RawClient.greeted(utpost.smtp, None) as client:
        assert b"AUTH" not in keywords(await client.command(b"EHLO client.example"))
        await client.command(b"AUTH PLAIN " + plain(), b"538 5.7.11 ")
        await client.command(b"MAIL FROM:<a@avsandare.example> AUTH=<>", b"555 ")
    assert not [line for line in relay.commands if line.startswith(b"AUTH")]


async def test_auth_is_not_offered_without_tls_to_the_relay(inward: Lent, authority: Authority) -> None:
    utpost, relay = inward
    relay.offers = AUTH
    async with await encrypted(utpost, authority) as client:
        assert b"AUTH" not in keywords(await client.command(b"EHLO client.example"))
        await client.command(b"AUTH PLAIN " + plain(), b"502 ")
    assert not [line for line in relay.commands if line.startswith(b"AUTH")]


async def test_only_what_survives_being_relayed_is_offered(both: Lent, authority: Authority) -> None:
    async with await encrypted(both[0], authority) as client:
        reply = await client.command(b"EHLO client.example", b"250")
        assert b"AUTH PLAIN LOGIN CRAM-MD5\r\n" in reply
        await client.command(b"AUTH GSSAPI", b"504 5.5.4 ")
        await client.command(b"AUTH", b"504 5.5.4 ")


async def test_plain_with_an_initial_response(both: Lent, authority: Authority) -> None:
    utpost, relay = both
    relay.answer("auth", b"235 2.7.0 Welcome, dear\r\n")
    async with await encrypted(utpost, authority) as client:
        assert await client.command(b"auth plain " + plain()) == b"235 2.7.0 Welcome, dear\r\n"
        await client.command(b"AUTH PLAIN " + plain(), b"503 ")
        await client.command(b"MAIL FROM:<anna@avsandare.example> AUTH=<>", b"250")
        await client.command(b"RSET", b"250")
        assert (await delivers(client)).startswith(b"250")
    assert relay.connections[-1].log[3] == b"auth plain " + plain()
    assert b"MAIL FROM:<anna@avsandare.example> AUTH=<>" in relay.commands


async def test_exchanges_are_relayed_line_by_line(both: Lent, authority: Authority) -> None:
    utpost, relay = both
    relay.answer(
        "auth", b"334 \r\n", b"235 2.7.0 ok\r\n", b"334 VXNlcm5hbWU6\r\n", b"334 UGFzc3dvcmQ6\r\n", b"235 ok\r\n"
    )
    async with await encrypted(utpost, authority) as client:
        assert await client.command(b"AUTH PLAIN") == b"334 \r\n"
        assert await client.command(plain()) == b"235 2.7.0 ok\r\n"
    async with await encrypted(utpost, authority) as client:
        assert await client.command(b"AUTH LOGIN") == b"334 VXNlcm5hbWU6\r\n"
        assert await client.command(b64encode(MEMBER)) == b"334 UGFzc3dvcmQ6\r\n"
        assert await client.command(b64encode(SECRET)) == b"235 ok\r\n"
        await client.command(b"MAIL FROM:<a@avsandare.example>", b"250")
        await client.command(b"AUTH PLAIN", b"503 ")


async def test_a_cancelled_exchange(both: Lent, authority: Authority) -> None:
    utpost, relay = both
    relay.answer("auth", b"334 \r\n", b"501 5.7.0 as you like\r\n")
    async with await encrypted(utpost, authority) as client:
        await client.command(b"AUTH PLAIN", b"334 ")
        assert await client.command(b"*") == b"501 5.7.0 as you like\r\n"
        assert await client.command(b"AUTH PLAIN " + plain()) == b"235 2.7.0 Authenticated\r\n"


async def test_a_wrong_password_in_the_relay_s_words(both: Lent, authority: Authority) -> None:
    utpost, relay = both
    relay.answer("auth", b"535-5.7.8 No,\r\n535 5.7.8 that is wrong\r\n", b"454 4.7.0 later\r\n")
    async with await encrypted(utpost, authority) as client:
        assert await client.command(b"AUTH PLAIN " + plain()) == b"535-5.7.8 No,\r\n535 5.7.8 that is wrong\r\n"
        assert await client.command(b"AUTH PLAIN " + plain()) == b"454 4.7.0 later\r\n"
        assert (await delivers(client)).startswith(b"250")


async def test_a_response_that_would_be_two_lines_for_a_lenient_relay_is_not_relayed(
    both: Lent, authority: Authority
) -> None:
    utpost, relay = both
    relay.always("auth", b"334 \r\n")
    async with await encrypted(utpost, authority) as client:
        for response in (b"AGEAYg==\nMAIL FROM:<false@avsandare.example>", b"AGEAYg==\r*", b"AG\0EAYg=="):
            relay.answer("auth", b"334 \r\n", b"501 5.7.0 cancelled\r\n")
            await client.command(b"AUTH PLAIN", b"334 ")
            await client.command(response, b"501 5.5.2 ")
        relay.answer("auth", b"334 \r\n", b"501 5.7.0 cancelled\r\n")
        await client.command(b"AUTH PLAIN", b"334 ")
        await client.command(b"A" * 20_000, b"500 5.5.6 ")
        await client.command(b"NOOP", b"250 ")
    assert not [line for line in relay.connections[-1].log if b"false" in line or b"AAAA" in line]
    assert relay.connections[-1].log.count(b"*") == 4


async def test_tokens_are_as_long_as_they_may_be(both: Lent, authority: Authority) -> None:
    utpost, relay = both
    token = b64encode(b"\0" + MEMBER + b"\0" + b"x" * 9000)
    async with await encrypted(utpost, authority) as client:
        await client.command(b"AUTH PLAIN " + token, b"235 ")
    assert b"AUTH PLAIN " + token in relay.connections[-1].log


@pytest.mark.parametrize("moment", ["at AUTH", "at a challenge"])
async def test_a_relay_that_leaves_in_the_exchange(moment: str, both: Lent, authority: Authority) -> None:
    utpost, relay = both
    async with await encrypted(utpost, authority) as client:
        if moment == "at AUTH":
            relay.answer("auth", drop())
            await client.command(b"AUTH PLAIN " + plain(), b"451 4.4.1 ")
        else:
            relay.answer("auth", b"334 \r\n", drop())
            await client.command(b"AUTH PLAIN", b"334 ")
            await client.command(plain(), b"451 4.4.1 ")
        await client.command(b"AUTH PLAIN " + plain(), b"235 ")
    assert len(relay.connections) == 2 + 1  # the first greeting was in plain text


async def test_a_client_that_leaves_in_the_exchange(both: Lent, authority: Authority) -> None:
    utpost, relay = both
    relay.answer("auth", b"334 \r\n")
    async with await encrypted(utpost, authority) as client:
        await client.command(b"AUTH PLAIN", b"334 ")
    await relay.until(lambda: not relay.standing)
    assert relay.connections[-1].log[-1] == b"AUTH PLAIN", "nothing else may be taken for a response"


async def test_who_authenticated_keeps_the_relay_connection_and_loses_the_session_with_it(
    hasty: Lent, authority: Authority
) -> None:
    utpost, relay = hasty
    async with await encrypted(utpost, authority) as client:
        await client.command(b"AUTH PLAIN " + plain(), b"235 ")
        await asyncio.sleep(0.5)
        assert (await delivers(client)).startswith(b"250")
        assert relay.standing == 1
        relay.hang_up()
        await client.command(b"MAIL FROM:<a@avsandare.example>", b"421 4.4.2 ")
        assert await client.at_end()


async def test_a_connection_given_back_before_auth_comes_again(hasty: Lent, authority: Authority) -> None:
    utpost, relay = hasty
    async with await encrypted(utpost, authority) as client:
        await relay.until(lambda: not relay.standing)
        await client.command(b"AUTH PLAIN " + plain(), b"235 ")


async def test_the_authenticated_user_is_who_is_judged(both: Lent, authority: Authority) -> None:
    utpost, relay = both
    before = utpost.metric("utpost_judged_total")
    async with await encrypted(utpost, authority) as client:
        await client.command(b"AUTH PLAIN " + plain(), b"235 ")
        assert (await delivers(client, b"other@avsandare.example")).startswith(b"250")
    assert utpost.metric("utpost_judged_total") == before + 1
    assert len(relay.deliveries) == 1


async def test_smtplib_authenticates_through(both: Lent, authority: Authority) -> None:
    utpost, relay = both
    relay.answer("auth", b"235 2.7.0 ok\r\n", b"334 VXNlcm5hbWU6\r\n", b"334 UGFzc3dvcmQ6\r\n", b"235 ok\r\n")

    def send(mechanism: str) -> None:
        with smtplib.SMTP("localhost", utpost.smtp[1], timeout=60) as client:
            client.starttls(context=authority.trusting())
            client.ehlo()
            client.user, client.password = MEMBER.decode(), SECRET.decode()
            client.auth(
                mechanism, getattr(client, f"auth_{mechanism.lower()}"), initial_response_ok=mechanism == "PLAIN"
            )
            client.sendmail(FROM.decode(), [TO.decode()], TEXT)

    for mechanism in ("PLAIN", "LOGIN"):
        await asyncio.to_thread(send, mechanism)
    assert [t.content for t in relay.deliveries] == [TEXT] * 2
