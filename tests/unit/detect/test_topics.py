"""The tables of the files about sensitive facts."""

from __future__ import annotations

from gateway.detect import topics
from gateway.detect.lexicon import Lexicon, build_lexicon


def test_every_table_is_either_searched_for_or_looked_up(lexicon: Lexicon) -> None:
    mine = {name for name in lexicon.lists if name.startswith(topics.FOLDER)}

    assert topics.SEARCHED.isdisjoint(topics.LOOKED_UP)
    assert mine == topics.SEARCHED | topics.LOOKED_UP


def test_bits_are_distinct() -> None:
    bits = [topics.RELATION, topics.OWNER, topics.PRONOUN, topics.BE, topics.HAVE, topics.GIVEN, topics.SURNAME]

    assert len(set(bits)) == len(bits)
    assert all(bit.bit_count() == 1 for bit in bits)


def test_weights_must_be_numbers_in_range() -> None:
    _, problems = build_lexicon(
        {"lexicon/special_category/weights.toml": '[numbers]\n"far:0" = 99\n"far:1" = "x"\n"far:2" = 1.5\n'}
    )
    mine = [str(p) for p in problems if "weights" in p.file]

    assert len(mine) == 2
    assert any("between -20 and 20" in p for p in mine)
    assert any("must be a number" in p for p in mine)
