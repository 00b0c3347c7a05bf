"""Places to connect to or listen at, as configuration writes them."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final

_HOST: Final = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*\.?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A place to connect to or listen at: host and port, or the path of a Unix socket."""

    host: str = ""
    port: int = 0
    path: str = ""

    def __str__(self) -> str:
        if self.path:
            return f"unix:{self.path}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def overlaps(self, other: Endpoint) -> bool:
        """Tell whether both cannot be listened at together."""
        if self.path or other.path:
            return self.path == other.path
        hosts = {self.host, other.host}
        return 0 != self.port == other.port and (len(hosts) == 1 or not hosts.isdisjoint({"0.0.0.0", "::"}))  # noqa: S104 - compared, not bound


def parse_endpoint(text: str) -> Endpoint:
    """Read ``HOST:PORT``, ``[IPV6]:PORT`` or ``unix:/path``. Raises ValueError that says what is wrong."""
    if text.startswith("unix:"):
        if not text.startswith("unix:/") or "\0" in text or len(text) > 5 + 107:
            raise ValueError(f"{text!r} must be unix: and an absolute path of at most 107 octets")
        return Endpoint(path=text[5:])
    host, colon, port = text.rpartition(":")
    if not colon or not host:
        raise ValueError(f"{text!r} must be HOST:PORT, for instance 127.0.0.1:25")
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and int(port) <= 65535):  # noqa: PLR2004
        raise ValueError(f"{text!r} must end in a port from 0 to 65535")
    return Endpoint(host=_host(host, text), port=int(port))


def is_host_name(text: str) -> bool:
    """Tell whether ``text`` can be the name of a host (RFC 1123 2.1, and underscores)."""
    return len(text) <= 253 and _HOST.fullmatch(text) is not None  # noqa: PLR2004  (RFC 1035 2.3.4)


def _host(host: str, text: str) -> str:
    if host.startswith("[") and host.endswith("]"):
        try:
            return str(ipaddress.IPv6Address(host[1:-1]))
        except ValueError:
            raise ValueError(f"{text!r} has no IPv6 address in its brackets") from None
    if ":" in host:
        raise ValueError(f"{text!r}: an IPv6 address stands in brackets, for instance [::1]:25")
    if re.fullmatch(r"[0-9.]+", host):
        try:
            return str(ipaddress.IPv4Address(host))
        except ValueError:
            raise ValueError(f"{text!r} has no IPv4 address before its port") from None
    if not is_host_name(host):
        raise ValueError(f"{text!r} has no host name before its port")
    return host
