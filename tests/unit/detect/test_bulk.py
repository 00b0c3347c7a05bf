"""Lists of persons, and lists that are none."""

from __future__ import annotations

import pytest

from gateway.detect.checks import luhn
from gateway.model import Confidence, Finding, SegmentKind
from tests.unit.detect.conftest import Judge, MakePart

FIRST = ("Anna", "Bo", "Cecilia", "David", "Eva", "Filip", "Gun", "Hans", "Ida", "Jan", "Kerstin", "Lars", "Maria")
LAST = ("Ek", "Lind", "Berg", "Nilsson", "Persson", "Holm")
PERSONS = [f"{first} {last}" for last in LAST for first in FIRST]


def phone(number: int) -> str:
    return f"070-174 06 {5 + number % 95:02}"


def told(findings: tuple[Finding, ...]) -> list[tuple[int, Confidence]]:
    return [(f.count, f.confidence) for f in findings if f.rule == "bulk_personal_data"]


def dotted(name: str) -> str:
    return name.replace(" ", ".").lower()


def number(day: int) -> str:
    head = f"7801{day % 28 + 1:02}-{240 + day}"
    return next(head + check for check in "0123456789" if luhn((head + check).replace("-", "")))


def tight(day: int) -> str:
    return f"19{number(day)}".replace("-", "")


ROWS = {
    "{name}, {phone}": Confidence.HIGH,
    "{name}, 7A": Confidence.MEDIUM,
    "{name}, åk F": Confidence.MEDIUM,
    "{name}, 19{number}": Confidence.MEDIUM,
    "{name}, kommer": None,
    "{name} som är med i vår grupp klass 7A": None,
    "{name} som är med i vår 1950": None,
    "{name}\n7A": None,
    "{name} (S) {phone}": None,
    "{name}, (KD), {phone}": None,
    "{name}\n\n{phone}": None,
    "{name} anna{number}@example.com": Confidence.HIGH,
    "{name} anna{number}@orkelljunga.se": None,
    "{name} anna{number}@politik.Orkelljunga.se, {phone}": None,
    "{name} anna{number}@fororkelljunga.se": Confidence.HIGH,
    "{name} anna@example.com": Confidence.HIGH,
    "{mail}@example.com": Confidence.HIGH,
    "{mail}@orkelljunga.se": None,
    "{mail}@fororkelljunga.se": Confidence.HIGH,
    "info{mail}@example.com": None,
    "q{number}@example.com": None,
    "anna.q{number}@example.com": Confidence.HIGH,
    "q{number}.svensson@example.com": Confidence.HIGH,
    "info@example.com, {mail}@example.com": Confidence.HIGH,
    "{identity}": Confidence.HIGH,
    "{tight}": Confidence.HIGH,
    "{name} {identity}": Confidence.HIGH,
    "{name}, Storg. {number}": Confidence.HIGH,
    "{name} (Parkv. {number} B)": Confidence.HIGH,
    "{name}, s. {number}": None,
    "{name};kommer": Confidence.MEDIUM,
    "{name};k": None,
    "{name};ledamot": None,
}


@pytest.mark.parametrize(("row", "confidence"), ROWS.items())
def test_what_stands_beside_a_name_makes_a_list(judge: Judge, row: str, confidence: Confidence | None) -> None:
    rows = (
        row.format(name=p, mail=dotted(p), phone=phone(n), number=50 + n, identity=number(n), tight=tight(n))
        for n, p in enumerate(PERSONS[:20])
    )
    assert told(judge("\n".join(rows))) == ([(20, confidence)] if confidence else [])


def test_a_column_of_offices_is_a_list_of_the_commission(judge: Judge) -> None:
    rows = "\n".join(f"{p};kommer" for p in PERSONS[:20])
    assert told(judge(f"namn;svar\n{rows}")) == [(20, Confidence.MEDIUM)]
    assert told(judge(f"namn;uppdrag\n{rows}")) == []
    assert told(judge(f"namn;svar\n{rows.replace('kommer', 'ledamot')}")) == []


@pytest.mark.parametrize(("persons", "lists"), [(4, []), (5, [5])])
def test_five_persons_make_a_list(judge: Judge, persons: int, lists: list[int]) -> None:
    text = "\n".join(f"{p}, {phone(n)}" for n, p in enumerate(PERSONS[:persons]))
    assert [count for count, _ in told(judge(text))] == lists


def test_half_of_them_must_be_within_reach_for_it_to_be_sure(judge: Judge) -> None:
    rows = [f"{p}, {phone(n) if n % 2 else '7A'}" for n, p in enumerate(PERSONS[:20])]
    assert told(judge("\n".join(rows))) == [(20, Confidence.HIGH)]
    assert told(judge("\n".join([*rows, f"{PERSONS[20]}, 7A"]))) == [(21, Confidence.MEDIUM)]


def test_the_finding_covers_the_list_and_says_how_long_it_is(judge: Judge) -> None:
    rows = "\n".join(f"{p}, {phone(n)}" for n, p in enumerate(PERSONS[:20]))
    (found,) = (f for f in judge(f"Hej! {rows}\n\nVi ses") if f.rule == "bulk_personal_data")
    assert (found.start, found.evidence) == (5, "20 personer")
    assert found.reason == "En lista över 20 personer med kontaktuppgifter eller nummer står i mejlets text."
    (found,) = (f for f in judge(rows.replace("070", "7A, ").replace("-", "")) if f.rule == "bulk_personal_data")
    assert found.reason == "En lista över 20 personer med uppgifter om var och en står i mejlets text."


def test_each_segment_has_its_own_list(judge: Judge, quoting: MakePart) -> None:
    quote, own = (
        "\n".join(f"{p}, {phone(n)}" for n, p in enumerate(PERSONS[i:j])) + "\n" for i, j in ((0, 9), (9, 16))
    )
    found = [f for f in judge(quoting(quote, own)) if f.rule == "bulk_personal_data"]
    assert [(f.segment, f.count) for f in found] == [(SegmentKind.QUOTED, 9), (SegmentKind.OWN, 7)]


def test_rows_of_a_table(judge: Judge) -> None:
    rows = [f"{p};Bokvägen {n};286 36 Örkelljunga;{phone(n)}" for n, p in enumerate(PERSONS[:30])]
    assert told(judge("namn;gata;ort;telefon\n" + "\n".join(rows))) == [(30, Confidence.HIGH)]


def test_running_text(judge: Judge) -> None:
    text = ", ".join(f"{p} ({phone(n)})" for n, p in enumerate(PERSONS[:25]))
    assert told(judge(f"Dessa är anmälda: {text}.")) == [(25, Confidence.HIGH)]


def test_blocks_of_lines(judge: Judge) -> None:
    text = "\n\n".join(f"{p}\nTallvägen {n + 1}\n286 31 Örkelljunga" for n, p in enumerate(PERSONS[:22]))
    assert told(judge(text)) == [(22, Confidence.HIGH)]


def test_last_name_first_and_names_in_two_cells(judge: Judge) -> None:
    swapped = "\n".join(f"{p.split()[1]}, {p.split()[0]};1980-01-{n % 28 + 1:02}" for n, p in enumerate(PERSONS[:20]))
    split = "\n".join(f"{p.split()[0]}\t{p.split()[1]}\t{phone(n)}" for n, p in enumerate(PERSONS[:20]))
    assert [count for count, _ in told(judge(swapped))] == [20]
    assert [count for count, _ in told(judge(split))] == [20]


@pytest.mark.parametrize("mark", ["a) ", "12. ", "- ", "  ", "\u2022 "])
def test_last_name_first_behind_the_mark_of_an_entry(judge: Judge, mark: str) -> None:
    swapped = "\n".join(
        f"{mark}{p.split()[1]}, {p.split()[0]} 1980-01-{n % 28 + 1:02}" for n, p in enumerate(PERSONS[:20])
    )
    assert [count for count, _ in told(judge(swapped))] == [20]


def test_other_facts_about_each(judge: Judge) -> None:
    rows = "\n".join(f"{p};åk {n % 9 + 1};adhd" for n, p in enumerate(PERSONS[:24]))
    assert told(judge("namn;klass;stöd\n" + rows)) == [(24, Confidence.MEDIUM)]


def test_private_addresses_alone(judge: Judge, part: MakePart) -> None:
    lines = "\n".join(f"{p.replace(' ', '.').lower()}@example.com" for p in PERSONS[:21])
    assert told(judge("Exporten.", part(lines, path="2", body=False))) == [(21, Confidence.HIGH)]


def test_the_same_person_counts_once(judge: Judge) -> None:
    row = f"Anna Ek;Bokvägen 1;{phone(1)}\n"
    assert told(judge(row * 40)) == []


def test_lists_of_the_commission_pass(judge: Judge) -> None:
    present = ", ".join(f"{p} (S)" for p in PERSONS[:40])
    staff = "\n".join(f"{p}, {p.replace(' ', '.').lower()}@orkelljunga.se, 0435-550 00" for p in PERSONS[:30])
    offices = "Namn;Uppdrag;Parti\n" + "\n".join(f"{p};ledamot;M" for p in PERSONS[:30])
    roads = "vagnr;langd\n" + "\n".join(f"{n};{n * 7}" for n in range(200))
    for text in (f"Närvarande: {present}", staff, offices, roads, "\n".join(PERSONS)):
        assert told(judge(text)) == []


def test_order_numbers_are_no_persons(judge: Judge) -> None:
    assert told(judge("\n".join(f"Order {700000 + n}-{1000 + n}" for n in range(100)))) == []
