"""Clients from other houses: what they send through Utpost reaches the relay as it would without it."""

from __future__ import annotations

import asyncio
import email
import smtplib
import subprocess
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import aiosmtplib
import pytest

from tests.support.process import Utpost
from tests.support.relay import ScriptedRelay, Transaction
from tests.support.tools import program

Shared = tuple[Utpost, ScriptedRelay]

FROM, TO, ALSO = "asa@avsandare.example", "bo@mottagare.example", "eva@mottagare.example"
BODY = ".En punkt först.\n\nOch så: åäö.\n..\nSlut\n"


def letter() -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = FROM, f"{TO}, {ALSO}", "En hälsning"
    message["Date"] = "Mon, 02 Mar 2026 10:00:00 +0100"
    message["Message-ID"] = "<1@avsandare.example>"
    message.set_content(BODY, cte="8bit")
    return message


def run(*command: str, text: str | None = None) -> None:
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


async def sent_both_ways(shared: Shared, *command: str, text: str | None = None) -> tuple[Transaction, Transaction]:
    """Run a client straight to the relay, then through Utpost; HOST, PORT and SERVER stand for where to."""
    utpost, relay = shared
    host, _, port = relay.address.rpartition(":")
    for place in ((host, int(port)), utpost.smtp):
        named = {"HOST": place[0], "PORT": str(place[1]), "SERVER": f"{place[0]}:{place[1]}"}
        filled = []
        for word in command:
            for name, value in named.items():
                word = word.replace(name, value)  # noqa: PLW2901 - filled in step by step
            filled.append(word)
        await asyncio.to_thread(run, *filled, text=text)
    await relay.until(lambda: len(relay.deliveries) == 2)
    direct, through = relay.deliveries
    return direct, through


def same_envelope(direct: Transaction, through: Transaction) -> None:
    assert [direct.mail.upper(), *map(bytes.upper, direct.rcpts)] == [
        through.mail.upper(),
        *map(bytes.upper, through.rcpts),
    ]


async def test_swaks(shared: Shared) -> None:
    # A fixed date, subject and Message-Id: otherwise swaks writes the time and its process number into the message.
    options = ("--silent", "3", "--helo", "client.example", "--header", "Date: Mon, 2 Mar 2026 10:00:00 +0100")
    body = ("--header", "Message-Id: <1@avsandare.example>", "--header", "Subject: Hej", "--body", BODY)
    command = ("--server", "SERVER", "--from", FROM, "--to", f"{TO},{ALSO}", *options, *body)
    direct, through = await sent_both_ways(shared, program("swaks"), *command)
    same_envelope(direct, through)
    assert direct.content == through.content


async def test_swaks_with_pipelining_and_an_attachment(shared: Shared, tmp_path: Path) -> None:
    file = tmp_path / "bild.bin"
    file.write_bytes(bytes(range(256)) * 100)
    options = (
        "--silent",
        "3",
        "--pipeline",
        "--header",
        "Date: Mon, 2 Mar 2026 10:00:00 +0100",
        "--attach",
        f"@{file}",
    )
    command = ("--server", "SERVER", "--from", FROM, "--to", f"{TO},{ALSO}", *options)
    direct, through = await sent_both_ways(shared, program("swaks"), *command)
    same_envelope(direct, through)
    attached = [
        list(email.message_from_bytes(t.content).walk())[-1].get_payload(decode=True) for t in (direct, through)
    ]
    assert attached[0] == attached[1] == file.read_bytes()


async def test_msmtp(shared: Shared) -> None:
    command = ("--host=HOST", "--port=PORT", f"--from={FROM}", "--dsn-notify=failure", "--dsn-return=headers", TO, ALSO)
    direct, through = await sent_both_ways(shared, program("msmtp"), *command, text=letter().as_string())
    same_envelope(direct, through)
    assert b"RET=HDRS" in through.mail
    assert b"NOTIFY=FAILURE" in through.rcpts[0]
    assert direct.content == through.content


async def test_curl(shared: Shared, tmp_path: Path) -> None:
    file = tmp_path / "letter.eml"
    file.write_bytes(letter().as_bytes(policy=SMTP))
    options = ("--silent", "--show-error", "--mail-from", FROM, "--mail-rcpt", TO, "--mail-rcpt", ALSO)
    direct, through = await sent_both_ways(
        shared, program("curl"), "smtp://SERVER/client.example", *options, "--upload-file", str(file)
    )
    same_envelope(direct, through)
    assert direct.content == through.content == file.read_bytes()


async def test_s_nail(shared: Shared) -> None:
    options = ("-:/", "-S", "v15-compat", "-S", "mta=smtp://SERVER", "-S", "smtp-auth=none", "-r", FROM)
    direct, through = await sent_both_ways(
        shared, program("s-nail"), *options, "-s", "En hälsning", TO, ALSO, text=BODY
    )
    same_envelope(direct, through)
    assert direct.content.split(b"\r\n\r\n", 1)[1] == through.content.split(b"\r\n\r\n", 1)[1]


async def test_smtplib(shared: Shared) -> None:
    utpost, relay = shared

    def send() -> None:
        with smtplib.SMTP(*utpost.smtp, timeout=60) as client:
            options = ["BODY=8BITMIME", "RET=HDRS", "ENVID=x1"]
            client.sendmail(FROM, [TO, ALSO], letter().as_bytes(policy=SMTP), options, ["NOTIFY=NEVER"])
            client.send_message(letter())

    await asyncio.to_thread(send)
    first, second = relay.deliveries
    assert first.mail.upper().endswith(b"BODY=8BITMIME RET=HDRS ENVID=X1")
    assert [rcpt.upper()[-12:] for rcpt in first.rcpts] == [b"NOTIFY=NEVER"] * 2
    assert email.message_from_bytes(second.content)["Message-ID"] == "<1@avsandare.example>"


async def test_smtplib_hears_refusals_in_the_relay_s_words(shared: Shared) -> None:
    utpost, relay = shared
    relay.answer("rcpt", b"550 5.1.1 no such user\r\n", b"451 4.7.1 greylisted\r\n")

    def send() -> dict[str, tuple[int, bytes]]:
        with smtplib.SMTP(*utpost.smtp, timeout=60) as client, pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            client.sendmail(FROM, [TO, ALSO], letter().as_bytes(policy=SMTP))
        return refused.value.recipients

    assert await asyncio.to_thread(send) == {TO: (550, b"5.1.1 no such user"), ALSO: (451, b"4.7.1 greylisted")}
    assert not relay.deliveries


async def test_aiosmtplib(shared: Shared) -> None:
    utpost, relay = shared
    async with aiosmtplib.SMTP(hostname=utpost.smtp[0], port=utpost.smtp[1], start_tls=False) as client:
        for _ in range(3):
            errors, said = await client.send_message(letter())
            assert not errors
            assert said == "2.0.0 Ok: queued as 4ABC"
    assert len(relay.deliveries) == 3
    assert len(relay.connections) == 1
