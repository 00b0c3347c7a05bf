"""Codes and passwords given in passing, and what tells them from other figures.

There is no word for a code right before them: ``4471 följt av fyrkant``, ``slå 5528 när den frågar``, ``6 3 0 9``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice, pairwise
from typing import Final

from gateway.detect.labels import in_address
from gateway.detect.matcher import Span
from gateway.detect.spoken import aloud
from gateway.detect.view import Page
from gateway.model import Confidence

Secret = tuple[str, Span, Confidence, str]
"""Value, where it stands in the page, how sure it is one, and what it is called."""

REACH: Final = 60
"""Characters behind a word in which its value begins."""
MOST: Final = 2000
"""Words or figures of a page that are looked at."""
LOOK: Final = 80
"""Characters before a word in which its value ends."""
_HASHED: Final = re.compile(
    r"(?<![\w#*.,:/-])(?P<value>[0-9]{4,8})(?:[#*](?!\w)|,?[ ](?:(?:och|sedan|sen|följt av|därefter|plus|samt)[ ]){0,2}"
    r"(?:fyrkant\w*|stjärna\w*|brädgård\w*)\b)"
)
"""Figures that end as they are keyed in: ``4471#``, ``4471 följt av fyrkant``."""
_TYPED: Final = re.compile(
    r"(?:(?: (?:du|ni|man|bara|in|på|med|det|den|nu|är|var|fortfarande)){0,3}:?|(?: \w{1,12}){1,4}? med)[ ][\"'(]?"
    r"(?P<value>(?=[\w!#$%&*+=?-]*[0-9!#$%*+=?])(?=[\w!#$%&*+=?-]*[A-Za-zÅÄÖåäö]{4})[A-Za-zÅÄÖåäö][\w!#$%&*+=?-]{4,30})"
    r"(?=[.,;:]?[\s\"')]|[.,;:]?$)"
)
"""A word with figures or signs in it, after what asks for it to be written."""
_OBEYED: Final = re.compile(
    r"\b(?:(?:slår?|tryck(?:er)?|knappar?|mata|skriv(?:er)?)(?: in)?|(?:det|den|koden|pin) (?:är|e)|koden?|pin)[ ]"
    r"(?:stjärna )?(?P<value>[#*]?[0-9]{4,6}[#*]?)[, ](?:(?:och|å|sen|sedan|ok|enter|stjärna|fyrkant)?[, ]){0,3}"
    r"(?:så|när|då) (?:glider |går |öppnas )?(?:den|det|du|man|ni|grinden|porten|dörren|larmet|luckan|bommen|skåpet|"
    r"automaten|skärmen|plattan|paddan|datorn|dosan)?[ ]?$",
    re.IGNORECASE,
)
"""Figures that are keyed in or are a code, before what obeys them: ``slå 4471 när den`` frågar."""
_SINGLE: Final = re.compile(
    r"(?<![\w.,:/-])(?<!\d )(?P<value>[0-9](?: [0-9]){3,5})(?![0-9.,:/-]*[0-9]|[ ]?[0-9])"
    r"(?=[ ]?(?:[.,;!?)\n]|$|(?:så|när|och|å)\b))"
)
"""Figures said one by one."""
_LISTED: Final = re.compile(
    r"\b(?:punkt\w*|sid\w*|rum\w*|kap\w*|nr|\w*nummer|\w*numren|avsnitt\w*|ärende\w*|bilag\w*|resultat\w*|poäng\w*)"
    r"[ :]{1,2}$"
)
"""What is counted or named with such figures."""
_COUNTED: Final = "0 1 2 3 4 5 6 7 8 9"
_TOLD: Final = re.compile(
    r"(?:[ ](?:först|fram|in|på|till|då|nu|bara|sedan|sen|sifferhjulen|hjulen|siffrorna|rullarna)){0,4}:?[ ]"
    r"(?P<value>[0-9]{1,2}(?:(?:,|[ ](?:och|sen|sedan|så)(?=[ ])){1,2}[ ](?:och |sen |sedan |sist )?[0-9]{1,2}){2,5})"
    r"(?![0-9:%]|[.,][0-9]|[ ](?:gånger|varv|minut|meter|m|min|kr|kronor|st|år)\b)"
)
"""Figures turned to or pressed one after the other: ``vrid fram 0, 7, 7, 3``."""
_DIAL: Final = re.compile(
    r"\b(?:höger|vänster|medurs|moturs|medsols|motsols)[ ](?:igen |förbi |tillbaka |sedan ){0,2}(?:till |på |mot )"
    r"(?P<value>[0-9]{1,2})(?![0-9:%]|[.,][0-9]|[ ](?:gånger|varv|minut|meter|m|min)\b)"
)
"""A dial that is turned: ``höger till 37``."""
_TURNS: Final = 3
_FEWEST: Final = 4
"""Figures of a code at least."""
_TURNED: Final = 100
"""Characters behind a word for turning within which it is told to what."""
_ENTERED: Final = ("öppna", "logga", "kom", "låses", "lösen", "inlogg")
_WITH: Final = re.compile(r"\b(?:med|är|var)[ ][\"'(]?$")
_LOCKED: Final = ("credentials.logins", "credentials.passwords", "credentials.openings", "credentials.things")
KEYED: Final = ("#", "*", "fyrkant", "stjärna", "brädgård")
_MEETING: Final = 160
"""Characters around the number of a meeting in which its own code stands."""
_HOST: Final = ("värd", "host")
HELP: Final = frozenset({"112", "1177", "11313", "11414"})
"""Numbers that everybody may call."""
VERY: Final = 3
"""Kinds of characters from which on a word of no language is one (see ``mixed``)."""
YEAR: Final = re.compile(r"(?:19|20)[0-9]{2}")
_SHAPES: Final = (
    re.compile(r"[0-9]"),
    re.compile(r"[^\W\d_A-ZÅÄÖ]"),
    re.compile(r"[A-ZÅÄÖ]"),
    re.compile(r"[^\w.,:;]|_"),
)
_NO_VALUE: Final = re.compile(
    r"^(?:https?:|www\.|[\w-]+(?:\.[\w-]+)+/|\d{1,2}[.:]\d\d[-\u2013]|[^\W\d_]+-?\d{1,2}(?:\.\d{1,3})+$|\d{4}-\d\d-\d\d|\d+[.:][\dea]+$|(?:aes|sha|rsa|tls|ssl|wpa|iso|iec|nist|utf|covid|office|windows|"
    r"microsoft|agenda|version|kapitel|punkt|level|sverige)-?\d*$)|@[\w-]+\.\w",
    re.IGNORECASE,
)
"""Addresses, days, times of day, and what is named with a number: standards, programs, an agenda."""


def hashed(page: Page) -> Iterator[Secret]:
    """Yield figures with the sign after them that ends a code, where something is opened."""
    for match in islice(_HASHED.finditer(page.text), MOST):
        if opens(page, match.span()) and not of_meeting(page, match.span()):
            yield match["value"], match.span("value"), Confidence.HIGH, "En kod"


def obeyed(page: Page) -> Iterator[Secret]:
    """Yield figures that something obeys, and figures said one by one where something is opened."""
    for word in page.hits("credentials.obeys")[:MOST]:
        start = max(0, word[0] - LOOK)
        match = _OBEYED.search(page.text[start : word[0]])
        if match is None or match["value"] in HELP or YEAR.fullmatch(match["value"]) or of_meeting(page, word):
            continue
        span = start + match.start("value"), start + match.end("value")
        first, end = page.sentence(span[0])
        if page.near("credentials.things", page.sentence(first - 1)[0] if first else first, end):
            yield match["value"], span, Confidence.HIGH, "En kod"
    for match in islice(_SINGLE.finditer(page.text), MOST):
        last = page.text[match.end() : match.end() + 1] in ("", "\n")
        if (
            match["value"] not in _COUNTED
            and not _LISTED.search(page.lower[max(0, match.start() - 20) : match.start()])
            and opens(page, match.span(), before=last)
            and not of_meeting(page, match.span())
        ):
            yield match["value"], match.span("value"), Confidence.HIGH, "En kod"


def turned(page: Page) -> Iterator[Secret]:
    """Yield what a lock is set or turned to, in figures or in words, where something is opened."""
    for word in page.hits("credentials.turning")[:MOST]:
        if not opens(page, word, before=True):
            continue
        first, last = page.sentence(word[0])
        told = aloud(page, word[1], min(last, word[1] + _TURNED))
        match = _TOLD.match(told.text)
        if match is not None and _is_code(match["value"]):
            span = told.place(match.start("value")), told.place(match.end("value"))
        else:
            whole = aloud(page, first, last)
            dials = list(islice(_DIAL.finditer(whole.text.lower()), _TURNS))
            if len(dials) < _TURNS:
                continue
            span = whole.place(dials[0].start("value")), whole.place(dials[-1].end("value"))
        yield page.text[span[0] : span[1]], span, Confidence.HIGH, "En kod"


def _is_code(value: str) -> bool:
    """Tell figures that open something from those that count: one, two, three."""
    figures = [int(figure) for figure in re.findall(r"[0-9]+", value)]
    counts = all(after - before == 1 for before, after in pairwise(figures))
    return not counts and sum(map(str.isdigit, value)) >= _FEWEST


def typed(page: Page) -> Iterator[Secret]:
    """Yield what is to be written or what something opens with, where only a password looks like that."""
    for word in page.hits("credentials.typed")[:MOST]:
        match = _TYPED.match(page.text, word[1], min(len(page.text), word[1] + REACH + 40))
        if match is None:
            continue
        value = match["value"].rstrip(".,;:!?")
        if page.text[match.end("value") : match.end("value") + 2].strip().islower():
            value = match["value"]  # a sign within the sentence is a part of it
        span = match.start("value"), match.start("value") + len(value)
        entered = page.lower.startswith(_ENTERED, word[0]) and _WITH.search(page.lower[word[1] : span[0]])
        sentence = page.sentence(word[0])
        if (
            not value.isalpha()
            and mixed(value) >= (2 if entered else VERY)
            and not has_another_use(value)
            and not in_address(page.text, span)
            and any(page.near(name, *sentence) is not None for name in _LOCKED)
            and page.near("credentials.other_codes", *sentence) is None
            and not of_meeting(page, span)
        ):
            yield value, span, Confidence.HIGH, "Ett lösenord"


# --- what a find belongs to, and what it looks like ------------------------------------------------


def opens(page: Page, word: Span, *, before: bool = False) -> bool:
    """Tell whether a sentence, or the one before it, is about something that is locked."""
    start, end = page.sentence(word[0])
    if before and start:
        start = page.sentence(start - 1)[0]
    return any(page.near(name, start, end) is not None for name in ("credentials.things", "credentials.openings"))


def of_meeting(page: Page, word: Span) -> bool:
    """Tell the code that lets everybody invited into a meeting from a password; the host's is one."""
    if page.lower.startswith(_HOST, word[0]):
        return False
    return page.near("credentials.meetings", max(0, word[0] - _MEETING), word[1] + REACH // 2) is not None


def mixed(value: str) -> int:
    """Return how many kinds of characters a value has; a capital that only begins it is no kind."""
    kinds = [pattern.search(value, 1 if pattern is _SHAPES[2] else 0) is not None for pattern in _SHAPES]
    return sum(kinds)


def has_another_use(value: str) -> bool:
    """Tell an address, a day, a time of day, or what is named with a number."""
    return _NO_VALUE.search(value) is not None
