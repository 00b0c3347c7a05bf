"""Clients and relays from other houses: each message arrives exactly once, octet for octet."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import smtplib
import subprocess
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import aiosmtplib
import pytest

from tests.support.fleet import Fleet
from tests.support.mailservers import Exim, MailServer, OpenSmtpd
from tests.support.postfix import Postfix
from tests.support.process import Utpost
from tests.support.relay import ScriptedRelay, Transaction
from tests.support.smtp import RawClient, stuff
from tests.support.tools import program

pytestmark = pytest.mark.xdist_group("postfix")

StartUtpost = Callable[..., Utpost]
Place = tuple[str, int]

FROM, TO, ALSO = "asa@avsandare.example", "bo@mottagare.example", "eva@mottagare.example"
MEMBER = "anna.berg@politik.orkelljunga.se"
HEADER = (
    "Date: Mon, 2 Mar 2026 10:00:00 +0100\r\nMessage-ID: <{number}@avsandare.example>\r\n"
    "From: =?utf-8?q?=C3=85sa?= <asa@avsandare.example>\r\nTo: bo@mottagare.example\r\n"
    "subject:  odd  \r\nX-Folded: a\r\n\tb\r\nX-Twice: 1\r\nX-Twice: 2\r\n\r\n"
)
LONG = "x" * 900
BODY = f".\r\n..\r\n.en punkt först\r\nåäö ÅÄÖ €\r\n\r\n  blanks\r\n{LONG}\r\nFrom the start\r\n.\r\n\r\nend\r\n"


def letter(number: int = 1) -> bytes:
    return (HEADER.format(number=number) + BODY).encode()


def run(*command: str, stdin: bytes = b"") -> None:
    done = subprocess.run(command, input=stdin, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr).decode("utf-8", "replace")


# --- the clients -------------------------------------------------------------------------------


def swaks(place: Place, folder: Path) -> None:
    file = folder / "letter"
    file.write_bytes(letter().removesuffix(b"\r\n").replace(b"\r\n", b"\n"))  # it ends the last line itself
    server = ("--server", place[0], "--port", str(place[1]), "--helo", "client.example")
    run(program("swaks"), *server, "--from", FROM, "--to", f"{TO},{ALSO}", "--data", f"@{file}")


def msmtp(place: Place, folder: Path) -> None:  # noqa: ARG001 - one signature for all
    run(
        program("msmtp"),
        f"--host={place[0]}",
        f"--port={place[1]}",
        f"--from={FROM}",
        *(TO, ALSO),
        stdin=letter().replace(b"\r\n", b"\n"),
    )


def curl(place: Place, folder: Path) -> None:
    file = folder / "letter"
    file.write_bytes(letter())
    envelope = ("--mail-from", FROM, "--mail-rcpt", TO, "--mail-rcpt", ALSO)
    run(program("curl"), "-sS", f"smtp://{place[0]}:{place[1]}/client.example", *envelope, "--upload-file", str(file))


def python_smtplib(place: Place, folder: Path) -> None:  # noqa: ARG001
    with smtplib.SMTP(*place, timeout=60) as client:
        client.sendmail(FROM, [TO, ALSO], letter(), ["BODY=8BITMIME", "RET=HDRS"], ["NOTIFY=NEVER"])


def python_aiosmtplib(place: Place, folder: Path) -> None:  # noqa: ARG001
    async def send() -> None:
        async with aiosmtplib.SMTP(hostname=place[0], port=place[1], start_tls=False) as client:
            await client.sendmail(FROM, [TO, ALSO], letter())

    asyncio.run(send())


CLIENTS = {
    "swaks": swaks,
    "msmtp": msmtp,
    "curl": curl,
    "smtplib": python_smtplib,
    "aiosmtplib": python_aiosmtplib,
}


# --- the relays --------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def cache(request: pytest.FixtureRequest) -> Path:
    """Where programs that are not installed are kept, fetched once."""
    return request.config.cache.mkdir("mailservers")


Behind = tuple[Place, ScriptedRelay]


@pytest.fixture(scope="session")
def before_postfix(
    lasting_postfix: tuple[Postfix, ScriptedRelay], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Behind]:
    """Where Utpost listens that has a Postfix behind it, and the mailbox behind both."""
    with Utpost(lasting_postfix[0].address, state=tmp_path_factory.mktemp("utpost") / "state") as utpost:
        yield utpost.smtp, lasting_postfix[1]


@contextmanager
def before(house: type[MailServer], cache: Path, folder: Path) -> Iterator[Behind]:
    with ScriptedRelay() as mailbox:
        target = int(mailbox.address.rpartition(":")[2])
        with (
            house(cache, folder, target) as server,
            Utpost(f"127.0.0.1:{server.port}", state=folder / "state") as utpost,
        ):
            yield utpost.smtp, mailbox


@pytest.fixture(scope="session")
def before_exim(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    """The same with an Exim."""
    with before(Exim, cache, tmp_path_factory.mktemp("exim")) as behind:
        yield behind


@pytest.fixture(scope="session")
def before_opensmtpd(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    """The same with an OpenSMTPD."""
    with before(OpenSmtpd, cache, tmp_path_factory.mktemp("opensmtpd")) as behind:
        yield behind


class Way:
    """Where to send, and the mailbox at the end of the way; what came before is not looked at."""

    def __init__(self, place: Place, mailbox: ScriptedRelay) -> None:
        self.place = place
        self._mailbox = mailbox
        self._before = {id(transaction) for transaction in mailbox.deliveries}

    @property
    def new(self) -> list[Transaction]:
        return [t for t in self._mailbox.deliveries if id(t) not in self._before]

    async def arrived(self, persons: int) -> list[bytes]:
        """Return what arrived, once for each of so many recipients, however servers have divided them."""
        await self._mailbox.until(lambda: sum(len(t.accepted) for t in self.new) >= persons)
        await asyncio.sleep(0.1)
        assert sum(len(t.accepted) for t in self.new) == persons
        return [without_trace(t.content) for t in self.new]


@pytest.fixture(params=["scripted", "postfix", "exim", "opensmtpd"])
def behind(request: pytest.FixtureRequest, fleet: Fleet) -> Way:
    """A way through Utpost and a relay to a mailbox."""
    if request.param == "scripted":
        utpost, relay = fleet.lend()
        return Way(utpost.smtp, relay)
    place, mailbox = request.getfixturevalue(f"before_{request.param}")
    return Way(place, mailbox)


def without_trace(content: bytes) -> bytes:
    """Take away what real servers put on top: Received fields."""
    while content.startswith(b"Received: "):
        content = re.sub(rb"\AReceived: [^\r]*\r\n(?:[ \t][^\r]*\r\n)*", b"", content)
    return content


@pytest.mark.parametrize("client", CLIENTS)
async def test_what_a_client_sends_arrives_once_and_as_it_is(client: str, behind: Way, tmp_path: Path) -> None:
    await asyncio.to_thread(CLIENTS[client], behind.place, tmp_path)
    for content in await behind.arrived(2):
        assert content == letter()


async def test_s_nail(behind: Way) -> None:
    options = (
        "-:/",
        "-S",
        "v15-compat",
        "-S",
        "mta=smtp://{}:{}".format(*behind.place),
        "-S",
        "smtp-auth=none",
        "-r",
        FROM,
    )
    text = BODY.replace("\r\n", "\n").encode()
    await asyncio.to_thread(run, program("s-nail"), *options, "-s", "En hälsning", TO, ALSO, stdin=text)
    for content in await behind.arrived(2):
        head, _, body = content.partition(b"\r\n\r\n")
        assert b"quoted-printable" in head
        assert b"=C3=A5=C3=A4=C3=B6" in body


# --- nodemailer --------------------------------------------------------------------------------

_SCRIPT = """\
const nodemailer = require("nodemailer");
const wishes = JSON.parse(process.argv[2]);
const transport = nodemailer.createTransport({
  host: wishes.host, port: wishes.port, secure: false, ignoreTLS: true, pool: true, maxConnections: 3,
});
const sent = wishes.letters.map((raw) =>
  transport.sendMail({
    envelope: { from: wishes.from, to: wishes.to, use8BitMime: true },
    raw: Buffer.from(raw, "base64"),
  }));
Promise.all(sent).then(() => transport.close()).catch((error) => { console.error(error); process.exit(1); });
"""


@pytest.fixture(scope="session")
def nodemailer(request: pytest.FixtureRequest) -> Path:
    """A folder with nodemailer in it; where there is no node, or it cannot be fetched, skip the test by name."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are not installed")
    cache: Path = request.config.cache.mkdir("nodemailer")
    if not (cache / "node_modules" / "nodemailer").is_dir():
        command = ["npm", "install", "--no-audit", "--no-fund", "--silent", "--prefix", str(cache), "nodemailer"]
        try:
            done = subprocess.run(command, capture_output=True, timeout=90, check=False)
        except subprocess.TimeoutExpired:
            pytest.skip("nodemailer cannot be fetched")
        if done.returncode != 0:
            pytest.skip("nodemailer cannot be fetched")
    (cache / "send.js").write_text(_SCRIPT)
    return cache


async def test_nodemailer_with_a_pool_of_connections(nodemailer: Path, behind: Way) -> None:
    letters = [letter(number) for number in range(12)]
    wishes = {
        "host": behind.place[0],
        "port": behind.place[1],
        "from": FROM,
        "to": [TO, ALSO],
        "letters": [b64encode(text).decode() for text in letters],
    }
    await asyncio.to_thread(run, "node", str(nodemailer / "send.js"), json.dumps(wishes))
    assert sorted(set(await behind.arrived(24))) == sorted(letters)


# --- mail servers as clients -------------------------------------------------------------------

MANY = 200


async def submit(place: Place, count: int) -> None:
    """Hand a mail server many messages of members and of others, over a few connections."""

    async def some(numbers: range) -> None:
        async with await RawClient.greeted(place) as client:
            for number in numbers:
                sender = MEMBER if number % 2 else FROM
                await client.envelope(sender.encode(), b"n%d@mottagare.example" % number)
                await client.send(stuff(letter(number)) + b".\r\n")
                await client.expect(b"250")

    await asyncio.gather(*(some(range(start, count, 8)) for start in range(8)))


def once_each(relay: ScriptedRelay, count: int) -> None:
    found: dict[int, list[bytes]] = {}
    for delivery in relay.deliveries:
        (rcpt,) = delivery.accepted
        found.setdefault(int(re.findall(rb"<n(\d+)@", rcpt)[0]), []).append(without_trace(delivery.content))
    assert {number: len(contents) for number, contents in found.items()} == dict.fromkeys(range(count), 1)
    assert all(contents == [letter(number)] for number, contents in found.items())


async def test_postfix_with_a_connection_cache(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> None:
    utpost, relay = fleet.lend('access.xforward_peers=["127.0.0.1/32"]')
    host, port = utpost.smtp
    settings = {
        "relayhost": f"[{host}]:{port}",
        "smtp_connection_cache_on_demand": "yes",
        "smtp_connection_cache_destinations": f"[{host}]:{port}",
        "default_destination_concurrency_limit": "5",
        "smtp_send_xforward_command": "yes",
    }
    with Postfix(tmp_path_factory.mktemp("sender"), relay, settings=settings) as sender:
        there, _, at = sender.address.rpartition(":")
        await submit((there, int(at)), MANY)
        await relay.until(lambda: len(relay.deliveries) >= MANY)
        await asyncio.sleep(0.5)
    once_each(relay, MANY)
    assert "conn_use=" in sender.log
    assert len(relay.connections) < MANY / 2, "connections were used again"
    assert "status=deferred" not in sender.log
    assert utpost.metric("utpost_judged_total") >= MANY / 2


async def test_postfix_tries_again_what_was_put_off(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> None:
    utpost, relay = fleet.lend()
    relay.answer("final", b"451 4.3.0 later\r\n", b"421 4.3.2 closing\r\n")
    relay.answer("rcpt", b"250 2.1.5 Ok\r\n", b"450 4.2.0 greylisted\r\n")
    host, port = utpost.smtp
    settings = {"relayhost": f"[{host}]:{port}", "maximal_backoff_time": "2s"}
    with Postfix(tmp_path_factory.mktemp("sender"), relay, settings=settings) as sender:
        there, _, at = sender.address.rpartition(":")
        await submit((there, int(at)), 4)
        await relay.until(lambda: len(relay.deliveries) >= 4)
    once_each(relay, 4)


async def test_postfix_bounces_what_is_refused(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> None:
    utpost, relay = fleet.lend()
    relay.answer("rcpt", b"550 5.1.1 <n0@mottagare.example>: no such user\r\n")
    host, port = utpost.smtp
    with Postfix(tmp_path_factory.mktemp("sender"), relay, settings={"relayhost": f"[{host}]:{port}"}) as sender:
        there, _, at = sender.address.rpartition(":")
        await submit((there, int(at)), 1)
        await relay.until(lambda: relay.deliveries)
    (bounce,) = relay.deliveries
    assert bounce.mail.startswith(b"MAIL FROM:<>")
    assert b"550 5.1.1 <n0@mottagare.example>: no such user" in bounce.content


@pytest.mark.parametrize("house", [Exim, OpenSmtpd])
async def test_other_mail_servers(house: type[MailServer], fleet: Fleet, cache: Path, tmp_path: Path) -> None:
    utpost, relay = fleet.lend()
    with house(cache, tmp_path, utpost.smtp[1]) as server:
        await submit(server.address, 40)
        await relay.until(lambda: len(relay.deliveries) >= 40, server.output[-500:])
        await asyncio.sleep(0.3)
    once_each(relay, 40)


# --- one after the other -----------------------------------------------------------------------


async def test_two_utposts_in_a_row_are_as_none(start_utpost: StartUtpost, relay: ScriptedRelay) -> None:
    inner = start_utpost(relay.address)
    outer = start_utpost("{}:{}".format(*inner.smtp))
    async with await RawClient.greeted(outer.smtp) as client:
        reply = await client.deliver(FROM.encode(), [TO.encode()], letter())
    assert reply == b"250 2.0.0 Ok: queued as 4ABC\r\n"
    assert [t.content for t in relay.deliveries] == [letter()]
