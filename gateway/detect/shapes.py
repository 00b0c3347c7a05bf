"""What sentences look like to the model: words, their pieces and senses, pairs of both, build, persons, facts, traits.

The build leaves out what the words mean: persons stand as how they are pointed out, sensitive words as a mark, other
words as their endings, so that "Karin har fått en stroke" and "Nils har fått en propp" are built alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from gateway.detect import topics
from gateway.detect.facts import Fact
from gateway.detect.mentions import Mention
from gateway.detect.senses import Senses
from gateway.detect.sentences import Sentence, Token

_HIDDEN: Final = ""
"""Stands for the second and further words of a person or a fact."""
_ADDRESSED: Final = "addressed"
_NEAR: Final = 3
"""Senses, persons and small words behind one that are near it."""
_MOST_SENSES: Final = 4
"""Senses of a word that are looked at."""
_SMALL: Final = (
    (topics.NEGATION, "~not"),
    (topics.SEVERAL | topics.PLURAL, "~many"),
    (topics.ANONYMOUS | topics.ANYBODY, "~any"),
    (topics.POLICY, "~policy"),
    (topics.HYPOTHETICAL | topics.DENIED, "~if"),
    (topics.OFFICE | topics.PUBLIC, "~office"),
    (topics.BE, "~be"),
    (topics.HAVE, "~have"),
)


class Contents(NamedTuple):
    """What was found in a sentence before."""

    mentions: Sequence[Mention]
    facts: Sequence[Fact]
    traits: Iterable[str]
    """Of the facts, each with the person it most likely is about."""


def senses_of(words: Sequence[str], senses: Senses) -> set[str]:
    """Return the features of what words one after another, and the phrases in them, mean."""
    known = [senses.word(word) for word in words]
    ids = {sense for one in known for sense in one.senses} | {sense for _, sense in senses.phrases(known)}
    return {f"m:{senses.names[sense]}" for sense in ids}


def features_of(
    sentence: Sentence, contents: Contents, plain: frozenset[str], senses: Senses | None
) -> tuple[set[str], ...]:
    """Return the features of all blocks but those of words; ``plain`` are the words that stand for themselves."""
    labels, marks = _labels(sentence, contents)
    written, build = _sequences(sentence.tokens, labels, plain)
    built = {f"g:{one} {two}" for one, two in pairwise(build)}
    built |= {f"g:{one} {two} {three}" for one, two, three in zip(build, build[1:], build[2:], strict=False)}
    return (
        {f"b:{one} {two}" for one, two in pairwise(written)},
        built,
        marks,
        {f"t:{t}" for t in contents.traits},
        _neighbours(sentence.tokens, labels, senses) if senses else set(),
    )


def _labels(sentence: Sentence, contents: Contents) -> tuple[list[str | None], set[str]]:
    """Return what stands for each token, None for the token itself, and the marks of persons and facts."""
    labels: list[str | None] = [None] * len(sentence.tokens)
    marks = set[str]() if contents.mentions else {"p:none"}
    for mention in contents.mentions:
        who = mention.who.value + ("!" if mention.office or mention.party or mention.calling else "")
        if mention.addressed:
            who = _ADDRESSED
        marks.add(f"p:{who}")
        _put(labels, mention.first, mention.last, f"@{who}")
    for fact in contents.facts:
        marks.add(f"k:{fact.kind}:{fact.table}")
        marks |= {f"pk:{m.who.value}:{fact.kind}" for m in contents.mentions if not m.addressed}
        _put(labels, sentence.token_at(fact.start), sentence.token_at(fact.end - 1) + 1, f"#{fact.kind}")
    return labels, marks


def _put(labels: list[str | None], first: int, last: int, label: str) -> None:
    for at in range(first, min(last, len(labels))):
        if at == first:
            labels[at] = label
        elif labels[at] is None:
            labels[at] = _HIDDEN


def _sequences(
    tokens: Sequence[Token], labels: Sequence[str | None], plain: frozenset[str]
) -> tuple[list[str], list[str]]:
    """Return the words, and the build, of a sentence."""
    written, build = ["^"], ["^"]
    for token, label in zip(tokens, labels, strict=True):
        if label == _HIDDEN:
            continue
        if label is not None:
            written.append(label)
            build.append("#" if label[0] == "#" else label)
            continue
        first = token.low[0]
        low = "0" if first.isdigit() else token.low
        written.append(low)
        build.append(low if low in plain or not first.isalpha() else ("A" if token.capital else "a") + low[-2:])
    return [*written, "$"], [*build, "$"]


def _neighbours(tokens: Sequence[Token], labels: Sequence[str | None], senses: Senses) -> set[str]:
    """Return which senses, persons and small words that decide stand near each other, in which order."""
    known = [senses.word(token.low) for token in tokens]
    phrases: dict[int, set[int]] = {}
    for at, sense in senses.phrases(known):
        phrases.setdefault(at, set()).add(sense)
    items = [
        item
        for at, (token, label) in enumerate(zip(tokens, labels, strict=True))
        if (item := _item(token, label, sorted({*known[at].senses, *phrases.get(at, ())}), senses))
    ]
    found = {
        f"n:{one}>{two}"
        for at, item in enumerate(items)
        for other in items[at + 1 : at + 1 + _NEAR]
        for one in item
        for two in other
    }
    persons = {name for item in items for name in item if name[0] == "@"}
    return found | {f"np:{person}:{name}" for person in persons for item in items for name in item if name[0] != "@"}


def _item(token: Token, label: str | None, ids: Sequence[int], senses: Senses) -> list[str]:
    small = [mark for bits, mark in _SMALL if token.bits & bits]
    if label == _HIDDEN:
        return []
    if label is not None and label[0] == "@":
        return [label]
    return [*(senses.names[sense] for sense in ids[:_MOST_SENSES]), *([label] if label else []), *small]
