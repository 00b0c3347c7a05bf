"""What is seen when a fact and a person are held together: named traits, each with a weight in a file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Final

from gateway.detect import topics
from gateway.detect.facts import Fact
from gateway.detect.mentions import NAMED, Mention, Who
from gateway.detect.sentences import Sentence, Token

_HISTORY: Final = re.compile(r"(?:1[0-8]\d\d|19[0-3]\d)(?:$|-tal)")
"""Years longer ago than a lifetime."""
_FLAGS: Final = (
    "placed", "owned", "loosely", "reflexive", "generic", "titled", "office", "calling", "party", "public", "addressed",
)  # fmt: skip
FIELD: Final = "far:field"
"""A line with a label below a line that names a person (Patient: …, Diagnos: …)."""
UNTRUE: Final = frozenset({"sentence:denied", "sentence:history", "sentence:hypothetical", "earlier:hypothetical"})
"""Traits of what is denied, made up, or longer ago than a lifetime."""
_ARTICLES: Final = frozenset({"en", "ett", "a", "an"})
_DEFINITE: Final = frozenset({"den", "det", "de", "the"})
_RELATIVE: Final = frozenset({"som", "vars", "who"})
_STEPS: Final = ((1, "0"), (3, "2"), (6, "5"), (11, "10"), (21, "20"))
_STRUCTURE: Final = {"(": "bracket", ":": "colon", ",": "comma", ";": "cell", "|": "cell", "\n": "line", "-": "dash"}


class _Marks:
    """Traits that words make by their bits alone."""

    __slots__ = ("_any", "_traits")

    def __init__(self, prefix: str, *names: tuple[str, int]) -> None:
        self._traits = tuple((f"{prefix}:{name}", bits) for name, bits in names)
        self._any = reduce(or_, (bits for _, bits in names))

    def of(self, bits: int) -> list[str]:
        return [trait for trait, bit in self._traits if bits & bit] if bits & self._any else []


_BEFORE: Final = _Marks(
    "before",
    ("about", topics.ABOUT), ("with", topics.WITH), ("plural", topics.PLURAL), ("several", topics.SEVERAL),
    ("be", topics.BE), ("have", topics.HAVE), ("negation", topics.NEGATION), ("policy", topics.POLICY),
    ("self", topics.SELF),
)  # fmt: skip
_SENTENCE: Final = _Marks(
    "sentence",
    ("hypothetical", topics.HYPOTHETICAL), ("denied", topics.DENIED), ("animal", topics.ANIMAL),
    ("plural", topics.PLURAL), ("deciding", topics.DECIDING), ("policy", topics.POLICY),
)  # fmt: skip
_CLAUSE_WORDS: Final = (
    ("policy", topics.POLICY), ("deciding", topics.DECIDING), ("anonymous", topics.ANONYMOUS),
    ("plural", topics.PLURAL), ("speaking", topics.SPEAKING), ("request", topics.REQUEST),
    ("metaphor", topics.METAPHOR), ("several", topics.SEVERAL),
)  # fmt: skip
_TIGHT: Final = _Marks("tight", *_CLAUSE_WORDS)
_LOOSE: Final = _Marks("loose", *_CLAUSE_WORDS)
_LOOSENING: Final = topics.ABOUT | topics.SPEAKING | topics.DECIDING | topics.PLURAL | topics.POLICY
_CLOSE: Final = 6
"""Words and marks that may stand between a person and what is said about him."""
_NEAR: Final = 8
"""Words on each side of a fact that belong to what is said about it."""
_OWNED: Final = 4
"""Words between a name in the genitive and what belongs to it."""
_BRIEF: Final = 7
"""Words and marks of a line in a list."""
_NEGATED: Final = 6
"""Words before a fact in which a negation reaches it."""
_JOINTS: Final = frozenset(
    {",", ".", ":", ";", "(", ")", "-", "men", "utan", "och", "som", "eftersom", "därför", "då", "för", "när", "att",
     "sedan", "medan", "but", "because", "who"}
)  # fmt: skip
"""Where another clause begins."""
_BETWEEN_WORDS: Final = (
    ("be", topics.BE), ("have", topics.HAVE), ("speaking", topics.SPEAKING), ("deciding", topics.DECIDING),
    ("about", topics.ABOUT), ("negation", topics.NEGATION), ("plural", topics.PLURAL), ("policy", topics.POLICY),
    ("pronoun", topics.PRONOUN), ("several", topics.SEVERAL), ("with", topics.WITH),
)  # fmt: skip
_BETWEEN: Final = {side: _Marks(side, *_BETWEEN_WORDS) for side in ("after", "ahead")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A fact and a person who may be meant."""

    fact: Fact
    sentence: Sentence
    """Of the fact."""
    mention: Mention
    distance: int = 0
    """Sentences between the person and the fact, 0 in the same sentence."""
    antecedent: Mention | None = None
    """Whom a pronoun stands for."""
    made_up: bool = False
    """The sentence before speaks of an invented case."""


def traits_of(pair: Pair) -> set[str]:
    """Return the traits of a pair."""
    fact, mention = pair.fact, pair.mention
    traits = {"bias", f"table:{fact.table}", f"kind:{fact.kind}", f"who:{mention.who.value}", f"far:{pair.distance}"}
    traits.add(f"kind:{fact.kind}:{fact.table}")
    traits.add(f"who:{mention.who.value}:{fact.table}")
    if pair.made_up:
        traits.add("earlier:hypothetical")
    if fact.compound:
        traits.add("fact:compound")
    if fact.table == topics.MEMBERS:
        traits.add("group:capital" if fact.capital else "group:small")
    if fact.abstract:
        traits.add("fact:abstract")
    _add_person(traits, pair)
    first = pair.sentence.token_at(fact.start)
    last = pair.sentence.token_at(fact.end - 1) + 1
    tight = _is_tight(pair, first)
    if tight:
        traits.add(f"tight:{fact.table}")
    _add_around(traits, pair, first, last, tight=tight)
    if pair.distance == 0:
        _add_between(traits, pair, first, last)
    else:
        _add_earlier(traits, pair, first)
    return traits | {f"self/{trait}" for trait in traits} if mention.who is Who.SELF else traits


def _add_person(traits: set[str], pair: Pair) -> None:
    mention = pair.mention
    traits.update(f"person:{flag}" for flag in _FLAGS if getattr(mention, flag))
    if not mention.sure:
        traits.add("person:unsure")
    if mention.who is Who.PRONOUN:
        traits.add(f"stands_for:{pair.antecedent.who.value if pair.antecedent else 'nobody'}")
        if _is_anybody(pair):
            traits.add("stands_for:anybody")
        if pair.antecedent and (pair.antecedent.office or pair.antecedent.party):
            traits.add("stands_for:office")
    if (mention.office or mention.party) and pair.fact.kind == "political":
        traits.add("office:political")
    if mention.calling:
        traits.add(f"calling:{pair.fact.kind}")


def _is_anybody(pair: Pair) -> bool:
    """Tell whether a pronoun goes back to somebody who is not pointed out (en man i 80-årsåldern)."""
    tokens = pair.sentence.tokens[: pair.mention.first] if not pair.distance else []
    return any(
        token.low in _ARTICLES and any(t.bits & topics.ANYBODY for t in tokens[at + 1 : at + 3])
        for at, token in enumerate(tokens)
    )


def _is_tight(pair: Pair, first: int) -> bool:
    """Tell whether person and fact stand together with nothing but a verb or a mark between them."""
    mention = pair.mention
    if pair.distance or not mention.last <= first <= mention.last + _CLOSE:
        return False
    return not pair.sentence.span(mention.last, first) & _LOOSENING


def _add_around(traits: set[str], pair: Pair, first: int, last: int, *, tight: bool) -> None:
    sentence, table = pair.sentence, pair.fact.table
    tokens = sentence.tokens
    if 0 < first <= len(tokens):
        traits.update(_BEFORE.of(tokens[first - 1].bits))
        if tokens[first - 1].low in _DEFINITE:
            traits.add("before:article")
    hold = _TIGHT if tight else _LOOSE
    traits.update(hold.of(sentence.span(first - _NEAR, last + _NEAR)), sentence.once(_of_sentence))
    if sentence.span(first - 5, first) & topics.PLURAL:
        traits.add("near:plural")
    if (sentence.span(last, last + 3) | sentence.span(first - 3, first)) & topics.POLICY:
        traits.add("near:policy")
    if _is_negated(tokens, first):
        traits |= {"fact:negated", f"fact:negated:{table}"}
    _add_marks(traits, tokens, first, last)


def _of_sentence(sentence: Sentence) -> tuple[str, ...]:
    """Return the traits that a sentence has whatever fact and person are held together."""
    tokens = sentence.tokens
    traits = set(_SENTENCE.of(sentence.whole))
    opening = next((t for t in tokens if t.low[0].isalnum()), None)
    if opening is not None and opening.bits & topics.REQUEST:
        traits.add("sentence:request")
    if tokens and tokens[-1].low == "?":
        traits.add("sentence:question")
    for token in tokens:
        if token.low == "%":
            traits.add("sentence:percent")
        elif token.low[0] == "1" and _HISTORY.match(token.low):
            traits.add("sentence:history")
    return tuple(traits)


def _add_marks(traits: set[str], tokens: list[Token], first: int, last: int) -> None:
    if _in_name(tokens, first, last):
        traits.add("fact:name")
    if 0 < first < len(tokens) and tokens[first].capital and tokens[first - 1].low[0].isalnum():
        traits.add("fact:capital")
    if last < len(tokens) and not tokens[last].low[0].isalnum():
        traits.add("after:mark")


def _add_earlier(traits: set[str], pair: Pair, first: int) -> None:
    tokens = pair.sentence.tokens
    traits.add(f"far:{pair.distance}:{pair.fact.table}")
    if pair.sentence.whole & topics.PRONOUN:
        traits.add("far:pronoun")
    if first > 0 and tokens[first - 1].low == ":":
        traits.add(FIELD)
    if len(tokens) < _BRIEF:
        traits.add("far:brief")


def _is_negated(tokens: list[Token], first: int) -> bool:
    for token in reversed(tokens[max(0, first - _NEGATED) : first]):
        if token.bits & topics.NEGATION:
            return True
        if token.low in _JOINTS:
            return False
    return False


def _in_name(tokens: list[Token], first: int, last: int) -> bool:
    """Tell whether a fact is part of the name of a firm or an association."""
    if not 0 < first < len(tokens) or not tokens[first].capital or tokens[first - 1].low == ":":
        return False
    return tokens[first - 1].capital or (last < len(tokens) and tokens[last].capital)


def _add_between(traits: set[str], pair: Pair, first: int, last: int) -> None:
    mention, sentence = pair.mention, pair.sentence
    if mention.first <= first < mention.last:
        traits.add("order:inside")
        return
    if mention.first < first:
        side, start, stop = "after", mention.last, first
    else:
        side, start, stop = "ahead", last, mention.first
    between = sentence.tokens[start:stop]
    traits.add(f"order:{side}")
    distance = stop - start
    if side == "after" and distance < _OWNED and sentence.tokens[mention.last - 1].genitive:
        traits.add("person:genitive")
    traits.add("gap:" + next((name for limit, name in _STEPS if distance < limit), "far"))
    bits = 0
    for token in between:
        bits |= token.bits
        if token.low in _STRUCTURE:
            traits.add(f"{side}:{_STRUCTURE[token.low]}")
        elif token.low in _RELATIVE:
            traits.add(f"{side}:relative")
    traits.update(_BETWEEN[side].of(bits))
    if bits & topics.SPEAKING and not bits & (topics.BE | topics.HAVE):
        traits.add(f"{side}:only_speaking")
    if not bits & (topics.BE | topics.HAVE | topics.SPEAKING | topics.DECIDING) and distance > 1:
        traits.add(f"{side}:no_verb")
    if mention.who in NAMED and mention.first == 0:
        traits.add("person:opens")
