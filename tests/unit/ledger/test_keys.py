"""Keyed ids, and the key that processes agree on."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ledger import KeyMismatch
from gateway.ledger.keys import (
    KeyedClaim,
    KeyedPermit,
    Keyring,
    accept,
    attempt_number,
    key_of,
    keyed,
    keyed_permit,
    mailing_number,
    mailing_text,
    milliseconds,
    moment,
    plain_permit,
    propose,
    read_key,
    record_of,
    sender_text,
)
from gateway.model import Fingerprint, InvalidConfiguration
from tests.support.claims import HOLD, START, WINDOW, claim, like, permit, persons

KEY = key_of(b"k" * 32, given=False)
FILE = key_of(b"f" * 32, given=True)


def test_one_person_has_one_id_with_one_key_and_one_sender() -> None:
    one, same = keyed(claim("a", persons(1, 3), "id:1"), KEY), keyed(claim("b", persons(1, 3), "id:1"), KEY)
    assert one.persons == same.persons
    assert one.marks == same.marks
    assert len(one.persons) == 3


@pytest.mark.parametrize(
    "other",
    [
        keyed(claim("a", persons(1, 3), "id:1", fingerprint=like(1.0)), FILE),
        keyed(claim("a", persons(1, 3), "id:1", fingerprint=like(1.0), sender="bo.berg@politik.orkelljunga.se"), KEY),
    ],
    ids=["key", "sender"],
)
def test_another_key_or_sender_makes_other_ids(other: object) -> None:
    one = keyed(claim("a", persons(1, 3), "id:1", fingerprint=like(1.0)), KEY)
    for name in ("attempt", "sender", "mailing", "marks", "minima", "persons"):
        assert getattr(one, name) != getattr(other, name)


def test_kinds_do_not_meet() -> None:
    wish = keyed(claim("x", ["x"], "x", sender="x"), KEY)
    assert len({wish.attempt, wish.sender, *wish.marks, *wish.persons}) == 4


def test_a_claim_is_keyed_whole() -> None:
    wish = keyed(claim("a", {"alla@exempel.se": 60, "en@exempel.se": 0}, "id:1", "id:1", announced=7), KEY)
    assert sorted(wish.persons.values()) == [1, 60]
    assert len(wish.marks) == 1
    assert wish.until - wish.at == WINDOW // timedelta(milliseconds=1)
    assert wish.held_until - wish.at == HOLD // timedelta(milliseconds=1)
    assert wish.tied_until - wish.until == HOLD // timedelta(milliseconds=1)
    assert (wish.announced, wish.limit, wish.minima) == (7, 100, b"")


def test_only_some_persons_of_a_claim_are_keyed_where_asked() -> None:
    wish = claim("a", persons(1, 3))
    some = keyed(wish, KEY, ["person2@exempel.se", "frammande@exempel.se"])
    assert some.persons == keyed(claim("b", ["person2@exempel.se"]), KEY).persons
    assert some.attempt == attempt_number(wish, KEY)


def test_minima_keep_their_likeness_and_lose_their_words() -> None:
    one, other = (keyed(claim("a", [], fingerprint=like(share)), KEY).minima for share in (1.0, 0.5))
    assert len(one) == 64
    assert 32 <= sum(a == b for a, b in zip(one, other, strict=True)) <= 38


def test_addresses_that_no_encoding_likes_are_keyed_too() -> None:
    wish = claim("a", ["\udcff@exempel.se", "å\0@exempel.se"], "\ud800")
    assert len(keyed(wish, KEY).persons) == 2


def test_a_key_shows_nothing_of_its_secret() -> None:
    assert "kkkk" not in repr(KEY)
    assert b"k" * 8 not in KEY.id.encode()


# --- the key -------------------------------------------------------------------------------------


def test_a_key_file_is_read_without_white_space_around(tmp_path: Path) -> None:
    for name, octets in (("a", b"  " + b"s" * 40 + b"\n"), ("b", b"s" * 40)):
        (tmp_path / name).write_bytes(octets)
        (tmp_path / name).chmod(0o600)
    assert read_key(tmp_path / "a") == read_key(tmp_path / "b")
    assert read_key(tmp_path / "a").given


@pytest.mark.parametrize(
    ("octets", "words"), [(b"short\n", "32 to 4096 octets"), (b"x" * 5000, "openssl rand"), (None, "cannot be read")]
)
def test_a_bad_key_file_is_a_mistake_of_the_configuration(tmp_path: Path, octets: bytes | None, words: str) -> None:
    if octets is not None:
        (tmp_path / "key").write_bytes(octets)
        (tmp_path / "key").chmod(0o600)
    with pytest.raises(InvalidConfiguration, match=words) as caught:
        read_key(tmp_path / "key")
    (problem,) = caught.value.problems
    assert (problem.file, problem.key) == (str(tmp_path / "key"), "ledger.key_file")


def test_a_key_that_others_may_read_is_none(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"s" * 40)
    (tmp_path / "key").chmod(0o644)
    with pytest.raises(InvalidConfiguration, match="chmod 600"):
        read_key(tmp_path / "key")


def test_the_secret_of_a_file_never_goes_into_the_store() -> None:
    assert record_of(FILE) == f"{FILE.id}:"
    assert accept(record_of(KEY), None) == KEY
    assert accept(record_of(FILE), FILE) is FILE


@pytest.mark.parametrize(
    ("record", "given_", "words"),
    [
        (record_of(FILE), None, "from a file: name it as ledger.key_file"),
        (record_of(KEY), FILE, f"written with key {KEY.id}, ledger.key_file holds key {FILE.id}"),
        (record_of(key_of(b"o" * 32, given=True)), FILE, "written with key"),
        ("0123456789abcdef:" + "00" * 32, None, "from a file"),
        ("nonsense:zz", None, "cannot be read"),
        ("", None, "written with key"),
    ],
)
def test_a_record_that_does_not_fit_is_a_mismatch(record: str, given_: object, words: str) -> None:
    with pytest.raises(KeyMismatch, match=words) as caught:
        accept(record, given_)  # type: ignore[arg-type]
    assert caught.value.what == "ledger"


def test_a_store_without_a_key_gets_the_one_that_is_at_hand() -> None:
    assert propose(FILE, KEY) is FILE
    assert propose(None, KEY) is KEY
    assert propose(None, None) != propose(None, None)
    assert len(propose(None, None).secret) == 32


def storing(records: list[str]) -> Callable[..., object]:
    async def agree(proposal: object) -> str:
        if not records:
            records.append(record_of(proposal))  # type: ignore[arg-type]
        return records[0]

    return agree


async def test_a_ring_asks_once_and_again_when_in_doubt() -> None:
    records: list[str] = []
    ring = Keyring(None, storing(records))  # type: ignore[arg-type]
    first = await ring.current()
    records[:] = [record_of(KEY)]
    assert await ring.current() == first
    ring.doubt()
    assert await ring.current() == KEY


async def test_a_ring_gives_an_emptied_store_its_key_back() -> None:
    records: list[str] = []
    ring = Keyring(None, storing(records))  # type: ignore[arg-type]
    first = await ring.current()
    records.clear()
    ring.doubt()
    assert await ring.current() == first
    assert records == [record_of(first)]


# --- forms ---------------------------------------------------------------------------------------


@given(st.integers(0, (1 << 50) - 1))
def test_a_mailing_is_written_and_read_again(number: int) -> None:
    assert mailing_number(mailing_text(number)) == number
    assert mailing_number(f" {mailing_text(number).upper()} ") == number


@given(st.text(max_size=12))
def test_anything_else_is_no_mailing(text: str) -> None:
    number = mailing_number(text)
    assert number is None or mailing_text(number) == text.strip().lower()


@given(st.datetimes(timezones=st.just(START.tzinfo)))
def test_moments_are_kept_to_the_millisecond(at: object) -> None:
    assert abs(moment(milliseconds(at)) - at) < timedelta(milliseconds=1)  # type: ignore[arg-type, operator]


def test_a_permit_comes_back_without_its_sender() -> None:
    back = plain_permit(keyed_permit(permit(150, mailing_text(7)), KEY), 3)
    assert (back.id, back.mailing, back.persons, back.used, back.since) == ("p1", mailing_text(7), 150, 3, START)
    assert "@" not in back.sender


def test_a_permit_for_no_mailing_at_all_fits_none() -> None:
    assert keyed_permit(permit(150, "nonsense"), KEY).mailing == 0
    assert keyed_permit(permit(150), KEY).mailing is None


# --- what the next version must read -------------------------------------------------------------

KEPT = KeyedClaim(
    attempt=-3809669265174289175,
    sender=8438264178881343807,
    mailing=295993915810267,
    marks=(-5566371339118321187, -7489725878493152656, -506355241990553207),
    minima=b"\x89d{\xd1",
    persons={2169472152132180009: 1, -8223376558111581369: 7},
    announced=3,
    limit=100,
    at=1762160400000,
    until=1762246800000,
    held_until=1762161300000,
)


def test_ids_stay_the_same_from_version_to_version() -> None:
    """Others would count a mailing anew that was under way when a host was upgraded."""
    fingerprint = Fingerprint(exact=b"exact", minhash=(1, 2, 3, 2**63))
    whom = {"a@x.se": 1, "grupp@x.se": 7}
    wish = claim("attempt", whom, "id:1", "thread:2", fingerprint=fingerprint, announced=3)
    assert keyed(wish, KEY) == KEPT
    assert attempt_number(wish, KEY) == KEPT.attempt
    assert (mailing_text(KEPT.mailing), sender_text(KEPT.sender)) == ("8d6ht3a8ev", "751abc901720313f")
    assert (KEY.id, record_of(KEY)) == ("a4dbc1995d90b620", f"a4dbc1995d90b620:{'6b' * 32}")
    assert keyed_permit(permit(150, "8d6ht3a8ev"), KEY) == KeyedPermit(
        id="p1", sender=KEPT.sender, mailing=KEPT.mailing, persons=150, until=1762174800000, since=1762160400000
    )


def test_a_claim_travels_between_processes() -> None:
    assert pickle.loads(pickle.dumps(KEPT)) == KEPT  # noqa: S301 - its own


def test_a_claim_made_later_keeps_its_terms() -> None:
    later = KEPT.moved(START + timedelta(hours=1))
    hour = 3_600_000
    assert later == replace(KEPT, at=KEPT.at + hour, until=KEPT.until + hour, held_until=KEPT.held_until + hour)
    assert later.tied_until == KEPT.tied_until + hour == KEPT.until + 900_000 + hour
