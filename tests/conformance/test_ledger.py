"""The contract of ``Ledger``, held by every store."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from gateway.ledger import Ledger, Outcome
from gateway.model import Fingerprint
from tests.support.claims import HOLD, START, TEXT, WINDOW, claim, deliver, like, permit, persons

HOUR = timedelta(hours=1)
GRANTED, OVER, CONTENDED = Outcome.GRANTED, Outcome.OVER, Outcome.CONTENDED


# --- the line ------------------------------------------------------------------------------------


async def test_a_hundred_persons_pass_and_one_more_does_not(ledger: Ledger) -> None:
    at_the_line = await ledger.reserve(claim("a", persons(1, 100), "id:1"))
    beyond = await ledger.reserve(claim("b", persons(1, 101), "id:2"))

    assert at_the_line.outcome is GRANTED
    assert beyond.outcome is OVER
    assert (beyond.usage.reached, beyond.usage.own, beyond.usage.reserved) == (0, 101, 0)


async def test_persons_reached_before_count(ledger: Ledger) -> None:
    await deliver(ledger, claim("a", persons(1, 60), "id:1"))
    second = await ledger.reserve(claim("b", persons(61, 101), "id:1"))
    smaller = await ledger.reserve(claim("c", persons(61, 100), "id:1"))

    assert (second.outcome, second.usage.reached, second.usage.own) == (OVER, 60, 41)
    assert smaller.outcome is GRANTED
    assert smaller.usage.mailing == second.usage.mailing


async def test_persons_reached_before_are_not_counted_again(ledger: Ledger) -> None:
    await deliver(ledger, claim("a", persons(1, 100), "id:1"))
    again = await ledger.reserve(claim("b", persons(1, 100), "id:1"))
    assert (again.outcome, again.usage.reached, again.usage.own) == (GRANTED, 100, 0)


async def test_only_reservations_of_others_in_the_way_is_contention(ledger: Ledger) -> None:
    first = await ledger.reserve(claim("a", persons(1, 60), "id:1"))
    second = await ledger.reserve(claim("b", persons(61, 120), "id:1"))
    assert (second.outcome, second.usage.reserved, second.usage.own) == (CONTENDED, 60, 60)

    await ledger.release(first)
    assert (await ledger.reserve(claim("b", persons(61, 120), "id:1"))).outcome is GRANTED


async def test_contention_ends_in_over_when_the_others_are_accepted(ledger: Ledger) -> None:
    first = await ledger.reserve(claim("a", persons(1, 60), "id:1"))
    await ledger.reserve(claim("b", persons(61, 120), "id:1"))
    await ledger.commit(first, persons(1, 60), START)
    assert (await ledger.reserve(claim("b", persons(61, 120), "id:1"))).outcome is OVER


async def test_persons_that_several_messages_hold_are_reserved_once(ledger: Ledger) -> None:
    await ledger.reserve(claim("a", persons(1, 40), "id:1"))
    await ledger.reserve(claim("b", persons(21, 60), "id:1"))
    third = await ledger.reserve(claim("c", persons(51, 70), "id:1"))
    assert (third.outcome, third.usage.own, third.usage.reserved) == (GRANTED, 20, 50)


async def test_a_refused_attempt_consumes_nothing(ledger: Ledger) -> None:
    assert (await ledger.reserve(claim("a", persons(1, 120), "id:1"))).outcome is OVER
    second = await ledger.reserve(claim("b", persons(1, 80), "id:1"))
    assert (second.outcome, second.usage.reached, second.usage.reserved) == (GRANTED, 0, 0)


async def test_without_a_limit_persons_are_only_counted(ledger: Ledger) -> None:
    await deliver(ledger, claim("a", persons(1, 300), "id:1", limit=None, announced=300))
    second = await ledger.reserve(claim("b", persons(301, 310), "id:1", limit=None))
    assert (second.outcome, second.usage.reached, second.usage.own) == (GRANTED, 300, 10)


async def test_without_a_limit_reservations_are_not_counted(ledger: Ledger) -> None:
    await ledger.reserve(claim("a", persons(1, 60), "id:1"))
    free = await ledger.reserve(claim("b", persons(61, 70), "id:1", limit=None))
    bound = await ledger.reserve(claim("c", persons(71, 80), "id:1"))
    assert (free.usage.reserved, bound.usage.reserved) == (0, 70)


async def test_announced_persons_alone_decide_for_the_first_portion_already(ledger: Ledger) -> None:
    first = await ledger.reserve(claim("a", persons(1, 50), "id:1", announced=101))
    assert (first.outcome, first.usage.announced, first.usage.reached) == (OVER, 101, 0)


async def test_what_a_refused_message_announced_is_not_held_against_the_next(ledger: Ledger) -> None:
    await ledger.reserve(claim("a", persons(1, 50), "id:1", announced=250))
    second = await ledger.reserve(claim("b", persons(1, 80), "id:1", announced=80))
    assert (second.outcome, second.usage.announced) == (GRANTED, 80)


async def test_a_group_counts_as_the_persons_it_stands_for(ledger: Ledger) -> None:
    await deliver(ledger, claim("a", {"alla@exempel.se": 60}, "id:1"))
    second = await ledger.reserve(claim("b", {"alla@exempel.se": 60, "styrelsen@exempel.se": 41}, "id:1"))
    assert (second.outcome, second.usage.reached, second.usage.own) == (OVER, 60, 41)


async def test_of_a_group_that_has_grown_the_growth_counts(ledger: Ledger) -> None:
    await deliver(ledger, claim("a", {"alla@exempel.se": 60}, "id:1"))
    second = await deliver(ledger, claim("b", {"alla@exempel.se": 65}, "id:1"))
    third = await ledger.reserve(claim("c", {"alla@exempel.se": 50}, "id:1"))
    assert (second.usage.reached, second.usage.own) == (60, 5)
    assert (third.usage.reached, third.usage.own) == (65, 0)


# --- attempts ------------------------------------------------------------------------------------


async def test_an_attempt_claimed_twice_is_claimed_once(ledger: Ledger) -> None:
    await ledger.reserve(claim("a", persons(1, 60), "id:1"))
    again = await ledger.reserve(claim("a", persons(1, 60), "id:1"))
    other = await ledger.reserve(claim("b", persons(61, 100), "id:1"))
    assert (again.outcome, again.usage.reserved, again.usage.own) == (GRANTED, 0, 60)
    assert other.outcome is GRANTED


async def test_an_attempt_without_any_identity_meets_itself(ledger: Ledger) -> None:
    first = await ledger.reserve(claim("a", persons(1, 60)))
    again = await ledger.reserve(claim("a", persons(1, 60)))
    assert again.usage == first.usage


async def test_of_two_claims_of_one_attempt_the_later_stands(ledger: Ledger) -> None:
    await ledger.reserve(claim("a", persons(1, 90), "id:1"))
    await ledger.reserve(claim("a", persons(1, 20), "id:1"))
    assert (await ledger.reserve(claim("b", persons(21, 100), "id:1"))).outcome is GRANTED


async def test_an_attempt_refused_at_its_second_claim_holds_nothing(ledger: Ledger) -> None:
    await ledger.reserve(claim("a", persons(1, 50), "id:1"))
    await ledger.reserve(claim("a", persons(1, 101), "id:1"))
    other = await ledger.reserve(claim("b", persons(201, 300), "id:1"))
    assert (other.outcome, other.usage.reserved) == (GRANTED, 0)


async def test_claims_whose_callers_left_hold_nobody(ledger: Ledger) -> None:
    await ledger.ping()
    for pause in (0, 0.0005, 0.002):
        tasks = [asyncio.create_task(ledger.reserve(claim(f"a{pause}{n}", persons(1, 60), "id:1"))) for n in range(10)]
        await asyncio.sleep(pause)
        for task in tasks:
            task.cancel()
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        for answer in answers:
            if not isinstance(answer, BaseException):
                await ledger.release(answer)
    again = await ledger.reserve(claim("a00", persons(61, 70), "id:1"))
    await ledger._returns.quiet()  # type: ignore[attr-defined]
    other = await ledger.reserve(claim("b", [], "id:1"))
    assert again.outcome is GRANTED
    assert other.usage.reserved == 10


async def test_a_new_attempt_with_the_same_persons_counts_them_once(ledger: Ledger) -> None:
    await ledger.reserve(claim("a", persons(1, 60), "id:1"))
    retry = await ledger.reserve(claim("b", persons(1, 60), "id:1"))
    assert (retry.outcome, retry.usage.own, retry.usage.reserved) == (GRANTED, 60, 0)


async def test_only_accepted_recipients_become_reached(ledger: Ledger) -> None:
    first = await ledger.reserve(claim("a", persons(1, 60), "id:1"))
    await ledger.commit(first, [*persons(1, 25), "utanfor@exempel.se"], START)
    second = await ledger.reserve(claim("b", persons(101, 175), "id:1"))
    assert (second.outcome, second.usage.reached, second.usage.reserved) == (GRANTED, 25, 0)


async def test_commit_and_release_may_be_repeated(ledger: Ledger) -> None:
    first = await ledger.reserve(claim("a", persons(1, 60), "id:1"))
    await ledger.commit(first, persons(1, 60), START)
    await ledger.commit(first, persons(1, 60), START)
    await ledger.release(first)
    await ledger.release(first)
    second = await ledger.reserve(claim("b", persons(61, 100), "id:1"))
    assert (second.outcome, second.usage.reached, second.usage.reserved) == (GRANTED, 60, 0)


async def test_thousands_of_persons_fit_one_message(ledger: Ledger) -> None:
    await deliver(ledger, claim("a", persons(1, 5000), "id:1", limit=None))
    second = await ledger.reserve(claim("b", persons(4001, 6000), "id:1", limit=None))
    assert (second.usage.reached, second.usage.own) == (5000, 1000)


# --- time ----------------------------------------------------------------------------------------


async def test_a_reservation_expires_by_itself(ledger: Ledger) -> None:
    await ledger.reserve(claim("a", persons(1, 60), "id:1"))
    before = await ledger.reserve(claim("b", persons(61, 120), "id:1", at=START + HOLD - timedelta(milliseconds=1)))
    after = await ledger.reserve(claim("b", persons(61, 120), "id:1", at=START + HOLD))
    assert (before.outcome, after.outcome) == (CONTENDED, GRANTED)
    assert after.usage.reserved == 0


async def test_persons_count_even_when_their_reservation_has_expired(ledger: Ledger) -> None:
    late = START + HOLD + HOUR
    first = await ledger.reserve(claim("a", persons(1, 60), "id:1"))
    await ledger.sweep(late)
    await ledger.commit(first, persons(1, 60), late)
    second = await ledger.reserve(claim("b", persons(61, 70), "id:1", at=late))
    assert (second.usage.reached, second.usage.mailing) == (60, first.usage.mailing)


async def test_the_window_rolls_for_each_person(ledger: Ledger) -> None:
    await deliver(ledger, claim("a", persons(1, 60), "id:1"))
    await deliver(ledger, claim("b", persons(41, 80), "id:1", at=START + HOUR))
    await deliver(ledger, claim("c", persons(81, 90), "id:1", at=START + WINDOW - HOUR))

    before = await ledger.reserve(claim("d", [], "id:1", at=START + WINDOW - timedelta(milliseconds=1)))
    after = await ledger.reserve(claim("e", [], "id:1", at=START + WINDOW))
    later = await ledger.reserve(claim("f", [], "id:1", at=START + WINDOW + HOUR))
    assert [r.usage.reached for r in (before, after, later)] == [90, 50, 10]


async def test_a_commit_that_comes_out_of_order_shortens_nobodys_time(ledger: Ledger) -> None:
    first = await ledger.reserve(claim("a", persons(1, 60), "id:1"))
    second = await ledger.reserve(claim("b", persons(1, 60), "id:1"))
    await ledger.commit(second, persons(1, 60), START + HOLD / 2)
    await ledger.commit(first, persons(1, 60), START)
    third = await ledger.reserve(claim("c", [], "id:1", at=START + WINDOW + HOLD / 4))
    assert third.usage.reached == 60


async def test_a_group_whose_time_is_over_counts_with_its_new_size(ledger: Ledger) -> None:
    await deliver(ledger, claim("a", {"alla@exempel.se": 60, "styrelsen@exempel.se": 9}, "id:1"))
    wish = {"alla@exempel.se": 10, "styrelsen@exempel.se": 1}
    again = await ledger.reserve(claim("b", wish, "id:1", at=START + WINDOW - HOLD / 2))
    await ledger.commit(again, list(wish), START + WINDOW)
    assert (await ledger.reserve(claim("c", [], "id:1", at=START + WINDOW))).usage.reached == 11


async def test_the_window_begins_when_the_relay_accepts(ledger: Ledger) -> None:
    first = await ledger.reserve(claim("a", persons(1, 60), "id:1"))
    await ledger.commit(first, persons(1, 60), START + HOLD)
    second = await ledger.reserve(claim("b", [], "id:1", at=START + WINDOW + HOLD - timedelta(milliseconds=1)))
    assert second.usage.reached == 60


async def test_a_mailing_is_recognised_until_its_window_ends(ledger: Ledger) -> None:
    first = await ledger.reserve(claim("a", [], "id:1"))
    inside = await ledger.reserve(claim("b", [], "id:1", at=START + WINDOW - timedelta(milliseconds=1)))
    outside = await ledger.reserve(claim("c", [], "id:1", at=START + 3 * WINDOW))
    assert inside.usage.mailing == first.usage.mailing
    assert outside.usage.mailing != first.usage.mailing


# --- what is one mailing -------------------------------------------------------------------------


async def test_nothing_in_common_makes_two_mailings(ledger: Ledger) -> None:
    await deliver(ledger, claim("a", persons(1, 60), "id:1", fingerprint=like(1.0)))
    other = await ledger.reserve(claim("b", persons(61, 120), "id:2", fingerprint=like(0.0)))
    assert (other.outcome, other.usage.reached) == (GRANTED, 0)


async def test_empty_messages_are_no_mailing_together(ledger: Ledger) -> None:
    await deliver(ledger, claim("a", persons(1, 60)))
    other = await ledger.reserve(claim("b", persons(61, 120)))
    assert (other.outcome, other.usage.reached) == (GRANTED, 0)


async def test_each_identity_alone_ties_messages_together(ledger: Ledger) -> None:
    first = await deliver(ledger, claim("a", persons(1, 60), "ident:Q1", "message-id:1"))
    second = await ledger.reserve(claim("b", persons(61, 120), "ident:Q2", "message-id:1"))
    third = await ledger.reserve(claim("c", persons(61, 120), "ident:Q2"))
    assert (second.outcome, third.outcome) == (OVER, OVER)
    assert {second.usage.mailing, third.usage.mailing} == {first.usage.mailing}


@pytest.mark.parametrize(("share", "reached"), [(1.0, 60), (0.73, 60), (0.61, 60), (0.5, 0), (0.3, 0)])
async def test_content_that_is_alike_makes_one_mailing(ledger: Ledger, share: float, reached: int) -> None:
    await deliver(ledger, claim("a", persons(1, 60), "id:1", fingerprint=like(1.0)))
    second = await ledger.reserve(claim("b", persons(61, 120), "id:2", fingerprint=like(share)))
    assert second.usage.reached == reached


async def test_short_texts_must_be_equal(ledger: Ledger) -> None:
    await deliver(ledger, claim("a", persons(1, 60), "id:1", fingerprint=Fingerprint(exact=b"one")))
    same = await ledger.reserve(claim("b", persons(61, 120), "id:2", fingerprint=Fingerprint(exact=b"one")))
    other = await ledger.reserve(claim("c", persons(61, 120), "id:3", fingerprint=Fingerprint(exact=b"two")))
    assert (same.usage.reached, other.usage.reached) == (60, 0)


async def test_mailings_of_two_senders_stay_apart(ledger: Ledger) -> None:
    await deliver(ledger, claim("a", persons(1, 60), "id:1", fingerprint=like(1.0)))
    sender = "bo.berg@politik.orkelljunga.se"
    other = await ledger.reserve(claim("b", persons(61, 120), "id:1", fingerprint=like(1.0), sender=sender))
    assert (other.outcome, other.usage.reached) == (GRANTED, 0)


async def test_a_message_that_belongs_to_two_mailings_makes_them_one(ledger: Ledger) -> None:
    oldest = await deliver(ledger, claim("a", persons(1, 40), "id:1"))
    await deliver(ledger, claim("b", persons(31, 60), "id:2", at=START + HOUR, announced=7))
    await ledger.reserve(claim("c", persons(61, 70), "id:2", at=START + HOUR))

    both = await ledger.reserve(claim("d", persons(71, 71), "id:1", "id:2", at=START + HOUR))
    assert (both.usage.reached, both.usage.reserved, both.usage.own) == (60, 10, 1)
    assert both.usage.mailing == oldest.usage.mailing

    by_the_other_name = await ledger.reserve(claim("e", persons(71, 111), "id:2", at=START + HOUR))
    assert (by_the_other_name.outcome, by_the_other_name.usage.mailing) == (OVER, oldest.usage.mailing)
    assert [(m.reached, m.announced) for m in await ledger.mailings(START + HOUR)] == [(60, 7)]


async def test_persons_of_mailings_that_become_one_count_until_the_later_of_their_times(ledger: Ledger) -> None:
    first = await ledger.reserve(claim("a", persons(1, 60), "id:1"))
    await deliver(ledger, claim("b", persons(31, 90), "id:2", at=START + HOLD / 3))
    await ledger.commit(first, persons(1, 60), START + HOLD)
    await ledger.reserve(claim("c", [], "id:1", "id:2", at=START + HOUR))
    later = await ledger.reserve(claim("d", [], "id:2", at=START + WINDOW + HOLD / 2))
    assert later.usage.reached == 60


async def test_the_oldest_of_two_mailings_gives_its_name(ledger: Ledger) -> None:
    for number in range(10):
        oldest = await ledger.reserve(claim(f"a{number}", [], f"one:{number}"))
        await ledger.reserve(claim(f"b{number}", [], f"other:{number}", at=START + HOUR))
        both = await ledger.reserve(claim(f"c{number}", [], f"one:{number}", f"other:{number}", at=START + HOUR))
        assert both.usage.mailing == oldest.usage.mailing


async def test_what_was_in_flight_when_mailings_became_one_is_committed_to_both(ledger: Ledger) -> None:
    await deliver(ledger, claim("a", persons(1, 40), "id:1"))
    flying = await ledger.reserve(claim("b", persons(41, 60), "id:2", at=START + HOUR))
    await ledger.reserve(claim("c", [], "id:1", "id:2", at=START + HOUR))
    await ledger.commit(flying, persons(41, 60), START + HOUR)
    assert (await ledger.reserve(claim("d", [], "id:1", at=START + HOUR))).usage.reached == 60


async def test_a_chain_of_three_mailings_becomes_one(ledger: Ledger) -> None:
    for number in (1, 2, 3):
        await deliver(ledger, claim(f"a{number}", persons(10 * number, 10 * number + 4), f"id:{number}"))
    await ledger.reserve(claim("b", [], "id:2", "id:3"))
    await ledger.reserve(claim("c", [], "id:1", "id:3"))
    found = [await ledger.reserve(claim(f"d{number}", [], f"id:{number}")) for number in (1, 2, 3)]
    assert [r.usage.reached for r in found] == [15, 15, 15]
    assert len({r.usage.mailing for r in found}) == 1


async def test_many_slightly_different_contents_stay_one_mailing(ledger: Ledger) -> None:
    outcomes = []
    for number in range(1, 106):
        greeted = (number, number + 1, *TEXT[2:])
        content = Fingerprint(exact=b"%d" % number, minhash=greeted)
        outcomes.append(
            (await deliver(ledger, claim(f"a{number}", persons(number, number), fingerprint=content))).outcome
        )
    assert outcomes == [GRANTED] * 100 + [OVER] * 5


# --- lists, forgetting, sweeping -----------------------------------------------------------------


async def test_mailings_are_listed_latest_first(ledger: Ledger) -> None:
    one = await deliver(ledger, claim("a", persons(1, 60), "id:1", announced=12))
    await ledger.reserve(claim("b", persons(51, 70), "id:1", at=START + HOUR))
    other = await ledger.reserve(claim("c", persons(1, 101), "id:2", at=START + 2 * HOUR))

    latest, first = await ledger.mailings(START + 2 * HOUR - timedelta(minutes=50))
    assert (latest.reached, latest.reserved, latest.announced, latest.first) == (0, 0, 0, START + 2 * HOUR)
    assert (first.reached, first.reserved, first.announced) == (60, 10, 12)
    assert (first.first, first.last) == (START, START + HOUR)
    assert (latest.id, first.id) == (other.usage.mailing, one.usage.mailing)
    assert latest.sender == first.sender
    assert "@" not in first.sender


async def test_a_mailing_leaves_the_list_when_its_window_ends(ledger: Ledger) -> None:
    await deliver(ledger, claim("a", persons(1, 60), "id:1"))
    end = START + WINDOW + HOLD
    assert len(await ledger.mailings(end - timedelta(milliseconds=1))) == 1
    assert await ledger.mailings(end) == []


async def test_a_forgotten_mailing_counts_nobody(ledger: Ledger) -> None:
    first = await deliver(ledger, claim("a", persons(1, 60), "id:1"))
    await ledger.reserve(claim("b", persons(61, 70), "id:1"))
    name = first.usage.mailing.upper()
    assert [await ledger.forget(name), await ledger.forget(name), await ledger.forget("Å")] == [True, False, False]
    anew = await ledger.reserve(claim("c", persons(61, 160), "id:1"))
    assert (anew.outcome, anew.usage.reached, anew.usage.reserved) == (GRANTED, 0, 0)


async def test_a_message_in_flight_counts_after_its_mailing_was_forgotten(ledger: Ledger) -> None:
    flying = await ledger.reserve(claim("a", persons(1, 60), "id:1"))
    await ledger.forget(flying.usage.mailing)
    await ledger.commit(flying, persons(1, 60), START)
    second = await ledger.reserve(claim("b", [], "id:1"))
    assert (second.usage.reached, second.usage.mailing) == (60, flying.usage.mailing)


async def test_an_attempt_begins_anew_after_what_its_mailing_became_part_of_was_forgotten(ledger: Ledger) -> None:
    oldest = await ledger.reserve(claim("a", [], "id:1"))
    await ledger.reserve(claim("b", [], at=START + HOUR))
    await ledger.reserve(claim("b", [], "id:1", at=START + HOUR))
    await ledger.forget(oldest.usage.mailing)
    await deliver(ledger, claim("b", persons(1, 60), at=START + HOUR))
    again = await ledger.reserve(claim("b", persons(1, 60), at=START + HOUR))
    assert (again.usage.reached, again.usage.own) == (60, 0)
    assert [m.reached for m in await ledger.mailings(START + HOUR)] == [60]


async def test_sweeping_takes_what_has_expired_and_nothing_else(ledger: Ledger) -> None:
    for number in range(40):
        await deliver(ledger, claim(f"a{number}", persons(1, 30), f"id:{number}", fingerprint=like(1.0)))
        await deliver(ledger, claim(f"b{number}", persons(1, 30), f"other:{number}"))
    await ledger.grant(permit(10))
    late = START + WINDOW - HOUR
    await deliver(ledger, claim("c", persons(1, 30), "id:c", at=late))

    assert await ledger.sweep(START + WINDOW - timedelta(milliseconds=1)) == 1  # the permit
    now = START + WINDOW + HOLD
    while await ledger.sweep(now):
        pass
    assert len(await ledger.mailings(START)) == 1
    assert (await ledger.reserve(claim("d", [], "id:c", at=now))).usage.reached == 30


# --- more than one at once -----------------------------------------------------------------------


async def test_of_claims_made_at_once_only_as_many_are_granted_as_fit(ledger: Ledger) -> None:
    wishes = [claim(f"a{n}", persons(n * 30, n * 30 + 29), "id:1") for n in range(8)]
    reservations = await asyncio.gather(*map(ledger.reserve, wishes))
    outcomes = [r.outcome for r in reservations]
    assert (outcomes.count(GRANTED), outcomes.count(CONTENDED)) == (3, 5)


@pytest.mark.parametrize(("early", "one"), [(timedelta(milliseconds=1), True), (timedelta(0), False)])
@pytest.mark.parametrize("tie", [{"identities": ("id:1",)}, {"fingerprint": like(0.9)}], ids=["identity", "content"])
async def test_what_ties_messages_together_ends_with_the_window_and_what_may_be_in_flight(
    ledger: Ledger, tie: dict[str, object], early: timedelta, *, one: bool
) -> None:
    first = await deliver(ledger, claim("a", persons(1, 10), "id:1", fingerprint=like(1.0)))
    later = await ledger.reserve(claim("b", persons(1, 10), at=START + WINDOW + HOLD - early, **tie))
    assert (later.usage.mailing == first.usage.mailing) is one


async def test_a_reservation_ends_at_its_end(ledger: Ledger) -> None:
    await ledger.reserve(claim("a", persons(1, 100), "id:1"))
    other = await ledger.reserve(claim("b", persons(101, 200), "id:1", at=START + HOLD))
    assert other.outcome is GRANTED


async def test_a_mailing_is_the_latest_when_it_is_spoken_of_again_a_second_later(ledger: Ledger) -> None:
    """Not only when it has reached somebody: two stores once listed them in different order."""
    one = await ledger.reserve(claim("a1", {}, "id:1"))
    await ledger.reserve(claim("a2", {}, "id:2"))
    await ledger.reserve(claim("a3", {}, "id:1", at=START + timedelta(seconds=1)))
    latest, _ = await ledger.mailings(START + timedelta(seconds=1))
    assert (latest.id, latest.last) == (one.usage.mailing, START + timedelta(seconds=1))
