"""The parent's word to its workers: new policies, rules switched to observe."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import pickle
import signal
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

_LENGTH: Final = struct.Struct("!Q")
_SEND_SECONDS: Final = 5.0
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NAME: Final = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One word; what is None stays as it is."""

    judgement: bytes | None = None
    """A pickled Judgement."""
    observed: frozenset[str] | None = None
    """The rules that the emergency switch holds in observe."""


def send(sock: socket.socket, message: Message) -> bool:
    """Send from the parent; tell whether the worker took it in time."""
    octets = pickle.dumps(message)
    sock.settimeout(_SEND_SECONDS)
    try:
        sock.sendall(_LENGTH.pack(len(octets)) + octets)
    except OSError:
        return False
    return True


class Control:
    """The worker's end."""

    def __init__(self, sock: socket.socket, obey: Callable[[Message], Awaitable[None]]) -> None:
        """Call ``obey`` for each message, in order."""
        self._sock = sock
        self._obey = obey

    async def run(self) -> None:
        """Listen until the parent is gone."""
        self._sock.setblocking(False)
        reader, writer = await asyncio.open_unix_connection(sock=self._sock)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
                message = pickle.loads(await reader.readexactly(length))  # noqa: S301 - from our own parent
                if isinstance(message, Message):
                    await self._obey(message)
                del message  # megabytes, which nobody needs until the next comes
        writer.close()


def die_with_parent() -> None:
    """Have the kernel end this process when its parent ends, however that happens (prctl(2))."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def name_process(name: str) -> None:
    """Have ``ps`` and ``top`` show what this process is: 15 octets at most (prctl(2))."""
    ctypes.CDLL(None).prctl(_PR_SET_NAME, name.encode(), 0, 0, 0)
