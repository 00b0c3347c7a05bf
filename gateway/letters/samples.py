"""Made-up letters of every kind, with which texts are tried when they are loaded, and shown to those who edit them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from gateway.letters.draft import Matter
from gateway.letters.letter import (
    DeliveryStatus,
    Fault,
    Found,
    Held,
    LetterContext,
    Letterhead,
    LetterKind,
    Plea,
    Reason,
    Where,
)

_AT: Final = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)

SAMPLE_HOUSE: Final = Letterhead(
    sender="utpost@orkelljunga.se",
    sender_name="Utpost, Örkelljunga kommun",
    reply_to="kommunkontor@orkelljunga.se",
    contact="kommunkontor@orkelljunga.se",
    guideline_url="https://www.orkelljunga.se/",
    hostname="utpost.orkelljunga.se",
    key=b"only for samples",
    show_subject=True,
)
_BARE_HOUSE: Final = replace(SAMPLE_HOUSE, guideline_url="", show_subject=False)

_FOUND: Final = (
    Found(where=Where.BODY, evidence=("19••••••-••••",), reason="Ett personnummer."),
    Found(where=Where.ATTACHMENT, number=1, name="lista.xlsx", suffix="xlsx", evidence=("20••••••-••••",), count=34),
    Found(where=Where.ATTACHMENT, number=2, suffix="pdf", reason="Innehållet är krypterat."),
    Found(where=Where.FILENAME, number=2, suffix="pdf", evidence=("19••••••-••••",)),
    Found(where=Where.FILENAME, number=3),
    Found(where=Where.MEMBER, number=4, name="arkiv.zip", suffix="zip", member="bilaga.txt", evidence=("•••",)),
    Found(where=Where.MEMBER, number=4, name="arkiv.zip", suffix="zip", evidence=("•••",)),
    *(Found(where=where) for where in (Where.SUBJECT, Where.QUOTED, Where.FORWARDED, Where.SIGNATURE, Where.MESSAGE)),
)
_REASON: Final = Reason(
    rule="",
    section="2.7",
    title_sv="Personnummer",
    title_en="Personal identity number",
    summary_sv="Skriv inte personnummer i mejl.",
    summary_en="Do not write personal identity numbers in e-mail.",
)
SAMPLE: Final = LetterContext(
    recipient="anna.svensson@politik.orkelljunga.se",
    reference="K7QF2MXR4TNB",
    written_at=_AT + timedelta(seconds=2),
    occurred_at=_AT,
    recipients=1,
    message_id="<sample@politik.orkelljunga.se>",
)
SAMPLE_PLEA: Final = Plea(
    sender="anna.svensson@politik.orkelljunga.se",
    reason="Samrådet gäller alla som bor längs vägen.\nDe måste få veta tiden innan beslutet fattas.",
    persons=140,
)
SAMPLE_STATUS: Final = DeliveryStatus(
    recipient="motivering@utpost.orkelljunga.se", code=550, enhanced="5.7.1", text="Adressen tar inte emot det."
)
_LADEN: Final = replace(SAMPLE, recipients=140, subject="Inbjudan till samråd", code="7H4K2P")


def sample_reason(rule: str) -> Reason:
    """Return a reason that uses everything that a text may name."""
    return replace(_REASON, rule=rule, measured=140, reached=60, permitted=20, found=_FOUND, left_out=3)


def samples(rules: Iterable[str]) -> Iterator[Matter]:
    """Yield letters of every kind: about each rule alone, bare and laden, and about two at once."""
    names = (*sorted(rules), "a rule without texts of its own")
    for kind in LetterKind:
        if kind is LetterKind.DIGEST:
            yield Matter(kind=kind, context=replace(_LADEN, held=sample_held(names)), house=SAMPLE_HOUSE)
            yield Matter(kind=kind, context=replace(_LADEN, held=sample_held(names)[:1]), house=_BARE_HOUSE)
            continue
        if kind.answers:
            yield from _answers(kind)
            continue
        for rule in names:
            bare, laden = replace(_REASON, rule=rule), sample_reason(rule)
            two = (laden, replace(_REASON, rule=names[0]))
            yield Matter(kind=kind, context=replace(SAMPLE, reasons=(bare,)), house=_BARE_HOUSE)
            yield Matter(kind=kind, context=replace(_LADEN, reasons=two), house=SAMPLE_HOUSE)


def sample_held(rules: tuple[str, ...]) -> tuple[Held, ...]:
    """Return letters that were held, two about each rule."""
    return tuple(
        Held(reference="K7QF2MXR4TNB", at=_AT, delivered=delivered, rules=(rule,))
        for rule in rules
        for delivered in (True, False)
    )


def _answers(kind: LetterKind) -> Iterator[Matter]:
    """Yield letters about a reason: one for each way in which it may end."""
    for fault in (None, *Fault):
        for waiting in (False, True):
            plea = replace(SAMPLE_PLEA, fault=fault, waiting=waiting)
            context = replace(_LADEN, plea=plea, status=SAMPLE_STATUS)
            yield Matter(kind=kind, context=context, house=SAMPLE_HOUSE)
    yield Matter(kind=kind, context=SAMPLE, house=_BARE_HOUSE)
