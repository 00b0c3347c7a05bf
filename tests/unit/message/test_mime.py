"""Messages taken apart: valid ones exactly, broken ones so that nothing is lost."""

from __future__ import annotations

import itertools

import pytest

from gateway.message.entity import Leaf
from gateway.message.leaves import Opened
from gateway.message.mime import LINES, NESTING, PARTS, take_apart
from gateway.message.parse import parse_message
from gateway.model import Part
from tests.unit.message.evasions import evasions, pairs
from tests.unit.message.test_cms import signed, tlv

NUMBER = "19811218-9876"
FILE = b"PK\x03\x04\x14\x00" + f"hemlig {NUMBER} ".encode("latin-1") * 7 + b"\x00\x01\x02\xff\xfe slut"
TEXT = f"Personnumret {NUMBER} står här. Texten är så lång att den fyller flera rader i bilagan, minst.".encode()

HIDDEN_FILES = evasions(FILE)
HIDDEN_TEXTS = evasions(TEXT)


def readings(mail: bytes) -> list[bytes]:
    seen: list[bytes] = []

    def opener(leaf: Leaf, part: Part, left: int) -> Opened:
        assert left > 0
        seen.extend(leaf.readings())
        return Opened(part=part)

    parse_message(mail, opener)
    return seen


@pytest.mark.parametrize("name", HIDDEN_FILES)
def test_hidden_file_is_handed_to_the_opener(name: str) -> None:
    assert any(FILE in octets for octets in readings(HIDDEN_FILES[name]))


@pytest.mark.parametrize("name", HIDDEN_TEXTS)
def test_hidden_text_is_read(name: str) -> None:
    message = parse_message(HIDDEN_TEXTS[name])
    assert any(NUMBER in part.text for part in message.parts)


@pytest.mark.parametrize("step", [29, pytest.param(1, marks=pytest.mark.long)])
def test_two_deviations_at_once_hide_nothing(step: int) -> None:
    """Every pair of deviations in the long test, every 29th otherwise."""
    for name, mail in itertools.islice(pairs(FILE), 0, None, step):
        assert any(FILE in octets for octets in readings(mail)), name
    for name, mail in itertools.islice(pairs(TEXT), 0, None, step):
        assert any(NUMBER in part.text for part in parse_message(mail).parts), name


def leaves(text: str) -> list[tuple[str, str, str]]:
    structure = take_apart(text.replace("\n", "\r\n").encode())
    return [(leaf.path, leaf.media_type, leaf.body().decode().strip()) for leaf in structure.leaves]


def test_paths_are_numbered_as_in_imap() -> None:
    assert leaves(
        "Content-Type: multipart/mixed; boundary=a\n\n"
        "--a\nContent-Type: multipart/alternative; boundary=b\n\n"
        "--b\n\nplain\n--b\nContent-Type: text/html\n\n<p>html\n--b--\n"
        "--a\nContent-Type: message/rfc822\n\nSubject: x\n\ninner\n"
        "--a\nContent-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary=c\n\n"
        "--c\n\none\n--c\n\ntwo\n--c--\n"
        "--a\nContent-Type: text/csv; name=x.csv\n\n1;2\n--a--\n"
    ) == [
        ("1.1", "text/plain", "plain"),
        ("1.2", "text/html", "<p>html"),
        ("2.1", "text/plain", "inner"),
        ("3.1", "text/plain", "one"),
        ("3.2", "text/plain", "two"),
        ("4", "text/csv", "1;2"),
    ]


def test_single_part_is_number_one() -> None:
    assert leaves("Subject: x\n\nhej") == [("1", "text/plain", "hej")]


def test_digest_holds_messages() -> None:
    found = leaves(
        "Content-Type: multipart/digest; boundary=a\n\n--a\n\nSubject: x\n\nett\n--a\n\nSubject: y\n\ntvå\n--a--\n"
    )
    assert [path for path, *_ in found] == ["1.1", "2.1"]


def test_preamble_and_epilogue_are_kept_unless_they_say_nothing() -> None:
    head = "Content-Type: multipart/mixed; boundary=a\n\n"
    assert leaves(f"{head}This is a multi-part message in MIME format.\n--a\n\nhej\n--a--\n") == [
        ("1", "text/plain", "hej")
    ]
    assert leaves(f"{head}dolt\n--a\n\nhej\n--a--\nslut") == [
        ("0", "text/plain", "dolt"),
        ("1", "text/plain", "hej"),
        ("2", "text/plain", "slut"),
    ]


def test_stray_lines_among_fields_are_kept() -> None:
    assert leaves("Subject: x\nPersonnummer 19811218-9876\nTo: a@example.com\n\nhej") == [
        ("0", "text/plain", "Personnummer 19811218-9876"),
        ("1", "text/plain", "hej"),
    ]


def test_subjects_of_attached_messages() -> None:
    structure = take_apart(b"Content-Type: message/rfc822\r\n\r\nSubject: =?utf-8?q?=C3=A5?=\r\n\r\nhej")
    assert structure.subjects == (("1/subject", "å"),)
    assert structure.leaves[0].level == 1


def test_mere_message_is_no_defect() -> None:
    assert take_apart(b"From: a@example.com\r\n\r\nhej -- du\r\n-- \r\nAnna\r\n").defects == ()


@pytest.mark.parametrize(
    ("octets", "defect"),
    [
        (b"Content-Type: multipart/mixed; boundary=a\r\n\r\nhej", "boundary_not_found"),
        (b"Content-Type: text/plain\r\nContent-Type: text/html\r\n\r\nhej", "conflicting_part_fields"),
        (b"\r\nhej\r\n--x\r\nContent-Type: text/plain\r\n\r\nhej", "undeclared_parts"),
        (b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + b"--a\r\n\r\nx\r\n" * (PARTS + 5), "too_many_parts"),
        (b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + b"--a--\r\n" * (LINES + 5), "too_many_parts"),
        (b"\r\n" + b"--\r\n" * (LINES + 5), "too_many_boundaries"),
        (b"Content-Type: message/rfc822\r\n\r\n" * (NESTING + 5), "nested_too_deeply"),
    ],
)
def test_defects(octets: bytes, defect: str) -> None:
    assert defect in take_apart(octets).defects


def test_beyond_the_caps_the_rest_is_one_piece_and_still_read() -> None:
    parts = b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + b"--a\r\n\r\nx\r\n" * (PARTS + 50)
    structure = take_apart(parts + TEXT)
    assert len(structure.leaves) == PARTS + 1
    assert structure.leaves[-1].cut
    assert TEXT in structure.leaves[-1].body()
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(2000))
    structure = take_apart(deep + b"\r\n" + TEXT)
    assert structure.leaves[-1].cut
    assert TEXT in structure.leaves[-1].body()


def test_signed_message_is_opened() -> None:
    octets = b"Content-Type: application/pkcs7-mime; smime-type=signed-data\r\n\r\n" + signed(
        tlv(0x04, b"Content-Type: text/html\r\n\r\n<p>hej")
    )
    (leaf,) = take_apart(octets).leaves
    assert (leaf.path, leaf.media_type, leaf.body()) == ("1", "text/html", b"<p>hej")


def test_name_of_the_first_text_makes_no_attachment_of_it() -> None:
    first, second = take_apart(
        b"Content-Type: multipart/mixed; boundary=a\r\n\r\n"
        b"--a\r\nContent-Type: text/plain; name=body.txt\r\n\r\nhej\r\n"
        b"--a\r\nContent-Type: text/plain; name=b.txt\r\n\r\nhej\r\n"
    ).leaves
    assert (first.attached, second.attached) == (False, True)
