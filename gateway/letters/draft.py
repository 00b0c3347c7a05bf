"""What a letter says, in which order, before it becomes text or HTML: one document, so that both tell the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from gateway.letters.letter import Fault, Found, Held, LetterContext, Letterhead, LetterKind, Reason, Where
from gateway.letters.places import plain
from gateway.letters.texts import COMMON, LANGUAGES, Texts, letter_file
from gateway.letters.wording import enumerate_words, say_time, sentence

Variables = Mapping[str, object]

MOST_HELD: Final = 50
MOST_OF_LINE: Final = 1000
"""Characters of a line of a reason that are shown."""
MASK: Final = "•"
"""Stands in evidence for what is not shown. Evidence without it only names a sort of thing, as the reason does."""
_TONES: Final = {
    LetterKind.BLOCKED: "stopped",
    LetterKind.WARNED: "warned",
    LetterKind.NOT_INSPECTED: "warned",
    LetterKind.ADVICE: "advice",
    LetterKind.DIGEST: "advice",
    LetterKind.MOTIVATED: "advice",
    LetterKind.NOT_MOTIVATED: "stopped",
    LetterKind.APPROVAL: "advice",
    LetterKind.REPORT: "stopped",
}
_IN_ATTACHMENT: Final = frozenset({Where.ATTACHMENT, Where.MEMBER, Where.FILENAME})


class Say(Protocol):
    """Turn a text into words."""

    def __call__(self, file: str, key: str, variables: Variables, /) -> list[str]:
        """Return the texts of a key with their variables filled in; none where the key is left out."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A paragraph or an element of a list."""

    text: str
    lead: str = ""
    """Words in front, to be set off."""
    note: str = ""
    """An explanation behind, less important."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading and what stands under it."""

    heading: str
    paragraphs: tuple[Point, ...] = ()
    points: tuple[Point, ...] = ()
    link: str = ""
    """Words of a link to the guideline; empty without one."""
    quiet: bool = False
    """True for what is small print."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The letter in one language."""

    language: str
    heading: str
    outcome: str
    happened: str
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The whole letter; layouts turn it into text and HTML."""

    tone: str
    """``stopped``, ``warned`` or ``advice``: how it looks, never the only thing that says so."""
    subject: str
    reference: str
    guideline_url: str
    pointer: str
    """In English: that the letter can be read in English."""
    pages: tuple[Page, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """What a letter is about, and in whose name."""

    kind: LetterKind
    context: LetterContext
    house: Letterhead

    @property
    def when(self) -> str:
        """Return which texts of a rule speak."""
        return "blocked" if self.kind is LetterKind.BLOCKED else "warned"


def draft(matter: Matter, texts: Texts, say: Say) -> Document:
    """Return everything that the letter says."""
    writers = [_Writer(matter, texts, say, language) for language in LANGUAGES]
    return Document(
        tone=_TONES[matter.kind],
        subject=writers[0].say("subject"),
        reference=matter.context.reference,
        guideline_url=matter.house.guideline_url,
        pointer=" ".join(say(COMMON, "en.pointer", {})),
        pages=tuple(writer.page() for writer in writers),
    )


class _Writer:
    """One language of one letter."""

    def __init__(self, matter: Matter, texts: Texts, say: Say, language: str) -> None:
        self._matter = matter
        self._context = matter.context
        self._reasons = list({reason.rule: reason for reason in reversed(matter.context.reasons)}.values())[::-1]
        self._texts = texts
        self._say = say
        self._language = language
        self._facts: Variables = _facts(matter, language)
        self._facts = {**self._facts, "clause": self._clause()}

    def say(self, key: str) -> str:
        """Return a text of the letter's own file."""
        return self._one(letter_file(self._matter.kind), f"{self._language}.{key}")

    def page(self) -> Page:
        kind = self._matter.kind
        alone = self._context.recipients == 1 and kind is not LetterKind.DIGEST and not kind.answers
        return Page(
            language=self._language,
            heading=self.say("heading"),
            outcome=self.say("outcome_one" if alone else "outcome"),
            happened=self.say("happened"),
            sections=(*self._matters(), *self._closing()),
        )

    def _matters(self) -> Iterator[Section]:
        if self._matter.kind.answers:
            yield from self._answered()
        elif self._matter.kind is LetterKind.DIGEST:
            yield from self._summed_up()
        else:
            yield from self._explained()

    def _answered(self) -> Iterator[Section]:
        heading, reason = self.say("reason"), self._context.plea.reason
        if heading and reason:
            lines = (plain(line, MOST_OF_LINE) for line in reason.splitlines() if line.strip())
            yield Section(heading=heading, paragraphs=tuple(Point(text=line) for line in lines))
        own = letter_file(self._matter.kind)
        yield _listed(self._phrase("steps"), self._say(own, f"{self._language}.steps", self._facts))

    def _explained(self) -> Iterator[Section]:
        reasons = self._reasons
        yield Section(
            heading=self._phrase("why"),
            paragraphs=tuple(map(self._why, reasons)),
            link=self._phrase("guideline") if self._matter.house.guideline_url else "",
        )
        found = tuple(point for reason in reasons for point in self._found(reason))
        if found:
            yield Section(heading=self._phrase("found"), points=found)
        yield from map(self._to_do, reasons)

    def _to_do(self, reason: Reason) -> Section:
        title = self._titled(reason)[0]
        alone = len(self._reasons) == 1
        heading = self._phrase("steps") if alone else self._phrase("steps_about", title=title[:1].lower() + title[1:])
        return _listed(heading, self._advice(reason.rule, "steps"))

    def _summed_up(self) -> Iterator[Section]:
        yield _listed(self.say("entries"), map(self._entry, self._context.held[:MOST_HELD]))
        own = letter_file(self._matter.kind)
        yield _listed(self._phrase("steps"), self._say(own, f"{self._language}.steps", self._facts))

    def _closing(self) -> Iterator[Section]:
        yield Section(heading=self._phrase("questions"), paragraphs=(Point(text=self._phrase("question")),))
        told = tuple(Point(text=self._phrase(name)) for name in (self._retention(), "automatic"))
        yield Section(heading=self._phrase("logged"), paragraphs=told, quiet=True)

    def _retention(self) -> str:
        """Return which text says truly what is kept: a reason that was taken is kept with its sender's name."""
        kind, fault = self._matter.kind, self._context.plea.fault
        if kind in (LetterKind.MOTIVATED, LetterKind.APPROVAL) or fault in (Fault.DENIED, Fault.UNCLEAR):
            return "retention_reason"
        return "retention_answer" if kind.answers else "retention"

    # --- reasons -------------------------------------------------------------------------------

    def _why(self, reason: Reason) -> Point:
        title, summary = self._titled(reason)
        return Point(lead=f"{title}.", text=f"{summary} {self._phrase('section', section=reason.section)}")

    def _found(self, reason: Reason) -> Iterator[Point]:
        if reason.measured is not None:
            yield from (Point(text=said) for said in self._measured(reason))
        yield from (self._found_in(found, reason) for found in reason.found)
        if reason.left_out:
            yield Point(text=self._phrase("left_out", left_out=reason.left_out))

    def _measured(self, reason: Reason) -> list[str]:
        return self._advice(
            reason.rule, "found", measured=reason.measured, reached=reason.reached, permitted=reason.permitted
        )

    def _found_in(self, found: Found, reason: Reason) -> Point:
        lead = f"{sentence(self._place(found))}:"
        why = found.reason if self._language == "sv" else ""
        masked = [word for word in found.evidence if MASK in word]
        if not masked:
            return Point(lead=lead, text=why or f"{self._titled(reason)[0]}.")
        told = ", ".join(masked)
        if found.count > len(masked):
            told = f"{told}, {self._phrase('instances', count=found.count)}"
        return Point(lead=lead, text=told, note=why)

    def _place(self, found: Found) -> str:
        facts: dict[str, object] = {"name": found.name, "number": found.number, "suffix": found.suffix}
        if found.where in _IN_ATTACHMENT:
            facts["attachment"] = self._phrase(f"places.{'named' if found.name else 'unnamed'}", **facts)
        return self._phrase(f"places.{found.where.value}", member=found.member, **facts)

    def _entry(self, held: Held) -> str:
        when = "warned" if held.delivered else "blocked"
        said = [self._one(self._texts.advice(rule), f"{when}.{self._language}.clause") for rule in held.rules]
        told = self._one(
            letter_file(self._matter.kind),
            f"{self._language}.entry",
            time=say_time(held.at, self._matter.house.zone, self._language),
            delivered=held.delivered,
            clauses=enumerate_words(list(dict.fromkeys(said)), self._language),
            reference=held.reference,
        )
        return sentence(told)

    # --- words ---------------------------------------------------------------------------------

    def _clause(self) -> str:
        """Say in one clause what is the matter; of several matters the first, which weighs most."""
        said = [clause for reason in self._reasons for clause in self._advice(reason.rule, "clause")]
        if len(set(said)) > 1:
            return self._phrase("more", clause=said[0])
        return said[0] if said else ""

    def _titled(self, reason: Reason) -> tuple[str, str]:
        if self._language == "sv":
            return reason.title_sv, reason.summary_sv
        return reason.title_en, reason.summary_en

    def _advice(self, rule: str, key: str, /, **variables: object) -> list[str]:
        place = f"{self._matter.when}.{self._language}.{key}"
        return self._say(self._texts.advice(rule), place, {**self._facts, **variables})

    def _phrase(self, key: str, /, **variables: object) -> str:
        return self._one(COMMON, f"{self._language}.{key}", **variables)

    def _one(self, file: str, key: str, /, **variables: object) -> str:
        return " ".join(self._say(file, key, {**self._facts, **variables}))


def _listed(heading: str, texts: Iterable[str]) -> Section:
    return Section(heading=heading, points=tuple(Point(text=text) for text in texts))


def _facts(matter: Matter, language: str) -> Variables:
    """Return the variables that every text may use."""
    context, house = matter.context, matter.house
    return {
        "reference": context.reference,
        "contact": house.contact,
        "registry": house.registry or house.contact,
        "sender_name": house.sender_name,
        "retention_days": house.retention_days,
        "reason_days": house.reason_days,
        "time": say_time(context.occurred_at, house.zone, language),
        "subject": plain(context.subject, 200) if house.show_subject else "",
        "code": context.code,
        "recipients": context.recipients,
        "sections": ", ".join(dict.fromkeys(reason.section for reason in context.reasons)),
        "stopped": sum(not held.delivered for held in context.held),
        "total": len(context.held),
        "office": context.status.recipient if context.status else "",
        "sender": context.plea.sender,
        "persons": context.plea.persons,
        "hours": context.plea.hours,
        "waiting": context.plea.waiting,
        "fault": context.plea.fault.value if context.plea.fault else "",
    }
