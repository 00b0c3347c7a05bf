"""Numbers where no reader of a format looks."""

from __future__ import annotations

import pytest

from gateway.extract.asides import beside, in_stream, in_tags
from tests.unit.extract.documents import BARE, NUMBER


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (f'<a b="x" c="Elev {NUMBER}">', f"Elev {NUMBER}"),
        (f"<a b='Elev {NUMBER}'/>", f"Elev {NUMBER}"),
        (f'<a c="O&apos;Hara &lt;{NUMBER}&gt;"/>', f"O'Hara <{NUMBER}>"),
        (f'<c><f aca="0">IF(A1=&quot;{NUMBER}&quot;,1)</f></c>', f'IF(A1="{NUMBER}",1)'),
        (f'<a name="Personnummer {BARE}"/>', f"Personnummer {BARE}"),
    ],
)
def test_attributes_and_formulas_with_a_number_are_said(octets: str, text: str) -> None:
    assert [found.strip() for found in in_tags(octets.encode())] == [text]


@pytest.mark.parametrize(
    "octets",
    [
        f"<a>{NUMBER}</a>",
        f'<a b="{BARE}" c="1 {BARE}"/>',
        '<a b="{19780914-2388-4A11-9C01-7809142388AB}"/>',
        f"-{NUMBER[-4:]}",
    ],
)
def test_text_and_identifiers_are_not(octets: str) -> None:
    assert list(in_tags(octets.encode())) == []


@pytest.mark.parametrize("before", [b"", b"\0", b"abc\0\x01"])
def test_strings_of_binary_data_are_said_whole(before: bytes) -> None:
    octets = before + b"\x05\x00elev " + NUMBER.encode() + b"B\x02"
    assert "".join(in_stream(octets)) == f"elev {NUMBER} B\n"
    wide = before + b"\x05\x00" + f"Åsa {NUMBER}".encode("utf-16-le") + b"\0\0"
    assert "".join(in_stream(wide)) == f"Åsa {NUMBER}\n"


def test_a_cut_number_and_a_link_are_said_once_more() -> None:
    text = f"780914-\t2388 mailto:a@b.example?subject=Elev%20{NUMBER} 100 %"
    assert [found.strip() for found in beside(text)] == [f"a@b.example?subject=Elev {NUMBER}", NUMBER]
    assert [found.strip() for found in beside("pnr 7809\n14-2388 och")] == [NUMBER]
    assert list(beside("7809\n14-23888, 12\n14-2388, 2026\n")) == []
    assert list(beside("100 % 2026-\t2388 mailto:a@b.example")) == []


def test_a_file_of_nothing_but_numbers_is_said_once() -> None:
    octets = b"\0780914-2388 " * 100_000
    assert sum(map(len, in_stream(octets))) < 2 * len(octets)
    assert sum(map(len, in_stream(octets.decode().encode("utf-16-le")))) < 2 * len(octets)
    assert sum(map(len, in_tags(b"<a b='" + octets + b"'>"))) < 2 * len(octets)
