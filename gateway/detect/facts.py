"""Words about sensitive matters in a text, before anybody asks whose they are."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from gateway.detect import topics
from gateway.detect.matcher import Span
from gateway.detect.view import Page
from gateway.detect.wordbook import Wordbook

_ORDER: Final = (topics.CERTAIN, topics.MEMBERS, topics.STATES, topics.TOPICS, topics.GROUPS)
_RANK: Final = {table: rank for rank, table in enumerate(_ORDER)}
_LISTS: Final = tuple(
    (kind, tuple((table, f"{topics.FOLDER}{kind}.{table}") for table in (topics.CERTAIN, topics.STATES, topics.TOPICS)))
    for kind in topics.KINDS
)
_MEMBERS: Final = {
    kind: tuple(f"{topics.FOLDER}{kind}.{table}" for table in (topics.GROUPS, topics.BELONGING))
    for kind in topics.KINDS
}
_MEMBER: Final = "medlem"
_SHORT: Final = 3
_REACH: Final = 60
"""Characters between a group and the word that says somebody belongs to it."""
_BESIDE: Final = 12
_BRIEF: Final = 2000
"""Characters of a text in which a group also counts without a word of belonging, if hardly."""
_PEOPLES: Final = frozenset({"ethnic", "religion"})
_A_LIST: Final = 3
"""Groups of people one after another that make a list."""
_NEAR_LIST: Final = 100
"""Characters around such a list."""
_LISTED: Final = re.compile(r"[ ,;\n]{1,3}(?:(?:och|eller|samt|och även|and|or)[ ]{1,2})?")
_LONGEST: Final = 60
"""Characters behind a stem in which hyphens may join more parts to the word."""
_INFLECTED: Final = 3
"""Letters after a stem that are taken for an ending."""


class Fact(NamedTuple):
    """A sensitive word or phrase."""

    start: int
    end: int
    kind: str
    table: str
    compound: bool = False
    """The word goes on after the stem with more than an ending."""
    abstract: bool = False
    """It goes on to name an activity or a subject (cancervård)."""
    capital: bool = False


def known_facts(page: Page) -> Sequence[Fact]:
    """Return the facts of a page, looked for once whoever asks."""
    return page.once(_facts)


def _facts(page: Page) -> Sequence[Fact]:
    return facts_of(page, page.lexicon.wordbook)


def facts_of(page: Page, words: Wordbook) -> list[Fact]:
    """Return the facts of a page in order; of those that overlap, the strongest of each kind."""
    found: list[Fact] = []
    for kind, tables in _LISTS:
        for table, name in tables:
            found += [_fact(page, words, s, kind, table) for s in page.hits(name) if not _is_title(page.text, s)]
        if page.hits(_MEMBERS[kind][0]):
            found += _members(page, words, kind)
    kept = _strongest([fact for fact in found if not fact.abstract or fact.table == topics.CERTAIN])
    return list(_unlisted(page.lower, list(kept)))


def _is_title(text: str, span: Span) -> bool:
    """Tell "Ms Doyle" from the disease."""
    start, end = span
    return end - start < _SHORT and text[start].isupper() and text[end - 1].islower()


def _fact(page: Page, words: Wordbook, span: Span, kind: str, table: str) -> Fact:
    text = page.text
    start, stop = _whole(page, span)
    tail = page.lower[span[1] : stop].lstrip("-")
    abstract = compound = False
    if tail:
        joined = tail.removeprefix("s") if tail.startswith("s") and len(tail) > _INFLECTED else tail
        abstract = words.is_head(tail) or words.is_head(joined)
        compound = len(tail) > _INFLECTED
    return Fact(start, stop, kind, table, compound, abstract, text[start].isupper())


def _whole(page: Page, span: Span) -> Span:
    """Return the word around a stem, with the parts that hyphens join to its end."""
    start, stop = page.word_around(*span)
    while page.text[stop : stop + 1] == "-" and page.text[stop + 1 : stop + 2].isalpha() and stop - span[1] < _LONGEST:
        stop = page.word_around(stop + 1, stop + 1)[1]
    return start, stop


def _members(page: Page, words: Wordbook, kind: str) -> Iterator[Fact]:
    """Yield the groups that somebody is said to belong to."""
    groups, belonging = _MEMBERS[kind]
    brief = len(page.text) < _BRIEF
    if not (brief or page.hits(belonging) or page.once(_speaks_of_members)):
        return
    for span in page.hits(groups):
        start, stop = _whole(page, span)
        if not (
            page.within(belonging, max(0, start - _REACH), start)
            or page.within(belonging, stop, stop + _REACH)
            or _MEMBER in page.lower[span[1] : stop]
        ):
            if brief:
                yield _fact(page, words, span, kind, topics.GROUPS)
            continue
        group = _fact(page, words, span, kind, topics.MEMBERS)
        if _in_longer_name(page.text, group):
            continue
        if _MEMBER in page.lower[span[1] : group.end]:
            yield group
            continue
        word = _belonging(page, group)
        if word is not None and not _apart(page.text, word, span):
            yield group._replace(start=min(group.start, word[0]), end=max(group.end, word[1]))
        elif brief:
            yield group._replace(table=topics.GROUPS)


def _speaks_of_members(page: Page) -> bool:
    return _MEMBER in page.lower


def _belonging(page: Page, group: Fact) -> Span | None:
    """Return the nearest word that says somebody belongs; abbreviations must be written as such or stand beside it."""
    name = _MEMBERS[group.kind][1]
    reach = _REACH
    if group.end - group.start < _SHORT and not group.capital:
        reach = _BESIDE
    before = page.before(name, max(0, group.start - reach), group.start)
    return before or (page.near(name, group.end, group.end + _REACH) if reach == _REACH else None)


def _in_longer_name(text: str, fact: Fact) -> bool:
    """Tell the Union (Europeiska unionen) from a union."""
    before = text[max(0, fact.start - 20) : fact.start].rpartition(" ")[0].rpartition(" ")[2]
    return fact.start > 0 and text[fact.start - 1] == " " and before[:1].isupper() and before.endswith("ska")


def _apart(text: str, one: Span, other: Span) -> bool:
    between = text[min(one[1], other[1]) : max(one[0], other[0])]
    return any(mark in between for mark in ".!?\n;")


def _unlisted(text: str, facts: list[Fact]) -> Iterator[Fact]:
    """Leave out peoples near a list of them (judar, romer, samer): that is nobody's origin."""
    lists: list[int] = []
    run: list[Fact] = []
    for fact in facts:
        if fact.table != topics.STATES or fact.kind not in _PEOPLES:
            continue
        joined = run and fact.start >= run[-1].end and _LISTED.fullmatch(text, run[-1].end, fact.start)
        run = [*run, fact] if joined else [fact]
        if len(run) == _A_LIST:
            lists.append(fact.start)
    for fact in facts:
        at = bisect_left(lists, fact.start - _NEAR_LIST)
        near = at < len(lists) and lists[at] <= fact.start + _NEAR_LIST
        if not (near and fact.table == topics.STATES and fact.kind in _PEOPLES):
            yield fact


def _strongest(found: list[Fact]) -> Iterator[Fact]:
    """Yield the facts, without those that overlap a stronger one of the same kind."""
    kept: list[Fact | None] = []
    last: dict[str, int] = {}
    for fact in sorted(found, key=lambda f: (f.start, _RANK[f.table], -f.end)):
        place = last.get(fact.kind)
        rival = None if place is None else kept[place]
        if rival is not None and place is not None and fact.start < rival.end:
            if _RANK[fact.table] >= _RANK[rival.table]:
                continue
            kept[place] = None
        last[fact.kind] = len(kept)
        kept.append(fact)
    return (fact for fact in kept if fact is not None)
