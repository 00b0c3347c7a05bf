"""The log: JSON lines on stderr, with listed keys only, so that no line can say more than it was meant to.

Every line goes through the same processors. A key that is not listed is dropped and named under ``dropped``; text that
looks like an address is masked; of an exception only its type and place are told; of other libraries' lines only who
spoke and where.
"""

from __future__ import annotations

import json
import logging
import math
import os
import re
import select
import sys
import threading
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, TextIO

import structlog
from structlog.types import Processor

KEYS: Final = frozenset(
    {
        # every line
        "event",
        "level",
        "time",
        "reference",
        "dropped",
        "lost",
        # a message
        "action",
        "code",
        "confidence",
        "count",
        "detectors",
        "direction",
        "enhanced",
        "findings",
        "front",
        "kind",
        "mode",
        "observed",
        "octets",
        "outcome",
        "parts",
        "persons",
        "pseudonym",
        "queue_id",
        "recipients",
        "relay_code",
        "relay_enhanced",
        "result",
        "rule",
        "rules",
        "seconds",
        "section",
        "sections",
        "stage",
        "state",
        "states",
        "verdict",
        # the service
        "attempt",
        "error",
        "file",
        "key",
        "line",
        "logger",
        "metrics",
        "pause",
        "pid",
        "place",
        "policy_version",
        "problem",
        "relay",
        "rows",
        "sessions",
        "signal",
        "smtp",
        "store",
        "version",
        "what",
        "why",
        "worker",
        "workers",
    }
)
"""All that a line may say. Nothing here may hold a person's name, address, subject or words."""

MAX_TEXT: Final = 200
MAX_ITEMS: Final = 30
_NUMBERS: Final = frozenset({"count", "octets", "parts", "recipients", "rows", "sessions", "findings"})
"""Keys whose names invite lists of content: only numbers pass."""
_FIRST: Final = ("time", "level", "event", "reference")
_RULES: Final = frozenset({"rule", "rules", "observed"})
"""The kind behind a rule's colon (which special category) stays out."""
_ADDRESS: Final = re.compile(r"[^\s@]*@[^\s@]*")
_EVENT: Final = re.compile(r"[a-z0-9_]{1,60}")
_LIBRARIES: Final = ("mail", "mail.log", "mail.debug", "asyncio")
_LINE_OCTETS: Final = 4096
"""PIPE_BUF: a pipe that poll(2) calls writable takes so much without blocking."""

_HOME: Final = Path(__file__).parents[1]

_JSON: Final = json.JSONEncoder(ensure_ascii=False)

_LOG = structlog.get_logger()
Line = MutableMapping[str, Any]


def configure(
    level: Literal["debug", "info", "warning", "error"] = "info", log_format: Literal["json", "console"] = "json"
) -> None:
    """Send every log line of this process, other libraries' and last words of a crash too, through the list."""
    stderr = _Stderr(sys.stderr)
    structlog.configure(
        processors=_processors(log_format),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=lambda *_: stderr,
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[_Foreign()], level=logging.WARNING, force=True)
    for name in _LIBRARIES:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    sys.excepthook = _uncaught
    threading.excepthook = lambda args: _last_words("thread_failed", args.exc_value)
    sys.unraisablehook = lambda args: _last_words("clean_up_failed", args.exc_value)


def bind(reference: str) -> None:
    """Put a message's reference on every further line of this task."""
    structlog.contextvars.bind_contextvars(reference=reference)


def unbind() -> None:
    """End what ``bind`` began."""
    structlog.contextvars.unbind_contextvars("reference")


def fault(error: BaseException) -> dict[str, str]:
    """Return what may be told of an exception: ``_LOG.error("…", **fault(error))``."""
    return {"error": type(error).__name__, "place": _place(error)}


def _processors(log_format: str) -> list[Processor]:
    renderer: Processor = _as_json
    if log_format == "console":
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), timestamp_key="time")
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        tell_exceptions,
        keep_listed,
        renderer,
    ]


def _as_json(_: object, __: str, line: Line) -> str:
    """Write a line that ``keep_listed`` has left nothing in but JSON's own types."""
    return _JSON.encode(line)


def tell_exceptions(_: object, __: str, line: Line) -> Line:
    """Replace ``exc_info`` by the exception's type and place."""
    told = line.pop("exc_info", None)
    if told is True:
        told = sys.exc_info()[1]
    elif isinstance(told, tuple):
        told = told[1]
    if isinstance(told, BaseException):
        line.update(fault(told))
    return line


def keep_listed(_: object, __: str, line: Line) -> Line:
    """Drop keys that are not listed, and reduce values to what their key may hold."""
    kept: Line = {key: "" for key in _FIRST if key in line}
    dropped = []
    for key, value in line.items():
        if key not in KEYS or (key in _NUMBERS and not isinstance(value, (int, float))):
            dropped.append(key if _EVENT.fullmatch(str(key)) else "?")
        elif type(value) is int or (type(value) is str and key not in _RULES and _is_harmless(value)):
            kept[key] = value  # most values are of these kinds
        else:
            kept[key] = _reduced(key, value)
    if not _EVENT.fullmatch(str(kept.get("event", ""))):
        kept["event"] = "unnamed"
        dropped.append("event")
    if dropped:
        kept["dropped"] = sorted(dropped)
    return kept


def _reduced(key: str, value: object) -> object:
    if isinstance(value, str):
        return _plain(key, value)
    if isinstance(value, (set, frozenset)):
        value = sorted(value, key=str)
    if isinstance(value, (list, tuple)):
        return [_plain(key, one) for one in value[:MAX_ITEMS]] if value else []
    if isinstance(value, dict):
        return {_text(str(name)): _plain(key, one) for name, one in list(value.items())[:MAX_ITEMS]}
    return _plain(key, value)


def _plain(key: str, value: object) -> object:
    if isinstance(value, str):
        return _text(value.partition(":")[0] if key in _RULES else value)
    if isinstance(value, float):
        return round(value, 4) if math.isfinite(value) else repr(value)
    if value is None or isinstance(value, (bool, int)):
        return value
    return type(value).__name__


def _is_harmless(text: str) -> bool:
    return len(text) <= MAX_TEXT and "@" not in text


def _text(value: str) -> str:
    if len(value) > MAX_TEXT:
        value = value[: MAX_TEXT + 1]
    if "@" in value:
        value = _ADDRESS.sub("•", value)
    return value if len(value) <= MAX_TEXT else value[: MAX_TEXT - 1] + "…"


def _place(error: BaseException) -> str:
    """Return file and line of the innermost frame in our own code, or else of the innermost."""
    frames = [(Path(frame.filename), frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    if not frames:
        return "unknown"
    ours = [(path.relative_to(_HOME), line) for path, line in frames if path.is_relative_to(_HOME)]
    path, line = ours[-1] if ours else (Path(frames[-1][0].name), frames[-1][1])
    return f"{path}:{line}"


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        _last_words("crashed", error)


def _last_words(event: str, error: BaseException | None) -> None:
    _LOG.error(event, **({} if error is None else fault(error)))


class _Foreign(logging.Handler):
    """Tells that another library spoke, how loudly and where; its words may hold anything."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        place = f"{record.filename}:{record.lineno}"
        told = {"place": place} if error is None else fault(error)
        _LOG.log(record.levelno, "library_spoke", logger=record.name, **told)


class _Stderr:
    """Writes whole lines to stderr and never waits for a reader: a log that is stuck must not stop mail."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._descriptor = -1
        self._poll = select.poll()
        self._lost = 0

    def msg(self, line: str) -> None:
        octets = line.encode("utf-8", "backslashreplace") + b"\n"
        if self._lost and octets.endswith(b"}\n"):
            octets = octets[:-2] + b', "lost": %d}\n' % self._lost
        try:
            descriptor = self._stream.fileno()
        except (OSError, ValueError):
            self._stream.write(octets.decode())  # not a file, in a test for instance
            return
        if len(octets) <= _LINE_OCTETS and self._takes(descriptor, octets):
            self._lost = 0
        else:
            self._lost += 1

    debug = info = warning = error = critical = msg

    def _takes(self, descriptor: int, octets: bytes) -> bool:
        if descriptor != self._descriptor:
            self._descriptor, self._poll = descriptor, select.poll()
            self._poll.register(descriptor, select.POLLOUT)
        try:
            return bool(self._poll.poll(0)) and os.write(descriptor, octets) > 0
        except (OSError, RuntimeError):  # or another thread looks at the same moment
            return False
