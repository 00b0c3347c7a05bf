"""Interim numbers: identity numbers with a letter for the first digit of the serial, in schools, care and payroll."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.detect.clusters import Shape, Written

_INTERIM: Final = re.compile(
    r"(?<![0-9A-Za-z_.-])((?:18|19|20)?)([0-9]{6})([-+]?|[ ])[TRSUWXJKLMN]([0-9]{3})(?![0-9A-Za-zÅÄÖåäö]|-[0-9])"
)


def interim_numbers(text: str) -> Iterator[Written]:
    """Yield interim numbers; the letter counts as 1 in the check digit. Without a separator they need a label."""
    for match in _INTERIM.finditer(text):
        century, date, separator, rest = match.groups()
        yield Written(
            start=match.start(),
            end=match.end(),
            century=century or None,
            digits=f"{date}1{rest}",
            shape=Shape.TIGHT if separator in ("-", "+") or century else Shape.ODD,
            plus=separator == "+",
        )
