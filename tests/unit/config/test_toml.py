"""Where keys stand in a TOML file, and how values are written."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config.toml import key_lines, to_toml

TEXT = '''\
# workers = 1
workers = 2
[relay] # [letters]
address = "[scope]"
  idle_seconds=1
[ "letters" . 'x' ]
"a.b" = 1
c . d = 2
long = """
workers = 3
[limits]
"""
after = 1
lines = [
    "workers = 4",
    'x = """',
]
literal = \'\'\'x\'\'\' # """
last = 1
inline = { workers = 5 }
'''


def test_every_key_has_the_line_where_it_is_set_first() -> None:
    assert key_lines(TEXT) == {
        ("workers",): 2,
        ("relay",): 3,
        ("relay", "address"): 4,
        ("relay", "idle_seconds"): 5,
        ("letters", "x"): 6,
        ("letters", "x", "a.b"): 7,
        ("letters", "x", "c", "d"): 8,
        ("letters", "x", "long"): 9,
        ("letters", "x", "after"): 13,
        ("letters", "x", "lines"): 14,
        ("letters", "x", "literal"): 18,
        ("letters", "x", "last"): 19,
        ("letters", "x", "inline"): 20,
    }
    tomllib.loads(TEXT)


@given(
    st.recursive(
        st.text(st.characters(exclude_categories=["Cs"])) | st.integers() | st.booleans() | st.floats(allow_nan=False),
        st.lists,
        max_leaves=5,
    )
)
def test_what_is_written_is_read_back(value: object) -> None:
    assert tomllib.loads(f"value = {to_toml(value)}") == {"value": value}


def test_paths_and_nothing_are_written_as_text() -> None:
    assert (to_toml(Path("/srv/å")), to_toml(None)) == ('"/srv/å"', '""')


def test_tuples_are_lists() -> None:
    assert to_toml((1, "a", (True,))) == '[1, "a", [true]]'


def test_what_settings_never_hold_is_refused() -> None:
    with pytest.raises(TypeError, match="bytes"):
        to_toml(b"")
