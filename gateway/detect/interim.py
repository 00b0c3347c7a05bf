"""Interim numbers: identity numbers with a letter for the first digit of the serial, in schools, care and payroll."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.detect.clusters import Shape, Written

_CENTURIES: Final = ("18", "19", "20")
# The same on octets, where a literal beginning lets the search run at full speed.
_PLACE: Final = re.compile(rb"000000(?:00)?[-+ ]?[TRSUWXJKLMN]000(?![0A-Za-z\xc5\xc4\xd6\xe5\xe4\xf6]|-0)")
_INTERIM: Final = re.compile(r"([0-9]{6})([0-9]{2})?([-+ ]?)[TRSUWXJKLMN]([0-9]{3})(?![0-9A-Za-zÅÄÖåäö]|-[0-9])")


def interim_numbers(text: str, digits: bytes) -> Iterator[Written]:
    """Yield interim numbers; the letter counts as 1 in the check digit. Without a separator they need a label.

    ``digits`` is the text in octets with ``0`` for every digit.
    """
    for place in _PLACE.finditer(digits):
        match = _INTERIM.match(text, place.start())
        if match is None:
            continue
        first, more, separator, rest = match.groups()
        date = first + (more or "")
        before = text[match.start() - 1 : match.start()]
        century = date[:2] if more else None
        if before.isalnum() or (before and before in "_.-") or (century and century not in _CENTURIES):
            continue
        yield Written(
            start=match.start(),
            end=match.end(),
            century=century,
            digits=f"{date[-6:]}1{rest}",
            shape=Shape.TIGHT if separator in ("-", "+") or century else Shape.ODD,
            plus=separator == "+",
        )
