"""Personnummer and samordningsnummer: found by grammar, confirmed by calendar and check digit, weighed by words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from gateway.detect.apart import numbers_apart
from gateway.detect.checks import is_coordinated, is_date, luhn
from gateway.detect.clusters import Shape, Written
from gateway.detect.detector import Detector
from gateway.detect.interim import interim_numbers
from gateway.detect.joined import joined_numbers
from gateway.detect.labels import Label, called_after, heading_of, in_address, label_of, number_of_a_thing
from gateway.detect.lexicon import Lexicon
from gateway.detect.nordic import Foreign, foreign_numbers
from gateway.detect.spoken import spoken_numbers
from gateway.detect.view import Kind, Page, Seen, View
from gateway.model import Circumstances, Confidence, Finding

PERSONAL: Final = "personnummer"
COORDINATED: Final = "samordningsnummer"

_CENTURIES: Final = (None, "18", "19", "20")
_NOBODY: Final = "000"
_STRONG: Final = frozenset({Shape.TIGHT, Shape.FULL})
_DIALLED: Final = frozenset({Shape.BARE, Shape.PAIRS})
_APART: Final = "med födelsedatum och de fyra sista siffrorna på skilda ställen"
_QUARTERS: Final = frozenset({"00", "15", "30", "45"})
_BORN: Final = 120
"""Characters around the last four in which somebody is said to be born."""
_PRESENT: Final = 12
"""Years from the first of the meetings on: a later one without a century is that of somebody old."""
_THESE_CENTURIES: Final = ("19", "20")
_MOST: Final = 50_000
"""Numbers with a date that are weighed in one page: far more than decide anything."""
_LONE: Final = 20
"""Distinct numbers of a page that get a finding of their own; the rest share one."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A number that counts."""

    start: int
    end: int
    rule: str
    identity: str
    """What tells it from other numbers of the message; never leaves the detector."""
    mask: str
    confidence: Confidence
    why: str
    """A Swedish clause that follows the name of the number."""


def _detect(view: View, lexicon: Lexicon, circumstances: Circumstances) -> Iterator[Finding]:
    del circumstances
    known: dict[str, int] = {}
    for page in view.pages:
        yield from _findings(page, list(_sightings(page, lexicon)), known)


def _sightings(page: Page, lexicon: Lexicon) -> Iterator[Sighting]:
    candidates = [w for w in page.numbers if _is_candidate(w)]
    foreign = list(foreign_numbers(page, int(lexicon.number("identity.label_reach"))))
    if foreign:
        swedish = {w.start for w in candidates if _valid(w)}
        foreign = [number for number in foreign if number.start not in swedish]
        yield from map(_of_another_country, foreign)
        taken = {place for number in foreign for place in range(number.start, number.end)}
        candidates = [w for w in candidates if w.start not in taken]
    candidates += interim_numbers(page.text, page.digits)
    candidates += spoken_numbers(page)
    candidates += joined_numbers(page)
    if candidates:
        candidates.sort(key=lambda w: (w.start, -w.end))
        yield from _judged(page, lexicon, candidates)
    for written in numbers_apart(page):
        if _dated(written) and _may_be_born(page, lexicon, written):
            right = luhn(written.digits)
            confidence = Confidence.HIGH if right else Confidence.MEDIUM
            yield _sighting(written, confidence, _APART if right else f"{_APART}, med fel kontrollsiffra")


def _may_be_born(page: Page, lexicon: Lexicon, written: Written) -> bool:
    """Tell the two halves of a number from the day of an invoice and its last figures, or a year and its sum.

    A day of these years is a child's only where somebody is said to be born, or a name stands there and the check digit
    is right.
    """
    if page.near("identity.units", written.end, written.end + 3):
        return False
    around = max(0, written.start - _BORN), written.end + _BORN
    if page.near("identity.births", *around):
        return True
    if page.near(
        "identity.other_numbers", max(page.sentence(written.start)[0], written.start - _BORN // 2), written.start
    ):
        return False
    right = luhn(written.digits)
    year = int((written.century or "20") + written.digits[:2])
    first, last = lexicon.number("identity.meetings_from"), lexicon.number("identity.meetings_until")
    if not first <= year <= (last if written.century else first + _PRESENT):
        return right or not written.serial.startswith(_THESE_CENTURIES)
    return right and bool(page.names_within(*around))


def _of_another_country(number: Foreign) -> Sighting:
    mask, (start, end) = "••••••-••••", (number.start, number.end)
    return Sighting(start, end, PERSONAL, number.digits, mask, number.confidence, number.why)


def _is_candidate(written: Written) -> bool:
    return written.century in _CENTURIES and written.serial[:3] != _NOBODY


def _valid(written: Written) -> bool:
    return luhn(written.digits) and _dated(written)


def _dated(written: Written) -> bool:
    date = written.digits[:6]
    return is_coordinated(date) or is_date(written.century, date, plus=written.plus)


def _rule(written: Written) -> str:
    return COORDINATED if is_coordinated(written.digits) else PERSONAL


def _judged(page: Page, lexicon: Lexicon, candidates: list[Written]) -> Iterator[Sighting]:
    doubtful = _doubtful(candidates, lexicon)
    end = 0
    dated = (written for written in candidates if _dated(written))
    for written in islice(dated, _MOST):
        if written.start < end or in_address(page.text, (written.start, written.end)):
            continue
        weighed = _weigh(page, lexicon, written, doubtful)
        if weighed is not None:
            end = written.end
            yield _sighting(written, *weighed)


def _doubtful(candidates: list[Written], lexicon: Lexicon) -> frozenset[Shape]:
    """Return the shapes that in this text mostly hold something else: a column of orders has a lucky number or two."""
    # Organisation numbers are known by themselves and tell nothing about their neighbours.
    counted = [w for w in candidates if w.century is not None or int(w.digits[2:4]) < 20]  # noqa: PLR2004
    distinct = {(w.shape, w.digits): _valid(w) for w in counted}
    number = Counter(shape for shape, _ in distinct)
    right = Counter(shape for (shape, _), valid in distinct.items() if valid)
    least, share = lexicon.number("identity.column_least"), lexicon.number("identity.column_share")
    return frozenset(s for s, n in number.items() if n >= least and right[s] < share * n)


def _weigh(page: Page, lexicon: Lexicon, written: Written, doubtful: frozenset[Shape]) -> tuple[Confidence, str] | None:
    label = _label(page, lexicon, written)
    if label is Label.OTHER:
        return None
    right = luhn(written.digits)
    if label is Label.IDENTITY:
        if right:
            return Confidence.HIGH, "intill ett ord som säger att det är ett sådant"
        mistyped = Confidence.MEDIUM, "med fel kontrollsiffra, troligen felskrivet"
        return None if written.shape is Shape.ODD else mistyped
    if not right or written.shape is Shape.ODD or written.shape in doubtful or _is_meeting(written, lexicon):
        return None
    if written.shape in _STRONG:
        return Confidence.HIGH, "med datum och kontrollsiffra som stämmer"
    weighed = _weigh_weak(page, lexicon, written)
    return (weighed[0], _APART) if weighed and written.shape is Shape.JOINED else weighed


def _weigh_weak(page: Page, lexicon: Lexicon, written: Written) -> tuple[Confidence, str] | None:
    """Weigh ten digits without a hyphen: sums, orders and telephone numbers look the same."""
    reach = int(lexicon.number("identity.label_reach"))
    start = max(page.sentence(written.start)[0], written.start - reach)
    if page.near("identity.units", written.end, written.end + 3):
        return None
    if written.digits[0] == "0" and written.shape in _DIALLED:
        return None  # an area code
    person = page.before("identity.persons", start, written.start)
    for name in ("identity.matters", "identity.other_numbers"):
        other = page.before(name, start, written.start)
        if other and (person is None or person[1] <= other[0]):
            return None
    if person or page.near("identity.persons", written.end, written.end + reach):
        return Confidence.HIGH, "intill ord om en person"
    return Confidence.MEDIUM, "med datum och kontrollsiffra som stämmer"


def _label(page: Page, lexicon: Lexicon, written: Written) -> Label:
    """Return what the text calls a number: directly before it, glued to it, in its column's head, or close by."""
    if page.text[written.start - 1 : written.start].isalpha() and page.kind is not Kind.FILENAME:
        glued = label_of(page, written.start)
        return glued if glued is Label.IDENTITY else Label.OTHER
    label = label_of(page, written.start)
    if label is Label.NONE:
        label = called_after(page, written.end)
    if label is Label.NONE:
        label = heading_of(page, written.start)
    if label is Label.NONE and written.shape is not Shape.ODD and _labelled_nearby(page, lexicon, written):
        return Label.IDENTITY
    if label is Label.NONE and number_of_a_thing(page, written.start):
        return Label.OTHER
    return label


def _labelled_nearby(page: Page, lexicon: Lexicon, written: Written) -> bool:
    reach = int(lexicon.number("identity.label_reach"))
    if page.near("identity.labels", max(0, written.start - reach), written.start):
        return True
    return page.near("identity.labels", written.end, written.end + reach // 2) is not None


def _is_meeting(written: Written, lexicon: Lexicon) -> bool:
    """Tell a date with a time of day, as in the plan of meetings, from a child's number."""
    year = int((written.century or "20") + written.digits[:2])
    if not lexicon.number("identity.meetings_from") <= year <= lexicon.number("identity.meetings_until"):
        return False
    hour, minute = int(written.serial[:2]), written.serial[2:]
    if hour > 23 or int(minute) > 59:  # noqa: PLR2004
        return False
    return written.shape is not Shape.TIGHT or minute in _QUARTERS


def _sighting(written: Written, confidence: Confidence, why: str) -> Sighting:
    century = written.century or ""
    mark = "+" if written.plus else "-"
    return Sighting(
        start=written.start,
        end=written.end,
        rule=_rule(written),
        identity=written.digits,
        mask=f"{century}••••••{mark}••••",
        confidence=confidence,
        why=why,
    )


# --- findings ------------------------------------------------------------------------------------


def _findings(page: Page, sightings: list[Sighting], known: dict[str, int]) -> Iterator[Finding]:
    """Return one finding for each distinct number and segment; past a score of them, one for all the rest."""
    told: dict[tuple[object, ...], Sighting] = {}
    for sighting in sightings:
        key = (sighting.rule, sighting.identity, page.segment_at(sighting.start))
        if key not in told or sighting.confidence > told[key].confidence:
            told[key] = sighting
    rest: dict[tuple[object, ...], list[Sighting]] = {}
    for number, ((_, _, segment), sighting) in enumerate(told.items()):
        if number < _LONE:
            yield _finding(page, [sighting], known)
        else:
            rest.setdefault((sighting.rule, sighting.confidence, segment), []).append(sighting)
    for sightings_left in rest.values():
        yield _finding(page, sightings_left, known)


def _finding(page: Page, sightings: list[Sighting], known: dict[str, int]) -> Finding:
    """Return a finding; its evidence tells different numbers of a message apart without showing them."""
    first = sightings[0]
    ordinals = [known.setdefault(s.identity, len(known) + 1) for s in sightings]
    evidence = first.mask if ordinals[0] == 1 else f"{first.mask} (nr {ordinals[0]})"
    what = f"Ett {first.rule}" if len(sightings) == 1 else f"{len(sightings)} {first.rule}"
    seen = Seen(
        rule=first.rule,
        confidence=first.confidence,
        evidence=evidence,
        reason=f"{what} står {page.place}, {first.why}.",
        count=len(sightings),
    )
    return page.finding(NUMBERS.name, (first.start, first.end), seen)


NUMBERS: Final = Detector(name="identity", rules=(PERSONAL, COORDINATED), detect=_detect)
"""The detector of Swedish identity numbers."""
