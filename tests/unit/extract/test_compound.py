"""Word and Excel before 2007: every place that holds words, and what is locked or broken."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

import olefile
import pytest

from gateway.extract.compound import read_compound
from gateway.extract.finds import Budget, Foreign, Locked, NotRead
from tests.unit.extract.compounds import compound, found_in, within, word_streams
from tests.unit.extract.documents import NUMBER, old_workbook, run, word

HELLO = word_streams("Hej\r")
_WORD_95 = struct.pack("<H8xH12xII", 0xA5DC, 0, 0x60, 0x60 + 18)


def workbook_stream(octets: bytes) -> bytes:
    with olefile.OleFileIO(io.BytesIO(octets)) as file:
        return bytes(file.openstream("Workbook").read())


def biff(*records: tuple[int, bytes]) -> bytes:
    start = (0x809, struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0))
    return b"".join(struct.pack("<HH", kind, len(data)) + data for kind, data in (start, *records, (0x0A, b"")))


def box(text: str, *cuts: int) -> list[tuple[int, bytes]]:
    """Return the records of a text box, its text continued at the cuts and formatted by a last record."""
    ends = [*cuts, len(text)]
    pieces = [text[start:end] for start, end in zip([0, *cuts], ends, strict=True)]
    said = [(0x3C, b"\1" + piece.encode("utf-16-le")) for piece in pieces]
    return [(0x1B6, struct.pack("<HHIHHH4x", 0, 0, 0, 0, len(text), 16)[:18]), *said, (0x3C, b"\0" * 16)]


@pytest.mark.parametrize("wide", [False, True])
def test_text_of_word_is_read_by_its_pieces(wide: bool) -> None:
    text, _ = found_in(read_compound, compound(word_streams(f"Åsa {NUMBER}\rslut\r", wide=wide)))
    assert text.startswith(f"Åsa {NUMBER}\nslut\n")


def test_word_before_97_has_its_text_in_one_stretch() -> None:
    octets = compound({"WordDocument": (_WORD_95.ljust(0x60, b"\0") + f"Elev {NUMBER}\r".encode()).ljust(600, b"\0")})
    assert f"Elev {NUMBER}\n" in found_in(read_compound, octets)[0]


def test_word_with_a_broken_table_gives_what_can_be_read_and_says_so() -> None:
    octets = compound(word_streams(f"Elev {NUMBER}\r", table=b"\7\7"))
    found: list[object] = []
    with pytest.raises(NotRead):
        _gather(read_compound(octets, Budget()), found)
    assert any(f"Elev {NUMBER}" in str(text) for text in found)


def _gather(reading: Iterator[object], found: list[object]) -> None:
    for text in reading:  # one by one: what came before the end must be kept
        found.append(text)  # noqa: PERF402


@pytest.mark.parametrize(
    "streams",
    [
        word_streams("Hej\r", flags=0x300),
        {"EncryptedPackage": bytes(5000), "EncryptionInfo": bytes(100)},
        {"EncryptedSummary": bytes(100), "PowerPoint Document": bytes(100)},
        {"Workbook": biff((0x2F, bytes(6)))},
    ],
)
def test_what_is_encrypted_is_told(streams: dict[str, bytes]) -> None:
    with pytest.raises(Locked):
        found_in(read_compound, compound(streams))


def test_unknown_streams_are_foreign() -> None:
    with pytest.raises(Foreign):
        found_in(read_compound, compound({"Catalog": b"x" * 100}))


def test_documents_in_a_document_are_read() -> None:
    sheet = workbook_stream(old_workbook("Anteckning", f"Elev {NUMBER}"))
    text, _ = found_in(read_compound, compound({**HELLO, **within({"Workbook": sheet}, "ObjectPool/_1")}))
    assert f"Elev {NUMBER}" in text
    inner = within(word_streams(f"Elev {NUMBER}\r"), "ObjectPool/_1")
    assert f"Elev {NUMBER}" in found_in(read_compound, compound({**HELLO, **inner}))[0]


def test_numbers_of_a_workbook_in_a_document_are_whole() -> None:
    book = biff((0x203, struct.pack("<HHHd", 1, 1, 0, 7809142388.0)))
    text, _ = found_in(read_compound, compound({**HELLO, **within({"Workbook": book}, "ObjectPool/_1")}))
    assert "7809142388\n" in text


def test_files_in_a_document_are_handed_on() -> None:
    file = word(run(NUMBER))
    native = struct.pack("<IH", 0, 2) + b"elev.txt\0C:\\elev.txt\0" + struct.pack("<II", 3, 3) + b"abc"
    native += struct.pack("<I", 4) + b"Elev"
    streams = {**HELLO, "ObjectPool/_1/Package": file, "ObjectPool/_2/\x01Ole10Native": native}
    _, inner = found_in(read_compound, compound(streams))
    assert {(found.name, found.octets) for found in inner} == {("object", file), ("elev.txt", b"Elev")}


def test_words_beside_the_cells_are_whole_and_without_formatting() -> None:
    book = biff((0x14, struct.pack("<HB", 5, 0) + b"Sidan"), *box(f"Elev {NUMBER}", 8))
    streams = {**HELLO, **within({"Workbook": book}, "ObjectPool/_1")}
    text, _ = found_in(read_compound, compound(streams))
    assert f"Sidan\nElev {NUMBER}\n" in text


def test_own_properties_are_read() -> None:
    more = b"\xfe\xff" + bytes(60) + struct.pack("<II", 0x1E, 17) + f"Elev {NUMBER}\0".encode()
    assert f"Elev {NUMBER}\n" in found_in(read_compound, compound({**HELLO, "\x05DocumentSummaryInformation": more}))[0]


def test_pieces_that_say_the_same_octets_again_and_again_use_up_the_budget() -> None:
    streams = word_streams("a" * 100_000)
    count = 5000
    ends = struct.pack(f"<{count + 1}I", *(n * 100_000 for n in range(count + 1)))
    pieces = ends + struct.pack("<HIH", 0, 0x800 | 1 << 30, 0) * count
    clx = b"\2" + struct.pack("<I", len(pieces)) + pieces
    document = bytearray(streams["WordDocument"])
    struct.pack_into("<II", document, 0x1A2, 0, len(clx))
    with pytest.raises(NotRead) as told:
        for _ in read_compound(compound({"WordDocument": bytes(document), "1Table": clx}), Budget(octets=10**6)):
            pass
    assert told.value.state.name == "TOO_BIG"


@pytest.mark.parametrize("stream", ["Data", "Workbook"])
def test_pictures_among_the_drawings_are_handed_on(stream: str) -> None:
    png = b"\x89PNG\r\n" + bytes(20)
    blip = struct.pack("<HHI", 0x6E0, 0xF01E, 17 + len(png)) + bytes(17) + png
    if stream == "Workbook":
        half = len(blip) // 2
        blip = struct.pack("<HH", 0xEB, half) + blip[:half] + struct.pack("<HH", 0x3C, len(blip) - half) + blip[half:]
    _, inner = found_in(read_compound, compound({**HELLO, stream: blip}))
    assert [found.octets for found in inner] == [png]
