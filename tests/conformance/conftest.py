"""The stores that a ledger may live in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from gateway.ledger import Ledger
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


@pytest.fixture(params=["memory", "sqlite", "redis"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return _place(request.param, request, tmp_path)


@pytest.fixture(params=["sqlite", "redis"])
def lasting(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A place that several processes may share."""
    return _place(request.param, request, tmp_path)


@pytest.fixture
async def ledger(place: Place) -> AsyncIterator[Ledger]:
    opened = place.open()
    yield opened
    await opened.close()
