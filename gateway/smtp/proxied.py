"""The PROXY header with which a load balancer announces its client, versions 1 and 2, without a socket.

https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt, sections 2.1 and 2.2. Exactly the header is read: what
follows it can be TLS.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final

_SIGNATURE: Final = b"\r\n\r\n\x00\r\nQUIT\n"
_LINE: Final = 107
"""Octets of a version 1 header at most, its CRLF included."""
_MOST: Final = 4096
"""Octets that may follow a version 2 header's first 16: addresses and what a balancer adds about TLS."""

_V1: Final = re.compile(
    rb"PROXY (?:UNKNOWN(?: [^\r\n]*)?|TCP([46]) ([0-9A-Fa-f.:]{2,45}) ([0-9A-Fa-f.:]{2,45}) (\d{1,5}) (\d{1,5}))\r\n"
)
_HIGHEST_PORT: Final = 0xFFFF
_V2: Final = struct.Struct("!BBH")
_LOCAL, _PROXY = 0x20, 0x21
_PLACES: Final = {0x11: struct.Struct("!4s4sHH"), 0x21: struct.Struct("!16s16sHH")}
"""TCP over IPv4 and over IPv6: source, destination, and their ports."""
_NOWHERE: Final = frozenset({0x00, 0x31})
"""Unspecified, and a unix socket: there is no address to judge."""


class NoHeader(Exception):
    """What came is no PROXY header."""


@dataclass(frozen=True, slots=True)
class Announced:
    """Whom a balancer connects for."""

    address: str
    port: int


async def read_header(exactly: Callable[[int], Awaitable[bytes]]) -> Announced | None:
    """Read one header; None where the balancer speaks for itself (LOCAL) or does not know (UNKNOWN).

    ``exactly`` returns so many octets. Raises NoHeader, and whatever ``exactly`` raises.
    """
    start = await exactly(len(_SIGNATURE))
    if start == _SIGNATURE:
        return await _version_2(exactly)
    if not start.startswith(b"PROXY "):
        raise NoHeader
    while not start.endswith(b"\r\n") and len(start) < _LINE:
        start += await exactly(1)
    return _version_1(start)


def _version_1(line: bytes) -> Announced | None:
    found = _V1.fullmatch(line)
    if found is None:
        raise NoHeader
    version, source, destination, *ports = found.groups()
    if version is None:
        return None
    kind = IPv4Address if version == b"4" else IPv6Address
    try:
        address, _ = kind(source.decode("ascii")), kind(destination.decode("ascii"))
    except AddressValueError:
        raise NoHeader from None
    numbers = [int(port) for port in ports]
    if max(numbers) > _HIGHEST_PORT or any(str(n).encode() != port for n, port in zip(numbers, ports, strict=True)):
        raise NoHeader
    return Announced(str(address), numbers[0])


async def _version_2(exactly: Callable[[int], Awaitable[bytes]]) -> Announced | None:
    command, family, length = _V2.unpack(await exactly(_V2.size))
    if command not in {_LOCAL, _PROXY} or length > _MOST:
        raise NoHeader
    rest = await exactly(length) if length else b""
    if command == _LOCAL or family in _NOWHERE:
        return None
    place = _PLACES.get(family)
    if place is None or length < place.size:
        raise NoHeader
    source, _, port, _ = place.unpack_from(rest)
    address = IPv4Address(source) if len(source) == 4 else IPv6Address(source)  # noqa: PLR2004 - octets of IPv4
    return Announced(str(address), port)
