"""Where a key of a TOML file stands."""

from __future__ import annotations

import pytest

from gateway.policy.load.lines import Lines

TEXT = '''# comment = "no key"
mode = "block"
"spaced key" . inner = 1
text = """
own = "inside a text"
[inside]
"""
quoted = "# no comment" # own = 2
tricky = 'a """ b'
[own]
high = "block"
[[example]]
name = "a"
list = [
  "x",
]
[[example]]
name = "b"
[ a . "b c" ]
d.e = 1
'''


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (("mode",), 2),
        (("spaced key", "inner"), 3),
        (("text",), 4),
        (("inside",), None),
        (("quoted",), 8),
        (("tricky",), 9),
        (("own",), 10),
        (("own", "high"), 11),
        (("own", "medium"), 10),
        (("example", 0, "name"), 13),
        (("example", 0, "list", 3), 14),
        (("example", 1, "name"), 18),
        (("example", 1, "missing"), 17),
        (("a", "b c", "d", "e"), 20),
        (("nothing",), None),
        ((), None),
    ],
)
def test_place(place: tuple[str | int, ...], line: int | None) -> None:
    assert Lines(TEXT).of(place) == line


@pytest.mark.parametrize("text", ['a = """x"""\nb = 1', "a = '''x\ny'''\nb = 1", 'a = "\\"" # """\nb = 1'])
def test_texts_end(text: str) -> None:
    assert Lines(text).of(("b",)) == text.count("\n") + 1
