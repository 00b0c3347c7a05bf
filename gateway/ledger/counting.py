"""How a claim is decided: pure arithmetic over what a store knows of one mailing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.ledger import Outcome

SIMILAR: Final = 0.6
"""From this share of equal minima on, two contents belong to one mailing (Jaccard over 3-word shingles)."""
SAME: Final = 0.9
"""From this share on, a content need not be remembered beside one that already is."""
RECALLED: Final = 256
"""Contents of one sender that a new one is compared with, the latest used. Older ones are met by their exact hash."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """The persons of one mailing as a claim finds them, each person once."""

    reached: int
    """Whom accepted messages reached within the window."""
    own: int
    """Whom this claim would reach besides."""
    reserved: int
    """Whom other messages in flight would reach besides both."""
    announced: int
    """Whom this claim names in the open."""

    @property
    def sure(self) -> int:
        """Return what the limit must allow whatever becomes of others' reservations."""
        return max(self.reached + self.own, self.announced)

    @property
    def worst(self) -> int:
        """Return what the limit must allow for the claim to be granted at once."""
        return max(self.reached + self.own + self.reserved, self.announced)


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What a permit means for one mailing."""

    permit: str
    most: int
    """Persons that the mailing may reach in all."""
    taken: bool
    """True while a reservation of another mailing leans on it: it may come free again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What a claim came to, and why."""

    outcome: Outcome
    permitted: int = 0
    """Persons beyond the limit that were allowed for."""
    permit: str | None = None
    """The permit that a granted claim leans on."""


def count(
    reached: int, known: Mapping[int, int], own: Mapping[int, int], others: Iterable[Mapping[int, int]], announced: int
) -> Count:
    """Return the distinct persons of a mailing; all mappings are person → weight.

    ``known`` holds the weight with which persons of ``own`` and ``others`` are already in ``reached``. Where a group
    has grown since, only the growth counts.
    """
    held: dict[int, int] = {}
    for persons in others:
        for person, weight in persons.items():
            held[person] = max(weight, held.get(person, 0))
    return Count(
        reached=reached,
        own=sum(max(0, weight - known.get(person, 0)) for person, weight in own.items()),
        reserved=sum(max(0, weight - max(known.get(p, 0), own.get(p, 0))) for p, weight in held.items()),
        announced=announced,
    )


def allowance_of(permit: str, *, persons: int, reached: int, charged: int, taken: bool = False) -> Allowance:
    """Return what a permit for ``persons`` means where ``charged`` of those reached were charged to it."""
    return Allowance(permit=permit, most=reached - charged + persons, taken=taken)


def decide(limit: int | None, found: Count, allowances: Sequence[Allowance] = ()) -> Ruling:
    """Return the ruling on a claim; of several allowances the first that is enough is leant on."""
    if limit is None or found.worst <= limit:
        return Ruling(outcome=Outcome.GRANTED)
    for allowance in allowances:
        if not allowance.taken and found.worst <= allowance.most:
            permitted = max(0, allowance.most - limit)
            return Ruling(outcome=Outcome.GRANTED, permitted=permitted, permit=allowance.permit)
    most = max([limit, *(a.most for a in allowances)])
    outcome = Outcome.CONTENDED if found.sure <= most else Outcome.OVER
    return Ruling(outcome=outcome, permitted=most - limit)


def likeness(one: bytes, other: bytes) -> float:
    """Return the share of equal minima; nothing is like no minima at all, or like another number of them."""
    size = len(one)
    if not size or size != len(other):
        return 0.0
    # Equal octets are zero in the difference, and counting those is the quickest comparison there is without NumPy.
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).to_bytes(size, "big").count(0) / size


def needed(minima: bytes, share: float) -> int:
    """Return how many minima must be equal for that share."""
    return max(1, math.ceil(share * len(minima)))
