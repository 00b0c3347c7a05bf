"""What the files in ``policies/lexicon`` must hold: every list and every number that a detector reads, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

NUMERALS: Final = "numerals"
"""The name of the built-in list of Swedish numerals."""

BUILT_IN: Final[Mapping[str, tuple[str, ...]]] = {
    NUMERALS: (
        "noll", "ett", "två", "tre", "fyra", "fem", "sex", "sju", "åtta", "nio", "tio", "elva", "tolv", "tretton",
        "fjorton", "femton", "sexton", "sjutton", "arton", "nitton", "tjugo*", "trettio*", "fyrtio*", "femtio*",
        "sextio*", "sjuttio*", "åttio*", "nittio*", "nittonhundra*", "tjugohundra*", "tvåtusen*", "streck",
        "bindestreck", "minus",
    )
}  # fmt: skip
"""Lists that nobody needs to edit."""

LISTS: Final[frozenset[str]] = frozenset(
    {
        "identity.labels",
        "identity.other_numbers",
        "identity.matters",
        "identity.fillers",
        "identity.persons",
        "identity.last_four",
        "identity.units",
    }
)
"""``file.table`` of every word list."""

NUMBERS: Final[Mapping[str, tuple[float, float]]] = {
    "identity.label_reach": (10, 200),
    "identity.meetings_from": (2000, 2100),
    "identity.meetings_until": (2000, 2100),
    "identity.column_least": (2, 1000),
    "identity.column_share": (0, 1),
}
"""``file.key`` → the smallest and the largest value allowed."""
