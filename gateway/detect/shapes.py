"""What sentences look like to the model: words and their pieces, pairs of words, build, persons and facts, traits.

The build leaves out what the words mean: persons stand as how they are pointed out, sensitive words as a mark, other
words as their endings, so that "Karin har fått en stroke" and "Nils har fått en propp" are built alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from gateway.detect.facts import Fact
from gateway.detect.mentions import Mention
from gateway.detect.sentences import Sentence, Token

_HIDDEN: Final = ""
"""Stands for the second and further words of a person or a fact."""


class Contents(NamedTuple):
    """What was found in a sentence before."""

    mentions: Sequence[Mention]
    facts: Sequence[Fact]
    traits: Iterable[str]
    """Of the facts, each with the person it most likely is about."""


def features_of(sentence: Sentence, contents: Contents, plain: frozenset[str]) -> tuple[set[str], ...]:
    """Return the features of all blocks but the first; ``plain`` are the words that stand for themselves."""
    labels, marks = _labels(sentence, contents)
    written, build = _sequences(sentence.tokens, labels, plain)
    built = {f"g:{one} {two}" for one, two in pairwise(build)}
    built |= {f"g:{one} {two} {three}" for one, two, three in zip(build, build[1:], build[2:], strict=False)}
    return {f"b:{one} {two}" for one, two in pairwise(written)}, built, marks, {f"t:{t}" for t in contents.traits}


def _labels(sentence: Sentence, contents: Contents) -> tuple[list[str | None], set[str]]:
    """Return what stands for each token, None for the token itself, and the marks of persons and facts."""
    labels: list[str | None] = [None] * len(sentence.tokens)
    marks = set[str]() if contents.mentions else {"p:none"}
    for mention in contents.mentions:
        who = mention.who.value + ("!" if mention.office or mention.party or mention.calling else "")
        marks.add(f"p:{who}")
        _put(labels, mention.first, mention.last, f"@{who}")
    for fact in contents.facts:
        marks.add(f"k:{fact.kind}:{fact.table}")
        marks |= {f"pk:{mention.who.value}:{fact.kind}" for mention in contents.mentions}
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
