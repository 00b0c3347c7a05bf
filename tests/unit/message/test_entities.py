"""Character references."""

from __future__ import annotations

import pytest

from gateway.message.entities import unescape


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("&aring;", "å"),
        ("&aring", "å"),
        ("&AElig;", "Æ"),
        ("&copy2026", "©2026"),
        ("&#229;&#xe5;&#XE5", "ååå"),
        ("&#0000229;", "å"),
        ("&#150;", "–"),
        ("&#129;", "\x81"),
        ("&#0;", "\ufffd"),
        ("&#xD800;", "\ufffd"),
        ("&#1114112;", "\ufffd"),
        ("&#99999999;", "\ufffd9;"),
        ("&xyzzy;", "&xyzzy;"),
        ("& &; &# &#x", "& &; &# &#x"),
        ("a", "a"),
    ],
)
def test_unescape(text: str, expected: str) -> None:
    assert unescape(text) == expected
