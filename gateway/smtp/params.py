"""The argument grammar of MAIL and RCPT over octets, without a socket (RFC 5321 4.1.2).

Paths and parameter values stay opaque: what the relay gets is the client's own line. Parsing
finds where the path ends, what it means for judging, and which parameters the client used.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from gateway.model import Address, PeerViolation, Reply

MAIL_PARAMETERS: Final[Mapping[str, frozenset[str]]] = {
    "SIZE": frozenset({"SIZE"}),
    "8BITMIME": frozenset({"BODY"}),
    "SMTPUTF8": frozenset({"SMTPUTF8"}),
    "DSN": frozenset({"RET", "ENVID"}),
    "MT-PRIORITY": frozenset({"MT-PRIORITY"}),
    "AUTH": frozenset({"AUTH"}),
}
"""Extension → the MAIL parameters it brings (RFC 1870, 6152, 6531, 3461, 6710, 4954)."""

RCPT_PARAMETERS: Final[Mapping[str, frozenset[str]]] = {"DSN": frozenset({"NOTIFY", "ORCPT"})}
"""Extension → the RCPT parameters it brings (RFC 3461)."""

_PARAMETER: Final = re.compile(rb"([A-Za-z0-9][A-Za-z0-9-]{0,63})(?:=([^\x00-\x20=\x7f][^\x00-\x20\x7f]*))?")
_QUOTE, _BACKSLASH, _GREATER = b'"\\>'
_CONTROL: Final = re.compile(rb"[\x00-\x1f\x7f]")
_PLAIN_PATH: Final = re.compile(rb'<[^"<> @][^"<> ]*@[^"<> @]+>')
"""A path without quotes and source route: nearly all there are. What it does not match is read octet by octet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PathCommand:
    """MAIL or RCPT, taken apart."""

    path: bytes
    """With its angle brackets, as written."""
    address: Address | None
    """For judging; None for ``<>``, and where the path holds no address that can be read."""
    parameters: Mapping[str, bytes | None]
    """Upper-case keyword → value as written; None where there is no value."""


def syntax_error(text: str) -> PeerViolation:
    """Return a 501 for a malformed argument (RFC 5321 4.2.2)."""
    return PeerViolation(Reply(code=501, enhanced="5.5.4", lines=(text,)))


def parse_path_command(argument: bytes, keyword: bytes, offered: Collection[str]) -> PathCommand:
    """Take ``FROM:<…> …`` or ``TO:<…> …`` apart (``keyword`` is ``FROM`` or ``TO``).

    ``offered`` is what EHLO named to this client. Raises PeerViolation: 501 for bad syntax, 555 for
    a parameter of an extension that was not offered.
    """
    head, colon, rest = argument.partition(b":")
    if not colon or head.strip().upper() != keyword:
        verb = "MAIL FROM" if keyword == b"FROM" else "RCPT TO"
        raise syntax_error(f"Syntax: {verb}:<address>")
    if _CONTROL.search(rest):
        raise syntax_error("Control characters are not allowed in an address")
    rest = rest.lstrip(b" ")
    end = path_end(rest)
    path, tail = rest[:end], rest[end:]
    if tail and not tail.startswith(b" "):
        raise syntax_error("A space must follow the address")
    if keyword == b"TO" and path == b"<>":
        raise syntax_error("A recipient must not be empty")
    table = MAIL_PARAMETERS if keyword == b"FROM" else RCPT_PARAMETERS
    return PathCommand(path=path, address=read_address(path), parameters=_parameters(tail, table, offered))


def path_end(octets: bytes) -> int:
    """Return the length of the path at the start of ``octets``. Raises PeerViolation (501) where there is none.

    Quoted strings may hold ``>``, ``@`` and spaces; a backslash quotes the next octet.
    """
    plain = _PLAIN_PATH.match(octets)
    return _quoted_path_end(octets) if plain is None else plain.end()


def _quoted_path_end(octets: bytes) -> int:
    if not octets.startswith(b"<"):
        raise syntax_error("An address stands in angle brackets: <name@domain>")
    quoted = False
    position = 1
    while position < len(octets):
        octet = octets[position]
        if octet == _BACKSLASH and quoted:
            position += 2
            continue
        if octet == _QUOTE:
            quoted = not quoted
        elif octet == _GREATER and not quoted:
            _check_path(octets[1:position])
            return position + 1
        elif not quoted and octet in b" <":
            raise syntax_error("The address holds a character that must be quoted")
        position += 1
    raise syntax_error("The address has no closing bracket")


def _check_path(inner: bytes) -> None:
    if not inner or inner.lower() == b"postmaster":
        return
    local, domain = split_mailbox(inner)
    if not local or not domain:
        raise syntax_error("An address is written <name@domain>")


def split_mailbox(inner: bytes) -> tuple[bytes, bytes]:
    """Return local part and domain of a path without brackets; a source route is left out (RFC 5321 4.1.2).

    Either is empty where it is missing.
    """
    if inner.startswith(b"@"):
        _, colon, inner = inner.partition(b":")
        if not colon:
            return b"", b""
    at = _last_unquoted_at(inner)
    return (inner[:at], inner[at + 1 :]) if at >= 0 else (inner, b"")


def _last_unquoted_at(inner: bytes) -> int:
    if not inner.startswith(b'"'):
        return inner.rfind(b"@")
    position = 1
    while position < len(inner) and inner[position] != _QUOTE:
        position += 2 if inner[position] == _BACKSLASH else 1
    return inner.find(b"@", position + 1)


@lru_cache(maxsize=256)
def read_address(path: bytes) -> Address | None:
    """Return what a path means for judging: unquoted, case-folded, the domain as an A-label."""
    local, domain = split_mailbox(path[1:-1])
    if not local:
        return None
    if local.startswith(b'"') and local.endswith(b'"') and len(local) > 1:
        local = re.sub(rb"\\(.)", rb"\1", local[1:-1], flags=re.DOTALL)
    return Address(local=local.decode("utf-8", "replace").casefold(), domain=fold_domain(domain))


def fold_domain(domain: bytes) -> str:
    """Return a domain in lower case and as an A-label (RFC 5890) where that is possible."""
    text = domain.decode("utf-8", "replace").casefold().rstrip(".")
    if text.isascii():
        return text
    try:
        return text.encode("idna").decode("ascii")
    except UnicodeError:
        return text


def _parameters(tail: bytes, table: Mapping[str, frozenset[str]], offered: Collection[str]) -> dict[str, bytes | None]:
    if not tail:
        return {}
    allowed: set[str] = set()
    for extension, names in table.items():
        if extension in offered:
            allowed |= names
    parameters: dict[str, bytes | None] = {}
    for word in tail.split():
        found = _PARAMETER.fullmatch(word)
        if found is None:
            raise syntax_error("Malformed parameter")
        keyword = found.group(1).decode("ascii").upper()
        if keyword in parameters:
            raise syntax_error(f"{keyword} is given twice")
        if keyword not in allowed:
            raise PeerViolation(Reply(code=555, enhanced="5.5.4", lines=(f"{keyword} is not offered here",)))
        parameters[keyword] = found.group(2)
    _check_values(parameters)
    return parameters


def _check_values(parameters: Mapping[str, bytes | None]) -> None:
    body = parameters.get("BODY", b"7BIT")
    if body is None or body.upper() not in {b"7BIT", b"8BITMIME"}:
        raise syntax_error("BODY is 7BIT or 8BITMIME here")
    size = parameters.get("SIZE", b"0")
    if size is None or not size.isdigit() or len(size) > 20:  # noqa: PLR2004 - RFC 1870 3
        raise syntax_error("SIZE is a number of octets")
    if parameters.get("SMTPUTF8") is not None:
        raise syntax_error("SMTPUTF8 takes no value")
