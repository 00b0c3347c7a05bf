"""One cell of the matrix: messages brought to a stage, a fault, and the count of what became of each."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Final, Literal

from tests.reliability.ground import Ground
from tests.reliability.wire import Hold
from tests.support.smtp import RawClient, stuff

Kind = Literal["stranger", "warned", "refused"]
Fault = Callable[[], Awaitable[None]]

STAGES: Final = (
    "before MAIL",
    "after RCPT",
    "in DATA",
    "after the final dot",
    "before the relay's reply",
    "after it",
    "at any moment",
)
ANY_MOMENT: Final = STAGES[-1]
SPREAD: Final = 0.4
"""Seconds over which messages begin, and one of which the fault comes, where no stage is waited for."""
KINDS: Final[tuple[Kind, ...]] = ("stranger", "warned", "refused")
HOLDS: Final[dict[str, Hold]] = {"after the final dot": "content", "before the relay's reply": "reply"}
ATTEMPTS: Final = 30
"""How often a client tries one message."""
PATIENCE: Final = 20.0
PIPE_PATIENCE: Final = 3.0
"""Seconds after which a client gives up an attempt, through Utpost (which must answer before) and through a pipe."""

_DEMO: Final = Path(__file__).parents[2] / "demo" / "messages"
_TEXTS: Final = {"stranger": "3-personnummer", "warned": "5-privat-forsaljning", "refused": "3-personnummer"}
_NUMBERS: Final = count(1)
_MOMENTS: Final = random.Random(5321)


@dataclass(slots=True, kw_only=True)
class Message:
    """One message, and what its client heard of each attempt to send it."""

    kind: Kind
    number: int = field(default_factory=lambda: next(_NUMBERS))
    attempts: int = 0
    reply: bytes = b""
    """The last word: 2xx, 5xx, or empty where it has none yet."""

    @property
    def sender(self) -> bytes:
        """Return an address of its own: letters to one reader are limited."""
        domain = b"avsandare.example" if self.kind == "stranger" else b"politik.orkelljunga.se"
        return b"anna%d@%s" % (self.number, domain)

    def octets(self) -> bytes:
        """Return it as on the wire, the attempt named in its header."""
        text = (_DEMO / f"{_TEXTS[self.kind]}.eml").read_bytes().replace(b"\n", b"\r\n")
        text = re.sub(rb"(?m)^Message-ID: .*\r$", b"Message-ID: <m%d@matrix.example>\r" % self.number, text)
        text = re.sub(rb"(?m)^From: .*\r$", b"From: <%s>\r" % self.sender, text)
        return b"X-Attempt: %d-%d\r\n" % (self.number, self.attempts) + text


@dataclass(slots=True, kw_only=True)
class Tally:
    """What became of the messages of a cell; the sum of several runs of it is one too."""

    messages: int = 0
    attempts: int = 0
    acknowledged: int = 0
    refused: int = 0
    delivered: int = 0
    repeats: int = 0
    """Deliveries of a message beyond its first: another attempt of its client, for want of an answer."""
    doubled: int = 0
    """Deliveries beyond the first of one attempt: must be none."""
    lost: int = 0
    """Acknowledged and not delivered: must be none."""
    leaked: int = 0
    """Refused and delivered all the same: must be none."""
    unfinished: int = 0
    """Without a last word after all attempts: must be none."""
    letters: int = 0
    """Senders who got a letter, or whose letter waits in the outbox."""
    missing_letters: int = 0
    """Refusals without a letter: must be none."""
    silent_warnings: int = 0
    """Warned messages that were acknowledged, without a letter."""
    copies: int = 0
    """Second copies of a letter with the same Message-ID."""
    strange_letters: int = 0
    """Second letters with another Message-ID, and letters to those who are owed none: must be none."""

    def add(self, other: Tally) -> None:
        """Count another run of the same cell in."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def broken(self) -> list[str]:
        """Return which promises were broken, none where all were kept."""
        names = ("doubled", "lost", "leaked", "unfinished", "missing_letters", "strange_letters")
        return [f"{name}: {number}" for name in names if (number := getattr(self, name))]


class Cell:
    """Brings messages to ``stage`` together, lets ``fault`` happen, heals, and has clients repeat until an answer."""

    def __init__(self, ground: Ground, stage: str, fault: Fault | None, *, pipe: bool = False) -> None:
        """``fault`` None: the clients leave. ``pipe``: clients reach the wire itself, Utpost is not there."""
        self._ground, self._stage, self._fault, self._pipe = ground, stage, fault, pipe
        self._arrived = 0
        self._go = asyncio.Event()
        self.messages: list[Message] = []

    async def run(self, messages: list[Message]) -> Tally:
        """Return what became of the messages."""
        self.messages = messages
        wire = self._ground.wire
        if self._stage in HOLDS:
            wire.stop_at(HOLDS[self._stage])
        clients = [asyncio.create_task(self._first(message)) for message in messages]
        await self._until_all_stand()
        if self._fault is not None:
            await self._fault()
        self._go.set()
        await asyncio.sleep(0.1)
        wire.let_go()
        await asyncio.gather(*clients)
        await self._heal()
        await asyncio.gather(*(self._repeat(message) for message in messages))
        await self._ground.settle(self._letters_are_out, 8.0)
        return self._count()

    async def _heal(self) -> None:
        if self._pipe:
            await self._ground.wire.mend()
        else:
            await self._ground.heal()

    async def _until_all_stand(self) -> None:
        if self._stage == ANY_MOMENT:
            await asyncio.sleep(_MOMENTS.uniform(0, SPREAD))
            return
        passing = sum(message.kind != "refused" for message in self.messages)
        for _ in range(200):
            held = self._stage not in HOLDS or self._ground.wire.held >= passing
            if self._arrived == len(self.messages) and held:
                return
            await asyncio.sleep(0.05)
        raise TimeoutError(f"{self._arrived} clients and {self._ground.wire.held} transactions came to {self._stage}")

    # --- the clients -------------------------------------------------------------------------

    async def _first(self, message: Message) -> None:
        """Make the attempt that the fault meets."""
        message.attempts += 1
        stay = None
        if self._stage == ANY_MOMENT:
            await asyncio.sleep(_MOMENTS.uniform(0, SPREAD))
            stay = _MOMENTS.uniform(0, SPREAD / 4) if self._fault is None else None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(stay):
                self._note(message, await self._attempt(message, self._stand))

    async def _repeat(self, message: Message) -> None:
        while not message.reply and message.attempts < ATTEMPTS:
            message.attempts += 1
            self._note(message, await self._attempt(message, self._pass))
            if not message.reply:
                await asyncio.sleep(0.5)

    def _note(self, message: Message, reply: bytes) -> None:
        if reply[:1] in {b"2", b"5"}:
            message.reply = reply

    async def _stand(self, stage: str) -> bool:
        """Wait at the stage; False when this client leaves there."""
        if stage != self._stage:
            return True
        self._arrived += 1
        await self._go.wait()
        return self._fault is not None

    async def _pass(self, _stage: str) -> bool:
        return True

    async def _attempt(self, message: Message, at: Callable[[str], Awaitable[bool]]) -> bytes:
        """Send the message once; return the reply to its final dot, empty where none came."""
        replies: list[bytes] = []
        with contextlib.suppress(OSError, EOFError, TimeoutError, AssertionError):
            async with asyncio.timeout(PIPE_PATIENCE if self._pipe else PATIENCE) as limit:
                address = self._ground.wire.address if self._pipe else self._ground.running.smtp
                async with await RawClient.greeted(address) as client:
                    limit.reschedule(None if at == self._stand else limit.when())
                    await self._talk(client, message, at, replies)
        return replies[0] if replies else b""

    async def _talk(
        self, client: RawClient, message: Message, at: Callable[[str], Awaitable[bool]], replies: list[bytes]
    ) -> None:
        octets = stuff(message.octets())
        if not await at("before MAIL"):
            return
        await client.command(b"MAIL FROM:<" + message.sender + b">", b"250")
        await client.command(b"RCPT TO:<bo@mottagare.example>", b"250")
        if not await at("after RCPT"):
            return
        await client.command(b"DATA", b"354")
        await client.send(octets[: len(octets) // 2])
        if not await at("in DATA"):
            return
        await client.send(octets[len(octets) // 2 :] + b".\r\n")
        if not (await at("after the final dot") and await at("before the relay's reply")):
            return
        async with asyncio.timeout(PIPE_PATIENCE if self._pipe else PATIENCE):
            replies.append(await client.reply())
        await at("after it")

    # --- the count ---------------------------------------------------------------------------

    def _letters_are_out(self) -> bool:
        owed = {m.sender for m in self.messages if m.reply.startswith(b"5") or (m.kind == "warned" and m.reply)}
        return self._pipe or owed <= set(self._letters())

    def _letters(self) -> dict[bytes, list[bytes]]:
        """Return the Message-IDs of the letters that each sender got, in order."""
        got: dict[bytes, list[bytes]] = {}
        for delivery in self._ground.deliveries:
            if b"\nAuto-Submitted: auto-" in delivery.content:
                for rcpt in delivery.accepted:
                    reader = rcpt.partition(b"<")[2].partition(b">")[0]
                    got.setdefault(reader, []).append(_field(delivery.content, b"Message-ID"))
        return got

    def _count(self) -> Tally:
        attempts = Counter(
            _field(delivery.content, b"X-Attempt")
            for delivery in self._ground.deliveries
            if b"\nAuto-Submitted: auto-" not in delivery.content
        )
        letters = {} if self._pipe else self._letters()
        waiting = set() if self._pipe else self._ground.letters_waiting()
        whole = Tally()
        for message in self.messages:
            whole.add(self._count_one(message, attempts, letters.get(message.sender, []), message.sender in waiting))
        return whole

    def _count_one(self, message: Message, attempts: Counter[bytes], letters: list[bytes], waits: bool) -> Tally:
        times = [attempts[b"%d-%d" % (message.number, n)] for n in range(1, message.attempts + 1)]
        delivered, passed, refused = sum(times), message.reply[:1] == b"2", message.reply[:1] == b"5"
        has_letter = bool(letters) or waits
        return Tally(
            messages=1,
            attempts=message.attempts,
            acknowledged=int(passed),
            refused=int(refused),
            delivered=int(delivered > 0),
            repeats=max(0, delivered - 1),
            doubled=sum(max(0, number - 1) for number in times),
            lost=int(passed and not delivered),
            leaked=delivered if refused else 0,
            unfinished=int(not message.reply),
            letters=int(has_letter),
            missing_letters=int(refused and not has_letter),
            silent_warnings=int(message.kind == "warned" and passed and not has_letter),
            copies=len(letters) - len(set(letters)),
            strange_letters=max(0, len(set(letters)) - (message.kind != "stranger")),
        )


def _field(content: bytes, name: bytes) -> bytes:
    found = re.search(rb"(?mi)^" + name + rb":[ \r\n\t]*([^\r]*)\r$", content)
    return found[1].strip() if found else b""
