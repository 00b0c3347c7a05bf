"""The kinds of values: what is right passes unchanged. What is wrong: tests/bad_configs."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from gateway.config.kinds import ascii_domain
from gateway.config.settings import (
    Access,
    LedgerSettings,
    LettersSettings,
    Listen,
    MetricsSettings,
    Policies,
    Scope,
)


@pytest.mark.parametrize("url", ["sqlite", "memory", "redis://h", "redis://u:p@h:1/0", "rediss://[::1]:6379/1"])
def test_stores(url: str) -> None:
    assert LedgerSettings(url=url).url == url


@pytest.mark.parametrize(
    "url", ["", "SQLite", "redis://", "redis:///0", "redis://h:0", "redis://h:x", "redis://[::1", "file:///x"]
)
def test_no_stores(url: str) -> None:
    with pytest.raises(ValidationError, match="must be"):
        LedgerSettings(url=url)


@pytest.mark.parametrize("address", ["a@example.org", "å@örkelljunga.se", "utpost@lab.test", "o'b+c@example.org"])
def test_mailboxes(address: str) -> None:
    assert LettersSettings(sender=address).sender == address


@pytest.mark.parametrize("url", ["https://example.org/å?a=b#c", "http://[::1]:8080/"])
def test_web_addresses(url: str) -> None:
    assert LettersSettings(guideline_url=url).guideline_url == url


@pytest.mark.parametrize("url", ["", "example.org", "ftp://example.org", "https://", "https://a b/", "https://a/\n"])
def test_no_web_addresses(url: str) -> None:
    with pytest.raises(ValidationError, match="https://"):
        LettersSettings(guideline_url=url)


def test_networks() -> None:
    networks = ("192.0.2.7", "10.0.0.0/8", "2001:db8::/32", "0.0.0.0/1")
    assert Access(networks=networks).networks == networks


def test_domains_are_folded_to_a_labels_in_lower_case() -> None:
    assert Scope(domains=("EXAMPLE.org",)).domains == ("EXAMPLE.org",)
    assert ascii_domain("Bücher.Example") == "xn--bcher-kva.example"


@pytest.mark.parametrize("domain", ["a@b.se", "", ".se", "a..se", "a_b.se", "[192.0.2.1]", "x" * 64 + ".se"])
def test_no_domains(domain: str) -> None:
    with pytest.raises(ValidationError, match="not a mail domain"):
        Scope(domains=(domain,))


def test_off_and_nothing_where_they_mean_something() -> None:
    assert MetricsSettings(listen="off").endpoint is None
    assert LettersSettings(relay="").endpoint is None
    assert Listen(hostname="").hostname == ""
    assert Policies(directory="").directory is None  # type: ignore[arg-type]


def test_a_listener_must_be_listenable() -> None:
    with pytest.raises(ValidationError, match="HOST:PORT"):
        MetricsSettings(listen="unix:/run/metrics")
