"""What DNS says, judged from records that are given."""

from __future__ import annotations

import pytest

from gateway.config import Settings, load_settings
from gateway.doctor.names import Silent, domains
from gateway.doctor.sign import Level

DOMAIN = "politik.orkelljunga.se"
HEALTHY = {
    (DOMAIN, "MX"): ["10 mx.example."],
    (DOMAIN, "TXT"): ["v=spf1 ip4:192.0.2.1 -all", "something=else"],
    ("orkelljunga.se", "MX"): ["10 mx.example."],
    ("orkelljunga.se", "TXT"): ["v=spf1 -all"],
    ("_dmarc.orkelljunga.se", "TXT"): ["v=DMARC1; p=reject"],
}


def levels(records: dict[tuple[str, str], list[str]], settings: Settings | None = None) -> dict[str, Level]:
    def lookup(name: str, kind: str) -> list[str]:
        return records.get((name, kind), [])

    return {sign.name: sign.level for sign in domains(settings or Settings(), lookup)}


def test_a_healthy_domain_has_nothing_to_remedy() -> None:
    assert {level for name, level in levels(HEALTHY).items() if name != "DKIM"} == {Level.WELL}


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([], Level.WARNING),
        (["v=spf1 +all"], Level.FAILURE),
        (["v=spf1 -all", "v=spf1 mx -all"], Level.FAILURE),
        (["V=SPF1 mx ~all"], Level.WELL),
        (["v=spf10 -all"], Level.WARNING),
    ],
)
def test_spf(texts: list[str], expected: Level) -> None:
    assert levels(HEALTHY | {(DOMAIN, "TXT"): texts})[f"SPF {DOMAIN}"] is expected


@pytest.mark.parametrize("key", [(DOMAIN, "MX"), ("_dmarc.orkelljunga.se", "TXT")])
def test_a_missing_record_is_warned_about(key: tuple[str, str]) -> None:
    assert Level.WARNING in levels(HEALTHY | {key: []}).values()


def test_each_configured_domain_is_looked_at() -> None:
    settings = load_settings(None, ['scope.domains = ["räksmörgås.example"]'.replace(" = ", "=")])
    assert "MX xn--rksmrgs-5wao1o.example" in levels({}, settings)


def test_a_resolver_that_is_silent_is_noted_and_not_blamed_on_the_domain() -> None:
    def lookup(name: str, kind: str) -> list[str]:
        raise Silent(name + kind)

    signs = list(domains(Settings(), lookup))
    assert [sign.level for sign in signs] == [Level.NOTE]
