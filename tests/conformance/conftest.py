"""The stores that a ledger may live in."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.bookkeeper import Bookkeeper, Hub
from gateway.ledger import Ledger
from gateway.ledger.sqlite import WORDS, ledger_file
from tests.support.claims import Place
from tests.support.redis_server import RedisServer


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


def _redis_url(request: pytest.FixtureRequest) -> str:
    server: RedisServer = request.getfixturevalue("redis_server")
    server.do("FLUSHALL")
    return server.url


def _place(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return Place(_redis_url(request) if kind == "redis" else kind, tmp_path)


@contextmanager
def _kept(state: Path) -> Iterator[Place]:
    """A file that a process of its own keeps, as in service."""
    hub = Hub.make()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            hub.workers.close()
            code = Bookkeeper(hub.keeper, ledger_file(state), WORDS).run()
        finally:
            os._exit(code)
    yield Place("sqlite", state, hub.workers)
    hub.close()
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


@pytest.fixture(params=["memory", "sqlite", "bookkeeper", "redis"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "bookkeeper":
        with _kept(tmp_path) as kept:
            yield kept
    else:
        yield _place(request.param, request, tmp_path)


@pytest.fixture(params=["sqlite", "redis"])
def lasting(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A place that several processes may share."""
    return _place(request.param, request, tmp_path)


@pytest.fixture
async def ledger(place: Place) -> AsyncIterator[Ledger]:
    opened = place.open()
    yield opened
    await opened.close()
