"""Octets to a message."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.message.entity import Leaf
from gateway.message.leaves import Opened
from gateway.message.parse import MEMBERS, TEXT, parse_message
from gateway.model import Message, Origin, Part, PartState, SegmentKind
from tests.unit.message.test_cms import content_info

SAMPLES = Path(__file__).parents[4] / "shared" / "data" / "attachments"
MAILS = sorted(path for path in SAMPLES.glob("*") if path.suffix in (".eml", ".msg")) if SAMPLES.is_dir() else []


def parse(text: str) -> Message:
    return parse_message(text.replace("\n", "\r\n").encode())


def of(message: Message, path: str) -> Part:
    return next(part for part in message.parts if part.path == path)


ALTERNATIVE = (
    "Subject: x\nContent-Type: multipart/alternative; boundary=a\n\n"
    "--a\n\n{}\n--a\nContent-Type: text/html\n\n{}\n--a--\n"
)


def test_ordinary_message() -> None:
    message = parse("From: a@example.com\nSubject: Hej\n\nText.")
    assert message.headers.subject == "Hej"
    assert [(p.path, p.text, p.body) for p in message.parts] == [("subject", "Hej", False), ("1", "Text.", True)]
    assert message.size == 42


@pytest.mark.parametrize(
    ("plain", "html", "alternative"),
    [
        ("Hej Anna, vi ses.", "<p>Hej Anna, vi ses.</p>", True),
        ("Hej Anna,\nvi ses på torsdag.", "<p>Hej <b>Anna</b>, vi ses på torsdag.</p><img alt=logga>", True),
        ("Se HTML-versionen.", "<p>Personnumret är 19811218-9876 och det ska ingen veta.</p>", False),
        ("Hej Anna, vi ses.", "<p>Hej Anna, vi ses. 19811218-9876</p>", False),
    ],
)
def test_second_rendering(plain: str, html: str, alternative: bool) -> None:
    message = parse(ALTERNATIVE.format(plain, html))
    assert of(message, "2").alternative is alternative
    assert of(message, "2").body
    assert not of(message, "1").alternative


@pytest.mark.parametrize(
    ("head", "body", "kind"),
    [
        ("Subject: Ärende", "hej", SegmentKind.OWN),
        ("Subject: SV: Ärende", "hej", SegmentKind.OWN),
        ("Subject: SV: Ärende\nIn-Reply-To: <a@b>", "hej", SegmentKind.QUOTED),
        ("Subject: SV: Ärende\nReferences: <a@b>", "hej", SegmentKind.QUOTED),
        ("Subject: SV: Ärende", "hej\n> hej", SegmentKind.QUOTED),
        ("Subject: Ärende\nIn-Reply-To: <a@b>", "hej", SegmentKind.OWN),
        ("Subject: VB: Ärende", "hej", SegmentKind.OWN),
        ("Subject: VB: Ärende", "hej\n> hej", SegmentKind.FORWARDED),
        ("Subject: VB: Ärende\nReferences: <a@b>", "hej", SegmentKind.FORWARDED),
    ],
)
def test_whose_words_the_subject_carries(head: str, body: str, kind: SegmentKind) -> None:
    (segment,) = of(parse(f"{head}\n\n{body}"), "subject").segments
    assert segment.kind is kind


FORWARD = (
    "Subject: {}\nContent-Type: multipart/mixed; boundary=a\n\n--a\n\nFör kännedom.\n\n{}\n"
    "--a\nContent-Type: text/csv; name=lista.csv\n\nAnna;Berg\n"
    "--a\nContent-Type: application/pdf; name=a.pdf\n\n%PDF-1.7\n--a--\n"
)
BLOCK = "-----Ursprungligt meddelande-----\nFrån: Anna\nSkickat: i går\n\nHej"


@pytest.mark.parametrize(
    ("subject", "block", "origin"),
    [
        ("VB: x", BLOCK, Origin.FORWARDED),
        ("VB: x", "", Origin.OWN),
        ("SV: x", BLOCK, Origin.OWN),
        ("x", "", Origin.OWN),
    ],
)
def test_attachments_of_a_forward_are_forwarded(subject: str, block: str, origin: Origin) -> None:
    message = parse(FORWARD.format(subject, block))
    assert of(message, "2").origin is origin
    assert of(message, "3").origin is origin
    assert of(message, "1").origin is Origin.OWN
    expected = SegmentKind.FORWARDED if origin is Origin.FORWARDED else SegmentKind.OWN
    assert {s.kind for s in of(message, "2").segments} == {expected}


def test_attached_message_is_forwarded_with_all_it_holds() -> None:
    message = parse(
        "Subject: x\nContent-Type: multipart/mixed; boundary=a\n\n--a\n\nSe bifogat.\n"
        "--a\nContent-Type: message/rfc822\n\n"
        "Subject: Klagomål\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nHej\n--b\nContent-Type: text/plain;"
        " name=a.txt\n\nmer\n--b--\n--a--\n"
    )
    nested = [part for part in message.parts if part.path.startswith("2")]
    assert [(p.path, p.text) for p in nested] == [("2/subject", "Klagomål"), ("2.1", "Hej"), ("2.2", "mer")]
    assert {p.origin for p in nested} == {Origin.FORWARDED}
    assert {s.kind for p in nested for s in p.segments} == {SegmentKind.FORWARDED}
    assert not any(p.body for p in nested)


def test_every_subject_is_read() -> None:
    message = parse("Subject: ett\nSubject: två\n\nhej")
    assert of(message, "subject").text == "ett\ntvå"
    assert message.headers.subject == "ett"


def test_header_beyond_its_cap_is_told() -> None:
    message = parse("X-Filler: abc\n" * 30_000 + "\nhej")
    assert of(message, "subject").state is PartState.TRUNCATED


def test_opener_reads_what_is_unknown_and_only_that() -> None:
    asked: list[str] = []

    def opener(leaf: Leaf, part: Part, left: int) -> Opened:
        asked.append(leaf.path)
        inside = "läst".encode()
        member = Leaf(
            path=f"{leaf.path}/inuti", media_type="text/plain", attached=True, depth=1, source=inside, start=0, end=5
        )
        assert left > 0
        return Opened(part=replace(part, state=PartState.SCANNED), members=(member,))

    octets = FORWARD.format("x", "").replace("\n", "\r\n").encode()
    message = parse_message(octets, opener)
    assert asked == ["3"]
    assert [part.path for part in message.parts] == ["subject", "1", "2", "3", "3/inuti"]
    assert of(message, "3/inuti").text == "läst"


def test_text_is_capped_over_all_parts() -> None:
    part = "--a\nContent-Type: text/plain; name=x.txt\n\n" + "Hej du. " * 200_000 + "\n"
    message = parse("Content-Type: multipart/mixed; boundary=a\n\n" + part * 4)
    assert sum(len(p.text) for p in message.parts) <= TEXT
    assert [p.state for p in message.parts[-2:]] == [PartState.TRUNCATED] * 2


def test_parts_are_capped() -> None:
    files = "begin 644 a\n#86)C\n`\nend\n" * 100
    part = f"--a\nContent-Type: text/plain\n\n{files}\n"
    message = parse("Content-Type: multipart/mixed; boundary=a\n\n" + part * 60)
    assert len(message.parts) <= MEMBERS + 2
    assert message.parts[-1].state is PartState.TRUNCATED


def test_encrypted_cms() -> None:
    head = b"Subject: x\r\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\n\r\n"
    (part,) = parse_message(head + content_info(3, b"\x30\x00")).parts[1:]
    assert (part.state, part.text) == (PartState.ENCRYPTED, "")


def test_encrypted_multipart() -> None:
    message = parse(
        'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=a\n\n'
        "--a\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n"
        "--a\nContent-Type: application/octet-stream\n\n-----BEGIN PGP MESSAGE-----\n--a--\n"
    )
    assert {part.state for part in message.parts[1:]} == {PartState.ENCRYPTED}


@pytest.mark.skipif(not MAILS, reason="the sample mails are not here")
@pytest.mark.parametrize("path", MAILS, ids=lambda path: path.name[-60:])
def test_sample_mail(path: Path) -> None:
    octets = path.read_bytes()
    message = parse_message(octets)
    assert message.size == len(octets)
    for part in message.parts:
        covered = "".join(part.text[s.start : s.end] for s in part.segments)
        assert covered == part.text
    if not octets.startswith(b"\xd0\xcf"):
        assert {p.state for p in message.parts} <= {PartState.SCANNED, PartState.UNKNOWN, PartState.ENCRYPTED}
