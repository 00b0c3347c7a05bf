"""How well numbers are told, on the shared lists of written forms, test numbers and official text."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.unit.detect.conftest import Judge

RULES = {"personnummer", "samordningsnummer"}
IDENTITIES = {"personnummer", "samordningsnummer", "interim number"}
ELSEWHERE = {"payment card", "IBAN", "bank account"}


def test_written_forms(judge: Judge, data: Path) -> None:
    with (data / "identities" / "number-cases.csv").open(encoding="utf-8", newline="") as stream:
        rows = [r for r in csv.DictReader(stream) if r["kind"] not in ELSEWHERE]
    right = missed = false = 0
    for row in rows:
        found = {f.rule for f in judge(row["value"])} & RULES
        wanted = row["flag"] == "yes"
        right += bool(found) and wanted
        missed += wanted and not found
        false += bool(found) and not wanted
    assert right / (right + missed) >= 0.97
    assert right / (right + false) >= 0.98


@pytest.mark.parametrize(
    ("file", "rule"),
    [
        ("skatteverket-testpersonnummer-sample.txt", "personnummer"),
        ("skatteverket-testsamordningsnummer-sample.txt", "samordningsnummer"),
    ],
)
def test_published_test_numbers(judge: Judge, data: Path, file: str, rule: str) -> None:
    for number in (data / "identities" / file).read_text(encoding="utf-8").split():
        for form in (number, f"{number[:8]}-{number[8:]}", f"{number[2:8]}-{number[8:]}", f"pnr {number[2:]}"):
            assert [f.rule for f in judge(form)] == [rule], form


@pytest.mark.parametrize("file", ["meta-list.json", "meta-interim.json", "meta-orgnumber.json"])
def test_lists_of_other_libraries(judge: Judge, data: Path, file: str) -> None:
    for item in json.loads((data / "identities" / file).read_text(encoding="utf-8")):
        written = item["separated_format"]
        if " " in written:
            continue  # the list tests parsers with a lost plus sign; in running text it is a number with a space
        assert bool({f.rule for f in judge(written)} & RULES) is item["valid"], written


def test_official_text_raises_no_alarm_about_numbers(judge: Judge, data: Path) -> None:
    with (data / "sv-text" / "official.jsonl").open(encoding="utf-8") as stream:
        texts = [json.loads(line)["text"] for line in stream]
    alarms = [f.rule for text in texts for f in judge(text) if f.rule in RULES | {"financial", "credentials"}]
    assert alarms == []
