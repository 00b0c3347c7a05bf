"""What a rule does, in Swedish."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from gateway.model import Action, Mode, PartState
from gateway.policy.explain import explain
from gateway.policy.rules import Consequences, Exemption, OnError, PersonLimit, Policy, Rule, Thresholds

RULE = Rule(
    name="personnummer",
    section="2.7",
    title_sv="Personnummer",
    title_en="x",
    summary_sv="Skriv inte personnummer i mejl.",
    summary_en="x",
    mode=Mode.BLOCK,
    on_error=OnError.DEFER,
    own=Consequences(high=Action.BLOCK, medium=Action.WARN, low=Action.OBSERVE),
)


def text(rule: Rule, **more: frozenset[str]) -> str:
    return explain(Policy(version="0123456789ab", rules={rule.name: rule}), rule.name, **more)


def test_says_title_section_mode_and_version() -> None:
    found = text(RULE)
    assert found.startswith("Personnummer (personnummer)\nRiktlinjerna, punkt 2.7. Skriv inte personnummer i mejl.\n")
    assert "Läge: stoppa: mejlet kan stoppas." in found
    assert "Vid tekniskt fel: mejlet väntar hos avsändaren och prövas igen." in found
    assert "I egna ord: säker träff stopp, trolig varning, svag loggas." in found
    assert found.endswith("Version av reglerna: 0123456789ab.")


def test_mode_caps_what_it_says() -> None:
    found = text(replace(RULE, mode=Mode.WARN))
    assert "säker träff varning, trolig varning, svag loggas" in found
    assert "Vid tekniskt fel: mejlet släpps fram" in found


@pytest.mark.parametrize("observed", ["personnummer", "*"])
def test_emergency_switch(observed: str) -> None:
    assert "Nödbrytaren är på" in text(RULE, observed=frozenset({observed}))
    assert "Nödbrytaren" not in text(RULE, observed=frozenset({"private"}))


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"lane": True}, "diariet, säkerhetssamordnaren eller kommunens anställda: inget."),
        ({"lane": False}, "Gäller även mottaget som går till diariet"),
        ({"payroll": True}, "Avsändarens eget nummer till lönekontoret: inget."),
        ({"persons": PersonLimit(block_above=100)}, "Fler än 100 personer i samma utskick: stopp."),
        ({"visible": Thresholds(observe_at=20)}, "Från och med 20 synliga mottagare: loggas."),
        ({"states": {PartState.ENCRYPTED: Action.WARN}}, "Krypterat innehåll: varning."),
        ({"instances": Thresholds(warn_at=20, block_at=100)}, "Från och med 100 personer i listorna: stopp."),
        (
            {"instances": Thresholds(warn_at=20, block_with=frozenset({"personnummer"}))},
            "Från och med 20 personer i listorna tillsammans med personnummer: stopp.",
        ),
    ],
)
def test_what_follows(changed: dict[str, object], expected: str) -> None:
    assert expected in text(replace(RULE, **changed))  # type: ignore[arg-type]


def test_exemptions_with_their_end_and_no_address() -> None:
    exemption = Exemption(
        name="prov", reason="Övning.", until=date(2026, 12, 31), senders=frozenset({"anna@politik.orkelljunga.se"})
    )
    found = text(replace(RULE, exemptions=(exemption,)))
    assert "- prov, till och med 2026-12-31: Övning. (avsändare: 1)" in found
    assert "anna@" not in found
    assert "Undantag: inga." in text(RULE)


def test_no_such_rule() -> None:
    with pytest.raises(KeyError):
        explain(Policy(version="x", rules={}), "nothing")
