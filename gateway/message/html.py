"""HTML to text in linear time (first form)."""

from __future__ import annotations

import re

_TAG = re.compile(r"<[^<>]*>")


def render(source: str) -> str:
    """Return the text."""
    return _TAG.sub(" ", source)
