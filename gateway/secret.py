"""The secret of one installation: made once in the state directory, read by every process."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

from gateway.model import InvalidConfiguration, Problem

_OCTETS: Final = 32


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
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(_OCTETS))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(fresh, path)
    except FileExistsError:
        return
    finally:
        fresh.unlink()


def _unfit(path: Path, text: str) -> InvalidConfiguration:
    return InvalidConfiguration([Problem(file=str(path), key="", text=text)])
