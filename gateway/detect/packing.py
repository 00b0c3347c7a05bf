"""Many short texts in one piece: what is kept only to be compiled anew or sent on needs no object for each."""

from __future__ import annotations

import json
from collections.abc import Sequence


def packed(texts: Sequence[str]) -> bytes:
    """Return texts in one piece."""
    return json.dumps(list(texts), ensure_ascii=False).encode("utf-8", "surrogatepass")


def unpacked(octets: bytes) -> list[str]:
    """Return the texts of a piece."""
    texts: list[str] = json.loads(octets.decode("utf-8", "surrogatepass"))
    return texts
