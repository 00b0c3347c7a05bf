"""The ledger in Redis or Valkey (6.2 or later), which several machines share.

The server must keep what it was given: ``maxmemory-policy noeviction`` (another policy silently forgets whom a mailing
has reached), and ``appendfsync always`` or ``everysec``. Redis Cluster is not supported.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from importlib import resources
from typing import Any, Final

from redis import exceptions
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff

from gateway.ledger import Claim, MailingSummary, Outcome, Permit, Reservation
from gateway.ledger.books import MANY, SWEPT
from gateway.ledger.counting import RECALLED, SAME, SIMILAR, needed
from gateway.ledger.keys import (
    Key,
    KeyedClaim,
    KeyedPermit,
    Keyring,
    attempt_number,
    keyed,
    keyed_permit,
    mailing_number,
    mailing_text,
    milliseconds,
    moment,
    plain_permit,
    record_of,
    sender_text,
)
from gateway.ledger.returns import Returns
from gateway.model import InvalidConfiguration, Problem, Unavailable, Usage

Argument = bytes | str | int

_SECONDS: Final = 2.0
"""For connecting, and for one answer."""
_DEADLINE: Final = 5.0
"""For a call with all its repetitions."""
_CONNECTIONS: Final = 32
_LISTED: Final = 200
"""Mailings that one call looks at, so that nobody waits long for it."""
_GREATEST_WEIGHT: Final = 0xFFFFFFFF


def redis_ledger(url: str, key: Key | None = None) -> RedisLedger:
    """Return the ledger in the database at ``url``. Raises InvalidConfiguration where it is none of ``redis(s)://``."""
    try:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=_CONNECTIONS,
            timeout=_SECONDS,
            socket_timeout=_SECONDS,
            socket_connect_timeout=_SECONDS,
            retry=Retry(ExponentialBackoff(cap=0.2, base=0.02), 2),
        )
    except ValueError:
        raise InvalidConfiguration([Problem(file="", key="ledger.url", text="is no URL of a Redis database")]) from None
    return RedisLedger(Redis(connection_pool=pool), key)


class RedisLedger:
    """``Ledger`` in one script that runs inside Redis; see the Protocol for what the methods promise."""

    def __init__(self, client: Redis, key: Key | None = None) -> None:
        """Keep the client, which connects when it is used, and the key if it comes from a file."""
        self._client = client
        self._script = client.register_script(_source())
        self._ring = Keyring(key, self._agree)
        self._returns = Returns()

    async def reserve(self, claim: Claim) -> Reservation:
        """Count and, when it fits, hold the persons of ``claim``, in one atomic step."""
        await self._returns.before(claim.attempt)
        try:
            answer = await self._call(
                "reserve", claim.at, lambda key: _arguments(keyed(claim, key)), size=len(claim.persons)
            )
        except (Unavailable, asyncio.CancelledError):
            self._returns.start(claim.attempt, self._release(claim))
            raise
        outcome, mailing, reached, own, reserved, permitted = answer
        usage = Usage(
            mailing=mailing.decode(),
            reached=reached,
            own=own,
            reserved=reserved,
            announced=claim.announced,
            permitted=permitted,
        )
        return Reservation(outcome=Outcome(outcome.decode()), claim=claim, usage=usage)

    async def commit(self, reservation: Reservation, accepted: Collection[str], at: datetime) -> None:
        """Turn the reservation into reached persons: those of ``accepted``. Idempotent."""

        def prepare(key: Key) -> Iterable[Argument]:
            ours = keyed(replace(reservation.claim, at=at), key, accepted)
            mailing = mailing_number(reservation.usage.mailing)
            return _arguments(ours if mailing is None else replace(ours, mailing=mailing))

        await self._call("commit", at, prepare, size=len(accepted))

    async def release(self, reservation: Reservation) -> None:
        """Give the reservation back: nothing was delivered. Idempotent."""
        await self._release(reservation.claim)

    async def _release(self, claim: Claim) -> None:
        await self._call("release", claim.at, lambda key: [_octets(attempt_number(claim, key))])

    async def grant(self, permit: Permit) -> None:
        """Store a permit; one with the same id is replaced."""

        def prepare(key: Key) -> Iterable[Argument]:
            ours = keyed_permit(permit, key)
            mailing = "" if ours.mailing is None else mailing_text(ours.mailing)
            since = "" if ours.since is None else ours.since
            return [ours.id, _octets(ours.sender), mailing, ours.persons, ours.until, since]

        await self._call("grant", permit.until, prepare)

    async def permits(self, at: datetime) -> list[Permit]:
        """List the permits that are still good, soonest to end first."""
        rows = await self._call("permits", at)
        return sorted(map(_permit, rows), key=lambda permit: (permit.until, permit.id))

    async def revoke(self, permit_id: str) -> bool:
        """End a permit; tell whether there was one."""
        return bool((await self._call("revoke", None, lambda _: [permit_id]))[0])

    async def mailings(self, at: datetime) -> list[MailingSummary]:
        """List the mailings inside their window, latest first."""
        with _translated():
            alive: list[Any] = await self._client.zrangebyscore("utpost:due", f"({milliseconds(at)}", "+inf")
        found: list[MailingSummary] = []
        for start in range(0, len(alive), _LISTED):
            rows = await self._call("mailings", at, partial(_some, alive[start : start + _LISTED]))
            found += map(_summary, rows)
        return sorted(found, key=lambda mailing: (-milliseconds(mailing.last), mailing.id))

    async def forget(self, mailing: str) -> bool:
        """Forget a mailing; tell whether there was one."""
        number = mailing_number(mailing)
        if number is None:
            return False
        return bool((await self._call("forget", None, lambda _: [mailing_text(number)]))[0])

    async def sweep(self, at: datetime) -> int:
        """Delete a bounded batch of what has expired; return how many rows went. The server expires the rest."""
        return int((await self._call("sweep", at, lambda _: [SWEPT]))[0])

    async def ping(self) -> None:
        """Raise Unavailable unless the store answers."""
        await self._call("ping", None)

    async def close(self) -> None:
        """Let go of the store."""
        await self._returns.quiet()
        await self._client.aclose(close_connection_pool=True)

    # --- one call --------------------------------------------------------------------------------

    async def _call(
        self,
        operation: str,
        at: datetime | None,
        prepare: Callable[[Key], Iterable[Argument]] = lambda _: (),
        size: int = 0,
    ) -> list[Any]:
        """Return what the script answers; where it misses the key, agree on one and ask once more."""
        time = 0 if at is None else milliseconds(at)
        with _translated():
            async with asyncio.timeout(_DEADLINE):
                for _ in range(2):
                    key = await self._ring.current()
                    ours = await asyncio.to_thread(prepare, key) if size > MANY else prepare(key)
                    answer: list[Any] = await self._script(args=[operation, key.id, time, *ours])
                    if answer[0] != b"key":
                        return answer[1:]
                    self._ring.doubt()
        raise Unavailable("ledger", "its key keeps changing")

    async def _agree(self, proposal: Key) -> str:
        await self._client.set("utpost:key", record_of(proposal), nx=True)
        record: Any = await self._client.get("utpost:key")
        return (record or b"").decode("ascii", "replace")


def _source() -> bytes:
    """Return the script: its files one after the other."""
    files = resources.files(__package__).joinpath("lua").iterdir()
    return b"".join(f.read_bytes() for f in sorted(files, key=lambda f: f.name) if f.name.endswith(".lua"))


@contextmanager
def _translated() -> Iterator[None]:
    """Turn what can happen between here and Redis into Unavailable, with a reason that holds no data."""
    try:
        yield
    except TimeoutError:
        raise Unavailable("ledger", "no answer in time") from None
    except exceptions.RedisError as error:
        raise Unavailable("ledger", _reason(error)) from error
    except OSError as error:
        raise Unavailable("ledger", "no connection") from error


def _reason(error: exceptions.RedisError) -> str:
    for kind, reason in _REASONS:
        if isinstance(error, kind):
            return reason
    word = str(error).partition(" ")[0]
    return f"the store refuses ({word if word.isalpha() and word.isupper() else type(error).__name__})"


_REASONS: Final = (
    (exceptions.OutOfMemoryError, "the store's memory is full"),
    (exceptions.BusyLoadingError, "the store is loading its data"),
    (exceptions.ReadOnlyError, "the store is a read-only replica"),
    (exceptions.AuthenticationError, "the store refuses our password"),
    (exceptions.NoPermissionError, "the store does not permit it"),
    (exceptions.TimeoutError, "no answer in time"),
    (exceptions.ConnectionError, "no connection"),
)


# --- forms ---------------------------------------------------------------------------------------


def _some(arguments: list[Argument], _: Key) -> list[Argument]:
    return arguments


def _octets(number: int) -> bytes:
    return number.to_bytes(8, "big", signed=True)


def _number(octets: bytes) -> int:
    return int.from_bytes(octets, "big", signed=True)


def _arguments(claim: KeyedClaim) -> list[Argument]:
    """Return a claim as ``read_claim`` in the script takes it apart."""
    persons = b"".join(struct.pack(">qI", p, min(w, _GREATEST_WEIGHT)) for p, w in claim.persons.items())
    return [
        _octets(claim.attempt),
        _octets(claim.sender),
        mailing_text(claim.mailing),
        claim.until,
        claim.held_until,
        claim.minima,
        b"".join(map(_octets, claim.marks)),
        persons,
        claim.announced,
        "" if claim.limit is None else claim.limit,
        needed(claim.minima, SIMILAR),
        needed(claim.minima, SAME),
        RECALLED,
    ]


def _permit(row: list[Any]) -> Permit:
    id_, sender, mailing, persons, until, since, used = row
    permit = KeyedPermit(
        id=id_.decode(),
        sender=_number(sender),
        mailing=mailing_number(mailing.decode()),
        persons=persons,
        until=until,
        since=None if since == b"" else since,
    )
    return plain_permit(permit, used)


def _summary(row: list[Any]) -> MailingSummary:
    mailing, sender, reached, reserved, announced, first, last = row
    return MailingSummary(
        id=mailing.decode(),
        sender=sender_text(_number(sender)),
        reached=reached,
        reserved=reserved,
        announced=announced,
        first=moment(first),
        last=moment(last),
    )
