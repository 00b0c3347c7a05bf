"""Sensitive facts about persons who can be pointed out: facts and persons are found, paired, and each pair weighed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import repeat
from math import fsum
from typing import Final

from gateway.detect import topics
from gateway.detect.detector import Detector
from gateway.detect.facts import known_facts
from gateway.detect.foreign import is_foreign, is_linked
from gateway.detect.lexicon import Lexicon
from gateway.detect.mentions import Mention, Who
from gateway.detect.pairing import Finder
from gateway.detect.people import is_invented
from gateway.detect.sentences import Reader
from gateway.detect.traits import FIELD, UNTRUE, Pair, traits_of
from gateway.detect.view import Kind, Page, Seen, View
from gateway.model import Circumstances, Confidence, Finding, SegmentKind

RULE: Final = "special_category"

LABELS: Final = {
    "health": "hälsouppgift",
    "ethnic": "uppgift om etniskt ursprung",
    "political": "uppgift om politisk åsikt",
    "religion": "uppgift om religion",
    "union": "facklig uppgift",
    "sexlife": "uppgift om sexualliv eller läggning",
    "biometric-genetic": "biometrisk eller genetisk uppgift",
    "crime": "uppgift om brott",
    "social": "uppgift om sociala förhållanden, skola eller anställning",
}
_PERSONS: Final = {
    Who.FULL: "namngiven person",
    Who.PLACED: "namngiven person",
    Who.TITLED: "namngiven person",
    Who.GIVEN: "person med förnamn",
    Who.SURNAME: "person med efternamn",
    Who.FAMILY: "namngiven familj",
    Who.RELATION: "släkting eller granne",
    Who.ROLE: "person med viss befattning",
    Who.SUBJECT: "person som går att peka ut",
    Who.PRONOUN: "person som nämns tidigare",
    Who.SELF: "avsändaren själv",
}
_LEVELS: Final = (
    (f"{topics.FOLDER}levels.high", Confidence.HIGH),
    (f"{topics.FOLDER}levels.medium", Confidence.MEDIUM),
    (f"{topics.FOLDER}levels.low", Confidence.LOW),
)
_LONG_LEVELS: Final = (
    (f"{topics.FOLDER}levels.high_in_long", Confidence.HIGH),
    (f"{topics.FOLDER}levels.medium_in_long", Confidence.MEDIUM),
    _LEVELS[-1],
)
"""For a long text: it has room for a person and a fact that meet by chance."""
_UNASKED: Final = frozenset({SegmentKind.SIGNATURE, SegmentKind.DISCLAIMER})
SOCIAL: Final = "social"
_MOST_PAIRS: Final = 20_000
"""Pairs of a page that are weighed: some hundred times what a long mail holds. Certain words come first."""


@dataclass(frozen=True, slots=True)
class _Weighed:
    """The best pair of a fact."""

    pair: Pair
    confidence: Confidence
    score: float


def _detect(view: View, lexicon: Lexicon, circumstances: Circumstances) -> Iterator[Finding]:
    del circumstances
    heading: list[Mention] = []
    for page in view.pages:
        finder = Finder(Reader(page, lexicon.wordbook), heading)
        yield from _findings(page, _weigh_all(finder, lexicon))
        if page.kind is Kind.SUBJECT:
            heading = finder.named()


def _weigh_all(finder: Finder, lexicon: Lexicon) -> Iterator[_Weighed]:
    """Yield the best pair of each fact that has one."""
    page = finder.reader.page
    levels = _LONG_LEVELS if len(page.text) > lexicon.number(f"{topics.FOLDER}levels.long_text") else _LEVELS
    facts = known_facts(page)
    if len(facts) > _MOST_PAIRS:
        facts = sorted(facts, key=lambda f: f.table != topics.CERTAIN)
    left = _MOST_PAIRS
    for fact in facts:
        if page.segment_at(fact.start) in _UNASKED or is_invented(page, fact.start):
            continue
        pairs = list(finder.pairs(fact))
        if pairs and is_foreign(page, fact.start):
            pairs = [pair for pair in pairs if is_linked(page, pair)]
        left -= len(pairs)
        if left < 0:
            return
        weighed = [w for w in (_weigh(pair, lexicon, levels) for pair in pairs) if w is not None]
        if weighed:
            yield max(weighed, key=lambda w: (w.confidence, w.score))


def _weigh(pair: Pair, lexicon: Lexicon, levels: Iterable[tuple[str, Confidence]]) -> _Weighed | None:
    traits = traits_of(pair)
    score = fsum(map(lexicon.weights.get, traits, repeat(0.0)))  # the same in whatever order the set is walked
    for name, confidence in levels:
        if score >= lexicon.number(name):
            return _Weighed(pair, min(confidence, most_of(pair, traits)), score)
    return None


def most_of(pair: Pair, traits: set[str]) -> Confidence:
    """Return the confidence that a pair can have at most."""
    if not traits.isdisjoint(UNTRUE):
        return Confidence.LOW
    apart = pair.distance > 0 and FIELD not in traits
    return Confidence.MEDIUM if apart or pair.mention.who is Who.SELF else Confidence.HIGH


def _findings(page: Page, weighed: Iterable[_Weighed]) -> Iterator[Finding]:
    """Yield one finding for each kind and segment: the strongest, with the number of facts that are as strong."""
    groups: dict[tuple[str, SegmentKind], list[_Weighed]] = {}
    for one in weighed:
        groups.setdefault((one.pair.fact.kind, page.segment_at(one.pair.fact.start)), []).append(one)
    for found in groups.values():
        strongest = max(found, key=lambda w: (w.confidence, w.score))
        yield _finding(page, strongest, sum(w.confidence is strongest.confidence for w in found))


def _finding(page: Page, weighed: _Weighed, count: int) -> Finding:
    fact, who, what = weighed.pair.fact, _PERSONS[weighed.pair.mention.who], LABELS[weighed.pair.fact.kind]
    if weighed.pair.mention.who is Who.SELF:
        reason = f"Avsändaren lämnar {page.place} en {what} om sig själv."
    else:
        reason = f"En {what} om en {who} står {page.place}."
    rule = RULE if fact.kind == SOCIAL else f"{RULE}:{fact.kind}"
    seen = Seen(rule=rule, confidence=weighed.confidence, evidence=f"{who} + {what}", reason=reason, count=count)
    return page.finding(FACTS.name, (fact.start, fact.end), seen)


FACTS: Final = Detector(name="special_category", rules=(RULE,), detect=_detect)
"""The detector of sensitive facts about persons."""
