"""Whose words, and where they go."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from gateway.model import (
    Confidence,
    Envelope,
    Facts,
    Finding,
    Headers,
    Inspection,
    Message,
    Occasion,
    Origin,
    Recipient,
    Responsible,
    SegmentKind,
    SenderSource,
)
from gateway.policy.rules import Group, Handling, People, Policy
from gateway.policy.sender import read_plain
from gateway.policy.situation import in_lane, situation_of

BARE = Headers()
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
POLICY = Policy(
    version="x",
    rules={},
    handling=Handling(
        registry=frozenset({"kk@orkelljunga.se"}),
        security=frozenset({"hot@example.org"}),
        managers=frozenset({"chef@bolag.example"}),
        staff_domains=frozenset({"orkelljunga.se"}),
        payroll=frozenset({"lon@bolag.example"}),
    ),
    people=People(
        domains=frozenset({"orkelljunga.se"}),
        equal_domains={"o.example": "orkelljunga.se"},
        aliases={"registrator@orkelljunga.se": "kk@orkelljunga.se"},
        groups={"skola@orkelljunga.se": Group(address="skola@orkelljunga.se", weights={"skola@orkelljunga.se": 80})},
        list_names=frozenset({"alla"}),
    ),
)


@pytest.mark.parametrize(
    ("person", "inside"),
    [
        ("kk@orkelljunga.se", True),
        ("hot@example.org", True),
        ("chef@bolag.example", True),
        ("lon@bolag.example", True),
        ("handlaggare@orkelljunga.se", True),
        ("skola@orkelljunga.se", False),
        ("alla.larare@orkelljunga.se", False),
        ("anna@politik.orkelljunga.se", False),
        ("x@sub.orkelljunga.se", False),
        ("karin@example.com", False),
        ("postmaster", False),
    ],
)
def test_lane(person: str, *, inside: bool) -> None:
    assert in_lane(person, POLICY) is inside


def facts(*to: str, headers: Headers = BARE, at: datetime = NOON) -> Facts:
    return Facts(
        occasion=Occasion(reference="r", received_at=at, front="smtp"),
        responsible=Responsible(address=read_plain("anna@politik.orkelljunga.se"), source=SenderSource.ENVELOPE),
        envelope=Envelope(
            sender=None, recipients=tuple(Recipient(path=f"<{t}>".encode(), address=read_plain(t)) for t in to)
        ),
        inspection=Inspection(message=Message(headers=headers, parts=(), size=0), findings=()),
        usage=None,
        persons={},
    )


def test_lane_by_alias_and_equal_domain() -> None:
    assert situation_of(POLICY, facts("Registrator+x@orkelljunga.se", "bo@o.example")).lane


def test_unreadable_recipient_is_outside() -> None:
    odd = facts("kk@orkelljunga.se")
    recipients = (*odd.envelope.recipients, Recipient(path=b"<@x:\xff>", address=None))
    where = situation_of(POLICY, replace(odd, envelope=replace(odd.envelope, recipients=recipients)))
    assert not where.lane
    assert where.recipients == {"kk@orkelljunga.se", "<@x:\ufffd>"}


def test_without_inspection_nothing_is_a_reply() -> None:
    blind = replace(facts("karin@example.com"), inspection=None)
    assert not situation_of(POLICY, blind).reply


@pytest.fixture
def _far_east(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("_far_east")
def test_today_is_in_utc_wherever_the_machine_is() -> None:
    late = datetime(2026, 5, 5, 0, 30, tzinfo=timezone(timedelta(hours=2)))
    assert situation_of(POLICY, facts("a@example.com", at=late)).today == date(2026, 5, 4)


def finding(origin: Origin, segment: SegmentKind, part: str = "1") -> Finding:
    return Finding(
        rule="personnummer",
        detector="d",
        confidence=Confidence.HIGH,
        part=part,
        segment=segment,
        origin=origin,
        evidence="•",
        reason="x",
    )


@pytest.mark.parametrize(
    ("origin", "segment", "part", "subject", "received"),
    [
        (Origin.OWN, SegmentKind.OWN, "1", "VB: Hej", False),
        (Origin.OWN, SegmentKind.SIGNATURE, "1", "VB: Hej", False),
        (Origin.OWN, SegmentKind.CALENDAR, "1", "VB: Hej", False),
        (Origin.OWN, SegmentKind.QUOTED, "1", "Hej", True),
        (Origin.OWN, SegmentKind.FORWARDED, "1", "Hej", True),
        (Origin.FORWARDED, SegmentKind.OWN, "3", "Hej", True),
        (Origin.UNKNOWN, SegmentKind.OWN, "3", "Hej", False),
        (Origin.UNKNOWN, SegmentKind.OWN, "3", "SV: Hej", False),
        (Origin.UNKNOWN, SegmentKind.OWN, "3", "VB: Hej", True),
        (Origin.OWN, SegmentKind.OWN, "subject", "Hej", False),
        (Origin.OWN, SegmentKind.OWN, "subject", "VB: Hej", True),
        (Origin.OWN, SegmentKind.OWN, "subject", "SV: Hej", True),
    ],
)
def test_received(origin: Origin, segment: SegmentKind, part: str, subject: str, *, received: bool) -> None:
    where = situation_of(POLICY, facts("karin@example.com", headers=Headers(subject=subject)))
    assert where.received(finding(origin, segment, part)) is received


def test_subject_goes_back_with_the_reply() -> None:
    where = situation_of(POLICY, facts("karin@example.com", headers=Headers(subject="SV: Hej")))
    assert where.returned(finding(Origin.OWN, SegmentKind.OWN, "subject"))
    assert not where.returned(finding(Origin.FORWARDED, SegmentKind.OWN, "3"))
