"""Attachments in other languages: a person near a word about health is not a person with an illness."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.detect.lexicon import Lexicon, build_lexicon
from gateway.inspection import inspect
from gateway.model import Circumstances
from gateway.policy.load import read_tree
from tests.unit.extract.test_opener import mail

NOBODY = Circumstances(sender=None, recipients=())


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    built, problems = build_lexicon(read_tree(Path(__file__).parents[3] / "policies").files)
    assert not problems
    return built


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
