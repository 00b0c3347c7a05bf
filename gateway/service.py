"""The parent: opens the sockets, loads the policies, forks workers and the monitor, and keeps them going.

It has no event loop and no threads, so that it may fork at any time; all it ever does is wait for a signal, for a
child or for the switch file.
"""

from __future__ import annotations

import json
import os
import pickle
import resource
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final, NoReturn

import structlog

from gateway import __version__, control, thrift
from gateway.activation import ServiceManager, inherited_sockets
from gateway.bookkeeper import Bookkeeper, Hub
from gateway.config import parse_endpoint
from gateway.errand import Errand
from gateway.judgement import Judgement, load_judgement, policies_directory
from gateway.ledger.sqlite import WORDS, ledger_file
from gateway.model import InvalidConfiguration, Problem
from gateway.stores import check_key, letter_signer, open_sent, read_history
from gateway.switches import read_switches
from gateway.telemetry.board import Board, RowState
from gateway.telemetry.monitor import serve_monitor
from gateway.telemetry.protection import Protection, load_protection
from gateway.telemetry.readiness import readiness
from gateway.telemetry.series import declare
from gateway.tls import client_context, expires_at, relay_tls
from gateway.worker import Birth, run_worker

if TYPE_CHECKING:
    from gateway.config import Settings

_LOG = structlog.get_logger()
_TICK: Final = 0.5
_FIRST_PAUSE: Final = 0.25
_LONGEST_PAUSE: Final = 30.0
_CALM: Final = 60.0
"""Seconds after which a worker's earlier deaths are forgiven."""
_MARGIN: Final = 5.0
_BACKLOG: Final = 1024
_SOCKET_MODE: Final = 0o660
"""Of Unix sockets: the MTA's user is put in our group."""


@dataclass(slots=True, kw_only=True)
class Slot:
    """A worker's place: who is in it now, and how its predecessors fared."""

    number: int
    pid: int = 0
    control: socket.socket | None = None
    born: float = 0.0
    pause: float = _FIRST_PAUSE
    due: float = 0.0
    """When an empty place is filled again (monotonic)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """The sockets that the parent opened and its children inherit."""

    smtp: tuple[socket.socket, ...]
    smtps: tuple[socket.socket, ...]
    milter: tuple[socket.socket, ...]
    metrics: socket.socket | None
    protection: Protection
    """Of the metrics port."""

    @property
    def mail(self) -> tuple[socket.socket, ...]:
        """Return all sockets for mail."""
        return (*self.smtp, *self.smtps, *self.milter)


def serve(load: Callable[[], tuple[Settings, Judgement]], announce: Callable[[str], None] = print) -> int:
    """Serve until SIGTERM or SIGINT; return the exit code. Raises InvalidConfiguration before anything is started."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core would hold messages
    settings, judgement = load()
    client_context(settings.tls)
    relay_tls(settings)
    _check_held(settings, judgement)
    _prepare_state(settings.state.directory)
    check_key(settings)
    open_sent(settings)
    letter_signer(settings)
    doors = _open_doors(settings, inherited_sockets())
    # The first policies stay when others are loaded: to free what children share with us would copy it.
    return Supervisor(settings, judgement, doors).run(announce)


def _open_doors(settings: Settings, handed: Mapping[str, list[socket.socket]]) -> Doors:
    """Open what is configured besides what was ``handed`` over; one place is opened once."""
    there = {_name(sock) for socks in handed.values() for sock in socks}

    def doors(door: str, places: Sequence[str], key: str) -> tuple[socket.socket, ...]:
        return (*handed[door], *(_bind(text, key) for text in places if str(parse_endpoint(text)) not in there))

    metrics = () if settings.metrics.listen == "off" else doors("metrics", (settings.metrics.listen,), "metrics.listen")
    return Doors(
        smtp=doors("smtp", settings.listen.smtp, "listen.smtp"),
        smtps=doors("smtps", settings.listen.smtps, "listen.smtps"),
        milter=doors("milter", settings.milter.listen, "milter.listen"),
        metrics=metrics[0] if metrics else None,
        protection=load_protection(settings.metrics),
    )


def _prepare_state(directory: Path) -> None:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = directory / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        text = f"{directory} cannot be written ({error.strerror}); choose another with --state"
        raise InvalidConfiguration([Problem(file="state", key="state.directory", text=text)]) from None


def _check_held(settings: Settings, judgement: Judgement) -> None:
    unknown = set(settings.milter.hold_rules) - set(judgement.policy.rules)
    if unknown:
        text = f"there is no rule {', '.join(sorted(unknown))}; there are: {', '.join(judgement.policy.rules)}"
        raise InvalidConfiguration([Problem(file="configuration", key="milter.hold_rules", text=text)])


def _bind_path(path: str, key: str) -> socket.socket:
    """Listen at a path; what an earlier process left there is taken away."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if Path(path).is_socket():
            Path(path).unlink()
        sock.bind(path)
        Path(path).chmod(_SOCKET_MODE)
        sock.listen(_BACKLOG)
    except OSError as error:
        sock.close()
        problem = Problem(file="configuration", key=key, text=f"cannot listen on unix:{path}: {error.strerror}")
        raise InvalidConfiguration([problem]) from None
    sock.setblocking(False)
    return sock


def _bind(text: str, key: str) -> socket.socket:
    endpoint = parse_endpoint(text)
    if endpoint.path:
        return _bind_path(endpoint.path, key)
    family = socket.AF_INET6 if ":" in endpoint.host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((endpoint.host, endpoint.port))
        sock.listen(_BACKLOG)
    except OSError as error:
        sock.close()
        problem = Problem(file="configuration", key=key, text=f"cannot listen on {text}: {error.strerror}")
        raise InvalidConfiguration([problem]) from None
    sock.setblocking(False)
    return sock


def _name(sock: socket.socket) -> str:
    if sock.family == socket.AF_UNIX:
        return f"unix:{sock.getsockname()}"
    host, port = sock.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


@dataclass(slots=True)
class _Wishes:
    """What signals have asked for since the last look."""

    stop: bool = False
    reload: bool = False
    pipe: tuple[int, int] = field(default_factory=lambda: os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC))

    def install(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, self._note)
        signal.set_wakeup_fd(self.pipe[1], warn_on_full_buffer=False)

    def _note(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - signal's signature
        self.stop = self.stop or number in (signal.SIGTERM, signal.SIGINT)
        self.reload = self.reload or number == signal.SIGHUP

    def wait(self, seconds: float) -> None:
        ready, _, _ = select.select([self.pipe[0]], [], [], max(0.0, seconds))
        if ready:
            os.read(self.pipe[0], 4096)


class Supervisor:
    """Workers and monitor, from the first fork to the last wait."""

    def __init__(
        self,
        settings: Settings,
        judgement: Judgement,
        doors: Doors,
    ) -> None:
        """Lay out the board; nothing is forked yet."""
        workers = settings.processes
        self._settings = settings
        self._judgement = judgement
        self._doors = doors
        rules = {name: rule.section for name, rule in judgement.policy.rules.items()}
        self._board = Board(workers, series=declare(rules=rules), version=__version__)
        self._row = self._board.row(0)
        self._slots = [Slot(number=n + 1) for n in range(workers)]
        self._monitor = Slot(number=0)
        self._bookkeeper = Slot(number=0)
        self._hub = Hub.make() if settings.ledger.url == "sqlite" else None
        self._wishes = _Wishes()
        self._switches = read_switches(settings.state.directory)
        self._manager = ServiceManager()

    def run(self, announce: Callable[[str], None]) -> int:
        """Fork everything, say when ready, and keep watch until asked to stop."""
        self._wishes.install()
        self._note_policies(success=True)
        self._note_certificates()
        thrift.share()
        self._fill_bookkeeper()
        for slot in self._slots:
            self._fill(slot)
        if self._doors.metrics is not None:
            self._fill_monitor()
        ready = False
        while not self._wishes.stop:
            if not ready and self._all_ready():
                ready = True
                self._row.beat(RowState.READY)
                announce(self._ready_line())
                self._manager.tell("READY=1", f"STATUS={len(self._slots)} workers")
            self._row.beat()
            self._manager.alive()
            self._wishes.wait(0.02 if not ready else _TICK)
            self._reap()
            self._refill()
            self._look_at_switches()
            if self._wishes.reload:
                self._wishes.reload = False
                self._reload()
        return self._stop()

    def _all_ready(self) -> bool:
        return all(p.state is RowState.READY for p in self._board.pulses()[1:])

    def _ready_line(self) -> str:
        metrics = _name(self._doors.metrics) if self._doors.metrics is not None else "off"
        return json.dumps(
            {
                "event": "ready",
                "smtp": [_name(s) for s in self._doors.smtp],
                "smtps": [_name(s) for s in self._doors.smtps],
                "milter": [_name(s) for s in self._doors.milter],
                "metrics": metrics,
                "relay": self._settings.relay.address,
                "workers": len(self._slots),
                "pid": os.getpid(),
                "version": __version__,
                "policy_version": self._judgement.policy.version,
            }
        )

    # --- children --------------------------------------------------------------------------------

    def _fill(self, slot: Slot) -> None:
        ours, theirs = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            ours.close()
            self._become_worker(slot, theirs)
        theirs.close()
        slot.pid, slot.control, slot.born = pid, ours, time.monotonic()

    def _become_worker(self, slot: Slot, theirs: socket.socket) -> NoReturn:
        self._leave_parent(keep_metrics=False)
        control.name_process(f"utpost-worker-{slot.number}")
        birth = Birth(
            number=slot.number,
            settings=self._settings,
            judgement=self._judgement,
            observed=self._switches,
            sockets=self._doors.smtp,
            tls_sockets=self._doors.smtps,
            milter_sockets=self._doors.milter,
            control=theirs,
            books=None if self._hub is None else self._hub.workers,
            board=self._board,
        )
        if self._hub is not None:
            self._hub.keeper.close()
        _exit_with(lambda: run_worker(birth))

    def _fill_monitor(self) -> None:
        if self._doors.metrics is None:
            return
        pid = os.fork()
        if pid == 0:
            sock = self._doors.metrics
            self._leave_parent(keep_metrics=True)
            control.name_process("utpost-monitor")
            for inherited in self._doors.mail:
                inherited.close()
            if self._hub is not None:
                self._hub.close()
            ready = readiness(self._settings, self._board)
            history = read_history(self._settings, self._judgement.policy.rules)
            _exit_with(lambda: serve_monitor([sock], self._board, ready, self._doors.protection, history=history))
        self._monitor.pid, self._monitor.born = pid, time.monotonic()

    def _fill_bookkeeper(self) -> None:
        hub = self._hub
        if hub is None:
            return
        pid = os.fork()
        if pid == 0:
            self._leave_parent(keep_metrics=False, outlive=True)
            control.name_process("utpost-books")
            for inherited in self._doors.mail:
                inherited.close()
            hub.workers.close()
            file = ledger_file(self._settings.state.directory)
            _exit_with(lambda: Bookkeeper(hub.keeper, file, WORDS).run())
        self._bookkeeper.pid, self._bookkeeper.born = pid, time.monotonic()

    def _leave_parent(self, *, keep_metrics: bool, outlive: bool = False) -> None:
        """Drop, in a fresh child, what belongs to the parent alone, which it may ``outlive``."""
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        for end in self._wishes.pipe:
            os.close(end)
        for slot in self._slots:
            if slot.control is not None:
                slot.control.close()
        if self._doors.metrics is not None and not keep_metrics:
            self._doors.metrics.close()
        if not outlive:
            control.die_with_parent()

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._bury(pid, os.waitstatus_to_exitcode(status))

    def _bury(self, pid: int, code: int) -> None:
        for slot in (*self._slots, self._monitor, self._bookkeeper):
            if slot.pid != pid:
                continue
            now = time.monotonic()
            slot.pid = 0
            if slot.control is not None:
                slot.control.close()
                slot.control = None
            slot.pause = _FIRST_PAUSE if now - slot.born > _CALM else min(slot.pause * 2, _LONGEST_PAUSE)
            slot.due = now + slot.pause
            if slot in self._slots:
                self._board.clear_row(slot.number)
            if not self._wishes.stop:
                self._row.inc("worker_restarts")
                _LOG.error("process_ended", worker=slot.number, code=code, pause=round(slot.pause, 2))

    def _refill(self) -> None:
        now = time.monotonic()
        for slot in self._slots:
            if slot.pid == 0 and now >= slot.due:
                self._fill(slot)
        if self._doors.metrics is not None and self._monitor.pid == 0 and now >= self._monitor.due:
            self._fill_monitor()
        if self._bookkeeper.pid == 0 and now >= self._bookkeeper.due:
            self._fill_bookkeeper()

    # --- policies --------------------------------------------------------------------------------

    def _note_certificates(self) -> None:
        for port, file in (("smtp", self._settings.tls.certificate), ("metrics", self._settings.metrics.certificate)):
            self._row.set("certificate_expiry_timestamp_seconds", expires_at(file), port=port)

    def _reload(self) -> None:
        self._note_certificates()
        try:
            octets = Errand(lambda: load_judgement(policies_directory(self._settings))).octets()
        except InvalidConfiguration as error:
            self._note_policies(success=False)
            for problem in error.problems:
                _LOG.error("policies_kept", file=problem.file, key=problem.key, problem=problem.text)
            return
        self._judgement = judgement = pickle.loads(octets)  # noqa: S301 - from our own child
        self._note_policies(success=True)
        self._tell(control.Message(judgement=octets))
        del octets
        thrift.tidy()
        _LOG.info("policies_loaded", policy_version=judgement.policy.version)

    def _note_policies(self, *, success: bool) -> None:
        self._row.inc("policy_reloads", result="success" if success else "failure")
        self._row.set("policy_reload_success", 1 if success else 0)
        if success:
            self._row.set("policy_reload_timestamp_seconds", time.time())
            self._board.policy_version = self._judgement.policy.version

    def _look_at_switches(self) -> None:
        switches = read_switches(self._settings.state.directory)
        if switches != self._switches:
            self._switches = switches
            self._row.set("rules_observed", len(switches))
            self._tell(control.Message(observed=switches))
            _LOG.warning("switches_changed", rules=sorted(switches))

    def _tell(self, message: control.Message) -> None:
        for slot in self._slots:
            if slot.control is not None and not control.send(slot.control, message):
                os.kill(slot.pid, signal.SIGTERM)

    # --- the end ---------------------------------------------------------------------------------

    def _stop(self) -> int:
        self._row.beat(RowState.DRAINING)
        self._manager.tell("STOPPING=1", "STATUS=finishing what is under way")
        for sock in self._doors.mail:
            sock.close()
        for slot in self._slots:
            _signal(slot.pid, signal.SIGTERM)
        deadline = time.monotonic() + self._settings.timeouts.drain + _MARGIN
        while any(s.pid for s in self._slots) and time.monotonic() < deadline:
            self._wishes.wait(_TICK)
            self._reap()
        late = [s for s in self._slots if s.pid]
        for slot in late:
            _signal(slot.pid, signal.SIGKILL)
        _signal(self._monitor.pid, signal.SIGTERM)
        self._end_bookkeeper()
        while any(s.pid for s in (*self._slots, self._monitor, self._bookkeeper)):
            self._wishes.wait(_TICK)
            self._reap()
        return 1 if late else 0

    def _end_bookkeeper(self) -> None:
        """Let go of the hub: when the workers have too, the bookkeeper finishes and ends by itself."""
        if self._hub is not None:
            self._hub.close()
        deadline = time.monotonic() + _MARGIN
        while self._bookkeeper.pid and time.monotonic() < deadline:
            self._wishes.wait(_TICK)
            self._reap()
        _signal(self._bookkeeper.pid, signal.SIGKILL)


def _signal(pid: int, number: int) -> None:
    if pid:
        os.kill(pid, number)


def _exit_with(work: Callable[[], int | None]) -> NoReturn:
    """Run a child's whole life and end the process without the parent's clean-up."""
    code = 1
    try:
        code = work() or 0
    except KeyboardInterrupt:
        code = 0
    except BaseException as error:  # noqa: BLE001 - the last fence of a process
        _LOG.error("process_failed", error=type(error).__name__)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
