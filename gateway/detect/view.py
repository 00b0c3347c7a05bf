"""A message as detectors see it: one page per text, prepared once and shared by all of them."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Final, TypeVar, cast

from gateway.detect.clusters import Written, digit_runs, written_numbers
from gateway.detect.exemplars import Likeness
from gateway.detect.lexicon import Lexicon
from gateway.detect.matcher import Span
from gateway.detect.names import full_names
from gateway.detect.normalise import Normalised, normalise
from gateway.detect.octets import beyond, capitals_of, digits_of, latin_of, lower_of, tokens_of
from gateway.detect.tables import Table, table_at, tables_of
from gateway.model import Confidence, Finding, Message, Origin, Part, SegmentKind

_LONGEST: Final = 40
REACH: Final = 350
"""Characters on each side of a position within which the ends of its sentence are looked for."""

RECEIVED: Final = frozenset({SegmentKind.QUOTED, SegmentKind.FORWARDED})
"""Segments that hold the words of somebody else."""

# One set of characters in front lets the search run through everything else at full speed.
_ENDS: Final = (
    r"(?:(?<=[.!?])[\"')]*(?=\s|$)|(?<=\n)[ \t]*(?=\n|[-*\u2022] )|(?<=\n)(?=[A-ZÅÄÖ0-9])"
    r"|(?<=[:;,])\n(?=[A-ZÅÄÖ0-9])"
)
_END: Final = re.compile(rf"[.!?:;,\n\u061f\u06d4]{_ENDS}|(?<=[\u061f\u06d4]))")
_END_LATIN: Final = re.compile(rf"[.!?:;,\n]{_ENDS})")
"""The same for text without Arabic marks: a set of octets is searched for twice as fast."""
_T = TypeVar("_T")
_ABBREVIATION: Final = re.compile(
    r"(?:^|[\s(])(?:t\.ex|bl\.a|dvs|osv|m\.m|ev|kl|nr|tel|ca|st|f\.d|s\.k|dr|resp|inkl|exkl|jfr|kap|pers|[A-ZÅÄÖ])\.$",
    re.IGNORECASE,
)


class Kind(Enum):
    """What a page is to the reader of the mail."""

    SUBJECT = "subject"
    BODY = "body"
    ATTACHMENT = "attachment"
    FILENAME = "filename"


_PLACES: Final = {
    Kind.SUBJECT: "i ämnesraden",
    Kind.BODY: "i mejlets text",
    Kind.ATTACHMENT: "i en bilaga",
    Kind.FILENAME: "i en bilagas filnamn",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a detector has to say about a place."""

    rule: str
    confidence: Confidence
    evidence: str
    """Masked: never the sensitive text itself."""
    reason: str
    """One Swedish sentence for the sender."""
    count: int = 1


class Page:
    """One text of a message in plain spelling; all positions are positions in ``text``."""

    def __init__(self, part: Part, lexicon: Lexicon, kind: Kind) -> None:
        """Prepare nothing yet: every property is worked out when a detector first asks for it."""
        self.part = part
        self.kind = kind
        self.lexicon = lexicon
        self._sentences: dict[int, Span] = {}
        self._asked: dict[tuple[str, int, int], list[Span]] = {}
        self._worked_out: dict[Callable[[Page], object], object] = {}

    @property
    def place(self) -> str:
        """Where the page is, as a Swedish adverbial."""
        return _PLACES[self.kind]

    @cached_property
    def _normalised(self) -> Normalised:
        return normalise((self.part.filename or "") if self.kind is Kind.FILENAME else self.part.text)

    @cached_property
    def text(self) -> str:
        """The text in plain spelling."""
        return self._normalised.text

    @cached_property
    def lower(self) -> str:
        """The same in lower case; positions agree."""
        return lower_of(self.text, self._latin, self._beyond)

    @cached_property
    def _beyond(self) -> list[int] | None:
        return beyond(self.text, self._latin)

    @cached_property
    def is_latin(self) -> bool:
        """Tell whether all letters, digits and spaces of the text are of Latin-1."""
        text = self.text
        return self._beyond is not None and not any(text[at].isalnum() or text[at].isspace() for at in self._beyond)

    @cached_property
    def _latin(self) -> bytes:
        return latin_of(self.text)

    @cached_property
    def digits(self) -> bytes:
        """The text, one octet a character, with ``0`` for every digit."""
        return digits_of(self._latin)

    @cached_property
    def _hits(self) -> dict[str, list[Span]]:
        return self.lexicon.search(self.text, self._latin)

    @cached_property
    def tokens(self) -> bytes:
        """The text in lower case, spaces for all but letters and digits, one octet a character; one more in front."""
        return b" " + tokens_of(self._latin) + b" "

    @cached_property
    def numbers(self) -> tuple[Written, ...]:
        """Every window of ten or twelve digits, in order."""
        return tuple(written_numbers(self.text, self.digit_runs))

    @cached_property
    def digit_runs(self) -> tuple[Span, ...]:
        """Every run of at least eight digits with little between them, in order."""
        return tuple(digit_runs(self.digits))

    def capitals(self, end: int) -> int:
        """Return the number of capital letters before a position."""
        return capitals_of(self._latin[:end]) if self.is_latin else sum(map(str.isupper, self.text[:end]))

    def word_around(self, start: int, end: int) -> Span:
        """Return ``[start, end)`` grown to the letters and digits around it."""
        if self.is_latin:
            return self.tokens.rfind(b" ", 0, start + 1), self.tokens.find(b" ", end + 1) - 1
        text = self.text
        while start > 0 and text[start - 1].isalnum():
            start -= 1
        while end < len(text) and text[end].isalnum():
            end += 1
        return start, end

    def once(self, work: Callable[[Page], _T]) -> _T:
        """Return what a function of the page alone returns, worked out once."""
        if work not in self._worked_out:
            self._worked_out[work] = work(self)
        return cast("_T", self._worked_out[work])

    def hits(self, name: str) -> Sequence[Span]:
        """Return where words of a list stand, in order. Not for the lists that are asked for near a find."""
        return self._hits.get(name, ())

    def within(self, name: str, start: int, end: int) -> Sequence[Span]:
        """Return all words of a list that begin inside ``[start, end)``."""
        finder = self.lexicon.finders.get(name)
        if finder is not None:
            key = (name, start, end)
            found = self._asked.get(key)
            if found is None:
                found = finder.find(self.tokens, start, end)
                if name in self._hits:  # in another script
                    found = sorted([*found, *self._sought(name, start, end)])
                self._asked[key] = found
            return found
        return self._sought(name, start, end)

    def _sought(self, name: str, start: int, end: int) -> Sequence[Span]:
        spans = self._hits.get(name, ())
        return spans[bisect_left(spans, (start, 0)) : bisect_left(spans, (end, 0))]

    def near(self, name: str, start: int, end: int) -> Span | None:
        """Return the first word of a list that begins inside ``[start, end)``."""
        spans = self.within(name, start, end)
        return spans[0] if spans else None

    def covers(self, name: str, position: int) -> bool:
        """Tell whether a word of a list stands over a position."""
        return any(end > position for _, end in self.within(name, max(0, position - _LONGEST), position + 1))

    def before(self, name: str, start: int, end: int) -> Span | None:
        """Return the last word of a list that begins inside ``[start, end)``."""
        spans = self.within(name, start, end)
        return spans[-1] if spans else None

    @cached_property
    def names(self) -> tuple[Span, ...]:
        """Where full names of persons stand."""
        return full_names(self.text, self.hits("names.first"), self.hits("names.surnames"))

    def names_within(self, start: int, end: int) -> tuple[Span, ...]:
        """Return the full names that begin inside ``[start, end)``."""
        return self.names[bisect_left(self.names, (start, 0)) : bisect_left(self.names, (end, 0))]

    # --- whose words ---------------------------------------------------------------------------

    @cached_property
    def segments(self) -> tuple[tuple[SegmentKind, int, int], ...]:
        """The part's segments in positions of ``text``; one that covers all where the part has none."""
        if self.kind is Kind.FILENAME or not self.part.segments:
            return ((SegmentKind.OWN, 0, len(self.text)),)
        place = self._normalised.plain
        return tuple((s.kind, place(s.start), place(s.end)) for s in self.part.segments)

    @cached_property
    def _segment_starts(self) -> list[int]:
        return [start for _, start, _ in self.segments]

    def segment_at(self, position: int) -> SegmentKind:
        """Return whose words stand at a position."""
        at = bisect_right(self._segment_starts, position)
        return self.segments[max(0, at - 1)][0]

    def own_at(self, position: int) -> bool:
        """Tell whether the sender wrote what stands at a position."""
        return self.part.origin is not Origin.FORWARDED and self.segment_at(position) not in RECEIVED

    def stretches(self, *kinds: SegmentKind) -> Iterator[Span]:
        """Yield the stretches of the given kinds; none where the part as a whole is somebody else's."""
        if self.part.origin is not Origin.FORWARDED:
            for kind, start, end in self.segments:
                if kind in kinds and start < end:
                    yield start, end

    @cached_property
    def tables(self) -> tuple[Table, ...]:
        """The tables of the page, in order."""
        name = (self.part.filename or "").lower()
        return tables_of(self.text, commas=name.endswith(".csv") or self.part.media_type == "text/csv")

    def table_at(self, position: int) -> Table | None:
        """Return the table around a position."""
        return table_at(self.tables, position)

    def plain(self, position: int) -> int:
        """Return the position in ``text`` of a position in the text as it came."""
        return self._normalised.plain(position)

    # --- around a position ---------------------------------------------------------------------

    def sentence(self, position: int) -> Span:
        """Return the sentence around a position, at most ``REACH`` characters to each side."""
        known = self._sentences.get(position)
        if known is None:
            known = self._sentences[position] = self._sentence(position)
        return known

    def _sentence(self, position: int) -> Span:
        end_mark = self._end_mark
        start, stop = max(0, position - REACH), min(len(self.text), position + REACH)
        for match in reversed(list(end_mark.finditer(self.text, start, position))):
            if not self._abbreviated(match):
                start = match.end()
                break
        for match in end_mark.finditer(self.text, position, stop):
            if not self._abbreviated(match):
                return start, match.end()
        return start, stop

    @cached_property
    def _end_mark(self) -> re.Pattern[str]:
        return _END if "\u061f" in self.text or "\u06d4" in self.text else _END_LATIN

    def _abbreviated(self, match: re.Match[str]) -> bool:
        if self.text[match.start()] != ".":
            return False
        return _ABBREVIATION.search(self.text, max(0, match.start() - 8), match.start() + 1) is not None

    def finding(self, detector: str, span: Span, seen: Seen) -> Finding:
        """Return a finding about ``span``, with positions in the text as it came."""
        return Finding(
            rule=seen.rule,
            detector=detector,
            confidence=seen.confidence,
            part=self.part.path,
            segment=self.segment_at(span[0]),
            origin=self.part.origin,
            evidence=seen.evidence,
            reason=seen.reason,
            start=self._normalised.original(span[0]),
            end=self._normalised.original(span[1]),
            count=seen.count,
        )


class View:
    """All pages of one message."""

    def __init__(self, message: Message, lexicon: Lexicon) -> None:
        """Lay out the pages: subject, texts, and the file name of every part that has one."""
        self.message = message
        self.noted: frozenset[str] = frozenset()
        """Rules that detectors before this one have found in the sender's own words, surely enough to warn."""
        self.lexicon = lexicon
        self._likenesses: dict[str, Likeness] = {}
        self.pages: tuple[Page, ...] = tuple(_pages(message, lexicon))

    def likeness(self, text: str) -> Likeness:
        """Return what examples a text resembles; several topics ask about the same text."""
        known = self._likenesses.get(text)
        if known is None:
            known = self._likenesses[text] = self.lexicon.exemplars.likeness(text)
        return known

    def note(self, findings: Iterable[Finding]) -> None:
        """Keep which rules have been found in the sender's own words."""
        self.noted |= {
            finding.rule_name
            for finding in findings
            if finding.confidence >= Confidence.MEDIUM
            and finding.segment not in RECEIVED
            and finding.origin is not Origin.FORWARDED
        }

    def of(self, *kinds: Kind) -> Iterator[Page]:
        """Yield the pages of the given kinds."""
        return (page for page in self.pages if page.kind in kinds)


def _pages(message: Message, lexicon: Lexicon) -> Iterator[Page]:
    for part in message.parts:
        if part.text:
            yield Page(part, lexicon, _kind(part))
        if part.filename:
            yield Page(part, lexicon, Kind.FILENAME)


def _kind(part: Part) -> Kind:
    if part.path == "subject":
        return Kind.SUBJECT
    return Kind.BODY if part.body or part.alternative else Kind.ATTACHMENT
