"""What Utpost talks to: relays, ledger, clamd, tesseract."""

from __future__ import annotations

import asyncio
import smtplib
import socket
import ssl
from collections.abc import Iterator
from typing import Final

from gateway.antivirus import Clamd, Silent
from gateway.config import Endpoint, Settings
from gateway.doctor.sign import Sign, failure, note, warning, well
from gateway.extract.picture import reads_pictures
from gateway.ledger import KeyMismatch
from gateway.ledger.open import open_ledger
from gateway.model import InvalidConfiguration, Unavailable
from gateway.telemetry.probe import relay_greets
from gateway.tls import relay_tls

_SECONDS: Final = 10.0
_MIB: Final = 1024 * 1024
_OK: Final = 250


def relays(settings: Settings) -> Iterator[Sign]:
    """Greet each relay with EHLO, encrypted as configured, and leave."""
    for number, endpoint in enumerate(settings.relay.endpoints):
        name = "relay" if number == 0 else f"relay fallback {number}"
        yield _relay(name, endpoint, settings)
    if settings.letters.endpoint is not None:
        yield _relay("letters.relay", settings.letters.endpoint, settings)


def _relay(name: str, endpoint: Endpoint, settings: Settings) -> Sign:
    remedy = "start the relay, or correct its address; let its firewall admit this machine"
    if endpoint.path:
        greets = relay_greets(endpoint)
        return well(name, f"{endpoint} greets") if greets else failure(name, f"{endpoint} does not greet", remedy)
    try:
        with smtplib.SMTP(endpoint.host, endpoint.port, settings.listen.hostname or None, _SECONDS) as relay:
            return _spoken(name, endpoint, relay, settings)
    except smtplib.SMTPConnectError as error:
        return failure(name, f"{endpoint} refuses to talk ({error.smtp_code})", "let the relay accept this machine")
    except (smtplib.SMTPException, OSError) as error:
        return failure(name, f"{endpoint} does not answer ({_why(error)})", remedy)


def _spoken(name: str, endpoint: Endpoint, relay: smtplib.SMTP, settings: Settings) -> Sign:
    if relay.ehlo()[0] != _OK:
        return warning(name, f"{endpoint} does not know EHLO", "use a relay that speaks ESMTP (RFC 5321)")
    encrypted = "in the clear"
    if settings.relay.tls != "off":
        if not relay.has_extn("starttls"):
            text = f"{endpoint} offers no STARTTLS"
            remedy = "let the relay offer it, or set relay.tls to off on a wire that nobody else reaches"
            return failure(name, text, remedy) if settings.relay.tls == "required" else warning(name, text, remedy)
        if trouble := _encrypt(relay, endpoint, settings):
            return failure(name, f"{endpoint}: {trouble}", "correct relay.server_name or relay.ca_file")
        relay.ehlo()
        encrypted = "encrypted"
    size = relay.esmtp_features.get("size", "")
    if size.isdigit() and 0 < int(size) < settings.limits.message_octets:
        text = f"{endpoint} takes at most {int(size) / _MIB:.0f} MiB, limits.message_octets says more"
        return note(name, text, "the smaller of both is announced to clients; nothing needs to be done")
    return well(
        name, f"{endpoint} answers EHLO, {encrypted}, with {', '.join(sorted(relay.esmtp_features)) or 'nothing'}"
    )


def _encrypt(relay: smtplib.SMTP, endpoint: Endpoint, settings: Settings) -> str:
    """Begin TLS as the service would; return what is wrong."""
    try:
        _, context = relay_tls(settings)
    except InvalidConfiguration as error:
        return error.problems[0].text
    relay._host = settings.relay.server_name or endpoint.host  # type: ignore[attr-defined]  # noqa: SLF001 - smtplib has no other way to name who is expected
    try:
        relay.starttls(context=context)
    except (ssl.SSLError, smtplib.SMTPException, OSError) as error:
        return f"its certificate is not accepted ({_why(error)})"
    return ""


def _why(error: Exception) -> str:
    return getattr(error, "verify_message", None) or getattr(error, "strerror", None) or type(error).__name__


def ledger(settings: Settings) -> Iterator[Sign]:
    """Ask the ledger whether it is there and has our key."""
    where = "redis" if settings.ledger.url.startswith("redis") else settings.ledger.url
    if where == "memory":
        yield warning(
            "ledger", "counts are lost at a restart", "set ledger.url to sqlite, or to redis:// for several hosts"
        )
        return
    if where == "sqlite" and not settings.state.directory.exists():
        yield note("ledger", "the file is made at the first start")
        return
    try:
        asyncio.run(_ping(settings))
    except KeyMismatch as error:
        yield failure("ledger", error.why, "give every host the same ledger.key_file")
    except InvalidConfiguration as error:
        yield failure(
            "ledger", error.problems[0].text, "write 32 octets or more to ledger.key_file: openssl rand -out FILE 32"
        )
    except Unavailable as error:
        remedy = (
            "start Redis, or correct ledger.url" if where == "redis" else "see who owns ledger.db in the state folder"
        )
        yield failure("ledger", f"{where} cannot be used ({error.why})", remedy)
    else:
        yield well("ledger", f"{where} answers")


async def _ping(settings: Settings) -> None:
    ledger = open_ledger(settings.ledger.url, state=settings.state.directory, key_file=settings.ledger.key_file)
    try:
        await ledger.ping()
    finally:
        await ledger.close()


def clamd(settings: Settings) -> Iterator[Sign]:
    """Show clamd a harmless text, where it is configured."""
    endpoint = settings.antivirus.endpoint
    if endpoint is None:
        yield note("clamd", "no virus scanner is asked", "set antivirus.clamd where there is one")
        return
    seconds = settings.antivirus.seconds
    asked = Clamd(host=endpoint.host, port=endpoint.port, path=endpoint.path, seconds=seconds)
    try:
        asyncio.run(asked.scan(b"Utpost asks whether you are there.\r\n"))
    except (Silent, OSError, socket.gaierror) as error:
        why = error.why if isinstance(error, Silent) else _why(error)
        yield failure("clamd", f"{endpoint}: {why}", "start clamav-daemon, and admit the user utpost to its socket")
    else:
        yield well("clamd", f"{endpoint} scans")


def pictures() -> Iterator[Sign]:
    """Tell whether text in pictures is read."""
    if reads_pictures():
        yield well("tesseract", "text in pictures is read, in Swedish")
    else:
        yield note("tesseract", "text in pictures is not read", "apt-get install tesseract-ocr tesseract-ocr-swe")
