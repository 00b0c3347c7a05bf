"""Examples as messages, and what contradicts them."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace

import pytest

from gateway.model import Action, Envelope, Mode, RuleHit, Verdict
from gateway.policy.examples import contradiction, envelope_of, examples, octets_of, run
from gateway.policy.rules import Example, OnError, Policy, Rule

EXAMPLE = Example(
    name="lapp",
    rule="private",
    sender="anna.berg@politik.orkelljunga.se",
    recipients=("karin@example.com", "bo@example.com"),
    subject="Hälsning från Örkelljunga, " + "på svenska " * 8,
    text="Hej på dig!\n.\nÅäö",
    expect=Action.WARN,
    rules=frozenset({"private"}),
    file="rules/private.toml",
    line=7,
)


def test_message_is_what_the_file_says() -> None:
    octets = octets_of(EXAMPLE)
    message = email.message_from_bytes(octets, policy=email.policy.default)
    assert message["Subject"] == EXAMPLE.subject
    assert message["To"] == "karin@example.com, bo@example.com"
    assert message.get_content().replace("\r\n", "\n") == EXAMPLE.text
    assert not message.defects
    assert octets == octets_of(EXAMPLE)
    assert b"\n" not in octets.replace(b"\r\n", b"")
    assert max(map(len, octets.split(b"\r\n"))) < 998


def test_hidden_recipients_are_in_the_envelope_only() -> None:
    hidden = replace(EXAMPLE, hidden=True)
    assert b"karin" not in octets_of(hidden)
    assert [r.path for r in envelope_of(hidden).recipients] == [b"<karin@example.com>", b"<bo@example.com>"]
    assert str(envelope_of(hidden).sender) == EXAMPLE.sender


def test_attachment() -> None:
    message = email.message_from_bytes(
        octets_of(replace(EXAMPLE, attachment=("x.bin", "AAECDQo="))), policy=email.policy.default
    )
    (part,) = message.iter_attachments()
    assert (part.get_filename(), part.get_content()) == ("x.bin", b"\x00\x01\x02\r\n")
    body = message.get_body()
    assert body is not None
    assert body.get_content().replace("\r\n", "\n") == EXAMPLE.text


def verdict(*hits: tuple[str, Action], exempted_by: str | None = None) -> Verdict:
    made = tuple(RuleHit(rule=r, section="2.2", action=a, exempted_by=exempted_by) for r, a in hits)
    free = [a for _, a in hits] if exempted_by is None else []
    return Verdict(action=max(free, default=Action.PASS), hits=made)


WARNED, BLOCKED, OBSERVED = Action.WARN, Action.BLOCK, Action.OBSERVE


@pytest.mark.parametrize(
    ("expect", "rules", "found", "wrong"),
    [
        (Action.WARN, {"private"}, verdict(("private", WARNED)), None),
        (Action.WARN, {"private"}, verdict(("private", WARNED), ("mass_mailing", OBSERVED)), None),
        (
            Action.WARN,
            {"private"},
            verdict(("private", WARNED), ("party_internal", WARNED)),
            "expects warn (private), is judged warn (party_internal, private)",
        ),
        (Action.WARN, {"private"}, verdict(("private", BLOCKED)), "expects warn (private), is judged block (private)"),
        (Action.WARN, {"private"}, verdict(), "expects warn (private), is judged pass"),
        (Action.PASS, set(), verdict(), None),
        (Action.PASS, set(), verdict(("mass_mailing", OBSERVED)), None),
        (Action.PASS, set(), verdict(("private", OBSERVED)), "expects pass, is judged observe (private)"),
        (Action.PASS, set(), verdict(("private", WARNED), exempted_by="handling_lane"), None),
        (Action.OBSERVE, set(), verdict(("private", OBSERVED)), None),
        (Action.OBSERVE, set(), verdict(), "expects observe, is judged pass"),
    ],
)
def test_contradiction(expect: Action, rules: set[str], found: Verdict, wrong: str | None) -> None:
    assert contradiction(replace(EXAMPLE, expect=expect, rules=frozenset(rules)), found) == wrong


def test_run_tells_what_passed_what_waits_and_what_is_wrong() -> None:
    rule = Rule(
        name="private",
        section="2.2",
        title_sv="x",
        title_en="x",
        summary_sv="x",
        summary_en="x",
        mode=Mode.WARN,
        on_error=OnError.PASS,
        examples=(
            EXAMPLE,
            replace(EXAMPLE, name="vantar", pending=True),
            replace(EXAMPLE, name="fel", expect=Action.PASS, rules=frozenset()),
        ),
    )
    policy = Policy(version="x", rules={"private": rule})
    asked: list[Envelope] = []

    def judge_message(envelope: Envelope, octets: bytes) -> Verdict:
        asked.append(envelope)
        assert octets.startswith(b"From: <anna.berg@politik.orkelljunga.se>\r\n")
        return verdict(("private", WARNED))

    report = run(policy, judge_message)
    assert len(examples(policy)) == 3
    assert len(asked) == 2
    assert report.passed == ("private/lapp",)
    assert report.skipped == ("private/vantar",)
    assert [str(p) for p in report.problems] == [
        "rules/private.toml:7: example fel: expects pass, is judged warn (private)"
    ]
