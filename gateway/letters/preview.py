"""A letter of each kind as a reader would get it, for those who edit the texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, Protocol

from gateway.letters.compose import LetterTemplates, Typeset, typeset
from gateway.letters.draft import Matter
from gateway.letters.letter import Fault, Found, Letterhead, LetterKind, Reason, Where
from gateway.letters.samples import SAMPLE, SAMPLE_PLEA, SAMPLE_STATUS, sample_held

_RULES: Final = {
    LetterKind.BLOCKED: "personnummer",
    LetterKind.WARNED: "private",
    LetterKind.ADVICE: "visible_recipients",
    LetterKind.NOT_INSPECTED: "not_inspected",
    LetterKind.DIGEST: "private",
    LetterKind.MOTIVATED: "mass_mailing",
    LetterKind.NOT_MOTIVATED: "mass_mailing",
    LetterKind.APPROVAL: "mass_mailing",
    LetterKind.REPORT: "mass_mailing",
}
_NUMBERS: Final = (
    Found(where=Where.BODY, evidence=("••••••-••••",), reason="Ett personnummer står i mejlets text."),
    Found(
        where=Where.ATTACHMENT,
        number=1,
        name="Ansökningar.xlsx",
        suffix="xlsx",
        evidence=("••••••-••••", "••••••-•••• (nr 2)"),
        count=34,
        reason="Personnummer står i en bilaga.",
    ),
)
_ABOUT: Final = Found(
    where=Where.BODY, reason="Det som står i mejlets text handlar om privatliv och inte om uppdraget."
)
_LOCKED: Final = Found(
    where=Where.ATTACHMENT,
    number=1,
    name="Handlingar.zip",
    suffix="zip",
    reason="Innehållet är krypterat och kunde inte kontrolleras.",
)
_FOUND: Final[Mapping[str, tuple[Found, ...]]] = {
    "personnummer": _NUMBERS,
    "private": (_ABOUT,),
    "not_inspected": (_LOCKED,),
}
_COUNTED: Final = {"mass_mailing": 140, "visible_recipients": 34, "bulk_personal_data": 34}


class RuleWords(Protocol):
    """What a letter takes from a rule of the policies."""

    @property
    def section(self) -> str:
        """Section of the guideline."""
        ...

    @property
    def title_sv(self) -> str:
        """Title in Swedish."""
        ...

    @property
    def title_en(self) -> str:
        """Title in English."""
        ...

    @property
    def summary_sv(self) -> str:
        """One sentence in Swedish."""
        ...

    @property
    def summary_en(self) -> str:
        """One sentence in English."""
        ...


def preview(
    kind: LetterKind, templates: LetterTemplates, house: Letterhead, rules: Mapping[str, RuleWords], rule: str = ""
) -> Typeset:
    """Return the letter of a kind about ``rule``, or about one that such letters are often about.

    Raises KeyError for a rule that is not among ``rules``, UnfitText where a text breaks.
    """
    name = rule or _RULES[kind]
    measured = _COUNTED.get(name)
    reason = _reason(name, rules[name], measured)
    context = replace(SAMPLE, recipients=measured or 3, reasons=(reason,))
    if kind is LetterKind.DIGEST:
        context = replace(SAMPLE, held=sample_held(tuple(sorted(rules))[:4]))
    if kind.answers:
        fault = Fault.LATE if kind is LetterKind.NOT_MOTIVATED else None
        context = replace(
            SAMPLE,
            plea=replace(SAMPLE_PLEA, fault=fault),
            status=SAMPLE_STATUS,
            code="7h4k2p" if kind is LetterKind.APPROVAL else "",
        )
    return typeset(Matter(kind=kind, context=context, house=house), templates)


def _reason(name: str, words: RuleWords, measured: int | None) -> Reason:
    return Reason(
        rule=name,
        section=words.section,
        title_sv=words.title_sv,
        title_en=words.title_en,
        summary_sv=words.summary_sv,
        summary_en=words.summary_en,
        measured=measured,
        reached=60 if name == "mass_mailing" else 0,
        found=_FOUND.get(name, ()),
    )
