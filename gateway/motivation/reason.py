"""What a person has answered, from the own words of a message."""

from __future__ import annotations

import re
from typing import Final

from gateway.model import Message, SegmentKind

LONGEST: Final = 4000
"""Characters of a reason that are kept."""
_FEWEST_WORDS: Final = 3
_FEWEST_LETTERS: Final = 12
_WORD: Final = re.compile(r"[^\W\d_]+")
_GREETING: Final = re.compile(r"(?:hej|hejsan|goddag|god morgon|hello|hi)\b[^\n]{0,40}\n", re.IGNORECASE)
_CLOSING: Final = re.compile(
    r"(?:(?:med )?(?:\w+ )?hälsn(?:ing(?:ar)?)?|m\.? ?v\.? ?h|b\.?h|v\.?h|hälsar|tack(?: på förhand)?|hej då"
    r"|(?:(?:kind|best|warm) )?regards|best wishes|sincerely|thanks)[ .,!]*(?:/? ?\w+){0,3}",
    re.IGNORECASE,
)
"""A line that ends a letter, perhaps with a name."""
_YES: Final = frozenset(
    {"ja", "godkänn", "godkänner", "godkänns", "godkänt", "bifall", "bifalles", "ok", "okej", "yes"}
)
_NO: Final = frozenset({"nej", "avslå", "avslår", "avslås", "avslag", "no"})


def own_words(message: Message) -> str:
    """Return what the sender wrote: no quotes, no signature, no notices; at most ``LONGEST`` characters."""
    pieces = [
        part.text[segment.start : segment.end]
        for part in message.parts
        if part.body and not part.alternative
        for segment in part.segments
        if segment.kind is SegmentKind.OWN
    ]
    lines = [line.strip() for line in _GREETING.sub("", "\n".join(pieces).lstrip() + "\n", count=1).splitlines()]
    while lines and (not lines[-1] or _CLOSING.fullmatch(lines[-1])):
        lines.pop()
    return "\n".join(lines).strip()[:LONGEST]


def is_reason(text: str) -> bool:
    """Tell a reason, however short, from an empty answer or a mere "ok"."""
    words = _WORD.findall(text)
    return len(words) >= _FEWEST_WORDS and sum(map(len, words)) >= _FEWEST_LETTERS


def decision(text: str) -> bool | None:
    """Return what an approver's first words say: yes, no, or nothing clear."""
    for word in _WORD.findall(text[:200])[:2]:
        folded = word.casefold()
        if folded in _NO:
            return False
        if folded in _YES:
            return True
    return None
