"""The model's weights: added up, written, read, and refused when something is wrong."""

from __future__ import annotations

import pickle

import pytest

from gateway.detect.buckets import BUCKETS, FLOORS, bucket
from gateway.detect.model import LEAK, Balance, Heading, Model, Said, Unit, read_model, written_model

LEAST = FLOORS[0]
EVEN = Balance(0.0, 1.0, 1.0, 0.5, 1.0, 1.0, 1.0, 0.5, -1.0, -9.0)


def _text(weights: dict[str, int], **more: object) -> str:
    heading = Heading(balances={"private": EVEN, "solicitation": EVEN}, kinds=("health",), scale=0.5, **more)  # type: ignore[arg-type]
    rows = bytearray([128]) * (BUCKETS * heading.lanes)
    for feature, weight in weights.items():
        rows[bucket(feature) * heading.lanes] = 128 + weight
    return written_model(heading, bytes(rows))


def _model(weights: dict[str, int]) -> Model:
    model, problems = read_model(_text(weights, plain=frozenset({"och", ":"})))
    assert problems == []
    assert model is not None
    return model


def test_a_feature_speaks_for_its_rule_alone() -> None:
    model = _model({"b:puss kram": 4})

    assert model.scores([(model.add(["b:puss kram"]),)]) == pytest.approx([2.0 / LEAST**0.5, 0.0, 0.0])
    assert model.scores([(model.add(["b:kram puss"]),)]) == [0.0, 0.0, 0.0]


def test_a_model_travels_as_its_weights() -> None:
    model = _model({"b:puss kram": 4})
    octets = pickle.dumps(model)
    again = pickle.loads(octets)  # noqa: S301 - our own octets

    assert len(octets) < 1.1 * BUCKETS * 5
    assert (again.balances, again.kinds, again.plain) == (model.balances, model.kinds, model.plain)
    assert again.add(["b:puss kram", "t:one"]) == model.add(["b:puss kram", "t:one"])
    assert again.scores([(again.add(["b:puss kram"]),)]) == model.scores([(model.add(["b:puss kram"]),)])


def test_a_block_weighs_less_the_more_it_holds_and_a_few_features_never_much() -> None:
    model = _model({"t:one": 8})
    scores = [
        model.scores([(model.add(["t:one", *(f"t:{n}" for n in range(more))]),)])[0]
        for more in (0, LEAST - 1, 4 * LEAST - 1)
    ]

    assert scores == pytest.approx([4.0 / LEAST**0.5, 4.0 / LEAST**0.5, 2.0 / LEAST**0.5])


def test_weights_against_a_rule_are_taken_off() -> None:
    model = _model({"t:for": 10, "t:against": -20})

    assert model.scores([(model.add(["t:for"]),)])[0] == pytest.approx(5.0 / LEAST**0.5)
    assert model.scores([(model.add(["t:against"]),)])[0] == pytest.approx(-10.0 / LEAST**0.5)


UNITS = [Unit(1.0, (0.5, -0.5, 2.0)), Unit(-2.0, (1.0, 0.0, 0.0))]


def _with_units(weights: dict[str, tuple[int, int]]) -> Model:
    heading = Heading(
        balances={"private": EVEN, "solicitation": EVEN}, kinds=("health",), scale=0.5, units=UNITS, unit_scale=0.25
    )
    rows = bytearray([128]) * (BUCKETS * heading.lanes)
    for feature, (first, second) in weights.items():
        at = bucket(feature) * heading.lanes + 3
        rows[at : at + 2] = bytes((128 + first, 128 + second))
    model, problems = read_model(written_model(heading, bytes(rows)))
    assert problems == []
    assert model is not None
    return model


def test_a_unit_tells_as_much_as_it_is_lit_and_little_where_it_is_not() -> None:
    model = _with_units({"t:one": (40, 120), "t:two": (-120, 0)})
    lit = 1 + 10 / LEAST**0.5
    first = model.scores([(model.add(["t:one"]),)])
    second = -2 + 30 / LEAST**0.5
    second *= 1 if second > 0 else LEAK

    assert first == pytest.approx([0.5 * lit + second, -0.5 * lit, 2 * lit])
    assert model.scores([(model.add(["t:one"]),)], kinds=False) == pytest.approx(first[:2])
    dim = 1 - 30 / LEAST**0.5
    assert dim < 0
    assert model.scores([(model.add(["t:two"]),)])[1] == pytest.approx(-0.5 * LEAK * dim)


def test_a_mail_as_a_whole_has_weights_of_its_own_that_come_last() -> None:
    heading = Heading(
        balances={"private": EVEN, "solicitation": EVEN}, kinds=("health",), scale=0.5, units=UNITS, unit_scale=0.25,
        whole_scale=2.0,
    )  # fmt: skip
    rows = bytearray([128]) * (BUCKETS * heading.lanes)
    rows[bucket("w:kram") * heading.lanes + 5 + 1] = 128 + 30
    model, _ = read_model(written_model(heading, bytes(rows)))
    assert model is not None
    said, unsaid = (model.add(["w:kram"]),), (model.add(["w:nämnd"]),)

    assert model.whole(said) == pytest.approx([0.0, 60 / LEAST**0.5])
    assert model.whole((model.add(["w:kram", "w:nämnd"]),)) == pytest.approx([0.0, 60 / LEAST**0.5])
    assert model.whole(unsaid) == [0.0, 0.0]
    assert model.whole((model.add([]),)) == [0.0, 0.0]
    assert model.scores([said]) == model.scores([unsaid])


def test_what_a_mail_as_a_whole_says_is_weighed_besides() -> None:
    balance = Balance(-1.0, 2.0, 3.0, -4.0, 10.0, 100.0, 0.0, 0.0, 0.0, 0.0)

    assert balance.weigh(Said(0.5, 0.25, 0.25), found=False, sure=False) == pytest.approx(-0.25)
    assert balance.weigh(Said(0.5, 0.25, 0.0), found=True, sure=True) == pytest.approx(110.75)


def test_sentences_together_are_one_stretch() -> None:
    model = _model({"t:one": 8})
    first, second = (model.add(["t:one"]),), (model.add([f"t:{n}" for n in range(4 * LEAST - 1)]),)

    assert model.scores([first, second]) == model.scores([second, first])
    assert model.scores([first, second])[0] == pytest.approx(2.0 / LEAST**0.5)


def test_words_share_their_pieces() -> None:
    model = _model({"c:<medl": 12})

    assert model.scores([(model.add_words(["medlemsavgift"]),)])[0] > 0
    assert model.scores([(model.add_words(["avgift"]),)])[0] == 0


def test_a_text_of_nothing_has_no_score() -> None:
    assert _model({}).scores([(_model({}).add([]),)]) == [0.0, 0.0, 0.0]


def test_what_was_written_is_read_as_it_was() -> None:
    model = _model({"b:puss kram": 4})

    assert model.balances["private"] == EVEN
    assert model.kinds == ("health",)
    assert model.plain == {"och", ":"}


def test_no_file_is_no_mistake() -> None:
    assert read_model(None) == (None, [])


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("balance private 1 2 3", "balance does not have the numbers it needs"),
        ("balance private 1 2 3 4 5 6 7 8 9 nan", "balance does not have the numbers it needs"),
        ("balance weather 1 2 3 4 5 6 7 8 9 10", 'the model has nothing to say about "weather"'),
        ("scale much", "scale does not have the numbers it needs"),
        ("blocks many", "blocks does not have the numbers it needs"),
        ("unit 1 much", "unit does not have the numbers it needs"),
        ("unit_scale 1 2", "unit_scale does not have the numbers it needs"),
        ("whole_scale", "whole_scale does not have the numbers it needs"),
        ("colour blue", '"colour" is not known here'),
    ],
)
def test_a_wrong_line_is_told_with_its_number(line: str, told: str) -> None:
    model, problems = read_model(f"{line}\n{_text({})}")

    assert model is None
    assert (problems[0].line, problems[0].text) == (1, told)


@pytest.mark.parametrize("damage", ["cut", "letter", "no mark", "a row too many"])
def test_damaged_weights_are_told(damage: str) -> None:
    text = _text({"b:puss kram": 4})
    if damage == "cut":
        text = text[: len(text) - 10]
    elif damage == "letter":
        text = text[:-8] + '"' + text[-7:]
    elif damage == "no mark":
        text = text.replace("\n---\n", "\n")
    else:
        text = text.replace("kinds health", "kinds")

    model, problems = read_model(text)

    assert model is None
    assert "damaged" in problems[-1].text


def test_units_with_too_few_numbers_are_told() -> None:
    model, problems = read_model(_text({}, units=[Unit(1.0, (0.5, 0.5))]))

    assert model is None
    assert "each unit must have" in problems[0].text


@pytest.mark.parametrize("line", ["blocks 7", "features 4"])
def test_weights_of_another_version_are_told(line: str) -> None:
    model, problems = read_model(_text({}).replace(f"\n{line}\n", "\n"))

    assert model is None
    assert "another version of Utpost" in problems[0].text
