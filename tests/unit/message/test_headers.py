"""The facts of the outermost header block."""

from __future__ import annotations

import pytest

from gateway.message.headers import HEADER_BLOCK, scan_headers
from gateway.model import Address, Headers

HEDDA = Address(local="hedda.sten", domain="politik.orkelljunga.se")


def scan(text: str) -> Headers:
    return scan_headers(text.replace("\n", "\r\n").encode() + b"\r\n\r\nbody")


def test_ordinary_message() -> None:
    headers = scan(
        "Received: from a by b; Mon, 4 May 2026 07:00:00 +0200\n"
        "From: =?utf-8?q?Hedda_St=C3=A9n?= <Hedda.Sten@politik.orkelljunga.se>\n"
        'To: "Berg, Anna" <Anna@example.com>,\n bo@example.com\n'
        "Cc: Bo <BO@example.com>, c@example.com\n"
        "Subject: =?utf-8?q?SV=3A_=C3=84rende?=\n 16\n"
        "Message-ID: <1@example.com>\n"
        "In-Reply-To: <0@example.com>\n"
        "References: <a@example.com>\n <0@example.com> <a@example.com>\n"
    )
    assert headers == Headers(
        from_=HEDDA,
        from_name="Hedda Stén",
        subject="SV: Ärende 16",
        message_id="1@example.com",
        in_reply_to="0@example.com",
        references=("a@example.com", "0@example.com"),
        visible=tuple(Address(local=x, domain="example.com") for x in ("anna", "bo", "c")),
        hops=1,
    )


def test_first_author_counts_and_the_others_are_a_defect() -> None:
    headers = scan("From: Hedda <hedda.sten@politik.orkelljunga.se>, b@example.com")
    assert headers.from_ == HEDDA
    assert headers.defects == ("several_from",)


@pytest.mark.parametrize(
    ("text", "defects"),
    [
        ("From: a@example.com\nFrom: b@example.com", ("duplicate_from", "several_from")),
        ("From: a@example.com\nSubject: a\nSubject: b", ("duplicate_subject",)),
        ("From: a@example.com\nContent-Type: text/plain\nContent-Type: text/html", ("conflicting_content_type",)),
        ("From: a@example.com\nContent-Type: text/html\nContent-Type: text/html", ()),
        ("To: a@example.com", ("no_from",)),
        ("From: nobody", ("no_from",)),
    ],
)
def test_defects(text: str, defects: tuple[str, ...]) -> None:
    assert scan(text).defects == defects


@pytest.mark.parametrize(
    ("line", "automatic"),
    [
        ("Auto-Submitted: auto-replied", True),
        ("Auto-Submitted: auto-generated (vacation)", True),
        ("Auto-Submitted: AUTO-NOTIFIED; owner=x", True),
        ("Auto-Submitted: no", False),
        ("Auto-Submitted: (a) No", False),
        ("Auto-Submitted:", False),
        ("X-Autoreply: yes", True),
        ("Precedence: auto_reply", True),
        ("Precedence: bulk", False),
        ("X-Other: 1", False),
    ],
)
def test_automatic(line: str, automatic: bool) -> None:
    assert scan(f"From: a@example.com\n{line}").automatic is automatic


@pytest.mark.parametrize(
    ("line", "bulk"),
    [
        ("List-Id: <x.example.com>", True),
        ("List-Unsubscribe: <mailto:x@example.com>", True),
        ("Precedence: Bulk", True),
        ("Precedence: list", True),
        ("Precedence: junk", True),
        ("Precedence: first-class", False),
    ],
)
def test_bulk(line: str, bulk: bool) -> None:
    assert scan(f"From: a@example.com\n{line}").bulk is bulk


REPORT = (
    b"From: a@example.com\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n--x\r\n"
)


@pytest.mark.parametrize(
    ("octets", "report"),
    [
        (REPORT + b"\r\ntext\r\n--x\r\nContent-Type: message/delivery-status\r\n\r\n", True),
        (REPORT + b"Content-type : message/disposition-notification\r\n\r\n", True),
        (REPORT + b"\r\nonly words\r\n--x--\r\n", False),
        (REPORT.replace(b"report;", b"mixed;") + b"Content-Type: message/delivery-status\r\n\r\n", False),
    ],
)
def test_report_is_told_by_structure(octets: bytes, report: bool) -> None:
    assert scan_headers(octets).report is report


def test_own_letter_and_bare_identifier() -> None:
    headers = scan("From: a@example.com\nX-Utpost-Letter: v1.abc\nMessage-ID: bare@example.com")
    assert headers.own_letter == "v1.abc"
    assert headers.message_id == "bare@example.com"


@pytest.mark.parametrize(
    "field",
    [
        b"Content-Type: x" + b";" * 1_000_000,
        b"Content-Type: text/plain" + b"".join(b";\r\n n*%d*=a" % n for n in range(50_000)),
        b"Subject: " + b"=?utf-8?q?a?= " * 70_000,
        b"To: " + b"<" * 500_000,
        b"To: " + b"(" * 500_000,
        b"To: " + b'"\\"' * 200_000,
        b"References: " + b"<a@b>" * 100_000,
        b"a\r\n :\r\n" * 50_000,
        b"\0" * 500_000,
    ],
)
def test_hostile_fields_leave_the_others_readable(field: bytes) -> None:
    headers = scan_headers((b"From: hedda.sten@politik.orkelljunga.se\r\n" + field + b"\r\n\r\n")[:HEADER_BLOCK])
    assert headers.from_ == HEDDA
    assert len(headers.subject) < HEADER_BLOCK


def test_octets_that_are_no_header() -> None:
    assert scan_headers(b"").defects == ("no_from",)
    assert scan_headers(b"\r\n\r\n").subject == ""
