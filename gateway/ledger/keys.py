"""Keyed ids: what a ledger keeps instead of addresses, Message-IDs and words.

An id is HMAC-SHA-256 over the thing and what kind of thing it is, cut to 8 octets; persons, marks and words are keyed
with their sender too, so that nothing in a store tells that two senders wrote to the same person. All processes that
share a ledger must share the key, else they would count one person as two: the store holds a *record* of the key's id,
and a process whose key has another id refuses to work.

The key comes from a file (``ledger.key_file``), else the first process makes one and leaves it in the store. To change
it: stop every process, delete the ledger (the file ``ledger.sqlite``, or the Redis keys ``utpost:*``), start with the
new key. Counting starts from zero and permits are gone: do it when no mailing is under way.
"""

from __future__ import annotations

import hashlib
import secrets
import struct
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

from gateway.ledger import Claim, KeyMismatch, Permit
from gateway.secret import Mac, read_secret

_MILLISECOND: Final = timedelta(milliseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MASK: Final = 2**64 - 1
_SHORTEST: Final = 32
_LETTERS: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_DIGITS: Final = 10
_VALUES: Final = {letter: value for value, letter in enumerate(_LETTERS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """The secret of a ledger, and the id by which processes compare it."""

    secret: bytes = field(repr=False)
    id: str
    given: bool
    """True when it came from a file: then it never goes into the store."""
    mac: Mac = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Take the key in once for all digests."""
        object.__setattr__(self, "mac", Mac(self.secret))

    def digest(self, kind: bytes, value: bytes) -> bytes:
        """Return 32 octets that only holders of the key can derive from ``value``."""
        return self.mac.digest(kind + b"\0" + value)

    def number(self, kind: bytes, value: bytes) -> int:
        """Return the keyed id of ``value`` as a signed 64-bit number."""
        return int.from_bytes(self.digest(kind, value)[:8], "big", signed=True)


def key_of(secret: bytes, *, given: bool) -> Key:
    """Return the key with this secret."""
    return Key(secret=secret, id=hashlib.sha256(b"utpost ledger key\0" + secret).hexdigest()[:16], given=given)


def read_key(path: Path) -> Key:
    """Return the key in a file: its octets without white space around them. Raises InvalidConfiguration."""
    return key_of(read_secret(path, "ledger.key_file"), given=True)


# --- the record in the store ---------------------------------------------------------------------


def record_of(key: Key) -> str:
    """Return what the store remembers of a key: its id, and its secret unless that lives in a file."""
    return f"{key.id}:{'' if key.given else key.secret.hex()}"


def propose(given: Key | None, last: Key | None) -> Key:
    """Return the key to record in a store that has none: the file's, the one used until now, or a new one."""
    return given or last or key_of(secrets.token_bytes(_SHORTEST), given=False)


def accept(record: str, given: Key | None) -> Key:
    """Return the key that a store's record asks for. Raises KeyMismatch where we do not have it."""
    name, _, secret = record.partition(":")
    if given is not None:
        if name != given.id:
            raise KeyMismatch(f"the ledger was written with key {name}, ledger.key_file holds key {given.id}")
        return given
    try:
        key = key_of(bytes.fromhex(secret), given=False)
    except ValueError:
        raise KeyMismatch("the key in the ledger cannot be read") from None
    if not secret or key.id != name:
        raise KeyMismatch(f"the ledger was written with key {name} from a file: name it as ledger.key_file")
    return key


class KeyChanged(Exception):
    """The store's record is gone or names another key than the one that ids were made with."""


class Keyring:
    """The key that a ledger works with, agreed with its store."""

    def __init__(self, given: Key | None, agree: Callable[[Key], Awaitable[str]]) -> None:
        """Keep the key from a file, and how to record one: ``agree`` returns the record that stands."""
        self._given = given
        self._agree = agree
        self._last: Key | None = None
        self.sure: Key | None = None
        """The key, while there is no reason to ask the store."""

    async def current(self) -> Key:
        """Return the key. Raises KeyMismatch, and what the store raises."""
        if self.sure is None:
            self.sure = self._last = accept(await self._agree(propose(self._given, self._last)), self._given)
        return self.sure

    def doubt(self) -> None:
        """Ask the store again before the next use: it was emptied, or others have replaced the key."""
        self.sure = None


# --- claims in keyed form ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KeyedClaim:
    """A claim in the form in which stores handle it: ids are signed 64-bit numbers, times milliseconds since 1970."""

    attempt: int
    sender: int
    mailing: int
    """The number of the mailing, should this claim be its first."""
    marks: tuple[int, ...]
    """Each alone makes two messages the same mailing."""
    minima: bytes
    """One octet for each minimum of the minhash: enough to tell likeness, too little to tell words."""
    persons: Mapping[int, int]
    announced: int
    limit: int | None
    at: int
    until: int
    """``at`` plus the window."""
    held_until: int

    @property
    def tied_until(self) -> int:
        """How long the mailing is recognised: as long as anybody counts whom a message still in flight reaches."""
        return self.until + self.held_until - self.at

    def __reduce__(self) -> tuple[object, ...]:
        """Travel as a tuple: what dataclasses do by themselves costs five times as much."""
        return KeyedClaim, self.values()

    def values(self) -> tuple[Any, ...]:
        """Return all fields, of plain types, in the order in which ``KeyedClaim`` takes them."""
        return _FIELDS(self)

    def moved(self, at: datetime) -> KeyedClaim:
        """Return the same claim made at another time."""
        now = milliseconds(at)
        later = now - self.at
        values = (*_TERMS(self), now, self.until + later, self.held_until + later)
        return KeyedClaim(*values)


_NAMES: Final = tuple(f.name for f in fields(KeyedClaim))
_FIELDS: Final[Callable[[KeyedClaim], tuple[Any, ...]]] = attrgetter(*_NAMES)
_TERMS: Final[Callable[[KeyedClaim], tuple[Any, ...]]] = attrgetter(*_NAMES[:-3])
"""All but the times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedPermit:
    """A permit in the form in which stores keep it."""

    id: str
    sender: int
    mailing: int | None
    persons: int
    until: int
    since: int | None


def keyed(claim: Claim, key: Key, only: Collection[str] | None = None) -> KeyedClaim:
    """Return the claim without anything that names somebody; of its persons ``only`` these, where given."""
    scope = _sender(claim.sender, key)
    attempt = scope + _octets(claim.attempt)
    marks = [key.number(b"identity", scope + _octets(identity)) for identity in claim.identities]
    if claim.fingerprint.exact:
        marks.append(key.number(b"exact", scope + claim.fingerprint.exact))
    minhash = claim.fingerprint.minhash
    at = milliseconds(claim.at)
    return KeyedClaim(
        attempt=key.number(b"attempt", attempt),
        sender=int.from_bytes(scope, "big", signed=True),
        mailing=int.from_bytes(key.digest(b"mailing", attempt)[:8], "big") >> (64 - 5 * _DIGITS),
        marks=tuple(dict.fromkeys(marks)),
        minima=_minima(minhash, scope, key.mac) if minhash else b"",
        persons={
            key.number(b"person", scope + _octets(person)): max(1, claim.persons[person])
            for person in (claim.persons if only is None else only)
            if person in claim.persons
        },
        announced=claim.announced,
        limit=claim.limit,
        at=at,
        until=at + claim.window // _MILLISECOND,
        held_until=at + claim.hold // _MILLISECOND,
    )


def keyed_permit(permit: Permit, key: Key) -> KeyedPermit:
    """Return the permit without its sender's address."""
    return KeyedPermit(
        id=permit.id,
        sender=int.from_bytes(_sender(permit.sender, key), "big", signed=True),
        mailing=None if permit.mailing is None else mailing_number(permit.mailing) or 0,
        persons=permit.persons,
        until=milliseconds(permit.until),
        since=None if permit.since is None else milliseconds(permit.since),
    )


def plain_permit(permit: KeyedPermit, used: int) -> Permit:
    """Return a stored permit in its outer form, the sender as a pseudonym."""
    return Permit(
        id=permit.id,
        sender=sender_text(permit.sender),
        mailing=None if permit.mailing is None else mailing_text(permit.mailing),
        persons=permit.persons,
        until=moment(permit.until),
        used=used,
        since=None if permit.since is None else moment(permit.since),
    )


def attempt_number(claim: Claim, key: Key) -> int:
    """Return the keyed id of the claim's attempt."""
    return key.number(b"attempt", _sender(claim.sender, key) + _octets(claim.attempt))


def sender_text(number: int) -> str:
    """Return a sender's pseudonym for lists."""
    return number.to_bytes(8, "big", signed=True).hex()


def _sender(sender: str, key: Key) -> bytes:
    return _scope(sender, key.mac)


@lru_cache(maxsize=64)
def _scope(sender: str, mac: Mac) -> bytes:
    """Return what a sender's ids begin with; who has just written often writes again."""
    return mac.digest(b"sender\0" + _octets(sender))[:8]


@lru_cache(maxsize=16)
def _minima(minhash: tuple[int, ...], scope: bytes, mac: Mac) -> bytes:
    """Return one octet for each minimum, by a hash of its own for each place: (a·x + b) mod 2⁶⁴, the top octet.

    With secret a and b any two values look independent of each other (Dietzfelbinger 1996), so nobody without the key
    can try words on what is stored, not even in pairs. 64 of these cost as much as fourteen HMACs, so that they are
    kept while a mail server hands a mailing over in pieces.
    """
    factors, summands = _hashes(scope, mac, len(minhash))
    return bytes([(m * a + b & _MASK) >> 56 for m, a, b in zip(minhash, factors, summands, strict=True)])


@lru_cache(maxsize=64)
def _hashes(scope: bytes, mac: Mac, number: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the hashes of a sender, a and b of each; who has just written often writes again."""
    seed = mac.digest(b"minimum\0" + scope)
    numbers = struct.unpack(f"<{2 * number}Q", hashlib.shake_128(seed).digest(16 * number))
    return numbers[::2], numbers[1::2]


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


# --- numbers and times that people see -----------------------------------------------------------


def mailing_text(number: int) -> str:
    """Return a mailing's number as people read and type it: ten characters without look-alikes."""
    return "".join(_LETTERS[number >> shift & 31] for shift in range(5 * (_DIGITS - 1), -1, -5))


def mailing_number(text: str) -> int | None:
    """Return the number behind ``mailing_text``; None for anything else."""
    digits = [_VALUES.get(letter) for letter in text.strip().lower()]
    if len(digits) != _DIGITS:
        return None
    number = 0
    for digit in digits:
        if digit is None:
            return None
        number = number << 5 | digit
    return number


def milliseconds(at: datetime) -> int:
    """Return a moment as stores keep it."""
    return (at - _EPOCH) // _MILLISECOND


def moment(stored: int) -> datetime:
    """Return the moment behind ``milliseconds``."""
    return _EPOCH + timedelta(milliseconds=stored)
