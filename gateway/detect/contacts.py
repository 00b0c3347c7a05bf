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
STREET: Final = re.compile(
    r"(?<!\w)(?:[A-ZÅÄÖ][\wé]{0,30}[ ]){0,2}[A-ZÅÄÖ]?[\wé]{1,30}"
    r"(?:gatan|vägen|väg|gata|stigen|gränd|gränden|backen|torget|allén|allé|plan|liden|rundeln|svängen|slingan"
    r"|byn|gården|hagen|kroken|leden)[ ][0-9]{1,4}[ ]?[A-Za-z]?(?!\w)",
)
POSTCODE: Final = re.compile(r"(?<![0-9])[1-9][0-9]{2} ?[0-9]{2} +[A-ZÅÄÖ][\wåäöé]{1,30}")
BIRTH: Final = re.compile(r"(?<![0-9])(?:19|20)[0-9]{2}(?:-?(?:0[1-9]|1[0-2])-?(?:[0-2][0-9]|3[01]))?(?![0-9-])")
CLASS: Final = re.compile(r"(?<!\w)(?:(?:åk|årskurs|klass|avd)\.? ?[0-9F]|[1-9][A-F](?![\w-]))")


def addresses(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and domain of every mail address, looking around each ``@`` only."""
    at = text.find("@")
    while at >= 0:
        domain = _DOMAIN.match(text, at)
        local = _LOCAL.search(text, max(0, at - 64), at) if domain else None
        if domain and local:
            yield local.start(), domain.end(), domain["domain"].lower()
        at = text.find("@", at + 1)
