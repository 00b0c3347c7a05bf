"""Whether mail takes the way that it should: answers to the motivation address, and a test message."""

from __future__ import annotations

import asyncio
import smtplib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Final

from gateway.config import Endpoint, Settings
from gateway.doctor.names import Lookup, Silent, resolve
from gateway.doctor.sign import Sign, failure, note, warning, well
from gateway.journal.record import pseudonym
from gateway.model import InvalidConfiguration, Unavailable
from gateway.secret import installation_secret
from gateway.stores import open_journal

_SECONDS: Final = 10.0
_PATIENCE: Final = 30.0
_STEP: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class TestMessage:
    """A message to send by the representatives' mail server, to see whether it comes by Utpost."""

    __test__ = False
    server: Endpoint
    sender: str
    recipient: str
    patience: float = _PATIENCE
    """Seconds that it may take to Utpost."""


def motivation(settings: Settings, *, dns: bool = True, lookup: Lookup = resolve) -> Iterator[Sign]:
    """Examine whether mail to the motivation address can reach Utpost and ends in it."""
    address = settings.motivation.address
    if not address:
        yield note(
            "motivation", "reasons for mailings are not received", "set motivation.address to an address of its own"
        )
        return
    if dns:
        yield from _mx(address.rpartition("@")[2], lookup)
    yield _ends_here(settings, address)


def _mx(domain: str, lookup: Lookup) -> Iterator[Sign]:
    try:
        records = lookup(domain, "MX")
    except Silent:
        return
    if records:
        yield warning(
            "motivation MX",
            f"mail to {domain} goes to {', '.join(records)}",
            "let representatives' mail to it take the way through Utpost: docs/motivated-exception.md",
        )


def _ends_here(settings: Settings, address: str) -> Sign:
    """Offer the address to the running Utpost as a recipient, and take it back: nothing is sent."""
    endpoints = [e for e in settings.listen.endpoints if e.port]
    if not endpoints:
        return note("motivation", "Utpost has no SMTP port of its own to be asked")
    place = endpoints[0]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(place.host, place.host)  # noqa: S104 - compared, not bound
    try:
        with smtplib.SMTP(host, place.port, timeout=_SECONDS) as door:
            door.ehlo()
            door.mail(f"doctor@{min(settings.scope.folded)}")
            code, _ = door.rcpt(address)
            door.rset()
    except (smtplib.SMTPException, OSError):
        return note("motivation", "no Utpost is running to be asked", "start it and ask again")
    if 200 <= code < 300:  # noqa: PLR2004 - RFC 5321 4.2.1
        return well("motivation", f"{address} ends in the Utpost that is running")
    return failure("motivation", f"the running Utpost refuses {address} ({code})", "restart it with this configuration")


def journey(settings: Settings, message: TestMessage) -> Iterator[Sign]:
    """Send a message, and wait until it stands in the journal of this installation."""
    name = "test message"
    began = datetime.now(UTC).replace(microsecond=0)
    if message.sender.rpartition("@")[2].lower() not in settings.scope.folded:
        yield failure(name, f"{message.sender} is not in scope", "send it from a domain of scope.domains")
        return
    try:
        with smtplib.SMTP(message.server.host, message.server.port, timeout=_SECONDS) as server:
            server.send_message(_letter(message), message.sender, [message.recipient])
    except (smtplib.SMTPException, OSError) as error:
        text = f"{message.server} did not take it ({type(error).__name__})"
        yield failure(name, text, "let the mail server accept mail from this machine, or send from another place")
        return
    yield _seen(settings, message, began)


def _letter(message: TestMessage) -> EmailMessage:
    letter = EmailMessage()
    letter["From"], letter["To"] = message.sender, message.recipient
    letter["Subject"] = "Utpost: provbrev"
    letter["Date"] = format_datetime(datetime.now(UTC))
    letter["Message-ID"] = make_msgid(domain=message.sender.rpartition("@")[2])
    letter.set_content("Det här är ett provbrev från utpost doctor. Ingenting behöver göras.\n")
    return letter


def _seen(settings: Settings, message: TestMessage, began: datetime) -> Sign:
    name, where = "test message", f"{message.server} → {message.recipient}"
    deadline = time.monotonic() + message.patience
    try:
        while not asyncio.run(_heard(settings, message.sender, began)):
            if time.monotonic() > deadline:
                text = f"{where}: taken, but it did not come by this Utpost within {message.patience:.0f} s"
                return failure(name, text, "route mail of the domain through Utpost: docs/positions.md")
            time.sleep(_STEP)
    except (Unavailable, InvalidConfiguration):
        return failure(name, "the journal cannot be read", "run the doctor as the user utpost, on the host of Utpost")
    return well(name, f"{where}: came by Utpost")


async def _heard(settings: Settings, sender: str, since: datetime) -> bool:
    if not (settings.state.directory / "journal.db").is_file():
        return False  # nothing came by yet; asking would make a file of the wrong owner
    key = installation_secret(settings.state.directory)
    journal = open_journal(settings, key)
    try:
        return bool(await journal.of_sender(pseudonym(sender, key), since))
    finally:
        await journal.close()
