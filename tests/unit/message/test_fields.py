"""Header blocks, read as clients read them."""

from __future__ import annotations

import pytest

from gateway.message.fields import FIELD, HEADER_BLOCK, REPEATS, read_fields

WANTED = frozenset({b"subject", b"from", b"content-type"})


def read(octets: bytes) -> tuple[dict[bytes, list[bytes]], bytes]:
    fields = read_fields(octets, 0, len(octets), WANTED)
    return fields.values, octets[fields.body :]


@pytest.mark.parametrize(
    ("octets", "subject", "body"),
    [
        pytest.param(b"Subject: a\r\n\r\nb", b"a", b"b", id="crlf"),
        pytest.param(b"Subject: a\n\nb", b"a", b"b", id="lf"),
        pytest.param(b"Subject: a\n\r\nb", b"a", b"b", id="mixed"),
        pytest.param(b"Subject: a\r\n\tb\r\n  c\r\n\r\nd", b"a\tb  c", b"d", id="folded"),
        pytest.param(b"Subject:\r\n a\r\n\r\nb", b"a", b"b", id="folded at once"),
        pytest.param(b"Subject:\r\n \r\n a\r\n\r\nb", b"a", b"b", id="folded over a blank line"),
        pytest.param(b"sUBJECT : a\r\n\r\nb", b"a", b"b", id="case and blank before the colon"),
        pytest.param(b"Subject\r\n : a\r\n\r\nb", b"a", b"b", id="colon on the next line"),
        pytest.param(b"Subject\0: a\r\n\r\nb", b"a", b"b", id="nul in the name"),
        pytest.param(b"\xef\xbb\xbfSubject: a\r\n\r\nb", b"a", b"b", id="byte order mark"),
        pytest.param(b"From me Mon May  4 07:00:00 2026\nSubject: a\n\nb", b"a", b"b", id="mbox line"),
        pytest.param(b"rubbish\r\nSubject: a\r\n\r\nb", b"a", b"b", id="stray line"),
        pytest.param(b"Subject: a", b"a", b"", id="no body"),
        pytest.param(b"Subject: a\r\n--x\r\nb", b"a", b"--x\r\nb", id="boundary instead of an empty line"),
        pytest.param(
            b"Subject: a\r\nHej alla!\r\nMer text.\r\n", b"a", b"Hej alla!\r\nMer text.\r\n", id="text at once"
        ),
    ],
)
def test_block(octets: bytes, subject: bytes, body: bytes) -> None:
    values, rest = read(octets)
    assert values[b"subject"] == [subject]
    assert rest == body


def test_empty_block() -> None:
    assert read(b"\r\nbody") == ({}, b"body")
    assert read(b"") == ({}, b"")


def test_repeated_fields_stay_in_order_up_to_a_cap() -> None:
    values, _ = read(b"".join(b"Subject: %d\r\n" % n for n in range(REPEATS + 5)) + b"\r\n")
    assert values[b"subject"] == [b"%d" % n for n in range(REPEATS)]


def test_stray_lines_are_kept() -> None:
    octets = b"Subject: a\r\ndold text\r\nFrom: b\r\n\r\nc"
    fields = read_fields(octets, 0, len(octets), WANTED)
    assert fields.stray == [b"dold text"]
    assert "stray_line" in fields.defects
    assert fields.first(b"from") == b"b"


def test_field_is_cut_at_its_cap() -> None:
    octets = b"Subject: " + b"x" * (FIELD + 10) + b"\r\n\r\n"
    fields = read_fields(octets, 0, len(octets), WANTED)
    assert fields.first(b"subject") == b"x" * (FIELD - 1)
    assert fields.defects == ["field_too_long"]


def test_block_ends_at_its_cap_and_the_rest_is_body() -> None:
    octets = b"Subject: a\r\n" + b"X-Filler: abc\r\n" * (HEADER_BLOCK // 10) + b"\r\nbody"
    fields = read_fields(octets, 0, len(octets), WANTED)
    assert fields.defects == ["header_block_too_long"]
    assert fields.first(b"subject") == b"a"
    assert HEADER_BLOCK - 20 < fields.body <= HEADER_BLOCK


def test_range_is_respected() -> None:
    octets = b"Subject: outer\r\n\r\nSubject: inner\r\n\r\nbody--end"
    fields = read_fields(octets, 18, len(octets) - 5, WANTED)
    assert fields.first(b"subject") == b"inner"
    assert octets[fields.body : -5] == b"body"
