"""Findings as a letter tells them: masked, grouped by place, and without a file name that is a finding itself."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from gateway.letters.letter import Found, Where
from gateway.model import Finding, Origin, Part, SegmentKind

MOST_PLACES: Final = 6
"""Places listed for one rule; a letter that tells everything is not read."""
MOST_EVIDENCE: Final = 3
LONGEST_NAME: Final = 60
LONGEST_EVIDENCE: Final = 80
LONGEST_REASON: Final = 240

_NUMBER_LIKE: Final = re.compile(r"(?:\d[^\d\w]?){9}\d")
"""Ten digits with little between them: an identity, account or telephone number, whether or not a detector saw it."""
_SUFFIX: Final = re.compile(r"\.([A-Za-z0-9]{1,5})$")
_SEGMENTS: Final = {
    SegmentKind.QUOTED: Where.QUOTED,
    SegmentKind.FORWARDED: Where.FORWARDED,
    SegmentKind.SIGNATURE: Where.SIGNATURE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attachment:
    number: int
    name: str
    """Empty where it may not be told."""
    suffix: str


class Places:
    """The places of one message."""

    def __init__(self, parts: Sequence[Part], findings: Iterable[Finding]) -> None:
        """Take all of the message's findings, those that lead to nothing included: each may hide a file name."""
        self._parts = {part.path: part for part in parts}
        self._spoken: dict[str, list[Finding]] = {}
        for finding in findings:
            self._spoken.setdefault(finding.part, []).append(finding)
        outer = [p for p in parts if not _is_text(p) and "/" not in p.path]
        self._attachments = {
            part.path: _Attachment(number=number, name=self._name(part), suffix=_suffix(part))
            for number, part in enumerate(outer, 1)
        }

    def tell(self, findings: Iterable[Finding]) -> tuple[tuple[Found, ...], int]:
        """Return what was found where, and how many places were left out."""
        grouped: dict[Found, list[Finding]] = {}
        for finding in findings:
            grouped.setdefault(self._place(finding), []).append(finding)
        told = [_with_evidence(place, listed) for place, listed in grouped.items()]
        return tuple(told[:MOST_PLACES]), max(0, len(told) - MOST_PLACES)

    def _place(self, finding: Finding) -> Found:
        part = self._parts.get(finding.part)
        if part is None or part.path == "subject":
            return Found(where=Where.MESSAGE if part is None else Where.SUBJECT)
        if _is_text(part):
            return Found(where=_SEGMENTS.get(finding.segment, Where.BODY))
        outer = self._attachments.get(part.path.partition("/")[0])
        if outer is None or (part.filename is None and part.origin is Origin.FORWARDED):
            return Found(where=Where.FORWARDED)
        return Found(
            where=_kind(part, finding),
            number=outer.number,
            name=outer.name,
            suffix=outer.suffix,
            member=self._name(part) if "/" in part.path else "",
        )

    def _name(self, part: Part) -> str:
        """Return the file name, or nothing where some finding may be in the name itself.

        A finding says only where in a text it is; one that would fit into the name counts as being there.
        """
        name = part.filename or ""
        if _NUMBER_LIKE.search(name) or any(f.end <= len(name) and f.end > 0 for f in self._spoken.get(part.path, ())):
            return ""
        return _shortened(plain(name, 4 * LONGEST_NAME))


def _is_text(part: Part) -> bool:
    return part.path == "subject" or part.body or part.alternative


def _kind(part: Part, finding: Finding) -> Where:
    if "filnamn" in finding.reason:
        return Where.FILENAME
    return Where.MEMBER if "/" in part.path else Where.ATTACHMENT


def _suffix(part: Part) -> str:
    match = _SUFFIX.search(part.filename or "")
    return match[1].lower() if match else ""


def _with_evidence(place: Found, listed: Sequence[Finding]) -> Found:
    shown = dict.fromkeys(plain(f.evidence, LONGEST_EVIDENCE) for f in listed if f.detector != "state")
    return replace(
        place,
        evidence=tuple(word for word in shown if word)[:MOST_EVIDENCE],
        count=sum(f.count for f in listed),
        reason=plain(max(listed, key=lambda f: f.confidence).reason, LONGEST_REASON),
    )


def plain(text: str, longest: int) -> str:
    """Return ``text`` on one line, without characters that are invisible or change the direction of writing."""
    return " ".join("".join(_visible(text[: 4 * longest])).split())[:longest]


def _visible(text: str) -> Iterator[str]:
    for character in text:
        category = unicodedata.category(character)
        if category[0] == "Z" or character in "\t\r\n":
            yield " "
        elif category[0] != "C":
            yield character


def _shortened(name: str) -> str:
    if len(name) <= LONGEST_NAME:
        return name
    half = LONGEST_NAME // 2 - 1
    return f"{name[:half]}…{name[-half:]}"
