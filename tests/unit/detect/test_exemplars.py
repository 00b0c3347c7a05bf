"""Learning from example mails."""

from __future__ import annotations

import math

from gateway.detect.exemplars import KINDS, Exemplars, features, read_mails

MAILS = {
    "official": ("nämnden beslutar om detaljplanen", "handlingar till sammanträdet"),
    "private": ("puss och kram älskling", "köp mjölk på vägen hem"),
    "business": ("vår offert till kunden", "fakturan förfaller"),
    "association": ("årsmöte i klubben", "medlemsavgiften till föreningen"),
    "party": ("provvalet i partiet", "dela ut flygblad före valet"),
}


def test_a_text_resembles_the_examples_whose_words_it_holds() -> None:
    learnt = Exemplars(MAILS)
    for kind, words in (
        ("private", "en puss till dig"),
        ("party", "flygblad till provvalet"),
        ("business", "en offert"),
    ):
        assert learnt.likeness(words).leads(kind)
    assert learnt.likeness("nämnden sammanträder om planen").unofficial < 0.5


def test_shares_add_up_and_unknown_words_tell_nothing() -> None:
    learnt = Exemplars(MAILS)
    for text in ("", "xyzzy", "puss nämnden provval"):
        assert math.isclose(sum(learnt.likeness(text).shares.values()), 1.0)
    assert learnt.likeness("xyzzy").shares == learnt.likeness("").shares


def test_compounds_share_their_parts() -> None:
    assert set(features("medlemsavgift")) & set(features("klubbavgiften"))


def test_order_of_examples_does_not_matter() -> None:
    turned = {kind: tuple(reversed(mails)) for kind, mails in reversed(MAILS.items())}
    assert Exemplars(turned).likeness("puss till kunden").shares == Exemplars(MAILS).likeness("puss till kunden").shares


def test_without_examples_everything_is_equal() -> None:
    assert len(set(Exemplars({}).likeness("vad som helst").shares.values())) == 1


def test_mistakes_in_the_files_are_all_told() -> None:
    files = {f"lexicon/examples/{kind}.txt": "ett mejl\n" * 12 for kind in KINDS[:3]}
    files["lexicon/examples/annat.txt"] = "x"
    files["lexicon/examples/private.txt"] += "y" * 700
    mails, problems = read_mails(files)
    assert len(mails["official"]) == 12
    assert [(p.file.rpartition("/")[2], p.line) for p in problems] == [
        ("annat.txt", None),
        ("private.txt", 13),
        ("association.txt", None),
        ("party.txt", None),
    ]


def test_comments_and_empty_lines_are_no_examples() -> None:
    mails, _ = read_mails({"lexicon/examples/party.txt": "# en rad\n\n  flygblad  \n"})
    assert mails["party"] == ("flygblad",)
