"""Clients that send one message after the other without a pause, and note what became of each."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable
from itertools import count
from typing import Final

from tests.integration.test_mass_mailing import mailing, other_words
from tests.support.relay import ScriptedRelay
from tests.support.smtp import RawClient

CLIENTS: Final = 6
STRANGER: Final = b"asa@avsandare.example"
TO: Final = b"bo@mottagare.example"


class Traffic:
    """Every other message is in scope. Without an answer of 2xx or 5xx there is another attempt."""

    def __init__(self, place: Callable[[], tuple[str, int]]) -> None:
        """``place`` tells where to connect now."""
        self._place = place
        self._numbers = count(1)
        self._stopping = False
        self._answered = asyncio.Event()
        self.refused = 0
        """Connections that nobody took."""
        self.unanswered = 0
        """Attempts that ended without an answer, or with one that asks to come again."""
        self.answers: dict[int, bytes] = {}
        """The last word about each message."""

    @contextlib.asynccontextmanager
    async def flowing(self) -> AsyncIterator[None]:
        """Send as long as the block runs, then let each client finish its message."""
        clients = [asyncio.create_task(self._client()) for _ in range(CLIENTS)]
        try:
            yield
        finally:
            self._stopping = True
            await asyncio.gather(*clients)

    async def more(self, messages: int) -> None:
        """Wait until so many more messages have their answer."""
        wanted = len(self.answers) + messages
        async with asyncio.timeout(60):
            while len(self.answers) < wanted:
                self._answered.clear()
                await self._answered.wait()

    async def _client(self) -> None:
        while not self._stopping:
            number = next(self._numbers)
            for attempt in range(1, 200):
                reply = await self._attempt(number, attempt)
                if reply[:1] in {b"2", b"5"}:
                    self.answers[number] = reply
                    self._answered.set()
                    break
                self.unanswered += 1
                await asyncio.sleep(0.05)

    async def _attempt(self, number: int, attempt: int) -> bytes:
        sender = b"ledamot%d@politik.orkelljunga.se" % number if number % 2 else STRANGER
        message = b"X-Attempt: %d-%d\r\n" % (number, attempt) + mailing(number=number, text=other_words(number))
        try:
            async with await RawClient.connect(self._place()) as client:
                await client.expect(b"220")
                await client.command(b"EHLO client.example", b"250")
                return await client.deliver(sender, [TO], message)
        except ConnectionRefusedError:
            self.refused += 1
        except (OSError, EOFError, TimeoutError, AssertionError):
            pass
        return b""

    def holds(self, relay: ScriptedRelay) -> None:
        """Fail unless what was acknowledged was delivered, and no attempt more than once."""
        arrived = Counter(
            line.removeprefix(b"X-Attempt: ").decode()
            for delivery in relay.deliveries
            for line in delivery.content.split(b"\r\n", 1)[:1]
            if line.startswith(b"X-Attempt: ")
        )
        assert [attempt for attempt, times in arrived.items() if times > 1] == []
        reached = {int(attempt.partition("-")[0]) for attempt in arrived}
        assert set(self.answers.values())
        assert {reply[:1] for reply in self.answers.values()} == {b"2"}
        assert set(self.answers) - reached == set(), "acknowledged and not delivered"
