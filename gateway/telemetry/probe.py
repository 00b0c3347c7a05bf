"""Ask the relay for its greeting, as a health check may: nothing is sent but QUIT."""

from __future__ import annotations

import contextlib
import socket
import time
from typing import Final, Protocol

PROBE_SECONDS: Final = 5.0
_GREETING_OCTETS: Final = 4096


class Place(Protocol):
    """Where the relay listens: a path, or host and port."""

    @property
    def host(self) -> str:
        """The host's name or address."""
        ...

    @property
    def port(self) -> int:
        """The TCP port."""
        ...

    @property
    def path(self) -> str:
        """The path of a Unix socket; empty for TCP."""
        ...


def relay_greets(place: Place, seconds: float = PROBE_SECONDS) -> bool:
    """Tell whether the relay greets with 220 (RFC 5321 3.1) within ``seconds``. Blocks so long at most."""
    deadline = time.monotonic() + seconds
    try:
        with _connect(place, seconds) as sock:
            greeting = _greeting(sock, deadline)
            with contextlib.suppress(OSError):
                sock.sendall(b"QUIT\r\n")
            return greeting.startswith(b"220")
    except OSError:
        return False


def _connect(place: Place, seconds: float) -> socket.socket:
    if not place.path:
        return socket.create_connection((place.host, place.port), seconds)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.settimeout(seconds)
        sock.connect(place.path)
    except OSError:
        sock.close()
        raise
    return sock


def _greeting(sock: socket.socket, deadline: float) -> bytes:
    """Return what came until the end of the last line of the greeting, the deadline, or a bound."""
    octets = b""
    while len(octets) < _GREETING_OCTETS and not _complete(octets):
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        sock.settimeout(left)
        chunk = sock.recv(_GREETING_OCTETS - len(octets))
        if not chunk:
            raise ConnectionResetError
        octets += chunk
    return octets


def _complete(octets: bytes) -> bool:
    if not b"220".startswith(octets[:3]):
        return True  # whatever follows
    last = octets.rstrip(b"\r\n").rpartition(b"\n")[2]
    return octets.endswith(b"\n") and last[3:4] != b"-"
