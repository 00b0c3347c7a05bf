"""What the files in ``policies/lexicon`` must hold: every list and every number that a detector reads, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.detect import topics

NUMERALS: Final = "numerals"
"""The name of the built-in list of Swedish numerals."""
ASSIGNING: Final = "assigning"
"""The name of the built-in list of words that stand before a secret in settings; where none does, none is sought."""
KEYS: Final = "keys"
"""The name of the built-in list of what keys of well-known services begin with, likewise."""

BUILT_IN: Final[Mapping[str, tuple[str, ...]]] = {
    NUMERALS: (
        "noll*", "ett", "två", "tre", "fyra", "fem", "sex", "sju", "åtta", "nio", "nie", "tio", "elva", "tolv",
        "tretton", "fjorton", "femton", "sexton", "sjutton", "arton", "aderton", "nitton*", "tjugo*", "tjuge*",
        "tretti*",
        "fyrti*", "femti*", "sexti*", "sjutti*", "åtti*", "nitti*", "tjugohundra*", "tvåtusen*", "streck",
        "bindestreck", "minus",
    ),
    ASSIGNING: ("*passw*", "*secret*", "*api key*", "*apikey*", "*access key*", "*token*", "*pwd*"),
    KEYS: ("ghp", "gho", "ghu", "ghs", "ghr", "akia*", "xoxa", "xoxb", "xoxp", "xoxr", "xoxs", "sk", "glpat", "eyj*",
           "private key"),
}  # fmt: skip
"""Lists that nobody needs to edit."""

LISTS: Final[frozenset[str]] = frozenset(
    {
        "identity.danish",
        "identity.labels",
        "identity.norwegian",
        "identity.other_numbers",
        "identity.matters",
        "identity.fillers",
        "identity.persons",
        "identity.last_four",
        "identity.births",
        "identity.units",
        "bulk.offices",
        "credentials.any_code",
        "credentials.any_word",
        "credentials.codes",
        "credentials.colon_only",
        "credentials.logins",
        "credentials.meetings",
        "credentials.openings",
        "credentials.other_codes",
        "credentials.denials",
        "credentials.no_values",
        "credentials.obeys",
        "credentials.passwords",
        "credentials.things",
        "credentials.turning",
        "credentials.typed",
        "financial.accounts",
        "financial.cards",
        "financial.economy",
        "financial.giro",
        "financial.own",
        "financial.payee_numbers",
        "financial.payees",
        "financial.policy",
        "financial.transfers",
        "foreign.links",
        "foreign.other",
        "foreign.swedish",
        "names.first",
        "names.surnames",
        "association.medium",
        "association.official",
        "association.strong",
        "association.weak",
        "business.medium",
        "business.municipal",
        "business.official",
        "business.roles",
        "business.strong",
        "business.weak",
        "capacity.bodies",
        "capacity.commissions",
        "capacity.interests",
        "capacity.medium",
        "capacity.official",
        "capacity.others",
        "capacity.strong",
        "official.voices",
        "official.words",
        "party.medium",
        "party.official",
        "party.strong",
        "party.weak",
        "people.invented",
        "people.offices",
        "people.pronouns",
        "people.relations",
        "people.speaking",
        "private.items",
        "private.medium",
        "private.official",
        "private.strong",
        "private.weak",
        "protected_identity.dwelling",
        "protected_identity.having",
        "protected_identity.markers",
        "protected_identity.policy",
        "protected_identity.public",
        "protected_identity.renamed",
        "protected_identity.shelters",
        "solicitation.aggregates",
        "solicitation.asking",
        "solicitation.channels",
        "solicitation.denials",
        "solicitation.mailing",
        "solicitation.objects",
        "solicitation.owners",
        "solicitation.papers",
        "solicitation.redirections",
        "solicitation.rosters",
        "solicitation.things",
        "solicitation.traits",
        "solicitation.readers",
        "solicitation.wanting",
        "solicitation.work",
    }
    | topics.SEARCHED
    | topics.LOOKED_UP
)
"""``file.table`` of every word list."""

ASKED: Final[frozenset[str]] = frozenset(
    {name for name in LISTS if name.endswith((".official", ".weak")) and not name.startswith("special_category")}
    | {name for name in LISTS if name.startswith(("identity.", "people.", "bulk.", "foreign."))}
    | {
        f"credentials.{table}"
        for table in ("colon_only", "denials", "meetings", "no_values", "openings", "other_codes", "things")
    }
    | {f"financial.{table}" for table in ("giro", "own", "payee_numbers", "payees", "policy", "transfers")}
    | {f"protected_identity.{table}" for table in ("dwelling", "having", "policy", "public", "renamed")}
    | {
        f"solicitation.{table}"
        for table in (
            "aggregates", "channels", "denials", "mailing", "objects", "owners", "papers", "redirections", "readers",
            "rosters", "traits", "work",
        )
    }
    | {"business.municipal", "business.roles", "capacity.bodies", "capacity.commissions"}
    | {"official.voices", "official.words"}
) - {"identity.danish", "identity.last_four"}  # fmt: skip
"""Lists of words that mean something only near a find: looked for there, not in the whole text, since many of them are
everywhere."""

NUMBERS: Final[Mapping[str, tuple[float, float]]] = {
    "identity.label_reach": (10, 200),
    "identity.meetings_from": (2000, 2100),
    "identity.meetings_until": (2000, 2100),
    "identity.column_least": (2, 1000),
    "identity.column_share": (0, 1),
    "bulk.least": (1, 1000),
    "official.most": (0, 50),
    "official.long_text": (100, 10000),
    "official.loud": (1, 40),
    "official.surely_like": (0, 1),
    "official.likely_like": (0, 1),
    "private.warn_at": (1, 20),
    "private.sure_at": (1, 40),
    "private.official_weight": (0, 10),
    "business.warn_at": (1, 20),
    "business.sure_at": (1, 40),
    "business.official_weight": (0, 10),
    "association.warn_at": (1, 20),
    "association.sure_at": (1, 40),
    "association.official_weight": (0, 10),
    "party.warn_at": (1, 20),
    "party.sure_at": (1, 40),
    "party.official_weight": (0, 10),
    "party.domain_weight": (0, 10),
    **topics.NUMBERS,
}
"""``file.key`` → the smallest and the largest value allowed."""
