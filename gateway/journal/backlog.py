"""What waits to be written behind a message's back: bounded, written in batches, tried again while the file is away."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

from gateway.model import Unavailable

T = TypeVar("T")

QUEUE: Final = 10_000
"""Records that wait at most; more are dropped."""
BATCH: Final = 500
_GATHERING: Final = 0.1
"""Seconds in which records gather before they are written together."""
_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 30.0


class Backlog(Generic[T]):
    """Records of one process on their way to a file that may be away. Mail never waits for them."""

    def __init__(self, write: Callable[[Sequence[T]], Awaitable[None]], on_drop: Callable[[int], None]) -> None:
        """``write`` writes a batch or raises Unavailable; ``on_drop`` is told how many records were lost."""
        self._write = write
        self._on_drop = on_drop
        self._waiting: deque[T] = deque()
        self._writer: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()

    def add(self, record: T) -> None:
        """Take a record and return at once; needs a running event loop."""
        if len(self._waiting) >= QUEUE:
            self._on_drop(1)
            return
        self._waiting.append(record)
        if self._writer is None or self._writer.done():
            self._writer = asyncio.get_running_loop().create_task(self._write_all())

    async def settled(self) -> None:
        """Return when nothing is being written."""
        while self._writer is not None and not self._writer.done():
            await asyncio.wait([self._writer])

    async def close(self) -> None:
        """Write what waits, once; what is left is dropped."""
        self._closing.set()
        if self._writer is not None:
            await self._writer
        if self._waiting:
            self._on_drop(len(self._waiting))
            self._waiting.clear()

    async def _write_all(self) -> None:
        """Write until nothing waits; while the file cannot be written, come back with growing pauses."""
        pause = _FIRST_PAUSE
        while self._waiting:
            await self._pause(_GATHERING)
            batch = [self._waiting[n] for n in range(min(BATCH, len(self._waiting)))]
            try:
                await self._write(batch)
            except Unavailable:
                if self._closing.is_set():
                    return
                await self._pause(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
                continue
            for _ in batch:
                self._waiting.popleft()
            pause = _FIRST_PAUSE

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._closing.wait()
        except TimeoutError:
            return
