"""What an operator may see and do of letters: the outbox, previews, DKIM keys."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from gateway.config import Settings
from gateway.judgement import Judgement
from gateway.letters.compose import Typeset
from gateway.letters.letter import LetterKind
from gateway.letters.outbox import Outbox
from gateway.letters.preview import preview
from gateway.model import Refused, Unavailable
from gateway.operator import note
from gateway.secret import installation_secret
from gateway.stores import letterhead, open_outbox

if TYPE_CHECKING:
    from gateway.letters.dkim import SigningKey

T = TypeVar("T")

_LONGEST: Final = 255
"""Octets of one string of a TXT record (RFC 1035 3.3)."""
_DIG_SECONDS: Final = 15


# --- the outbox ----------------------------------------------------------------------------------


def waiting(settings: Settings) -> list[dict[str, Any]]:
    """Return the letters in the outbox without their words, oldest first. Raises Refused."""
    return [
        {
            "id": letter.id,
            "state": letter.state,
            "kind": letter.kind,
            "recipient": letter.recipient,
            "reference": letter.reference,
            "written": letter.written_at.isoformat(timespec="seconds"),
            "due": letter.due_at.isoformat(timespec="seconds"),
            "attempts": letter.attempts,
        }
        for letter in _with_outbox(settings, lambda outbox: outbox.waiting())
    ]


def retry(settings: Settings, letter: int | None) -> str:
    """Make one letter, or all, due now; return a line. Raises Refused."""
    count = _with_outbox(settings, lambda outbox: outbox.retry(datetime.now(UTC), letter))
    if letter is not None and not count:
        raise Refused(f"no letter {letter} is ready to go; see: utpost outbox list")
    note(settings, "letters_retried", "all" if letter is None else str(letter))
    return f"{count} {'letter is' if count == 1 else 'letters are'} due now"


def drop(settings: Settings, letter: int) -> str:
    """Erase a letter; return a line. Raises Refused."""
    if not _with_outbox(settings, lambda outbox: outbox.drop(letter)):
        raise Refused(f"there is no letter {letter}; see: utpost outbox list")
    note(settings, "letter_dropped", str(letter))
    return f"letter {letter} is erased: its reader is not told"


def _with_outbox(settings: Settings, ask: Callable[[Outbox], Awaitable[T]]) -> T:
    async def work() -> T:
        outbox = open_outbox(settings, installation_secret(settings.state.directory))
        try:
            return await ask(outbox)
        finally:
            await outbox.close()

    if not settings.state.directory.is_dir():
        raise Refused(f"{settings.state.directory} is not there; name the state directory with --state")
    try:
        return asyncio.run(work())
    except Unavailable as error:
        raise Refused(f"the outbox cannot be asked: {error.why}") from None


# --- previews ------------------------------------------------------------------------------------


def shown(settings: Settings, judgement: Judgement, kind: str | None) -> dict[str, Typeset]:
    """Return a letter of one kind, or of each: kind → letter. Raises Refused."""
    kinds = {k.value: k for k in LetterKind}
    if kind is not None and kind not in kinds:
        raise Refused(f"there is no letter {kind!r}; there are: {', '.join(kinds)}")
    head = letterhead(settings, b"preview", "localhost")
    wanted = kinds if kind is None else {kind: kinds[kind]}
    rules = judgement.policy.rules
    return {name: preview(value, judgement.letters, head, rules) for name, value in wanted.items()}


# --- DKIM: imported when asked for, since the service shares this program and seldom needs it -------


def keygen(file: Path, algorithm: str) -> str:
    """Make a key in a new file that only its owner may read; return a line. Raises Refused."""
    from gateway.letters.dkim import Algorithm, make_key  # noqa: PLC0415

    pem = make_key(Algorithm(algorithm))
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Refused(f"{file} is there already; a key is never overwritten") from None
    except OSError as error:
        raise Refused(f"{file} cannot be written ({error.strerror})") from None
    with os.fdopen(descriptor, "wb") as out:
        out.write(pem)
    return f"{file}: name it in dkim.keys, publish it as told by: utpost dkim record"


def records(settings: Settings) -> str:
    """Return the DNS records of the configured keys, as in a zone file. Raises InvalidConfiguration."""
    return "\n".join(f"{key.record_name}. IN TXT ({_strings(key.record)})" for key in _keys(settings))


def checked(settings: Settings) -> tuple[str, bool]:
    """Return a line for each configured key, and whether all are published as they are. Raises Refused."""
    from gateway.letters.dkim import check_record  # noqa: PLC0415

    lines, well = [], True
    for key in _keys(settings):
        wrong = check_record(key, _published(key.record_name))
        well = well and not wrong
        lines.append(f"{key.record_name}: {wrong or 'is published'}")
    return "\n".join(lines), well


def _keys(settings: Settings) -> list[SigningKey]:
    if not settings.dkim.keys:
        raise Refused("no keys are configured: dkim.keys is empty")
    from gateway.letters.dkim import load_key  # noqa: PLC0415

    return [load_key(file, domain, selector) for domain, selector, file in settings.dkim.parts]


def _strings(record: str) -> str:
    return " ".join(f'"{record[at : at + _LONGEST]}"' for at in range(0, len(record), _LONGEST))


def _published(name: str) -> list[str]:
    """Return the TXT records that the resolver knows. Raises Refused."""
    command = ["dig", "+short", "+time=5", "+tries=2", "TXT", name]
    try:
        told = subprocess.run(command, capture_output=True, text=True, timeout=_DIG_SECONDS, check=True).stdout  # noqa: S603 - fixed but for a checked name
    except FileNotFoundError:
        raise Refused("dig is not installed (Debian package bind9-dnsutils)") from None
    except (subprocess.SubprocessError, OSError):
        raise Refused(f"the resolver does not answer for {name}") from None
    return ["".join(line.split('"')[1::2]) for line in told.splitlines() if line.startswith('"')]
