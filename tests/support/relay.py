"""A relay that does what a test tells it to, and remembers every octet it was sent."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final, Literal, Self

from tests.support.smtp import PATIENCE, unstuff

FULL: Final = ("PIPELINING", "SIZE 52428800", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "DSN")
"""What the relay offers unless told otherwise."""

DEFAULTS: Final = {
    "banner": b"220 relay.example ESMTP\r\n",
    "helo": b"250 relay.example\r\n",
    "mail": b"250 2.1.0 Sender ok\r\n",
    "rcpt": b"250 2.1.5 Recipient ok\r\n",
    "data": b"354 Go ahead\r\n",
    "final": b"250 2.0.0 Ok: queued as 4ABC\r\n",
    "rset": b"250 2.0.0 Reset\r\n",
    "noop": b"250 2.0.0 Noop\r\n",
    "vrfy": b"252 2.5.2 Cannot VRFY\r\n",
    "expn": b"502 5.5.1 No EXPN\r\n",
    "help": b"214 2.0.0 Read RFC 5321\r\n",
    "quit": b"221 2.0.0 Bye\r\n",
    "auth": b"235 2.7.0 Authenticated\r\n",
    "starttls": b"220 2.0.0 Ready to start TLS\r\n",
    "xforward": b"250 2.0.0 Ok\r\n",
    "xclient": b"220 relay.example ESMTP\r\n",
    "other": b"500 5.5.2 Unknown command\r\n",
}
"""Stage → what is answered there unless told otherwise."""


class Gate:
    """Something the relay waits for until the test opens it."""

    def __init__(self) -> None:
        """Start closed."""
        self._open = threading.Event()
        self.reached = threading.Event()
        """Set once the relay stands before the gate."""

    def open(self) -> None:
        """Let the relay go on."""
        self._open.set()

    async def passed(self) -> None:
        """Wait until the gate is open."""
        self.reached.set()
        while not self._open.is_set():  # noqa: ASYNC110 - opened from another thread
            await asyncio.sleep(0.005)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the relay does at one stage: wait at a gate, say octets, then go on or leave."""

    octets: bytes = b""
    gate: Gate | None = None
    crumbs: bool = False
    """Send the octets one by one."""
    then: Literal["on", "close", "reset", "stall"] = "on"


def say(octets: bytes, *, crumbs: bool = False, gate: Gate | None = None) -> Answer:
    """Answer with exactly these octets (write the CRLF yourself)."""
    return Answer(octets=octets, crumbs=crumbs, gate=gate)


def drop(octets: bytes = b"", *, reset: bool = False) -> Answer:
    """Say the octets, if any, and leave: in order, or with a TCP reset."""
    return Answer(octets=octets, then="reset" if reset else "close")


def stall(octets: bytes = b"") -> Answer:
    """Say the octets, if any, and then nothing more, for as long as the connection stands."""
    return Answer(octets=octets, then="stall")


@dataclass(slots=True, kw_only=True)
class Transaction:
    """One MAIL and what followed it, as the relay saw it."""

    mail: bytes
    """The command line as received, without CRLF."""
    rcpts: list[bytes] = field(default_factory=list)
    accepted: list[bytes] = field(default_factory=list)
    """Those RCPT lines that were answered with 2xx."""
    raw: bytearray = field(default_factory=bytearray)
    """Octets after 354, dot-stuffed; without the terminating dot once it came."""
    ended: bool = False
    """The terminating dot was received."""
    reply: bytes = b""
    """The answer to it."""

    @property
    def content(self) -> bytes:
        """Return the message without transparency dots."""
        return unstuff(bytes(self.raw))


@dataclass(slots=True, kw_only=True)
class Connection:
    """One connection as the relay saw it."""

    received: bytearray = field(default_factory=bytearray)
    """Every octet, as it came (inside TLS: decrypted)."""
    commands: list[bytes] = field(default_factory=list)
    """Command lines without CRLF, in order."""
    log: list[bytes] = field(default_factory=list)
    """Command lines but QUIT and, between them, content lines with the terminating dot."""
    transactions: list[Transaction] = field(default_factory=list)
    pipelined: int = 0
    """How often the next command was there already when one was answered."""
    encrypted: bool = False
    ended: Literal["", "quit", "left", "sent away"] = ""
    """Empty while it stands."""


class _Leave(Exception):
    """The relay ends the connection."""


class _Conversation:
    """The relay's half of one connection."""

    def __init__(self, relay: ScriptedRelay, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._relay, self._reader, self._writer = relay, reader, writer
        self._buffer = bytearray()
        self.seen = Connection()
        self._transaction: Transaction | None = None

    async def run(self) -> None:
        try:
            if not (await self._answer("banner")).startswith(b"220"):
                await self._until_gone()
            while (line := await self._line()) is not None:
                await self._obey(line)
            self.seen.ended = self.seen.ended or "left"
        except _Leave:
            self.seen.ended = "sent away"
        except OSError:
            self.seen.ended = self.seen.ended or "left"
        finally:
            self._writer.close()

    async def _until_gone(self) -> None:
        while (line := await self._line()) is not None:
            await self._answer("quit" if line.upper() == b"QUIT" else "mail")

    async def _obey(self, line: bytes) -> None:
        seen = self.seen
        seen.commands.append(line)
        if line.upper() != b"QUIT":
            seen.log.append(line)
        verb = line.partition(b" ")[0].partition(b"\t")[0].decode("latin-1").lower()
        if verb == "data":
            await self._data()
        elif verb == "ehlo":
            await self._ehlo()
        elif verb == "quit":
            seen.ended = "quit"
            await self._answer("quit")
            self._writer.close()
        elif verb == "starttls":
            await self._starttls()
        elif verb == "auth":
            await self._auth()
        elif verb in {"mail", "rcpt"}:
            await self._envelope(verb, line)
        else:
            if verb in {"helo", "rset"}:
                self._transaction = None
            await self._answer(verb if verb in DEFAULTS else "other")
        if self._buffer:
            seen.pipelined += 1

    async def _ehlo(self) -> None:
        self._transaction = None
        offers = self._relay.offers
        if offers is None:
            await self._answer("ehlo", b"502 5.5.1 EHLO is not known here\r\n")
            return
        lines = ["relay.example", *offers]
        reply = "".join(f"250{'-' if n < len(lines) - 1 else ' '}{text}\r\n" for n, text in enumerate(lines))
        await self._answer("ehlo", reply.encode())

    async def _starttls(self) -> None:
        reply = await self._answer("starttls")
        if reply.startswith(b"220") and self._relay.tls is not None:
            await self._writer.start_tls(self._relay.tls)
            self.seen.encrypted = True
            self._transaction = None

    async def _auth(self) -> None:
        while (await self._answer("auth")).startswith(b"334"):
            line = await self._line()
            if line is None:
                return
            self.seen.log.append(line)

    async def _envelope(self, verb: str, line: bytes) -> None:
        transaction = self._transaction
        if verb == "mail":
            self._transaction = transaction = Transaction(mail=line)
            self.seen.transactions.append(transaction)
        elif transaction is not None:
            transaction.rcpts.append(line)
        answer = await self._next(verb)
        if not answer.octets.startswith(b"2"):
            self._transaction = None if verb == "mail" else transaction
        elif verb == "rcpt" and transaction is not None:
            transaction.accepted.append(line)
        await self._do(answer)

    async def _data(self) -> None:
        if not (await self._answer("data")).startswith(b"354"):
            return
        transaction, self._transaction = self._transaction, None
        if transaction is None:
            transaction = Transaction(mail=b"")
            self.seen.transactions.append(transaction)
        if await self._content(transaction):
            answer = await self._next("final")
            transaction.reply = answer.octets  # before it is sent: whoever has read it may look here
            await self._do(answer)

    async def _content(self, transaction: Transaction) -> bool:
        """Take octets up to the end of data; False when the connection ended before it."""
        relay = self._relay
        body, searched = bytearray(b"\r\n") + self._buffer, 0
        self._buffer.clear()
        while (end := _find_end(body, relay.ends, searched)) is None:
            searched = max(0, len(body) - 8)
            transaction.raw = body[2:]
            interruption = relay.interruption
            if interruption is not None and len(body) - 2 >= interruption[0]:
                relay.interruption = None
                await self._do(interruption[1])
            if not await self._more():
                return False
            body += self._buffer
            self._buffer.clear()
        text, after = end
        self._buffer += body[after:]
        transaction.raw = body[2:text]
        transaction.ended = True
        self.seen.log += [*bytes(transaction.raw).split(b"\r\n")[:-1], b"."]
        return True

    async def _line(self) -> bytes | None:
        while (end := self._buffer.find(b"\r\n")) < 0:
            if not await self._more():
                return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line

    async def _more(self) -> bool:
        if self._writer.is_closing():
            return False
        octets = await self._reader.read(1 << 16)
        self.seen.received += octets
        self._buffer += octets
        return bool(octets)

    async def _next(self, stage: str, otherwise: bytes | None = None) -> Answer:
        """Return what to answer now, once any gate before it is open."""
        answer = self._relay.next_answer(stage)
        if answer is None:
            return Answer(octets=DEFAULTS[stage] if otherwise is None else otherwise)
        if answer.gate is not None:
            await answer.gate.passed()
        return answer

    async def _answer(self, stage: str, otherwise: bytes | None = None) -> bytes:
        answer = await self._next(stage, otherwise)
        await self._do(answer)
        return answer.octets

    async def _do(self, answer: Answer) -> None:
        pieces: Iterable[bytes] = [answer.octets]
        if answer.crumbs:
            pieces = [answer.octets[n : n + 1] for n in range(len(answer.octets))]
        for piece in pieces:
            self._writer.write(piece)
            await self._writer.drain()
            if answer.crumbs:
                await asyncio.sleep(0.001)
        if answer.then == "stall":
            while await self._more():
                pass
            raise _Leave
        if answer.then == "reset":
            self._writer.transport.abort()
        if answer.then != "on":
            raise _Leave


class ScriptedRelay:
    """An SMTP relay on a free port of 127.0.0.1, in a thread and loop of its own.

    Tests, synchronous or not, may block without stopping it. Everything seen is in ``connections``.
    """

    def __init__(self, *, offers: tuple[str, ...] | None = FULL, tls: ssl.SSLContext | None = None) -> None:
        """``offers`` are EHLO lines; None is a relay that only knows HELO."""
        self.offers = offers
        self.tls = tls
        self.ends: tuple[bytes, ...] = (b"\r\n.\r\n",)
        """What this relay takes for the end of data; give more to play a lenient one."""
        self.interruption: tuple[int, Answer] | None = None
        """(octets, answer): do this once, when so many octets of content have come."""
        self.connections: list[Connection] = []
        self._script: dict[str, deque[Answer]] = {}
        self._always: dict[str, Answer] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="scripted-relay", daemon=True)
        self._server: asyncio.Server | None = None
        self._port = 0
        self._tasks: set[asyncio.Task[None]] = set()

    # --- life --------------------------------------------------------------------------------

    def start(self) -> Self:
        """Listen."""
        self._thread.start()
        self._run(self._listen())
        return self

    def stop(self) -> None:
        """End every connection and the thread."""
        if not self._thread.is_alive():
            return
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def refuse(self) -> None:
        """Stop listening: whoever connects is refused by the system."""
        self._run(self._close_server())

    def return_(self) -> None:
        """Listen again, on the same port."""
        self._run(self._listen())

    def hang_up(self) -> None:
        """End every connection that stands, as a relay that is restarted."""
        self._run(self._end_connections())

    def reset(self) -> None:
        """Forget script and records and be the default relay again; connections are ended."""
        self.hang_up()
        if self._server is None:
            self.return_()
        self._script.clear()
        self._always.clear()
        self.interruption = None
        self.ends = (b"\r\n.\r\n",)
        self.offers = FULL
        self.tls = None
        self.connections.clear()

    @property
    def address(self) -> str:
        """Return HOST:PORT."""
        return f"127.0.0.1:{self._port}"

    # --- script ------------------------------------------------------------------------------

    def answer(self, stage: str, *answers: Answer | bytes) -> Self:
        """Give these answers, one each time, when ``stage`` is reached; then the usual one again.

        Stages: banner, ehlo, helo, mail, rcpt, data, final, rset, noop, vrfy, expn, help, quit, auth, starttls,
        xforward, xclient, other.
        """
        self._known(stage)
        self._script.setdefault(stage, deque()).extend(_as_answer(a) for a in answers)
        return self

    def always(self, stage: str, answer: Answer | bytes) -> Self:
        """Give this answer whenever ``stage`` is reached."""
        self._known(stage)
        self._always[stage] = _as_answer(answer)
        return self

    def interrupt(self, octets: int, answer: Answer) -> Self:
        """Do something once in the middle of content, when so many octets of it have come."""
        self.interruption = (octets, answer)
        return self

    def next_answer(self, stage: str) -> Answer | None:
        """Return what the script wants at ``stage``, None for the usual answer."""
        waiting = self._script.get(stage)
        return waiting.popleft() if waiting else self._always.get(stage)

    def _known(self, stage: str) -> None:
        if stage not in DEFAULTS and stage != "ehlo":
            raise ValueError(f"there is no stage {stage!r}")

    # --- what was seen -----------------------------------------------------------------------

    @property
    def transactions(self) -> list[Transaction]:
        """Return every transaction of every connection, in order."""
        return [t for c in tuple(self.connections) for t in tuple(c.transactions)]

    @property
    def deliveries(self) -> list[Transaction]:
        """Return the transactions whose terminating dot was answered with 2xx: the mail this relay took."""
        return [t for t in self.transactions if t.ended and t.reply.startswith(b"2")]

    @property
    def ended(self) -> list[Transaction]:
        """Return the transactions whose terminating dot was received, whatever it was answered."""
        return [t for t in self.transactions if t.ended]

    @property
    def commands(self) -> list[bytes]:
        """Return the command lines of all connections, in order."""
        return [line for c in tuple(self.connections) for line in tuple(c.commands)]

    @property
    def standing(self) -> int:
        """Return how many connections stand now."""
        return sum(1 for c in tuple(self.connections) if not c.ended)

    async def until(self, condition: Callable[[], object], what: str = "the relay saw what was expected") -> None:
        """Wait until ``condition`` holds; fails with a record of what was seen when it never does."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"in vain: {what}; it saw {[c.log for c in self.connections]!r}")
            await asyncio.sleep(0.005)

    def wait(self, condition: Callable[[], object], what: str = "the relay saw what was expected") -> None:
        """Do the same in a synchronous test."""
        asyncio.run(self.until(condition, what))

    # --- the loop ----------------------------------------------------------------------------

    def _run(self, work: object) -> None:
        future: Future[None] = asyncio.run_coroutine_threadsafe(work, self._loop)  # type: ignore[arg-type]
        future.result(PATIENCE)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._port, backlog=1024)
        self._port = self._server.sockets[0].getsockname()[1]

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        conversation = _Conversation(self, reader, writer)
        self.connections.append(conversation.seen)
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        with contextlib.suppress(asyncio.CancelledError):
            await conversation.run()

    async def _close_server(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _end_connections(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for connection in self.connections:
            connection.ended = connection.ended or "sent away"

    async def _end(self) -> None:
        await self._close_server()
        await self._end_connections()


def _as_answer(answer: Answer | bytes) -> Answer:
    return answer if isinstance(answer, Answer) else Answer(octets=answer)


def _find_end(body: bytearray, ends: tuple[bytes, ...], start: int) -> tuple[int, int] | None:
    """Return where the text ends and where what follows begins, for the earliest of ``ends`` (each holds one dot)."""
    found = [(at + end.index(b"."), at + len(end)) for end in ends if (at := body.find(end, start)) >= 0]
    return min(found) if found else None
