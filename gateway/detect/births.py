"""Dates of birth as people write them: 780914, 1978-09-14, 14/9 -78, den 14:e september 1978, 78, 14 september."""

from __future__ import annotations

import re
from typing import Final

MONTHS: Final = ("jan", "feb", "mar", "apr", "maj", "jun", "jul", "aug", "sep", "okt", "nov", "dec")
"""What the names of the months begin with."""
_NAMED: Final = r"jan|feb|mar|apr|maj|jun|jul|aug|sep|okt|nov|dec"
DATE: Final = re.compile(
    r"(?<![0-9-])(?:"
    r"(?P<century>18|19|20)?(?P<ymd>[0-9]{6})"
    r"|(?P<y1>[0-9]{4}|[0-9]{2})[-./ ](?P<m1>[0-9]{2})[-./ ](?P<d1>[0-9]{2})"
    r"|(?P<d2>[0-9]{1,2})(?:[/.-](?P<m2>[0-9]{1,2})|:?(?:e|a)?[ ](?P<m3>[a-zA-Z]{3,9}))"
    r"[-/,. ]{1,2}(?P<y2>[0-9]{4}|[0-9]{2})"
    r"|(?P<y4>[0-9]{4}|[0-9]{2}),?[ ](?:den[ ])?(?P<d4>[0-9]{1,2})(?::?(?:e|a))?[ ]"
    rf"(?P<m4>(?i:{_NAMED})[a-zA-Z]{{0,6}})"
    r")(?![0-9]|-[0-9])"
)


def read_date(match: re.Match[str]) -> tuple[str | None, str] | None:
    """Return century and YYMMDD of what ``DATE`` found; None where a word is no month."""
    if match["ymd"]:
        return match["century"], match["ymd"]
    if match["y1"]:
        year, month, day = match["y1"], match["m1"], match["d1"]
    else:
        year, day, month = match["y2"] or match["y4"], match["d2"] or match["d4"], match["m2"]
        if month is None:
            name = (match["m3"] or match["m4"]).lower()[:3]
            if name not in MONTHS:
                return None
            month = str(MONTHS.index(name) + 1)
    return year[:-2] or None, year[-2:] + month.zfill(2) + day.zfill(2)
