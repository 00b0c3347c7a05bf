"""Many messages leave nothing behind: as many as UTPOST_SOAK says, else enough to see a leak of a kilobyte each."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from tests.reliability.soak import ALLOWED_KIB, Look, soak

MESSAGES = int(os.environ.get("UTPOST_SOAK", "100000"))
BEFORE = Look(messages=1, memory=100_000, descriptors=90, processes=7, files=12)


@pytest.mark.long
@pytest.mark.timeout(7200)
async def test_nothing_grows() -> None:
    first, *_, last = await soak(MESSAGES, 10)
    assert first.grown(last) == []


@pytest.mark.parametrize(
    ("name", "more"), [("memory", ALLOWED_KIB + 1), ("descriptors", 1), ("processes", 1), ("files", 1)]
)
def test_growth_is_seen(name: str, more: int) -> None:
    assert BEFORE.grown(BEFORE) == []
    assert BEFORE.grown(replace(BEFORE, **{name: getattr(BEFORE, name) + more})) != []
