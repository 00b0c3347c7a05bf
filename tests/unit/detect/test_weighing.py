"""Where a stretch begins and ends, and what the cues in it come to."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.detect.exemplars import KINDS, Likeness
from gateway.detect.lexicon import Lexicon, build_lexicon
from gateway.detect.view import View
from gateway.detect.weighing import Cue, Scale, Weighed, _outer_paragraphs, _paragraph, heaviest, sum_of
from gateway.model import Confidence, Headers, Message, Part, Segment, SegmentKind
from gateway.policy.load import read_tree
from tests.unit.detect.conftest import ROOT, MakeMessage, MakePage, MakePart

TEXT = "ett\n\ntvå\n\nhär står ordet och mer\n\nfyra\n\nfem"
WORD = (TEXT.index("ordet"), TEXT.index("ordet") + 5)


@pytest.mark.parametrize(
    ("left", "right", "stretch"),
    [
        (0, len(TEXT), "här står ordet och mer"),
        (TEXT.index("står"), len(TEXT), "står ordet och mer"),
        (0, TEXT.index(" mer"), "här står ordet och"),
        (TEXT.index("två") - 2, TEXT.index("fyra") + 1, "här står ordet och mer"),
    ],
)
def test_a_window_is_cut_where_an_empty_line_ends_the_paragraph(
    page: MakePage, left: int, right: int, stretch: str
) -> None:
    start, end = _paragraph(page(TEXT), WORD, left, right)
    assert TEXT[start:end] == stretch


def test_an_empty_line_at_the_very_edges_cuts_too(page: MakePage) -> None:
    text = "\n\nordet\n\n"
    # What is laid out keeps its empty lines: the positions are those of the text.
    laid = page(text)
    at = laid.text.index("ordet")
    start, end = _paragraph(laid, (at, at + 5), 0, len(laid.text))
    assert laid.text[start:end] == "ordet"


def test_the_first_two_and_the_last_paragraph_stand_alone() -> None:
    assert [TEXT[start:end] for start, end in _outer_paragraphs(TEXT, 0, len(TEXT))] == ["ett", "två", "fem"]
    assert [TEXT[start:end] for start, end in _outer_paragraphs(TEXT + "\n\n", 0, len(TEXT) + 2)] == [
        "ett",
        "två",
        "fem",
    ]
    assert _outer_paragraphs("ett stycke", 0, 10) == []


@pytest.mark.parametrize(
    ("cues", "total"),
    [
        ([], 0.0),
        ([(0, 3, 1.5, "a"), (4, 7, 2.0, "b")], 3.5),
        ([(0, 3, 1.5, "a"), (4, 7, 1.5, "a")], 1.5),
        ([(0, 9, 2.0, "a b"), (0, 3, 1.0, "a"), (6, 9, 1.0, "b")], 2.0),
        ([(0, 3, 1.0, "a"), (3, 6, 1.0, "b")], 2.0),
        ([(0, 6, 1.0, "a"), (3, 9, 1.0, "b")], 2.0),
    ],
)
def test_words_are_counted_once_and_not_inside_a_phrase(cues: list[tuple[int, int, float, str]], total: float) -> None:
    assert sum_of([Cue(*cue) for cue in cues]) == total


# --- with lists made for it ----------------------------------------------------------------------

LISTS = {
    "lexicon/official.toml": """
        [numbers]
        most = 2
        long_text = 200
        loud = 8
        surely_like = 0.75
        likely_like = 0.5
        [words]
        words = ["statens", "riket"]
        [voices]
        words = ["jag"]
    """,
    "lexicon/private.toml": """
        [numbers]
        warn_at = 3
        sure_at = 5
        official_weight = 1.5
        [strong]
        words = ["hem", "hemma", "sol*"]
        [medium]
        words = ["mys"]
        [weak]
        words = ["fika", "te"]
        [items]
        words = ["katt"]
        [official]
        words = ["ombud"]
    """,
}
ROAD = "Vägen är lagad. "


Weigh = Callable[..., tuple[float, str] | None]


class Likened(View):
    """A message that resembles what a test says, and remembers what was asked."""

    def __init__(self, *parts: Part, lexicon: Lexicon, unofficial: float, kind: str) -> None:
        super().__init__(Message(headers=Headers(), parts=parts, size=0), lexicon)
        self.unofficial, self.kind = unofficial, kind
        self.asked: list[str] = []

    def likeness(self, text: str) -> Likeness:
        self.asked.append(text)
        shares = dict.fromkeys(KINDS, 0.0)
        shares[self.kind or "party"] = self.unofficial
        shares[KINDS[0]] = 1 - self.unofficial
        return Likeness(shares=shares)


@pytest.fixture(scope="module")
def few() -> Lexicon:
    """A lexicon with few words of private mail and of officials."""
    built, problems = build_lexicon({**read_tree(ROOT / "policies").files, **LISTS})
    assert problems == []
    return built


@pytest.fixture(scope="module")
def scale(few: Lexicon) -> Scale:
    return Scale(lexicon=few, topic="private")


def seen(weighed: Weighed | None) -> tuple[float, str] | None:
    return (weighed.score, weighed.page.text[slice(*weighed.span)]) if weighed else None


@pytest.fixture(scope="module")
def weigh(scale: Scale, part: MakePart) -> Weigh:
    """A function that returns the score of what weighs most in a mail, and the words that make it."""

    def run(*parts: Part | str, subject: str = "", unofficial: float = 0.5, kind: str = "") -> tuple[float, str] | None:
        made = [part(p) if isinstance(p, str) else p for p in parts]
        if subject:
            made.insert(0, part(subject, path="subject"))
        return seen(heaviest(Likened(*made, lexicon=scale.lexicon, unofficial=unofficial, kind=kind), scale))

    return run


@pytest.mark.parametrize(
    ("score", "confidence"),
    [
        (5.0, Confidence.HIGH),
        (4.9, Confidence.MEDIUM),
        (3.0, Confidence.MEDIUM),
        (2.9, Confidence.LOW),
        (2.0, Confidence.LOW),
        (1.9, None),
    ],
)
def test_thresholds_of_the_topic_tell_how_sure(
    page: MakePage, few: Lexicon, score: float, confidence: Confidence | None
) -> None:
    assert Weighed(page("x"), (0, 1), score).confidence(few, "private") is confidence


def test_cues_stand_in_order_and_the_heavier_of_two_comes_first(
    message: MakeMessage, part: MakePart, few: Lexicon
) -> None:
    (laid,) = View(message(part("fika, mys, hem")), few).pages
    others = [Cue(11, 14, 4.0, "hem"), Cue(6, 7, 2.0, "m"), Cue(20, 21, 1.0, "x")]
    scale = Scale(lexicon=few, topic="private", more=lambda page, start, end: others if page is laid else [])  # noqa: ARG005
    assert [(c.start, c.weight, c.words) for c in scale.cues(laid, 0, 14)] == [
        (0, 1.0, "fika"), (6, 2.0, "mys"), (6, 2.0, "m"), (11, 4.0, "hem"), (11, 3.0, "hem"), (20, 1.0, "x"),
    ]  # fmt: skip
    assert list(scale.anchors(laid, 0, 14)) == [(11, 14), (11, 14), (6, 7), (20, 21)]
    assert list(Scale(lexicon=few, topic="private").anchors(laid, 0, 11)) == []


@pytest.mark.parametrize(
    ("text", "less"),
    [("hem", 0.0), ("ombud", 1.5), ("statens ombud", 3.0), ("ombud, Ombud", 1.5), ("statens ombud i riket", 3.0)],
)
def test_official_words_take_away_up_to_a_number(
    message: MakeMessage, part: MakePart, scale: Scale, text: str, less: float
) -> None:
    (laid,) = View(message(part(text)), scale.lexicon).pages
    assert scale.official(laid, 0, len(text)) == less


@pytest.mark.parametrize(
    ("subject", "text", "told"),
    [
        ("", "jag fika", (1.0, "fika")),
        ("", "fika", (-0.5, "fika")),
        ("", "jag hem, mys och fika", (6.0, "hem, mys och fika")),
        ("", "jag hem ombud", (1.5, "hem")),
        ("", "jag kommer", (0.0, "jag kommer")),
        ("mys", "jag hem", (3.0, "hem")),
        ("mys", "jag kommer", (2.0, "jag kommer")),
        ("", "jag kommer, hemma", (3.0, "hemma")),
        ("Fika i solen, hem till mig", "jag hem", (5.5, "Fika i solen, hem")),
        ("fika fika", "jag fika", (1.0, "fika")),
        ("statens", "jag hem", (1.5, "hem")),
        ("jag hem", "ombud", (1.5, "hem")),
        ("hem", "statens ombud", (1.5, "hem")),
    ],
)
def test_a_short_mail_is_weighed_with_its_subject(
    weigh: Weigh, subject: str, text: str, told: tuple[float, str]
) -> None:
    assert weigh(text, subject=subject) == told


def test_the_subject_of_an_alternative_takes_nothing_away(weigh: Weigh, part: MakePart) -> None:
    assert weigh(part("statens", path="subject", alternative=True), "jag mys", subject="fika") == (2.0, "mys")


def test_an_attachment_is_weighed_by_its_own_cues_alone(weigh: Weigh, part: MakePart) -> None:
    assert weigh(part("jag hem", path="2", body=False), subject="statens") == (3.0, "hem")
    assert weigh(part("jag ser", path="2", body=False), subject="fika") == (-0.5, "fika")


def test_the_first_of_two_as_heavy_is_told(weigh: Weigh, part: MakePart) -> None:
    assert weigh("jag hem", part("jag hemma", path="2", body=False)) == (3.0, "hem")


@pytest.mark.parametrize(
    ("kind", "told"),
    [(SegmentKind.OWN, (3.0, "hem")), (SegmentKind.CALENDAR, (3.0, "hem")), (SegmentKind.QUOTED, None)],
)
def test_only_what_the_sender_wrote_is_weighed(
    weigh: Weigh, part: MakePart, kind: SegmentKind, told: tuple[float, str] | None
) -> None:
    assert weigh(part("jag hem", segments=(Segment(kind=kind, start=0, end=7),))) == told


@pytest.mark.parametrize(
    ("unofficial", "kind", "text", "score"),
    [
        (0.2, "private", "jag fika, och det är allt.", 0.0),
        (0.25, "private", "jag fika, och det är allt.", 1.0),
        (0.5, "private", "jag fika, och det är allt.", 2.5),
        (0.74, "private", "jag fika, och det är allt.", 2.5),
        (0.75, "private", "jag fika, och det är allt.", 4.0),
        (0.75, "private", "jag statens, det är allt..", 3.0),
        (0.9, "party", "jag fika, och det är allt.", 1.0),
        (0.9, "private", "jag fika, det är allt nu.", 4.0),
        (0.9, "private", "jag fika, det är allt  nu", 4.0),
        (0.9, "private", "jag fika det är allt  nu", 1.0),
    ],
)
def test_resemblance_adds_or_takes_away(weigh: Weigh, unofficial: float, kind: str, text: str, score: float) -> None:
    found = weigh(text, unofficial=unofficial, kind=kind)
    assert found is not None
    assert found[0] == score


def test_resemblance_is_asked_of_ones_own_words(part: MakePart, scale: Scale) -> None:
    segments = (Segment(kind=SegmentKind.OWN, start=0, end=24), Segment(kind=SegmentKind.QUOTED, start=24, end=32))
    parts = (
        part("Ämne", path="subject"),
        part("jag fika, och så vidare.> Hej du", segments=segments),
        part("jag fika, och det är allt som är.", path="3", body=False),
    )
    view = Likened(*parts, lexicon=scale.lexicon, unofficial=0.5, kind="")
    heaviest(view, scale)
    assert view.asked == ["Ämne\njag fika, och så vidare."]


def test_resemblance_is_not_asked_beside_a_find(part: MakePart, scale: Scale) -> None:
    text = part("jag fika, och så vidare i en lång rad")
    view = Likened(text, lexicon=scale.lexicon, unofficial=0.9, kind="private")
    view.noted = frozenset({"financial"})
    assert seen(heaviest(view, scale)) == (1.0, "fika")
    assert view.asked == []


@pytest.mark.parametrize(
    ("middle", "told"),
    [
        ("Här kom jag hem. ", (1.0, "hem")),
        ("Här kom hon hem. ", None),
        ("Hem hemma sol. ", (7.0, "Hem hemma sol")),
        ("Hem hemma mys. ", (6.0, "Hem hemma mys")),
        ("Hem hemma fika. ", None),
        ("Här kom jag hem, ombud. ", (-0.5, "hem")),
        ("Här kom jag till mys och fika. ", None),
        ("Här kom jag. \n\nHon kom hem. ", None),
        (f"Jag. {'x' * 140}hem. ", None),
        (f"Jag. {'x ' * 68}hem. ", (1.0, "hem")),
        (f"Jag. {'x ' * 75}hem. ", None),
        (f"Hem. {'x ' * 146}jag. ", (1.0, "Hem")),
        (f"Hem. {'x ' * 152}jag. ", None),
        (f"Jag hem. {'x ' * 140}fika. ", (2.0, "hem")),
        (f"Jag hem. {'x ' * 200}jag sol, mys. ", (3.0, "sol, mys")),
        (f"Jag sol, mys. {'x ' * 200}jag hem. ", (3.0, "sol, mys")),
        (f"Jag hem. {'x ' * 23}jag sol. {'x ' * 130}fika och te. ", (6.0, "hem")),
    ],
)
def test_in_a_long_text_cues_must_stand_close_together_and_somebody_speak(
    weigh: Weigh, middle: str, told: tuple[float, str] | None
) -> None:
    found = weigh(ROAD * 20 + middle + ROAD * 20)
    assert (found and (found[0], found[1].split(" x ")[0].rstrip("."))) == told


def test_a_text_is_long_when_its_own_words_are(weigh: Weigh) -> None:
    text = "jag mys ".ljust(200, "x")
    assert weigh(text) == (2.0, "mys")
    assert weigh(text + "x") is None


@pytest.mark.parametrize(
    ("line", "score"),
    [
        ("Jag bjuder på fika i morgon.", 3.0),
        ("Jag bjuder på hem, mys, fika.", 7.0),
        ("Jag, ombud, bjuder på mys nu.", 3.0),
        ("Hon bjuder på fika i morgon.", None),
        ("Jag bjuder på något i morgon.", None),
        ("Jag bjuder på fika.", -1.0),
    ],
)
def test_a_line_in_ones_own_voice_around_a_long_text_is_weighed_by_itself(
    weigh: Weigh, line: str, score: float | None
) -> None:
    for text in (f"{line}\n\n{ROAD * 30}", f"{ROAD * 30}\n\n{line}", f"{ROAD}\n\n{line}\n\n{ROAD * 30}"):
        assert weigh(text, unofficial=0.9, kind="private") == (None if score is None else (score, line))
