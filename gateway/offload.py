"""Where inspection runs: here for small messages, in a process of its own for anything else.

``inspect`` is one picklable call. A *zygote* is a single-threaded process forked before the worker's event loop
exists; it holds the compiled word lists and forks once for each message. The message arrives as a descriptor, the
result leaves through a pipe, and nothing of one message is left for the next.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import io
import os
import pickle
import select
import signal
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Protocol

import structlog

from gateway import thrift
from gateway.content import Content
from gateway.detect.lexicon import Lexicon
from gateway.inspection import Glance, die_with_parent, files_time, gave_up, inspect, judged_text, limit
from gateway.message.parse import parse_message
from gateway.model import Circumstances, Inspection, PartState, Unavailable
from gateway.telemetry.logs import fault

_LOG = structlog.get_logger()

INLINE: Final = 128 * 1024
"""Octets up to which a message is inspected in the event loop: a fork costs more, and a stall stays below 50 ms."""

_GRACE: Final = 0.2

_MERCY: Final = 0.5
"""Seconds in which a process may end by its own alarm before it is killed."""

RESULT_OCTETS: Final = 16 * 1024 * 1024
"""More than this never comes from an honest inspection."""

_HEADER: Final = struct.Struct("!cQ?d")
_FILES, _TEXT, _LEXICON = b"F", b"T", b"L"
"""What is asked of a zygote: inspect with files opened, inspect the text alone, take new word lists."""


class Failed(Unavailable):
    """The content itself could not be inspected: it took too long, or the process that opened it died of it."""

    def __init__(self, why: str) -> None:
        """Name a reason without any of the content."""
        super().__init__("inspection", why)


class Inspector(Protocol):
    """Something that inspects content, here or elsewhere."""

    async def inspect(self, content: Content, circumstances: Circumstances, seconds: float) -> Inspection:
        """Return what was seen. Raises Failed for content that cannot be inspected, Unavailable when we fail."""
        ...


class Zygote:
    """The worker's end of a zygote process."""

    def __init__(self, sock: socket.socket, pid: int, lexicon: Lexicon) -> None:
        """Use ``start_zygote`` instead."""
        self._sock = sock
        self._lexicon = lexicon
        self.pid = pid
        self.dead: Callable[[], None] = lambda: None
        """Called when the process is found gone."""
        self.failed: Callable[[str], None] = lambda cause: None  # noqa: ARG005
        """Called when a fork ``died`` or ``timed_out``."""

    async def inspect(self, content: Content, circumstances: Circumstances, seconds: float) -> Inspection:
        """Inspect small content without files at once, other content in a fork of the zygote.

        A file that the fork dies of, or that takes too long, costs itself alone: the text is judged all the same.
        """
        if len(content) <= INLINE and (found := _inspect_here(content.unstuffed(), circumstances, self._lexicon)):
            return found
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            async with asyncio.timeout(seconds):
                try:
                    return await self._elsewhere(_FILES, content, circumstances, files_time(seconds))
                except Failed:
                    spent = loop.time() - started
                late = spent >= files_time(seconds) - _GRACE
                self.failed("timed_out" if late else "died")
                found = await self._elsewhere(_TEXT, content, circumstances, seconds - spent)
                return gave_up(found, PartState.TIMED_OUT if late else PartState.UNREADABLE)
        except TimeoutError:
            self.failed("timed_out")
            raise Failed("it took too long") from None

    async def _elsewhere(
        self, kind: bytes, content: Content, circumstances: Circumstances, seconds: float
    ) -> Inspection:
        with contextlib.ExitStack() as stack:
            body = content.descriptor if content.descriptor is not None else _memfd(content.raw())
            if body != content.descriptor:
                stack.callback(os.close, body)
            request = _memfd(pickle.dumps(circumstances))
            stack.callback(os.close, request)
            try:
                ours, theirs = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
            except OSError as error:
                raise Unavailable("inspection", f"no pipe: {os.strerror(error.errno or 0)}") from None
            stack.callback(os.close, ours)
            header = _HEADER.pack(kind, len(content), content.stuffed, seconds)
            try:
                await self._send(header, [body, request, theirs])
            finally:
                os.close(theirs)
            return _unpickle(await _read_to_end(ours))

    async def renew(self, lexicon: Lexicon) -> None:
        """Give the zygote new word lists; messages under way keep the old ones."""
        self._lexicon = lexicon
        descriptor = _memfd(pickle.dumps(lexicon))
        try:
            await self._send(_HEADER.pack(_LEXICON, os.fstat(descriptor).st_size, False, 0.0), [descriptor])
        finally:
            os.close(descriptor)

    async def _send(self, header: bytes, descriptors: list[int]) -> None:
        while True:
            try:
                socket.send_fds(self._sock, [header], descriptors)
            except BlockingIOError:
                await asyncio.sleep(0.005)
            except OSError:
                self.dead()
                raise Unavailable("inspection", "the inspecting process is gone") from None
            else:
                return

    def close(self) -> None:
        """Let the zygote end."""
        self._sock.close()


def start_zygote(lexicon: Lexicon, close_in_child: Callable[[], None] = lambda: None) -> Zygote:
    """Fork a zygote. Call it while the process is single-threaded and has no event loop."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid == 0:
        ours.close()
        close_in_child()
        _zygote_main(theirs, lexicon)
    theirs.close()
    ours.setblocking(False)
    return Zygote(ours, pid, lexicon)


def _inspect_here(octets: bytes, circumstances: Circumstances, lexicon: Lexicon) -> Inspection | None:
    """Inspect a message; None where it holds files, which are not opened in this process."""
    glance = Glance()
    try:
        message = parse_message(octets, glance)
        return None if glance.files else judged_text(message, circumstances, lexicon)
    except Exception as error:  # noqa: BLE001 - whatever a message breaks, it breaks for itself alone
        _LOG.error("inspection_raised", **fault(error))
        raise Failed("opening it raised an error of ours") from None


# --- the zygote ------------------------------------------------------------------------------


def _zygote_main(sock: socket.socket, lexicon: Lexicon) -> None:
    """Serve requests until the worker is gone; never returns."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    die_with_parent()
    # A collection in a fork would touch, and so copy, every page that it shares with the others.
    gc.freeze()
    forks = _Forks()
    while True:
        try:
            forks.watch_until_readable(sock)
            header, descriptors, _, _ = socket.recv_fds(sock, _HEADER.size, 3)
            if not header:
                os._exit(0)
            kind, size, stuffed, seconds = _HEADER.unpack(header)
            if kind == _LEXICON:
                lexicon = pickle.loads(os.pread(descriptors[0], size, 0))  # noqa: S301 - from our own worker
                thrift.tidy()
            elif (pid := os.fork()) == 0:
                sock.close()
                _inspect_and_exit(_Request(descriptors, size, stuffed, seconds, files=kind == _FILES), lexicon)
            else:
                forks.add(pid, seconds)
            for descriptor in descriptors:
                os.close(descriptor)
        except OSError:
            os._exit(1)


class _Forks:
    """The processes of messages under way. Each has an alarm of its own; here they are killed if they outlive it."""

    def __init__(self) -> None:
        """None yet."""
        self._deadlines: dict[int, float] = {}
        """Descriptor of a process (pidfd_open(2)), and when its time is over."""

    def add(self, pid: int, seconds: float) -> None:
        """Watch a process that may take so many seconds."""
        with contextlib.suppress(OSError):  # it has ended already; or no pidfd here: then its alarm must do
            self._deadlines[os.pidfd_open(pid)] = time.monotonic() + seconds + _MERCY

    def watch_until_readable(self, sock: socket.socket) -> None:
        """Return when there is something to receive; until then kill what is late, and forget what has ended."""
        while True:
            poll = select.poll()
            for descriptor in (sock.fileno(), *self._deadlines):
                poll.register(descriptor, select.POLLIN)
            ready = {descriptor for descriptor, _ in poll.poll(self._milliseconds())}
            for descriptor in ready & self._deadlines.keys():
                del self._deadlines[descriptor]
                os.close(descriptor)
            self._kill_late()
            if sock.fileno() in ready:
                return

    def _milliseconds(self) -> float | None:
        """Return how long nobody is late."""
        if not self._deadlines:
            return None
        return max(0.0, min(self._deadlines.values()) - time.monotonic()) * 1000 + 1

    def _kill_late(self) -> None:
        now = time.monotonic()
        for descriptor in [pidfd for pidfd, deadline in self._deadlines.items() if deadline <= now]:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            self._deadlines[descriptor] = now + _MERCY


@dataclass(frozen=True, slots=True)
class _Request:
    descriptors: list[int]
    size: int
    stuffed: bool
    seconds: float
    files: bool


def _inspect_and_exit(request: _Request, lexicon: Lexicon) -> None:
    """Inspect one message under limits and end; an end without a result is a failure to the worker."""
    code = 1
    try:
        die_with_parent()
        limit(request.seconds)
        body, circumstances_fd, result = request.descriptors
        circumstances: Circumstances = pickle.loads(_whole(circumstances_fd))  # noqa: S301 - from our own worker
        content = Content.from_descriptor(body, request.size, stuffed=request.stuffed)
        found = inspect(content.unstuffed(), circumstances, lexicon, files=request.files)
        octets = _pickled(found)
        os.set_blocking(result, True)
        with os.fdopen(result, "wb") as pipe:
            pipe.write(octets)
        code = 0
    finally:
        os._exit(code)


def _whole(descriptor: int) -> bytes:
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0)


def _memfd(octets: bytes) -> int:
    """Octets as an anonymous file; ``Unavailable`` where the system has no room for it."""
    descriptor = -1
    try:
        descriptor = os.memfd_create("utpost-request", os.MFD_CLOEXEC)
        view = memoryview(octets)
        while view:
            view = view[os.write(descriptor, view) :]
    except OSError as error:
        if descriptor >= 0:
            os.close(descriptor)
        raise Unavailable("inspection", f"no memory file: {os.strerror(error.errno or 0)}") from None
    return descriptor


# --- the result ------------------------------------------------------------------------------


async def _read_to_end(descriptor: int) -> bytes:
    loop = asyncio.get_running_loop()
    gathered = bytearray()
    ended = loop.create_future()

    def readable() -> None:
        try:
            chunk = os.read(descriptor, 1 << 20)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        gathered.extend(chunk)
        if (not chunk or len(gathered) > RESULT_OCTETS) and not ended.done():
            ended.set_result(None)

    loop.add_reader(descriptor, readable)
    try:
        await ended
    finally:
        loop.remove_reader(descriptor)
    return bytes(gathered)


class _ModelPickler(pickle.Pickler):
    """Write members of enumerations by value: Debian 12's Python 3.11.2 writes a call of getattr, which is not read."""

    def reducer_override(self, value: object) -> Any:
        return (type(value), (value.value,)) if isinstance(value, Enum) else NotImplemented


def _pickled(found: Inspection) -> bytes:
    octets = io.BytesIO()
    _ModelPickler(octets, pickle.HIGHEST_PROTOCOL).dump(found)
    return octets.getvalue()


class _ModelUnpickler(pickle.Unpickler):
    """Read only our own values: what comes back was made by a process that opened a stranger's file."""

    def find_class(self, module: str, name: str) -> Any:
        if module == "gateway.model" and name[:1].isupper():
            return super().find_class(module, name)
        msg = "not a value of ours"
        raise pickle.UnpicklingError(msg)


def _unpickle(octets: bytes) -> Inspection:
    try:
        result = _ModelUnpickler(io.BytesIO(octets)).load()
    except Exception:  # noqa: BLE001 - any defect of a stranger's pickle means the same
        raise Failed("the inspecting process failed") from None
    if not isinstance(result, Inspection):
        raise Failed("the inspecting process failed")
    return result
