"""Sensitive facts about persons who can be pointed out: facts and persons are found, paired, and each pair weighed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.detect import topics
from gateway.detect.detector import Detector
from gateway.detect.facts import Fact, facts_of
from gateway.detect.lexicon import Lexicon
from gateway.detect.mentions import NAMED, PERSONAL, Mention, Who, mentions_of
from gateway.detect.sentences import Reader, Sentence
from gateway.detect.traits import FIELD, UNTRUE, Pair, traits_of
from gateway.detect.view import Kind, Page, Seen, View
from gateway.detect.wordbook import Wordbook
from gateway.model import Circumstances, Confidence, Finding, SegmentKind

RULE: Final = "special_category"

_LITTLE: Final = frozenset({Who.PRONOUN, Who.SELF})
_BRIEF: Final = 100
"""Characters of a line that may belong to a person of the line before, without a pronoun."""
_BACK: Final = 2
"""Sentences before the fact in which a person is looked for."""


class Finder:
    """The persons of a page, sentence by sentence."""

    def __init__(self, reader: Reader, heading: list[Mention]) -> None:
        """Take the persons named in the subject along."""
        self.reader = reader
        self._heading = heading
        self._found: dict[int, list[Mention]] = {}

    def pairs(self, fact: Fact) -> Iterator[Pair]:
        """Yield every person that a fact may be about."""
        sentence = self.reader.sentence(fact.start)
        mentions = self.mentions(sentence)
        brief = not mentions and sentence.end - sentence.start < _BRIEF
        earlier = self._earlier(sentence) if brief or _refers(mentions) else []
        before = [m for _, m in earlier if m.who not in _LITTLE] or self._heading
        for mention in mentions:
            antecedent = None
            if mention.who is Who.PRONOUN:
                inside = [m for m in mentions if m.who not in _LITTLE and m.first < mention.first]
                antecedent = _best(inside or before)
            made_up = mention.who is Who.PRONOUN and self._is_made_up(sentence)
            yield Pair(fact=fact, sentence=sentence, mention=mention, antecedent=antecedent, made_up=made_up)
        for distance, mention in earlier:
            if mention.who not in _LITTLE:
                yield Pair(fact=fact, sentence=sentence, mention=mention, distance=distance)
        if not mentions and not earlier:
            for mention in self._heading:
                yield Pair(fact=fact, sentence=sentence, mention=mention, distance=_BACK + 1)

    def mentions(self, sentence: Sentence) -> list[Mention]:
        """Return the persons of a sentence."""
        known = self._found.get(sentence.start)
        if known is None:
            lower_case = self.reader.lower_case
            worth = lower_case or sentence.bits & PERSONAL or sentence.end - sentence.start < _BRIEF
            known = mentions_of(sentence, lower_case=lower_case) if worth else []
            self._found[sentence.start] = known
        return known

    def _is_made_up(self, sentence: Sentence) -> bool:
        before = self.reader.before(sentence)
        return before is not None and bool(before.bits & topics.HYPOTHETICAL)

    def _earlier(self, sentence: Sentence) -> list[tuple[int, Mention]]:
        found: list[tuple[int, Mention]] = []
        current: Sentence | None = sentence
        for distance in range(1, _BACK + 1):
            current = self.reader.before(current) if current else None
            if current is not None:
                found += ((distance, mention) for mention in self.mentions(current))
        return found


def _refers(mentions: list[Mention]) -> bool:
    return any(m.who is Who.PRONOUN for m in mentions)


def _best(mentions: list[Mention]) -> Mention | None:
    order = (Who.FULL, Who.PLACED, Who.TITLED, Who.FAMILY, Who.GIVEN, Who.RELATION, Who.ROLE, Who.SUBJECT, Who.SURNAME)
    return min(mentions, key=lambda m: order.index(m.who), default=None)


# --- weighing ------------------------------------------------------------------------------------

_LABELS: Final = {
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
_UNASKED: Final = frozenset({SegmentKind.SIGNATURE, SegmentKind.DISCLAIMER})
_SOCIAL: Final = "social"


@dataclass(frozen=True, slots=True)
class _Weighed:
    """The best pair of a fact."""

    pair: Pair
    score: float
    most: Confidence
    """What its confidence can be at most: facts about oneself, and persons of another sentence, are never certain."""


def _detect(view: View, lexicon: Lexicon, circumstances: Circumstances) -> Iterator[Finding]:
    del circumstances
    words = lexicon.wordbook
    heading = _heading(view, words)
    for page in view.of(Kind.SUBJECT, Kind.BODY, Kind.ATTACHMENT):
        finder = Finder(Reader(page, words), [] if page.kind is Kind.SUBJECT else heading)
        weighed = (_weigh(finder, fact, lexicon) for fact in facts_of(page, words))
        yield from _findings(page, [w for w in weighed if w is not None], lexicon)


def _heading(view: View, words: Wordbook) -> list[Mention]:
    """Return the persons named in the subject: what the mail says may be about them."""
    for page in view.of(Kind.SUBJECT):
        if page.text.strip():
            reader = Reader(page, words)
            mentions = mentions_of(reader.sentence(0), lower_case=reader.lower_case)
            return [m for m in mentions if m.who in NAMED]
    return []


def _weigh(finder: Finder, fact: Fact, lexicon: Lexicon) -> _Weighed | None:
    if finder.reader.page.segment_at(fact.start) in _UNASKED:
        return None
    best: _Weighed | None = None
    for pair in finder.pairs(fact):
        traits = traits_of(pair)
        weighed = _Weighed(pair, sum(lexicon.weights.get(trait, 0.0) for trait in traits), most_of(pair, traits))
        if best is None or (weighed.most, weighed.score) > (best.most, best.score):
            best = weighed
    return best


def most_of(pair: Pair, traits: set[str]) -> Confidence:
    """Return the confidence that a pair can have at most."""
    if not traits.isdisjoint(UNTRUE):
        return Confidence.LOW
    apart = pair.distance > 0 and FIELD not in traits
    return Confidence.MEDIUM if apart or pair.mention.who is Who.SELF else Confidence.HIGH


def _confidence(weighed: _Weighed, lexicon: Lexicon) -> Confidence | None:
    for name, confidence in (("high", Confidence.HIGH), ("medium", Confidence.MEDIUM), ("low", Confidence.LOW)):
        if weighed.score >= lexicon.number(f"special_category/levels.{name}"):
            return min(confidence, weighed.most)
    return None


def _findings(page: Page, weighed: list[_Weighed], lexicon: Lexicon) -> Iterator[Finding]:
    """Yield one finding for each kind and segment: the strongest, with the number of facts that are as strong."""
    groups: dict[tuple[str, SegmentKind], list[tuple[Confidence, _Weighed]]] = {}
    for one in weighed:
        confidence = _confidence(one, lexicon)
        if confidence is not None:
            key = (one.pair.fact.kind, page.segment_at(one.pair.fact.start))
            groups.setdefault(key, []).append((confidence, one))
    for found in groups.values():
        confidence, strongest = max(found, key=lambda c: (c[0], c[1].score))
        yield _finding(page, strongest, confidence, sum(c is confidence for c, _ in found))


def _finding(page: Page, weighed: _Weighed, confidence: Confidence, count: int) -> Finding:
    fact, who, what = weighed.pair.fact, _PERSONS[weighed.pair.mention.who], _LABELS[weighed.pair.fact.kind]
    if weighed.pair.mention.who is Who.SELF:
        reason = f"Avsändaren lämnar {page.place} en {what} om sig själv."
    else:
        reason = f"En {what} om en {who} står {page.place}."
    rule = RULE if fact.kind == _SOCIAL else f"{RULE}:{fact.kind}"
    seen = Seen(rule=rule, confidence=confidence, evidence=f"{who} + {what}", reason=reason, count=count)
    return page.finding(FACTS.name, (fact.start, fact.end), seen)


FACTS: Final = Detector(name="special_category", rules=(RULE,), detect=_detect)
"""The detector of sensitive facts about persons."""
