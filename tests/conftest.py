"""Fixtures that every test may use; what they are made of is in tests/support."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.support.fleet import Fleet
from tests.support.postfix import Postfix
from tests.support.process import Utpost
from tests.support.relay import ScriptedRelay

StartUtpost = Callable[..., Utpost]


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Give each run a folder of its own for temporary files, with a short name: sockets' names may have 108 octets.

    pytest closes the one that all runs of a user share to other users whenever a run begins; servers of another run who
    gave up root would be shut out.
    """
    if config.option.basetemp is None and not hasattr(config, "workerinput"):
        config.option.basetemp = tempfile.mkdtemp(prefix="utpost-")
        config.add_cleanup(partial(shutil.rmtree, config.option.basetemp, ignore_errors=True))


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
def whole_fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """The fleet for the whole run; use ``fleet`` or ``shared`` instead."""
    all_of_it = Fleet(tmp_path_factory.mktemp)
    yield all_of_it
    all_of_it.end()


@pytest.fixture
def fleet(whole_fleet: Fleet) -> Iterator[Fleet]:
    """Utposts with any settings that live for the whole run: ``fleet.lend("limits.recipients=10")``."""
    yield whole_fleet
    complain(whole_fleet.take_back())


@pytest.fixture
def shared(fleet: Fleet) -> tuple[Utpost, ScriptedRelay]:
    """A Utpost with the defaults that lives for the whole run, and its relay, as new for each test."""
    return fleet.lend()


@pytest.fixture(scope="session")
def lasting_postfix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Postfix, ScriptedRelay]]:
    """The Postfix of ``postfix``, for the whole run; use ``postfix`` instead."""
    with ScriptedRelay() as mailbox, Postfix(tmp_path_factory.mktemp("postfix"), mailbox) as started:
        yield started, mailbox


@pytest.fixture
def postfix(lasting_postfix: tuple[Postfix, ScriptedRelay]) -> tuple[Postfix, ScriptedRelay]:
    """A real Postfix as relay, and the mailbox behind it, empty, where its deliveries are seen octet for octet."""
    lasting_postfix[1].reset()
    return lasting_postfix


def look_over(*processes: Utpost) -> None:
    """End processes and fail the test where one left a stack trace or a broken session in its log."""
    faults: list[str] = []
    for utpost in processes:
        if utpost.process is None:
            continue
        utpost.stop() if utpost.ready else utpost.kill()
        faults += utpost.complaints
    complain(faults)


def complain(faults: list[str]) -> None:
    """Fail the test when there are any."""
    if faults:
        pytest.fail("in the log of Utpost:\n" + "\n".join(faults), pytrace=False)
