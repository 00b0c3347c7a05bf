"""The steps of a claim, over a book in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from gateway.ledger import Outcome
from gateway.ledger.claiming import settle, take
from gateway.ledger.counting import RECALLED
from gateway.ledger.keys import KeyedClaim, key_of, keyed
from gateway.ledger.memory import MemoryBook
from gateway.model import Fingerprint
from tests.support.claims import START, TEXT, claim, like, persons

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
