"""All policy files together become one policy."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.model import Action, InvalidConfiguration, Mode, PartState
from gateway.policy.load import Tree, load_policy
from gateway.policy.rules import Consequences, OnError, PersonLimit, Policy, Thresholds

WORDS = """section = "2.7"
title_sv = "Personnummer"
title_en = "Identity number"
summary_sv = "Skriv inte personnummer."
summary_en = "Write no identity numbers."
mode = "block"
on_error = "defer"
"""
FINDINGS = "".join(
    f'[{table}]\nhigh = "{high}"\nmedium = "warn"\nlow = "pass"\n'
    for table, high in (("own", "block"), ("returned", "warn"), ("third_party", "warn"))
)
FILES = {
    "handling.toml": """registry = ["Registrator@orkelljunga.se"]
security = []
managers = []
staff_domains = ["o.example"]
payroll = ["lon@orkelljunga.se"]
[party]
domains = ["Parti.Example"]
""",
    "groups.toml": """domains = ["orkelljunga.se"]
equal_domains = [["orkelljunga.se", "o.example"]]
[aliases]
"registrator@orkelljunga.se" = "kk@orkelljunga.se"
"a@politik.orkelljunga.se" = "anna@politik.orkelljunga.se"
""",
    "rules/mass_mailing.toml": WORDS + '[persons]\nblock_above = 100\nunknown_list = "observe"\n',
    "rules/visible_recipients.toml": WORDS + "[visible]\nobserve_at = 20\n",
    "rules/not_inspected.toml": WORDS
    + "[states]\n"
    + "".join(f'{s} = "warn"\n' for s in ("encrypted", "too_big", "timed_out", "truncated", "unreadable", "unknown")),
    "rules/personnummer.toml": WORDS + "lane = true\npayroll = true\n" + FINDINGS,
    "lexicon/names.txt": "not ours",
}


def load(more: dict[str, str] | None = None) -> Policy:
    tree = Tree(files={**FILES, **(more or {})}, version="0123456789ab")
    return load_policy(tree, ["personnummer"], {"numbers": ["personnummer:x", "samordningsnummer"]})


def test_values() -> None:
    policy = load()
    rule = policy.rules["personnummer"]
    assert list(policy.rules) == ["mass_mailing", "not_inspected", "personnummer", "visible_recipients"]
    assert (rule.mode, rule.on_error, rule.lane, rule.payroll) == (Mode.BLOCK, OnError.DEFER, True, True)
    assert rule.own == Consequences(high=Action.BLOCK, medium=Action.WARN, low=Action.PASS)
    assert policy.rules["mass_mailing"].persons == PersonLimit(block_above=100, unknown_list=Action.OBSERVE)
    assert policy.rules["visible_recipients"].visible == Thresholds(observe_at=20)
    assert policy.rules["not_inspected"].states[PartState.TOO_BIG] is Action.WARN
    assert policy.version == "0123456789ab"
    assert policy.detectors == {"numbers": frozenset({"personnummer", "samordningsnummer"})}


def test_lane_is_canonical() -> None:
    handling = load().handling
    assert handling.registry == {"kk@orkelljunga.se"}
    assert handling.staff_domains == {"orkelljunga.se"}
    assert handling.party_domains == {"parti.example"}


def test_exemptions_are_canonical() -> None:
    text = """[[exemption]]
name = "prov"
reason = "Prov."
until = 2026-12-31
senders = ["A+x@politik.orkelljunga.se"]
recipients = ["@Example.com", "bo@o.example"]
"""
    (exemption,) = load({"rules/personnummer.toml": WORDS + FINDINGS + text}).rules["personnummer"].exemptions
    assert exemption.senders == {"anna@politik.orkelljunga.se"}
    assert exemption.recipients == {"@example.com", "bo@orkelljunga.se"}
    assert exemption.until == date(2026, 12, 31)


def test_exempted_domain_meets_its_equal() -> None:
    text = '[[exemption]]\nname = "prov"\nreason = "Prov."\nuntil = 2026-12-31\nrecipients = ["@o.example"]\n'
    (exemption,) = load({"rules/personnummer.toml": WORDS + FINDINGS + text}).rules["personnummer"].exemptions
    assert exemption.recipients == {"@orkelljunga.se"}


def test_counted_findings_and_examples() -> None:
    text = """[instances]
warn_at = 20
block_with = ["samordningsnummer"]
[[example]]
name = "lista"
to = ["Karin@example.com"]
to_count = 2
hidden = true
subject = "Hej"
text = "Hej"
attachment = "x.bin"
attachment_base64 = "AAEC"
expect = "warn"
rules = ["personnummer"]
pending = true
"""
    rule = load({"rules/personnummer.toml": WORDS + FINDINGS + text}).rules["personnummer"]
    assert rule.instances == Thresholds(warn_at=20, block_with=frozenset({"samordningsnummer"}))
    (example,) = rule.examples
    assert example.recipients == ("karin@example.com", "invanare001@example.com", "invanare002@example.com")
    assert example.sender == "anna.berg@politik.orkelljunga.se"
    assert (example.hidden, example.pending, example.attachment) == (True, True, ("x.bin", "AAEC"))
    assert (example.expect, example.rules, example.file) == (
        Action.WARN,
        frozenset({"personnummer"}),
        "rules/personnummer.toml",
    )
    assert example.line == (WORDS + FINDINGS + text).split("\n").index("[[example]]") + 1


def test_mistakes_of_all_files_at_once() -> None:
    with pytest.raises(InvalidConfiguration) as caught:
        load(
            {"handling.toml": "x = ", "groups.toml": "x = ", "rules/personnummer.toml": "x = ", "rules/nix.toml": WORDS}
        )
    assert [p.file for p in caught.value.problems] == [
        "groups.toml",
        "handling.toml",
        "rules/nix.toml",
        "rules/nix.toml",
        "rules/nix.toml",
        "rules/nix.toml",
        "rules/personnummer.toml",
    ]
