"""The operations port: /metrics, /livez, /readyz, in a process of its own.

It only reads the board. Its threads never live in a process that forks, and whoever reads slowly, or never, holds one
of a bounded number of places for a bounded time.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Final

import structlog

from gateway.telemetry.board import Board
from gateway.telemetry.operations import History
from gateway.telemetry.pages import Page, Pages, Request, plain
from gateway.telemetry.protection import Protection
from gateway.telemetry.readiness import Checks

_LOG = structlog.get_logger()
_TICK: Final = 1.0
_FAREWELL_SECONDS: Final = 0.5
_FAREWELL_READS: Final = 8
_NICENESS: Final = 5
"""Mail goes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How many visitors there may be, and how long each may take; in seconds."""

    places: int = 16
    read: float = 5.0
    """For the request, and for taking the answer."""
    visit: float = 10.0
    """For a whole connection."""
    readiness: float = 8.0
    """For readiness to answer."""


def serve_monitor(  # noqa: PLR0913 - the parent is its only caller
    sockets: Sequence[socket.socket],
    board: Board,
    readiness: Callable[[], Checks],
    protection: Protection = Protection(),  # noqa: B008 - frozen
    patience: Patience = Patience(),
    *,
    history: Callable[[], History | None] = lambda: None,
) -> None:
    """Serve until SIGTERM or until the parent is gone. To be called in a forked process's main thread."""
    monitor = Monitor(sockets, Pages(board, readiness, protection, patience.readiness, history), patience)
    signal.signal(signal.SIGTERM, lambda *_: monitor.stop())
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    with contextlib.suppress(OSError):
        os.nice(_NICENESS)
    monitor.run()


class Monitor:
    """The port itself: one thread that accepts, a bounded number that answer."""

    def __init__(self, sockets: Sequence[socket.socket], pages: Pages, patience: Patience) -> None:
        """Serve on listening ``sockets``; nothing happens before ``run``."""
        self._listeners = tuple(sockets)
        self._pages = pages
        self._patience = patience
        self._woken, self._waker = socket.socketpair()
        self._woken.setblocking(False)
        self._waker.setblocking(False)
        self._stopping = False
        self._parent = os.getppid()
        self._left = threading.Condition()
        self._visits: OrderedDict[socket.socket, float] = OrderedDict()
        """Open connections, and when each ends at the latest: those answered first, then by age."""

    def stop(self) -> None:
        """Have ``run`` return; to be called from anywhere, a signal handler included."""
        self._stopping = True
        with contextlib.suppress(OSError):
            self._waker.send(b"\0")

    def run(self) -> None:
        """Accept and answer until stopped, or until the parent is gone."""
        with selectors.DefaultSelector() as selector:
            for listener in self._listeners:
                listener.setblocking(False)
                selector.register(listener, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while not self._stopping and os.getppid() == self._parent:
                for key, _ in selector.select(_TICK):
                    if isinstance(key.fileobj, socket.socket) and key.fileobj is not self._woken:
                        self._accept(key.fileobj)
                self._end_overdue()
        self._close()

    def _accept(self, listener: socket.socket) -> None:
        try:
            connection, _ = listener.accept()
        except BlockingIOError:
            return
        except OSError:
            time.sleep(0.1)  # out of descriptors: give those who visit time to leave
            return
        try:
            connection.settimeout(self._patience.read)
            if self._pages.protection.tls is not None:
                connection = self._pages.protection.tls.wrap_socket(
                    connection, server_side=True, do_handshake_on_connect=False
                )
        except OSError:
            connection.close()
            return
        self._admit(connection)

    def _admit(self, connection: socket.socket) -> None:
        with self._left:
            if len(self._visits) >= self._patience.places:
                _shut(next(iter(self._visits)))
                self._left.wait_for(lambda: len(self._visits) < self._patience.places, timeout=_TICK)
            if len(self._visits) >= self._patience.places:
                connection.close()
                return
            self._visits[connection] = time.monotonic() + self._patience.visit
        threading.Thread(target=self._visit, args=(connection,), daemon=True).start()

    def _visit(self, connection: socket.socket) -> None:
        try:
            _Visit(connection, self._pages)
            with self._left:
                self._visits.move_to_end(connection, last=False)
            _see_off(connection)
        except OSError:
            pass  # the visitor left, or was shown out; ssl's errors are OSErrors too
        except Exception as error:  # noqa: BLE001 - the last fence of a thread
            _LOG.error("monitor_failed", error=type(error).__name__)
        finally:
            with self._left:
                self._visits.pop(connection, None)
                self._left.notify_all()
            connection.close()

    def _end_overdue(self) -> None:
        now = time.monotonic()
        with self._left:
            overdue = [connection for connection, until in self._visits.items() if until < now]
            for connection in overdue:
                _shut(connection)

    def _close(self) -> None:
        for sock in (*self._listeners, self._woken, self._waker):
            sock.close()
        with self._left:
            for connection in self._visits:
                _shut(connection)


def _shut(connection: socket.socket) -> None:
    # Not SSLSocket's own shutdown: it would pull the TLS state from under the thread that reads.
    with contextlib.suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


def _see_off(connection: socket.socket) -> None:
    """Take what the visitor still sends: closing before that would reset the connection, and our answer with it."""
    socket.socket.shutdown(connection, socket.SHUT_WR)
    connection.settimeout(_FAREWELL_SECONDS)
    for _ in range(_FAREWELL_READS):
        if not connection.recv(65536):
            return


class _Visit(BaseHTTPRequestHandler):
    """One connection, one request, one answer."""

    protocol_version = "HTTP/1.1"

    def __init__(self, connection: socket.socket, pages: Pages) -> None:
        self._pages = pages
        super().__init__(connection, None, None)  # type: ignore[arg-type]  # neither address nor server are used

    def do_GET(self) -> None:
        """Answer with a page."""
        path, _, query = self.path.partition("?")
        asked = Request(
            path=path,
            query=query,
            accept=self.headers.get("Accept", ""),
            language=self.headers.get("Accept-Language", ""),
            authorization=self.headers.get("Authorization", ""),
        )
        self._send(self._pages.answer(asked))

    do_HEAD = do_GET  # noqa: N815

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Answer a request that cannot be served, without repeating any of it."""
        self._send(plain(HTTPStatus(code)))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Log nothing: a request line is a visitor's text."""

    def _send(self, page: Page) -> None:
        self.send_response_only(page.status)
        self.send_header("Date", self.date_time_string())
        self.send_header("Content-Type", page.content_type)
        self.send_header("Content-Length", str(len(page.body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Connection", "close")
        for name, value in page.headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(page.body)
