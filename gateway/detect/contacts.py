"""Contact details in text: telephone, e-mail, street, postcode, dates of birth; bounded and linear."""

from __future__ import annotations

import re
from typing import Final

PHONE: Final = re.compile(
    r"(?<![0-9A-Za-z-])(?:\+46[ -]?\(?0?\)?|0046[ -]?|0)[1-9][0-9]{0,2}(?:[ /-]{0,3}[0-9]{2,4}){2,4}(?![0-9])"
)
EMAIL: Final = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?P<domain>[\w-]{1,63}(?:\.[\w-]{1,63}){1,5})")
STREET: Final = re.compile(
    r"(?<!\w)(?:[A-ZÅÄÖ][\wé]{0,30}[ ]){0,2}[A-ZÅÄÖ]?[\wé]{1,30}"
    r"(?:gatan|vägen|väg|gata|stigen|gränd|gränden|backen|torget|allén|allé|plan|liden|rundeln|svängen|slingan"
    r"|byn|gården|hagen|kroken|leden)[ ][0-9]{1,4}[ ]?[A-Za-z]?(?!\w)",
)
POSTCODE: Final = re.compile(r"(?<![0-9])[1-9][0-9]{2} ?[0-9]{2} +[A-ZÅÄÖ][\wåäöé]{1,30}")
BIRTH: Final = re.compile(r"(?<![0-9])(?:19|20)[0-9]{2}(?:-?(?:0[1-9]|1[0-2])-?(?:[0-2][0-9]|3[01]))?(?![0-9-])")
CLASS: Final = re.compile(r"(?<!\w)(?:(?:åk|årskurs|klass|avd)\.? ?[0-9F]|[1-9][A-F](?![\w-]))")
