"""What is seen when a fact and a person are held together: named traits, each with a weight in a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.detect import topics
from gateway.detect.facts import Fact
from gateway.detect.mentions import NAMED, Mention, Who
from gateway.detect.sentences import Sentence, Token

_STEPS: Final = ((1, "0"), (3, "2"), (6, "5"), (11, "10"), (21, "20"))
_STRUCTURE: Final = {"(": "bracket", ":": "colon", ",": "comma", ";": "cell", "|": "cell", "\n": "line", "-": "dash"}
_BEFORE: Final = (
    ("about", topics.ABOUT), ("with", topics.WITH), ("plural", topics.PLURAL), ("anonymous", topics.ANONYMOUS),
    ("be", topics.BE), ("have", topics.HAVE), ("negation", topics.NEGATION), ("policy", topics.POLICY),
    ("self", topics.SELF),
)  # fmt: skip
_SENTENCE: Final = (
    ("policy", topics.POLICY), ("deciding", topics.DECIDING), ("hypothetical", topics.HYPOTHETICAL),
    ("denied", topics.DENIED), ("anonymous", topics.ANONYMOUS), ("plural", topics.PLURAL),
    ("speaking", topics.SPEAKING), ("self", topics.SELF),
)  # fmt: skip
_BETWEEN: Final = (
    ("be", topics.BE), ("have", topics.HAVE), ("speaking", topics.SPEAKING), ("deciding", topics.DECIDING),
    ("about", topics.ABOUT), ("negation", topics.NEGATION), ("plural", topics.PLURAL), ("policy", topics.POLICY),
    ("pronoun", topics.PRONOUN), ("anonymous", topics.ANONYMOUS), ("with", topics.WITH),
)  # fmt: skip


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


def traits_of(pair: Pair) -> set[str]:
    """Return the traits of a pair."""
    fact, mention = pair.fact, pair.mention
    traits = {"bias", f"table:{fact.table}", f"kind:{fact.kind}", f"who:{mention.who.value}", f"far:{pair.distance}"}
    traits.add(f"kind:{fact.kind}:{fact.table}")
    if fact.compound:
        traits.add("fact:compound")
    if fact.abstract:
        traits.add("fact:abstract")
    _add_person(traits, pair)
    first = pair.sentence.token_at(fact.start)
    last = pair.sentence.token_at(fact.end - 1) + 1
    _add_around(traits, pair.sentence, first, last)
    if pair.distance == 0:
        _add_between(traits, pair, first, last)
    return traits


def _add_person(traits: set[str], pair: Pair) -> None:
    mention = pair.mention
    for flag in ("placed", "owned", "titled", "office", "calling", "party", "public"):
        if getattr(mention, flag):
            traits.add(f"person:{flag}")
    if not mention.sure:
        traits.add("person:unsure")
    if mention.who is Who.PRONOUN:
        traits.add(f"stands_for:{pair.antecedent.who.value if pair.antecedent else 'nobody'}")
        if pair.antecedent and (pair.antecedent.office or pair.antecedent.party):
            traits.add("stands_for:office")
    if (mention.office or mention.party) and pair.fact.kind == "political":
        traits.add("office:political")
    if mention.calling:
        traits.add(f"calling:{pair.fact.kind}")


def _add_around(traits: set[str], sentence: Sentence, first: int, last: int) -> None:
    tokens = sentence.tokens
    before = _word_before(tokens, first)
    if before is not None:
        for name, bit in _BEFORE:
            if before.bits & bit:
                traits.add(f"before:{name}")
    if sentence.any(first - 4, first, topics.NEGATION):
        traits.add("near:negation")
    if sentence.any(first - 5, first, topics.PLURAL):
        traits.add("near:plural")
    if sentence.any(last, last + 3, topics.POLICY) or sentence.any(first - 3, first, topics.POLICY):
        traits.add("near:policy")
    for name, bit in _SENTENCE:
        if sentence.any(0, len(tokens), bit):
            traits.add(f"sentence:{name}")
    if tokens and tokens[-1].low == "?":
        traits.add("sentence:question")
    if any(t.low == "%" for t in tokens):
        traits.add("sentence:percent")
    following = tokens[last] if last < len(tokens) else None
    if following is not None and not following.low[0].isalnum():
        traits.add("after:mark")


def _word_before(tokens: list[Token], first: int) -> Token | None:
    return tokens[first - 1] if 0 < first <= len(tokens) else None


def _add_between(traits: set[str], pair: Pair, first: int, last: int) -> None:
    mention, sentence = pair.mention, pair.sentence
    if mention.first < first:
        side, start, stop = "after", mention.last, first
    else:
        side, start, stop = "ahead", last, mention.first
    between = sentence.tokens[start:stop]
    traits.add(f"order:{side}")
    distance = stop - start
    traits.add("gap:" + next((name for limit, name in _STEPS if distance < limit), "far"))
    bits = 0
    for token in between:
        bits |= token.bits
        if token.low in _STRUCTURE:
            traits.add(f"{side}:{_STRUCTURE[token.low]}")
        elif token.low in {"som", "vars", "who"}:
            traits.add(f"{side}:relative")
    for name, bit in _BETWEEN:
        if bits & bit:
            traits.add(f"{side}:{name}")
    if bits & topics.SPEAKING and not bits & (topics.BE | topics.HAVE):
        traits.add(f"{side}:only_speaking")
    if not bits & (topics.BE | topics.HAVE | topics.SPEAKING | topics.DECIDING) and distance > 1:
        traits.add(f"{side}:no_verb")
    if mention.who in NAMED and mention.first == 0:
        traits.add("person:opens")
