"""The motivated exception: refused, answered, permitted, sent; and everything that shall not come of it."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Callable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from pathlib import Path
from typing import Any

import pytest

from tests.integration.test_mass_mailing import MEMBER, addresses, mailing, other_words, reached
from tests.support.postfix import Postfix
from tests.support.process import Utpost
from tests.support.relay import Gate, ScriptedRelay, say
from tests.support.smtp import RawClient

Start = Callable[..., Utpost]
OFFICE = "motivering@utpost.orkelljunga.se"
APPROVER = "kommunkontor@orkelljunga.se"
REASON = "Samrådet gäller alla som bor längs vägen, och de måste få veta tiden innan nämnden beslutar."
SETTINGS = (f'motivation.address="{OFFICE}"',)


def letters(relay: ScriptedRelay, to: bytes = MEMBER) -> list[EmailMessage]:
    """Return the letters of Utpost to somebody, in order."""
    ours = (t for t in relay.deliveries if t.mail.startswith(b"MAIL FROM:<>") and to in t.rcpts[0])
    found = [message_from_bytes(t.content, policy=default) for t in ours]
    return [letter for letter in found if "X-Utpost-Letter" in letter]


async def nth(relay: ScriptedRelay, number: int, to: bytes = MEMBER) -> EmailMessage:
    await relay.until(lambda: len(letters(relay, to)) >= number, f"letter {number} comes")
    return letters(relay, to)[number - 1]


def words(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body is not None
    return " ".join(body.get_content().split())


def answer(letter: EmailMessage, text: str, *, sender: str = MEMBER.decode(), **headers: str) -> bytes:
    """Return an answer to a letter as Outlook would write it, with the letter quoted below."""
    reply = EmailMessage(policy=SMTP)
    reply["From"], reply["To"] = sender, letter["Reply-To"]
    reply["Subject"] = f"SV: {letter['Subject']}"
    reply["In-Reply-To"] = reply["References"] = letter["Message-ID"]
    reply["Message-ID"] = headers.pop("message_id", f"<{abs(hash(text))}.{sender}>")
    for name, value in headers.items():
        reply[name.replace("_", "-")] = value
    quoted = words(letter)[:400]
    head = f"Från: {letter['From']}\nSkickat: den 2 mars 2026 10:00\nTill: {sender}\nÄmne: {letter['Subject']}"
    reply.set_content(
        f"{text}\n\nMed vänlig hälsning\nAnna Berg\n\n________________________________\n{head}\n\n{quoted}\n"
    )
    return reply.as_bytes()


def address(letter: EmailMessage) -> bytes:
    return re.sub(r".*<|>.*", "", str(letter["Reply-To"])).encode()


async def send(utpost: Utpost, recipients: list[bytes], message: bytes, sender: bytes = MEMBER) -> bytes:
    async with await RawClient.greeted(utpost.smtp) as client:
        return await client.deliver(sender, recipients, message)


async def refused(utpost: Utpost, relay: ScriptedRelay, persons: int = 150, **rest: Any) -> EmailMessage:
    """Have a mailing refused, and return the letter about it."""
    before = len(letters(relay))
    assert (await send(utpost, addresses(1, persons), mailing(**rest))).startswith(b"550-5.7.1 ")
    return await nth(relay, before + 1)


def register(utpost: Utpost) -> list[tuple[str, str, str]]:
    with sqlite3.connect(utpost.state / "motivations.db") as connection:
        rows = connection.execute("SELECT sender, reason, state FROM motivation ORDER BY at").fetchall()
    connection.close()
    return rows


@pytest.fixture
def utpost(relay: ScriptedRelay, start_utpost: Start) -> Utpost:
    return start_utpost(relay.address, settings=SETTINGS)


# --- the way through -------------------------------------------------------------------------------


async def test_refused_answered_permitted_and_sent_in_portions(utpost: Utpost, relay: ScriptedRelay) -> None:
    letter = await refused(utpost, relay)
    assert "Svara på det här brevet inom ett dygn" in words(letter)
    assert re.fullmatch(rb"motivering\+[0-9a-z]{35}@utpost\.orkelljunga\.se", address(letter))
    assert await send(utpost, [address(letter)], answer(letter, REASON)) == b"250 2.0.0 Received\r\n"
    confirmation = await nth(relay, 2)
    assert "500 personer till" in words(confirmation)
    assert REASON in words(confirmation)
    assert "inte till dem igen" in words(confirmation)
    for first in (1, 51, 101):
        assert (await send(utpost, addresses(first, first + 49), mailing())).startswith(b"250")
    assert sorted(reached(relay)) == sorted(b"RCPT TO:<%b>" % a for a in addresses(1, 150))
    assert register(utpost) == [(MEMBER.decode(), REASON, "granted")]
    assert not [t for t in relay.transactions if b"motivering" in b"".join(t.rcpts)], "the relay never hears of it"


@pytest.mark.xdist_group("postfix")
async def test_the_whole_way_with_postfix_behind(postfix: tuple[Postfix, ScriptedRelay], start_utpost: Start) -> None:
    server, mailbox = postfix
    utpost = start_utpost(server.address, settings=SETTINGS)
    letter = await refused(utpost, mailbox)
    assert (await send(utpost, [address(letter)], answer(letter, REASON))).startswith(b"250")
    await nth(mailbox, 2)
    for first in (1, 51, 101):
        assert (await send(utpost, addresses(first, first + 49), mailing())).startswith(b"250")
    await mailbox.until(lambda: len(reached(mailbox)) >= 150, "everybody has it")
    got = [re.sub(rb" ORCPT=.*", b"", line) for line in reached(mailbox)]
    assert sorted(got) == sorted(b"RCPT TO:<%b>" % a for a in addresses(1, 150))


async def test_those_who_were_reached_are_not_charged(utpost: Utpost, relay: ScriptedRelay) -> None:
    assert (await send(utpost, addresses(1, 90), mailing())).startswith(b"250")
    assert (await send(utpost, addresses(91, 200), mailing())).startswith(b"550-5.7.1 ")
    letter = await nth(relay, 1)
    assert "90 av dem har redan fått det" in words(letter)
    assert (await send(utpost, [address(letter)], answer(letter, REASON))).startswith(b"250")
    await nth(relay, 2)
    assert (await send(utpost, addresses(91, 590), mailing())).startswith(b"250"), "500 besides the 90"
    assert (await send(utpost, addresses(591, 591), mailing())).startswith(b"550-5.7.1 ")
    await relay.until(lambda: any("det räcker inte" in words(one) for one in letters(relay)), "the permit is used up")


async def test_the_office_among_other_recipients(utpost: Utpost, relay: ScriptedRelay) -> None:
    letter = await refused(utpost, relay)
    reply = await send(utpost, [address(letter), b"kollega@politik.orkelljunga.se"], answer(letter, REASON))
    assert reply == b"250 2.0.0 Ok: queued as 4ABC\r\n"
    assert "500 personer till" in words(await nth(relay, 2))
    copies = [t for t in relay.deliveries if b"kollega" in b"".join(t.rcpts)]
    assert [t.rcpts for t in copies] == [[b"RCPT TO:<kollega@politik.orkelljunga.se>"]]


async def test_nothing_comes_of_an_answer_that_the_relay_does_not_take(utpost: Utpost, relay: ScriptedRelay) -> None:
    letter = await refused(utpost, relay)
    relay.answer("final", b"451 4.3.0 Later\r\n")
    message = answer(letter, REASON)
    both = [address(letter), b"kollega@politik.orkelljunga.se"]
    assert (await send(utpost, both, message)).startswith(b"451")
    assert (await send(utpost, addresses(1, 150), mailing())).startswith(b"550-5.7.1 "), "no permit"
    assert (await send(utpost, both, message)).startswith(b"250")
    assert "500 personer till" in words(await nth(relay, 2))


# --- what is refused ----------------------------------------------------------------------------------


async def test_an_empty_answer_is_refused_kindly_and_may_be_repeated(utpost: Utpost, relay: ScriptedRelay) -> None:
    letter = await refused(utpost, relay)
    for text in ("", "ok"):
        assert (await send(utpost, [address(letter)], answer(letter, text))).startswith(b"250")
    assert "ingen motivering" in words(await nth(relay, 2))
    assert (await send(utpost, [address(letter)], answer(letter, REASON))).startswith(b"250")
    assert "500 personer till" in words(await nth(relay, 3))
    assert register(utpost) == [(MEMBER.decode(), REASON, "granted")]


async def test_a_code_is_good_once_for_its_sender_and_its_mailing(utpost: Utpost, relay: ScriptedRelay) -> None:
    letter = await refused(utpost, relay)
    other = "bo.ek@politik.orkelljunga.se"
    reply = await send(utpost, [address(letter)], answer(letter, REASON, sender=other), other.encode())
    assert reply.startswith(b"250")
    assert "hör inte till något brev" in words(await nth(relay, 1, other.encode()))
    message = answer(letter, REASON)
    assert (await send(utpost, [address(letter)], message)).startswith(b"250")
    await nth(relay, 2)
    assert (await send(utpost, [address(letter)], message)).startswith(b"250"), "the same answer, repeated"
    assert (await send(utpost, [address(letter)], answer(letter, REASON + " Igen."))).startswith(b"250")
    assert "redan besvarat" in words(await nth(relay, 3))
    assert len(letters(relay)) == 3, "a repetition is no second answer"
    text = other_words(3)
    assert (await send(utpost, addresses(1, 150), mailing(number=3, text=text))).startswith(b"550-5.7.1 ")
    assert len(register(utpost)) == 1


@pytest.mark.parametrize("code", ["", "+", "+abc", "+m" + "0" * 34, "+å"])
async def test_forged_codes(utpost: Utpost, relay: ScriptedRelay, code: str) -> None:
    letter = await refused(utpost, relay)
    forged = f"motivering{code}@utpost.orkelljunga.se".encode()
    async with await RawClient.greeted(utpost.smtp) as client:
        await client.command(b"MAIL FROM:<%b>" % MEMBER, b"250")
        reply = await client.command(b"RCPT TO:<%b>" % forged)
        if reply.startswith(b"250"):
            await client.command(b"DATA", b"354")
            await client.send(answer(letter, REASON) + b".\r\n")
            await client.expect(b"250")
            assert "hör inte till något brev" in words(await nth(relay, 2))
    assert (await send(utpost, addresses(1, 150), mailing())).startswith(b"550-5.7.1 ")


@pytest.mark.parametrize(
    ("sender", "headers"),
    [
        (b"", {}),
        (MEMBER, {"Auto_Submitted": "auto-replied"}),
        (MEMBER, {"X_Autoreply": "yes", "Precedence": "auto_reply"}),
        (b"nagon@annat.example", {}),
    ],
    ids=["bounce", "automatic", "older automatic", "stranger"],
)
async def test_machines_and_strangers_are_refused_without_a_letter(
    utpost: Utpost, relay: ScriptedRelay, sender: bytes, headers: dict[str, str]
) -> None:
    letter = await refused(utpost, relay)
    claimed = sender.decode() or "mailer-daemon@orkelljunga.se"
    message = answer(letter, REASON, sender=claimed, **headers)
    assert (await send(utpost, [address(letter)], message, sender)).startswith(b"550 5.7.1 ")
    await asyncio.sleep(0.5)
    assert len(letters(relay)) == 1
    assert (await send(utpost, addresses(1, 150), mailing())).startswith(b"550-5.7.1 ")


async def test_a_reason_that_comes_too_late(relay: ScriptedRelay, start_utpost: Start, tmp_path: Path) -> None:
    utpost = start_utpost(
        relay.address, state=tmp_path / "late", settings=(*SETTINGS, "motivation.answer_hours=0.0001")
    )
    letter = await refused(utpost, relay)
    utpost.stop()
    # An hour is the least that a code is good for: this one was written two hours ago.
    later = start_utpost(relay.address, state=tmp_path / "late", settings=SETTINGS)
    stale = _older(utpost.state, address(letter))
    assert (await send(later, [stale], answer(letter, REASON))).startswith(b"250")
    assert "kom för sent" in words(await nth(relay, 2))


def _older(state: Path, to: bytes) -> bytes:
    """Return the address with a code that was written long ago."""
    from datetime import UTC, datetime, timedelta  # noqa: PLC0415 - for this test alone

    from gateway.motivation.code import Code, read_code  # noqa: PLC0415

    key = (state / "secret").read_bytes()
    code = read_code(to.partition(b"+")[2].partition(b"@")[0].decode(), MEMBER.decode(), key)
    assert code is not None
    stale = Code(
        purpose=code.purpose, mailing=code.mailing, persons=code.persons, until=datetime.now(UTC) - timedelta(hours=2)
    )
    return f"motivering+{stale.write(MEMBER.decode(), key)}@utpost.orkelljunga.se".encode()


async def test_what_we_refuse_while_others_get_it_is_reported(utpost: Utpost, relay: ScriptedRelay) -> None:
    letter = await refused(utpost, relay)
    wrong = b"motivering+%b@utpost.orkelljunga.se" % (b"m" + b"0" * 34)
    message = answer(letter, REASON, sender=APPROVER)
    async with await RawClient.greeted(utpost.smtp) as client:
        await client.command(b"MAIL FROM:<nagon@annat.example>", b"250")
        for to in (wrong, b"kollega@mottagare.example"):
            await client.command(b"RCPT TO:<%b>" % to, b"250")
        await client.command(b"DATA", b"354")
        await client.send(message + b".\r\n")
        await client.expect(b"250")
    await asyncio.sleep(0.3)
    assert len(letters(relay)) == 1, "a stranger gets no report"
    automatic = answer(letter, REASON, Precedence="bulk")
    assert (await send(utpost, [wrong, b"kollega@mottagare.example"], automatic)).startswith(b"250")
    await asyncio.sleep(0.3)
    assert len(letters(relay)) == 1, "nor does a machine"


async def test_an_answer_that_we_lose_after_the_relay_took_it_is_reported(
    relay: ScriptedRelay, start_utpost: Start
) -> None:
    short = ("timeouts.decision=2", "timeouts.relay_final=4", "ledger.hold_seconds=6", "ledger.wait_seconds=1")
    utpost = start_utpost(relay.address, settings=(*SETTINGS, *short))
    letter = await refused(utpost, relay)
    gate = Gate()
    relay.answer("final", say(b"250 2.0.0 Ok\r\n", gate=gate))
    both = [address(letter), b"kollega@mottagare.example"]
    sending = asyncio.create_task(send(utpost, both, answer(letter, REASON)))
    await relay.until(lambda: [t for t in relay.ended if b"kollega" in b"".join(t.rcpts)], "the relay has the dot")
    holder = sqlite3.connect(utpost.state / "ledger.sqlite", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    gate.open()
    assert (await sending).startswith(b"250"), "the relay's word stands"
    report = await nth(relay, 2)
    holder.close()
    assert report.get_content_type() == "multipart/report"
    assert report.get_param("report-type") == "delivery-status"
    parts: Any = list(report.iter_parts())
    words_, status, about = parts
    assert words_.get_content_type() == "multipart/alternative"
    message, recipient = status.get_payload()
    assert message["Reporting-MTA"].startswith("dns; ")
    assert recipient["Final-Recipient"] == f"rfc822; {address(letter).decode()}"
    assert (recipient["Action"], recipient["Status"]) == ("failed", "5.3.0")
    assert about.get_content_type() == "text/rfc822-headers"


# --- the approver --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("said", "granted"), [("Ja, det går bra.", True), ("Nej, använd webbplatsen.", False)])
async def test_an_approver_answers_above_the_ceiling(
    relay: ScriptedRelay, start_utpost: Start, said: str, granted: bool
) -> None:
    settings = (*SETTINGS, "motivation.ceiling=120", f'motivation.approver="{APPROVER}"')
    utpost = start_utpost(relay.address, settings=settings)
    letter = await refused(utpost, relay)
    assert (await send(utpost, [address(letter)], answer(letter, REASON))).startswith(b"250")
    assert "Vänta med att skicka utskicket" in words(await nth(relay, 2))
    question = await nth(relay, 1, APPROVER.encode())
    assert REASON in words(question)
    assert "150 personer" in words(question)
    assert (await send(utpost, addresses(1, 150), mailing())).startswith(b"550-5.7.1 "), "nothing before the answer"
    unclear = answer(question, "Jag vet inte riktigt.", sender=APPROVER)
    assert (await send(utpost, [address(question)], unclear, APPROVER.encode())).startswith(b"250")
    assert "börja med ja eller nej" in words(await nth(relay, 2, APPROVER.encode()))
    assert (await send(utpost, [address(question)], answer(question, said))).startswith(b"250"), "not from the member"
    decided = answer(question, said, sender=APPROVER)
    assert (await send(utpost, [address(question)], decided, APPROVER.encode())).startswith(b"250")
    await relay.until(lambda: register(utpost)[0][2] == ("granted" if granted else "denied"))
    reply = await send(utpost, addresses(1, 150), mailing())
    assert reply.startswith(b"250" if granted else b"550-5.7.1 ")
    told = [words(one) for one in letters(relay)]
    assert any(("150 personer till" if granted else "svaret är nej") in text for text in told)


async def test_above_the_ceiling_without_an_approver(relay: ScriptedRelay, start_utpost: Start) -> None:
    utpost = start_utpost(relay.address, settings=(*SETTINGS, "motivation.ceiling=120"))
    letter = await refused(utpost, relay)
    assert (await send(utpost, [address(letter)], answer(letter, REASON))).startswith(b"250")
    assert "fler personer än vad som kan tillåtas" in words(await nth(relay, 2))


async def test_a_few_a_week(relay: ScriptedRelay, start_utpost: Start) -> None:
    utpost = start_utpost(relay.address, settings=(*SETTINGS, "motivation.per_week=1"))
    letter = await refused(utpost, relay)
    assert (await send(utpost, [address(letter)], answer(letter, REASON))).startswith(b"250")
    await nth(relay, 2)
    again = await refused(utpost, relay, number=7, text=other_words(7))
    assert (await send(utpost, [address(again)], answer(again, REASON))).startswith(b"250")
    assert "flera utskick den senaste veckan" in words(await nth(relay, 4))


# --- failing stores --------------------------------------------------------------------------------------


async def test_a_register_that_cannot_be_written_defers_the_answer(utpost: Utpost, relay: ScriptedRelay) -> None:
    letter = await refused(utpost, relay)
    message = answer(letter, REASON)
    assert (await send(utpost, [address(letter)], answer(letter, ""))).startswith(b"250"), "the register is there"
    holder = sqlite3.connect(utpost.state / "motivations.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    assert (await send(utpost, [address(letter)], message)).startswith(b"451")
    holder.close()
    assert (await send(utpost, [address(letter)], message)).startswith(b"250")
    await relay.until(lambda: any("500 personer till" in words(one) for one in letters(relay)))
