"""The milter protocol on the wire: packets in and out, octets everywhere, no socket.

A packet is its length in four octets, a command octet, and data whose strings end in NUL. What an MTA says is octets
in no particular encoding; it is decoded by whoever judges it. Versions 2 to 6; what we ask for is what was offered.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntFlag
from typing import Final, NamedTuple

LARGEST: Final = 1024 * 1024 + 64
"""Octets of a packet: the largest chunk that any version negotiates, and its frame."""
VERSIONS: Final = (2, 6)

_LENGTH: Final = struct.Struct("!I")
_OPTIONS: Final = struct.Struct("!III")
_PORT: Final = struct.Struct("!H")


class PeerViolation(Exception):
    """The MTA broke the protocol; ``why`` holds nothing that it sent."""

    def __init__(self, why: str) -> None:
        """Keep the reason."""
        super().__init__(why)
        self.why = why


class Action(IntFlag):
    """What we may change (SMFIF_*)."""

    ADD_HEADERS = 0x01
    DELETE_RECIPIENTS = 0x08
    QUARANTINE = 0x20


class Step(IntFlag):
    """What the MTA leaves out, or does not wait for (SMFIP_*)."""

    NO_UNKNOWN = 0x100
    NO_DATA = 0x200
    SKIP = 0x400
    NR_HEADER = 0x80
    NR_CONNECT = 0x1000
    NR_HELO = 0x2000
    NR_MAIL = 0x4000
    NR_RCPT = 0x8000
    NR_DATA = 0x10000
    NR_UNKNOWN = 0x20000
    NR_END_OF_HEADER = 0x40000
    NR_BODY = 0x80000
    LEADING_SPACE = 0x100000


WANTED_ACTIONS: Final = Action.ADD_HEADERS | Action.DELETE_RECIPIENTS | Action.QUARANTINE
WANTED_STEPS: Final = (
    Step.NO_UNKNOWN | Step.NO_DATA | Step.SKIP | Step.LEADING_SPACE
    | Step.NR_HEADER | Step.NR_CONNECT | Step.NR_HELO | Step.NR_MAIL | Step.NR_RCPT | Step.NR_DATA
    | Step.NR_UNKNOWN | Step.NR_END_OF_HEADER | Step.NR_BODY
)  # fmt: skip
UNANSWERED: Final = {
    b"C": Step.NR_CONNECT,
    b"H": Step.NR_HELO,
    b"M": Step.NR_MAIL,
    b"R": Step.NR_RCPT,
    b"T": Step.NR_DATA,
    b"U": Step.NR_UNKNOWN,
    b"L": Step.NR_HEADER,
    b"N": Step.NR_END_OF_HEADER,
    b"B": Step.NR_BODY,
}
"""Command → the flag under which it gets no answer."""


class Packet(NamedTuple):
    """One command of the MTA."""

    command: bytes
    data: bytes = b""

    def __repr__(self) -> str:
        """Tell the command alone: the data is somebody's mail."""
        return f"Packet({self.command!r})"


class PacketReader:
    """Whole packets out of a stream."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._buffer = bytearray()

    def feed(self, octets: bytes) -> Iterator[Packet]:
        """Yield the packets that are whole. Raises PeerViolation for a length that none has."""
        source: bytes | bytearray = octets
        if self._buffer:
            self._buffer += octets
            source = self._buffer
        at, size = 0, len(source)
        try:
            while size >= at + 4:
                length = _LENGTH.unpack_from(source, at)[0]
                if not 1 <= length <= LARGEST:
                    raise PeerViolation("a packet without length or far too long")
                start, end = at + 4, at + 4 + length
                if size < end:
                    return
                at = end
                yield Packet(bytes(source[start : start + 1]), bytes(source[start + 1 : end]))
        finally:
            if source is self._buffer:
                del self._buffer[:at]
            else:
                self._buffer += source[at:]


def packet(command: bytes, data: bytes = b"") -> bytes:
    """Return a packet as octets."""
    return _LENGTH.pack(1 + len(data)) + command + data


def strings(data: bytes) -> list[bytes]:
    """Return the strings of a packet. Raises PeerViolation where the last one does not end."""
    if not data:
        return []
    if not data.endswith(b"\0"):
        raise PeerViolation("a string without an end")
    return data[:-1].split(b"\0")


@dataclass(frozen=True, slots=True)
class Terms:
    """What both sides have agreed on."""

    version: int
    actions: Action
    steps: Step


def negotiate(data: bytes) -> Terms:
    """Return the terms for an MTA's offer. Raises PeerViolation where there can be none."""
    if len(data) < _OPTIONS.size:
        raise PeerViolation("an offer that is too short")
    version, actions, steps = _OPTIONS.unpack_from(data)
    if version < VERSIONS[0]:
        raise PeerViolation("a version of the protocol that is too old")
    return Terms(
        version=min(version, VERSIONS[1]),
        actions=Action(actions & WANTED_ACTIONS),
        steps=Step(steps & WANTED_STEPS),
    )


def agreement(terms: Terms) -> bytes:
    """Return the packet that tells the MTA our terms."""
    return packet(b"O", _OPTIONS.pack(terms.version, terms.actions, terms.steps))


def macros_of(data: bytes) -> tuple[bytes, dict[bytes, bytes]]:
    """Return the command that macros belong to, and the macros by their names without braces."""
    if not data:
        raise PeerViolation("macros for no command")
    found = strings(data[1:])
    if len(found) % 2:
        raise PeerViolation("a macro without a value")
    names = (name.strip(b"{}") for name in found[::2])
    return data[:1], dict(zip(names, found[1::2], strict=True))


def connection_of(data: bytes) -> tuple[str, int]:
    """Return address and port of the MTA's client; an empty address where it is not by TCP."""
    _, nul, rest = data.partition(b"\0")
    if not nul or not rest:
        raise PeerViolation("a connection without a family")
    family = rest[:1]
    if family not in (b"4", b"6"):
        return "", 0
    if len(rest) < 1 + _PORT.size:
        raise PeerViolation("a connection without a port")
    address = rest[3:].split(b"\0")[0].decode("ascii", "replace")
    return address.removeprefix("IPv6:"), _PORT.unpack_from(rest, 1)[0]


# --- answers -----------------------------------------------------------------------------------------

CONTINUE: Final = packet(b"c")
ACCEPT: Final = packet(b"a")
DISCARD: Final = packet(b"d")
SKIP: Final = packet(b"s")
PROGRESS: Final = packet(b"p")


def reply_packet(reply: bytes) -> bytes:
    """Return an SMTP reply for the client, ``reply`` with CRLF line ends; MTAs expand percent signs."""
    return packet(b"y", reply.removesuffix(b"\r\n").replace(b"%", b"%%") + b"\0")


def insert_header(name: bytes, value: bytes) -> bytes:
    """Return the packet that puts a header above all others."""
    return packet(b"i", _LENGTH.pack(0) + name + b"\0" + value + b"\0")


def quarantine(reason: bytes) -> bytes:
    """Return the packet that has the MTA hold the message."""
    return packet(b"q", reason + b"\0")


def delete_recipient(path: bytes) -> bytes:
    """Return the packet that takes a recipient off, ``path`` as the MTA wrote it."""
    return packet(b"-", path + b"\0")
