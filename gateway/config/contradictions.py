"""Settings that are each right and cannot stand together."""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Iterator
from typing import Final

from gateway.config.endpoint import Endpoint
from gateway.config.settings import Settings

Contradiction = tuple[tuple[str, ...], str]
"""The dotted keys that it is about, and what is wrong."""


def contradictions(settings: Settings) -> Iterator[Contradiction]:
    """List what cannot stand together."""
    yield from _addresses(settings)
    yield from _access(settings)
    yield from _ledger(settings)
    yield from _letters(settings)
    yield from _motivation(settings)
    yield from _sizes(settings)
    if (settings.metrics.certificate is None) != (settings.metrics.private_key is None):
        keys = ("metrics.certificate", "metrics.private_key")
        yield keys, "TLS needs both metrics.certificate and metrics.private_key"
    if (settings.tls.certificate is None) != (settings.tls.private_key is None):
        keys = ("tls.certificate", "tls.private_key")
        yield keys, "TLS needs both tls.certificate and tls.private_key"
    if settings.dkim.sign_passing and not settings.dkim.keys:
        yield ("dkim.sign_passing", "dkim.keys"), "there is no key to sign with"
    if settings.listen.smtps and settings.tls.certificate is None:
        yield ("listen.smtps", "tls.certificate"), "listen.smtps needs tls.certificate and tls.private_key"


_CODE: Final = 36
"""Characters of a code and the plus sign before it; a local part has 64 (RFC 5321 4.5.3.1.1)."""


def _motivation(settings: Settings) -> Iterator[Contradiction]:
    motivation = settings.motivation
    local = motivation.address.rpartition("@")[0]
    if "+" in local or len(local) > 64 - _CODE:
        yield ("motivation.address",), f"its local part has no + and at most {64 - _CODE} characters: a code follows it"
    if motivation.address and motivation.folded in {
        settings.letters.reply_to.casefold(),
        settings.letters.contact.casefold(),
    }:
        yield ("motivation.address",), "must be an address of its own: mail to it is not delivered to anybody"
    if motivation.approver and motivation.approver.casefold() == motivation.folded:
        yield ("motivation.approver",), "cannot be motivation.address itself"


def _addresses(settings: Settings) -> Iterator[Contradiction]:
    places = [("listen.smtp", endpoint) for endpoint in settings.listen.endpoints]
    places += [("listen.smtps", endpoint) for endpoint in settings.listen.tls_endpoints]
    places += [("milter.listen", endpoint) for endpoint in settings.milter.endpoints]
    if settings.metrics.endpoint:
        places.append(("metrics.listen", settings.metrics.endpoint))
    for (first, one), (second, other) in itertools.combinations(places, 2):
        if one.overlaps(other):
            yield (second, first), f"{first} {one} and {second} {other} cannot both be listened at"
    outward = [("relay.address", settings.relay.endpoint)]
    outward += [("relay.fallback", endpoint) for endpoint in settings.relay.endpoints[1:]]
    outward += [("letters.relay", endpoint) for endpoint in (settings.letters.endpoint,) if endpoint]
    for key, relay in outward:
        for name, at in places:
            if name != "metrics.listen" and _reaches(relay, at):
                yield (key, name), f"{relay} is Utpost itself ({name} {at}): mail would go in circles"


def _reaches(relay: Endpoint, listener: Endpoint) -> bool:
    """Tell whether whoever connects to ``relay`` surely arrives at ``listener``."""
    local = relay.host in {"localhost", "::1"} or relay.host.startswith("127.")
    anywhere = listener.host in {"0.0.0.0", "::"}  # noqa: S104 - compared, not bound
    return not relay.path and relay.port == listener.port and (relay.host == listener.host or (local and anywhere))


def _access(settings: Settings) -> Iterator[Contradiction]:
    networks = settings.access.parsed
    merged: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = [
        *ipaddress.collapse_addresses(n for n in networks if isinstance(n, ipaddress.IPv4Network)),
        *ipaddress.collapse_addresses(n for n in networks if isinstance(n, ipaddress.IPv6Network)),
    ]
    for network in merged:
        if network.prefixlen == 0:
            yield ("access.networks",), f"together these networks are {network}: whoever reaches Utpost may relay"


def _ledger(settings: Settings) -> Iterator[Contradiction]:
    ledger, timeouts = settings.ledger, settings.timeouts
    keys: tuple[str, ...]
    if ledger.url == "memory" and settings.processes > 1:
        keys = ("ledger.url", "workers")
        yield keys, f"a ledger in memory counts for one worker only, not {settings.processes}: set workers = 1"
    if ledger.wait_seconds >= timeouts.decision:
        keys = ("ledger.wait_seconds", "timeouts.decision")
        yield keys, "ledger.wait_seconds must be less than timeouts.decision, of which it is a part"
    longest = timeouts.decision + timeouts.relay_final
    if ledger.hold_seconds < longest:
        keys = ("ledger.hold_seconds", "timeouts.relay_final", "timeouts.decision")
        yield keys, f"ledger.hold_seconds must be at least timeouts.decision + timeouts.relay_final ({longest:g})"
    if ledger.window_hours * 3600 < ledger.hold_seconds:
        keys = ("ledger.window_hours", "ledger.hold_seconds")
        yield keys, "ledger.window_hours must be longer than ledger.hold_seconds"


def _letters(settings: Settings) -> Iterator[Contradiction]:
    pauses = settings.letters.retry_seconds
    if any(later < earlier for earlier, later in itertools.pairwise(pauses)):
        yield ("letters.retry_seconds",), "pauses must not become shorter"
    if pauses[0] >= settings.letters.expire_hours * 3600:
        keys = ("letters.expire_hours", "letters.retry_seconds")
        yield keys, "a letter would expire before its second attempt"


def _sizes(settings: Settings) -> Iterator[Contradiction]:
    limits = settings.limits
    if limits.message_octets > limits.in_flight_octets:
        keys = ("limits.message_octets", "limits.in_flight_octets")
        yield keys, "limits.message_octets must not be more than limits.in_flight_octets"
    if limits.sessions_per_address > limits.sessions:
        keys = ("limits.sessions_per_address", "limits.sessions")
        yield keys, "limits.sessions_per_address must not be more than limits.sessions"
