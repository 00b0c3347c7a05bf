"""Who a sentence is about: named persons who are not there by their office, relatives, neighbours, pronouns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import IntEnum
from typing import Final

from gateway.detect.matcher import Span
from gateway.detect.view import Page

_BEFORE: Final = 28
_AFTER: Final = 24
_CASE: Final = 450
"""Characters behind "ett påhittat fall" within which the case is told; after them somebody real may be spoken of."""
_PARTY: Final = re.compile(r",? ?\((?:[A-ZÅÄÖ]{1,4}|[a-zåäö]{1,2})\)")


class Grip(IntEnum):
    """How well a person can be told from a text."""

    NONE = 0
    PRONOUN = 1
    """He, she, they: somebody named elsewhere or known to both."""
    RELATION = 2
    """A neighbour, a pupil, somebody's mother."""
    NAME = 3


def grip_within(page: Page, start: int, end: int) -> Grip:
    """Return how well the persons in a stretch of text can be told; those who appear by their office do not count."""
    if any(not by_office(page, name) for name in page.names_within(start, end)):
        return Grip.NAME
    if page.near("people.relations", start, end):
        return Grip.RELATION
    return Grip.PRONOUN if page.near("people.pronouns", start, end) else Grip.NONE


def private_names(page: Page, start: int, end: int) -> Iterator[Span]:
    """Yield the full names in a stretch that are not there by their office."""
    return (name for name in page.names_within(start, end) if not by_office(page, name))


def by_office(page: Page, name: Span) -> bool:
    """Tell whether a title stands before a name, a party or title after it, or the person is the one who speaks."""
    if page.near("people.speaking", name[1], name[1] + 3) or page.near(
        "people.speaking", max(0, name[0] - 14), name[0]
    ):
        return True
    if _PARTY.match(page.text, name[1], name[1] + 8):
        return True
    if page.near("people.offices", max(0, name[0] - _BEFORE), name[0]):
        return page.text.find(".", max(0, name[0] - _BEFORE), name[0]) < 0
    return (
        page.text[name[1] : name[1] + 2] == ", " and page.near("people.offices", name[1], name[1] + _AFTER) is not None
    )


def around(page: Page, position: int, *, more: int = 0) -> Span:
    """Return the sentence around a position, and ``more`` sentences on each side."""
    start, end = page.sentence(position)
    for _ in range(more):
        if start:
            start = page.sentence(start - 2 if start > 1 else 0)[0]
        if end < len(page.text):
            end = page.sentence(min(end + 1, len(page.text) - 1))[1]
    return start, end


def is_invented(page: Page, position: int) -> bool:
    """Tell whether the sender has said, not long before a position, that who is told of is made up."""
    return any(said < position <= said + _CASE for said in page.once(_invented))


def _invented(page: Page) -> list[int]:
    return [start for start, _ in page.within("people.invented", 0, len(page.text)) if page.own_at(start)]
