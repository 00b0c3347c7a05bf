"""Properties of opening a message: never an exception, segments that cover, what was put in comes out."""

from __future__ import annotations

import pickle
from email import policy
from email.message import EmailMessage
from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.message.fields import read_fields
from gateway.message.fingerprint import fingerprint
from gateway.message.headers import scan_headers
from gateway.message.html import render
from gateway.message.parse import parse_message
from gateway.message.quotes import Setting
from gateway.message.segments import segment
from gateway.model import Message

PIECES = st.sampled_from(
    [
        *(b"From: a@b.se", b"To: c@d.se", b"Subject: SV: x", b"Subject: =?utf-8?b?w6U=?=", b"In-Reply-To: <a@b>"),
        *(b"Content-Type: text/html", b"Content-Type: multipart/mixed; boundary=a", b"Content-Type: message/rfc822"),
        *(b"Content-Type: multipart/alternative; boundary=b", b"Content-Type: text/plain; charset=utf-7; name=x.eml"),
        *(
            b"Content-Type: text/calendar",
            b"Content-Type: application/pkcs7-mime",
            b"Content-Transfer-Encoding: base64",
        ),
        *(b"Content-Transfer-Encoding: quoted-printable", b"Content-Disposition: attachment; filename*0*=utf-8''%C3"),
        *(
            b"--a",
            b"--b",
            b"--a--",
            b"--b--",
            b"--",
            b" --a",
            b"",
            b" ",
            b"\t",
            b"=",
            b"=C3=A5",
            b"+AOU-",
            b"\xe5",
            b"\0",
        ),
        *(
            b"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=",
            b"begin 644 a.txt",
            b"#86)C",
            b"`",
            b"end",
            b"=ybegin name=x",
            b"=yend",
        ),
        *(
            b"> hej",
            b"Mvh",
            b"Anna Berg",
            b"-- ",
            b"________________",
            "Från: Anna".encode(),
            b"Skickat: x",
            "Ämne: y".encode(),
        ),
        *(b"Den 4 nov. 2026 kl. 10:12 skrev Anna:", b"---------- Forwarded message ---------", b"Text utan slut."),
        *(
            b"<div class=gmail_quote>",
            b"<blockquote type=cite>",
            b"</blockquote>",
            b"<!--",
            b"-->",
            b"<p hidden>",
            b"<td>8112",
        ),
        *(
            b"<a title='",
            b"'>",
            b"&aring;&#999999999;",
            b"BEGIN:VEVENT",
            b"DESCRIPTION:a\\,b",
            b"0\x80\x06\x09*\x86H\x86\xf7\r\x01\x07\x02",
        ),
        b"detta mejl konfidentiell mottagare",
    ]
)
BREAKS = st.sampled_from([b"\r\n", b"\n", b"\r\n\r\n", b"\r", b"", b" "])
MAILS = st.lists(st.tuples(PIECES | st.binary(max_size=12), BREAKS), max_size=60).map(
    lambda pieces: b"".join(piece + line_end for piece, line_end in pieces)
)
SETTINGS = st.builds(Setting, reply=st.booleans(), forward=st.booleans())


def check(message: Message) -> None:
    for part in message.parts:
        assert bool(part.segments) == bool(part.text)
        assert all(s.start < s.end for s in part.segments)
        assert all(a.end == b.start and a.kind is not b.kind for a, b in pairwise(part.segments))
        if part.segments:
            assert (part.segments[0].start, part.segments[-1].end) == (0, len(part.text))
        part.text.encode("utf-8")
    assert len({part.path for part in message.parts}) >= 1
    assert pickle.loads(pickle.dumps(message)) == message  # noqa: S301 - made in the line itself
    fingerprint(message)


@given(MAILS)
@example(b"MM\0*\r\n\r\n=ybegin name=x\r\n\r\n\r\n\r\n")
@settings(max_examples=400, deadline=None)
def test_any_mail_is_opened(octets: bytes) -> None:
    check(parse_message(octets))


@given(st.binary(max_size=3000))
@example(b"")
@example(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
@settings(max_examples=300, deadline=None)
def test_any_octets_are_opened(octets: bytes) -> None:
    message = parse_message(octets)
    check(message)
    headers = scan_headers(octets)
    assert (headers.from_, headers.subject, headers.visible) == (
        message.headers.from_,
        message.headers.subject,
        message.headers.visible,
    ) or b"\r" in octets


@given(st.binary(max_size=500), st.integers(0, 100), st.integers(0, 500))
def test_fields_end_inside_their_range(octets: bytes, start: int, end: int) -> None:
    fields = read_fields(octets, min(start, len(octets)), min(end, len(octets)), {b"from"})
    assert fields.body <= max(len(octets), start)


@given(st.text(max_size=400), SETTINGS)
def test_any_text_is_covered(text: str, setting: Setting) -> None:
    segments = segment(text, setting)
    assert "".join(text[s.start : s.end] for s in segments) == text


MARKUP = st.sampled_from(
    [
        *(
            "<p>",
            "</p>",
            "<blockquote type=cite>",
            "</blockquote>",
            "<td>",
            "<br>",
            "<!--",
            "-->",
            "&amp;",
            "<span hidden>",
        ),
        *(
            "</span>",
            "<style>",
            "</style>",
            "<a title='",
            "'>",
            "<div id=divrplyfwdmsg>",
            "<pre>",
            "8112",
            "\u202e",
            "<",
        ),
    ]
)


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=10) | MARKUP).map("".join), SETTINGS)
def test_any_markup_is_rendered(source: str, setting: Setting) -> None:
    rendered = render(source)
    assert all(0 <= place <= len(rendered.text) for place, _ in rendered.hidden)
    assert all(0 <= r.start <= r.end <= len(rendered.text) for r in rendered.ranges)
    segments = segment(rendered.text, setting, rendered.ranges)
    assert "".join(rendered.text[s.start : s.end] for s in segments) == rendered.text


WORDS = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"]), min_size=1, max_size=300)


@example("0" * 16, "0", "base64", b"")
@example("0" * 96, "0", "base64", b"")
@given(WORDS, WORDS, st.sampled_from(["base64", "quoted-printable", "8bit"]), st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_what_the_standard_library_writes_is_read_back(body: str, subject: str, cte: str, file: bytes) -> None:
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = "Åsa Öst <asa@example.com>"
    message["To"] = "bo@example.com, Cecilia <c@example.com>"
    message["Subject"] = " ".join(subject.split())
    message.set_content(body, cte=cte)
    message.add_attachment(b"\0\1" + file, maintype="application", subtype="x-test", filename="å å.bin")
    parsed = parse_message(message.as_bytes())
    parts = {part.path: part for part in parsed.parts}
    assert " ".join(parsed.headers.subject.split()) == " ".join(subject.split())
    assert parsed.headers.from_name == "Åsa Öst"
    assert len(parsed.headers.visible) == 2
    assert parts["1"].text.split() == body.split() or cte == "8bit"
    assert parts["2"].filename == "å å.bin"
    assert parts["2"].digest
