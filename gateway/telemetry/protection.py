"""Who may read the operations port: an optional certificate, an optional list of users."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from gateway.model import InvalidConfiguration, Problem

_NOBODY = hashlib.sha256(b"\xff").digest()
"""No password hashes to it: it is no UTF-8."""


class Wishes(Protocol):
    """The part of the settings that protects the port."""

    @property
    def certificate(self) -> Path | None:
        """PEM file with the chain."""
        ...

    @property
    def private_key(self) -> Path | None:
        """PEM file with its key."""
        ...

    @property
    def password_file(self) -> Path | None:
        """File with lines ``user:password``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """What a connection must show; nothing by default."""

    tls: ssl.SSLContext | None = None
    users: Mapping[str, bytes] | None = field(repr=False, default=None)
    """User → SHA-256 of the password; None lets everybody read."""

    def admits(self, authorization: str) -> bool:
        """Tell whether an Authorization header (RFC 7617) names a user and the right password."""
        if self.users is None:
            return True
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "basic":
            return False
        try:
            user, colon, password = base64.b64decode(token.strip(), validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            return False
        known = self.users.get(user, _NOBODY)
        return hmac.compare_digest(known, hashlib.sha256(password.encode()).digest()) and bool(colon)


def load_protection(wishes: Wishes) -> Protection:
    """Read certificate, key and users. Raises InvalidConfiguration with every mistake."""
    problems: list[Problem] = []
    tls, users = None, None
    if wishes.certificate and wishes.private_key:
        tls = _tls(wishes.certificate, wishes.private_key, problems)
    if wishes.password_file:
        users = _users(wishes.password_file, problems)
    if problems:
        raise InvalidConfiguration(problems)
    return Protection(tls=tls, users=users)


def _tls(certificate: Path, key: Path, problems: list[Problem]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # An empty password: an encrypted key must not ask at a terminal.
        context.load_cert_chain(certificate, key, password="")
    except ssl.SSLError as error:
        text = f"does not go with {key}, or one of them is no PEM file: {error.reason or 'unreadable'}"
        problems.append(Problem(file=str(certificate), key="", text=text))
    except OSError as error:
        text = f"certificate or key ({key}) cannot be read: {error.strerror}"
        problems.append(Problem(file=str(certificate), key="", text=text))
    return context


def _users(file: Path, problems: list[Problem]) -> Mapping[str, bytes]:
    users: dict[str, bytes] = {}
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        problems.append(Problem(file=str(file), key="", text=f"cannot be read: {reason}"))
        return users
    for number, line in enumerate(lines, start=1):
        user, colon, password = line.strip().partition(":")
        if colon and user and password:
            users[user] = hashlib.sha256(password.encode()).digest()
        elif line.strip() and not line.startswith("#"):
            problems.append(Problem(file=str(file), key="", text="must be user:password", line=number))
    if not users and not problems:
        problems.append(Problem(file=str(file), key="", text="names no user; write lines user:password"))
    return MappingProxyType(users)
