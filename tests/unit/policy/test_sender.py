"""Who answers for a message."""

from __future__ import annotations

import pytest

from gateway.model import Address, Client, Envelope, Headers, Message, Recipient, SenderSource
from gateway.policy.sender import (
    Scope,
    fold,
    is_answer,
    is_automatic,
    is_forward,
    is_reply,
    read_plain,
    responsible_sender,
)

SCOPE = Scope(
    domains=frozenset({"politik.orkelljunga.se"}),
    aliases={
        "a.berg@politik.orkelljunga.se": "anna.berg@politik.orkelljunga.se",
        "berg": "anna.berg@politik.orkelljunga.se",
    },
)
ANNA = "anna.berg@politik.orkelljunga.se"
FOREIGN = "lista@example.org"


def address(text: str | None) -> Address | None:
    return None if text is None else read_plain(text)


def envelope(sender: str | None, *recipients: str) -> Envelope:
    paths = recipients or ("karin@example.com",)
    return Envelope(
        sender=address(sender),
        recipients=tuple(Recipient(path=f"<{r}>".encode(), address=read_plain(r)) for r in paths),
    )


def headers(from_: str | None = None, **more: object) -> Headers:
    visible = tuple(read_plain(a) for a in more.pop("visible", ()))  # type: ignore[attr-defined]
    return Headers(from_=address(from_), visible=visible, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("user", "mail_from", "from_", "expected"),
    [
        (None, ANNA, None, (ANNA, SenderSource.ENVELOPE)),
        (None, ANNA, FOREIGN, (ANNA, SenderSource.ENVELOPE)),
        (ANNA, FOREIGN, FOREIGN, (ANNA, SenderSource.AUTHENTICATED)),
        (ANNA, None, FOREIGN, (ANNA, SenderSource.AUTHENTICATED)),
        ("berg", FOREIGN, FOREIGN, (ANNA, SenderSource.AUTHENTICATED)),
        ("skrivare", ANNA, None, (ANNA, SenderSource.ENVELOPE)),
        ("handlaggare@orkelljunga.se", ANNA, None, (ANNA, SenderSource.ENVELOPE)),
        (None, FOREIGN, ANNA, (ANNA, SenderSource.HEADER)),
        (None, None, ANNA, (ANNA, SenderSource.ENVELOPE)),
        (None, None, FOREIGN, None),
        (None, FOREIGN, FOREIGN, None),
        (None, FOREIGN, None, None),
        (None, "x@sub.politik.orkelljunga.se", None, None),
        (None, "x@orkelljunga.se", None, None),
    ],
)
def test_first_identity_in_scope(
    user: str | None, mail_from: str | None, from_: str | None, expected: tuple[str, SenderSource] | None
) -> None:
    found = responsible_sender(Client(address="192.0.2.1", user=user), envelope(mail_from), headers(from_), SCOPE)
    assert (None if found is None else (str(found.address), found.source)) == expected


@pytest.mark.parametrize(
    "spelling",
    [
        ANNA,
        "anna.berg+utskick@politik.orkelljunga.se",
        "a.berg@politik.orkelljunga.se",
        "A.Berg+x@POLITIK.orkelljunga.se",
    ],
)
def test_spellings_of_one_person(spelling: str) -> None:
    found = responsible_sender(Client(address="192.0.2.1"), envelope(spelling), Headers(), SCOPE)
    assert found is not None
    assert str(found.address) == ANNA


def test_plus_alone_is_no_tag() -> None:
    found = responsible_sender(Client(address=""), envelope("+x@politik.orkelljunga.se"), Headers(), SCOPE)
    assert found is not None
    assert found.address.local == "+x"


def test_only_header_is_not_answerable() -> None:
    found = responsible_sender(Client(address=""), envelope(FOREIGN), headers(ANNA), SCOPE)
    assert found is not None
    assert not found.answerable


@pytest.mark.parametrize(
    ("found", "mail_from", "recipients", "automatic"),
    [
        (headers(ANNA, report=True), None, 1, True),
        (headers(ANNA, report=True), ANNA, 1, False),
        (headers(ANNA, automatic=True), None, 1, True),
        (headers(ANNA, automatic=True), None, 2, False),
        (headers(ANNA, automatic=True, bulk=True), None, 1, False),
        (headers(ANNA, automatic=True, in_reply_to="<x@example.com>"), ANNA, 1, True),
        (headers(ANNA, automatic=True), ANNA, 1, False),
        (headers(ANNA), None, 1, False),
    ],
)
def test_automatic_is_structure(found: Headers, mail_from: str | None, recipients: int, *, automatic: bool) -> None:
    enveloped = envelope(mail_from, *[f"p{n}@example.com" for n in range(recipients)])
    assert is_automatic(found, enveloped) is automatic


def test_null_path_frees_true_reports_only() -> None:
    client = Client(address="", user=ANNA)
    assert responsible_sender(client, envelope(None), headers(ANNA, report=True), SCOPE) is None
    assert responsible_sender(client, envelope(None), headers(ANNA), SCOPE) is not None


@pytest.mark.parametrize(
    ("subject", "reply", "forward"),
    [
        ("SV: Hej", True, False),
        ("Re: Hej", True, False),
        ("RE[2]: Hej", True, False),
        (" sv : Hej", True, False),
        ("VB: Hej", False, True),
        ("Fwd: Hej", False, True),
        ("Vidarebefordrar: Hej", False, True),
        ("Vidarebefordrat: Hej", False, True),
        ("SV: VB: Hej", True, False),
        ("Svar: Hej", False, False),
        ("Revision: 2026", False, False),
        ("", False, False),
    ],
)
def test_subjects(subject: str, *, reply: bool, forward: bool) -> None:
    assert is_reply(Headers(subject=subject)) is reply
    assert is_forward(Headers(subject=subject)) is forward


def test_forward_with_in_reply_to_is_no_reply() -> None:
    assert not is_reply(Headers(subject="VB: Hej", in_reply_to="<x@example.com>"))
    assert is_reply(Headers(subject="Hej", in_reply_to="<x@example.com>"))


ANSWER = {"subject": "SV: Hej", "in_reply_to": "<x@example.com>"}


@pytest.mark.parametrize(
    ("found", "recipients", "answer"),
    [
        (headers(ANNA, visible=("karin@example.com",), **ANSWER), ("karin@example.com",), True),
        (headers(ANNA, visible=("karin@example.com",), **ANSWER), ("karin@example.com", ANNA), True),
        (
            headers(ANNA, visible=("karin@example.com", "kommunkontor@orkelljunga.se"), **ANSWER),
            ("karin@example.com", "kommunkontor@orkelljunga.se"),
            True,
        ),
        (headers(ANNA, visible=("karin@example.com", "bo@example.com"), **ANSWER), ("karin@example.com",), False),
        (headers(ANNA, visible=(), **ANSWER), ("karin@example.com",), False),
        (headers(ANNA, visible=(ANNA,), **ANSWER), ("karin@example.com",), False),
        (headers(ANNA, visible=("karin@example.com",), bulk=True, **ANSWER), ("karin@example.com",), False),
        (headers(ANNA, visible=("karin@example.com",), subject="SV: Hej"), ("karin@example.com",), False),
        (
            headers(ANNA, visible=("karin@example.com",), subject="Hej", in_reply_to="<x@example.com>"),
            ("karin@example.com",),
            False,
        ),
    ],
)
def test_answers_are_no_mailing(found: Headers, recipients: tuple[str, ...], *, answer: bool) -> None:
    message = Message(headers=found, parts=(), size=0)
    lane = frozenset({"kommunkontor@orkelljunga.se"})
    assert is_answer(message, envelope(ANNA, *recipients), lane) is answer


def test_automatic_reply_is_no_mailing() -> None:
    message = Message(headers=headers(ANNA, automatic=True, in_reply_to="<x@example.com>"), parts=(), size=0)
    assert is_answer(message, envelope(ANNA))


def test_only_the_first_plus_begins_a_tag() -> None:
    assert fold(read_plain("anna.berg+a+b@politik.orkelljunga.se"), SCOPE.aliases) == read_plain(ANNA)


def test_an_answer_to_a_path_that_cannot_be_read_is_none() -> None:
    headers = Headers(in_reply_to="<x@example.com>", subject="SV: x", visible=(read_plain("bo@example.com"),))
    odd = Envelope(sender=address(ANNA), recipients=(Recipient(path=b"<@a,@b:bo@example.com>", address=None),))
    assert not is_answer(Message(headers=headers, parts=(), size=1), odd)
