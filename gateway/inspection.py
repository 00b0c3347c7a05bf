"""Opening a message and looking for everything the rules ask about: here, or in a process that may die of it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import pickle
import resource
import select
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from gateway.detect import detect
from gateway.detect.lexicon import Lexicon
from gateway.extract import Opener
from gateway.message.entity import Leaf
from gateway.message.fingerprint import fingerprint
from gateway.message.leaves import Opened
from gateway.message.locked import tell_locked
from gateway.message.parse import parse_message
from gateway.model import Circumstances, Inspection, Message, Part, PartState
from gateway.sandbox import enclose

_MEMORY: Final = 2 * 1024**3
_PR_SET_PDEATHSIG: Final = 1
_COURTESY: Final = 10
_FILES_SHARE: Final = 0.6
"""Of the time for a message: what opening its files may take, so that its text can be judged if they never open."""


def inspect(octets: bytes, circumstances: Circumstances, lexicon: Lexicon, *, files: bool) -> Inspection:
    """Open a message, look for everything the rules ask about, and return what was seen without the texts.

    With ``files`` attached files are opened by libraries that may crash or hang: only in a process of its own.
    """
    return judged_text(parse_message(octets, Opener() if files else tell_locked), circumstances, lexicon)


def judged_text(message: Message, circumstances: Circumstances, lexicon: Lexicon) -> Inspection:
    """Return what detectors see in an open message."""
    findings, crashed = detect(message, lexicon, circumstances)
    parts = tuple(replace(part, text="", segments=()) for part in message.parts)
    return Inspection(
        message=replace(message, parts=parts),
        findings=findings,
        fingerprint=fingerprint(message),
        crashed=crashed,
    )


class Glance:
    """Stands in for the opener of files, and remembers whether there was anything to open."""

    def __init__(self) -> None:
        """Nothing seen yet."""
        self.files = False

    def __call__(self, leaf: Leaf, part: Part, left: int) -> Opened:
        """Leave the file closed."""
        self.files = True
        return tell_locked(leaf, part, left)


def gave_up(inspection: Inspection, state: PartState) -> Inspection:
    """Return the inspection of the text alone, its files in the state that they brought the process to."""
    parts = tuple(
        replace(part, state=state) if part.state is PartState.UNKNOWN else part for part in inspection.message.parts
    )
    return replace(inspection, message=replace(inspection.message, parts=parts))


def files_time(seconds: float) -> float:
    """Return how long opening files may take of the time for a message."""
    return seconds * _FILES_SHARE


# --- a process of its own -----------------------------------------------------------------------


def limit(seconds: float) -> None:
    """Limit this process, which is about to open a stranger's file: time, memory, no core, and what it may reach."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    cpu = int(seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu))
    # Whoever speaks SMTP goes first: many files at once must not make other sessions wait.
    os.nice(_COURTESY)
    # tesseract would start a thread for each core; one message takes one.
    os.environ["OMP_THREAD_LIMIT"] = "1"
    # Where memory runs out, the kernel ends this process before any that serves.
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", "ascii")
    # What a library says about a stranger's file is not for our log.
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    enclose()


def die_with_parent() -> None:
    """Let the kernel end this process when its parent ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def inspect_apart(octets: bytes, circumstances: Circumstances, lexicon: Lexicon, seconds: float) -> Inspection:
    """Inspect a message, waiting for it; its files in a fork. Raises what inspecting its text alone raises."""
    glance = Glance()
    message = parse_message(octets, glance)
    if not glance.files:
        return judged_text(message, circumstances, lexicon)
    limit_for_files = files_time(seconds)
    started = time.monotonic()
    pid, pipe = _forked(octets, circumstances, lexicon, limit_for_files)
    try:
        result = b"".join(_until_closed(pipe, started + limit_for_files))
    finally:
        os.close(pipe)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    try:
        found = pickle.loads(result)  # noqa: S301 - from our own fork, and this process only reports
    except Exception:  # noqa: BLE001 - it died before it had written all
        late = time.monotonic() - started >= limit_for_files
        text_only = judged_text(message, circumstances, lexicon)
        return gave_up(text_only, PartState.TIMED_OUT if late else PartState.UNREADABLE)
    return found if isinstance(found, Inspection) else gave_up(found, PartState.UNREADABLE)


def _forked(octets: bytes, circumstances: Circumstances, lexicon: Lexicon, seconds: float) -> tuple[int, int]:
    ours, theirs = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid:
        os.close(theirs)
        return pid, ours
    code = 1
    try:
        die_with_parent()
        limit(seconds)
        found = pickle.dumps(inspect(octets, circumstances, lexicon, files=True), pickle.HIGHEST_PROTOCOL)
        with os.fdopen(theirs, "wb") as stream:
            stream.write(found)
        code = 0
    finally:
        os._exit(code)


def _until_closed(pipe: int, deadline: float) -> Iterator[bytes]:
    while (rest := deadline - time.monotonic()) > 0 and select.select([pipe], [], [], rest)[0]:
        if not (piece := os.read(pipe, 1 << 20)):
            return
        yield piece
