"""Person 101 is not reached, however a mailing is split, and nobody is refused wrongly: with real servers."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from tests.support.postfix import Postfix
from tests.support.process import Utpost
from tests.support.redis_server import RedisServer
from tests.support.relay import Gate, ScriptedRelay, say
from tests.support.smtp import RawClient

MEMBER = b"anna.berg@politik.orkelljunga.se"
Start = Callable[..., Utpost]

WORDS = (
    "samhällsbyggnadsnämnden bjuder in till samråd om säkrare skolvägar i hela tätorten och vi vill höra vad du tycker "
    "om förslaget innan det behandlas i nämnden under våren eftersom många barn cyklar till skolan varje dag längs "
    "vägar som saknar belysning och trottoar handlingarna finns på kommunens webbplats och i biblioteket synpunkter "
    "lämnas skriftligt senast den sista april mötet hålls i matsalen och fika ingår för den som anmäler sig i tid"
)


def mailing(to: str = "undisclosed-recipients:;", number: int = 1, greeting: str = "Hej!", text: str = WORDS) -> bytes:
    """Return a newsletter, as on the wire."""
    head = (
        f"Date: Mon, 02 Mar 2026 10:00:00 +0100\r\nFrom: Anna Berg <{MEMBER.decode()}>\r\nTo: {to}\r\n"
        f"Subject: =?utf-8?q?Samr=C3=A5d?=\r\nMessage-ID: <{number}@politik.orkelljunga.se>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    )
    return f"{head}{greeting}\r\n\r\n{text}\r\n\r\nMed vänlig hälsning\r\nAnna Berg\r\n".encode()


def other_words(number: int) -> str:
    """Return a text that has no word in common with those of other numbers; digits would not make a difference."""
    ending = "".join(chr(97 + int(digit)) for digit in str(number))
    return " ".join(f"{word}{ending}" for word in WORDS.split())


def addresses(first: int, last: int) -> list[bytes]:
    """Return the addresses of persons first to last, both included."""
    return [b"person%d@mottagare.example" % number for number in range(first, last + 1)]


def reached(relay: ScriptedRelay) -> list[bytes]:
    """Return every recipient line of the mail that the relay took, letters and bounces apart."""
    mail = (t for t in relay.deliveries if not t.mail.upper().startswith(b"MAIL FROM:<>"))
    return [line for transaction in mail for line in transaction.accepted]


def letters(relay: ScriptedRelay) -> list[bytes]:
    """Return what Utpost itself has written; a bounce of somebody else is none."""
    return [t.content for t in relay.deliveries if b"\nAuto-Submitted: auto-" in t.content and b"Utpost" in t.content]


@dataclass
class Target:
    """Where a Postfix hands its mail on to."""

    address: str


@dataclass
class Front:
    """A Postfix before a Utpost before a relay."""

    postfix: Postfix
    utpost: Utpost
    relay: ScriptedRelay

    async def submit(self, recipients: list[bytes], message: bytes, sender: bytes = MEMBER) -> bytes:
        """Hand a message in and return the last reply."""
        host, _, port = self.postfix.address.rpartition(":")
        async with await RawClient.greeted((host, int(port))) as client:
            return await client.deliver(sender, recipients, message)

    def queue_is_empty(self) -> bool:
        """Tell whether Postfix has nothing left to do."""
        queue = self.postfix.folder / "queue"
        folders = ("incoming", "active", "deferred", "maildrop")
        return not any(path.is_file() for name in folders for path in (queue / name).rglob("*"))


@pytest.fixture
def front(tmp_path: Path, relay: ScriptedRelay, start_utpost: Start) -> Iterator[Front]:
    """A Postfix with its defaults behind whose queue Utpost stands."""
    utpost = start_utpost(relay.address, workers=2, settings=("ledger.wait_seconds=2",))
    host, port = utpost.smtp
    with Postfix(tmp_path / "front", Target(f"{host}:{port}")) as postfix:  # type: ignore[arg-type]
        yield Front(postfix, utpost, relay)


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


# --- a: behind the queue, fifty at a time, in parallel ---------------------------------------------


async def split_and_sent(front: Front, runs: int) -> None:
    for run in range(runs):
        front.relay.reset()
        recipients = [b"r%d-" % run + address for address in addresses(1, 250)]
        text = other_words(run)
        # Another sender each time: after twenty letters in a day the rest is told in a digest.
        sender = b"ledamot%d@politik.orkelljunga.se" % run
        reply = await front.submit(recipients, mailing(number=1000 + run, text=text), sender)
        assert reply.startswith(b"250")
        await front.relay.until(front.queue_is_empty, "Postfix is done")
        got = reached(front.relay)
        assert len(got) == len(set(got)), "each person once"
        assert len(got) == 100, "the line is reached and not crossed"
        await front.relay.until(lambda: letters(front.relay), "the letter comes")
        await asyncio.sleep(0.3)
        (letter,) = letters(front.relay)
        assert b"2.3" in letter


@pytest.mark.xdist_group("postfix")
async def test_a_hidden_mailing_split_by_postfix_stops_at_a_hundred(front: Front) -> None:
    await split_and_sent(front, 10)


@pytest.mark.long
@pytest.mark.xdist_group("postfix")
async def test_a_hidden_mailing_split_by_postfix_stops_at_a_hundred_every_time(front: Front) -> None:
    await split_and_sent(front, 50)


@pytest.mark.xdist_group("postfix")
async def test_a_visible_mailing_split_by_postfix_reaches_nobody(front: Front) -> None:
    visible = ",\r\n ".join(address.decode() for address in addresses(1, 250))
    assert (await front.submit(addresses(1, 250), mailing(to=visible))).startswith(b"250")
    await front.relay.until(front.queue_is_empty, "Postfix is done")
    assert reached(front.relay) == []
    await front.relay.until(lambda: letters(front.relay), "the letter comes")
    assert len(letters(front.relay)) == 1


# --- b: before the queue ---------------------------------------------------------------------------


@pytest.mark.xdist_group("postfix")
async def test_before_the_queue_a_mailing_is_refused_as_a_whole(
    tmp_path: Path, relay: ScriptedRelay, start_utpost: Start
) -> None:
    utpost = start_utpost(relay.address)
    host, port = utpost.smtp
    postfix = Postfix(tmp_path / "proxy", Target("127.0.0.1:1"))  # type: ignore[arg-type]
    postfix.smtpd_options = (f"-o smtpd_proxy_filter={host}:{port}",)
    with postfix:
        address, _, filtered = postfix.address.rpartition(":")
        async with await RawClient.greeted((address, int(filtered))) as client:
            reply = await client.deliver(MEMBER, addresses(1, 250), mailing())
            assert reply.startswith(b"550"), reply
            assert b"5.7.1" in reply
            assert (await client.deliver(MEMBER, addresses(1, 100), mailing())).startswith(b"250")
    assert len(reached(relay)) == 100


# --- c: one by one, through two gateways --------------------------------------------------------------


async def one_by_one(gateways: list[Utpost], relay: ScriptedRelay) -> None:
    async def send(number: int) -> bytes:
        utpost = gateways[number % len(gateways)]
        message = mailing(
            to=f"person{number}@mottagare.example", number=number, greeting=f"Hej person {chr(97 + number % 26)}!"
        )
        async with await RawClient.greeted(utpost.smtp) as client:
            return await client.deliver(MEMBER, [b"person%d@mottagare.example" % number], message)

    places = asyncio.Semaphore(8)

    async def in_turn(number: int) -> bytes:
        async with places:
            return await send(number)

    replies = await asyncio.gather(*(in_turn(number) for number in range(150)))
    assert sum(reply.startswith(b"250") for reply in replies) == 100
    assert sum(reply.startswith(b"550-5.7.1 ") for reply in replies) == 50
    assert len(set(reached(relay))) == 100


async def test_copies_with_personal_greetings_through_two_gateways_that_share_a_folder(
    tmp_path: Path, relay: ScriptedRelay, start_utpost: Start
) -> None:
    await one_by_one([start_utpost(relay.address, state=tmp_path / "one") for _ in range(2)], relay)


async def test_copies_with_personal_greetings_through_two_gateways_that_share_redis(
    relay: ScriptedRelay, start_utpost: Start, redis_server: RedisServer
) -> None:
    settings = (f'ledger.url="{redis_server.url}"',)
    await one_by_one([start_utpost(relay.address, settings=settings) for _ in range(2)], relay)


# --- d: answers are no mailing -------------------------------------------------------------------------


def answer(number: int, text: str) -> bytes:
    head = (
        f"Date: Mon, 02 Mar 2026 10:00:00 +0100\r\nFrom: Anna Berg <{MEMBER.decode()}>\r\n"
        f"To: invanare{number}@mottagare.example\r\nSubject: Sv: Fraga {number}\r\n"
        f"Message-ID: <svar{number}@politik.orkelljunga.se>\r\nIn-Reply-To: <fraga{number}@mottagare.example>\r\n"
        f"References: <fraga{number}@mottagare.example>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    )
    return f"{head}{text}\r\n\r\nMed vänlig hälsning\r\nAnna Berg\r\nKommunfullmäktige\r\n".encode()


@pytest.mark.parametrize("alike", [True, False], ids=["identical", "different"])
async def test_a_hundred_and_twenty_answers_in_a_day_pass(utpost: Utpost, relay: ScriptedRelay, alike: bool) -> None:
    async with await RawClient.greeted(utpost.smtp) as client:
        for number in range(120):
            text = "Tack för ditt mejl! Jag tar med mig frågan." if alike else f"Tack! Ärende {number} tas upp i maj."
            reply = await client.deliver(MEMBER, [b"invanare%d@mottagare.example" % number], answer(number, text))
            assert reply.startswith(b"250"), reply
    assert len(reached(relay)) == 120


# --- e: what was refused counts nothing -------------------------------------------------------------------


async def test_a_refused_attempt_counts_nothing(utpost: Utpost, relay: ScriptedRelay) -> None:
    async with await RawClient.greeted(utpost.smtp) as client:
        assert (await client.deliver(MEMBER, addresses(1, 150), mailing())).startswith(b"550-5.7.1 ")
        assert (await client.deliver(MEMBER, addresses(1, 80), mailing())).startswith(b"250")
        assert (await client.deliver(MEMBER, addresses(1, 80), mailing())).startswith(b"250"), (
            "a repetition counts once"
        )
        reply = await client.deliver(MEMBER, addresses(81, 101), mailing())
        assert reply.startswith(b"550-5.7.1 "), reply
    assert len(set(reached(relay))) == 80
    await relay.until(lambda: letters(relay))


async def test_the_letter_says_how_many_were_reached(utpost: Utpost, relay: ScriptedRelay) -> None:
    async with await RawClient.greeted(utpost.smtp) as client:
        await client.deliver(MEMBER, addresses(1, 80), mailing())
        await client.deliver(MEMBER, addresses(81, 120), mailing())
    await relay.until(lambda: letters(relay))
    text = message_from_bytes(letters(relay)[0], policy=default).get_body(("plain",))
    assert text is not None
    words = text.get_content()
    assert "80" in words
    assert "120" in words


# --- f: killed between claim and count ---------------------------------------------------------------------


async def test_killed_between_claim_and_count_nothing_stays_consumed(
    tmp_path: Path, relay: ScriptedRelay, start_utpost: Start
) -> None:
    settings = ("timeouts.decision=2", "timeouts.relay_final=4", "ledger.hold_seconds=15", "ledger.wait_seconds=0")
    utpost = start_utpost(relay.address, state=tmp_path / "killed", settings=settings)
    gate = Gate()
    relay.answer("final", say(b"250 2.0.0 Ok\r\n", gate=gate))
    client = await RawClient.greeted(utpost.smtp)
    sending = asyncio.create_task(client.deliver(MEMBER, addresses(1, 90), mailing()))
    await relay.until(lambda: relay.ended, "the relay has the dot")
    for pid in utpost.children():
        utpost.kill_one(pid)
    utpost.kill()
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    client.abort()
    gate.open()
    again = start_utpost(relay.address, state=tmp_path / "killed", settings=settings)
    async with await RawClient.greeted(again.smtp) as other:
        reply = await other.deliver(MEMBER, addresses(101, 120), mailing())
        assert reply.startswith(b"451 4.3.0 "), "the ninety may have been reached: nobody is told a lie"
        for _ in range(200):
            await asyncio.sleep(0.2)
            reply = await other.deliver(MEMBER, addresses(101, 120), mailing())
            if reply.startswith(b"250"):
                break
        assert reply.startswith(b"250"), reply
        assert (await other.deliver(MEMBER, addresses(121, 200), mailing())).startswith(b"250"), "only twenty count"


async def test_a_count_that_fails_after_the_relay_s_word_is_tried_again(utpost: Utpost, relay: ScriptedRelay) -> None:
    gate = Gate()
    relay.answer("final", say(b"250 2.0.0 Ok\r\n", gate=gate))
    async with await RawClient.greeted(utpost.smtp) as client:
        sending = asyncio.create_task(client.deliver(MEMBER, addresses(1, 100), mailing()))
        await relay.until(lambda: relay.ended, "the relay has the dot")
        holder = sqlite3.connect(utpost.state / "ledger.sqlite", isolation_level=None)
        holder.execute("BEGIN EXCLUSIVE")
        gate.open()
        assert (await sending).startswith(b"250"), "the relay's word stands"
        await asyncio.sleep(5.5)
        holder.close()
        reply = b""
        for _ in range(100):
            reply = await client.deliver(MEMBER, addresses(101, 101), mailing())
            if reply.startswith(b"550-5.7.1 "):
                break
        assert reply.startswith(b"550-5.7.1 "), reply
    assert len(reached(relay)) == 100


# --- 4: many visible recipients ------------------------------------------------------------------------------


async def test_many_visible_recipients_get_advice_once_a_week(utpost: Utpost, relay: ScriptedRelay) -> None:
    visible = ",\r\n ".join(address.decode() for address in addresses(1, 25))
    async with await RawClient.greeted(utpost.smtp) as client:
        for number in range(3):
            message = mailing(to=visible, number=number, text=other_words(number))
            assert (await client.deliver(MEMBER, addresses(1, 25), message)).startswith(b"250")
    await relay.until(lambda: letters(relay), "the advice comes")
    await asyncio.sleep(0.5)
    (advice,) = letters(relay)
    words = message_from_bytes(advice, policy=default).get_body(("plain",))
    assert words is not None
    assert "hemlig kopia" in words.get_content().lower()
