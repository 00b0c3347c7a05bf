"""The files about sensitive facts in ``policies/lexicon/special_category``: their tables and the bits of words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from gateway.detect.dictionary import Dictionary

FOLDER: Final = "special_category/"

KINDS: Final = ("health", "ethnic", "political", "religion", "union", "sexlife", "biometric-genetic", "crime", "social")
"""Files of facts; all but ``social`` name a kind of the rule ``special_category``."""

CERTAIN: Final = "certain"
STATES: Final = "states"
TOPICS: Final = "topics"
GROUPS: Final = "groups"
BELONGING: Final = "belonging"
MEMBERS: Final = "members"
"""What a group and a word of belonging make together; no table of its own."""

_PLAIN: Final = (CERTAIN, STATES, TOPICS)
_JOINED: Final = ("political", "religion", "union")
_PERSONS: Final = (
    "relations", "owners", "pronouns", "families", "subjects", "roles", "offices", "callings", "anonymous", "several",
    "anybody", "plurals", "places", "public",
)  # fmt: skip
_LINKS: Final = (
    "be", "have", "speaking", "deciding", "about", "with", "policy", "negation", "hypothetical", "denied", "self",
    "metaphors", "heads", "requests", "animals",
)  # fmt: skip
_NAMES: Final = ("given", "given_rare", "given_words", "family", "family_words")

SEARCHED: Final[frozenset[str]] = frozenset(
    {f"{FOLDER}{kind}.{table}" for kind in KINDS for table in _PLAIN}
    | {f"{FOLDER}{kind}.{table}" for kind in _JOINED for table in (GROUPS, BELONGING)}
)
"""Lists that are searched for in every text."""

LOOKED_UP: Final[frozenset[str]] = frozenset(
    {f"{FOLDER}persons.{table}" for table in _PERSONS}
    | {f"{FOLDER}links.{table}" for table in _LINKS}
    | {f"{FOLDER}names.{table}" for table in _NAMES}
)
"""Lists whose words are looked up one by one, and only around a fact."""


_BITS: Final = {name: 1 << number for number, name in enumerate(sorted(LOOKED_UP))}


def _bit(name: str) -> int:
    return _BITS[FOLDER + name]


RELATION: Final = _bit("persons.relations")
OWNER: Final = _bit("persons.owners")
PRONOUN: Final = _bit("persons.pronouns")
FAMILY: Final = _bit("persons.families")
SUBJECT: Final = _bit("persons.subjects")
ROLE: Final = _bit("persons.roles")
OFFICE: Final = _bit("persons.offices")
CALLING: Final = _bit("persons.callings")
ANONYMOUS: Final = _bit("persons.anonymous")
SEVERAL: Final = _bit("persons.several")
ANYBODY: Final = _bit("persons.anybody")
PLURAL: Final = _bit("persons.plurals")
PLACE: Final = _bit("persons.places")
PUBLIC: Final = _bit("persons.public")
BE: Final = _bit("links.be")
HAVE: Final = _bit("links.have")
SPEAKING: Final = _bit("links.speaking")
DECIDING: Final = _bit("links.deciding")
ABOUT: Final = _bit("links.about")
WITH: Final = _bit("links.with")
POLICY: Final = _bit("links.policy")
NEGATION: Final = _bit("links.negation")
HYPOTHETICAL: Final = _bit("links.hypothetical")
DENIED: Final = _bit("links.denied")
SELF: Final = _bit("links.self")
METAPHOR: Final = _bit("links.metaphors")
HEAD: Final = _bit("links.heads")
REQUEST: Final = _bit("links.requests")
ANIMAL: Final = _bit("links.animals")
GIVEN: Final = _bit("names.given")
GIVEN_RARE: Final = _bit("names.given_rare")
GIVEN_WORD: Final = _bit("names.given_words")
SURNAME: Final = _bit("names.family")
SURNAME_WORD: Final = _bit("names.family_words")


def dictionary_of(lists: Mapping[str, Sequence[str]]) -> Dictionary:
    """Return the dictionary of the lists that are looked up, out of all lists: name → words."""
    return Dictionary({_BITS[name]: words for name, words in lists.items() if name in _BITS})


WEIGHTS: Final = f"{FOLDER}weights."
"""Numbers whose names begin so are the weights of traits; which traits there are is not laid down here."""

HEAVIEST: Final = 20.0
"""The largest weight allowed, with either sign."""

NUMBERS: Final[Mapping[str, tuple[float, float]]] = {
    f"{FOLDER}levels.high": (-HEAVIEST, HEAVIEST),
    f"{FOLDER}levels.high_in_long": (-HEAVIEST, HEAVIEST),
    f"{FOLDER}levels.medium_in_long": (-HEAVIEST, HEAVIEST),
    f"{FOLDER}levels.long_text": (100, 1_000_000),
    f"{FOLDER}levels.medium": (-HEAVIEST, HEAVIEST),
    f"{FOLDER}levels.low": (-HEAVIEST, HEAVIEST),
}
"""Numbers that must be there, with the smallest and the largest value allowed."""


def allowed(name: str) -> tuple[float, float] | None:
    """Return the range of a number of these files; None for a number of another file."""
    return (-HEAVIEST, HEAVIEST) if name.startswith(WEIGHTS) else None
