"""One message in the journal: when, how it went and why, but neither its words nor whom it reached."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from gateway.model import Action, Facts, RuleHit, Verdict
from gateway.secret import Mac

_VERDICTS: Final = {
    Action.PASS: "pass",
    Action.OBSERVE: "observe",
    Action.WARN: "warn",
    Action.BLOCK: "block",
    Action.DEFER: "defer",
}
_PERSONS: Final = (0, 1, 5, 20, 50, 100, 500)
_KIB: Final = 1024
_OCTETS: Final = (10 * _KIB, 100 * _KIB, 1024 * _KIB, 10 * 1024 * _KIB, 25 * 1024 * _KIB)
_SIZES: Final = ("-10 KiB", "10-100 KiB", "100 KiB-1 MiB", "1-10 MiB", "10-25 MiB", "25 MiB-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Handled:
    """What became of a message after its verdict."""

    code: int
    """The reply that the client got."""
    enhanced: str = ""
    direction: str
    """``internal``, ``external`` or ``mixed``."""
    octets: int
    policy_version: str
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Stage → seconds spent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One line of the journal. Rules carry no kind: which special category a message touched is not kept."""

    at: datetime
    reference: str
    front: str
    sender: str
    """Keyed pseudonym."""
    persons: str
    """How many, as a range."""
    direction: str
    size: str
    """As a range."""
    verdict: str
    rules: tuple[str, ...]
    """Those that made the verdict."""
    observed: tuple[str, ...]
    """Those that spoke without consequence."""
    lifted: tuple[str, ...]
    """``rule=why`` for those that an exemption or the handling lane lifted."""
    policy: str
    """Version of the policies."""
    code: int
    enhanced: str
    milliseconds: Mapping[str, int]
    """Stage → time spent."""

    def as_object(self) -> dict[str, Any]:
        """Return what the record says in JSON's types; its keys are stable."""
        return {
            "at": self.at.isoformat(timespec="milliseconds"),
            "reference": self.reference,
            "front": self.front,
            "sender": self.sender,
            "persons": self.persons,
            "direction": self.direction,
            "size": self.size,
            "verdict": self.verdict,
            "rules": list(self.rules),
            "observed": list(self.observed),
            "lifted": list(self.lifted),
            "policy": self.policy,
            "code": self.code,
            "enhanced": self.enhanced,
            "milliseconds": dict(self.milliseconds),
        }


def record_of(facts: Facts, verdict: Verdict, handled: Handled, key: bytes) -> Record:
    """Return the record of a message."""
    hits = verdict.hits
    free = [hit for hit in hits if hit.exempted_by is None]
    return Record(
        at=facts.occasion.received_at,
        reference=facts.occasion.reference,
        front=facts.occasion.front,
        sender=pseudonym(str(facts.responsible.address), key),
        persons=persons_range(sum(facts.persons.values())),
        direction=handled.direction,
        size=size_range(handled.octets),
        verdict=_VERDICTS[verdict.action],
        rules=_names(hit for hit in free if hit.action >= Action.WARN) if free else (),
        observed=_names(hit for hit in free if hit.action < Action.WARN) if free else (),
        lifted=_lifted(hits) if len(free) < len(hits) else (),
        policy=handled.policy_version,
        code=handled.code,
        enhanced=handled.enhanced,
        milliseconds={stage: round(seconds * 1000) for stage, seconds in handled.seconds.items()},
    )


@lru_cache(maxsize=64)
def pseudonym(address: str, key: bytes) -> str:
    """Return what stands for an address: the same each time, and nothing that leads back without the key.

    Those asked for last are kept: who has just written often writes again.
    """
    return _mac(key).digest(b"journal sender\0" + address.casefold().encode())[:8].hex()


_mac = lru_cache(maxsize=4)(Mac)


def persons_range(count: int) -> str:
    """Return the range that a number of persons is in; 100 and 101 are in different ones."""
    at = bisect_left(_PERSONS, count)
    if at == len(_PERSONS):
        return f"{_PERSONS[-1] + 1}-"
    low = _PERSONS[at - 1] + 1 if at else 0
    return str(low) if low >= _PERSONS[at] else f"{low}-{_PERSONS[at]}"


def size_range(octets: int) -> str:
    """Return the range that a size is in."""
    return _SIZES[bisect_left(_OCTETS, octets)]


def _names(hits: Iterable[RuleHit]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(_name, hits)))


def _lifted(hits: Iterable[RuleHit]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{_name(h)}={h.exempted_by}" for h in hits if h.exempted_by is not None))


def _name(hit: RuleHit) -> str:
    return hit.rule.partition(":")[0]
