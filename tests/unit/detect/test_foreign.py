"""Attachments in other languages: a person near a word about health is not a person with an illness."""

from __future__ import annotations

import pytest

from gateway.detect.facts import facts_of
from gateway.detect.foreign import is_foreign, is_linked
from gateway.detect.lexicon import Lexicon
from gateway.detect.mentions import Who
from gateway.detect.pairing import Finder
from gateway.detect.sentences import Reader
from gateway.inspection import inspect
from gateway.model import Circumstances
from tests.unit.detect.conftest import MakePage
from tests.unit.extract.test_opener import mail

NOBODY = Circumstances(sender=None, recipients=())


def rules(text: str, lexicon: Lexicon) -> set[str]:
    found = inspect(mail("a.txt", text.encode()), NOBODY, lexicon, files=True).findings
    return {finding.rule for finding in found if finding.detector == "special_category"}


@pytest.mark.parametrize(
    "text",
    [
        "Ms Lopez reported on sick leave statistics for the organisation; the level has fallen by two points.",
        "Talk by Prof. Emily Watson: Ageing and dementia in rural communities. Panel on mental health in schools.",
        "Commissioner Helena Dalli said that this is a milestone for the Europeans who live with a disability.",
        "Our team: Anna Karlsson, physiotherapist. We offer rehabilitation after stroke and therapy for anxiety.",
        "Herr Peter Braun ist als Vertreter der Verwaltung anwesend. Die Kosten sind höher als im Vorjahr.",
        "Dr. Petra Klein betont die Bedeutung der Vorsorge. Depressionen und Diabetes sind weit verbreitet.",
        "Le maire, Jean Dupont, est présent. La commission est favorable au projet. Le budget est plus élevé.",
        "Anna est mattis sit amet. Suspendisse dui purus et vel. Peter dui sed non urna, ut nec diam.",
    ],
)
def test_official_text_of_others_passes(text: str, lexicon: Lexicon) -> None:
    assert rules(text, lexicon) == set()


@pytest.mark.parametrize(
    "text",
    [
        "Anna Berg has breast cancer and will be away until June. The rest of the team is informed.",
        "Peter Hansen was diagnosed with dementia last year. He lives at the nursing home on Main Street.",
        "Please note that her son Erik has autism and needs extra support in the class room, the school says.",
        "Herr Braun leidet an Diabetes und kann nicht an der Reise teilnehmen, schreibt das Amt.",
        "John Smith has ALS and is not able to come to the meeting.",
    ],
)
def test_what_somebody_is_said_to_have_is_seen(text: str, lexicon: Lexicon) -> None:
    assert rules(text, lexicon)


def test_swedish_attachments_are_read_as_before(lexicon: Lexicon) -> None:
    assert rules("Jag träffade Anna Berg. Det är tråkigt men hon har haft cancer och är sjukskriven för det.", lexicon)


ENGLISH = "The report of the board is for the city and the people. "
LINKED = [
    ("Anna Berg has breast cancer", True),
    ("Anna Berg is at home, a talk on cancer", False),
    ("Anna Berg. Cancer", False),
    ("Anna Berg (cancer)", False),
    ("cancer Anna Berg", True),
    ("cancer  Anna Berg", False),
    ("Anna Berg has als", False),
    ("Anna Berg has ALS", True),
]


@pytest.mark.parametrize(("text", "linked"), LINKED)
def test_small_words_alone_link_a_person_and_a_fact(
    page: MakePage, lexicon: Lexicon, text: str, *, linked: bool
) -> None:
    laid = page(text, body=False, path="2")
    finder = Finder(Reader(laid, lexicon.wordbook), [])
    pairs = [pair for fact in facts_of(laid, lexicon.wordbook) for pair in finder.pairs(fact)]
    assert [is_linked(laid, pair) for pair in pairs if pair.mention.who is not Who.SELF][:1] == [linked]


@pytest.mark.parametrize(
    ("text", "other", "foreign"),
    [
        (ENGLISH * 3, {"body": False, "path": "2"}, True),
        (ENGLISH * 3, {}, False),
        ("Rapporten är klar och det är bra att den är det. " * 3, {"body": False, "path": "2"}, False),
        ("The report.", {"body": False, "path": "2"}, False),
        (
            ENGLISH + "Rapporten är klar och det är bra att den är det som vi har. " * 3,
            {"body": False, "path": "2"},
            False,
        ),
        ("x" * 400 + ENGLISH * 3, {"body": False, "path": "2"}, False),
    ],
)
def test_an_attachment_is_foreign_where_its_small_words_are(
    page: MakePage, text: str, other: dict[str, object], *, foreign: bool
) -> None:
    assert is_foreign(page(text, **other), 0) is foreign
