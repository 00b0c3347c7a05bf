"""What a journal record says, and above all what it does not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.journal.record import Handled, Record, persons_range, pseudonym, record_of, size_range
from gateway.model import (
    Action,
    Address,
    Envelope,
    Facts,
    Occasion,
    Recipient,
    Responsible,
    RuleHit,
    SenderSource,
    Verdict,
)

KEY = b"k" * 32
ANNA = Address(local="anna.svensson", domain="politik.orkelljunga.se")
FACTS = Facts(
    occasion=Occasion(reference="0A1B2C3D4E5F", received_at=datetime(2026, 5, 4, 12, 0, 0, 250000, UTC), front="smtp"),
    responsible=Responsible(address=ANNA, source=SenderSource.ENVELOPE),
    envelope=Envelope(sender=ANNA, recipients=(Recipient(path=b"<bo@example.com>", address=None),)),
    inspection=None,
    usage=None,
    persons={"bo@example.com": 1, "grupp@example.com": 100},
)
VERDICT = Verdict(
    action=Action.BLOCK,
    hits=(
        RuleHit(rule="mass_mailing", section="2.3", action=Action.BLOCK, measured=101),
        RuleHit(rule="special_category:health", section="2.7", action=Action.WARN),
        RuleHit(rule="private", section="2.2", action=Action.OBSERVE),
        RuleHit(rule="personnummer", section="2.7", action=Action.BLOCK, exempted_by="handling_lane"),
    ),
)
HANDLED = Handled(
    code=550,
    enhanced="5.7.1",
    direction="external",
    octets=20_000,
    policy_version="abcdef012345",
    seconds={"inspect": 0.0126, "relay": 1.5},
)


def record(facts: Facts = FACTS, verdict: Verdict = VERDICT) -> Record:
    return record_of(facts, verdict, HANDLED, KEY)


def test_a_record_says_how_it_went_and_why() -> None:
    assert record().as_object() == {
        "at": "2026-05-04T12:00:00.250+00:00",
        "reference": "0A1B2C3D4E5F",
        "front": "smtp",
        "sender": pseudonym(str(ANNA), KEY),
        "persons": "101-500",
        "direction": "external",
        "size": "10-100 KiB",
        "verdict": "block",
        "rules": ["mass_mailing", "special_category"],
        "observed": ["private"],
        "lifted": ["personnummer=handling_lane"],
        "policy": "abcdef012345",
        "code": 550,
        "enhanced": "5.7.1",
        "milliseconds": {"inspect": 13, "relay": 1500},
    }


def test_a_record_names_nobody_and_no_kind_of_special_category() -> None:
    text = json.dumps(record().as_object()) + repr(record())
    for secret in ("anna", "svensson", "example.com", "grupp", "health"):
        assert secret not in text


def test_a_pseudonym_is_the_same_for_the_same_person_and_key_alone() -> None:
    assert pseudonym("Anna@example.com", KEY) == pseudonym("anna@example.com", KEY)
    assert pseudonym("anna@example.com", KEY) != pseudonym("bo@example.com", KEY)
    assert pseudonym("anna@example.com", KEY) != pseudonym("anna@example.com", b"other")


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (0, "0"),
        (1, "1"),
        (2, "2-5"),
        (5, "2-5"),
        (6, "6-20"),
        (100, "51-100"),
        (101, "101-500"),
        (500, "101-500"),
        (501, "501-"),
        (10**6, "501-"),
    ],
)
def test_persons_are_told_as_a_range_that_shows_the_line(count: int, told: str) -> None:
    assert persons_range(count) == told


@pytest.mark.parametrize(
    ("octets", "told"),
    [
        (0, "-10 KiB"),
        (10 * 1024, "-10 KiB"),
        (10 * 1024 + 1, "10-100 KiB"),
        (25 * 1024**2, "10-25 MiB"),
        (10**9, "25 MiB-"),
    ],
)
def test_a_size_is_told_as_a_range(octets: int, told: str) -> None:
    assert size_range(octets) == told


@pytest.mark.parametrize(("action", "word"), [(a, a.name.lower()) for a in Action])
def test_every_verdict_has_a_word(action: Action, word: str) -> None:
    assert record(verdict=replace(VERDICT, action=action)).verdict == word
