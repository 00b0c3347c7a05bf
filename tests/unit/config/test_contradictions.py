"""Settings that cannot stand together: each is told when it holds, and only then."""

from __future__ import annotations

import pytest

from gateway.config.contradictions import contradictions
from gateway.config.settings import (
    Access,
    LedgerSettings,
    LettersSettings,
    Limits,
    Listen,
    MetricsSettings,
    Relay,
    Settings,
    Timeouts,
)


def first_keys(settings: Settings) -> list[str]:
    return [keys[0] for keys, _ in contradictions(settings)]


def test_the_defaults_do_not_contradict_themselves() -> None:
    assert first_keys(Settings()) == []


@pytest.mark.parametrize(
    ("settings", "keys"),
    [
        (Settings(listen=Listen(smtp=("127.0.0.1:1", "127.0.0.1:2", "[::1]:1"))), []),
        (Settings(listen=Listen(smtp=("127.0.0.1:1", "127.0.0.1:1"))), ["listen.smtp"]),
        (Settings(listen=Listen(smtp=("127.0.0.1:0", "127.0.0.1:0"))), []),
        (Settings(metrics=MetricsSettings(listen="0.0.0.0:2525")), ["metrics.listen"]),
        (Settings(metrics=MetricsSettings(listen="off")), []),
        (Settings(relay=Relay(address="127.0.0.1:2525")), ["relay.address"]),
        (Settings(relay=Relay(address="192.0.2.1:2525")), []),
        (Settings(listen=Listen(smtp=("0.0.0.0:25",)), relay=Relay(address="127.0.0.1:25")), ["relay.address"]),
        (Settings(listen=Listen(smtp=("0.0.0.0:25",)), relay=Relay(address="192.0.2.1:25")), []),
        (Settings(relay=Relay(address="unix:/run/relay")), []),
        (Settings(access=Access(networks=("0.0.0.0/1", "128.0.0.0/2", "192.0.0.0/2"))), ["access.networks"]),
        (Settings(access=Access(networks=("::/1", "8000::/1"))), ["access.networks"]),
        (Settings(access=Access(networks=("0.0.0.0/1", "8000::/1"))), []),
        (Settings(access=Access(networks=())), []),
        (Settings(workers=2, ledger=LedgerSettings(url="memory")), ["ledger.url"]),
        (Settings(workers=1, ledger=LedgerSettings(url="memory")), []),
        (Settings(workers=2, ledger=LedgerSettings(url="redis://127.0.0.1")), []),
        (Settings(ledger=LedgerSettings(wait_seconds=30)), ["ledger.wait_seconds"]),
        (Settings(timeouts=Timeouts(relay_final=870)), []),
        (Settings(timeouts=Timeouts(relay_final=871)), ["ledger.hold_seconds"]),
        (Settings(ledger=LedgerSettings(window_hours=0.25)), []),
        (Settings(ledger=LedgerSettings(window_hours=0.2)), ["ledger.window_hours"]),
        (Settings(letters=LettersSettings(retry_seconds=(5, 5, 6))), []),
        (Settings(letters=LettersSettings(retry_seconds=(5, 6, 5))), ["letters.retry_seconds"]),
        (Settings(letters=LettersSettings(expire_hours=0.001)), ["letters.expire_hours"]),
        (Settings(limits=Limits(message_octets=10, in_flight_octets=10)), []),
        (Settings(limits=Limits(message_octets=11, in_flight_octets=10)), ["limits.message_octets"]),
        (Settings(limits=Limits(sessions=10)), ["limits.sessions_per_address"]),
    ],
)
def test_is_told_when_it_holds(settings: Settings, keys: list[str]) -> None:
    assert first_keys(settings) == keys


def test_half_of_tls_is_none(tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.getbasetemp()
    both = MetricsSettings(certificate=file, private_key=file)
    assert first_keys(Settings(metrics=both)) == []
    assert first_keys(Settings(metrics=MetricsSettings(private_key=file))) == ["metrics.certificate"]
