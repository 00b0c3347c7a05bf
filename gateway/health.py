"""Ask a running Utpost whether it is ready: what a container's health check runs."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request

from gateway.config import MetricsSettings

_SECONDS = 10.0


def probe(settings: MetricsSettings) -> tuple[str, bool]:
    """Return one line for a person, and whether all is well."""
    endpoint = settings.endpoint
    if endpoint is None:
        return "metrics.listen is off: there is nobody to ask", False
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(endpoint.host, endpoint.host)  # noqa: S104 - compared, not bound
    place = f"[{host}]:{endpoint.port}" if ":" in host else f"{host}:{endpoint.port}"
    scheme = "https" if settings.certificate else "http"
    try:
        with urllib.request.urlopen(f"{scheme}://{place}/readyz", timeout=_SECONDS, context=_trusting()) as answer:  # noqa: S310
            return _told(answer.read()), True
    except urllib.error.HTTPError as error:
        return _told(error.read()), False
    except (OSError, ValueError) as error:
        return f"no answer from {place} ({type(error).__name__})", False


def _trusting() -> ssl.SSLContext:
    """Return a context for our own port on this machine, whose certificate is made out for another name."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _told(octets: bytes) -> str:
    try:
        return json.dumps(json.loads(octets), ensure_ascii=False)
    except ValueError:
        return "an answer that is not Utpost's"
