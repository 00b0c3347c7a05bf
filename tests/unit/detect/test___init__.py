"""All detectors together: isolation, any text, what a finding may show."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gateway.detect as room
from gateway.detect.detector import Detector
from gateway.detect.lexicon import Lexicon
from gateway.model import Circumstances, Finding, Origin, Segment, SegmentKind
from tests.unit.detect.conftest import Judge, MakeMessage, MakePart

NOWHERE = Circumstances(sender=None, recipients=())


def test_names_and_rules_are_distinct() -> None:
    names = [d.name for d in room.DETECTORS]
    assert len(set(names)) == len(names)
    assert all(d.rules and ":" not in "".join(d.rules) for d in room.DETECTORS)


def test_a_crash_stays_with_its_detector(
    lexicon: Lexicon, message: MakeMessage, part: MakePart, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> tuple[Finding, ...]:
        raise RuntimeError

    broken = Detector(name="broken", rules=("private",), detect=fail)
    monkeypatch.setattr(room, "DETECTORS", (broken, *room.DETECTORS))
    findings, crashed = room.detect(message(part("Personnummer 780914-2388")), lexicon, NOWHERE)
    assert crashed == ("broken",)
    assert "personnummer" in {f.rule for f in findings}


def test_detectors_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        room.DETECTORS[0].name = "other"  # type: ignore[misc]


def test_no_finding_shows_what_it_found(judge: Judge) -> None:
    text = (
        "Personnummer 780914-2388, lösenord: Vinter#2024, kort 4111 1111 1111 1111, mitt konto 6712 318 442 971. "
        "Anna Ek har skyddad identitet och bor på Tallvägen 4."
    )
    findings = judge(text)
    assert {"personnummer", "credentials", "financial", "protected_identity"} <= {f.rule for f in findings}
    for finding in findings:
        shown = finding.evidence + finding.reason
        assert not any(secret in shown for secret in ("2388", "Vinter", "1111", "442", "Anna", "Tallvägen"))
        assert finding.reason.endswith(".")


def test_facts_found_keep_resemblance_from_calling_a_mail_private(judge: Judge) -> None:
    text = "Hej! Kan du ta det här? Grannens pojke Tim Ask, 150228-2393, kom hem till oss i går kväll."
    assert "personnummer" in {f.rule for f in judge(text)}
    assert "party_internal" not in {f.rule for f in judge(text)}


def test_quoted_words_are_not_the_purpose_of_a_mail(judge: Judge, part: MakePart) -> None:
    text = "Tack för ditt mejl, ärendet är diariefört.\n> Älskling, köp mjölk på vägen hem. Puss!\n"
    cut = text.index(">")
    segments = (
        Segment(kind=SegmentKind.OWN, start=0, end=cut),
        Segment(kind=SegmentKind.QUOTED, start=cut, end=len(text)),
    )
    assert "private" not in {f.rule for f in judge(part(text, segments=segments, origin=Origin.OWN))}


HOSTILE = [
    "",
    "\x00\x01\x02",
    "\ud800\udfff",
    "\u202e\u2066780914\u20692388",
    "😀" * 2000,
    "a" + "\u0301" * 5000,
    "0" * 20_000,
    "1 " * 20_000,
    "1-" * 20_000,
    "780914-2388 " * 3000,
    "@" * 20_000,
    "a." * 20_000 + "@",
    "a@b." * 10_000,
    ";" * 20_000,
    ";\n" * 20_000,
    "Anna " * 10_000,
    "Anna Ek " * 5000,
    "lösenord " * 5000,
    "lösenord: " * 5000,
    "kod är " * 5000,
    "skicka ditt personnummer " * 3000,
    "skyddad identitet " * 3000,
    "fyra sista " * 5000,
    "ett två tre fyra fem " * 4000,
    "puss " * 10_000,
    "IBAN SE" + "45" * 10_000,
    "\n" * 50_000,
    " " * 50_000,
    "ندعوكم إلى اجتماع " * 2000,
    "В'ячеслав пароль " * 2000,
    "x" * 300_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_any_text_gives_a_result(judge: Judge, text: str) -> None:
    assert isinstance(judge(text, subject=text[:200]), tuple)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=400))
def test_arbitrary_text_gives_a_result(judge: Judge, text: str) -> None:
    for finding in judge(text, subject=text[:50]):
        assert 0 <= finding.start <= finding.end <= len(text) + 4


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(["780914-2388", "pnr", "lösenord:", "Anna Ek", "konto", "\n", ";", "är", "5582", "@"])))
def test_pieces_in_any_order_give_a_result(judge: Judge, pieces: list[str]) -> None:
    assert isinstance(judge(" ".join(pieces)), tuple)
