"""Fixtures that every test may use; what they are made of is in tests/support."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.process import Utpost
from tests.support.relay import ScriptedRelay

StartUtpost = Callable[..., Utpost]


@pytest.fixture
def relay() -> Iterator[ScriptedRelay]:
    """A scripted relay of this test alone."""
    with ScriptedRelay() as scripted:
        yield scripted


@pytest.fixture
def start_utpost(tmp_path: Path) -> Iterator[StartUtpost]:
    """A function that starts a real Utpost (arguments as for ``Utpost``); all are ended and looked over afterwards."""
    started: list[Utpost] = []

    def start(relay: str, **options: object) -> Utpost:
        state = tmp_path / f"state-{len(started)}"
        utpost = Utpost(relay, **{"state": state, **options})  # type: ignore[arg-type]
        started.append(utpost)
        return utpost.start()

    yield start
    look_over(*started)


@pytest.fixture
def utpost(relay: ScriptedRelay, start_utpost: StartUtpost) -> Utpost:
    """A real Utpost of this test alone, before ``relay``, with the defaults and one worker."""
    return start_utpost(relay.address)


@pytest.fixture(scope="session")
def lasting_relay() -> Iterator[ScriptedRelay]:
    """The relay of ``shared``, for the whole run; use ``shared`` instead."""
    with ScriptedRelay() as scripted:
        yield scripted


@pytest.fixture(scope="session")
def lasting_utpost(lasting_relay: ScriptedRelay, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Utpost]:
    """The Utpost of ``shared``, for the whole run; use ``shared`` instead."""
    utpost = Utpost(lasting_relay.address, state=tmp_path_factory.mktemp("lasting") / "state")
    yield utpost.start()
    look_over(utpost)


@pytest.fixture
def shared(lasting_relay: ScriptedRelay, lasting_utpost: Utpost) -> Iterator[tuple[Utpost, ScriptedRelay]]:
    """A Utpost that many tests use one after the other, before a relay that is as new for each. Do not stop it."""
    lasting_relay.reset()
    before = len(lasting_utpost.complaints)
    yield lasting_utpost, lasting_relay
    found = lasting_utpost.complaints[before:]
    if found:
        pytest.fail("in the log of Utpost:\n" + "\n".join(found), pytrace=False)


def look_over(*processes: Utpost) -> None:
    """End processes and fail the test where one left a stack trace or a broken session in its log."""
    faults: list[str] = []
    for utpost in processes:
        if utpost.process is None:
            continue
        utpost.stop() if utpost.ready else utpost.kill()
        faults += utpost.complaints
    if faults:
        pytest.fail("in the log of Utpost:\n" + "\n".join(faults), pytrace=False)
