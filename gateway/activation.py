"""What systemd hands over and wants to hear: listening sockets (sd_listen_fds(3)), signs of life (sd_notify(3))."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import MutableMapping
from typing import Final

from gateway.model import InvalidConfiguration, Problem

DOORS: Final = ("smtp", "smtps", "milter", "metrics")
"""What FileDescriptorName= of a socket unit may say."""
_FIRST: Final = 3
_VARIABLES: Final = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")
_UNNAMED: Final = frozenset({"", "unknown", "utpost.socket"})


def inherited_sockets(
    environment: MutableMapping[str, str] = os.environ, first: int = _FIRST
) -> dict[str, list[socket.socket]]:
    """Return the listening sockets that this process was started with, by door; sockets without a name are for SMTP.

    The variables are taken out of ``environment``, so that no child believes they are for it. Raises
    InvalidConfiguration where they do not fit.
    """
    pid, count, names = (environment.pop(name, "") for name in _VARIABLES)
    found: dict[str, list[socket.socket]] = {door: [] for door in DOORS}
    if pid != str(os.getpid()) or not count.isdigit():
        return found
    told = names.split(":") if names else [""] * int(count)
    if len(told) != int(count):
        raise _unfit(f"LISTEN_FDNAMES has {len(told)} names for {count} sockets")
    for number, name in enumerate(told, start=first):
        door = "smtp" if name in _UNNAMED else name
        if door not in found:
            raise _unfit(f"a socket is named {name!r}; FileDescriptorName= is one of {', '.join(DOORS)}")
        found[door].append(_listening(number, name))
    return found


def _listening(descriptor: int, name: str) -> socket.socket:
    try:
        sock = socket.socket(fileno=descriptor)
        listens = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError as error:
        raise _unfit(f"descriptor {descriptor} ({name}) is no socket ({error.strerror})") from None
    if not listens or sock.type != socket.SOCK_STREAM:
        sock.detach()
        raise _unfit(f"descriptor {descriptor} ({name}) does not listen: use ListenStream= and Accept=no")
    sock.set_inheritable(False)
    sock.setblocking(False)
    return sock


def _unfit(text: str) -> InvalidConfiguration:
    return InvalidConfiguration([Problem(file="systemd", key="", text=text)])


class ServiceManager:
    """Whoever started the service and watches it; silent where nobody does."""

    def __init__(self, environment: MutableMapping[str, str] = os.environ) -> None:
        """Take address and pace of the watchdog out of ``environment``."""
        self._address = environment.pop("NOTIFY_SOCKET", "")
        microseconds, pid = environment.pop("WATCHDOG_USEC", ""), environment.pop("WATCHDOG_PID", str(os.getpid()))
        watched = self._address and microseconds.isdigit() and pid == str(os.getpid())
        self._pause = int(microseconds) / 2_000_000 if watched else float("inf")
        """Seconds between signs of life: half of what is allowed, as sd_watchdog_enabled(3) advises."""
        self._last = float("-inf")

    def tell(self, *lines: str) -> None:
        """Send assignments such as READY=1; a manager that does not listen changes nothing."""
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
            sock.setblocking(False)
            try:
                sock.sendto("\n".join(lines).encode(), address)
            except OSError:
                return

    def alive(self) -> None:
        """Give a sign of life where one is due."""
        now = time.monotonic()
        if now - self._last >= self._pause:
            self._last = now
            self.tell("WATCHDOG=1")
