"""Lists of persons: names with contact details or other facts beside them, in text, tables, CSV and spreadsheets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from gateway.detect.checks import is_date, luhn
from gateway.detect.clusters import Shape
from gateway.detect.contacts import BIRTH, CLASS, EMAIL, addresses, contact
from gateway.detect.detector import Detector
from gateway.detect.lexicon import Lexicon
from gateway.detect.matcher import Span
from gateway.detect.tables import Table
from gateway.detect.view import Kind, Page, Seen, View
from gateway.model import Circumstances, Confidence, Finding, SegmentKind

RULE: Final = "bulk_personal_data"

_ENTRY: Final = 220
"""Characters after a name that belong to its entry, at most."""
_SCAN: Final = 300_000
"""Names of a page that are looked at."""
_SURE: Final = frozenset({Shape.TIGHT, Shape.FULL})
_PARTY: Final = re.compile(r"[^\n;\t]{0,3}\((?:S|M|SD|C|V|KD|L|MP|[A-ZÅÄÖ]{1,4})\)")
_ROLE_MAILBOX: Final = re.compile(
    r"^(?:info|kontakt|kansli|kansliet|registrator|kommun|kontor|post|mail|order|support|expedition|diarie|press|redaktion)"
)


@dataclass(slots=True)
class _List:
    """What has been counted in one segment of a page."""

    kind: SegmentKind
    start: int = -1
    end: int = 0
    persons: set[str] = field(default_factory=set)
    contacts: int = 0

    def add(self, person: str, span: Span, *, contact: bool) -> None:
        if person not in self.persons:
            self.persons.add(person)
            self.contacts += contact
        self.start = span[0] if self.start < 0 else self.start
        self.end = span[1]


def _detect(view: View, lexicon: Lexicon, circumstances: Circumstances) -> Iterator[Finding]:
    least = int(lexicon.number("bulk.least"))
    ours = _own_domain(circumstances)
    for page in view.of(Kind.BODY, Kind.ATTACHMENT):
        if len(page.names) + page.text.count("@") + len(page.numbers) < least:
            continue
        for counted in _count(page, ours).values():
            if len(counted.persons) >= least:
                yield _finding(page, counted)


def _own_domain(circumstances: Circumstances) -> str:
    """Return the organisation's domain: what is written at it belongs to the office, not to a private person."""
    if circumstances.sender is None:
        return ""
    return ".".join(circumstances.sender.domain.split(".")[-2:])


def _is_ours(domain: str, ours: str) -> bool:
    return bool(ours) and (domain == ours or domain.endswith(f".{ours}"))


def _count(page: Page, ours: str) -> Mapping[SegmentKind, _List]:
    lists: dict[SegmentKind, _List] = {}

    def count(person: str, span: Span, *, contact: bool) -> None:
        kind = page.segment_at(span[0])
        lists.setdefault(kind, _List(kind)).add(person, span, contact=contact)

    names = page.names[:_SCAN]
    for name, following in pairwise((*names, (len(page.text), 0))):
        stop = min(following[0], name[1] + _ENTRY)
        entry = _entry(page, name, stop, ours)
        if entry is not None:
            count(page.lower[slice(*name)] + entry[0], (name[0], stop), contact=entry[1])
    for person, span in _nameless(page, ours):
        if not page.names_within(max(0, span[0] - _ENTRY), span[1]):
            count(person, span, contact=True)
    return lists


def _entry(page: Page, name: Span, stop: int, ours: str) -> tuple[str, bool] | None:
    """Return what stands beside a name and whether one can reach the person by it; None where nothing does."""
    text = page.text
    if _PARTY.match(text, name[1], stop):
        return None
    gap = text.find("\n\n", name[1], stop)
    stop = gap if gap >= 0 else stop
    if page.digits.find(b"0", name[1], stop) < 0 and text.find("@", name[1], stop) < 0:
        return _beside(page, name, stop)
    mail = EMAIL.search(text, name[1], stop) if text.find("@", name[1], stop) >= 0 else None
    if mail and _is_ours(mail["domain"].lower(), ours):
        return None
    match = contact(text, page.digits, name[1], stop)
    if match:
        return match.group(), True
    if mail:
        return mail.group(), True
    return _beside(page, name, stop)


def _beside(page: Page, name: Span, stop: int) -> tuple[str, bool] | None:
    """Return a weaker fact: a year of birth or a class in the line, or any other cell of the row."""
    table = page.table_at(name[0])
    line = page.text.find("\n", name[1], stop)
    end = line if line >= 0 else stop
    if table is not None:
        return _cells(page, table, name, end)
    reach = min(end, name[1] + 30)
    if page.digits.find(b"0", name[1], reach) < 0 and page.text.find("F", name[1], reach) < 0:
        return None
    match = CLASS.search(page.text, name[1], reach) or BIRTH.search(page.text, name[1], min(end, name[1] + 20))
    return (match.group(), False) if match else None


def _cells(page: Page, table: Table, name: Span, end: int) -> tuple[str, bool] | None:
    heading = page.near("bulk.offices", *table.rows[0])
    rest = page.text[name[1] : end].strip(table.delimiter + ' "')
    if heading or len(rest) < 2 or page.near("bulk.offices", name[1], end):  # noqa: PLR2004
        return None
    return rest[:40], False


def _nameless(page: Page, ours: str) -> Iterator[tuple[str, Span]]:
    """Yield persons that stand there without a name: private mail addresses and identity numbers, one by one."""
    for start, end, domain in addresses(page.text):
        local = page.text[start:end].partition("@")[0].lower()
        if _is_ours(domain, ours) or _ROLE_MAILBOX.match(local):
            continue
        stop = start + len(local)
        if page.within("names.first", start, stop) or page.within("names.surnames", start, stop):
            yield page.text[start:end].lower(), (start, end)
    for written in page.numbers:
        if written.shape in _SURE and luhn(written.digits) and is_date(written.century, written.digits[:6]):
            yield written.digits, (written.start, written.end)


def _finding(page: Page, counted: _List) -> Finding:
    number = len(counted.persons)
    reachable = counted.contacts * 2 >= number
    with_what = "med kontaktuppgifter eller nummer" if reachable else "med uppgifter om var och en"
    seen = Seen(
        rule=RULE,
        confidence=Confidence.HIGH if reachable else Confidence.MEDIUM,
        evidence=f"{number} personer",
        reason=f"En lista över {number} personer {with_what} står {page.place}.",
        count=number,
    )
    return page.finding(LISTS.name, (counted.start, counted.end), seen)


LISTS: Final = Detector(name="bulk", rules=(RULE,), detect=_detect)
"""The detector of lists of persons."""
