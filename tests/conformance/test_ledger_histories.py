"""Random histories: each store against a model that counts anew from the whole history, and all stores side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from gateway.ledger import Claim, Ledger, Outcome, Permit, Reservation
from gateway.ledger.open import open_ledger
from gateway.model import Fingerprint
from tests.support.claims import HOLD, SENDER, START, TEXT, WINDOW, claim, persons
from tests.support.redis_server import RedisServer

T = TypeVar("T")

LIMIT: Final = 6
SENDERS: Final = (SENDER, "bo.berg@politik.orkelljunga.se")
EVERYBODY: Final = persons(1, 12)

whom = st.dictionaries(st.sampled_from(EVERYBODY), st.sampled_from([1, 1, 1, 1, 2, 3]), max_size=5)
identities = st.lists(st.sampled_from(["id:1", "id:2", "id:3"]), max_size=2, unique=True)
texts = st.sampled_from(["", "a", "b", "short"])
pauses = st.sampled_from([0, 1, 60, 14 * 60, 15 * 60, 3600, 11 * 3600, 23 * 3600, 24 * 3600 - 1])


def content(text: str, variant: int) -> Fingerprint:
    """Return the fingerprint of one of few texts, in one of several variants that are all alike."""
    if not text:
        return Fingerprint()
    if text == "short":
        return Fingerprint(exact=b"short")
    base = [minimum + 100_000 * ord(text) for minimum in TEXT]
    base[: variant * 3] = [minimum * 1009 + variant for minimum in base[: variant * 3]]
    return Fingerprint(exact=f"{text}{variant}".encode(), minhash=tuple(base))


@dataclass(frozen=True, slots=True)
class Event:
    """A claim, and what became of it."""

    claim: Claim
    marks: frozenset[str]
    granted: bool


class History:
    """The plainest way to count: from everything that ever happened, each time."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.claims: list[Event] = []
        self.holds: dict[str, Claim] = {}
        self.commits: list[tuple[str, dict[str, int], datetime]] = []

    def family(self, attempt: str) -> set[str]:
        """Return the attempts that belong to one mailing with this one."""
        groups: dict[str, set[str]] = {}
        last: dict[str, tuple[datetime, str]] = {}
        for event in self.claims:
            own = groups.setdefault(event.claim.attempt, {event.claim.attempt})
            for mark in event.marks:
                used, other = last.get(mark, (None, ""))
                if used is not None and used + WINDOW + HOLD > event.claim.at:
                    own |= groups[other]
                    for member in own:
                        groups[member] = own
                last[mark] = (event.claim.at, event.claim.attempt)
        return groups[attempt]

    def reached(self, attempt: str, at: datetime) -> dict[str, int]:
        """Return whom the mailing of an attempt has reached within the window, and their weights."""
        family, found = self.family(attempt), dict[str, tuple[int, datetime]]()
        for member, accepted, when in self.commits:
            for person, weight in accepted.items() if member in family else ():
                before, until = found.get(person, (0, when))
                if until <= when:
                    before = 0
                found[person] = (max(before, weight), max(until, when + WINDOW))
        return {person: weight for person, (weight, until) in found.items() if until > at}

    def held(self, attempt: str, at: datetime) -> dict[str, int]:
        """Return whom other attempts hold for the mailing."""
        family, found = self.family(attempt), dict[str, int]()
        for member, wish in self.holds.items():
            if member in family and member != attempt and wish.at + wish.hold > at:
                for person, weight in wish.persons.items():
                    found[person] = max(found.get(person, 0), weight)
        return found


class Machine(RuleBasedStateMachine):
    """What both kinds of history have in common: ledgers that are opened, and time that passes."""

    opened: Callable[[Path], list[Ledger]]

    def __init__(self) -> None:
        """Open the ledgers on a loop of their own."""
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = TemporaryDirectory()
        self.ledgers = type(self).opened(Path(self.folder.name))
        self.now = START
        self.attempts = 0
        self.open: dict[str, list[Reservation]] = {}

    def teardown(self) -> None:
        """Close them."""
        for ledger in self.ledgers:
            self.run(ledger.close())
        self.runner.close()
        self.folder.cleanup()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def everywhere(self, act: Callable[[int, Ledger], Coroutine[Any, Any, T]]) -> list[T]:
        """Return what each ledger answers."""
        return [self.run(act(number, ledger)) for number, ledger in enumerate(self.ledgers)]

    def name(self) -> str:
        self.attempts += 1
        return f"attempt{self.attempts}"

    @rule(seconds=pauses)
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule()
    def sweep(self) -> None:
        self.everywhere(lambda _, ledger: ledger.sweep(self.now))


class ModelMachine(Machine):
    """One ledger, held against the model."""

    def __init__(self) -> None:
        """Begin with an empty history."""
        super().__init__()
        self.history = History()

    @rule(
        who=whom,
        names=identities,
        text=texts,
        variant=st.integers(0, 4),
        sender=st.sampled_from(SENDERS),
        data=st.data(),
    )
    def reserve(
        self, *, who: dict[str, int], names: list[str], text: str, variant: int, sender: str, data: st.DataObject
    ) -> None:
        limit = data.draw(st.sampled_from([LIMIT, LIMIT, LIMIT, None]))
        wish = claim(
            self.name(), who, *names, sender=sender, at=self.now, limit=limit, fingerprint=content(text, variant)
        )
        self._claim(wish, frozenset(f"{sender} {mark}" for mark in (*names, *([f"text:{text}"] if text else []))))

    @rule(data=st.data(), who=whom)
    def claim_again(self, data: st.DataObject, who: dict[str, int]) -> None:
        recent = [e for e in self.history.claims if e.claim.at + HOLD > self.now]
        if recent:
            event = data.draw(st.sampled_from(recent))
            self._claim(replace(event.claim, persons=who, at=self.now), event.marks)

    def _claim(self, wish: Claim, marks: frozenset[str]) -> None:
        history = self.history
        history.claims.append(Event(wish, marks, granted=False))
        reached, held = history.reached(wish.attempt, self.now), history.held(wish.attempt, self.now)
        own = sum(max(0, w - reached.get(p, 0)) for p, w in wish.persons.items())
        reserved = sum(max(0, w - max(reached.get(p, 0), wish.persons.get(p, 0))) for p, w in held.items())
        if wish.limit is None:
            reserved = 0

        (reservation,) = self.everywhere(lambda _, ledger: ledger.reserve(wish))
        usage = reservation.usage
        assert (usage.reached, usage.own, usage.reserved) == (sum(reached.values()), own, reserved)
        total = usage.reached + own
        if wish.limit is None or total + reserved <= wish.limit:
            assert reservation.outcome is Outcome.GRANTED
        else:
            assert reservation.outcome is (Outcome.OVER if total > wish.limit else Outcome.CONTENDED)
        history.holds.pop(wish.attempt, None)
        self.open.pop(wish.attempt, None)
        if reservation.outcome is Outcome.GRANTED:
            history.holds[wish.attempt] = wish
            self.open[wish.attempt] = [reservation]

    @rule(data=st.data(), times=st.integers(1, 2))
    def commit(self, data: st.DataObject, times: int) -> None:
        if self.open:
            attempt = data.draw(st.sampled_from(sorted(self.open)))
            (reservation,) = self.open[attempt]
            # Whoever holds longer than this has been told by the configuration not to.
            if self.now > reservation.claim.at + HOLD:
                return
            accepted = data.draw(st.lists(st.sampled_from(EVERYBODY), unique=True))
            for _ in range(times):
                self.everywhere(lambda _, ledger: ledger.commit(reservation, accepted, self.now))
            counted = {p: w for p, w in reservation.claim.persons.items() if p in accepted}
            self.history.commits.append((attempt, counted, self.now))
            self.history.holds.pop(attempt, None)
            del self.open[attempt]

    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        if self.open:
            attempt = data.draw(st.sampled_from(sorted(self.open)))
            (reservation,) = self.open.pop(attempt)
            self.everywhere(lambda _, ledger: ledger.release(reservation))
            self.history.holds.pop(attempt, None)

    @invariant()
    def nobody_is_lost_and_nobody_invented(self) -> None:
        families: dict[frozenset[str], int] = {}
        for event in self.history.claims:
            family = frozenset(self.history.family(event.claim.attempt))
            families[family] = sum(self.history.reached(event.claim.attempt, self.now).values())
        (listed,) = self.everywhere(lambda _, ledger: ledger.mailings(self.now))
        assert sorted(m.reached for m in listed if m.reached) == sorted(n for n in families.values() if n)


class SideBySide(Machine):
    """All ledgers with one key: whatever is done, they answer alike."""

    @initialize()
    def agree(self) -> None:
        self.everywhere(lambda _, ledger: ledger.ping())

    @rule(
        who=whom,
        names=identities,
        text=texts,
        variant=st.integers(0, 12),
        sender=st.sampled_from(SENDERS),
        data=st.data(),
    )
    def reserve(
        self, *, who: dict[str, int], names: list[str], text: str, variant: int, sender: str, data: st.DataObject
    ) -> None:
        attempt = data.draw(st.sampled_from([self.name(), *self.open]))
        terms = {"limit": data.draw(st.sampled_from([LIMIT, LIMIT, None])), "announced": data.draw(st.integers(0, 7))}
        wish = claim(attempt, who, *names, sender=sender, at=self.now, fingerprint=content(text, variant), **terms)
        answers = self.everywhere(lambda _, ledger: ledger.reserve(wish))
        assert len({(a.outcome, a.usage) for a in answers}) == 1, answers
        self.open[attempt] = answers

    @rule(data=st.data())
    def conclude(self, data: st.DataObject) -> None:
        if self.open:
            answers = self.open[data.draw(st.sampled_from(sorted(self.open)))]
            accepted = data.draw(st.lists(st.sampled_from(EVERYBODY), unique=True))
            if data.draw(st.booleans()):
                self.everywhere(lambda number, ledger: ledger.commit(answers[number], accepted, self.now))
            else:
                self.everywhere(lambda number, ledger: ledger.release(answers[number]))

    @rule(data=st.data(), persons_=st.integers(1, 12), sender=st.sampled_from(SENDERS), hours=st.integers(1, 30))
    def grant(self, data: st.DataObject, persons_: int, sender: str, hours: int) -> None:
        known = sorted({a[0].usage.mailing for a in self.open.values() if a[0].claim.sender == sender})
        permit = Permit(
            id=data.draw(st.sampled_from(["p1", "p2"])),
            sender=sender,
            mailing=data.draw(st.sampled_from([None, None, *known])),
            persons=persons_,
            until=self.now + timedelta(hours=hours),
            since=data.draw(st.sampled_from([None, self.now, self.now])),
        )
        self.everywhere(lambda _, ledger: ledger.grant(permit))

    @rule(permit=st.sampled_from(["p1", "p2"]))
    def revoke(self, permit: str) -> None:
        assert len(set(self.everywhere(lambda _, ledger: ledger.revoke(permit)))) == 1

    @rule(data=st.data())
    def forget(self, data: st.DataObject) -> None:
        if self.open:
            mailing = data.draw(st.sampled_from(sorted({a[0].usage.mailing for a in self.open.values()})))
            answers = self.everywhere(lambda _, ledger: ledger.forget(mailing))
            assert len(set(answers)) == 1, (mailing, answers)

    @invariant()
    def lists_are_alike(self) -> None:
        for lists in (
            self.everywhere(lambda _, ledger: ledger.mailings(self.now)),
            self.everywhere(lambda _, ledger: ledger.permits(self.now)),
        ):
            assert all(answer == lists[0] for answer in lists), lists


QUICK: Final = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)
THOROUGH: Final = settings(QUICK, max_examples=1000, stateful_step_count=50)


@pytest.fixture
def opener(redis_server: RedisServer, tmp_path: Path) -> Callable[[str, Path], Ledger]:
    key = tmp_path / "key"
    key.write_text("f" * 64)
    key.chmod(0o600)

    def opened(kind: str, state: Path) -> Ledger:
        if kind != "redis":
            return open_ledger(kind, state=state, key_file=key)
        redis_server.do("FLUSHALL")
        return open_ledger(redis_server.url, state=state, key_file=key)

    return opened


def _play(machine: type[Machine], kinds: list[str], opener: Callable[[str, Path], Ledger], how: settings) -> None:
    def opened(state: Path) -> list[Ledger]:
        return [opener(kind, state) for kind in kinds]

    run_state_machine_as_test(type(machine.__name__, (machine,), {"opened": staticmethod(opened)}), settings=how)


@pytest.mark.parametrize("kind", ["memory", "sqlite", "redis"])
def test_a_store_counts_as_the_model_does(kind: str, opener: Callable[[str, Path], Ledger]) -> None:
    _play(ModelMachine, [kind], opener, QUICK)


def test_all_stores_answer_alike(opener: Callable[[str, Path], Ledger]) -> None:
    _play(SideBySide, ["memory", "sqlite", "redis"], opener, QUICK)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", ["memory", "sqlite", "redis"])
def test_a_store_counts_as_the_model_does_in_long_histories(kind: str, opener: Callable[[str, Path], Ledger]) -> None:
    _play(ModelMachine, [kind], opener, THOROUGH)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_all_stores_answer_alike_in_long_histories(opener: Callable[[str, Path], Ledger]) -> None:
    _play(SideBySide, ["memory", "sqlite", "redis"], opener, THOROUGH)
