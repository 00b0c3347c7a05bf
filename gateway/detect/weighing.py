"""What a mail is for: cues of one kind weighed against official words around them, where the sender wrote them.

A short mail is weighed as a whole, with its subject. In a long text the cues must stand close together, so that one
private sentence in it is seen, while the words of a long official text never add up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from gateway.detect.exemplars import Likeness
from gateway.detect.lexicon import Lexicon
from gateway.detect.matcher import Span
from gateway.detect.view import Kind, Page, View
from gateway.model import Confidence, SegmentKind

Resemblance = Callable[[str], Likeness]
"""Tells which examples a text resembles."""

_BEFORE: Final = 150
_AFTER: Final = 300
_UNVOICED: Final = 1.5
"""What is taken off where nobody speaks: a subject alone, or a text without "I" and "you"."""
_EDGE: Final = 500
_LEAST: Final = 25
"""Characters of a text below which it resembles nothing."""
_EMBEDDED: Final = 2.0
"""What is taken off in a long text: there is much room for a few such words by chance."""
_WEIGHTS: Final = (("strong", 3.0), ("medium", 2.0), ("weak", 1.0))
_OWN: Final = (SegmentKind.OWN, SegmentKind.CALENDAR)


@dataclass(frozen=True, slots=True)
class Cue:
    """A word that speaks for one kind of mail."""

    start: int
    end: int
    weight: float
    words: str


@dataclass(frozen=True, slots=True)
class Weighed:
    """A stretch of a page and what its cues come to."""

    page: Page
    span: Span
    score: float

    def confidence(self, lexicon: Lexicon, topic: str) -> Confidence | None:
        """Return how sure the score is by the thresholds of a topic; None below all of them."""
        if self.score >= lexicon.number(f"{topic}.sure_at"):
            return Confidence.HIGH
        if self.score >= lexicon.number(f"{topic}.warn_at"):
            return Confidence.MEDIUM
        return Confidence.LOW if self.score >= lexicon.number(f"{topic}.warn_at") - 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """The lists of a topic, and what else speaks for it."""

    lexicon: Lexicon
    topic: str
    """Its lists are ``topic.strong``, ``.medium``, ``.weak`` and ``.official``."""
    more: Callable[[Page, int, int], Iterable[Cue]] = lambda page, start, end: ()  # noqa: ARG005
    """Cues that are no mere words."""

    def cues(self, page: Page, start: int, end: int) -> list[Cue]:
        """Return the cues of a stretch in order, the heavier of two at one place first."""
        cues = [
            Cue(s, e, weight, page.lower[s:e])
            for strength, weight in _WEIGHTS
            for s, e in page.within(f"{self.topic}.{strength}", start, end)
        ]
        cues += self.more(page, start, end)
        return sorted(cues, key=lambda cue: (cue.start, -cue.weight, -cue.end))

    def anchors(self, page: Page, start: int, end: int) -> Iterator[Span]:
        """Yield the cues of a long stretch around which it is worth to look: the strong ones."""
        yield from page.within(f"{self.topic}.strong", start, end)
        for cue in self.more(page, start, end):
            yield cue.start, cue.end

    def official(self, page: Page, start: int, end: int) -> float:
        """Return what the official words of a stretch take away; many say no more than some."""
        words = {
            page.lower[s:e]
            for name in (f"{self.topic}.official", "official.words")
            for s, e in page.within(name, start, end)
        }
        most = self.lexicon.number("official.most")
        return min(len(words), most) * self.lexicon.number(f"{self.topic}.official_weight")


def heaviest(view: View, scale: Scale) -> Weighed | None:
    """Return the stretch of own words that weighs most.

    Resemblance to the examples counts only where nothing else was found before: a mail that betrays a fact about
    somebody is easily taken for a private one.
    """
    subjects = [page for page in view.of(Kind.SUBJECT) if not page.part.alternative]
    best: Weighed | None = None
    for page in view.of(Kind.SUBJECT, Kind.BODY, Kind.ATTACHMENT):
        likeness = view.likeness if page.kind is Kind.BODY and not view.noted else None
        for weighed in _weighed(page, subjects if page.kind is Kind.BODY else [], scale, likeness):
            if best is None or weighed.score > best.score:
                best = weighed
    return best


def _weighed(page: Page, subjects: Sequence[Page], scale: Scale, likeness: Resemblance | None) -> Iterator[Weighed]:
    stretches = list(page.stretches(*_OWN))
    if sum(end - start for start, end in stretches) <= scale.lexicon.number("official.long_text"):
        weighed = _whole(page, subjects, stretches, scale)
        if likeness is not None and weighed is not None:
            text = "\n".join([s.text for s in subjects] + [page.text[start:end] for start, end in stretches])
            weighed = replace(weighed, score=_resembled(scale, likeness, text, weighed.score))
        if weighed is not None:
            yield weighed
        return
    for start, end in stretches:
        yield from _windows(page, start, end, scale)
        if likeness is not None:
            yield from _edges(page, (start, end), scale, likeness)


def _resembled(scale: Scale, likeness_of: Resemblance, text: str, score: float) -> float:
    """Return a score with what the resemblance of a text to the examples adds to it or takes away."""
    if len(text) < _LEAST:
        return score
    likeness = likeness_of(text)
    lexicon, warn_at = scale.lexicon, scale.lexicon.number(f"{scale.topic}.warn_at")
    if likeness.unofficial < 1 - lexicon.number("official.surely_like"):
        return score - 1
    if not likeness.leads(scale.topic):
        return score
    if likeness.unofficial >= lexicon.number("official.surely_like"):
        # The examples hold official words too: what the lists take off for them is not taken off twice.
        return max(score, 0.0) + warn_at
    return score + warn_at / 2 if likeness.unofficial >= lexicon.number("official.likely_like") else score


def _edges(page: Page, stretch: Span, scale: Scale, likeness: Resemblance) -> Iterator[Weighed]:
    """Weigh the first and last paragraphs of a long text by themselves, where people add a line in their own voice."""
    for left, right in _outer_paragraphs(page.text, *stretch):
        cues = scale.cues(page, left, right)
        if cues and page.near("official.voices", left, right):
            score = sum_of(cues) - scale.official(page, left, right) - _EMBEDDED
            yield Weighed(page, (left, right), max(score, _resembled(scale, likeness, page.text[left:right], score)))


def _outer_paragraphs(text: str, start: int, end: int) -> list[Span]:
    first = text.find("\n\n", start, start + _EDGE)
    stripped = start + len(text[start:end].rstrip())
    last = text.rfind("\n\n", max(start, stripped - _EDGE), stripped)
    paragraphs: list[Span] = []
    if first >= 0:
        second = text.find("\n\n", first + 2, first + _EDGE)
        paragraphs.append((start, first))
        if second >= 0:
            paragraphs.append((first + 2, second))
    if last >= 0:
        paragraphs.append((last + 2, stripped))
    return paragraphs


def _whole(page: Page, subjects: Sequence[Page], stretches: Sequence[Span], scale: Scale) -> Weighed | None:
    cues = [cue for start, end in stretches for cue in scale.cues(page, start, end)]
    if not stretches or (page.kind is not Kind.BODY and not cues):
        return None
    # A subject's cues count where the text has none: beside its own they raise more false alarms than they catch.
    score = sum_of(cues or [cue for subject in subjects for cue in scale.cues(subject, 0, len(subject.text))])
    for start, end in stretches:
        score -= scale.official(page, start, end)
    for subject in subjects:
        score -= scale.official(subject, 0, len(subject.text))
    if page.kind is Kind.SUBJECT or not any(page.near("official.voices", *stretch) for stretch in stretches):
        score -= _UNVOICED
    span = (cues[0].start, cues[-1].end) if cues else stretches[0]
    return Weighed(page, span, score)


def _windows(page: Page, start: int, end: int, scale: Scale) -> Iterator[Weighed]:
    loud = scale.lexicon.number("official.loud")
    done = -1
    for anchor in sorted(scale.anchors(page, start, end)):
        if anchor[0] < done:
            continue
        left, right = _paragraph(page, anchor, max(start, anchor[0] - _BEFORE), min(end, anchor[1] + _AFTER))
        cues = scale.cues(page, left, right)
        score = sum_of(cues) - scale.official(page, left, right)
        if score >= loud or page.near("official.voices", left, right):
            yield Weighed(page, (cues[0].start, cues[-1].end), score - _EMBEDDED)
        done = anchor[1] + _BEFORE // 3


def _paragraph(page: Page, anchor: Span, left: int, right: int) -> Span:
    """Cut a window where an empty line ends the paragraph."""
    before = page.text.rfind("\n\n", left, anchor[0])
    after = page.text.find("\n\n", anchor[1], right)
    return before + 2 if before >= 0 else left, after if after >= 0 else right


def sum_of(cues: Sequence[Cue]) -> float:
    """Add the weights up; the same words count once, and a word inside a phrase not besides the phrase."""
    total, seen, done = 0.0, set[str](), 0
    for cue in cues:
        if cue.words not in seen and cue.end > done:
            seen.add(cue.words)
            total += cue.weight
            done = cue.end
    return total
