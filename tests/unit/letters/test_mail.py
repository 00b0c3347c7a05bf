"""A letter's octets: headers that nobody can add to, and a mark that nobody can make."""

from __future__ import annotations

import email.policy
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email.message import EmailMessage
from email.parser import BytesParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.letters.mail import (
    MARK,
    MOST_REFERENCES,
    Sheet,
    addr_spec,
    make_message_id,
    strict_ids,
    verify_mark,
    write_mail,
)

KEY = b"k" * 32
ANNA = "anna@politik.orkelljunga.se"
SHEET = Sheet(
    sender="utpost@orkelljunga.se",
    sender_name="Utpost, Örkelljunga kommun",
    reply_to="kommunkontor@orkelljunga.se",
    recipient=ANNA,
    subject="Ditt mejl skickades inte – det innehåller ett personnummer (2.7)",
    message_id="<blocked.REF.abc@utpost.orkelljunga.se>",
    date=datetime(2026, 5, 4, 14, 30, tzinfo=timezone(timedelta(hours=2))),
    text="Hej!\n\n.En rad som börjar med punkt\nFrom en annan\nslut   ",
    html="<!DOCTYPE html><p>Hej!</p>",
    in_reply_to="<original@politik.orkelljunga.se>",
    references=("<first@example.com>", "<second@example.com>"),
)
EXPECTED = [
    "Date",
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    MARK,
    "MIME-Version",
    "Content-Type",
]


def read(octets: bytes) -> EmailMessage:
    message = BytesParser(policy=email.policy.SMTP).parsebytes(octets)
    assert isinstance(message, EmailMessage)
    return message


def test_the_headers_are_those_of_automatic_mail() -> None:
    message = read(write_mail(SHEET, KEY))
    assert message.keys() == EXPECTED
    assert message["Date"] == "Mon, 04 May 2026 14:30:00 +0200"
    assert message["From"].addresses[0].display_name == "Utpost, Örkelljunga kommun"
    assert message["From"].addresses[0].addr_spec == "utpost@orkelljunga.se"
    assert (message["To"], message["Reply-To"]) == (ANNA, "kommunkontor@orkelljunga.se")
    assert message["Subject"] == SHEET.subject
    assert message["In-Reply-To"] == "<original@politik.orkelljunga.se>"
    assert message["References"].split() == [*SHEET.references, "<original@politik.orkelljunga.se>"]
    assert message["Auto-Submitted"] == "auto-replied"
    assert message["X-Auto-Response-Suppress"] == "All"


def test_the_texts_come_back_as_they_were() -> None:
    message = read(write_mail(SHEET, KEY))
    plain, page = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert page is not None
    assert plain.get_content() == "Hej!\r\n\r\n.En rad som börjar med punkt\r\nFrom en annan\r\nslut\r\n"
    assert page.get_content() == "<!DOCTYPE html><p>Hej!</p>\r\n"


def test_lines_are_short_seven_bit_and_end_in_crlf() -> None:
    octets = write_mail(replace(SHEET, text="Å" * 5000, subject="ö" * 300, references=("<a@b>",) * 40), KEY)
    lines = octets.split(b"\r\n")
    assert max(map(len, lines)) <= 78
    assert octets.isascii()
    assert not any(b"\r" in line or b"\n" in line for line in lines)


def test_a_letter_that_answers_nothing_says_so() -> None:
    message = read(write_mail(replace(SHEET, in_reply_to="", references=(), generated=True), KEY))
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["In-Reply-To"] is None
    assert message["References"] is None


def test_of_a_long_thread_the_last_messages_are_named() -> None:
    thread = tuple(f"<{number}@example.com>" for number in range(50))
    message = read(write_mail(replace(SHEET, references=thread), KEY))
    assert message["References"].split() == [*thread[-MOST_REFERENCES:], SHEET.in_reply_to]


def test_a_recipient_outside_ascii_stays_as_it_is() -> None:
    octets = write_mail(replace(SHEET, recipient="åsa@politik.orkelljunga.se"), KEY)
    assert "To: åsa@politik.orkelljunga.se\r\n".encode() in octets
    assert verify_mark(octets, "åsa@politik.orkelljunga.se", KEY)


# --- injection ---------------------------------------------------------------------------------

ANYTHING = st.text(max_size=300) | st.text(alphabet='\r\n\t :<>@,;"\\()=?.a\x00\x85\u2028', max_size=60)


@given(subject=ANYTHING, name=ANYTHING, local=ANYTHING, answered=ANYTHING, thread=st.lists(ANYTHING, max_size=4))
def test_no_value_adds_a_header_or_ends_the_head(
    subject: str, name: str, local: str, answered: str, thread: list[str]
) -> None:
    sheet = replace(
        SHEET,
        subject=subject,
        sender_name=name,
        recipient=f"{local}@politik.orkelljunga.se",
        in_reply_to=answered,
        references=tuple(thread),
    )
    octets = write_mail(sheet, KEY)
    head, _, body = octets.partition(b"\r\n\r\n")
    assert body.startswith(b"--=_")
    fields = [line for line in head.split(b"\r\n") if line[:1] not in {b" ", b"\t"}]
    names = [field.partition(b":")[0].decode() for field in fields]
    assert [n for n in names if n not in {"In-Reply-To", "References"}] == [
        n for n in EXPECTED if n not in {"In-Reply-To", "References"}
    ]
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n|\x00", head)


@given(ANYTHING)
def test_a_subject_says_what_it_was_given(subject: str) -> None:
    message = read(write_mail(replace(SHEET, subject=subject), KEY))
    given_words = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", subject).split()
    assert str(message["Subject"]).split() == given_words


@given(ANYTHING)
def test_only_strict_message_ids_are_taken_over(text: str) -> None:
    for found in strict_ids([text]):
        assert re.fullmatch(r"<[\x21-\x7e]+@[\x21-\x7e]+>", found)
        assert found.count("<") == found.count(">") == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<>",
        "<a@b",
        "a@b",
        "<a b@c>",
        "<a@b>\r\nBcc: <x@y>",
        "<a@b> (comment)",
        "<å@b>",
        f"<{'a' * 201}@b>",
        "<<a@b>>",
    ],
)
def test_other_message_ids_are_left_out(text: str) -> None:
    assert strict_ids([text]) == []


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("anna@example.com", "anna@example.com"),
        ("anna.b+c@example.com", "anna.b+c@example.com"),
        ("anna b@example.com", '"anna b"@example.com'),
        ('a"b\\c@example.com', '"a\\"b\\\\c"@example.com'),
        (".anna@example.com", '".anna"@example.com'),
        ("anna@[192.0.2.1]", "anna@[192.0.2.1]"),
        ("anna@exa\r\nmple.com", "anna@example.com"),
        ("anna@example.com>,<x", "anna@example.comx"),
    ],
)
def test_an_address_is_quoted_where_it_must_be(address: str, written: str) -> None:
    assert addr_spec(address) == written


# --- mark --------------------------------------------------------------------------------------


def test_our_own_letter_is_recognised() -> None:
    octets = write_mail(SHEET, KEY)
    assert verify_mark(octets, ANNA, KEY)
    assert verify_mark(octets, ANNA.upper(), KEY)
    assert verify_mark(b"Received: from a by b\r\n" + octets, ANNA, KEY)


TAMPERED: dict[str, Callable[[bytes], tuple[bytes, str, bytes]]] = {
    "another recipient": lambda o: (o, "bertil@politik.orkelljunga.se", KEY),
    "another key": lambda o: (o, ANNA, b"x" * 32),
    "another body": lambda o: (o.replace(b"Hej!", b"Hopp", 1), ANNA, KEY),
    "more body": lambda o: (o + b"x", ANNA, KEY),
    "another date": lambda o: (o.replace(b"04 May", b"05 May"), ANNA, KEY),
    "another Message-ID": lambda o: (o.replace(b"<blocked.REF", b"<blocked.FER", 1), ANNA, KEY),
    "no mark": lambda o: (o.replace(MARK.encode(), b"X-Other"), ANNA, KEY),
    "two dates": lambda o: (b"date: x\r\n" + o, ANNA, KEY),
    "two marks": lambda o: (MARK.encode() + b": x\r\n" + o, ANNA, KEY),
    "a continued Message-ID": lambda o: (o.replace(b"\r\nIn-Reply-To", b"\r\n x\r\nIn-Reply-To", 1), ANNA, KEY),
    "no body": lambda o: (o.partition(b"\r\n\r\n")[0], ANNA, KEY),
    "a mark outside ASCII": lambda o: (o.replace(MARK.encode() + b": ", MARK.encode() + b": \xe5"), ANNA, KEY),
}


@pytest.mark.parametrize("how", TAMPERED)
def test_a_letter_that_was_touched_is_not_ours(how: str) -> None:
    assert not verify_mark(*TAMPERED[how](write_mail(SHEET, KEY)))


@given(st.binary(max_size=400))
def test_anything_may_be_asked_about(octets: bytes) -> None:
    assert not verify_mark(octets, ANNA, KEY)


def test_a_message_id_is_the_same_each_time_and_cannot_be_guessed() -> None:
    mine = make_message_id("REF1", "blocked", "utpost.orkelljunga.se", KEY)
    assert mine == make_message_id("REF1", "blocked", "utpost.orkelljunga.se", KEY)
    assert strict_ids([mine]) == [mine]
    others = {
        make_message_id("REF2", "blocked", "utpost.orkelljunga.se", KEY),
        make_message_id("REF1", "warned", "utpost.orkelljunga.se", KEY),
        make_message_id("REF1", "blocked", "utpost.orkelljunga.se", b"x"),
    }
    assert len({m.split(".")[2] for m in (mine, *others)}) == 4


def test_a_host_that_is_no_name_still_gives_a_message_id() -> None:
    assert strict_ids([make_message_id("R<>\r\n", "blocked", "å\r\n", KEY)])


def test_dates_carry_their_offset() -> None:
    assert b"\r\nDate: Mon, 04 May 2026 12:30:00 +0000\r\n" in b"\r\n" + write_mail(
        replace(SHEET, date=datetime(2026, 5, 4, 12, 30, tzinfo=UTC)), KEY
    )
