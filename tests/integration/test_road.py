"""The road of a message with a real process and real stores: letters, mailings, failing stores, signatures."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sqlite3
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from gateway.letters.dkim import Algorithm, load_key, make_key
from tests.support.process import Utpost
from tests.support.relay import Gate, ScriptedRelay, Transaction, say
from tests.support.smtp import RawClient

MEMBER = b"anna.berg@politik.orkelljunga.se"
STRANGER = b"kundservice@foretaget.example"
TO = b"bo@mottagare.example"
DEMO = Path(__file__).parents[2] / "demo" / "messages"


def example(name: str) -> bytes:
    """Return one of the demonstration's messages, as on the wire."""
    return (DEMO / f"{name}.eml").read_bytes().replace(b"\n", b"\r\n")


HARMLESS, FORBIDDEN, PRIVATE = example("1-kallelse"), example("3-personnummer"), example("5-privat-forsaljning")


async def send(utpost: Utpost, sender: bytes, message: bytes, *recipients: bytes) -> bytes:
    async with await RawClient.greeted(utpost.smtp) as client:
        return await client.deliver(sender, list(recipients) or [TO], message)


def letters(relay: ScriptedRelay) -> list[Transaction]:
    return [t for t in relay.deliveries if t.mail.startswith(b"MAIL FROM:<>")]


def mail(relay: ScriptedRelay) -> list[Transaction]:
    return [t for t in relay.ended if not t.mail.startswith(b"MAIL FROM:<>")]


# --- letters -----------------------------------------------------------------------------------


async def test_a_refused_message_never_reaches_the_relay_and_its_sender_gets_one_letter(
    utpost: Utpost, relay: ScriptedRelay
) -> None:
    reply = await send(utpost, MEMBER, FORBIDDEN)
    assert reply.startswith(b"550-5.7.1 ")
    assert reply.isascii()
    assert 1 <= reply.count(b"\r\n") <= 3
    assert b"2.7" in reply
    await relay.until(lambda: letters(relay), "a letter comes")
    (letter,) = letters(relay)
    assert [rcpt.split()[1] for rcpt in letter.rcpts] == [b"TO:<" + MEMBER + b">"]
    parsed = message_from_bytes(letter.content, policy=default)
    assert parsed["Auto-Submitted"] == "auto-replied"
    assert b"19590714" not in letter.content
    assert not mail(relay)
    assert b"RSET" in relay.commands


async def test_a_message_with_a_warning_is_delivered_as_it_is_and_its_sender_gets_one_letter(
    utpost: Utpost, relay: ScriptedRelay
) -> None:
    assert await send(utpost, MEMBER, PRIVATE) == b"250 2.0.0 Ok: queued as 4ABC\r\n"
    await relay.until(lambda: letters(relay), "a letter comes")
    assert [t.content for t in mail(relay)] == [PRIVATE]


async def test_the_same_again_is_no_second_letter(utpost: Utpost, relay: ScriptedRelay) -> None:
    for _ in range(3):
        assert (await send(utpost, MEMBER, PRIVATE)).startswith(b"250")
    assert (await send(utpost, MEMBER, FORBIDDEN)).startswith(b"550")
    await relay.until(lambda: len(letters(relay)) == 2, "one letter for each matter")
    await asyncio.to_thread(utpost.stop)
    assert len(letters(relay)) == 2


async def test_a_message_that_the_relay_refuses_is_followed_by_no_letter(utpost: Utpost, relay: ScriptedRelay) -> None:
    relay.answer("final", b"554 5.7.1 not with us\r\n")
    assert await send(utpost, MEMBER, PRIVATE) == b"554 5.7.1 not with us\r\n"
    assert (await send(utpost, MEMBER, FORBIDDEN)).startswith(b"550")
    await relay.until(lambda: letters(relay), "the letter on the second one")
    await asyncio.to_thread(utpost.stop)
    assert len(letters(relay)) == 1


async def test_one_delivery_and_one_letter_when_the_client_left_after_its_dot(
    utpost: Utpost, relay: ScriptedRelay
) -> None:
    gate = Gate()
    relay.answer("final", say(b"250 2.0.0 Ok: late\r\n", gate=gate))
    async with await RawClient.greeted(utpost.smtp) as client:
        await client.envelope(MEMBER, TO)
        await client.send(PRIVATE + b".\r\n")
        await relay.until(gate.reached.is_set)
        client.abort()
    await asyncio.sleep(0.2)
    gate.open()
    await relay.until(lambda: letters(relay), "a letter comes")
    await asyncio.to_thread(utpost.stop)
    assert len(mail(relay)) == 1
    assert len(letters(relay)) == 1


async def test_a_letter_waits_until_the_relay_is_back(
    relay: ScriptedRelay, start_utpost: Callable[..., Utpost]
) -> None:
    utpost = start_utpost(relay.address, settings=("letters.retry_seconds=[0.2]",))
    async with await RawClient.greeted(utpost.smtp) as client:
        await client.envelope(MEMBER, TO)
        relay.refuse()
        await client.send(FORBIDDEN + b".\r\n")
        await client.expect(b"550-5.7.1 ")
    await asyncio.sleep(0.5)
    assert not letters(relay)
    relay.return_()
    await relay.until(lambda: letters(relay), "the letter comes at last")


async def test_letters_carry_the_signatures_of_all_keys(
    tmp_path: Path, relay: ScriptedRelay, start_utpost: Callable[..., Utpost]
) -> None:
    records: dict[bytes, bytes] = {}
    keys = []
    for selector, domain, algorithm in (
        ("u1", "orkelljunga.se", Algorithm.RSA),
        ("u2", "orkelljunga.se", Algorithm.ED25519),
        ("u1", "utpost.example", Algorithm.RSA),
    ):
        file = tmp_path / f"{selector}.{domain}.pem"
        file.write_bytes(make_key(algorithm))
        file.chmod(0o600)
        key = load_key(file, domain, selector)
        records[f"{key.record_name}.".encode()] = key.record.encode()
        keys.append(f'"{key.record_name}={file}"')
    utpost = start_utpost(relay.address, settings=(f"dkim.keys=[{','.join(keys)}]",))
    await send(utpost, MEMBER, FORBIDDEN)
    await relay.until(lambda: letters(relay))
    octets = letters(relay)[0].content
    assert octets.count(b"DKIM-Signature:") == 3
    checker = dkim.DKIM(octets)
    for number in range(3):
        assert checker.verify(number, dnsfunc=lambda name, **_: records[name])


async def test_passing_messages_are_signed_above_untouched_octets(
    tmp_path: Path, relay: ScriptedRelay, start_utpost: Callable[..., Utpost]
) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(make_key(Algorithm.RSA))
    file.chmod(0o600)
    key = load_key(file, "orkelljunga.se", "u1")
    settings = (f'dkim.keys=["{key.record_name}={file}"]', "dkim.sign_passing=true")
    utpost = start_utpost(relay.address, settings=settings)
    dotted = HARMLESS + b".en punkt\r\n..tva\r\n"
    assert (await send(utpost, MEMBER, dotted)).startswith(b"250")
    assert (await send(utpost, STRANGER, HARMLESS)).startswith(b"250")
    signed, unsigned = (t.content for t in mail(relay))
    assert signed.startswith(b"DKIM-Signature: v=1;")
    assert signed.endswith(dotted)
    assert dkim.verify(signed, dnsfunc=lambda *_, **__: key.record.encode())
    assert unsigned == HARMLESS, "a stranger who names a member in From is not vouched for"


async def test_a_letter_of_ours_that_comes_by_is_nobody_s(
    relay: ScriptedRelay, start_utpost: Callable[..., Utpost]
) -> None:
    setting = 'letters.sender="utpost@politik.orkelljunga.se"'
    utpost = start_utpost(relay.address, settings=(setting,))
    await send(utpost, MEMBER, FORBIDDEN)
    await relay.until(lambda: letters(relay))
    letter = letters(relay)[0].content
    judged = await asyncio.to_thread(utpost.metric, "utpost_judged_total")
    async with await RawClient.greeted(utpost.smtp) as client:
        assert (await client.deliver(b"", [MEMBER], letter)).startswith(b"250")
    await relay.until(lambda: len(letters(relay)) == 2)
    assert letters(relay)[1].content == letter
    assert await asyncio.to_thread(utpost.metric, "utpost_judged_total") == judged


async def test_a_message_that_goes_in_circles_gets_no_letter(utpost: Utpost, relay: ScriptedRelay) -> None:
    circling = b"Received: from a by b; Mon, 2 Mar 2026 10:00:00 +0100\r\n" * 16 + FORBIDDEN
    assert (await send(utpost, MEMBER, circling)).startswith(b"550-5.7.1 ")
    await asyncio.sleep(0.5)
    assert not letters(relay)


async def test_mailing_counts_persons_of_all_its_parts(utpost: Utpost, relay: ScriptedRelay) -> None:
    text = example("2-utskick")
    first = [b"a%d@mottagare.example" % n for n in range(60)]
    second = [b"b%d@mottagare.example" % n for n in range(40)]
    assert (await send(utpost, MEMBER, text, *first)).startswith(b"250")
    assert (await send(utpost, MEMBER, text, *second)).startswith(b"250")
    assert (await send(utpost, MEMBER, text, *first, *second)).startswith(b"250"), "nobody new is reached"
    assert (await send(utpost, MEMBER, text, b"one-more@mottagare.example")).startswith(b"550-5.7.1 ")
    assert len(mail(relay)) == 3


# --- failing stores ----------------------------------------------------------------------------


def fill_disk(utpost: Utpost) -> None:
    """Let no process of Utpost write another octet to any file, as on a full disk."""
    for pid in utpost.children():
        # What opens files may write nothing anyway, and may end at any moment.
        with suppress(ProcessLookupError):
            if resource.prlimit(pid, resource.RLIMIT_FSIZE)[1] != 0:
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, 1))


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a store's file, so that nobody else can write it."""
    holder = sqlite3.connect(path, isolation_level=None)
    try:
        holder.execute("BEGIN EXCLUSIVE")
        yield
    finally:
        holder.close()


async def nothing_is_sent_but_strangers_pass(utpost: Utpost, relay: ScriptedRelay, *messages: bytes) -> None:
    """Judged mail is put off, and nothing of it reaches the relay; mail out of scope flows."""
    for message in messages:
        reply = await send(utpost, MEMBER, message)
        assert reply.startswith(b"451 4.3.0 "), reply
    assert not relay.ended
    for _ in range(3):
        assert (await send(utpost, STRANGER, FORBIDDEN)).startswith(b"250 2.0.0 Ok")
    assert [t.content for t in mail(relay)] == [FORBIDDEN] * 3


async def test_full_disk(utpost: Utpost, relay: ScriptedRelay) -> None:
    fill_disk(utpost)
    await nothing_is_sent_but_strangers_pass(utpost, relay, HARMLESS, FORBIDDEN, PRIVATE)


async def test_dead_ledger(utpost: Utpost, relay: ScriptedRelay) -> None:
    with locked(utpost.state / "ledger.sqlite"):
        await nothing_is_sent_but_strangers_pass(utpost, relay, HARMLESS)
    assert (await send(utpost, MEMBER, HARMLESS)).startswith(b"250"), "it comes back by itself"


async def test_the_process_that_keeps_the_ledger_is_replaced_and_forgets_nobody(
    utpost: Utpost, relay: ScriptedRelay
) -> None:
    text = example("2-utskick")
    persons = [b"a%d@mottagare.example" % n for n in range(100)]
    assert (await send(utpost, MEMBER, text, *persons)).startswith(b"250")
    assert (await send(utpost, MEMBER, HARMLESS)).startswith(b"250"), "then the first message is counted"
    keeper = utpost.named("utpost-books")
    os.kill(keeper, signal.SIGKILL)
    await relay.until(lambda: utpost.named("utpost-books", missing=keeper) != keeper, "there is another one")
    reply = await send(utpost, MEMBER, text, b"one-more@mottagare.example")
    assert reply.startswith(b"550-5.7.1 "), reply
    assert len(mail(relay)) == 2


async def test_dead_outbox(utpost: Utpost, relay: ScriptedRelay) -> None:
    with locked(utpost.state / "outbox.db"):
        await nothing_is_sent_but_strangers_pass(utpost, relay, FORBIDDEN, PRIVATE)
        assert (await send(utpost, MEMBER, HARMLESS)).startswith(b"250"), "without a letter, no outbox is needed"
    assert (await send(utpost, MEMBER, PRIVATE)).startswith(b"250"), "it comes back by itself"
    await relay.until(lambda: letters(relay))


async def test_redis_that_is_not_there(relay: ScriptedRelay, start_utpost: Callable[..., Utpost]) -> None:
    with ScriptedRelay() as dead:
        dead.refuse()
        utpost = start_utpost(relay.address, settings=(f'ledger.url="redis://{dead.address}/0"',))
        await nothing_is_sent_but_strangers_pass(utpost, relay, HARMLESS)


@pytest.mark.parametrize("message", [HARMLESS, PRIVATE], ids=["harmless", "private"])
async def test_stores_that_fail_after_the_relay_s_word_change_nothing(
    message: bytes, utpost: Utpost, relay: ScriptedRelay
) -> None:
    gate = Gate()
    relay.answer("final", say(b"250-2.0.0 Ok:\r\n250 2.0.0 queued\r\n", gate=gate))
    async with await RawClient.greeted(utpost.smtp) as client:
        await client.envelope(MEMBER, TO)
        await client.send(message + b".\r\n")
        await relay.until(gate.reached.is_set)
        fill_disk(utpost)
        gate.open()
        assert await client.reply() == b"250-2.0.0 Ok:\r\n250 2.0.0 queued\r\n"
    assert len(mail(relay)) == 1


async def test_a_letter_that_could_not_be_released_goes_when_the_outbox_is_well(
    utpost: Utpost, relay: ScriptedRelay
) -> None:
    gate = Gate()
    relay.answer("final", say(b"250 2.0.0 Ok\r\n", gate=gate))
    async with await RawClient.greeted(utpost.smtp) as client:
        await client.envelope(MEMBER, TO)
        await client.send(PRIVATE + b".\r\n")
        await relay.until(gate.reached.is_set)
        with locked(utpost.state / "outbox.db"):
            gate.open()
            await client.expect(b"250")
            await asyncio.sleep(6)  # longer than the store waits for the file
            assert not letters(relay)
    await relay.until(lambda: letters(relay), "the letter comes at last")


# --- signatures --------------------------------------------------------------------------------


@pytest.mark.parametrize("canonical", [b"simple/simple", b"relaxed/relaxed"])
async def test_a_signature_made_before_utpost_is_good_behind_it(
    canonical: bytes, utpost: Utpost, relay: ScriptedRelay
) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    record = b"v=DKIM1; k=rsa; p=" + b64encode(public)
    header, body = canonical.split(b"/")
    signature = dkim.sign(HARMLESS, b"s1", b"politik.orkelljunga.se", pem, canonicalize=(header, body))
    assert (await send(utpost, MEMBER, signature + HARMLESS)).startswith(b"250")
    (transaction,) = mail(relay)
    assert dkim.verify(transaction.content, dnsfunc=lambda _name, **_: record)
    assert not dkim.verify(
        transaction.content.replace(b"Dagordningen", b"dagordningen"), dnsfunc=lambda *_, **__: record
    )
