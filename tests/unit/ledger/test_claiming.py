"""The steps of a claim, over a book in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.ledger import Outcome
from gateway.ledger.claiming import settle, take
from gateway.ledger.counting import RECALLED
from gateway.ledger.keys import KeyedClaim, key_of, keyed, keyed_permit, mailing_text
from gateway.ledger.memory import MemoryBook
from gateway.model import Fingerprint
from tests.support.claims import START, TEXT, claim, like, permit, persons

KEY = key_of(b"k" * 32, given=False)


def wish(attempt: str, first: int, last: int, *identities: str, fingerprint: Fingerprint | None = None) -> KeyedClaim:
    return keyed(claim(attempt, persons(first, last), *identities, fingerprint=fingerprint or Fingerprint()), KEY)


def test_a_claim_that_nothing_ties_to_another_begins_a_mailing_under_its_own_number() -> None:
    book, first = MemoryBook(), wish("a", 1, 10, "id:1")
    assert take(book, first).mailing == first.mailing
    assert take(book, wish("b", 1, 10, "id:2")).mailing != first.mailing


def test_a_commit_without_its_reservation_finds_the_mailing_by_its_name() -> None:
    book, first = MemoryBook(), wish("a", 1, 10)
    mailing = take(book, first).mailing
    book.unhold(first.attempt, 0)
    settle(book, first, mailing)
    assert book.reached(mailing, first.at) == 10


def test_a_commit_to_an_empty_book_begins_the_mailing_under_the_name_that_was_told() -> None:
    book, first = MemoryBook(), wish("a", 1, 10, "id:1")
    settle(book, first, 4711)
    assert book.reached(4711, first.at) == 10
    assert take(book, wish("b", 1, 10, "id:1")).mailing == 4711


def test_contents_that_are_the_same_are_remembered_once() -> None:
    book = MemoryBook()
    for number in range(50):
        changed = Fingerprint(exact=b"%d" % number, minhash=(number * 31, *TEXT[1:]))
        take(book, wish(f"a{number}", 1, 2, fingerprint=changed))
    sender, at = wish("a", 1, 1).sender, wish("a", 1, 1).at
    assert len(book.contents(sender, at)) == 1


def test_a_content_seen_again_counts_as_just_used() -> None:
    book, content = MemoryBook(), like(1.0)
    mailing = take(book, wish("a", 1, 2, fingerprint=content)).mailing
    for number in range(1, RECALLED + 10):
        at = START + timedelta(seconds=number)
        other = Fingerprint(exact=b"%d" % number, minhash=tuple(m * 7 + number * 1000 + 64_000 for m in TEXT))
        take(book, keyed(claim(f"b{number}", [], fingerprint=other, at=at), KEY))
        again = claim(f"c{number}", [], fingerprint=replace(content, exact=b"again%d" % number), at=at)
        assert take(book, keyed(again, KEY)).mailing == mailing


def test_of_too_many_contents_the_one_longest_unused_is_no_longer_compared() -> None:
    book, content = MemoryBook(), like(1.0)
    mailing = take(book, wish("a", 1, 2, fingerprint=content)).mailing
    for number in range(1, RECALLED + 1):
        other = Fingerprint(exact=b"%d" % number, minhash=tuple(m * 7 + number * 1000 + 64_000 for m in TEXT))
        take(book, keyed(claim(f"b{number}", [], fingerprint=other, at=START + timedelta(seconds=number)), KEY))
    assert take(book, wish("c", 1, 2, fingerprint=replace(content, exact=b"varied"))).mailing != mailing
    assert take(book, wish("d", 1, 2, fingerprint=content)).mailing == mailing


def test_a_refused_claim_holds_nothing_but_is_remembered() -> None:
    book, refused = MemoryBook(), wish("a", 1, 101, "id:1")
    taken = take(book, refused)
    assert taken.ruling.outcome is Outcome.OVER
    assert book.held(taken.mailing, 0, refused.at) == []
    assert book.marked(refused.marks, refused.at) == {taken.mailing}


# --- what others hold ----------------------------------------------------------------------------


def delivered(book: MemoryBook, wish: KeyedClaim) -> int:
    taken = take(book, wish)
    assert taken.ruling.outcome is Outcome.GRANTED
    settle(book, wish, taken.mailing)
    return taken.mailing


def test_what_others_hold_counts_and_what_the_attempt_itself_holds_does_not() -> None:
    book, first = MemoryBook(), wish("a", 1, 60, "id:1")
    assert take(book, first).ruling.outcome is Outcome.GRANTED
    again = take(book, first)
    assert (again.ruling.outcome, again.found.reserved) == (Outcome.GRANTED, 0)
    assert take(book, wish("a", 1, 10, "id:1")).found.reserved == 0
    take(book, first)
    other = take(book, wish("b", 61, 101, "id:1"))
    assert (other.ruling.outcome, other.found.reserved) == (Outcome.CONTENDED, 60)


def test_without_a_limit_nobody_asks_what_others_hold() -> None:
    book = MemoryBook()
    take(book, wish("a", 1, 60, "id:1"))
    free = keyed(claim("b", persons(61, 400), "id:1", limit=None), KEY)
    assert take(book, free).found.reserved == 0


def test_whom_the_mailing_has_reached_is_not_counted_again_where_others_hold_him_too() -> None:
    book = MemoryBook()
    delivered(book, wish("a", 1, 60, "id:1"))
    assert take(book, wish("b", 1, 60, "id:1")).ruling.outcome is Outcome.GRANTED
    last = take(book, wish("c", 61, 100, "id:1"))
    assert (last.ruling.outcome, last.found.reached, last.found.reserved) == (Outcome.GRANTED, 60, 0)


def test_a_refusal_gives_back_what_the_attempt_held() -> None:
    book = MemoryBook()
    mailing = take(book, wish("a", 1, 50, "id:1")).mailing
    take(book, wish("b", 51, 60, "id:1"))
    assert take(book, wish("a", 1, 150, "id:1")).ruling.outcome is Outcome.OVER
    at = wish("a", 1, 1).at
    assert sum(len(held) for held in book.held(mailing, 0, at)) == 10


# --- permits -------------------------------------------------------------------------------------


def test_a_permit_is_leant_on_and_bound_to_the_mailing_that_used_it() -> None:
    book = MemoryBook()
    book.grant(keyed_permit(permit(150), KEY))
    first = wish("a", 1, 120, "id:1")
    taken = take(book, first)
    assert (taken.ruling.outcome, taken.ruling.permit) == (Outcome.GRANTED, "p1")
    waiting = take(book, wish("b", 1, 120, "id:2"))
    assert waiting.ruling.outcome is Outcome.CONTENDED
    settle(book, first, taken.mailing)
    assert [p.mailing for p in book.permits(first.at)] == [mailing_text(taken.mailing)]
    assert take(book, wish("b", 1, 120, "id:2")).ruling.outcome is Outcome.OVER
    assert take(book, wish("c", 121, 150, "id:1")).ruling.outcome is Outcome.GRANTED


def test_a_permit_that_was_not_leant_on_stays_free() -> None:
    book = MemoryBook()
    book.grant(keyed_permit(permit(150), KEY))
    delivered(book, wish("a", 1, 60, "id:1"))
    assert [p.mailing for p in book.permits(wish("a", 1, 1).at)] == [None]


def test_only_persons_reached_for_the_first_time_are_charged() -> None:
    book = MemoryBook()
    mailing = delivered(book, wish("a", 1, 60, "id:1"))
    book.grant(keyed_permit(permit(30, mailing_text(mailing)), KEY))
    delivered(book, wish("b", 51, 80, "id:1"))
    assert [p.used for p in book.permits(wish("a", 1, 1).at)] == [20]


def test_a_permit_of_somebody_else_or_of_yesterday_is_none() -> None:
    book = MemoryBook()
    book.grant(keyed_permit(permit(150, sender="bo.ek@politik.orkelljunga.se"), KEY))
    book.grant(keyed_permit(permit(150, id="p2", until=START), KEY))
    assert take(book, wish("a", 1, 120, "id:1")).ruling.outcome is Outcome.OVER


# --- which mailing -------------------------------------------------------------------------------


def test_a_commit_counts_in_the_mailing_that_its_reservation_is_for() -> None:
    book, first = MemoryBook(), wish("a", 1, 10)
    mailing = take(book, first).mailing
    settle(book, first, 4711)
    assert (book.reached(mailing, first.at), book.root(4711)) == (10, None)


def test_an_attempt_that_is_repeated_stays_with_the_mailing_it_holds_persons_for() -> None:
    book = MemoryBook()
    mailing = take(book, wish("b", 1, 10, "id:1")).mailing
    assert take(book, wish("a", 1, 10, "id:1")).mailing == mailing
    assert take(book, wish("a", 1, 10)).mailing == mailing
    assert take(book, wish("c", 1, 10)).mailing != mailing


def test_an_attempt_repeated_after_its_mailing_became_another_meets_that() -> None:
    book, first = MemoryBook(), wish("b", 1, 10, "id:2")
    oldest = take(book, wish("a", 1, 10, "id:1")).mailing
    later = keyed(claim("b", persons(1, 10), "id:2", at=START + timedelta(seconds=1)), KEY)
    assert take(book, later).mailing != oldest
    both = keyed(claim("c", persons(1, 10), "id:1", "id:2", at=START + timedelta(seconds=2)), KEY)
    assert take(book, both).mailing == oldest
    book.unhold(first.attempt, first.at)
    assert take(book, wish("b", 1, 10)).mailing == oldest


def test_mailings_that_become_one_keep_whom_they_have_reached() -> None:
    book = MemoryBook()
    delivered(book, wish("a", 1, 60, "id:1"))
    delivered(book, wish("b", 41, 90, "id:2"))
    both = take(book, wish("c", 91, 100, "id:1", "id:2"))
    assert (both.ruling.outcome, both.found.reached, both.found.own) == (Outcome.GRANTED, 90, 10)


@pytest.mark.parametrize(
    ("same", "one"), [(1.0, True), (40 / 64, True), (39 / 64, True), (35 / 64, False), (0.0, False)]
)
def test_contents_alike_by_three_fifths_are_one_mailing(same: float, *, one: bool) -> None:
    book = MemoryBook()
    mailing = take(book, wish("a", 1, 2, fingerprint=like(1.0))).mailing
    assert (take(book, wish("b", 1, 2, fingerprint=like(same))).mailing == mailing) is one
