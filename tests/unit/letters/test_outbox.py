"""The outbox over a real file."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.letters.items import Fate, Item, OutboxTerms
from gateway.letters.letter import Letter, LetterKind
from gateway.letters.outbox import Outbox
from gateway.model import Unavailable

KEY = b"k" * 32
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
TERMS = OutboxTerms(daily=3)
ANNA = "anna@politik.orkelljunga.se"
SECRET = b"Ditt mejl skickades inte 19780914"
LETTER = Letter(
    kind=LetterKind.WARNED,
    recipient=ANNA,
    message_id="<warned.R1.x@utpost.orkelljunga.se>",
    octets=b"Subject: x\r\n\r\n" + SECRET,
    reference="R1",
    written_at=NOW,
    rules=("private",),
    delivered=True,
    topics=("delivered private m1",),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.db"


@pytest.fixture
async def outbox(path: Path) -> AsyncIterator[Outbox]:
    opened = Outbox(path, key=KEY, terms=TERMS)
    yield opened
    await opened.close()


async def claim(outbox: Outbox, now: datetime = NOW) -> Item:
    (item,) = await outbox.claim(now)
    return item


async def pend(outbox: Outbox, letter: Letter = LETTER) -> int:
    number = await outbox.put_pending(letter)
    assert number is not None
    return number


# --- pending, ready, gone ---------------------------------------------------------------------


async def test_a_pending_letter_is_not_carried(outbox: Outbox) -> None:
    await outbox.put_pending(LETTER)
    assert await outbox.claim(NOW + timedelta(hours=1)) == []
    assert await outbox.depth() == 0


async def test_a_released_letter_is_carried_as_it_was_written(outbox: Outbox) -> None:
    number = await pend(outbox)
    assert await outbox.release(number) is Fate.READY
    item = await claim(outbox)
    assert (item.id, item.recipient, item.octets) == (number, LETTER.recipient, LETTER.octets)
    assert (item.kind, item.reference, item.message_id) == ("warned", "R1", LETTER.message_id)
    assert (item.written_at, item.attempts) == (NOW, 0)


async def test_a_dropped_letter_is_gone(outbox: Outbox) -> None:
    number = await pend(outbox)
    assert await outbox.drop(number)
    assert not await outbox.drop(number)
    assert await outbox.release(number) is Fate.GONE
    assert await outbox.claim(NOW) == []


async def test_a_letter_may_go_at_once(outbox: Outbox) -> None:
    assert await outbox.put(LETTER) is Fate.READY
    assert (await claim(outbox)).octets == LETTER.octets


async def test_releasing_twice_sends_once(outbox: Outbox) -> None:
    number = await pend(outbox)
    assert [await outbox.release(number), await outbox.release(number)] == [Fate.READY, Fate.GONE]
    assert len(await outbox.claim(NOW)) == 1


async def test_numbers_are_never_used_again(outbox: Outbox) -> None:
    first = await pend(outbox)
    await outbox.drop(first)
    assert await pend(outbox) != first


async def test_what_was_written_survives_a_new_start(outbox: Outbox, path: Path) -> None:
    await outbox.put(LETTER)
    await outbox.close()
    again = Outbox(path, key=KEY, terms=TERMS)
    assert (await claim(again)).octets == LETTER.octets
    await again.close()


# --- claims -----------------------------------------------------------------------------------


async def test_a_claimed_letter_is_nobody_elses_until_the_lease_ends(outbox: Outbox, path: Path) -> None:
    await outbox.put(LETTER)
    other = Outbox(path, key=KEY, terms=TERMS)
    first = await claim(outbox)
    assert await other.claim(NOW + TERMS.lease - SECOND) == []
    second = await claim(other, NOW + TERMS.lease)
    assert (second.id, second.message_id) == (first.id, first.message_id)
    await other.close()


async def test_many_couriers_claim_each_letter_once(outbox: Outbox, path: Path) -> None:
    for number in range(40):
        await outbox.put(replace(LETTER, recipient=f"a{number}@example.com", reference=str(number)))
    others = [Outbox(path, key=KEY) for _ in range(4)]
    claimed = await asyncio.gather(*(other.claim(NOW, 15) for other in others))
    numbers = [item.id for items in claimed for item in items]
    assert len(numbers) == len(set(numbers)) == 40
    await asyncio.gather(*(other.close() for other in others))


async def test_the_longest_waiting_go_first(outbox: Outbox) -> None:
    for minute in (3, 1, 2):
        at = NOW + timedelta(minutes=minute)
        await outbox.put(replace(LETTER, recipient=f"a{minute}@example.com", written_at=at))
    items = await outbox.claim(NOW + timedelta(hours=1), 2)
    assert {item.recipient for item in items} == {"a1@example.com", "a2@example.com"}


async def test_a_sent_letter_is_gone(outbox: Outbox) -> None:
    await outbox.put(LETTER)
    await outbox.sent(await claim(outbox))
    assert await outbox.claim(NOW + timedelta(days=2)) == []


async def test_a_failed_letter_comes_back_when_it_is_time(outbox: Outbox) -> None:
    await outbox.put(LETTER)
    await outbox.failed(await claim(outbox), NOW + timedelta(seconds=30))
    assert await outbox.claim(NOW + timedelta(seconds=29)) == []
    again = await claim(outbox, NOW + timedelta(seconds=30))
    assert again.attempts == 1


async def test_a_letter_given_up_is_gone(outbox: Outbox) -> None:
    await outbox.put(LETTER)
    await outbox.failed(await claim(outbox), None)
    assert await outbox.waiting() == []


async def test_who_lost_the_lease_decides_nothing_but_that_it_was_sent(outbox: Outbox) -> None:
    await outbox.put(LETTER)
    late = await claim(outbox)
    holder = await claim(outbox, NOW + TERMS.lease)
    await outbox.failed(late, NOW)
    await outbox.failed(late, None)
    assert await outbox.claim(NOW + TERMS.lease) == []
    await outbox.sent(late)
    assert await outbox.waiting() == []
    await outbox.failed(holder, NOW)


@pytest.mark.parametrize("back", [timedelta(days=2), timedelta(days=400)])
async def test_a_clock_set_back_holds_nothing_up(outbox: Outbox, back: timedelta) -> None:
    await outbox.put(LETTER)
    await claim(outbox)
    assert len(await outbox.claim(NOW - back)) == 1
    await outbox.put(replace(LETTER, reference="R2", written_at=NOW - back))
    assert len(await outbox.claim(NOW - back)) == 1


# --- repetitions ------------------------------------------------------------------------------


async def test_the_same_is_told_once_within_the_time(outbox: Outbox) -> None:
    await outbox.put(LETTER)
    soon = replace(LETTER, written_at=NOW + TERMS.repeat - SECOND)
    assert await outbox.put_pending(soon) is None
    assert await outbox.put(soon) is Fate.REPEATED
    assert await outbox.put_pending(replace(LETTER, written_at=NOW + TERMS.repeat)) is not None


async def test_something_new_is_told_together_with_the_old(outbox: Outbox) -> None:
    await outbox.put(LETTER)
    assert await outbox.put(replace(LETTER, topics=(*LETTER.topics, "delivered personnummer m1"))) is Fate.READY


@pytest.mark.parametrize(
    "other",
    [
        replace(LETTER, recipient="bertil@politik.orkelljunga.se"),
        replace(LETTER, topics=("delivered private m2",)),
        replace(LETTER, topics=("delivered personnummer m1",)),
        replace(LETTER, topics=("stopped private m1",)),
    ],
)
async def test_another_reader_mailing_rule_or_fate_is_no_repetition(outbox: Outbox, other: Letter) -> None:
    await outbox.put(LETTER)
    assert await outbox.put(other) is Fate.READY


async def test_a_letter_that_was_dropped_has_told_nothing(outbox: Outbox) -> None:
    await outbox.drop(await pend(outbox))
    assert await outbox.put_pending(LETTER) is not None


async def test_of_two_pendings_about_the_same_the_first_to_be_released_goes(outbox: Outbox) -> None:
    first, second = await pend(outbox), await pend(outbox)
    assert await outbox.release(second) is Fate.READY
    assert await outbox.release(first) is Fate.REPEATED
    assert len(await outbox.claim(NOW)) == 1


# --- rations ----------------------------------------------------------------------------------


def about(number: int, at: datetime = NOW, recipient: str = ANNA) -> Letter:
    return replace(
        LETTER, recipient=recipient, reference=f"R{number}", written_at=at, topics=(f"delivered private m{number}",)
    )


async def test_beyond_the_daily_ration_letters_are_held_for_a_digest(outbox: Outbox) -> None:
    fates = [await outbox.put(about(n)) for n in range(5)]
    assert fates == [Fate.READY] * 3 + [Fate.HELD] * 2
    assert await outbox.depth() == 3
    assert await outbox.put(about(9, recipient="bertil@politik.orkelljunga.se")) is Fate.READY
    assert await outbox.put(about(10, at=NOW + timedelta(days=1))) is Fate.READY


async def test_about_the_same_rules_fewer_letters_go_than_in_all(path: Path) -> None:
    outbox = Outbox(path, key=KEY, terms=OutboxTerms(daily=5, per_rule=2))
    fates = [await outbox.put(about(number)) for number in range(3)]
    assert fates == [Fate.READY, Fate.READY, Fate.HELD]
    other = replace(about(7), rules=("personnummer",), topics=("stopped personnummer m7",))
    assert await outbox.put(other) is Fate.READY, "another rule"
    assert await outbox.put(about(8, recipient="bertil@politik.orkelljunga.se")) is Fate.READY, "another reader"
    assert await outbox.put(about(9, at=NOW + timedelta(days=1))) is Fate.READY
    await outbox.close()


async def test_what_is_held_is_due_after_a_while_and_told_once(outbox: Outbox) -> None:
    for number in range(5):
        await outbox.put(about(number))
    assert await outbox.due_digests(NOW + TERMS.digest_after - SECOND) == []
    (due,) = await outbox.due_digests(NOW + TERMS.digest_after)
    assert due.recipient == ANNA
    assert [(h.reference, h.delivered, h.rules) for h in due.held] == [
        ("R3", True, ("private",)),
        ("R4", True, ("private",)),
    ]
    digest = replace(LETTER, kind=LetterKind.DIGEST, topics=(), reference="D")
    assert await outbox.put_digest(digest, due)
    assert not await outbox.put_digest(digest, due)
    assert [item.kind for item in await outbox.claim(NOW)].count("digest") == 1


async def test_a_digest_is_never_held_itself(outbox: Outbox) -> None:
    for number in range(3):
        await outbox.put(about(number))
    assert await outbox.put(replace(LETTER, topics=())) is Fate.READY


# --- pendings that nobody will release ---------------------------------------------------------


async def test_pendings_of_the_living_stay(outbox: Outbox) -> None:
    number = await pend(outbox)
    assert await outbox.forget_pendings(NOW + TERMS.unknown) == 0
    assert await outbox.release(number) is Fate.READY


async def test_old_pendings_are_forgotten(outbox: Outbox) -> None:
    number = await pend(outbox)
    await outbox.put(about(2))
    assert await outbox.forget_pendings(NOW + TERMS.unknown + SECOND) == 1
    assert await outbox.release(number) is Fate.GONE
    assert await outbox.depth() == 1


async def test_pendings_of_the_dead_are_forgotten(outbox: Outbox, path: Path) -> None:
    await pend(outbox)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE letters SET owner = 'another-boot pid:[1] 1 1'")
    connection.close()
    assert await outbox.forget_pendings(NOW) == 1


# --- erasure ----------------------------------------------------------------------------------


def everything(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.parent.iterdir())


async def end_as(outbox: Outbox, number: int, path: Path, end: str) -> None:
    assert SECRET in everything(path)
    await (outbox.drop(number) if end == "dropped" else outbox.release(number))
    for item in await outbox.claim(NOW):
        await (outbox.sent(item) if end == "sent" else outbox.failed(item, None))


@pytest.mark.parametrize("end", ["sent", "given up", "dropped", "repeated", "held"])
async def test_nothing_is_left_of_a_letter_in_any_file(outbox: Outbox, path: Path, end: str) -> None:
    if end in {"repeated", "held"}:
        for number in range(3):
            await outbox.put(replace(about(number), octets=b"another"))
    letter = about(1) if end == "repeated" else about(7)
    if end == "repeated":
        assert await outbox.put(letter) is Fate.REPEATED
    else:
        await end_as(outbox, await pend(outbox, letter), path, end)
    assert await outbox.erase()
    assert SECRET not in everything(path)


async def test_what_is_remembered_names_nobody(outbox: Outbox, path: Path) -> None:
    await outbox.put(LETTER)
    await outbox.sent(await claim(outbox))
    await outbox.erase()
    assert b"anna" not in everything(path)
    assert b"private" not in everything(path)


async def test_tidying_forgets_what_no_longer_matters(outbox: Outbox, path: Path) -> None:
    await outbox.put(LETTER)
    await pend(outbox, about(2))
    await outbox.tidy(NOW + timedelta(days=7, seconds=1))
    with sqlite3.connect(path) as connection:
        counted = "SELECT (SELECT count(*) FROM told), (SELECT count(*) FROM rations), (SELECT count(*) FROM letters)"
        counts = connection.execute(counted).fetchone()
    connection.close()
    assert counts == (0, 0, 1)


# --- operators and metrics ---------------------------------------------------------------------


async def test_depth_and_oldest_are_about_letters_that_wait(outbox: Outbox) -> None:
    assert (await outbox.depth(), await outbox.oldest()) == (0, None)
    await outbox.put(about(1, at=NOW + SECOND))
    await outbox.put(about(2, at=NOW))
    await pend(outbox, about(3, at=NOW - SECOND))
    assert (await outbox.depth(), await outbox.oldest()) == (2, NOW)


async def test_an_operator_sees_letters_without_their_words(outbox: Outbox) -> None:
    await outbox.put(about(1))
    await outbox.failed(await claim(outbox), NOW + timedelta(hours=1))
    (waiting,) = await outbox.waiting()
    assert (waiting.state, waiting.kind, waiting.attempts) == ("ready", "warned", 1)
    assert SECRET.decode() not in repr(waiting)


async def test_an_operator_may_have_letters_tried_now(outbox: Outbox) -> None:
    for number in range(2):
        await outbox.put(about(number))
    for item in await outbox.claim(NOW):
        await outbox.failed(item, NOW + timedelta(hours=1))
    await pend(outbox, about(3))
    first = (await outbox.waiting())[0]
    assert await outbox.retry(NOW, first.id) == 1
    assert (await claim(outbox)).id == first.id
    assert await outbox.retry(NOW) == 2
    assert len(await outbox.claim(NOW)) == 2


# --- a file that cannot be used ----------------------------------------------------------------


async def test_a_file_that_is_no_database_is_an_outbox_that_is_away(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    path.write_bytes(b"no database" * 1000)
    outbox = Outbox(path, key=KEY)
    with pytest.raises(Unavailable) as raised:
        await outbox.put(LETTER)
    assert raised.value.what == "outbox"
    assert "anna" not in str(raised.value)
    with pytest.raises(Unavailable):
        await outbox.erase()
    await outbox.close()


async def test_a_folder_in_the_way_is_an_outbox_that_is_away(tmp_path: Path) -> None:
    (tmp_path / "outbox.db").mkdir()
    outbox = Outbox(tmp_path / "outbox.db", key=KEY)
    for attempt in (outbox.put_pending(LETTER), outbox.claim(NOW), outbox.depth(), outbox.tidy(NOW)):
        with pytest.raises(Unavailable):
            await attempt
    await outbox.close()
