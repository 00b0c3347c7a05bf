"""The operations page: its language, its rounded counts, and nothing in it that a browser would fetch or run."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from gateway.telemetry.board import Board, RowState
from gateway.telemetry.operations import FEW, POLICY, History, Span, choose_language, operations_page
from gateway.telemetry.readiness import Checks, Degraded
from gateway.telemetry.tongue import WORDS

NOTHING = Span(verdicts={}, rules={}, observed={})


def page(lang: str = "en", checks: Checks | None = None, day: Span = NOTHING, *, journal: bool = True) -> str:
    board = Board(2, version="1.2.3")
    board.policy_version = "abc<script>"
    board.row(1).beat(RowState.READY)
    titles = {"sv": {"private": "Privat innehåll"}, "en": {"private": "Private content"}}
    history = History(day=day, month=NOTHING, titles=titles) if journal else None
    return operations_page(board, {} if checks is None else checks, history, lang).decode()


@pytest.mark.parametrize(
    ("query", "accept", "lang"),
    [
        ("", "", "sv"),
        ("", "en-GB,en;q=0.9", "en"),
        ("", "sv-SE,sv;q=0.9,en;q=0.8", "sv"),
        ("", "de,en;q=0.3,sv;q=0.7", "sv"),
        ("", "en;q=0, sv;q=0.1", "sv"),
        ("", "en;q=nan, de", "sv"),
        ("", "en;q=x;;,,=,*", "sv"),
        ("lang=en", "sv", "en"),
        ("a=b&lang=sv", "en", "sv"),
        ("lang=de", "en", "en"),
        ("lang=<script>", "", "sv"),
    ],
)
def test_the_language_is_the_one_asked_for(query: str, accept: str, lang: str) -> None:
    assert choose_language(query, accept) == lang


def test_both_languages_say_the_same_things() -> None:
    swedish, english = set(WORDS["sv"]), set(WORDS["en"])
    assert english <= swedish
    assert all(key.startswith("w_") for key in swedish - english)


def test_counts_are_rounded_so_that_no_difference_tells_of_one_message() -> None:
    shown = page(day=Span(verdicts={"block": 13, "warn": 1, "pass": 4, "defer": 0}, rules={"private": 12}, observed={}))
    assert re.findall(r'<text x="[\d.]+" y="\d+">([<≈&][^<]*)</text>', shown) == ["≈ 15", "&lt; 5", "&lt; 5", "≈ 10"]
    assert "13" not in re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d|<style>.*?</style>|y=\"\d+\"", "", shown)
    assert "deferred" not in shown


def test_rules_are_called_as_in_the_policies() -> None:
    seen = Span(verdicts={}, rules={"private": 12, "gone": 7}, observed={})
    assert ">Private content</text>" in page(day=seen)
    assert ">Privat innehåll</text>" in page("sv", day=seen)
    assert ">gone</text>" in page(day=seen), "a rule that is no longer there"


def bar(count: int) -> list[str]:
    """Return the bars where one of two counts is this."""
    shown = page(day=Span(verdicts={"pass": 100, "warn": count}, rules={}, observed={}))
    return re.findall(r'<rect class="bar"[^>]*>', shown)


@pytest.mark.parametrize(("least", "most"), [(1, FEW), (8, 12), (13, 17), (48, 52)])
def test_a_bar_says_no_more_than_its_number(least: int, most: int) -> None:
    assert bar(least) == bar(most)
    assert bar(least) != bar(most + FEW)


def test_how_each_part_is_is_told_in_words_and_not_by_colour_alone() -> None:
    shown = page("sv", {"relay": "does not answer", "disk": Degraded("3 MiB are left"), "workers": True})
    assert "Fungerar inte</span> svarar inte" in shown
    assert "Nedsatt</span> 3 MiB are left" in shown
    assert "Fungerar</span></td>" in shown


def test_a_journal_that_cannot_be_read_is_told() -> None:
    assert WORDS["en"]["no_journal"] in page(journal=False)


class Reader(HTMLParser):
    """Collects what a browser would fetch or run."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links |= {value or "" for name, value in attrs if name == "href"}


@pytest.mark.parametrize("lang", ["sv", "en"])
def test_nothing_is_fetched_or_run_and_values_are_escaped(lang: str) -> None:
    reader = Reader()
    reader.feed(page(lang, {"relay": "<img src=x>"}, Span(verdicts={"<b>": 7}, rules={}, observed={})))
    assert reader.tags.isdisjoint({"script", "link", "img", "iframe", "object", "form", "b"})
    assert reader.attributes.isdisjoint({"src", "style", "onload", "onclick", "action", "xlink:href"})
    assert all(link.startswith("/") and not link.startswith("//") for link in reader.links)
    assert "unsafe" not in POLICY
