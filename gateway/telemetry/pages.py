"""What the operations port answers to which path."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Generic, TypeVar

import structlog

from gateway.telemetry.board import Board
from gateway.telemetry.exposition import expose, registry_of
from gateway.telemetry.operations import POLICY, History, choose_language, operations_page
from gateway.telemetry.protection import Protection
from gateway.telemetry.readiness import Checks, Degraded, livez

T = TypeVar("T")
_LOG = structlog.get_logger()
_FRESH_SECONDS: Final = 1.0
"""How long an answer about readiness serves all who ask."""
_HISTORY_SECONDS: Final = 60.0
_HISTORY_PATIENCE: Final = 5.0
"""Seconds to wait for what the journal counts."""
_JSON: Final = "application/json"
_OPEN_TO_ALL: Final = frozenset({"/livez", "/readyz"})
"""Probes carry no password."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One answer."""

    status: HTTPStatus
    content_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The part of a request that an answer depends on."""

    path: str
    query: str = ""
    accept: str = ""
    language: str = ""
    authorization: str = ""


class Pages:
    """What is answered to which path."""

    def __init__(
        self,
        board: Board,
        readiness: Callable[[], Checks],
        protection: Protection,
        readiness_seconds: float,
        history: Callable[[], History | None],
    ) -> None:
        """Answer from ``board``, ``history`` and ``readiness``, which may take ``readiness_seconds``."""
        self.protection = protection
        self._board = board
        self._readiness = _Shared(readiness, readiness_seconds)
        self._history = _Shared(history, _HISTORY_PATIENCE, fresh=_HISTORY_SECONDS)
        self._registry = registry_of(board)
        self._rendering = threading.Lock()
        self._routes: Mapping[str, Callable[[Request], Page]] = {
            "/": self._index,
            "/metrics": self._metrics,
            "/livez": self._livez,
            "/readyz": self._readyz,
        }

    def answer(self, request: Request) -> Page:
        """Return the page of a path; never raises."""
        route = self._routes.get(request.path)
        if request.path not in _OPEN_TO_ALL and not self.protection.admits(request.authorization):
            challenge = ("WWW-Authenticate", 'Basic realm="Utpost", charset="UTF-8"')
            return plain(HTTPStatus.UNAUTHORIZED, challenge)
        if route is None:
            return plain(HTTPStatus.NOT_FOUND)
        try:
            return route(request)
        except Exception as error:  # noqa: BLE001 - the port's fence: a fault here must not show its inside
            _LOG.error("monitor_failed", error=type(error).__name__)
            return plain(HTTPStatus.INTERNAL_SERVER_ERROR)

    def _metrics(self, request: Request) -> Page:
        with self._rendering:
            body, content_type = expose(self._registry, request.accept)
        return Page(status=HTTPStatus.OK, content_type=content_type, body=body)

    def _livez(self, _: Request) -> Page:
        return _checked(livez(self._board), well="live", unwell="hanging")

    def _readyz(self, _: Request) -> Page:
        return _checked(self._ready(), well="ready", unwell="unready")

    def _ready(self) -> Checks:
        try:
            return self._readiness.ask()
        except TimeoutError:
            return {"readiness": "does not answer"}

    def _index(self, request: Request) -> Page:
        lang = choose_language(request.query, request.language)
        try:
            history = self._history.ask()
        except Exception as error:  # noqa: BLE001 - the page is for when something is broken
            _LOG.warning("journal_unread", error=type(error).__name__)
            history = None
        body = operations_page(self._board, self._ready(), history, lang)
        headers = (
            *(("Content-Security-Policy", POLICY), ("Content-Language", lang), ("Vary", "Accept-Language")),
            *(("Referrer-Policy", "no-referrer"), ("X-Frame-Options", "DENY")),
        )
        return Page(status=HTTPStatus.OK, content_type="text/html; charset=utf-8", body=body, headers=headers)


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


class _Shared(Generic[T]):
    """One answer for all who ask within a while; who waits too long for it gets TimeoutError."""

    def __init__(self, ask: Callable[[], T], seconds: float, fresh: float = _FRESH_SECONDS) -> None:
        self._ask = ask
        self._seconds = seconds
        self._freshness = fresh
        self._asking = ThreadPoolExecutor(max_workers=1)
        self._lock = threading.Lock()
        self._answer: Future[T] | None = None
        self._until = 0.0

    def ask(self) -> T:
        with self._lock:
            answer = self._answer
            if answer is None or (answer.done() and time.monotonic() >= self._until):
                answer = self._answer = self._asking.submit(self._fresh)
        return answer.result(self._seconds)

    def _fresh(self) -> T:
        found = self._ask()
        self._until = time.monotonic() + self._freshness
        return found
