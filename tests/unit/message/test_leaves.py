"""One leaf opened: state, text in all readings, segments, digest."""

from __future__ import annotations

import base64

import pytest

from gateway.message.entity import Leaf
from gateway.message.leaves import open_leaf
from gateway.message.quotes import Setting
from gateway.message.transfer import Encoding
from gateway.model import Origin, Part, PartState, SegmentKind
from tests.unit.message.test_cms import content_info, signed, tlv

LEFT = 100_000


def leaf(source: bytes, media_type: str = "text/plain", **more: object) -> Leaf:
    return Leaf(path="1", media_type=media_type, source=source, start=0, end=len(source), **more)  # type: ignore[arg-type]


def opened(source: bytes, media_type: str = "text/plain", **more: object) -> Part:
    return open_leaf(leaf(source, media_type, **more), Setting(), LEFT).part


@pytest.mark.parametrize(
    ("source", "media_type", "more", "state"),
    [
        (b"hej", "text/plain", {}, PartState.SCANNED),
        (b"", "text/plain", {}, PartState.SCANNED),
        (b"a;b", "application/octet-stream", {"filename": "a.csv"}, PartState.SCANNED),
        (b'{"a": 1}', "application/json", {}, PartState.SCANNED),
        (b"text", "image/png", {}, PartState.SCANNED),
        (b"\x89PNG\r\n\x1a\n\0\0", "image/png", {}, PartState.UNKNOWN),
        (b"%PDF-1.7 text", "application/pdf", {}, PartState.UNKNOWN),
        (b"%PDF-1.7 text", "text/plain", {}, PartState.UNKNOWN),
        (b"{\\rtf1 text}", "text/plain", {}, PartState.UNKNOWN),
        (b"whatever", "text/rtf", {}, PartState.UNKNOWN),
        (b"PK\x03\x04\0\0", "text/plain", {"filename": "a.docx"}, PartState.UNKNOWN),
        (b"\x01\x02\x03\x04" * 20, "application/x-unknown", {}, PartState.UNKNOWN),
        (b"hej", "text/plain", {"encrypted": True}, PartState.ENCRYPTED),
        (b"Version: 1", "application/pgp-encrypted", {}, PartState.ENCRYPTED),
        (content_info(3, b""), "application/pkcs7-mime", {}, PartState.ENCRYPTED),
        (content_info(3, b""), "application/octet-stream", {"filename": "smime.p7m"}, PartState.ENCRYPTED),
        (b"\x30\x80rubbish", "application/pkcs7-mime", {"smime": "enveloped-data"}, PartState.ENCRYPTED),
        (signed(tlv(4, b"")), "application/pkcs7-mime", {"smime": "certs-only"}, PartState.SCANNED),
        (b"\x30\x82\x01\x01", "application/pkcs7-signature", {"filename": "smime.p7s"}, PartState.SCANNED),
        (b"-----BEGIN PGP SIGNATURE-----\n", "application/pgp-signature", {}, PartState.SCANNED),
        (b"PK\x03\x04\0\0", "application/pgp-signature", {}, PartState.UNKNOWN),
        (b"\x85\x01\x0c\x03\0\x01" * 9, "application/octet-stream", {"filename": "a.gpg"}, PartState.ENCRYPTED),
        (b"Hej\n-----BEGIN PGP MESSAGE-----\nabc\n", "text/plain", {}, PartState.ENCRYPTED),
        (b"????", "text/plain", {"encodings": (Encoding.BASE64,)}, PartState.SCANNED),
        (b"=", "application/pdf", {"encodings": (Encoding.BASE64,)}, PartState.UNREADABLE),
        (b"hej", "text/plain", {"cut": True}, PartState.TRUNCATED),
    ],
)
def test_state(source: bytes, media_type: str, more: dict[str, object], state: PartState) -> None:
    part = opened(source, media_type, **more)
    assert part.state is state
    assert part.text == "" or state not in (PartState.UNKNOWN, PartState.UNREADABLE)


def test_no_room_left() -> None:
    assert open_leaf(leaf(b"hej"), Setting(), 0).part.state is PartState.TRUNCATED
    part = open_leaf(leaf(b"x" * 5000), Setting(), 1000).part
    assert (part.state, len(part.text)) == (PartState.TRUNCATED, 1000)


@pytest.mark.parametrize(
    ("source", "media_type", "filename", "text"),
    [
        (b"<p>a</p>", "text/html", None, "a"),
        (b"<p>a</p>", "application/octet-stream", "a.HTM", "a"),
        (b"<p>a</p>", "text/plain", None, "<p>a</p>"),
        (b"SUMMARY:a\r\n b\r\n", "text/calendar", None, "ab"),
        (b"SUMMARY:a\r\n b\r\n", "application/octet-stream", "x.ics", "ab"),
        (b"NOTE:a\r\n b\r\n", "text/vcard", None, "ab"),
        (b"a\r\nb\rc", "text/plain", None, "a\nb\nc"),
    ],
)
def test_forms(source: bytes, media_type: str, filename: str | None, text: str) -> None:
    assert opened(source, media_type, filename=filename).text == text


def test_html_in_a_calendar_is_rendered() -> None:
    part = opened(b"SUMMARY:a\r\nX-ALT-DESC;FMTTYPE=text/html:<p title=c>b</p>\r\n", "text/calendar")
    assert part.text.split() == ["a", "b", "c"]
    assert {s.kind for s in part.segments} == {SegmentKind.CALENDAR}


def test_kinds_of_segments() -> None:
    assert opened(b"hej").segments[0].kind is SegmentKind.OWN
    assert opened(b"hej", attached=True, level=1).segments[0].kind is SegmentKind.FORWARDED
    assert opened(b"hej", attached=True, level=1).origin is Origin.FORWARDED
    assert opened(b"SUMMARY:x", "text/calendar").segments[0].kind is SegmentKind.CALENDAR
    assert opened(b"> hej").segments[0].kind is SegmentKind.QUOTED
    assert opened(b"> hej", attached=True).segments[0].kind is SegmentKind.OWN


def test_further_readings_bring_only_what_is_new() -> None:
    part = opened("Anna\nräv".encode(), charset="iso-8859-1")
    assert part.text == "Anna\nräv\n\nrÃ¤v\n"
    assert part.segments[-1].end == len(part.text)


def test_base64_between_lines_is_read() -> None:
    part = opened(b"Hej!\n\n" + base64.encodebytes(b"Personnumret 19811218-9876") + b"\nHej\n")
    assert "19811218-9876" in part.text


def test_hidden_words_are_of_the_kind_of_their_place() -> None:
    part = opened(b"egen<img alt=bild><blockquote type=cite>gammal<img alt=annan></blockquote>", "text/html")
    kinds = {part.text[s.start : s.end].strip(): s.kind for s in part.segments}
    assert kinds["bild"] is SegmentKind.OWN
    assert kinds["annan"] is SegmentKind.QUOTED


def test_files_in_a_text_become_members() -> None:
    found = open_leaf(leaf(b"hej\nbegin 644 a.txt\n#86)C\n`\nend\n"), Setting(), LEFT)
    assert [(m.path, m.filename, m.body()) for m in found.members] == [("1/a.txt", "a.txt", b"abc")]
    assert found.part.text == "hej\n"


def test_digest_is_of_the_decoded_octets() -> None:
    plain = opened(b"\0\x01abc" * 99, "application/x-a", attached=True)
    coded = opened(base64.b64encode(b"\0\x01abc" * 99), "application/x-a", attached=True, encodings=(Encoding.BASE64,))
    assert plain.digest == coded.digest
    assert len(plain.digest) == 16
    assert opened(b"hej").digest == b""


def test_body_is_what_is_displayed() -> None:
    assert opened(b"hej").body
    assert not opened(b"hej", attached=True).body
    assert not opened(b"hej", aside=True).body
    assert not opened(b"hej", level=1).body
    assert not opened(b"hej", "text/rfc822-headers").body
    assert not opened(b"hej", "message/delivery-status").body
