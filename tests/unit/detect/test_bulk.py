"""Lists of persons, and lists that are none."""

from __future__ import annotations

from gateway.model import Confidence, Finding
from tests.unit.detect.conftest import Judge, MakePart

FIRST = ("Anna", "Bo", "Cecilia", "David", "Eva", "Filip", "Gun", "Hans", "Ida", "Jan", "Kerstin", "Lars", "Maria")
LAST = ("Ek", "Lind", "Berg", "Nilsson", "Persson", "Holm")
PERSONS = [f"{first} {last}" for last in LAST for first in FIRST]


def phone(number: int) -> str:
    return f"070-174 06 {5 + number % 95:02}"


def told(findings: tuple[Finding, ...]) -> list[tuple[int, Confidence]]:
    return [(f.count, f.confidence) for f in findings if f.rule == "bulk_personal_data"]


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
