"""Reservations whose caller went away before it heard of them: they are given back instead of held till they expire."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any, Final

from gateway.model import Unavailable

_MOST: Final = 1000


class Returns:
    """The giving back that is under way, by attempt."""

    def __init__(self) -> None:
        """Begin with none."""
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, attempt: str, release: Coroutine[Any, Any, None]) -> None:
        """Give an attempt's reservation back in the background; what cannot be given back expires by itself."""
        if len(self._tasks) >= _MOST or attempt in self._tasks:
            release.close()
            return
        self._tasks[attempt] = asyncio.get_running_loop().create_task(self._run(attempt, release))

    async def _run(self, attempt: str, release: Coroutine[Any, Any, None]) -> None:
        try:
            with contextlib.suppress(Unavailable):
                await release
        finally:
            self._tasks.pop(attempt, None)

    async def before(self, attempt: str) -> None:
        """Wait until nothing of an earlier claim of this attempt is under way: it must not take back the new one."""
        if attempt in self._tasks:
            await asyncio.wait([self._tasks[attempt]])

    async def quiet(self) -> None:
        """Wait until nothing is under way."""
        while self._tasks:
            await asyncio.wait(list(self._tasks.values()))
