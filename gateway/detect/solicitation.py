"""Asking somebody to mail sensitive data: a request, something sensitive, and no other channel."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.detect.detector import Detector
from gateway.detect.lexicon import Lexicon
from gateway.detect.matcher import Span
from gateway.detect.view import Kind, Page, Seen, View
from gateway.model import Circumstances, Confidence, Finding

RULE: Final = "solicitation"

_MARKS: Final = ",;:"
"""What parts clauses."""
_MOST: Final = 2000
_REACH: Final = 220
# What stands before a request: nothing, or a courtesy. Anything else makes the word an infinitive or a report.
_CLAUSE: Final = re.compile(
    r"(?:^|[.!?:;,\n(*\u2022-][ ]*|\b(?:så|vänligen|vänlig|gärna|snälla|snäll och|snäll|god|please|då|annars|"
    r"sedan|sen|bara|även|också|istället|i stället|hej|tack|kindly|then|just|and|vänligen att|samt|"
    r"fadlan|будь ласка)[ ])$"
)
_JOINED: Final = re.compile(r"\b(?:och|men|or|og)[ ]$")
_MODAL: Final = re.compile(
    r"\b(?:ska|skall|kan|bör|måste|får|fick|skulle|vill|att|kommer|behöver|to|should|must|will|jag|vi|man|de|han|hon)\b"
)
_YOU: Final = re.compile(r"\b(?:kan|kunde|vill|skulle|får|måste|could|can)[ ](?:du|ni|you)\b")
_ASKED: Final = re.compile(
    r"\b(?:kan|skulle|vill|har|får|kunde|måste|behöver|ska)[ ](?:du|ni)\b(?:[ ]\w+){0,4}[ ]$"
    r"|\b(?:be|ber|bad|uppmanar|ombeds)\b[^.,;:!?\n]{0,80}[ ]att[ ]$"
    r"|\b(?:be|ber|bad|uppmanar|ombeds)\b(?:[ ]\w+){0,3}[ ]$"
    r"|\b(?:om|när|ifall|att|bara)\b(?:[ ]\w+){0,2}[ ](?:du|ni)(?:[ ](?:bara|gärna|snabbt|även|också))?[ ]$"
    r"|\b(?:du|ni)[ ](?:kan|får|måste|behöver|ska|skulle|kunde)\b(?:[ ]\w+){0,3}[ ]$"
    r"|\b(?:vill|ber|tacksam om|bra om|snällt om|glad om)(?:[ ]att)?[ ](?:du|ni)\b(?:[ ]\w+){0,2}[ ]$"
    r"|\bglöm inte(?:[ ]\w+)?(?:[ ]att)?[ ]$|\b(?:could|can|would|will)[ ]you\b(?:[ ]\w+){0,2}[ ]$"
)
# What was spoken of in the sentence before: "Vi saknar din journal. Skicka den hit."
_IT: Final = re.compile(
    r"[ ](?:över[ ]|gärna[ ]|bara[ ])?(?:den|det|dem|dom|utdraget|intyget|kopian|bilden|underlaget|it|them)\b"
)
_OWN: Final = re.compile(r"\b(?:min|mitt|mina|vår|vårt|våra|my|our)[ ](?:\w+[ ])?$")
_OF_A_PERSON: Final = re.compile(r"[ ]\w{2,30}s[ ](?:\w+[ ]){0,2}")
"""Between the reader and a paper that is somebody else's: ``din sons utredning``."""
_COPY: Final = "kopia"
_LISTED: Final = 30
"""Characters behind "en lista över" in which it is said what is listed."""
_NEEDED: Final = 60
# What may stand between "jag behöver" and the thing; another verb makes it another wish.
_BETWEEN: Final = re.compile(
    r"(?:[ ,\n]|\b(?:få|ha|veta|se|även|också|då|nu|bara|av|dig|er|ett|en|namn|och|samt|på|alla|allas|samtliga|"
    r"kopior|kopia|adress|telefonnummer|fullständig\w*|hela|senaste|din|ditt|dina|ert|er|era|hans|hennes|deras|your|full|"
    r"the|a|\w+s|nya|aktuell\w*)\b)*+"
)


def _detect(view: View, lexicon: Lexicon, circumstances: Circumstances) -> Iterator[Finding]:
    del lexicon, circumstances
    for page in view.of(Kind.SUBJECT, Kind.BODY):
        best: tuple[Span, Confidence] | None = None
        for span, confidence in _requests(page):
            if page.own_at(span[0]) and (best is None or confidence > best[1]):
                best = span, confidence
        if best is not None:
            yield _finding(page, *best)


def _requests(page: Page) -> Iterator[tuple[Span, Confidence]]:
    for verb in page.hits("solicitation.asking")[:_MOST]:
        sentence = page.sentence(verb[0])
        if not _addressed(page, sentence, verb):
            continue
        end = min(sentence[1], verb[1] + _REACH)
        thing = _thing(page, sentence, (max(sentence[0], verb[0] - _REACH // 2), end))
        if thing is None and _IT.match(page.lower[verb[1] : verb[1] + 30]) and sentence[0] > 1:
            before = page.sentence(sentence[0] - 2)
            thing = _thing(page, before, before)
        if thing and not _harmless(page, sentence, verb, end):
            yield verb, _confidence(page, sentence, verb)
    for phrase in page.hits("solicitation.wanting")[:_MOST]:
        sentence = page.sentence(phrase[0])
        end = min(sentence[1], phrase[1] + _NEEDED)
        thing = _thing(page, sentence, (phrase[1], end))
        if (
            thing
            and _BETWEEN.fullmatch(page.lower[phrase[1] : thing[0]])
            and not _harmless(page, sentence, phrase, end)
        ):
            yield phrase, _confidence(page, sentence, phrase)


def _thing(page: Page, sentence: Span, around: Span) -> Span | None:
    """Return something sensitive that is asked for.

    Papers count where they are somebody's, names where a sensitive trait picks the persons; one's own never do.
    """
    for name, qualified in (
        ("solicitation.objects", None),
        ("solicitation.papers", "solicitation.owners"),
        ("solicitation.rosters", "solicitation.traits"),
    ):
        for thing in page.within(name, *around)[:8]:
            if _OWN.search(page.lower[max(0, thing[0] - 20) : thing[0]]):
                continue
            if name == "solicitation.objects" and _other_code(page, sentence, thing):
                continue
            if name == "solicitation.papers" and not _somebodys(page, sentence, thing):
                continue
            if name == "solicitation.rosters" and page.near("solicitation.things", thing[1], thing[1] + _LISTED):
                continue
            if qualified is None or page.near(qualified, *sentence):
                return thing
    return None


def _other_code(page: Page, sentence: Span, thing: Span) -> bool:
    """Tell the code of a meeting, or one of the accounts, from one that opens something."""
    if not page.lower.startswith("kod", thing[0]):
        return False
    return any(page.near(name, *sentence) for name in ("credentials.meetings", "credentials.other_codes"))


def _somebodys(page: Page, sentence: Span, thing: Span) -> bool:
    """Tell papers about somebody from what the reader has made at work: ``er bedömning``, ``beslutet om er skola``."""
    readers = page.within("solicitation.readers", *sentence)
    if not page.within("solicitation.work", *thing) or len(page.within("solicitation.owners", *sentence)) > len(
        readers
    ):
        return True
    if page.lower.startswith(_COPY, thing[0]):
        return any(reader[0] == thing[1] + 1 for reader in readers)
    return any(_OF_A_PERSON.fullmatch(page.lower, reader[1], max(reader[1], thing[0])) for reader in readers)


def _addressed(page: Page, sentence: Span, verb: Span) -> bool:
    """Tell whether the reader is asked to do it."""
    before = page.lower[max(sentence[0], verb[0] - 120) : verb[0]]
    if not before.strip() or _ASKED.search(before) or _CLAUSE.search(before):
        return True
    return _JOINED.search(before) is not None and (_MODAL.search(before) is None or _YOU.search(before) is not None)


def _harmless(page: Page, sentence: Span, verb: Span, end: int) -> bool:
    """Tell whether the sentence forbids it, asks for sums without names, or names a safe channel."""
    if page.near("solicitation.denials", verb[1], min(end, verb[1] + 40)):
        return True
    start = max(sentence[0], verb[0] - 25)
    mailed = page.near("solicitation.mailing", *verb) or page.near("solicitation.channels", verb[1], end)
    comma = page.text.rfind(",", start, verb[0]) if mailed else -1  # "messa inte, mejla": something else is denied
    if page.near("solicitation.denials", start if comma < 0 else comma, verb[0]):
        return True
    if page.near("solicitation.aggregates", sentence[0], end):
        return True
    return page.near("solicitation.redirections", *sentence) is not None and not _mailed(page, sentence)


def _mailed(page: Page, sentence: Span) -> bool:
    """Tell whether a sentence names mail in a clause that does not deny it: not ``lämna det här, mejla inte``."""
    named = (
        word for name in ("solicitation.mailing", "solicitation.channels") for word in page.within(name, *sentence)
    )
    return any(page.near("solicitation.denials", *_clause(page, sentence, word)) is None for word in named)


def _clause(page: Page, sentence: Span, word: Span) -> Span:
    start = max(page.text.rfind(mark, sentence[0], word[0]) for mark in _MARKS)
    ends = [end for mark in _MARKS if (end := page.text.find(mark, word[1], sentence[1])) >= 0]
    return max(start, sentence[0]), min(ends, default=sentence[1])


def _confidence(page: Page, sentence: Span, verb: Span) -> Confidence:
    explicit = page.near("solicitation.mailing", verb[0], verb[1] + 1) or page.near("solicitation.channels", *sentence)
    owned = page.near("solicitation.owners", *sentence)
    return Confidence.HIGH if explicit or owned else Confidence.MEDIUM


def _finding(page: Page, span: Span, confidence: Confidence) -> Finding:
    seen = Seen(
        rule=RULE,
        confidence=confidence,
        evidence="begäran om känsliga uppgifter",
        reason=f"Någon ombeds {page.place} att skicka känsliga uppgifter med e-post.",
    )
    return page.finding(REQUESTS.name, span, seen)


REQUESTS: Final = Detector(name="solicitation", rules=(RULE,), detect=_detect)
"""The detector of requests for sensitive data."""
