"""What the operations port answers to which path."""

from __future__ import annotations

import html
import json
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import structlog

from gateway.telemetry.board import Board
from gateway.telemetry.exposition import expose, registry_of
from gateway.telemetry.protection import Protection
from gateway.telemetry.readiness import Checks, Degraded, livez

_LOG = structlog.get_logger()
_FRESH_SECONDS: Final = 1.0
"""How long an answer about readiness serves all who ask."""
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


class Pages:
    """What is answered to which path."""

    def __init__(
        self, board: Board, readiness: Callable[[], Checks], protection: Protection, readiness_seconds: float
    ) -> None:
        """Answer from ``board`` and ``readiness``, which may take ``readiness_seconds``."""
        self.protection = protection
        self._board = board
        self._readiness = _Shared(readiness, readiness_seconds)
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
    """One answer about readiness for all who ask within a second; while it hangs they are told so."""

    def __init__(self, ask: Callable[[], Checks], seconds: float) -> None:
        self._ask = ask
        self._seconds = seconds
        self._asking = ThreadPoolExecutor(max_workers=1)
        self._lock = threading.Lock()
        self._answer: Future[Checks] | None = None
        self._until = 0.0

    def ask(self) -> Checks:
        with self._lock:
            answer = self._answer
            if answer is None or (answer.done() and time.monotonic() >= self._until):
                answer = self._answer = self._asking.submit(self._fresh)
        try:
            return answer.result(self._seconds)
        except TimeoutError:
            return {"readiness": "does not answer"}

    def _fresh(self) -> Checks:
        checks = self._ask()
        self._until = time.monotonic() + _FRESH_SECONDS
        return checks
