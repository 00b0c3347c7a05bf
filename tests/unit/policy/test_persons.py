"""Which recipients are one person, and how many persons a message reaches."""

from __future__ import annotations

import pytest

from gateway.model import Envelope, Headers, Recipient
from gateway.policy.persons import count_announced, count_persons, looks_like_list, person_of, unknown_lists
from gateway.policy.rules import Group, Handling, People, Policy
from gateway.policy.sender import read_plain

PEOPLE = People(
    domains=frozenset({"orkelljunga.se", "politik.orkelljunga.se"}),
    equal_domains={"orkelljunga.onmicrosoft.com": "orkelljunga.se"},
    aliases={"ordforande@orkelljunga.se": "anna.berg@politik.orkelljunga.se"},
    groups={
        "skola@orkelljunga.se": Group(address="skola@orkelljunga.se", weights={"skola@orkelljunga.se": 80}),
        "presidiet@orkelljunga.se": Group(
            address="presidiet@orkelljunga.se",
            weights={"anna.berg@politik.orkelljunga.se": 1, "bo@politik.orkelljunga.se": 1, "kk@orkelljunga.se": 1},
        ),
    },
    list_names=frozenset({"alla", "lista"}),
    small_names=frozenset({"sn", "utskottet"}),
    small_domains=frozenset({"politik.orkelljunga.se"}),
)
POLICY = Policy(version="x", rules={}, people=PEOPLE, handling=Handling(registry=frozenset({"kk@orkelljunga.se"})))


def envelope(*recipients: str) -> Envelope:
    return Envelope(
        sender=None, recipients=tuple(Recipient(path=f"<{r}>".encode(), address=read_plain(r)) for r in recipients)
    )


@pytest.mark.parametrize(
    ("spelling", "person"),
    [
        ("Karin@Example.com", "karin@example.com"),
        ("karin+nyheter@example.com", "karin@example.com"),
        ("+karin@example.com", "+karin@example.com"),
        ("bo@orkelljunga.onmicrosoft.com", "bo@orkelljunga.se"),
        ("Ordforande+x@orkelljunga.onmicrosoft.com", "anna.berg@politik.orkelljunga.se"),
        ("postmaster", "postmaster"),
    ],
)
def test_one_person(spelling: str, person: str) -> None:
    assert person_of(spelling, PEOPLE) == person
    assert person_of(read_plain(spelling), PEOPLE) == person


def test_persons_not_lines() -> None:
    counted = count_persons(envelope("karin@example.com", "KARIN+a@example.com", "bo@example.com"), POLICY)
    assert counted == {"karin@example.com": 1, "bo@example.com": 1}


def test_group_of_known_size() -> None:
    assert count_persons(envelope("skola@orkelljunga.se"), POLICY) == {"skola@orkelljunga.se": 80}


def test_group_opens_without_the_lane_and_counts_nobody_twice() -> None:
    counted = count_persons(envelope("presidiet@orkelljunga.se", "ordforande@orkelljunga.se"), POLICY)
    assert counted == {"anna.berg@politik.orkelljunga.se": 1, "bo@politik.orkelljunga.se": 1}


def test_lane_does_not_count() -> None:
    assert count_persons(envelope("kk@orkelljunga.se", "KK+x@orkelljunga.se"), POLICY) == {}


def test_those_behind_the_lane_in_a_list_of_recipients_count() -> None:
    assert count_persons(envelope("kk@orkelljunga.se", "bo@example.com"), POLICY) == {"bo@example.com": 1}


def test_only_the_first_plus_begins_a_tag() -> None:
    assert person_of("karin+a+b@example.com", PEOPLE) == "karin@example.com"


def test_a_list_behind_a_path_that_cannot_be_read_is_seen() -> None:
    odd = Recipient(path=b"<@a,@b:\xff>", address=None)
    behind = Envelope(sender=None, recipients=(odd, *envelope("alla@orkelljunga.se").recipients))
    assert unknown_lists(behind, POLICY) == ("alla@orkelljunga.se",)


def test_two_paths_that_cannot_be_read_are_two_persons() -> None:
    odd = [Recipient(path=path, address=None) for path in (b"<@a,@b:x>", b"<@a,@b:y>")]
    assert list(count_persons(Envelope(sender=None, recipients=tuple(odd)), POLICY).values()) == [1, 1]


def test_unreadable_path_is_still_somebody() -> None:
    odd = Envelope(sender=None, recipients=(Recipient(path=b"<@a,@b:\xff>", address=None),))
    assert list(count_persons(odd, POLICY).values()) == [1]


def test_announced_counts_groups() -> None:
    visible = tuple(map(read_plain, ("skola@orkelljunga.se", "a@example.com", "A+b@example.com", "kk@orkelljunga.se")))
    assert count_announced(Headers(visible=visible), POLICY) == 81


@pytest.mark.parametrize(
    ("address", "listed"),
    [
        ("alla@orkelljunga.se", True),
        ("alla.larare@orkelljunga.se", True),
        ("personal-alla@politik.orkelljunga.se", True),
        ("lista_skola@orkelljunga.se", True),
        ("alla@example.com", False),
        ("kalla@orkelljunga.se", False),
        ("larare.alla.skola@orkelljunga.se", False),
        ("kf@orkelljunga.se", False),
        ("alla.sn@politik.orkelljunga.se", False),
        ("alla.ledamoter.sn@politik.orkelljunga.se", False),
        ("lista-utskottet@politik.orkelljunga.se", False),
        ("alla.sn@orkelljunga.se", True),
        ("alla.snickare@politik.orkelljunga.se", True),
    ],
)
def test_list_like(address: str, *, listed: bool) -> None:
    assert looks_like_list(address, PEOPLE) is listed


def test_declared_lists_are_known() -> None:
    declared = Policy(
        version="x",
        rules={},
        people=People(
            domains=PEOPLE.domains,
            list_names=PEOPLE.list_names,
            groups={"alla@orkelljunga.se": Group(address="alla@orkelljunga.se", weights={"alla@orkelljunga.se": 9})},
        ),
        handling=Handling(managers=frozenset({"lista@orkelljunga.se"})),
    )
    to = envelope("alla@orkelljunga.se", "lista@orkelljunga.se", "alla.larare@orkelljunga.se")
    assert unknown_lists(to, declared) == ("alla.larare@orkelljunga.se",)


def test_list_is_told_once() -> None:
    assert unknown_lists(envelope("alla@orkelljunga.se", "ALLA+x@orkelljunga.se"), POLICY) == ("alla@orkelljunga.se",)
