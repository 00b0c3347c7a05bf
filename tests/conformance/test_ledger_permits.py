"""What a permit means, in every store."""

from __future__ import annotations

from datetime import timedelta

from gateway.ledger import Ledger, Outcome
from tests.support.claims import HOLD, START, WINDOW, claim, deliver, permit, persons

HOUR = timedelta(hours=1)
GRANTED, OVER, CONTENDED = Outcome.GRANTED, Outcome.OVER, Outcome.CONTENDED


async def test_a_permit_lets_a_mailing_reach_as_many_as_it_says(ledger: Ledger) -> None:
    await ledger.grant(permit(150))
    granted = await deliver(ledger, claim("a", persons(1, 150), "id:1", announced=150))
    over = await ledger.reserve(claim("b", persons(151, 151), "id:1"))
    assert (granted.outcome, granted.usage.permitted) == (GRANTED, 50)
    assert (over.outcome, over.usage.permitted) == (OVER, 50)


async def test_persons_reached_before_the_permit_are_not_charged(ledger: Ledger) -> None:
    first = await deliver(ledger, claim("a", persons(1, 100), "id:1"))
    await ledger.grant(permit(50, first.usage.mailing, since=START + HOUR))
    again = await deliver(ledger, claim("b", persons(1, 150), "id:1", at=START + HOUR))
    over = await ledger.reserve(claim("c", persons(151, 151), "id:1", at=START + HOUR))
    assert (again.outcome, over.outcome) == (GRANTED, OVER)
    assert [p.used for p in await ledger.permits(START + HOUR)] == [50]


async def test_persons_reached_before_are_not_charged_when_the_whole_mailing_is_sent_again(ledger: Ledger) -> None:
    await deliver(ledger, claim("a", persons(1, 100), "id:1"))
    await ledger.grant(permit(150, since=START + HOUR))
    at = START + 2 * HOUR
    portions = [claim(f"b{n}", persons(n, n + 49), f"id:{1 + n // 200}", "id:1", at=at) for n in range(1, 250, 50)]
    assert [(await deliver(ledger, p)).outcome for p in portions] == [GRANTED] * 5
    assert (await ledger.reserve(claim("c", persons(251, 251), "id:1", at=at))).outcome is OVER


async def test_a_permit_without_a_beginning_charges_everybody(ledger: Ledger) -> None:
    await deliver(ledger, claim("a", persons(1, 100), "id:1"))
    await ledger.grant(permit(120, since=None))
    granted = await deliver(ledger, claim("b", persons(101, 120), "id:1"))
    over = await ledger.reserve(claim("c", persons(121, 121), "id:1"))
    assert (granted.outcome, over.outcome) == (GRANTED, OVER)
    assert [p.used for p in await ledger.permits(START)] == [120]


async def test_portions_in_flight_are_charged_to_the_permit(ledger: Ledger) -> None:
    await ledger.grant(permit(150))
    taken = [await ledger.reserve(claim(f"a{n}", persons(n, n + 49), "id:1")) for n in range(1, 200, 50)]
    assert [r.outcome for r in taken] == [GRANTED] * 3 + [CONTENDED]


async def test_a_permit_for_any_mailing_is_for_the_first_that_needs_it(ledger: Ledger) -> None:
    await ledger.grant(permit(150))
    small = await deliver(ledger, claim("a", persons(1, 100), "id:1"))
    await deliver(ledger, claim("b", persons(1, 150), "id:2"))
    second = await ledger.reserve(claim("c", persons(1, 150), "id:3"))
    more = await ledger.reserve(claim("d", persons(101, 101), "id:1"))
    assert (small.usage.permitted, second.outcome, more.outcome) == (0, OVER, OVER)


async def test_a_permit_that_another_mailing_may_give_back_is_worth_waiting_for(ledger: Ledger) -> None:
    await ledger.grant(permit(150))
    first = await ledger.reserve(claim("a", persons(1, 150), "id:1"))
    waiting = await ledger.reserve(claim("b", persons(1, 120), "id:2"))
    await ledger.release(first)
    granted = await ledger.reserve(claim("b", persons(1, 120), "id:2"))
    assert (waiting.outcome, granted.outcome) == (CONTENDED, GRANTED)
    assert [p.mailing for p in await ledger.permits(START)] == [None]


async def test_a_permit_that_a_lost_message_leant_on_comes_free_with_its_reservation(ledger: Ledger) -> None:
    await ledger.grant(permit(150))
    await ledger.reserve(claim("a", persons(1, 150), "id:1"))
    second = await ledger.reserve(claim("b", persons(1, 120), "id:2", at=START + HOLD))
    assert second.outcome is GRANTED


async def test_persons_whose_time_is_over_are_charged_no_longer(ledger: Ledger) -> None:
    await ledger.grant(permit(150, until=START + 3 * WINDOW))
    await deliver(ledger, claim("a", persons(1, 150), "id:1"))
    later = START + WINDOW
    assert [p.used for p in await ledger.permits(later - HOLD)] == [150]
    assert [p.used for p in await ledger.permits(later)] == [0]
    again = await ledger.reserve(claim("b", persons(201, 350), "id:1", at=later))
    assert (again.outcome, again.usage.reached) == (GRANTED, 0)


async def test_a_permit_for_one_mailing_is_for_no_other(ledger: Ledger) -> None:
    refused = await ledger.reserve(claim("a", persons(1, 150), "id:1"))
    await ledger.grant(permit(150, refused.usage.mailing))
    other = await ledger.reserve(claim("b", persons(1, 150), "id:2"))
    meant = await ledger.reserve(claim("c", persons(1, 150), "id:1"))
    assert (other.outcome, meant.outcome) == (OVER, GRANTED)


async def test_a_permit_follows_its_mailing_into_another(ledger: Ledger) -> None:
    await ledger.reserve(claim("a", [], "id:1"))
    refused = await ledger.reserve(claim("b", persons(1, 150), "id:2", at=START + HOUR))
    await ledger.grant(permit(150, refused.usage.mailing))
    joined = await ledger.reserve(claim("c", persons(1, 150), "id:1", "id:2", at=START + HOUR))
    assert joined.outcome is GRANTED
    assert [p.mailing for p in await ledger.permits(START + HOUR)] == [joined.usage.mailing]


async def test_a_permit_granted_under_a_former_name_fits(ledger: Ledger) -> None:
    await ledger.reserve(claim("a", [], "id:1"))
    former = await ledger.reserve(claim("b", [], "id:2", at=START + HOUR))
    await ledger.reserve(claim("c", [], "id:1", "id:2", at=START + HOUR))
    await ledger.grant(permit(150, former.usage.mailing))
    assert (await ledger.reserve(claim("d", persons(1, 150), "id:1", at=START + HOUR))).outcome is GRANTED


async def test_a_permit_is_for_its_sender_until_its_end(ledger: Ledger) -> None:
    await ledger.grant(permit(150))
    stranger = claim("a", persons(1, 150), "id:1", sender="bo.berg@politik.orkelljunga.se")
    late = claim("b", persons(1, 150), "id:2", at=START + 4 * HOUR)
    assert [(await ledger.reserve(c)).outcome for c in (stranger, late)] == [OVER, OVER]
    assert await ledger.permits(START + 4 * HOUR) == []


async def test_the_second_permit_of_a_mailing_adds_to_what_was_reached(ledger: Ledger) -> None:
    first = await deliver(ledger, claim("a", persons(1, 100), "id:1"))
    await ledger.grant(permit(20, first.usage.mailing, since=START + HOUR))
    await deliver(ledger, claim("b", persons(101, 120), "id:1", at=START + HOUR))
    await ledger.grant(permit(10, first.usage.mailing, id="p2", since=START + 2 * HOUR))
    more = await deliver(ledger, claim("c", persons(121, 130), "id:1", at=START + 2 * HOUR))
    over = await ledger.reserve(claim("d", persons(131, 131), "id:1", at=START + 2 * HOUR))
    assert (more.outcome, over.outcome) == (GRANTED, OVER)


async def test_permits_are_listed_without_addresses_and_can_be_revoked(ledger: Ledger) -> None:
    await ledger.grant(permit(150))
    await ledger.grant(permit(120, id="p0", until=START + 2 * HOUR))
    listed = await ledger.permits(START)
    assert [(p.id, p.persons, p.until, p.used, p.since) for p in listed] == [
        ("p0", 120, START + 2 * HOUR, 0, START),
        ("p1", 150, START + 4 * HOUR, 0, START),
    ]
    assert all("@" not in p.sender and "ek" not in p.sender for p in listed)
    assert [await ledger.revoke("p1"), await ledger.revoke("p1")] == [True, False]
    assert (await ledger.reserve(claim("a", persons(1, 150), "id:1"))).outcome is OVER


async def test_a_permit_granted_again_is_replaced(ledger: Ledger) -> None:
    await ledger.grant(permit(150))
    await ledger.grant(permit(110))
    assert (await ledger.reserve(claim("a", persons(1, 150), "id:1"))).outcome is OVER
    assert [p.persons for p in await ledger.permits(START)] == [110]


async def test_whom_two_mailings_reached_that_became_one_is_charged_once(ledger: Ledger) -> None:
    await ledger.grant(permit(150))
    await deliver(ledger, claim("a", persons(1, 60), "id:1"))
    await deliver(ledger, claim("b", persons(41, 80), "id:2", at=START + HOUR))
    both = await deliver(ledger, claim("c", persons(81, 120), "id:1", "id:2", at=START + HOUR))
    last = await ledger.reserve(claim("d", persons(121, 150), "id:1", at=START + HOUR))
    over = await ledger.reserve(claim("e", persons(121, 151), "id:1", at=START + HOUR))
    assert (both.outcome, last.outcome, over.outcome) == (GRANTED, GRANTED, OVER)
    assert [p.used for p in await ledger.permits(START + HOUR)] == [120]


async def test_whom_only_one_of_them_reached_since_the_permit_is_charged(ledger: Ledger) -> None:
    await ledger.grant(permit(10, id="p0", until=START + 2 * HOUR))
    first = await deliver(ledger, claim("a", persons(1, 60), "id:1"))
    await deliver(ledger, claim("b", persons(41, 80), "id:2", at=START + HOUR))
    await ledger.grant(permit(50, first.usage.mailing, since=START + HOUR))
    await deliver(ledger, claim("c", persons(81, 90), "id:1", "id:2", at=START + HOUR))
    assert {p.id: p.used for p in await ledger.permits(START + HOUR)}["p1"] == 30


async def test_a_permit_for_the_mailing_is_used_before_one_for_any_and_of_those_the_soonest_to_end(
    ledger: Ledger,
) -> None:
    first = await deliver(ledger, claim("a", persons(1, 100), "id:1"))
    for name, hours in (("late", 3), ("soon", 2)):
        await ledger.grant(permit(150, id=name, until=START + hours * HOUR))
    await deliver(ledger, claim("b", persons(101, 110), "id:1"))
    assert {p.id: p.mailing for p in await ledger.permits(START)} == {"soon": first.usage.mailing, "late": None}
    other = await deliver(ledger, claim("c", persons(1, 100), "id:2"))
    await ledger.grant(permit(150, other.usage.mailing, id="own", until=START + 4 * HOUR))
    await deliver(ledger, claim("d", persons(101, 110), "id:2"))
    assert {p.id: p.mailing for p in await ledger.permits(START)}["late"] is None


async def test_a_permit_is_no_longer_good_at_its_end(ledger: Ledger) -> None:
    await ledger.grant(permit(150, until=START + HOUR))
    assert await ledger.permits(START + HOUR) == []
    assert (await ledger.reserve(claim("a", persons(1, 150), at=START + HOUR))).outcome is OVER
