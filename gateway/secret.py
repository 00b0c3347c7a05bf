"""The secret of one installation: made once in the state directory, read by every process."""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from pathlib import Path
from typing import Final

from gateway.belonging import create
from gateway.model import InvalidConfiguration, Problem

_OCTETS: Final = 32
_LARGEST: Final = 4096
_OTHERS: Final = 0o007
_BLOCK: Final = 64


class Mac:
    """HMAC-SHA-256 (RFC 2104) under one key, for many short values.

    The key is taken in once: a message needs half a dozen digests, and ``hmac.digest`` spends two thirds of each on it.
    """

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        """Take the key in."""
        block = (hashlib.sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
        self._inner = hashlib.sha256(bytes(octet ^ 0x36 for octet in block))
        self._outer = hashlib.sha256(bytes(octet ^ 0x5C for octet in block))

    def digest(self, value: bytes) -> bytes:
        """Return the 32 octets of a value."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(value)
        outer.update(inner.digest())
        return outer.digest()


def installation_secret(state: Path) -> bytes:
    """Return 32 octets that this installation keeps for marks and pseudonyms. Raises InvalidConfiguration."""
    path = state / "secret"
    try:
        if not path.exists():
            _make(path)
        secret = path.read_bytes()
    except OSError as error:
        raise _unfit(path, f"cannot be read or made ({error.strerror})") from None
    if len(secret) != _OCTETS:
        raise _unfit(path, f"does not hold {_OCTETS} octets; remove it to have a new one made")
    return secret


def _make(path: Path) -> None:
    """Write a fresh secret in one step; when two processes try, the first one wins."""
    fresh = path.with_name(f".secret-{os.getpid()}")
    fresh.unlink(missing_ok=True)
    with os.fdopen(create(fresh), "wb") as file:
        file.write(secrets.token_bytes(_OCTETS))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(fresh, path)
    except FileExistsError:
        return
    finally:
        fresh.unlink()


def _unfit(path: Path, text: str, key: str = "") -> InvalidConfiguration:
    return InvalidConfiguration([Problem(file=str(path), key=key, text=text)])


def read_secret(path: Path, key: str) -> bytes:
    """Return the secret in a file, without white space around it; ``key`` is the setting that names the file.

    Raises InvalidConfiguration for a file that cannot be read, that others may read, or that holds too little.
    """
    try:
        with path.open("rb") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & _OTHERS:
                raise _unfit(path, f"others may read or change it; chmod 600 {path}", key)
            secret = file.read(_LARGEST + 1).strip()
    except OSError as error:
        raise _unfit(path, f"cannot be read ({(error.strerror or 'error').lower()})", key) from None
    if not _OCTETS <= len(secret) <= _LARGEST:
        raise _unfit(path, f"must hold {_OCTETS} to {_LARGEST} octets; make one with: openssl rand -hex 32", key)
    return secret
