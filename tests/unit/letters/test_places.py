"""Where something was found, told without telling what must not be told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.letters.letter import Found, Where
from gateway.letters.places import LONGEST_NAME, MOST_EVIDENCE, MOST_PLACES, Places, plain
from gateway.model import Confidence, Finding, Origin, Part, PartState, SegmentKind

SUBJECT = Part(path="subject", media_type="text/x-subject", filename=None, origin=Origin.OWN, state=PartState.SCANNED)
BODY = replace(SUBJECT, path="1", media_type="text/plain", body=True)
HTML = replace(BODY, path="2", media_type="text/html", body=False, alternative=True)
LIST = replace(SUBJECT, path="3", media_type="text/csv", filename="lista.csv")
ARCHIVE = replace(SUBJECT, path="4", media_type="application/zip", filename="arkiv.zip")
INSIDE = replace(ARCHIVE, path="4/brev.txt", media_type="text/plain", filename="brev.txt")
FORWARDED = replace(SUBJECT, path="5.1", media_type="text/plain", origin=Origin.FORWARDED)
PARTS = (SUBJECT, BODY, HTML, LIST, ARCHIVE, INSIDE, FORWARDED)

FINDING = Finding(
    rule="personnummer",
    detector="identity",
    confidence=Confidence.HIGH,
    part="1",
    segment=SegmentKind.OWN,
    origin=Origin.OWN,
    evidence="19••••••-••••",
    reason="Ett personnummer står i mejlets text.",
    start=100,
    end=113,
)


def tell(*findings: Finding, parts: tuple[Part, ...] = PARTS) -> list[Found]:
    return list(Places(parts, findings).tell(findings)[0])


@pytest.mark.parametrize(
    ("finding", "where"),
    [
        (FINDING, Where.BODY),
        (replace(FINDING, part="2"), Where.BODY),
        (replace(FINDING, part="subject"), Where.SUBJECT),
        (replace(FINDING, segment=SegmentKind.QUOTED), Where.QUOTED),
        (replace(FINDING, segment=SegmentKind.FORWARDED), Where.FORWARDED),
        (replace(FINDING, segment=SegmentKind.SIGNATURE), Where.SIGNATURE),
        (replace(FINDING, segment=SegmentKind.DISCLAIMER), Where.BODY),
        (replace(FINDING, part="5.1"), Where.FORWARDED),
        (replace(FINDING, part="9"), Where.MESSAGE),
    ],
)
def test_texts_have_a_place(finding: Finding, where: Where) -> None:
    (found,) = tell(finding)
    assert (found.where, found.number, found.name) == (where, 0, "")


def test_an_attachment_is_told_by_number_and_name() -> None:
    (found,) = tell(replace(FINDING, part="3"))
    assert (found.where, found.number, found.name, found.suffix) == (Where.ATTACHMENT, 1, "lista.csv", "csv")


def test_a_file_inside_is_told_with_the_attachment_around_it() -> None:
    (found,) = tell(replace(FINDING, part="4/brev.txt"))
    assert (found.where, found.number, found.name, found.member) == (Where.MEMBER, 2, "arkiv.zip", "brev.txt")


@pytest.mark.parametrize(
    "name", ["19780914-2388.pdf", "Ansökan 780914 2388.pdf", "0701-74 06 05 med 12.txt", "konto 1234.5678.9012"]
)
def test_a_name_with_a_number_that_may_be_anybodys_is_never_told(name: str) -> None:
    (found,) = tell(replace(FINDING, part="3"), parts=(BODY, replace(LIST, filename=name)))
    assert found.name == ""
    assert found.number == 1


@pytest.mark.parametrize("name", ["Protokoll 2026-05-04.pdf", "§ 112-115 (2026).docx", "IMG_20260504.jpg"])
def test_a_name_with_a_date_is_told(name: str) -> None:
    (found,) = tell(replace(FINDING, part="3"), parts=(BODY, replace(LIST, filename=name)))
    assert found.name == name


def test_a_name_that_is_a_finding_is_told_nowhere() -> None:
    """Not even beside a finding of another rule in the same attachment."""
    named = replace(LIST, filename="Karin Berg cancerdiagnos.docx")
    in_name = replace(
        FINDING, part="3", rule="special_category:health", start=11, end=24, reason="Det står i en bilagas filnamn."
    )
    in_text = replace(FINDING, part="3")
    places = Places((BODY, named), (in_name, in_text))
    (found,) = places.tell([in_text])[0]
    assert (found.where, found.name, found.suffix) == (Where.ATTACHMENT, "", "docx")
    (found,) = places.tell([in_name])[0]
    assert (found.where, found.name) == (Where.FILENAME, "")


def test_a_member_whose_name_is_a_finding_is_not_named() -> None:
    inside = replace(INSIDE, path="4/780914-2388.txt", filename="780914-2388.txt")
    (found,) = tell(replace(FINDING, part=inside.path), parts=(BODY, ARCHIVE, inside))
    assert (found.name, found.member) == ("arkiv.zip", "")


def test_an_attachment_without_a_name_has_a_number() -> None:
    (found,) = tell(replace(FINDING, part="3"), parts=(BODY, replace(LIST, filename=None)))
    assert (found.where, found.number, found.name, found.suffix) == (Where.ATTACHMENT, 1, "", "")


def test_findings_in_one_place_are_one_place() -> None:
    listed = [replace(FINDING, evidence=f"19••••••-•••• (nr {n})", count=2) for n in range(5)]
    sure = replace(FINDING, reason="Ett personnummer, det är säkert.")
    doubtful = replace(FINDING, confidence=Confidence.LOW, reason="Kanske.")
    (found,) = tell(doubtful, *listed, sure)
    assert found.count == 12
    assert len(found.evidence) == MOST_EVIDENCE
    assert found.reason == FINDING.reason


def test_a_letter_lists_a_few_places_and_counts_the_rest() -> None:
    parts = tuple(replace(LIST, path=str(n), filename=f"{n}.csv") for n in range(10))
    findings = [replace(FINDING, part=part.path) for part in parts]
    found, left_out = Places(parts, findings).tell(findings)
    assert (len(found), left_out) == (MOST_PLACES, 10 - MOST_PLACES)


def test_the_media_type_of_what_was_not_inspected_is_no_evidence() -> None:
    state = replace(FINDING, detector="state", part="4", evidence="application/zip", start=0, end=0)
    (found,) = tell(state)
    assert (found.evidence, found.name) == ((), "arkiv.zip")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u202egnp.exe", "agnp.exe"),
        ("a\x00\x07b\u200b\ufeff", "ab"),
        ("  a\r\n b\u2028c\u00a0d ", "a b c d"),
        ("åäö ”x” 19••", "åäö ”x” 19••"),
        ("x" * 300, "x" * 20),
    ],
)
def test_words_of_the_message_are_made_plain(text: str, shown: str) -> None:
    assert plain(text, 20) == shown


def test_a_long_name_keeps_both_ends() -> None:
    far = replace(FINDING, part="3", start=900, end=913)
    (found,) = tell(far, parts=(BODY, replace(LIST, filename="a" * 200 + ".xlsx")))
    assert len(found.name) <= LONGEST_NAME
    assert found.name.endswith(".xlsx")
    assert "…" in found.name
