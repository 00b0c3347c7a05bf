"""What the surroundings of a number say about it: its label, a person nearby, a web address around it."""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

from gateway.detect.matcher import Span
from gateway.detect.view import Page

_LOOK: Final = 90
_ADDRESSED: Final = 200
"""Characters before a number in which an address that holds it begins, or its query."""
_MOST_FILLERS: Final = 5
_TOKEN: Final = re.compile(r"[^\W_]+|\S|\n")
_OTHER_ENDING: Final = re.compile(r"(?:nummer|numret|numrets|numren|nr|number|koden?|referens|ref)$", re.IGNORECASE)
_LABEL_ENDING: Final = re.compile(
    r"(?:person|pers|samordnings|identitets)(?:nummer|numret|numren|nr)$|pnr$", re.IGNORECASE
)
_AS: Final = re.compile(r"[\"')]?[ ](?:som|as|(?:står |stod )?för)[ ](?P<name>\w{2,30})")
_ADDRESS: Final = re.compile(r"://|www\.|[?&][\w.-]{1,40}=|^/[\w-]+/", re.IGNORECASE)
_OF_A_THING: Final = re.compile(
    r"\b(?P<name>\w{2,30}(?:nummer|numret|numren|nr))[ ](?:på|till|för|av|i|hos)[ ]"
    r"(?P<thing>(?:[a-zåäö][\w-]{1,30}[ ,:]{1,2}){1,3}?)"
    r"(?:(?:är|lyder|heter|blev|blir|står som)[: ]{1,2})?$"
)
"""``serienumret på hjärtstartaren är`` before a number."""
_STOPS: Final = frozenset(";|,\n!?[]{}<>/\\")


class Label(Enum):
    """What a number is said to be."""

    IDENTITY = "identity"
    OTHER = "other"
    NONE = "none"


def label_of(page: Page, start: int) -> Label:
    """Return what the words directly before a number call it, small words in between aside."""
    barrier = False
    fillers = 0
    tokens = list(_TOKEN.finditer(page.text, max(0, start - _LOOK), start))
    for token in reversed(tokens):
        word = token.group()
        if word in _STOPS:
            if word == "\n" and page.text[token.start() - 1] == ":":
                continue
            return Label.NONE
        if not word[0].isalnum():
            barrier = barrier or word == "."
            continue
        named = _named(page, word, token.start())
        if named is not Label.NONE:
            return named
        if barrier or fillers == _MOST_FILLERS or not page.covers("identity.fillers", token.start()):
            return Label.NONE
        fillers += 1
    return Label.NONE


def number_of_a_thing(page: Page, start: int) -> bool:
    """Tell whether the words before a number call it the number of some thing: ``serienumret på hjärtstartaren är``."""
    match = _OF_A_THING.search(page.text, max(0, start - _LOOK), start)
    if match is None or any(page.near(name, *match.span("thing")) for name in ("identity.persons", "people.relations")):
        return False
    return _named(page, match["name"], match.start("name")) is Label.OTHER


def _named(page: Page, word: str, position: int) -> Label:
    if page.covers("identity.labels", position) or _LABEL_ENDING.search(word):
        return Label.IDENTITY
    if any(page.covers("identity.other_numbers", place) for place in (position, position + len(word) - 1)):
        return Label.OTHER  # an ending on the list ("*mätare") covers only the end of the word
    plain = word.lower() in ("nummer", "numret", "nr", "number")
    return Label.OTHER if not plain and _OTHER_ENDING.search(word) else Label.NONE


def called_after(page: Page, end: int) -> Label:
    """Return what a number is said to serve as: ``… som ärendenummer``."""
    match = _AS.match(page.text, end)
    return _named(page, match["name"], match.start("name")) if match else Label.NONE


def heading_of(page: Page, position: int) -> Label:
    """Return what the head of its column calls a number in a table; NONE where there is none."""
    table = page.table_at(position)
    cell = table.heading(page.text, position) if table else None
    if cell is None:
        return Label.NONE
    known = page.once(_headings)
    if cell not in known:
        names = (_named(page, token.group(), token.start()) for token in _TOKEN.finditer(page.text, *cell))
        known[cell] = next((name for name in names if name is not Label.NONE), Label.NONE)
    return known[cell]


def _headings(_page: Page) -> dict[Span, Label]:
    """Begin to remember what heads are read as: a long one above many numbers is read once."""
    return {}


def in_address(text: str, span: Span) -> bool:
    """Tell whether a number is part of a web address or of a query."""
    lowest = max(0, span[0] - _ADDRESSED)
    start = max(text.rfind(" ", lowest, span[0]), text.rfind("\n", lowest, span[0])) + 1
    return _ADDRESS.search(text, max(lowest, start), span[0]) is not None
