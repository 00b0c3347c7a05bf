"""Facts and the persons they may be about: those of the sentence, and those whom a pronoun or a list goes back to."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from gateway.detect import topics
from gateway.detect.facts import Fact
from gateway.detect.mentions import NAMED, PERSONAL, Mention, Who, mentions_of
from gateway.detect.sentences import Reader, Sentence
from gateway.detect.traits import Pair

_BACK: Final = 2
"""Sentences before the fact in which a person is looked for."""
_BRIEF: Final = 100
"""Characters of a line that may belong to a person of the line before, without a pronoun."""
_SHORT: Final = 2000
"""Characters of a short mail."""
_NEAREST: Final = 6
"""Persons of a sentence that are looked at, and of the sentences before it."""
_LITTLE: Final = frozenset({Who.PRONOUN, Who.SELF})
_ORDER: Final = (
    Who.FULL, Who.PLACED, Who.TITLED, Who.FAMILY, Who.GIVEN, Who.RELATION, Who.ROLE, Who.SUBJECT, Who.SURNAME,
)  # fmt: skip


class Finder:
    """The persons of a page, sentence by sentence."""

    def __init__(self, reader: Reader, heading: list[Mention]) -> None:
        """Take the persons named in the subject along."""
        self.reader = reader
        self._heading = heading
        self._found: dict[int, list[Mention]] = {}
        self._earlier_found: dict[int, list[tuple[int, Mention]]] = {}

    def pairs(self, fact: Fact) -> Iterator[Pair]:
        """Yield the persons that a fact may be about."""
        sentence = self.reader.sentence(fact.start)
        mentions = self.mentions(sentence)
        refers = any(m.who is Who.PRONOUN for m in mentions)
        brief = not mentions and sentence.end - sentence.start < _BRIEF
        if not (mentions or brief or self._heading):
            return
        earlier = self._earlier(sentence) if brief or refers else []
        before = [m for _, m in earlier] or self._heading
        made_up = refers and self._is_made_up(sentence)
        for mention in _nearest(mentions, sentence, fact):
            antecedent = None
            if mention.who is Who.PRONOUN:
                antecedent = _best([m for m in mentions if _is_spoken_of(m) and m.first < mention.first] or before)
            yield Pair(fact=fact, sentence=sentence, mention=mention, antecedent=antecedent, made_up=made_up)
        for distance, mention in islice(earlier, _NEAREST):
            yield Pair(fact=fact, sentence=sentence, mention=mention, distance=distance)
        if not earlier and all(m.who is Who.SELF for m in mentions):
            for mention in islice(self._heading, _NEAREST):
                yield Pair(fact=fact, sentence=sentence, mention=mention, distance=_BACK + 1)

    def mentions(self, sentence: Sentence) -> list[Mention]:
        """Return the persons of a sentence."""
        known = self._found.get(sentence.start)
        if known is None:
            # In a short mail a person may also be left out, or written without a capital letter.
            worth = len(self.reader.page.text) < _SHORT or sentence.bits & PERSONAL
            known = sentence.once(_persons_in_small if self.reader.lower_case else _persons) if worth else []
            self._found[sentence.start] = known
        return known

    def named(self) -> list[Mention]:
        """Return the persons named in the first sentence of the page."""
        if not self.reader.page.text:
            return []
        return [m for m in self.mentions(self.reader.sentence(0)) if m.who in NAMED and not m.addressed]

    def _is_made_up(self, sentence: Sentence) -> bool:
        before = self.reader.before(sentence)
        return before is not None and bool(before.bits & topics.HYPOTHETICAL)

    def _earlier(self, sentence: Sentence) -> list[tuple[int, Mention]]:
        """Return whom the sentences before speak of, with their distance, the nearest sentence first."""
        known = self._earlier_found.get(sentence.start)
        if known is None:
            known = self._earlier_found[sentence.start] = self._look_back(sentence)
        return known

    def _look_back(self, sentence: Sentence) -> list[tuple[int, Mention]]:
        found: list[tuple[int, Mention]] = []
        current: Sentence | None = sentence
        for distance in range(1, _BACK + 1):
            current = self.reader.before(current) if current else None
            if current is not None:
                found += ((distance, m) for m in self.mentions(current) if _is_spoken_of(m))
        return found


def _persons(sentence: Sentence) -> list[Mention]:
    return mentions_of(sentence, lower_case=False)


def _persons_in_small(sentence: Sentence) -> list[Mention]:
    """Return the persons of a sentence whose writer does without capital letters."""
    return mentions_of(sentence, lower_case=True)


def _is_spoken_of(mention: Mention) -> bool:
    """Tell whether a pronoun may go back to a person."""
    return mention.who not in _LITTLE and not mention.addressed


def _nearest(mentions: list[Mention], sentence: Sentence, fact: Fact) -> list[Mention]:
    """Return the persons that stand nearest to a fact, so that a list of names costs no more than a sentence."""
    if len(mentions) <= _NEAREST:
        return mentions
    token = sentence.token_at(fact.start)
    return sorted(mentions, key=lambda m: min(abs(m.first - token), abs(m.last - token)))[:_NEAREST]


def _best(mentions: list[Mention]) -> Mention | None:
    return min(mentions, key=lambda m: _ORDER.index(m.who), default=None)
