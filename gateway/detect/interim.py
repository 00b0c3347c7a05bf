"""Interim numbers: identity numbers with a letter for the first digit of the serial, in schools, care and payroll."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.detect.clusters import Shape, Written

_CENTURIES: Final = ("18", "19", "20")
_INTERIM: Final = re.compile(r"([0-9]{6})([0-9]{2})?([-+ ]?)[TRSUWXJKLMN]([0-9]{3})(?![0-9A-Za-zÅÄÖåäö]|-[0-9])")


def interim_numbers(text: str) -> Iterator[Written]:
    """Yield interim numbers; the letter counts as 1 in the check digit. Without a separator they need a label."""
    for match in _INTERIM.finditer(text):
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
