"""The line between Utpost and a real relay: it carries octets as they are, and can hold, freeze or cut them."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final, Literal, Self

Hold = Literal["", "content", "reply"]
_END: Final = b"\r\n.\r\n"


class Wire:
    """Listens on a free port of 127.0.0.1 and joins each connection to one with ``target``.

    ``hold`` stops transactions at a point, but never those of letters (null sender): "content" before the relay gets
    anything of a message, "reply" when the relay has answered the final dot and before that answer goes on.
    """

    def __init__(self, target: tuple[str, int]) -> None:
        """Nothing is opened yet."""
        self.target = target
        self.hold: Hold = ""
        self.held = 0
        """Transactions that stand at the point now."""
        self._go = asyncio.Event()
        self._warm = asyncio.Event()
        self._warm.set()
        self._server: asyncio.Server | None = None
        self._port = 0
        self._links: set[_Link] = set()

    @property
    def address(self) -> tuple[str, int]:
        """Return where it listens."""
        return "127.0.0.1", self._port

    async def __aenter__(self) -> Self:
        await self.mend()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.sever()

    def stop_at(self, hold: Hold) -> None:
        """Hold what comes from now on."""
        self.hold, self.held = hold, 0
        self._go.clear()

    def let_go(self) -> None:
        """Hold nothing any more; what was held goes on."""
        self.hold = ""
        self._go.set()

    def freeze(self) -> None:
        """Carry nothing in either direction; connections stand."""
        self._warm.clear()

    def cut(self) -> None:
        """Break every connection; octets that were not yet carried are lost."""
        for link in tuple(self._links):
            link.cut()

    async def sever(self) -> None:
        """Break every connection and refuse new ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.cut()

    async def mend(self) -> None:
        """Carry again, on the same port."""
        self._warm.set()
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._port, backlog=1024)
            self._port = self._server.sockets[0].getsockname()[1]

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = _Link(self, reader, writer)
        self._links.add(link)
        try:
            await link.run()
        finally:
            self._links.discard(link)

    async def wait_at(self, point: Hold, *, letter: bool) -> None:
        """Wait where a transaction is to be held, and while the line is frozen."""
        if self.hold == point and not letter:
            self.held += 1
            await self._go.wait()
        await self._warm.wait()


class _Link:
    """One connection through the wire; it follows the dialogue only as far as holding needs."""

    def __init__(self, wire: Wire, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._wire = wire
        self._near = reader, writer
        self._phase: Literal["commands", "content", "final"] = "commands"
        self._letter = False
        self._tail = b""
        self._tasks: list[asyncio.Task[None]] = []

    def cut(self) -> None:
        for task in self._tasks:
            task.cancel()

    async def run(self) -> None:
        writers = [self._near[1]]
        try:
            far = await asyncio.open_connection(*self._wire.target)
            writers.append(far[1])
            self._tasks = [asyncio.create_task(self._up(far[1])), asyncio.create_task(self._down(far[0]))]
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
            await self._last_words()
        except OSError:
            pass
        finally:
            self.cut()
            for writer in writers:
                writer.transport.abort()

    async def _last_words(self) -> None:
        """Let the other direction end by itself: whoever leaves has still said what is on its way."""
        if not any(task.cancelled() for task in self._tasks):
            await asyncio.wait(self._tasks, timeout=10)

    async def _up(self, far: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while octets := await self._near[0].read(1 << 16):
                await self._follow(octets)
                await self._wire.wait_at("", letter=True)
                far.write(octets)
                await far.drain()
        with contextlib.suppress(OSError):
            far.write_eof()

    async def _follow(self, octets: bytes) -> None:
        if self._phase == "content":
            await self._wire.wait_at("content", letter=self._letter)
            self._tail = self._tail[-len(_END) :] + octets
            if _END in self._tail:
                self._phase = "final"
        elif b"MAIL FROM:" in (line := octets.upper()):
            self._letter = b"MAIL FROM:<>" in line

    async def _down(self, far: asyncio.StreamReader) -> None:
        near = self._near[1]
        with contextlib.suppress(OSError):
            while octets := await far.read(1 << 16):
                if self._phase == "final":
                    await self._wire.wait_at("reply", letter=self._letter)
                    self._phase = "commands"
                elif octets.startswith(b"354") or b"\r\n354" in octets:
                    self._phase, self._tail = "content", b""
                await self._wire.wait_at("", letter=True)
                near.write(octets)
                await near.drain()
        with contextlib.suppress(OSError):
            near.write_eof()
