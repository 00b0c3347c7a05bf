"""Date of birth and the last four with words or marks of their own between: ``780914, ett streck och sedan 2388``.

Only small words that join, no others, may stand between, so the two halves belong together; calendar and check digit
are asked afterwards, as of any number. Numerals in words are read as digits first: ``sjuttioåtta, fjortonde september,
sen två tre åtta åtta``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.detect.births import DATE, MONTHS, read_date
from gateway.detect.clusters import Shape, Written
from gateway.detect.matcher import Span
from gateway.detect.octets import digits_of, latin_of
from gateway.detect.spoken import transcripts
from gateway.detect.view import Kind, Page

_MOST: Final = 5000
_LOOK: Final = 90
"""Characters before the last four in which the date stands."""
_FOUR: Final = re.compile(
    rb"(?:00 ?00|0 0 0 0)(?![0A-Za-z]|[ ]?[-:/.,]0|[ ]00|"
    rb"\.(?i:pdf|docx?|xlsx?|pptx?|jpe?g|png|tiff?|heic|csv|txt|zip|msg|mp4)\b)"
)
_TOKEN: Final = re.compile(r"\w+|[^\w\s]")
_MARKS: Final = frozenset(
    {"streck", "strecket", "bindestreck", "bindestrecket", "tankstreck", "minus", "minustecken", "dash", "hyphen"}
)
_JOINING: Final = frozenset(
    {
        "sedan", "sen", "sist", "sista", "därefter", "därpå", "följt", "följd", "följs", "plus", "slut", "slutar",
        "slutade",
        "slutande", "slutet", "avslutas", "avslutat", "fyrorna", "siffrorna", "siffror", "slutsiffror", "slutsiffrorna",
        "ändelse", "ändelsen", "kontrollnummer", "kontrollnumret", "kontrollsiffror", "kontrollsiffrorna", "fortsätter",
        "fortsättning", "fortsättningen", "resten", "mellanslag", "snedstreck", "kolon", "punkt", "understreck", "then",
    }
)  # fmt: skip
_SMALL: Final = frozenset(
    {
        "ett", "en", "och", "o", "så", "som", "med", "samt", "av", "på", "i", "är", "har", "de", "dom", "den", "det",
        "hon",
        "han", "hen", "där", "då", "till", "nummer", "numret", "nr", "fyra", "4", "kommer", "står", "blir", "lyder",
        "vilka",
        "hennes", "hans", "alltså", "bara", "ja", "1", "and", "the", "last", "four", "is",
    }
)  # fmt: skip
"""Words that say nothing of what joins, but may stand beside one that does."""
_PUNCTUATION: Final = frozenset(",;:.()[]<>*\"'/_~=+-\u2013\u2026")
_CELLS: Final = ";|\t"
"""What parts the cells of a row."""
_CLOSE: Final = re.compile(r"[ ]?(?:[(/_:*~=.\u2026]|\.{2,3})[ ]?")
"""What may stand between the halves of a number that is meant not to be recognised."""
_AFTER: Final = re.compile(
    r"[)\"']?,?[ ](?:sist|i slutet|på slutet|på sluttampen|som (?:de )?(?:fyra )?sista|till slut)\b"
)
_BORN: Final = re.compile(
    r"\b(?:född[ae]?|födelse\w*|föddes|f|pers\w{0,3}[ .-]?n\w*|pnr|årgång)[ .:,\n-]{0,3}(?:den |är |i |år )?[(\"']?$",
    re.IGNORECASE,
)
_BORN_LOOK: Final = 30
_INSIDE: Final = re.compile(r"[\w./]")
"""What before a date makes it the middle of a file's name or of another number."""
_YEAR: Final = re.compile(r"(?:19[2-9]|20[0-4])[0-9]")
_YEAR_BEFORE: Final = re.compile(
    r"\b(?:född[ae]?|föddes|årgång|f)[ .:]{1,2}(?:år |i |-|')?(?P<century>19|20)?(?P<year>[0-9]{2})(?:[:-]?a)?"
    r"(?:[ ,;:(]|\b(?:och|sen|sedan|med|har|nummer|numret|nr|är|så)\b){1,8}(?P<day>[0-9]{4})[ ]?-[ ]?$",
    re.IGNORECASE,
)


def joined_numbers(page: Page) -> Iterator[Written]:
    """Yield numbers whose halves are joined by words or marks, in figures, in words or in both."""
    if page.kind is Kind.FILENAME:
        return  # pictures are named by date and time
    yield from _joined(page.text, page.digits)
    for told in transcripts(page):
        for written in _joined(told.text, digits_of(latin_of(told.text))):
            yield Written(
                start=told.place(written.start),
                end=told.place(written.end),
                century=written.century,
                digits=written.digits,
                shape=written.shape,
            )


def _joined(text: str, digits: bytes) -> Iterator[Written]:
    for number, match in enumerate(_FOUR.finditer(digits)):
        if number == _MOST:
            return
        four = match.span()
        if _may_follow(text, digits, four[0]):
            found = _with_year(text, four) if text[four[0] - 1] == "-" else _with_date(text, four)
            if found is not None:
                yield found


def _may_follow(text: str, digits: bytes, start: int) -> bool:
    """Tell whether nothing but what joins stands between four digits and the digits before: most numbers end here."""
    last = digits.rfind(b"0", max(0, start - _LOOK), start)
    if last < 0 or last == start - 1 or (text[start - 1] in _CELLS and text[start - 2 : start - 1] != " "):
        return False
    between = _TOKEN.findall(text[last + 1 : start].lower())
    return all(t in _PUNCTUATION or t in _MARKS or t in _JOINING or t in _SMALL or t[:3] in MONTHS for t in between)


def _with_date(text: str, four: Span) -> Written | None:
    lowest = max(0, four[0] - _LOOK)
    dates = [m for m in DATE.finditer(text, lowest, four[0]) if m.start() > lowest or not lowest]
    date = read_date(dates[-1]) if dates else None
    if date is None or _INSIDE.search(text[max(0, dates[-1].start() - 1) : dates[-1].start()]):
        return None
    serial = "".join(text[slice(*four)].split())
    shape = _join(text, dates[-1], four)
    if shape is None or (shape is Shape.JOINED and _YEAR.fullmatch(serial)):
        return None
    return Written(start=dates[-1].start(), end=four[1], century=date[0], digits=date[1] + serial, shape=shape)


def _join(text: str, date: re.Match[str], four: Span) -> Shape | None:
    """Return how surely what stands between makes one number of two; None where it does not."""
    between = text[date.end() : four[0]]
    words = {token.lower() for token in _TOKEN.findall(between)} - _PUNCTUATION
    if not words <= _MARKS | _JOINING | _SMALL:
        return None
    if words & _MARKS:
        return Shape.TIGHT
    if words & _JOINING or _AFTER.match(text, four[1]):
        return Shape.JOINED
    if not words and date["ymd"] and _CLOSE.fullmatch(between):
        return Shape.JOINED
    born = _BORN.search(text[max(0, date.start() - _BORN_LOOK) : date.start()])
    return Shape.JOINED if born and between.strip(" ") else None


def _with_year(text: str, four: Span) -> Written | None:
    """Return a number whose year stands by itself: ``född 78, 0914-2388``."""
    match = _YEAR_BEFORE.search(text[max(0, four[0] - _LOOK) : four[0]])
    if match is None:
        return None
    digits = match["year"] + match["day"] + "".join(text[slice(*four)].split())
    start = max(0, four[0] - _LOOK) + match.start("year")
    return Written(start=start, end=four[1], century=match["century"], digits=digits, shape=Shape.JOINED)
