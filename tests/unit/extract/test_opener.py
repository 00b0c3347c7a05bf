"""Every format: what must be found in it, what must be told as locked, what must stay unflagged, what must not hurt."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.detect.lexicon import Lexicon, build_lexicon
from gateway.extract.picture import reads_pictures
from gateway.inspection import inspect, inspect_apart
from gateway.model import Circumstances, Inspection, Origin, PartState
from gateway.policy.load import read_tree
from tests.support.tools import program
from tests.unit.extract.documents import FOUND, INNOCENT, LOCKED, NUMBER, PICTURES, office, word, zipped

NOBODY = Circumstances(sender=None, recipients=())


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    built, problems = build_lexicon(read_tree(Path(__file__).parents[3] / "policies").files)
    assert not problems
    return built


def mail(name: str, octets: bytes, subject: str = "Handlingar", text: str = "Se bilagan.") -> bytes:
    return (
        (
            f"From: <a@politik.orkelljunga.se>\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\n"
            "Content-Type: multipart/mixed; boundary=x\r\n\r\n"
            f"--x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
            f'--x\r\nContent-Type: application/octet-stream; name="{name}"\r\n'
            f'Content-Disposition: attachment; filename="{name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
        ).encode()
        + base64.encodebytes(octets).replace(b"\n", b"\r\n")
        + b"--x--\r\n"
    )


def rules(inspection: Inspection) -> set[str]:
    return {finding.rule for finding in inspection.findings}


@pytest.mark.parametrize("name", FOUND)
def test_number_is_found(name: str, lexicon: Lexicon) -> None:
    assert "personnummer" in rules(inspect(mail(name, FOUND[name]()), NOBODY, lexicon, files=True))


@pytest.mark.parametrize("name", PICTURES)
def test_number_in_a_picture_is_found(name: str, lexicon: Lexicon) -> None:
    program("tesseract")
    assert reads_pictures()
    assert "personnummer" in rules(inspect(mail(name, PICTURES[name]()), NOBODY, lexicon, files=True))


@pytest.mark.parametrize("name", ["photo.png", "scan.pdf", "old.xls", "files.7z", "title.pdf", "winmail.dat"])
def test_an_enclosed_process_finds_the_same(name: str, lexicon: Lexicon) -> None:
    if name in PICTURES:
        program("tesseract")
    inspection = inspect_apart(mail(name, {**FOUND, **PICTURES}[name]()), NOBODY, lexicon, 30)
    assert "personnummer" in rules(inspection)


@pytest.mark.parametrize("name", LOCKED)
def test_what_is_locked_is_told(name: str, lexicon: Lexicon) -> None:
    inspection = inspect(mail(name, LOCKED[name]()), NOBODY, lexicon, files=True)
    assert PartState.ENCRYPTED in {part.state for part in inspection.message.parts}


@pytest.mark.parametrize("name", INNOCENT)
def test_nothing_is_seen_where_nothing_is(name: str, lexicon: Lexicon) -> None:
    inspection = inspect(mail(name, INNOCENT[name]()), NOBODY, lexicon, files=True)
    assert rules(inspection) == set()
    assert {part.state for part in inspection.message.parts} == {PartState.SCANNED}


def test_locked_member_does_not_hide_the_others(lexicon: Lexicon) -> None:
    outer = zipped({"locked.zip": LOCKED["locked.zip"](), "elev.txt": f"Elev {NUMBER}"})
    inspection = inspect(mail("a.zip", outer), NOBODY, lexicon, files=True)
    assert "personnummer" in rules(inspection)
    assert PartState.ENCRYPTED in {part.state for part in inspection.message.parts}


def test_second_sheet_in_a_zip_in_a_forwarded_mail_is_forwarded(lexicon: Lexicon) -> None:
    inner = mail("gammal.zip", zipped({"gammal.xls": FOUND["old.xls"]()}))
    octets = b"From: <a@politik.orkelljunga.se>\r\nSubject: VB: x\r\nContent-Type: message/rfc822\r\n\r\n" + inner
    inspection = inspect(octets, NOBODY, lexicon, files=True)
    found = next(finding for finding in inspection.findings if finding.rule == "personnummer")
    part = next(part for part in inspection.message.parts if part.path == found.part)
    assert part.origin is Origin.FORWARDED
    assert part.filename == "gammal.xls"


def many_zips(levels: int) -> bytes:
    octets = zipped({f"{n}.txt": "a" * 1000 for n in range(20)})
    for _ in range(levels):
        octets = zipped({f"{n}.zip": octets for n in range(20)})
    return octets


def deep_zip(levels: int) -> bytes:
    octets = b"a"
    for _ in range(levels):
        octets = zipped({"a.zip": octets})
    return octets


BOMB = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>'
FAR = '<worksheet><sheetData><row><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'

HOSTILE: dict[str, Callable[[], bytes]] = {
    "bomb.zip": lambda: zipped({"a.txt": b"\0" * 300_000_000}),
    "bomb.docx": lambda: office({"word/document.xml": b"<a>" + b" " * 300_000_000}),
    "nested.zip": lambda: many_zips(4),
    "deep.zip": lambda: deep_zip(30),
    "entities.docx": lambda: office({"word/document.xml": BOMB}),
    "far.xlsx": lambda: office({"xl/worksheets/sheet1.xml": FAR}),
    "deep.odt": lambda: zipped({"mimetype": "x", "content.xml": "<a>" * 60_000}),
    "head.xls": lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(range(256)) * 20,
    "head.pdf": lambda: b"%PDF-1.7\n" + bytes(range(256)) * 20,
    "head.7z": lambda: b"7z\xbc\xaf\x27\x1c" + bytes(range(256)) * 20,
    "head.png": lambda: b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20,
    "open.rtf": lambda: b"{\\rtf1" + b"{" * 100_000 + b"\\u" * 1000 + b"\\bin99999999 x",
    "open.gz": lambda: b"\x1f\x8b\x08\0" + bytes(100),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_file_costs_itself_alone(name: str, lexicon: Lexicon) -> None:
    octets = mail(name, HOSTILE[name](), text=f"Mitt barn har personnummer {NUMBER}.")
    inspection = inspect_apart(octets, NOBODY, lexicon, 30)
    assert "personnummer" in rules(inspection)


@pytest.mark.parametrize("name", [*FOUND, *LOCKED])
def test_file_that_is_cut_off_or_damaged_is_a_state(name: str, lexicon: Lexicon) -> None:
    octets = {**FOUND, **LOCKED}[name]()
    for broken in (octets[: len(octets) // 2], octets[: len(octets) // 3] + b"\xff" * 40 + octets[len(octets) // 3 :]):
        inspection = inspect_apart(mail(name, broken), NOBODY, lexicon, 30)
        assert all(isinstance(part.state, PartState) for part in inspection.message.parts)


def test_what_libraries_say_is_one_state(lexicon: Lexicon) -> None:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        archive.writestr("[Content_Types].xml", "<a/>")
        archive.writestr("word/document.xml", "<a><b></a>")
    inspection = inspect(mail("broken.docx", kept.getvalue()), NOBODY, lexicon, files=True)
    assert [part.state for part in inspection.message.parts if part.filename] == [PartState.UNREADABLE]


def test_document_keeps_its_text_beside_a_broken_part(lexicon: Lexicon) -> None:
    octets = word(f"<w:p><w:r><w:t>Elev {NUMBER}</w:t></w:r></w:p>", header1="<w:p>")
    inspection = inspect(mail("halv.docx", octets), NOBODY, lexicon, files=True)
    assert "personnummer" in rules(inspection)
