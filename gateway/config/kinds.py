"""The kinds of values that settings hold; each check says in one sentence what is wrong."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, ValidatedEmail, validate_email
from pydantic import AfterValidator, BeforeValidator, Field

from gateway.config.endpoint import is_host_name, parse_endpoint

_EVERYBODY: Final = tuple(map(ipaddress.ip_network, ("0.0.0.0/0", "::/0", "::ffff:0:0/96")))


def _listener(text: str) -> str:
    if parse_endpoint(text).path:
        raise ValueError(f"{text!r} must be HOST:PORT")
    return text


def _any_listener(text: str) -> str:
    parse_endpoint(text)
    return text


def _listener_or_off(text: str) -> str:
    return text if text == "off" else _listener(text)


def _peer(text: str) -> str:
    if not parse_endpoint(text).path and not parse_endpoint(text).port:
        raise ValueError(f"{text!r} must end in a port from 1 to 65535")
    return text


def _peer_or_none(text: str) -> str:
    return _peer(text) if text else text


def _network(text: str) -> str:
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        raise ValueError(_network_hint(text)) from None
    if network in _EVERYBODY:
        raise ValueError(f"{text!r} lets everybody in: whoever reaches Utpost may relay")
    return text


def _network_hint(text: str) -> str:
    try:
        return f"{text!r} has address bits behind its prefix; the network is {ipaddress.ip_network(text, strict=False)}"
    except ValueError:
        return f"{text!r} is not a network, for instance 192.0.2.0/24"


def _checked(text: str) -> ValidatedEmail:
    # globally_deliverable and test_environment: a municipality may have domains of its own, and a laboratory .test.
    return validate_email(text, check_deliverability=False, globally_deliverable=False, test_environment=True)


def _mailbox(text: str) -> str:
    try:
        _checked(text)
    except EmailNotValidError as error:
        raise ValueError(f"{text!r} is not a mail address: {error}") from None
    return text


def _mailbox_or_none(text: str) -> str:
    return _mailbox(text) if text else text


_DKIM_KEY: Final = re.compile(r"(?P<selector>[A-Za-z0-9.-]+)\._domainkey\.(?P<domain>[A-Za-z0-9.-]+)=(?P<file>.+)")


def _dkim_key(text: str) -> str:
    if _DKIM_KEY.fullmatch(text) is None:
        raise ValueError(f"{text!r} is not SELECTOR._domainkey.DOMAIN=FILE")
    return text


def dkim_key_parts(text: str) -> tuple[str, str, Path]:
    """Return domain, selector and file of a key in the configuration."""
    match = _DKIM_KEY.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not SELECTOR._domainkey.DOMAIN=FILE")
    return match["domain"], match["selector"], Path(match["file"])


def ascii_domain(text: str) -> str:
    """Return a mail domain as A-labels in lower case. Raises ValueError when it is none."""
    try:
        return _checked(f"x@{text}").ascii_domain.lower()
    except EmailNotValidError:
        raise ValueError(f"{text!r} is not a mail domain, for instance politik.orkelljunga.se") from None


def _domain(text: str) -> str:
    ascii_domain(text)
    return text


def _hostname(text: str) -> str:
    if text and not is_host_name(text):
        raise ValueError(f"{text!r} is not a host name")
    return text


def _web(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not text.isprintable() or " " in text:
        raise ValueError(f"{text!r} must be an address that begins with https://")
    return text


def _store(text: str) -> str:
    # Never repeats the text: it may hold a password.
    if text in {"sqlite", "memory"}:
        return text
    try:
        parts = urlsplit(text)
        sound = parts.scheme in {"redis", "rediss"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise ValueError('must be "sqlite", "memory", or "redis://HOST:PORT/NUMBER"')
    return text


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must be one line without control characters")
    return text


def _path(value: object) -> object:
    if isinstance(value, str):
        if not value or not value.isprintable():
            raise ValueError("must be a path")
        return Path(value)
    return value


def _path_or_none(value: object) -> object:
    return None if value == "" else _path(value)


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


FromList: Final = BeforeValidator(_as_tuple)
"""TOML has lists, settings are frozen."""
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Hours = Annotated[float, Field(gt=0, le=24 * 366)]
Octets = Annotated[int, Field(gt=0)]
Count = Annotated[int, Field(gt=0)]
Location = Annotated[Path, BeforeValidator(_path)]
MaybeLocation = Annotated[Path | None, BeforeValidator(_path_or_none)]
Line = Annotated[str, AfterValidator(_one_line)]
HostName = Annotated[str, AfterValidator(_hostname)]
Listener = Annotated[str, AfterValidator(_listener)]
AnyListener = Annotated[str, AfterValidator(_any_listener)]
ListenerOrOff = Annotated[str, AfterValidator(_listener_or_off)]
Peer = Annotated[str, AfterValidator(_peer)]
PeerOrNone = Annotated[str, AfterValidator(_peer_or_none)]
Network = Annotated[str, AfterValidator(_network)]
Domain = Annotated[str, AfterValidator(_domain)]
Mailbox = Annotated[str, AfterValidator(_mailbox)]
DkimKey = Annotated[str, AfterValidator(_dkim_key)]
MailboxOrNone = Annotated[str, AfterValidator(_mailbox_or_none)]
Web = Annotated[str, AfterValidator(_web)]
Store = Annotated[str, AfterValidator(_store)]
