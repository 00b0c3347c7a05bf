"""TLS contexts from configuration: towards clients and towards the relay."""

from __future__ import annotations

import math
import ssl
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.model import InvalidConfiguration, Problem
from gateway.upstream.client import RelayTls

if TYPE_CHECKING:
    from gateway.config import Settings, Tls


def client_context(settings: Tls) -> ssl.SSLContext | None:
    """Return the context that clients meet, None where no certificate is configured. Raises InvalidConfiguration."""
    if settings.certificate is None or settings.private_key is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3 if settings.minimum == "TLSv1.3" else ssl.TLSVersion.TLSv1_2
    renew(context, settings.certificate, settings.private_key)
    return context


def renew(context: ssl.SSLContext, certificate: Path, private_key: Path) -> None:
    """Read certificate and key again; sessions under way keep the old ones. Raises InvalidConfiguration."""
    try:
        # First into a context of no use: a certificate whose key is another's would stay loaded.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, private_key, password=_no_password)
        context.load_cert_chain(certificate, private_key, password=_no_password)
    except (OSError, ValueError) as error:
        text = f"{certificate} and {private_key} cannot be used ({_why(error)})"
        raise InvalidConfiguration([Problem(file="configuration", key="tls.certificate", text=text)]) from None


def expires_at(certificate: Path | None) -> float:
    """Return when a certificate (the first of a PEM file) ends, as Unix time; not a number without one."""
    if certificate is None:
        return math.nan
    from cryptography import x509  # noqa: PLC0415 - eight megabytes that nobody needs without a certificate

    try:
        return x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc.timestamp()
    except (OSError, ValueError):
        return math.nan


def _no_password() -> str:
    raise ValueError("the key needs a password; store it without one, readable by the service alone")


def _why(error: Exception) -> str:
    return getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error)


def relay_tls(settings: Settings) -> tuple[RelayTls, ssl.SSLContext | None]:
    """Return how the relay is encrypted to. Raises InvalidConfiguration for a CA file that cannot be used."""
    mode = RelayTls(settings.relay.tls)
    if mode is RelayTls.OFF:
        return mode, None
    try:
        context = ssl.create_default_context(cafile=settings.relay.ca_file)
    except (OSError, ValueError) as error:
        text = f"{settings.relay.ca_file} cannot be used ({_why(error)})"
        raise InvalidConfiguration([Problem(file="configuration", key="relay.ca_file", text=text)]) from None
    if mode is RelayTls.OPPORTUNISTIC:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return mode, context
