"""Sensitive facts about persons who can be pointed out, and everything that only looks like one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.detect import detect
from gateway.detect.lexicon import Lexicon, build_lexicon
from gateway.detect.special_category import FACTS
from gateway.detect.traits import Pair, traits_of
from gateway.detect.view import View
from gateway.model import (
    Circumstances,
    Confidence,
    Finding,
    Headers,
    Message,
    Origin,
    Part,
    PartState,
    Segment,
    SegmentKind,
)
from gateway.policy.load import read_tree
from tests.unit.detect.conftest import ROOT, Judge, MakeMessage, MakePart

CASES = Path(__file__).with_name("special_category_cases.txt")
NOBODY = Circumstances(sender=None, recipients=())
PAIRS_RIGHT = 0.9

CERTAIN = [
    ("Karin i 4B har fått en adhd-diagnos, så vi borde ta hänsyn till det.", "health"),
    ("Läraren Jonas Frid har epilepsi.", "health"),
    ("Min granne Asta Ek på Ängsvägen 3 är inlagd på psyk.", "health"),
    ("Jag träffade Edvin Brask i går. Han har tydligen fått en stroke i vintras.", "health"),
    ("Familjen Stankovic är romer.", "ethnic"),
    ("Handläggaren Tore Vinge röstar på Sverigedemokraterna.", "political"),
    ("Noor Hadi i 4B är muslim.", "religion"),
    ("Det är Katja Ros som är medlem i Kommunal.", "union"),
    ("Ledaren Simon Rask är homosexuell.", "sexlife"),
    ("Bifogar fingeravtrycksmallen för Mona Sand.", "biometric-genetic"),
    ("Er ledare Stefan Brodd dömdes för misshandel 2018.", "crime"),
]

HARMLESS = [
    "Elsa Mattsson som är ordförande i PRO var med och tyckte att köket var för litet.",
    "Motionen föreslår att kommunen utreder stödet till elever med adhd och autism.",
    "Doktor Nina Salomonsson föreläser om demens den 14 november.",
    "Socialchef Anna Berg informerade om missbruksvård.",
    "Kommunen förhandlar med Kommunal och Vision om scheman.",
    "Sex ungdomar i brottningsklubben fick stipendium.",
    "Det var en sjukt bra debatt och budgeten ligger på intensiven.",
    "En äldre man berättade att han väntat åtta månader på en operation.",
    "Ledamoten Bo Ek (S) yrkade bifall till motionen om psykisk hälsa.",
    "Kyrkogatan och Prästgatan stängs vecka 24.",
    "Axel Horn dog i tuberkulos 1911.",
]


def _found(lexicon: Lexicon, text: str) -> list[Finding]:
    own = Part(
        path="1",
        media_type="text/plain",
        filename=None,
        origin=Origin.OWN,
        state=PartState.SCANNED,
        text=text,
        body=True,
    )
    message = Message(headers=Headers(), parts=(own,), size=len(text))
    return list(FACTS.detect(View(message, lexicon), lexicon, NOBODY))


@pytest.mark.parametrize(("text", "kind"), CERTAIN)
def test_a_fact_about_a_person_is_certain(judge: Judge, text: str, kind: str) -> None:
    findings = [f for f in judge(text) if f.rule == f"special_category:{kind}"]

    assert [f.confidence for f in findings] == [Confidence.HIGH]


@pytest.mark.parametrize("text", HARMLESS)
def test_talk_about_a_subject_is_no_fact_about_a_person(judge: Judge, text: str) -> None:
    raised = [f for f in judge(text) if f.rule_name == "special_category" and f.confidence >= Confidence.MEDIUM]

    assert raised == []


def test_both_halves_of_minimal_pairs_are_told_apart(lexicon: Lexicon) -> None:
    lines = [line.split(" ", 2) for line in CASES.read_text(encoding="utf-8").splitlines() if line[:1] not in ("", "#")]
    wrong = []
    for one, other in zip(lines[::2], lines[1::2], strict=True):
        for _, mark, text in (one, other):
            most = max((f.confidence for f in _found(lexicon, text.replace("\\n", "\n"))), default=None)
            if (most is Confidence.HIGH) != (mark == "+") or (mark == "-" and most is Confidence.MEDIUM):
                wrong.append(text)
                break

    assert len(wrong) <= (1 - PAIRS_RIGHT) * len(lines) / 2, "\n".join(wrong)


def test_evidence_and_reason_hold_none_of_the_words(judge: Judge) -> None:
    (finding,) = judge("Karin Dahl har fått parkinson.")

    assert finding.evidence == "namngiven person + hälsouppgift"
    assert finding.reason == "En hälsouppgift om en namngiven person står i mejlets text."


def test_facts_about_oneself_are_at_most_likely(judge: Judge) -> None:
    (finding,) = judge("Jag har fått diagnosen Parkinson och behöver minska mina uppdrag.")

    assert finding.confidence is Confidence.MEDIUM
    assert finding.reason == "Avsändaren lämnar i mejlets text en hälsouppgift om sig själv."


def test_of_a_case_that_is_made_up_nothing_is_a_fact(judge: Judge) -> None:
    told = "Kalle Ek i 4B har dyslexi och hans mamma Anna Ek är sjukskriven för depression."
    assert judge(told)
    assert not judge(f"Här är mitt övningsfall till utbildningen. {told}")


def test_social_matters_have_no_kind(judge: Judge) -> None:
    assert [f.rule for f in judge("Birgit Malm ska vräkas på torsdag.")] == ["special_category"]


@pytest.mark.parametrize(
    "text",
    [
        "Gunvor Asp på Lindvägen har 40 timmar assistans i veckan.",
        "Ruben Falk har stått utan god man sedan i våras.",
        "Hilma Ståhl har ansökt om särskilt boende.",
        "Viggo Roos i 2C har två heltidsassistenter.",
        "Sigge Holm bor på ett utredningshem.",
        "Doris Wall i växeln varslades i fredags.",
        "Folke Brink har fått avslag på bostadsanpassning.",
        "Verner Lund har blivit av med matdistributionen.",
        "Ingemar Tell har beviljats ledsagning.",
        "Nora Frisk läste med speciallärare i tre år.",
    ],
)
def test_what_social_services_and_school_give_somebody_is_a_fact(judge: Judge, text: str) -> None:
    assert {f.rule for f in judge(text)} == {"special_category"}


@pytest.mark.parametrize(
    "text",
    [
        "Antalet beslut om särskilt boende är elva.",
        "Karin Falk ansvarar för bostadsanpassningsbidragen.",
        "Matdistributionen upphandlas i höst.",
        "Daglig verksamhet på Kärnan får ny svarv.",
        "Trygghetslarmen byts ut i november.",
        "Bussen kom full så Karin Ek fick ta nästa.",
        "Hyresavtalet sades upp av fastighetschefen Leif Ros.",
        "Anna Rosén i nämnden vill ha mer hemtjänst på landsbygden.",
        "Bänkarna är placerade enligt ritningen som Tim Ek gjorde.",
    ],
)
def test_social_services_in_general_are_none(judge: Judge, text: str) -> None:
    assert not [f for f in judge(text) if f.confidence >= Confidence.MEDIUM]


def test_quoted_words_give_findings_of_their_own(lexicon: Lexicon, part: MakePart, message: MakeMessage) -> None:
    text = "Se nedan.\n\nMin man Olle Berg har demens."
    quoted = part(text, segments=_segments(text, SegmentKind.QUOTED))

    (finding,) = FACTS.detect(View(message(quoted), lexicon), lexicon, NOBODY)

    assert finding.segment is SegmentKind.QUOTED


def test_a_signature_is_not_looked_at(lexicon: Lexicon, part: MakePart, message: MakeMessage) -> None:
    text = "Hej då!\n\nEva Grip, medlem i Kommunal"
    signed = part(text, segments=_segments(text, SegmentKind.SIGNATURE))

    assert list(FACTS.detect(View(message(signed), lexicon), lexicon, NOBODY)) == []


def _segments(text: str, kind: SegmentKind) -> tuple[Segment, ...]:
    cut = text.index("\n\n") + 2
    return (
        Segment(kind=SegmentKind.OWN, start=0, end=cut),
        Segment(kind=kind, start=cut, end=len(text)),
    )


def test_the_person_named_in_the_subject_may_be_meant(judge: Judge) -> None:
    findings = judge("Har fått bukspottkörtelcancer och lämnar sina uppdrag.", subject="Gunhild Wester")

    assert {f.rule for f in findings} >= {"special_category:health"}


def test_rows_of_a_table_are_counted(judge: Judge) -> None:
    rows = "Jelena Öberg;åk 7;autism\nMärta Petrovic;åk 5;ADHD\nAnna Hassan;åk 2;astma"

    (finding,) = [f for f in judge(rows) if f.rule == "special_category:health"]

    assert (finding.confidence, finding.count) == (Confidence.HIGH, 3)


def test_a_field_belongs_to_the_person_of_the_line_above(judge: Judge) -> None:
    findings = judge("Läkarutlåtande för färdtjänst\nPatient: Inez Broman\nDiagnos: KOL stadium III och hjärtsvikt")

    assert max(f.confidence for f in findings if f.rule == "special_category:health") is Confidence.HIGH


def test_a_file_name_can_tell_too(judge: Judge, part: MakePart) -> None:
    findings = judge(part("x", path="2", filename="Läkarintyg_Karin_Dahl_epilepsi.pdf", body=False))

    assert [f.reason for f in findings if f.rule == "special_category:health"] == [
        "En hälsouppgift om en namngiven person står i en bilagas filnamn."
    ]


def test_one_own_sentence_in_a_long_official_text_is_found(judge: Judge, data: Path) -> None:
    lines = (data / "sv-text" / "official.jsonl").read_text(encoding="utf-8").splitlines()[:40]
    official = [json.loads(line)["text"] for line in lines]
    own = "\n\nDet gäller Albert Norén i Eket, som har haft två stroke och nekas rehabilitering.\n\n"
    found = 0
    for one, other in zip(official[::2], official[1::2], strict=True):
        findings = [f for f in judge(one + own + other) if f.rule_name == "special_category"]
        found += any(f.confidence is Confidence.HIGH for f in findings)

    assert found == len(official) // 2


def test_official_text_is_hardly_ever_certain(lexicon: Lexicon, data: Path) -> None:
    lines = (data / "sv-text" / "official.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines]
    certain = sum(f.confidence is Confidence.HIGH for text in texts for f in _found(lexicon, text))

    assert certain <= 2 * sum(map(len, texts)) / 1e6


@settings(max_examples=60, deadline=None)
@given(text=st.text(st.characters(), max_size=300))
def test_any_text_gives_a_verdict(lexicon: Lexicon, text: str) -> None:
    for finding in _found(lexicon, text + " Karin Ek har cancer, sa\ud800 hon. " + text):
        assert 0 <= finding.start <= finding.end


PIECES = [
    "har cancer ", "Karin ", "Karin Ek har cancer. ", "han har adhd, ", "medlem i Kommunal ", "\n", "(", "är bög\n",
    "jag är muslim och ", "i S på M ",
]  # fmt: skip


@pytest.mark.parametrize("piece", PIECES)
def test_work_grows_no_faster_than_the_text(lexicon: Lexicon, piece: str, monkeypatch: pytest.MonkeyPatch) -> None:
    weighed: list[int] = []

    def counting(pair: Pair) -> set[str]:
        weighed.append(len(pair.sentence.tokens))
        return traits_of(pair)

    monkeypatch.setattr("gateway.detect.special_category.traits_of", counting)
    works = []
    for size in (20_000, 40_000):
        weighed.clear()
        _found(lexicon, piece * (size // len(piece)))
        works.append(sum(weighed))

    assert works[1] <= 2.2 * works[0] + 1000


@pytest.mark.parametrize(("size", "expected"), [(0, Confidence.HIGH), (40, Confidence.MEDIUM)])
def test_a_long_text_needs_more_to_be_certain(
    message: MakeMessage, part: MakePart, size: int, expected: Confidence
) -> None:
    files = dict(read_tree(ROOT / "policies").files)
    name = "lexicon/special_category/levels.toml"
    files[name] = files[name].replace("high_in_long = 1.8", "high_in_long = 20")
    built, problems = build_lexicon(files)
    assert problems == []
    text = "Karin Svensson har fått cancer.\n\n" + "Nämnden behandlar vägar och broar.\n" * size
    rules = replace(built, model=None)
    found, _ = detect(message(part(text)), rules, Circumstances(sender=None, recipients=()))
    assert [f.confidence for f in found if f.rule == "special_category:health"] == [expected]


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("Karin Lindgren har cancer.", "namngiven person"),
        ("Karin i 5C har cancer.", "namngiven person"),
        ("Grannen Karin har cancer.", "namngiven person"),
        ("Karin har cancer.", "person med förnamn"),
        ("Sedan fick Lindgren cancer.", "person med efternamn"),
        ("Familjen Lindgren har cancer.", "namngiven familj"),
        ("Min granne har cancer.", "släkting eller granne"),
        ("Socialchefen har cancer.", "person med viss befattning"),
        ("Eleven i 5C har cancer.", "person som går att peka ut"),
        ("Karin Ek kom. Hon har cancer.", "person som nämns tidigare"),
    ],
)
def test_the_letter_says_how_somebody_is_pointed_out(judge: Judge, text: str, who: str) -> None:
    (found,) = (f for f in judge(text) if f.detector == "special_category")
    assert (found.rule, found.evidence) == ("special_category:health", f"{who} + hälsouppgift")
    assert found.reason == f"En hälsouppgift om en {who} står i mejlets text."


def test_what_the_sender_tells_of_himself_is_likely_at_most(judge: Judge) -> None:
    (found,) = (f for f in judge("Jag har cancer.") if f.detector == "special_category")
    assert (found.confidence, found.evidence) == (Confidence.MEDIUM, "avsändaren själv + hälsouppgift")
    assert found.reason == "Avsändaren lämnar i mejlets text en hälsouppgift om sig själv."


@pytest.mark.parametrize(
    ("fact", "rule", "what"),
    [
        ("är kurd", "special_category:ethnic", "uppgift om etniskt ursprung"),
        ("är kommunist", "special_category:political", "uppgift om politisk åsikt"),
        ("är muslim", "special_category:religion", "uppgift om religion"),
        ("är medlem i Kommunal", "special_category:union", "facklig uppgift"),
        ("är lesbisk", "special_category:sexlife", "uppgift om sexualliv eller läggning"),
        ("lämnade dna-prov", "special_category:biometric-genetic", "biometrisk eller genetisk uppgift"),
        ("dömdes för stöld", "special_category:crime", "uppgift om brott"),
        ("är placerad i familjehem", "special_category", "uppgift om sociala förhållanden, skola eller anställning"),
    ],
)
def test_the_letter_says_what_kind_of_fact_it_is(judge: Judge, fact: str, rule: str, what: str) -> None:
    (found,) = (f for f in judge(f"Karin Lindgren {fact}.") if f.detector == "special_category")
    assert (found.rule, found.evidence) == (rule, f"namngiven person + {what}")
    assert found.reason == f"En {what} om en namngiven person står i mejlets text."


def test_facts_of_a_kind_share_a_finding_in_each_segment(judge: Judge, quoting: MakePart) -> None:
    both = "Karin Lindgren har cancer. Bo Ek har adhd. Bo Ek är muslim.\n"
    found = [f for f in judge(quoting(both, both)) if f.detector == "special_category"]
    assert [(f.segment, f.rule.partition(":")[2], f.count) for f in found] == [
        (SegmentKind.QUOTED, "health", 2),
        (SegmentKind.QUOTED, "religion", 1),
        (SegmentKind.OWN, "health", 2),
        (SegmentKind.OWN, "religion", 1),
    ]


def test_the_subject_points_out_whom_the_text_is_about(judge: Judge) -> None:
    (found,) = (f for f in judge("Sjukskriven.", subject="Karin Lindgren") if f.detector == "special_category")
    assert found.evidence == "namngiven person + hälsouppgift"


@pytest.mark.parametrize("kind", [SegmentKind.SIGNATURE, SegmentKind.DISCLAIMER])
def test_signatures_and_disclaimers_tell_nothing_of_anybody(judge: Judge, part: MakePart, kind: SegmentKind) -> None:
    text = "Karin Lindgren har cancer."
    made = part(text, segments=(Segment(kind=kind, start=0, end=len(text)),))
    assert not [f for f in judge(made) if f.detector == "special_category"]
