"""The process that keeps a store for all workers: it alone touches the file, and commits for all who wait at once.

A thread in each worker would share the worker's interpreter lock with the event loop, and the workers would wait for
each other's file locks. Here a piece of work travels as a pickled function of the connection, its answer comes back
the same way, and whatever has come in while the disk was busy is the next transaction. Work that is done again and
again has a word for it: to pickle a word and plain values costs a fifth of what a function does.

The parent makes a *hub*, a pair of sockets that outlives both sides. A worker connects by sending one end of a pair of
its own through the hub; when the process dies, its successor finds the calls that wait in the hub. It ends by itself
when the last worker and the parent have let go of the hub.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import math
import os
import pickle
import selectors
import signal
import socket
import sqlite3
import struct
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar, cast

from gateway.alarm import Alarm
from gateway.store import Backlog, Job, StoreBusy, StoreFile, Work, Writer

T = TypeVar("T")

_LENGTH: Final = struct.Struct("!I")
_CHUNK: Final = 256 * 1024
_REPLY_SECONDS: Final = 2.0
"""A worker that does not take its answers for so long is cut off."""
_WAITING: Final = 10_000
_LEISURE: Final = 0.003
"""Seconds that concluding work may wait for other work to travel with: nobody's mail waits for it."""
_FEW: Final = 2
"""Claims that are no crowd: they wait for nobody."""
_GLANCE: Final = 0.001
_GLANCES: Final = 3
"""So often, and so many seconds, claims of a crowd wait for one another: to commit costs as much as to claim."""
_CONTENT: Final = 16
"""Transactions for which as many claims as came are enough, before one more is waited for."""
_GONE: Final = "the process that keeps it is gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """Where workers and the bookkeeper find each other; made before either is forked."""

    workers: socket.socket
    keeper: socket.socket

    @classmethod
    def make(cls) -> Hub:
        """Return a hub; sockets of messages, so that calls from several workers do not mix."""
        workers, keeper = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        return cls(workers=workers, keeper=keeper)

    def close(self) -> None:
        """Let go of both ends."""
        self.workers.close()
        self.keeper.close()


Words = Mapping[str, Callable[..., Any]]
"""What each word stands for: a function of the connection behind the values that were said with it."""
Saying = tuple[Any, ...]
"""A word and its values, of plain types."""

_Request = tuple[int, Work[Any] | Saying | None, bool, float]
"""Number, work, whether it is concluding, and when the caller stops waiting (monotonic: one clock for all).

Without work it says that the caller of that number has left."""
_Answer = tuple[int, Any, Exception | None]
"""Number, result, error."""


def _frame(value: _Request | _Answer) -> bytes:
    octets = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    return _LENGTH.pack(len(octets)) + octets


class _Frames:
    """Whole frames out of a stream."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, octets: bytes) -> list[Any]:
        self._buffer += octets
        found = []
        at = 0
        while len(self._buffer) >= at + _LENGTH.size:
            end = at + _LENGTH.size + _LENGTH.unpack_from(self._buffer, at)[0]
            if len(self._buffer) < end:
                break
            found.append(pickle.loads(memoryview(self._buffer)[at + _LENGTH.size : end]))  # noqa: S301 - our own child
            at = end
        if at:
            self._buffer = self._buffer[at:]
        return found


# --- the process ---------------------------------------------------------------------------------


class Crowd:
    """How many claims to expect together: as many as came lately, and now and then one more."""

    __slots__ = ("_content", "_expected")

    def __init__(self) -> None:
        """Expect nobody."""
        self._expected = 0
        self._content = 0

    def worth_waiting(self, waiting: int) -> bool:
        """Tell whether more will come soon than are waiting; not where few make claims, who would only lose time."""
        return self._expected > max(_FEW, waiting)

    def came(self, waiting: int) -> None:
        """Learn from how many were waiting in the end."""
        if waiting < self._expected:
            self._expected, self._content = waiting, _CONTENT
        elif self._content:
            self._expected, self._content = waiting, self._content - 1
        else:
            self._expected = waiting + 1


class Bookkeeper:
    """One store and the workers it is kept for."""

    def __init__(self, hub: socket.socket, file: StoreFile, words: Words | None = None) -> None:
        """Serve those who call through this end of the hub; ``words`` are understood besides functions."""
        self._hub = hub
        self._words = words or {}
        self._writer = Writer(file)
        self._backlog = Backlog()
        self._selector = selectors.DefaultSelector()
        self._selector.register(hub, selectors.EVENT_READ)
        self._crowd = Crowd()
        self._ending = False

    def run(self) -> int:
        """Serve until nobody can call any more; return the exit code."""
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
            # Workers that drain still need it: it leaves after them.
            signal.signal(number, signal.SIG_IGN)
        with contextlib.suppress(OSError, AttributeError):  # a system that does not let us, or does not know it
            # Whoever calls goes on with what it does, and others call meanwhile: one commit for more of them.
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        while not self._ending or self._backlog or len(self._selector.get_map()) > 0:
            if self._listen(0 if self._backlog else None):
                self._listen(0)  # who has just connected may have spoken long ago
            if self._backlog:
                self._gather()
                self._reply(self._writer.perform(self._backlog))
        self._writer.close()
        return 0

    def _gather(self) -> None:
        """Let claims wait a moment for one another where many come together."""
        glances = 0
        while glances < _GLANCES and self._crowd.worth_waiting(self._backlog.waited_for):
            time.sleep(_GLANCE)  # to be woken by each would cost what is to be spared
            self._listen(0)
            glances += 1
        self._crowd.came(self._backlog.waited_for)

    def _listen(self, seconds: float | None) -> bool:
        """Take in what there is, waiting so long for something; tell whether anybody has connected."""
        connected = False
        for key, _ in self._selector.select(seconds):
            if key.fileobj is self._hub:
                self._accept()
                connected = True
            elif isinstance(key.fileobj, socket.socket):
                self._read(key.fileobj, key.data)
        return connected

    def _accept(self) -> None:
        octets, descriptors, _, _ = socket.recv_fds(self._hub, 1, 1)
        if not octets:
            self._selector.unregister(self._hub)
            self._ending = True
        for descriptor in descriptors:
            line = socket.socket(fileno=descriptor)
            line.settimeout(_REPLY_SECONDS)
            self._selector.register(line, selectors.EVENT_READ, _Frames())

    def _read(self, line: socket.socket, frames: _Frames) -> None:
        try:
            octets = line.recv(_CHUNK)
            requests = frames.feed(octets)
        except Exception:  # noqa: BLE001 - whatever a line brings costs that line alone
            octets, requests = b"", []
        if not octets:
            self._hang_up(line)
            return
        left: set[object] = set()
        for number, work, concluding, until in requests:
            if work is None:
                left.add((line, number))
            else:
                job = partial(self._obey, work) if isinstance(work, tuple) else work
                self._backlog.add(Job(job, (line, number), concluding=concluding, until=until))
        if left:
            self._backlog.leave(left)

    def _obey(self, saying: Saying, connection: sqlite3.Connection) -> Any:
        return self._words[saying[0]](*saying[1:], connection)

    def _reply(self, jobs: list[Job]) -> None:
        answers: dict[socket.socket, list[bytes]] = {}
        for job in jobs:
            if isinstance(job.caller, tuple):
                line, number = job.caller
                answers.setdefault(line, []).append(_answer(number, job))
        for line, frames in answers.items():
            try:
                line.sendall(b"".join(frames))
            except OSError:
                self._hang_up(line)

    def _hang_up(self, line: socket.socket) -> None:
        if line.fileno() >= 0:
            self._selector.unregister(line)
            line.close()


def _answer(number: int, job: Job) -> bytes:
    try:
        return _frame((number, job.result, job.error))
    except Exception as error:  # noqa: BLE001 - whatever cannot travel is told by its name
        return _frame((number, None, StoreBusy(f"the answer cannot travel ({type(error).__name__})")))


# --- a worker's line to it -----------------------------------------------------------------------


class _Line(asyncio.Protocol):
    """One connection: answers find those who wait for them."""

    def __init__(self) -> None:
        self.waiting: dict[int, asyncio.Future[Any]] = {}
        self._deadlines: deque[tuple[float, asyncio.Future[Any]]] = deque()
        self._frames = _Frames()
        self._transport: asyncio.Transport | None = None
        self._unsent: list[bytes] = []
        self._loop = asyncio.get_running_loop()
        self._flushing = False
        self._alarm = Alarm(self._loop, self._give_up)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def send(self, frame: bytes, *, at_leisure: bool) -> None:
        """Send a frame with all others of this turn of the loop, or ``at_leisure`` with the next of those."""
        self._unsent.append(frame)
        if not at_leisure and not self._flushing:
            self._flushing = True
            self._loop.call_soon(self.flush)
        elif at_leisure and len(self._unsent) == 1:
            self._loop.call_later(_LEISURE, self.flush)

    def flush(self) -> None:
        """Send what waits."""
        self._flushing = False
        if self._unsent and self._transport is not None:
            self._transport.write(b"".join(self._unsent))
            self._unsent.clear()

    def wait(self, number: int, seconds: float) -> asyncio.Future[Any]:
        """Return where the answer to a number will be, or StoreBusy when it has not come in time, the same for all."""
        future: asyncio.Future[Any] = self._loop.create_future()
        self.waiting[number] = future
        due = self._loop.time() + seconds
        self._forget_answered()
        self._deadlines.append((due, future))
        self._alarm.ring_at(due)
        return future

    def _give_up(self) -> None:
        """Tell those whose time is over, and come back for the next who still waits."""
        self._forget_answered()
        while self._deadlines and self._deadlines[0][0] <= self._loop.time():
            self._deadlines.popleft()[1].set_exception(StoreBusy("no answer in time"))
            self._forget_answered()
        if self._deadlines:
            self._alarm.ring_at(self._deadlines[0][0])

    def _forget_answered(self) -> None:
        while self._deadlines and self._deadlines[0][1].done():
            self._deadlines.popleft()

    def data_received(self, data: bytes) -> None:
        for number, result, error in self._frames.feed(data):
            future = self.waiting.pop(number, None)
            if future is None or future.done():
                continue
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the protocol's signature
        for future in self.waiting.values():
            if not future.done():
                future.set_exception(StoreBusy(_GONE))
        self.waiting.clear()
        self._alarm.stop()


class KeptStore:
    """A store that the bookkeeper keeps; used like ``Store``, but work must be picklable."""

    def __init__(self, hub: socket.socket, *, deadline: float = 5.0) -> None:
        """Connect at the first piece of work. ``deadline`` in seconds."""
        self._hub = hub
        self._deadline = deadline
        self._numbers = itertools.count(1)
        self._line: _Line | None = None
        self._transport: asyncio.Transport | None = None
        self._closed = False
        self._under_way: set[asyncio.Future[Any]] = set()

    async def run(self, work: Work[T] | Saying, *, concluding: bool = False) -> T:
        """Return what ``work`` returned, once it is committed. Raises StoreError, or what ``work`` raised."""
        if self._closed:
            raise StoreBusy("closed")
        line = self._line
        if line is None or self._transport is None or self._transport.is_closing():
            line = await self._connected()
        if len(line.waiting) >= _WAITING:
            raise StoreBusy("too much work waits")
        number = next(self._numbers)
        until = math.inf if concluding else time.monotonic() + self._deadline
        future: asyncio.Future[T] = line.wait(number, self._deadline)
        line.send(_frame((number, work, concluding, until)), at_leisure=concluding)
        self._under_way.add(future)
        try:
            return await future
        except asyncio.CancelledError:
            if not concluding:
                # Said before what takes the work back, which overtakes all that is not concluding.
                line.send(_frame((number, None, False, 0.0)), at_leisure=True)
            raise
        finally:
            line.waiting.pop(number, None)
            self._under_way.discard(future)

    async def _connected(self) -> _Line:
        if self._line is not None and self._transport is not None and not self._transport.is_closing():
            return self._line
        ours, theirs = socket.socketpair()
        try:
            socket.send_fds(self._hub, [b"L"], [theirs.fileno()], socket.MSG_DONTWAIT)
        except OSError as error:
            ours.close()
            raise StoreBusy(_GONE) from error
        finally:
            theirs.close()
        ours.setblocking(False)
        line = _Line()
        transport, _ = await asyncio.get_running_loop().create_connection(lambda: line, sock=ours)
        if self._transport is not None and not self._transport.is_closing() and self._line is not None:
            transport.close()  # another caller was quicker
            return self._line
        self._line, self._transport = line, transport
        return line

    async def close(self) -> None:
        """Wait for what is under way, and hang up."""
        self._closed = True
        if self._line is not None:
            self._line.flush()
        if self._under_way:
            await asyncio.wait(set(self._under_way), timeout=self._deadline)
        if self._transport is not None:
            self._transport.close()
