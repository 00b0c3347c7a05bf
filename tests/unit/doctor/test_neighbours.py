"""Relays, ledger and clamd, asked as the service would."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config import load_settings
from gateway.doctor import neighbours
from gateway.doctor.sign import Level, Sign
from tests.support.redis_server import RedisServer
from tests.support.relay import ScriptedRelay


def relays(address: str, *more: str) -> list[Sign]:
    return list(neighbours.relays(load_settings(None, [f'relay.address="{address}"', *more])))


def test_a_relay_is_greeted_and_left_in_order() -> None:
    with ScriptedRelay() as relay:
        (sign,) = relays(relay.address)
        assert sign.level is Level.WELL
        verbs = [line.partition(b" ")[0] for line in relay.connections[0].commands]
    assert verbs == [b"ehlo", b"QUIT"]


def test_a_relay_that_is_away_is_a_failure() -> None:
    with ScriptedRelay() as relay:
        relay.refuse()
        (sign,) = relays(relay.address)
    assert sign.level is Level.FAILURE
    assert sign.remedy


def test_a_relay_that_sends_away_is_a_failure_with_its_code() -> None:
    with ScriptedRelay() as relay:
        relay.always("banner", b"554 5.7.1 no\r\n")
        (sign,) = relays(relay.address)
    assert sign.level is Level.FAILURE
    assert "554" in sign.text


@pytest.mark.parametrize(("tls", "expected"), [("required", Level.FAILURE), ("opportunistic", Level.WARNING)])
def test_a_relay_without_the_wished_encryption(tls: str, expected: Level) -> None:
    with ScriptedRelay() as relay:
        (sign,) = relays(relay.address, f'relay.tls="{tls}"')
    assert sign.level is expected


def test_each_fallback_is_asked() -> None:
    with ScriptedRelay() as relay, ScriptedRelay() as other:
        found = relays(relay.address, f'relay.fallback=["{other.address}"]')
    assert [sign.level for sign in found] == [Level.WELL, Level.WELL]


def test_redis_there_and_away(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as redis:
        settings = load_settings(None, [f'ledger.url="{redis.url}"', f'state.directory="{tmp_path}"'])
        assert [sign.level for sign in neighbours.ledger(settings)] == [Level.WELL]
    assert [sign.level for sign in neighbours.ledger(settings)] == [Level.FAILURE]


def test_a_clamd_that_is_away_is_a_failure(tmp_path: Path) -> None:
    settings = load_settings(None, [f'antivirus.clamd="unix:{tmp_path}/clamd"'])
    assert [sign.level for sign in neighbours.clamd(settings)] == [Level.FAILURE]
