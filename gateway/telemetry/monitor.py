"""The operations port: /metrics, /livez, /readyz, in a process of its own.

It only reads the board. Its threads never live in a process that forks, and whoever reads slowly, or never, holds one
of a bounded number of places for a bounded time.
"""

from __future__ import annotations

import contextlib
import html
import json
import os
import selectors
import signal
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Final

import structlog

from gateway.telemetry.board import Board
from gateway.telemetry.exposition import expose, registry_of
from gateway.telemetry.protection import Protection
from gateway.telemetry.readiness import Checks, Degraded, livez

_LOG = structlog.get_logger()
_PLACES: Final = 16
_SOCKET_SECONDS: Final = 5.0
"""For one read, or for writing one answer."""
_VISIT_SECONDS: Final = 10.0
"""For a whole connection."""
_READINESS_SECONDS: Final = 1.0
"""How long an answer about readiness serves all who ask."""
_PATIENCE_SECONDS: Final = 8.0
"""For readiness to answer at all."""
_TICK: Final = 1.0
_NICENESS: Final = 5
"""Mail goes first."""
_JSON: Final = "application/json"
_OPEN_TO_ALL: Final = frozenset({"/livez", "/readyz"})
"""Probes carry no password."""


def serve_monitor(
    sockets: Sequence[socket.socket],
    board: Board,
    readiness: Callable[[], Checks],
    protection: Protection = Protection(),  # noqa: B008 - frozen
) -> None:
    """Serve until SIGTERM or until the parent is gone. To be called in a forked process's main thread."""
    monitor = Monitor(sockets, Pages(board, readiness, protection))
    signal.signal(signal.SIGTERM, lambda *_: monitor.stop())
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    with contextlib.suppress(OSError):
        os.nice(_NICENESS)
    monitor.run()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One answer."""

    status: HTTPStatus
    content_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


class Pages:
    """What is answered to which path."""

    def __init__(self, board: Board, readiness: Callable[[], Checks], protection: Protection) -> None:
        """Answer from ``board`` and ``readiness``."""
        self.protection = protection
        self._board = board
        self._readiness = _Shared(readiness)
        self._registry = registry_of(board)
        self._rendering = threading.Lock()
        self._routes: Mapping[str, Callable[[str], Page]] = {
            "/": self._index,
            "/metrics": self._metrics,
            "/livez": self._livez,
            "/readyz": self._readyz,
        }

    def answer(self, path: str, accept: str, authorization: str) -> Page:
        """Return the page of a path; never raises."""
        route = self._routes.get(path)
        if path not in _OPEN_TO_ALL and not self.protection.admits(authorization):
            challenge = ("WWW-Authenticate", 'Basic realm="Utpost", charset="UTF-8"')
            return plain(HTTPStatus.UNAUTHORIZED, challenge)
        if route is None:
            return plain(HTTPStatus.NOT_FOUND)
        try:
            return route(accept)
        except Exception as error:  # noqa: BLE001 - the port's fence: a fault here must not show its inside
            _LOG.error("monitor_failed", error=type(error).__name__)
            return plain(HTTPStatus.INTERNAL_SERVER_ERROR)

    def _metrics(self, accept: str) -> Page:
        with self._rendering:
            body, content_type = expose(self._registry, accept)
        return Page(status=HTTPStatus.OK, content_type=content_type, body=body)

    def _livez(self, _: str) -> Page:
        return _checked(livez(self._board), well="live", unwell="hanging")

    def _readyz(self, _: str) -> Page:
        return _checked(self._readiness.ask(), well="ready", unwell="unready")

    def _index(self, _: str) -> Page:
        links = "".join(f'<li><a href="{path}">{path}</a></li>' for path in self._routes if path != "/")
        words = html.escape(f"{self._board.version}, policies {self._board.policy_version or 'unknown'}")
        body = (
            '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Utpost</title></head>'
            f"<body><h1>Utpost</h1><p>{words}</p><ul>{links}</ul></body></html>\n"
        )
        policy = ("Content-Security-Policy", "default-src 'none'")
        return Page(
            status=HTTPStatus.OK, content_type="text/html; charset=utf-8", body=body.encode(), headers=(policy,)
        )


def plain(status: HTTPStatus, *headers: tuple[str, str]) -> Page:
    """Return a page that says no more than its status."""
    body = f"{status.value} {status.phrase}\n".encode()
    return Page(status=status, content_type="text/plain; charset=utf-8", body=body, headers=headers)


def _checked(checks: Checks, *, well: str, unwell: str) -> Page:
    failed = any(state is not True and not isinstance(state, Degraded) for state in checks.values())
    degraded = any(state is not True for state in checks.values())
    words = unwell if failed else "degraded" if degraded else well
    shown = {name: "ok" if state is True else state or "failed" for name, state in checks.items()}
    body = json.dumps({"status": words, "checks": shown}, ensure_ascii=False, indent=2).encode() + b"\n"
    status = HTTPStatus.SERVICE_UNAVAILABLE if failed else HTTPStatus.OK
    return Page(status=status, content_type=_JSON, body=body)


class _Shared:
    """One answer about readiness for all who ask within a second; whoever asks while it hangs is told so."""

    def __init__(self, ask: Callable[[], Checks]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._answer: Checks = {}
        self._until = 0.0

    def ask(self) -> Checks:
        if not self._lock.acquire(timeout=_PATIENCE_SECONDS):
            return {"readiness": "does not answer"}
        try:
            if time.monotonic() >= self._until:
                self._answer = self._ask()
                self._until = time.monotonic() + _READINESS_SECONDS
            return self._answer
        finally:
            self._lock.release()


class Monitor:
    """The port itself: one thread that accepts, a bounded number that answer."""

    def __init__(self, sockets: Sequence[socket.socket], pages: Pages) -> None:
        """Serve on listening ``sockets``; nothing happens before ``run``."""
        self._listeners = tuple(sockets)
        self._pages = pages
        self._woken, self._waker = socket.socketpair()
        self._woken.setblocking(False)
        self._waker.setblocking(False)
        self._stopping = False
        self._parent = os.getppid()
        self._left = threading.Condition()
        self._visits: dict[socket.socket, float] = {}
        """Open connections, oldest first, and when each ends at the latest."""

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
            connection.settimeout(_SOCKET_SECONDS)
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
            if len(self._visits) >= _PLACES:
                _shut(next(iter(self._visits)))
                self._left.wait_for(lambda: len(self._visits) < _PLACES, timeout=_TICK)
            if len(self._visits) >= _PLACES:
                connection.close()
                return
            self._visits[connection] = time.monotonic() + _VISIT_SECONDS
        threading.Thread(target=self._visit, args=(connection,), daemon=True).start()

    def _visit(self, connection: socket.socket) -> None:
        try:
            _Visit(connection, self._pages)
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


class _Visit(BaseHTTPRequestHandler):
    """One connection, one request, one answer."""

    protocol_version = "HTTP/1.1"
    timeout = _SOCKET_SECONDS

    def __init__(self, connection: socket.socket, pages: Pages) -> None:
        self._pages = pages
        super().__init__(connection, None, None)  # type: ignore[arg-type]  # neither address nor server are used

    def do_GET(self) -> None:
        """Answer with a page."""
        path = self.path.partition("?")[0]
        accept, authorization = self.headers.get("Accept", ""), self.headers.get("Authorization", "")
        self._send(self._pages.answer(path, accept, authorization))

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
