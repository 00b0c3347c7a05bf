"""What all sessions of one worker share: limits, the way to the relay, the gatekeeper, and who is connected."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final, Protocol

from gateway.decision import Gatekeeper
from gateway.upstream.client import RelaySession

Network = IPv4Network | IPv6Network

ROOM_SECONDS: Final = 10.0
"""How long a message waits for room before 452."""
_FAIR: Final = 1.25
_SLACK: Final = 2
"""Up to so many times, and so many more, sessions than another worker are nobody's concern."""
_ADDRESSES: Final = 1000
"""Peers remembered; all are forgotten when there are more."""


class Meters(Protocol):
    """Where sessions count what they do; labels are closed sets."""

    def session(self, change: int) -> None:
        """Count a session that begins (1) or ends (-1)."""
        ...

    def admitted(self, *, accepted: bool) -> None:
        """Count a connection that was served, or turned away."""
        ...

    def in_flight(self, change: int) -> None:
        """Count octets of content taken in or given back."""
        ...

    def received(self, seconds: float) -> None:
        """Count how long a client took to send its content."""
        ...

    def reply(self, stage: str, code: int) -> None:
        """Count a reply to the client at ``stage`` (connect, ehlo, mail, rcpt, data, end, other)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Limits and time-outs of a session, in octets, counts and seconds."""

    message: int
    in_flight: int
    sessions: int
    sessions_per_address: int
    recipients: int
    line: int
    command_seconds: float
    block_seconds: float
    relay_idle_seconds: float
    junk: int = 20
    """Unrecognised commands forgiven in a row."""


@dataclass(slots=True, kw_only=True)
class Front:
    """The shared half of the SMTP front end."""

    hostname: str
    bounds: Bounds
    networks: tuple[Network, ...]
    open_relay: Callable[[bytes, bool], Awaitable[RelaySession]]
    gatekeeper: Gatekeeper
    meters: Meters
    tls: ssl.SSLContext | None = None
    """Offers STARTTLS; its certificate may be renewed in place."""
    proxy_peers: tuple[Network, ...] = ()
    """Peers whose connections must begin with a PROXY header."""
    xforward_peers: tuple[Network, ...] = ()
    """Peers whose XFORWARD is believed."""
    xclient: bool = False
    """Tell a relay that offers XCLIENT whose connection this is."""
    elsewhere: Callable[[], float | None] = lambda: None
    """Tells how many sessions the other worker that has the fewest has; None where there is no other."""
    draining: bool = False
    in_flight: int = 0
    waiting: set[asyncio.Future[None]] = field(default_factory=set)
    """Those who wait for room."""
    parting: int = 0
    """Connections that have been told good-bye and not gone yet."""
    sessions: set[Drainable] = field(default_factory=set)
    per_address: Counter[str] = field(default_factory=Counter)
    _admitted: dict[str, bool] = field(default_factory=dict)
    """Peers and whether they may use the gateway; most come again."""

    def admits(self, address: str) -> bool:
        """Tell whether this peer may use the gateway. A unix socket's peer has no address and may."""
        known = self._admitted.get(address)
        if known is None:
            if len(self._admitted) >= _ADDRESSES:
                self._admitted.clear()
            known = self._admitted[address] = not address or is_among(address, self.networks)
        return known

    def crowded(self, coming: int = 0) -> bool:
        """Tell whether there are far more sessions here, with those that are coming, than in another worker."""
        fewest = self.elsewhere()
        return fewest is not None and len(self.sessions) + coming > fewest * _FAIR + _SLACK

    # --- memory ------------------------------------------------------------------------------

    @property
    def full(self) -> bool:
        """Tell whether all content together has reached its bound."""
        return self.in_flight >= self.bounds.in_flight

    def count_in_flight(self, change: int) -> None:
        """Note octets of content held now."""
        if not change:
            return
        self.in_flight += change
        self.meters.in_flight(change)
        if not self.full:
            for waiter in self.waiting:
                if not waiter.done():
                    waiter.set_result(None)

    async def has_room(self) -> bool:
        """Wait a bounded time for room; False when there is none."""
        if not self.full:
            return True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ROOM_SECONDS):
                while self.full:
                    await self._wait_for_room()
        return not self.full

    async def _wait_for_room(self) -> None:
        waiter = asyncio.get_running_loop().create_future()
        self.waiting.add(waiter)
        try:
            await waiter
        finally:
            self.waiting.discard(waiter)


def is_among(address: str, networks: tuple[Network, ...]) -> bool:
    """Tell whether an address is in one of the networks; an IPv4-mapped one counts as IPv4 (RFC 4291 2.5.5.2)."""
    if not networks:
        return False
    try:
        peer = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(peer, "ipv4_mapped", None)
    return any((mapped or peer) in network for network in networks)


class Drainable(Protocol):
    """A session, as the server sees it."""

    def drain(self) -> None:
        """End politely at the next possible moment."""
        ...
