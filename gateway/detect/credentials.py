"""Passwords, codes and keys: a word that announces one, and a value that looks like one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.detect import vocabulary
from gateway.detect.detector import Detector
from gateway.detect.keyed import (
    HELP,
    KEYED,
    LOOK,
    MOST,
    REACH,
    VERY,
    YEAR,
    Secret,
    has_another_use,
    hashed,
    mixed,
    obeyed,
    of_meeting,
    opens,
    turned,
    typed,
)
from gateway.detect.labels import in_address
from gateway.detect.lexicon import Lexicon
from gateway.detect.matcher import Span
from gateway.detect.spoken import aloud
from gateway.detect.view import Page, Seen, View
from gateway.detect.vocabulary import NUMERALS
from gateway.model import Circumstances, Confidence, Finding, SegmentKind

RULE: Final = "credentials"

_TOLD: Final = 20
"""Different values of a page that are told; one's own words first."""
_LINK: Final = r"(?:\b(?:är|var|is|are|er|blir|blev|heter|lyder|on|waa|هي|هو)\b|[=:>\u2192]|(?<=\s)-(?=\s))"
_VALUE: Final = r"[-=>]?[ \t]*\n?[ \t]*[\"'(<]?(?P<value>[^\s\"'<>()]{4,64})"
# Between the word and the value a few words may say what it opens: "koden till larmet i skolan är 4471".
_PASSWORDS: Final = (
    re.compile(rf"^\w{{0,12}}[^\n.!?:=]{{0,40}}?(?P<link>{_LINK}){_VALUE}"),
    re.compile(rf"^\w{{0,12}}[^\n.!?:=]{{0,40}}?(?P<link>\b(?:till|to|har|med)\b){_VALUE}"),
    re.compile(rf"^\w{{0,12}}(?P<link>)(?=[ \t\n]){_VALUE}"),
    re.compile(rf"^[^\n.!?:=]{{0,60}}(?P<link>[:=]){_VALUE}"),
    re.compile(
        rf"^[^\n.!?:=]{{0,40}}?(?:,|\b(?:vanligt|förut|innan|tidigare|fortfarande|samma|nu|numera)\b)(?P<link>){_VALUE}"
    ),
)
_BEFORE: Final = re.compile(
    r"(?<!\S)[\"'(<]?(?P<value>[^\s\"'<>()]{4,64})[\"')>]?[ ](?P<link>som|as|är|is|=)[ ]"
    r"(?:(?:nytt|nya|det|det nya|vårt|the)[ ])?$"
)
"""The value may stand first: ``Skrothog123 som lösen``."""
_CODE_BEFORE: Final = re.compile(
    r"(?<![\w.,:/-])(?P<value>[#*]?[0-9]{3,8}[#*]?)[ ](?:som|är|is|=)[ ](?:(?:nya|den nya|vår)[ ])?$"
)
_PAIR: Final = re.compile(r"[ ](?P<user>[\w.@-]{2,40})[ ]?/[ ]?(?P<value>[^\s\"'<>(),;/]{6,40})")
"""User and password as people give both: ``logga in med kansli / Hemligt2025``."""
_ALONE: Final = re.compile(
    r"^\w{0,12}(?:[ ](?:till|på|för|i|to|for)[ ][^\n.!?:=]{1,30})?[ ]?(?P<link>)\n[ \t]*"
    r"(?P<value>[^\s\"'<>()]{6,64})(?=[ \t]*(?:\n|$))"
)
"""The value on a line of its own below the word."""
_IT: Final = re.compile(r"[ ](?:till|för|på|i|från)[ ](?!(?:den|det|denna|detta|dem|båda)\b)")
"""Names what the code is of, and that is nothing said before."""
_PLACED: Final = re.compile(r"\b(?:i|på|till|via|hos|from|into)[ ]$")
"""Before the name of what one logs in to."""
_NETWORK: Final = re.compile(r"^(?:guest|g[äa]st)|(?:guest|g[äa]st|5g|open|öppet|publi[ck]|publikt)$", re.IGNORECASE)
"""How the name of a network that is open to all begins or ends."""
_BESIDE_NETWORK: Final = re.compile(r"[ ]?[:=][ ]?[\w-]{3,30}[ ]?[,/;][ ]?(?P<value>[^\s\"'<>(),;/]{6,40})")
"""Network and password as people give both: ``Wifi: Forum-Gast, Hemligt2025``."""
_NETWORKS: Final = ("wifi", "wlan", "hotspot")
_WHEN: Final = re.compile(
    r"\b(?:från och med|till och med|fr\.? ?o\.? ?m\.?|t\.? ?o\.? ?m\.?|från|sedan|under|år|innan|före|efter|tills|"
    r"hösten|våren|sommaren|vintern|jan\w*|feb\w*|mars|april|maj|juni|juli|aug\w*|sep\w*|okt\w*|nov\w*|dec\w*)[ ]$"
)
"""Before a year."""
_NUMBER_OF: Final = re.compile(r"\b(?:nr|nummer|numret|modellen?|typ|id)[ ](?:på|till|för|i)[ ](?:\w{1,12}[ ])?$")
"""The number of the thing itself, not what opens it."""
_NUMBERED: Final = re.compile(
    r"(?:\b(?:nr|modell(?:en)?|id)|serienr|nummer|numret|artikel\w*|inventarie\w*|märkt|märkning\w*)[ :.]{1,3}$"
)
"""Before what a thing is called."""
_SHOWN: Final = re.compile(r"[\"')]?[ ](?:visas|syns|lyser|blinkar|betyder|dyker upp|kommer upp)\b")
_SHOWS: Final = re.compile(
    r"\b(?:visar|visade|visat|gav|ger|gett|larma[rd]\w* med|blinka\w*|signalera\w*|rapportera\w*|fel(?:et)?|"
    r"status\w*(?: i \w+)?(?: är)?)[ ]$"
)
"""Before the code of a fault that a thing shows."""
_PRESSED: Final = ("slå", "tryck", "knappa", "mata in", "skriv")
_MOST_PRESSED: Final = 6
_PIN: Final = "pin"
_DIALLED: Final = re.compile(r"0[0-9]{1,3}-[0-9]")
_ALARM: Final = "112"
_TOKEN: Final = re.compile(r"[^\s\"'<>(),;]{6,40}")
_LOGIN: Final = 100
"""Characters after "logga in" within which user and password stand without being called so."""
_CODE: Final = re.compile(
    rf"^\w{{0,12}}(?:[^\n.!?:=0-9]{{0,45}}?(?P<link>{_LINK}|\b(?:har|till|med|numera|nu|gäller)\b)[ \t]*\n?"
    r"(?:(?:fortfarande|alltjämt|ännu|numera|nu|alltså|som vanligt|som förut)[ ])?"
    r"|[ \t]*[\"'(,]?)[ \t]*[\"'(]?"
    r"(?P<value>[0-9](?:-[0-9]){3,7}|[#*]?[0-9]{1,4}(?:[ -]?[0-9]{2,4}){0,3}[#*]?)"
    r"(?![0-9]|[-/:.][0-9]|[ ][0-9]{2}|[ ]?(?:%|(?:kr|tkr|mkr|mnkr|kronor|tecken|siffror|st|styck\w*|procent|år|"
    r"gånger|ggr|dagar|dygn|tim|timmar|min|minuter|sekunder|veckor|månader|personer|elever|barn|invånare|meter|km|kvm|m2|m²|kg|ton|"
    r"liter|kwh|dörrar|lås|portar|skåp|rum|lokaler|enheter|exemplar|platser|användare|detektorer|kameror)\b))"
)
_APPOSED: Final = re.compile(
    r"^\w{0,12}[ ](?:till|på|för|i|hos|vid)[ ][^\n.!?:=0-9,(]{1,40}?(?P<link>)(?:,[ ]|[ ]\()[\"']?"
    r"(?P<value>[#*]?[0-9]{4,8}[#*]?)[\"']?(?:[,)]|[ ][-\u2013][ ])"
)
"""The code between commas or in brackets: ``portkoden till garaget, 2683, fungerar``."""
_NAMING: Final = ("kod", "pin")
_ASSIGNED: Final = re.compile(r"[A-Za-z0-9_]{0,20}[\"']?[ ]?[=:][ ]?[\"']?(?P<value>[^\s\"',;]{6,200})")
_ASSIGNING: Final = (
    "passw",
    "secret",
    "api_key",
    "api-key",
    "apikey",
    "access_key",
    "access key",
    "token",
    "pwd",
)
_TAIL: Final = re.compile(r"[A-Za-z0-9_-]{16,200}")
_KEYS: Final = {
    **{f"gh{kind}_": _TAIL for kind in "pousr"},
    "AKIA": re.compile(r"[0-9A-Z]{16}"),
    **{f"xox{kind}-": re.compile(r"[A-Za-z0-9-]{10,100}") for kind in "abprs"},
    "sk-": re.compile(r"(?=[A-Za-z_-]{0,40}[0-9])[A-Za-z0-9_-]{20,200}"),
    "glpat-": _TAIL,
    "eyJ": re.compile(r"[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,2000}"),
    "PRIVATE KEY-----": re.compile(""),
}
"""What keys of well-known services begin with, and what follows."""
_INSIDE: Final = "_!#$%*+=?"
"""What words have none of between their letters, and passwords do."""
_SIGNS: Final = re.compile(r"[^\w.,:;/-]|_")


def _detect(view: View, lexicon: Lexicon, circumstances: Circumstances) -> Iterator[Finding]:
    del lexicon, circumstances
    for page in view.pages:
        found: dict[tuple[SegmentKind, str], tuple[Span, Confidence, str]] = {}
        for value, span, confidence, what in _secrets(page):
            key = page.segment_at(span[0]), value
            if key not in found or confidence > found[key][1]:
                found[key] = (span, confidence, what)
        for span, confidence, what in sorted(found.values(), key=lambda seen: not page.own_at(seen[0][0]))[:_TOLD]:
            yield _finding(page, span, confidence, what)


def _secrets(page: Page) -> Iterator[Secret]:
    for word in page.hits("credentials.passwords")[:MOST]:
        yield from _password(page, word)
    for word in page.hits("credentials.logins")[:MOST]:
        yield from _after_login(page, word)
    for word in page.hits("credentials.codes")[:MOST]:
        yield from _code(page, word)
    for word in page.hits("credentials.any_code")[:MOST]:
        told_before = not page.lower.startswith(_PRESSED, word[0]) and not _IT.match(page.lower[word[1] : word[1] + 12])
        if opens(page, word, before=told_before) and not page.near("credentials.other_codes", *page.sentence(word[0])):
            yield from _code(page, word)
    if any(sign in page.lower for sign in KEYED):
        yield from hashed(page)
    yield from obeyed(page)
    for word in page.hits("credentials.any_word")[:MOST]:
        if opens(page, word):
            yield from _word(page, word)
    yield from turned(page)
    yield from typed(page)
    if page.hits(vocabulary.ASSIGNING):
        yield from _assigned(page)
    for mark, pattern in _KEYS.items() if page.hits(vocabulary.KEYS) else ():
        yield from _known_keys(page, mark, pattern)


def _known_keys(page: Page, mark: str, pattern: re.Pattern[str]) -> Iterator[Secret]:
    at = page.text.find(mark)
    while at >= 0:
        match = pattern.match(page.text, at + len(mark))
        if match and not page.text[at - 1 : at].isalnum():
            yield page.text[at : match.end()], (at, match.end()), Confidence.HIGH, "En hemlig nyckel"
        at = page.text.find(mark, at + len(mark))


def _assigned(page: Page) -> Iterator[Secret]:
    """Yield values in settings, such as ``DB_PASSWORD=...``."""
    for key in _ASSIGNING:
        at = page.lower.find(key)
        while at >= 0:
            match = _ASSIGNED.match(page.text, at + len(key))
            if (
                match
                and mixed(match["value"]) >= 2  # noqa: PLR2004
                and not has_another_use(match["value"])
                and not (in_address(page.text, match.span("value")) and of_meeting(page, (at, match.start("value"))))
            ):
                yield match["value"], match.span("value"), Confidence.HIGH, "En nyckel eller ett lösenord"
            at = page.lower.find(key, at + len(key))


def _password(page: Page, word: Span) -> Iterator[Secret]:
    if _excused(page, word) or of_meeting(page, word):
        return
    following = page.text[word[1] : word[1] + REACH + 64]
    for pattern in _PASSWORDS:
        match = pattern.match(following)
        judged = _judged(page, word, match, word[1]) if match else None
        if judged is not None:
            yield judged
            return
    if page.lower.startswith(_NETWORKS, word[0]) and (match := _BESIDE_NETWORK.match(following)):
        value, start = match["value"].rstrip(".,;:!?"), word[1] + match.start("value")
        if mixed(value) >= 2 and any(map(str.isdigit, value)) and not has_another_use(value):  # noqa: PLR2004
            yield value, (start, start + len(value)), Confidence.HIGH, "Ett lösenord"
            return
    match = _ALONE.match(following)
    judged = _judged(page, word, match, word[1]) if match and mixed(match["value"]) >= VERY else None
    if judged is not None and judged[2] is Confidence.HIGH:
        yield judged
        return
    start = max(0, word[0] - LOOK)
    match = _BEFORE.search(page.text[start : word[0]])
    judged = _judged(page, word, match, start) if match else None
    if judged is not None and judged[2] is Confidence.HIGH:
        yield judged


def _word(page: Page, word: Span) -> Iterator[Secret]:
    """Yield what follows "ordet" where something is opened with it, if it looks like a password."""
    match = _PASSWORDS[2].match(page.text[word[1] : word[1] + REACH + 64])
    judged = _judged(page, word, match, word[1]) if match else None
    if judged is not None and judged[2] is Confidence.HIGH:
        yield judged


def _after_login(page: Page, word: Span) -> Iterator[Secret]:
    """Yield a value that can hardly be anything but a password, close to a word for logging in."""
    for match in _TOKEN.finditer(page.text, word[1], min(len(page.text), word[1] + _LOGIN)):
        value = match.group().rstrip(".:!?")
        if _PLACED.search(page.lower[max(0, match.start() - 6) : match.start()]) and not _SIGNS.search(value):
            continue  # the name of what one logs in to
        if _NUMBERED.search(page.lower[max(0, match.start() - 24) : match.start()]):
            continue
        if mixed(value) >= VERY and any(c.isdigit() for c in value) and not has_another_use(value):
            if match.end() <= page.sentence(word[0])[1]:
                yield value, match.span(), Confidence.HIGH, "Ett lösenord"
            return
    pair = _PAIR.search(page.text, word[1], min(len(page.text), word[1] + _LOGIN))
    placed = pair and _PLACED.search(page.lower[max(0, pair.start() - 6) : pair.start("user")])
    if pair and not placed and pair.end() <= page.sentence(word[0])[1]:
        value = pair["value"].rstrip(".:!?")
        if mixed(value) >= 2 and any(c.isdigit() for c in value) and not has_another_use(value):  # noqa: PLR2004
            yield value, (pair.start("value"), pair.start("value") + len(value)), Confidence.HIGH, "Ett lösenord"


def _judged(page: Page, word: Span, match: re.Match[str], base: int) -> Secret | None:
    value, link = match["value"].rstrip(".,;:!?"), match["link"]
    start = base + match.start("value")
    span = (start, start + len(value))
    if len(value) < 4 or has_another_use(value) or page.near("credentials.no_values", span[0], span[0] + 1):  # noqa: PLR2004
        return None
    if page.lower.startswith(_NETWORKS, word[0]) and _NETWORK.search(value):
        return None
    told = link not in ("", "till", "to", "har", "med")
    needs_colon = any(end == word[1] for _, end in page.within("credentials.colon_only", *word))
    if needs_colon and link not in (":", "=") and not (told and mixed(value) >= VERY and any(map(str.isdigit, value))):
        return None
    lettered = any(c.isdigit() or c in _INSIDE for c in value) and any(map(str.isalpha, value))
    if mixed(value) >= 2 and (told or lettered):  # noqa: PLR2004
        return value, span, Confidence.HIGH, "Ett lösenord"
    if link in (":", "=", ">") and _ends(page, span[1]):
        return value, span, Confidence.MEDIUM, "Troligen ett lösenord"
    return None


def _code(page: Page, word: Span) -> Iterator[Secret]:
    start = max(0, word[0] - LOOK)
    before = page.text[start : word[0]]
    if (
        _excused(page, word)
        or of_meeting(page, word)
        or _NUMBER_OF.search(before.lower())
        or _SHOWS.search(before.lower())
    ):
        return
    found = _code_after(page, word)
    if found is None and (first := _CODE_BEFORE.search(before)):
        found = first["value"], (start + first.start("value"), start + first.end("value"))
    if found is not None and not _SHOWN.match(page.text, found[1][1]):
        yield *found, Confidence.HIGH, "En kod"


def _code_after(page: Page, word: Span) -> tuple[str, Span] | None:
    """Return the code that follows a word, in figures or in words."""
    reach = min(len(page.text), word[1] + REACH + 20)
    match = _CODE.match(page.text[word[1] : reach])
    if match is None and any(name in page.lower[word[0] : word[1]] for name in _NAMING):
        match = _APPOSED.match(page.text[word[1] : reach])
    if match is not None:
        span = word[1] + match.start("value"), word[1] + match.end("value")
    elif page.near(NUMERALS, word[1], reach):
        told = aloud(page, word[1], reach)
        match = _CODE.match(told.text)
        if match is None:
            return None
        span = told.place(match.start("value")), told.place(match.end("value"))
    else:
        return None
    value = match["value"]
    if (
        value == _ALARM
        or _DIALLED.match(value)
        or (YEAR.fullmatch(value) and _WHEN.search(page.lower[max(0, span[0] - 20) : span[0]]))
    ):
        return None
    said = (match["link"] or "").strip() or page.lower.startswith(_PIN, word[0])
    if len(value.strip("#*")) < 3 or (YEAR.fullmatch(value) and not said):  # noqa: PLR2004
        return None
    if page.lower.startswith(_PRESSED, word[0]) and not _is_pressed(page, value, span):
        return None
    return value, span


def _is_pressed(page: Page, value: str, span: Span) -> bool:
    """Tell a code that is keyed in from a telephone number that is dialled."""
    number = value.strip("#*")
    goes_on = page.text[span[1] : span[1] + 2].strip(" -")[:1].isdigit()
    return number.isdigit() and len(number) <= _MOST_PRESSED and number not in HELP and not goes_on


def _excused(page: Page, word: Span) -> bool:
    """Tell whether the sentence denies, as in "koden skickas aldrig i mejl"."""
    return page.near("credentials.denials", word[1], word[1] + 12) is not None


def _ends(page: Page, position: int) -> bool:
    """Tell whether a line or sentence ends here, so that a plain word before it is a value and no prose."""
    return page.text[position : position + 1] in ("", "\n", ".", ",", ";", "\t", '"', "'")


def _finding(page: Page, span: Span, confidence: Confidence, what: str) -> Finding:
    seen = Seen(
        rule=RULE,
        confidence=confidence,
        evidence="•" * 8,
        reason=f"{what} står {page.place} i klartext.",
    )
    return page.finding(CREDENTIALS.name, span, seen)


CREDENTIALS: Final = Detector(name="credentials", rules=(RULE,), detect=_detect)
"""The detector of passwords, codes and keys."""
