"""A second opinion on the sender's own words: a model of whole sentences, weighed together with what the rules found.

It may raise what the rules missed, and may doubt what they found. Numbers, lists and attachments are not its business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from itertools import islice, repeat
from math import fsum
from typing import Final, NamedTuple, TypeVar

from gateway.detect import capacity, topics
from gateway.detect.facts import known_facts
from gateway.detect.lexicon import Lexicon
from gateway.detect.matcher import Span
from gateway.detect.mentions import Who
from gateway.detect.model import Balance, Model, Said, Sums
from gateway.detect.pairing import Finder
from gateway.detect.people import is_invented
from gateway.detect.sentences import Reader, Sentence
from gateway.detect.shapes import Contents, features_of, senses_of
from gateway.detect.special_category import LABELS, RULE, SOCIAL
from gateway.detect.traits import traits_of
from gateway.detect.view import RECEIVED, Kind, Page, Seen, View
from gateway.detect.wordbook import NAMES, Word
from gateway.model import Confidence, Finding, Origin, SegmentKind

NAME: Final = "model"

T = TypeVar("T")

_WORD: Final = re.compile(r"[^\W\d_]+")

_SURE_NAMES: Final = topics.GIVEN | topics.SURNAME
_TOGETHER: Final = 3
"""Sentences that are looked at together."""
_LENGTHS: Final = (300, 1_500)
"""Characters of own words from which a mail is somewhat long, and from which it is long."""
READ_WHOLE: Final = 5_000
"""Characters of own words up to which sentences are looked at in order; in more, those where something was found."""
_MOST: Final = 60
"""Sentences that are looked at in order; later ones where something was found."""
_NEAR: Final = 12
"""Findings of a long text around which it is read."""
_FACTS: Final = 8
"""Facts of a sentence whose traits are looked at."""
_LEAST: Final = 45
"""Characters of own words that are enough to be sure of what is meant."""
_DOUBT: Final = 0.75
"""What more is needed in fewer."""
READ: Final = (SegmentKind.OWN, SegmentKind.CALENDAR, SegmentKind.SIGNATURE)
"""Segments that are read."""
_ABOUT_SOMEBODY: Final = frozenset({"special_category", "financial", "protected_identity"})
_UNOFFICIAL: Final = frozenset({"private", "business_or_association", "party_internal", "capacity_unclear"})
_REQUESTS: Final = "solicitation"
_DISCLOSING: Final = frozenset({"financial", "credentials", "bulk_personal_data", "personnummer", "samordningsnummer"})
"""Who gives such data away with certainty is told that, and not that he may be asking for some."""
_REFUSED: Final = ("solicitation.denials", "solicitation.redirections")
_REASONS: Final = {
    "solicitation": "Ordvalet {} tyder på att någon ombeds att skicka känsliga uppgifter med e-post.",
    "capacity_unclear": "Ordvalet {} gör det oklart i vilken egenskap mejlet är skrivet.",
    "protected_identity": "Ordvalet {} tyder på att något röjs om en person med skyddade uppgifter.",
    "private": "Ordvalet {} tyder på ett privat mejl.",
    "business_or_association": "Ordvalet {} tyder på ett mejl för ett arbete, ett företag eller en förening.",
    "party_internal": "Ordvalet {} tyder på ett mejl om partiets egna angelägenheter.",
    "financial": "Ordvalet {} tyder på en uppgift om en persons ekonomi.",
    "credentials": "Ordvalet {} tyder på att ett lösenord eller en kod lämnas ut.",
}


@dataclass(frozen=True, slots=True)
class Read:
    """A sentence as the model sees it."""

    page: Page
    span: Span
    sums: Sums
    others: bool
    """It speaks of somebody else than the sender."""
    somebody: bool
    """It speaks of anybody at all."""
    kinds: tuple[str, ...]
    """Of the facts in it."""


@dataclass(frozen=True, slots=True)
class _Best:
    """What speaks most for a rule."""

    said: Said
    window: Sequence[Read]
    doubt: float

    @property
    def middle(self) -> Read:
        return self.window[len(self.window) // 2]


def second_opinion(view: View, lexicon: Lexicon, findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings, some of them doubted, and what the model finds besides."""
    kept, model = list(findings), lexicon.model
    body = next((page for page in view.of(Kind.BODY) if not page.part.alternative), None)
    if model is None or body is None or body.part.origin is Origin.FORWARDED:
        return kept
    length = sum(end - start for start, end in body.stretches(*READ))
    reader = Reading(view, body, lexicon, model)
    stretches = list(reader.stretches(kept, length))
    if not any(stretches):
        return kept
    mail = Mail(model.whole(reader.whole()), length_of(length))
    known = any(f.rule_name in model.balances and f.confidence >= Confidence.MEDIUM for f in kept)
    windows = [
        window
        for stretch in stretches
        if stretch
        for window in windows_of(stretch)
        if known or reader.worth_reading(window, mail)
    ]
    if not windows:
        return kept
    read = [[reader.read(glance) for glance in window] for window in windows]
    scores = [model.scores([one.sums for one in window]) for window in read]
    for number, (rule, balance) in enumerate(model.balances.items()):
        at = max(range(len(read)), key=lambda n: scores[n][number])
        best = _Best(mail.said(scores[at], number), read[at], _DOUBT * (length < _LEAST))
        kept = _weighed(kept, rule, balance, best, _kind(best.window, scores[at], model.kinds))
    return kept


def length_of(characters: int) -> float:
    """Return how long a mail of so many own characters is, from 0 to 1."""
    least, most = _LENGTHS
    return min(1.0, max(0.0, (characters - least) / (most - least)))


# --- reading -------------------------------------------------------------------------------------


class Mail(NamedTuple):
    """What is known of a mail before any sentence is read."""

    whole: Sequence[float]
    """For each rule, what all words together say."""
    length: float
    """From 0, not long, to 1."""

    def said(self, scores: Sequence[float], rule: int) -> Said:
        """Return what is said of a rule, with the scores of sentences."""
        return Said(scores[rule], self.whole[rule], self.length)


@dataclass(frozen=True, slots=True)
class Glance:
    """A sentence of which only the words have been looked at."""

    finder: Finder
    sentence: Sentence
    written: Sequence[str]
    """Its words in lower case, each once."""
    senses: AbstractSet[str]
    """What they mean."""
    words: Sums
    """Of the blocks that need nothing but the words."""


class Reading:
    """The sentences of a subject and of the sender's own words."""

    def __init__(self, view: View, body: Page, lexicon: Lexicon, model: Model) -> None:
        """Read nothing yet."""
        self._lexicon = lexicon
        self._model = model
        self._read: dict[int, Read] = {}
        subjects = [page for page in view.of(Kind.SUBJECT) if not page.part.alternative]
        self._places = [(self._finder(page), [(0, len(page.text))]) for page in subjects]
        self._body = self._finder(body), list(body.stretches(*READ))
        self._glances: list[Glance] | None = None

    def _finder(self, page: Page) -> Finder:
        return Finder(Reader(page, self._lexicon.wordbook), [])

    def glances(self) -> Sequence[Glance]:
        """Return all sentences in order, up to a bound."""
        if self._glances is None:
            found = (
                (finder, sentence)
                for finder, spans in [*self._places, self._body]
                for span in spans
                for sentence in _sentences(finder.reader, span)
            )
            self._glances = [self._glance(finder, sentence) for finder, sentence in islice(found, _MOST)]
        return self._glances

    def stretches(self, findings: Iterable[Finding], length: int) -> Iterator[Sequence[Glance]]:
        """Yield what is looked at: all of a mail that is not too long, and where something was found besides."""
        if length <= READ_WHOLE:
            yield self.glances()
        if length > READ_WHOLE or len(self.glances()) == _MOST:
            yield from self.near(findings)

    def near(self, findings: Iterable[Finding]) -> Iterator[Sequence[Glance]]:
        """Yield each sentence of the body in which something was found, with those around it."""
        finder, _ = self._body
        page = finder.reader.page
        found = {
            page.plain(f.start)
            for f in findings
            if f.part == page.part.path and f.rule_name in self._model.balances and f.segment in READ
        }
        seen = set[int]()
        for place in islice(sorted(found), _NEAR):
            sentence = finder.reader.sentence(min(place, len(page.text) - 1))
            if sentence.start not in seen:
                seen.add(sentence.start)
                yield [self._glance(finder, one) for one in _around(finder.reader, sentence)]

    def _glance(self, finder: Finder, sentence: Sentence) -> Glance:
        words = self._words(finder.reader.page, sentence)
        senses = senses_of(words, self._lexicon.senses) if self._lexicon.senses else frozenset[str]()
        once = list(dict.fromkeys(words))
        return Glance(finder, sentence, once, senses, (self._model.add_words(once), self._model.add(senses)))

    def whole(self) -> Sums:
        """Return what the words of all sentences come to; a word counts once, for lines of a list are much alike."""
        glances = self.glances()
        words = dict.fromkeys(word for glance in glances for word in glance.written)
        senses = set[str]().union(*(glance.senses for glance in glances))
        return self._model.add_words(list(words)), self._model.add(senses)

    def _words(self, page: Page, sentence: Sentence) -> list[str]:
        """Return the words of a sentence in lower case, without the names of persons: they are no evidence."""
        words: list[str] = []
        named = False
        for written in _WORD.findall(page.text, sentence.start, sentence.end):
            known = self._lexicon.wordbook.word(written)
            named = known.capital and (_is_name(known, first=not words) or (named and not known.bits))
            if not named:
                words.append(known.low)
        return words

    def worth_reading(self, window: Sequence[Glance], mail: Mail) -> bool:
        """Tell by the words alone whether any rule may be spoken for."""
        scores = self._model.scores([glance.words for glance in window], kinds=False)
        return any(
            balance.weigh(mail.said(scores, number), found=False, sure=False) >= balance.look_at
            for number, balance in enumerate(self._model.balances.values())
        )

    def read(self, glance: Glance) -> Read:
        """Return a sentence as the model sees it."""
        known = self._read.get(id(glance))
        if known is None:
            known = self._read[id(glance)] = self._whole(glance)
        return known

    def _whole(self, glance: Glance) -> Read:
        finder, sentence = glance.finder, glance.sentence
        page, mentions = finder.reader.page, finder.mentions(sentence)
        if page.segment_at(sentence.start) is SegmentKind.SIGNATURE:
            mentions = [replace(mention, addressed=True) for mention in mentions]
        inside = [fact for fact in known_facts(page) if sentence.start <= fact.start < sentence.end]
        traits = set[str]()
        for fact in inside[:_FACTS]:
            seen = [traits_of(pair) for pair in finder.pairs(fact)]
            if seen:
                traits |= max(seen, key=lambda t: fsum(map(self._lexicon.weights.get, t, repeat(0.0))))
        blocks = features_of(sentence, Contents(mentions, inside, traits), self._model.plain, self._lexicon.senses)
        return Read(
            page=page,
            span=(sentence.start, sentence.end),
            sums=(*glance.words, *map(self._model.add, blocks)),
            others=any(mention.who is not Who.SELF and not mention.addressed for mention in mentions),
            somebody=any(not mention.addressed for mention in mentions),
            kinds=tuple(fact.kind for fact in inside),
        )


def _sentences(reader: Reader, span: Span) -> Iterator[Sentence]:
    text, (at, end) = reader.page.text, span
    while at < end:
        while at < end and text[at].isspace():
            at += 1
        if at < end:
            sentence = reader.sentence(at)
            yield sentence
            at = max(sentence.end, at + 1)


def _is_name(word: Word, *, first: bool) -> bool:
    return bool(word.bits & (_SURE_NAMES if first else NAMES)) and not word.bits & ~NAMES


def _around(reader: Reader, sentence: Sentence) -> list[Sentence]:
    """Return a sentence with those before it and the one after it, all of one segment."""
    around = [sentence]
    while len(around) < _TOGETHER and (before := reader.before(around[0])) is not None:
        around.insert(0, before)
    page, end = reader.page, sentence.end
    while end < len(page.text) and page.text[end].isspace():
        end += 1
    if end < len(page.text) and page.segment_at(end) is page.segment_at(sentence.start):
        around.append(reader.sentence(end))
    return around


def windows_of(read: Sequence[T]) -> list[Sequence[T]]:
    """Return the sentences, so many together."""
    return [read[at : at + _TOGETHER] for at in range(max(1, len(read) - _TOGETHER + 1))]


# --- weighing ------------------------------------------------------------------------------------


def _weighed(kept: list[Finding], rule: str, balance: Balance, best: _Best, kind: str) -> list[Finding]:
    """Return the findings after a rule of the model has had its say."""
    own = [f for f in kept if f.rule_name == rule and _is_own(f) and f.confidence >= Confidence.MEDIUM]
    sure = any(finding.confidence is Confidence.HIGH for finding in own)
    weight = balance.weigh(best.said, found=bool(own), sure=sure)
    if weight - best.doubt >= balance.warn_at and (own or _is_supported(rule, best.window, kept)):
        most = Confidence.HIGH if rule != RULE or any(one.others for one in best.window) else Confidence.MEDIUM
        confidence = min(Confidence.HIGH if weight - best.doubt >= balance.block_at else Confidence.MEDIUM, most)
        if not own or (confidence is Confidence.HIGH and not sure):
            return [*kept, _finding(rule, kind, best.middle, confidence)]
        return kept
    if weight < balance.drop_at and own:
        pages = {best.middle.page.part.path, "subject"}
        return [replace(f, confidence=Confidence.LOW) if f in own and f.part in pages else f for f in kept]
    return kept


def _is_supported(rule: str, window: Sequence[Read], kept: Iterable[Finding]) -> bool:
    """Tell whether what must be there is there: a person, a request not taken back, one use of 2.2 only."""
    if rule in _ABOUT_SOMEBODY:
        return any(one.somebody and not is_invented(one.page, one.span[1]) for one in window)
    if rule == capacity.RULE and capacity.only_for_the_public((one.page, one.span) for one in window):
        return False
    if rule in _UNOFFICIAL:
        return not any(f.rule_name in _UNOFFICIAL and f.confidence >= Confidence.MEDIUM for f in kept if _is_own(f))
    if rule != _REQUESTS:
        return True
    told = any(f.confidence is Confidence.HIGH and f.rule_name in _DISCLOSING and _is_own(f) for f in kept)
    return not told and not any(_holds(window, name) for name in _REFUSED)


def _holds(window: Sequence[Read], name: str) -> bool:
    return any(one.page.near(name, *one.span) for one in window)


def _is_own(finding: Finding) -> bool:
    return finding.segment not in RECEIVED and finding.origin is not Origin.FORWARDED


def _kind(window: Sequence[Read], scores: Sequence[float], kinds: Sequence[str]) -> str:
    """Return the kind of a sensitive fact: that of the facts found, else the one that the words speak most for."""
    seen = {kind for one in window for kind in one.kinds}
    lanes = dict(zip(kinds, scores[len(scores) - len(kinds) :], strict=True))
    return max(seen & lanes.keys() or lanes, key=lambda kind: lanes[kind], default=SOCIAL)


def _finding(rule: str, kind: str, read: Read, confidence: Confidence) -> Finding:
    page = read.page
    if rule == RULE:
        named = rule if kind == SOCIAL else f"{rule}:{kind}"
        reason = f"Ordvalet {page.place} tyder på en {LABELS[kind]} om en person som går att känna igen."
        evidence = LABELS[kind]
    else:
        named, evidence, reason = rule, "ordvalet", _REASONS[rule].format(page.place)
    return page.finding(NAME, read.span, Seen(rule=named, confidence=confidence, evidence=evidence, reason=reason))
