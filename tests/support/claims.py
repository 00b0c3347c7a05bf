"""Claims for tests, and a program that makes some in a process of its own.

``python -m tests.support.claims URL STATE`` reads lines ``ATTEMPT FIRST LAST MESSAGE-ID`` and answers each with the
outcome of a claim for the persons of these numbers. With ``race`` before URL it commits what is granted.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from gateway.ledger import Claim, Ledger, Outcome, Permit, Reservation
from gateway.ledger.open import open_ledger
from gateway.model import Fingerprint

START: Final = datetime(2025, 11, 3, 9, 0, tzinfo=UTC)
WINDOW: Final = timedelta(hours=24)
HOLD: Final = timedelta(minutes=15)
SENDER: Final = "anna.ek@politik.orkelljunga.se"
TEXT: Final = tuple(range(1000, 1064))
"""The minima of some text."""


def persons(first: int, last: int) -> list[str]:
    """Return the canonical addresses of persons first to last, both included."""
    return [f"person{number}@exempel.se" for number in range(first, last + 1)]


def claim(attempt: str, whom: Iterable[str] | Mapping[str, int], *identities: str, **rest: Any) -> Claim:
    """Return a claim at START with the usual terms; ``rest`` replaces any of its fields."""
    values: dict[str, Any] = {
        "attempt": attempt,
        "sender": SENDER,
        "identities": identities,
        "fingerprint": Fingerprint(),
        "persons": dict(whom) if isinstance(whom, Mapping) else dict.fromkeys(whom, 1),
        "announced": 0,
        "limit": 100,
        "at": START,
        "window": WINDOW,
        "hold": HOLD,
    }
    return Claim(**values | rest)


def like(share: float) -> Fingerprint:
    """Return a fingerprint of which ``share`` of the minima are those of TEXT, with an exact digest of its own."""
    same = round(share * len(TEXT))
    return Fingerprint(
        exact=b"exact %d" % same, minhash=TEXT[:same] + tuple(m + 7919 * (same + 1) for m in TEXT[same:])
    )


@dataclass(frozen=True, slots=True)
class Place:
    """Where a ledger is; ``memory`` is somewhere else each time it is opened."""

    url: str
    state: Path
    hub: socket.socket | None = None
    """Where a bookkeeper keeps it."""

    def open(self) -> Ledger:
        """Return a ledger on this place."""
        return open_ledger(self.url, state=self.state, key_file=None, hub=self.hub)

    def spawn(self, *mode: str) -> subprocess.Popen[str]:
        """Start this module as a program on this place."""
        command = [sys.executable, "-m", "tests.support.claims", *mode, self.url, str(self.state)]
        root = Path(__file__).parents[2]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root)


def permit(whom: int, mailing: str | None = None, **rest: Any) -> Permit:
    """Return a permit for so many persons, granted at START and good for four hours; ``rest`` replaces its fields."""
    values: dict[str, Any] = {"id": "p1", "sender": SENDER, "until": START + timedelta(hours=4), "since": START}
    return Permit(mailing=mailing, persons=whom, **values | rest)


async def deliver(ledger: Ledger, wish: Claim) -> Reservation:
    """Claim, and commit at once where it is granted."""
    reservation = await ledger.reserve(wish)
    if reservation.outcome is Outcome.GRANTED:
        await ledger.commit(reservation, list(wish.persons), wish.at)
    return reservation


async def _obey(url: str, state: Path, *, commit: bool) -> None:
    ledger = open_ledger(url, state=state, key_file=None)
    await ledger.ping()
    _say("ready")
    for line in iter(sys.stdin.readline, ""):
        attempt, first, last, identity = line.split()
        wish = claim(attempt, persons(int(first), int(last)), identity)
        reservation = await (deliver(ledger, wish) if commit else ledger.reserve(wish))
        _say(reservation.outcome.value)
    await ledger.close()


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    race = sys.argv[1] == "race"
    where, folder = sys.argv[1 + race :]
    asyncio.run(_obey(where, Path(folder), commit=race))
