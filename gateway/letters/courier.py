"""Carries letters from the outbox to the relay, at least once each, and comes back later where that fails."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from gateway.letters.items import DueDigest, Item
from gateway.letters.letter import Letter
from gateway.letters.outbox import Outbox
from gateway.model import Unavailable

NULL_PATH: Final = ""
"""The reverse-path of letters, without its angle brackets (RFC 3834 3.3)."""


class Deliver(Protocol):
    """Hand one letter to the relay."""

    def __call__(self, sender: str, recipient: str, octets: bytes, /) -> Awaitable[tuple[int, str]]:
        """Return code and enhanced code of the reply that ended the transaction. May raise anything."""
        ...


class Observer(Protocol):
    """Where the courier tells what became of letters. Never raises."""

    def __call__(self, kind: str, result: str, reference: str, code: int, /) -> None:
        """Count one conclusion.

        ``result`` is ``sent``, ``retried``, ``refused`` (5xx), ``expired``, or ``failed`` where the outbox was away.
        ``code`` is the relay's, 0 where there was none; ``reference`` is the message's.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CourierTerms:
    """How often and how long; all in seconds."""

    pauses: tuple[float, ...] = (5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0)
    """Between the attempts to deliver a letter; the last one repeats."""
    expire: float = 48 * 3600.0
    """A letter that old is given up."""
    poll: float = 5.0
    """Between looks into the outbox when nobody kicks."""
    delivery: float = 120.0
    """For one delivery; shorter than the outbox's lease."""
    batch: int = 8
    """Letters claimed, and delivered side by side, in one round."""


class Courier:
    """One task of one process; several processes may carry from one outbox."""

    def __init__(  # noqa: PLR0913 - the composition root is its only caller
        self,
        outbox: Outbox,
        deliver: Deliver,
        *,
        clock: Callable[[], datetime],
        observe: Observer,
        terms: CourierTerms | None = None,
        digest: Callable[[DueDigest], Letter] | None = None,
    ) -> None:
        """``digest`` writes the letter that tells what was held; without it what is held stays so."""
        self._outbox = outbox
        self._deliver = deliver
        self._clock = clock
        self._observe = observe
        self._terms = terms or CourierTerms()
        self._digest = digest
        self._kicked = asyncio.Event()
        self._stopping = False

    def kick(self) -> None:
        """Look into the outbox now."""
        self._kicked.set()

    def stop(self) -> None:
        """End ``run`` after the letters under way."""
        self._stopping = True
        self._kicked.set()

    async def run(self) -> None:
        """Carry until stopped; never raises but CancelledError."""
        while not self._stopping:
            if not await self.round():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._terms.poll):
                        await self._kicked.wait()
            self._kicked.clear()

    async def round(self) -> int:
        """Deliver what is due; return how many letters were claimed."""
        await self._write_digests()
        try:
            items = await self._outbox.claim(self._clock(), self._terms.batch)
        except Unavailable:
            self._observe("other", "failed", "", 0)
            return 0
        if items:
            await asyncio.gather(*map(self._carry, items))
            with contextlib.suppress(Unavailable):
                await self._outbox.erase()
        return len(items)

    async def _write_digests(self) -> None:
        if self._digest is None:
            return
        try:
            for due in await self._outbox.due_digests(self._clock()):
                await self._outbox.put_digest(self._digest(due), due)
        except Exception:  # noqa: BLE001 - neither the outbox nor a text of the digest may stop other letters
            self._observe("digest", "failed", "", 0)

    async def _carry(self, item: Item) -> None:
        """Deliver one letter and draw the conclusion."""
        now = self._clock()
        if now - item.written_at > timedelta(seconds=self._terms.expire):
            await self._conclude(item, "expired", 0)
            return
        code = await self._try(item)
        if 200 <= code < 300:  # noqa: PLR2004 - RFC 5321 4.2.1
            await self._conclude(item, "sent", code)
        elif code >= 500:  # noqa: PLR2004 - RFC 5321 4.2.1
            await self._conclude(item, "refused", code)
        else:
            await self._conclude(item, "retried", code)

    async def _try(self, item: Item) -> int:
        """Return the relay's code; 0 when there was none."""
        try:
            async with asyncio.timeout(self._terms.delivery):
                code, _ = await self._deliver(NULL_PATH, item.recipient, item.octets)
        except Exception:  # noqa: BLE001 - whatever stops a delivery, the letter is tried again
            return 0
        return code

    async def _conclude(self, item: Item, result: str, code: int) -> None:
        try:
            if result == "sent":
                await self._outbox.sent(item)
            else:
                await self._outbox.failed(item, self._next_attempt(item) if result == "retried" else None)
        except Unavailable:
            # The lease ends by itself; a letter that was delivered then goes out once more, with the same Message-ID.
            result = "failed"
        self._observe(item.kind, result, item.reference, code)

    def _next_attempt(self, item: Item) -> datetime:
        pauses = self._terms.pauses
        return self._clock() + timedelta(seconds=pauses[min(item.attempts, len(pauses) - 1)])
