"""Contact details in text: telephone, e-mail, street, postcode, dates of birth; bounded and linear."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

PHONE: Final = re.compile(
    r"(?<![0-9A-Za-z-])(?:\+46[ -]?\(?0?\)?|0046[ -]?|0)[1-9][0-9]{0,2}(?:[ /-]{0,3}[0-9]{2,4}){2,4}(?![0-9])"
)
_LOCAL: Final = re.compile(r"[\w.+-]{1,64}$")
_DOMAIN: Final = re.compile(r"@(?P<domain>[\w-]{1,63}(?:\.[\w-]{1,63}){1,5})")
EMAIL: Final = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?P<domain>[\w-]{1,63}(?:\.[\w-]{1,63}){1,5})")
_STREETS: Final = (
    "gatan", "vägen", "väg", "gata", "stigen", "gränd", "gränden", "backen", "torget", "allén", "allé", "plan", "liden",
    "rundeln", "svängen", "slingan", "byn", "gården", "hagen", "kroken", "leden",
)  # fmt: skip
_SHORT: Final = ("g.", "gat.", "v.", "väg.", "st.", "stig.", "gr.", "b.", "allé.")
"""The same as they are cut short: Storg. 2, Parkv. 8, Björkst. 7."""
_ENDINGS: Final = _STREETS + _SHORT
STREET: Final = re.compile(
    r"(?<!\w)(?:[A-ZÅÄÖ][\wé]{0,30}[ ]){0,2}[A-ZÅÄÖ]?[\wé]{1,30}"
    rf"(?:{'|'.join(_STREETS)}|{'|'.join(map(re.escape, _SHORT))})[ ][0-9]{{1,4}}[ ]?[A-Za-z]?(?!\w)",
)
POSTCODE: Final = re.compile(r"(?<![0-9])[1-9][0-9]{2} ?[0-9]{2} +[A-ZÅÄÖ][\wåäöé]{1,30}")
BIRTH: Final = re.compile(r"(?<![0-9])(?:19|20)[0-9]{2}(?:-?(?:0[1-9]|1[0-2])-?(?:[0-2][0-9]|3[01]))?(?![0-9-])")
CLASS: Final = re.compile(r"(?<!\w)(?:(?:åk|årskurs|klass|avd)\.? ?[0-9F]|[1-9][A-F](?![\w-]))")
_IDENTITY: Final = re.compile(r"(?<![0-9])(?:19|20)?[0-9]{6}[-+ ]?[0-9]{4}(?![0-9])")
_FEWEST: Final = 6
"""Digits of a telephone number."""


def contact(text: str, digits: bytes, start: int, end: int) -> re.Match[str] | None:
    """Return the first telephone number in a stretch, else a street, a postcode or an identity number.

    ``digits`` is the text in octets with ``0`` for every digit: it tells at once which of them cannot be there.
    """
    found = PHONE.search(text, start, end) if digits.count(b"0", start, end) >= _FEWEST else None
    if found is None and _may_hold_street(text, digits, start, end):
        found = STREET.search(text, start, end)
    if found is None and (digits.find(b"00000", start, end) >= 0 or digits.find(b"000 00", start, end) >= 0):
        found = POSTCODE.search(text, start, end) or _IDENTITY.search(text, start, end)
    return found


def _may_hold_street(text: str, digits: bytes, start: int, end: int) -> bool:
    at = digits.find(b" 0", start, end)
    while at >= 0:
        if text.endswith(_ENDINGS, start, at):
            return True
        at = digits.find(b" 0", at + 1, end)
    return False


def addresses(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and domain of every mail address, looking around each ``@`` only."""
    at = text.find("@")
    while at >= 0:
        domain = _DOMAIN.match(text, at)
        local = _LOCAL.search(text, max(0, at - 64), at) if domain else None
        if domain and local:
            yield local.start(), domain.end(), domain["domain"].lower()
        at = text.find("@", at + 1)
