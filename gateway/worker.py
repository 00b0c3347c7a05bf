"""One worker process: its own event loop, sessions, gatekeeper and stores, on sockets inherited from the parent."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib.util
import pickle
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import structlog

from gateway import thrift
from gateway.antivirus import Clamd, Scanned
from gateway.control import Control, Message
from gateway.decision import Gatekeeper
from gateway.judgement import Judgement
from gateway.letters.mail import verify_mark
from gateway.milter.server import MilterServer
from gateway.milter.session import Manners
from gateway.model import InvalidConfiguration, Unavailable
from gateway.observer import GateObserver, SessionMeters
from gateway.offload import Inspector, Zygote, start_zygote
from gateway.policy.sender import Scope
from gateway.recent import Recent
from gateway.relay import RelayDoor, relay_points
from gateway.sandbox import available
from gateway.smtp.door import Door, open_door
from gateway.smtp.front import Bounds, Front
from gateway.store import SWITCH_SECONDS
from gateway.stores import Stores, open_stores, passing_signer
from gateway.telemetry.board import Board, Metrics, RowState
from gateway.terms import Terms
from gateway.tls import client_context, renew

if TYPE_CHECKING:
    from gateway.config import Settings

BEAT_SECONDS: Final = 0.5
TIDY_SECONDS: Final = 60.0
BACKLOG: Final = 1024
_COLLECTED: Final = 10_000
"""New objects after which the garbage collector looks for cycles: sessions and messages leave none behind."""
_UVLOOP: Final[Any] = importlib.import_module("uvloop") if importlib.util.find_spec("uvloop") else None
"""Loaded before the parent forks; the plain loop serves where it does not install."""
_LOG = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Birth:
    """What a worker is given by the parent that forks it."""

    number: int
    settings: Settings
    judgement: Judgement
    observed: frozenset[str]
    sockets: tuple[socket.socket, ...]
    tls_sockets: tuple[socket.socket, ...]
    """Where TLS comes before the greeting."""
    milter_sockets: tuple[socket.socket, ...]
    control: socket.socket
    books: socket.socket | None
    """The hub of the process that keeps the ledger's file, where there is one."""
    board: Board


def run_worker(birth: Birth) -> int:
    """Serve until drained; return the exit code."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.setswitchinterval(SWITCH_SECONDS)
    zygote = start_zygote(birth.judgement.lexicon, lambda: _close_all(birth))
    gc.set_threshold(_COLLECTED)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(Worker(birth, zygote).run())
    return 0


def _close_all(birth: Birth) -> None:
    for sock in (*birth.sockets, *birth.tls_sockets, *birth.milter_sockets, birth.control, birth.books):
        if sock is not None:
            sock.close()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    return asyncio.new_event_loop if _UVLOOP is None else _UVLOOP.new_event_loop


class Worker:
    """The composition root of one process."""

    def __init__(self, birth: Birth, zygote: Zygote) -> None:
        """Keep what was inherited; everything else is opened in ``run``."""
        self._birth = birth
        self._settings = birth.settings
        self._zygote = zygote
        self._metrics: Metrics = birth.board.row(birth.number)
        self._recent = Recent(self._inspector())
        self._stopping = asyncio.Event()
        self._tls = client_context(birth.settings.tls)

    def _inspector(self) -> Inspector:
        """Return what inspects messages: the zygote, and clamd beside it where one is configured."""
        antivirus = self._settings.antivirus
        if (place := antivirus.endpoint) is None:
            return self._zygote
        clamd = Clamd(host=place.host, port=place.port, path=place.path, seconds=antivirus.seconds)
        return Scanned(self._zygote, clamd, self._metrics)

    def _tell_protection(self) -> None:
        """Say whether the kernel encloses what opens files; without it only limits and a process of its own protect."""
        found = available()
        for control, there in (("landlock", found.landlock), ("seccomp", found.seccomp)):
            self._metrics.set("sandbox", float(there), control=control)
            if not there:
                _LOG.warning("sandbox_missing", what=control)

    async def run(self) -> None:
        """Serve until SIGTERM, then drain."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._stopping.set)
        self._zygote.dead = self._stopping.set
        self._zygote.failed = lambda cause: self._metrics.inc("judging_failures", cause=cause)
        door = RelayDoor(relay_points(self._settings, self._settings.relay.endpoints), self._metrics)
        hostname = self._settings.listen.hostname or socket.gethostname()
        stores = open_stores(self._birth.settings, self._birth.judgement, self._metrics, hostname, self._birth.books)
        observer = GateObserver(self._metrics, stores.journal, self._settings, stores.sent)
        gatekeeper = self._gatekeeper(stores, observer)
        front = self._front(gatekeeper, door)
        control = Control(self._birth.control, self._obey(gatekeeper, stores))
        chores = [
            loop.create_task(work)
            for work in (stores.courier.run(), self._beat(gatekeeper), self._tidy(stores), control.run())
        ]
        doors = [await open_door(front, sock, backlog=BACKLOG) for sock in self._birth.sockets]
        doors += [await open_door(front, sock, backlog=BACKLOG, implicit_tls=True) for sock in self._birth.tls_sockets]
        milter = self._milter(gatekeeper)
        doors += [await milter.listen(sock, backlog=BACKLOG) for sock in self._birth.milter_sockets]
        self._tell_protection()
        self._metrics.beat(RowState.READY)
        await self._stopping.wait()
        milter.drain()
        await self._drain(front, doors, gatekeeper, milter)
        for chore in chores:
            chore.cancel()
        await asyncio.gather(*chores, return_exceptions=True)
        await stores.close()
        self._zygote.close()

    def _front(self, gatekeeper: Gatekeeper, door: RelayDoor) -> Front:
        settings = self._settings
        limits, timeouts = settings.limits, settings.timeouts
        return Front(
            hostname=settings.listen.hostname or socket.gethostname(),
            bounds=Bounds(
                message=limits.message_octets,
                in_flight=limits.in_flight_octets,
                sessions=limits.sessions,
                sessions_per_address=limits.sessions_per_address,
                recipients=limits.recipients,
                line=limits.command_octets,
                command_seconds=timeouts.command,
                block_seconds=timeouts.data_block,
                relay_idle_seconds=settings.relay.idle_seconds,
            ),
            networks=settings.access.parsed,
            proxy_peers=settings.access.parsed_proxy_peers,
            xforward_peers=settings.access.parsed_xforward_peers,
            open_relay=door.open,
            gatekeeper=gatekeeper,
            meters=SessionMeters(self._metrics),
            elsewhere=self._birth.board.least(self._birth.number, "sessions", front="smtp"),
            tls=self._tls,
            xclient=settings.relay.xclient,
        )

    def _milter(self, gatekeeper: Gatekeeper) -> MilterServer:
        settings = self._settings
        manners = Manners(
            gatekeeper=gatekeeper,
            largest=settings.limits.message_octets,
            hold=frozenset(settings.milter.hold_rules),
            reference_header=settings.milter.add_reference,
        )
        return MilterServer(
            manners=manners, meters=SessionMeters(self._metrics, "milter"), most=settings.milter.sessions
        )

    def _gatekeeper(self, stores: Stores, observer: GateObserver) -> Gatekeeper:
        settings = self._settings
        keeper = Gatekeeper(
            policy=self._birth.judgement.policy,
            scope=Scope(domains=settings.scope.folded),
            inspector=self._recent,
            ledger=stores.ledger,
            desk=stores.desk,
            observer=observer,
            terminus=stores.office(settings),
            terms=Terms(
                budget=settings.timeouts.decision,
                window=timedelta(hours=settings.ledger.window_hours),
                hold=timedelta(seconds=settings.ledger.hold_seconds),
                wait=settings.ledger.wait_seconds,
                judging=settings.limits.judging,
                guideline_url=settings.letters.guideline_url,
                sign=passing_signer(settings),
                is_own_letter=lambda octets, recipient: verify_mark(octets, recipient, stores.secret),
            ),
        )
        keeper.observed = self._birth.observed
        return keeper

    # --- chores ----------------------------------------------------------------------------------

    async def _beat(self, gatekeeper: Gatekeeper) -> None:
        lag = self._metrics.histogram("event_loop_lag_seconds")
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + BEAT_SECONDS
            await asyncio.sleep(BEAT_SECONDS)
            lag.observe(max(0.0, loop.time() - due))
            self._metrics.set("judging", gatekeeper.judging)
            self._metrics.beat()

    async def _tidy(self, stores: Stores) -> None:
        while True:
            await stores.tidy()
            thrift.trim()
            await asyncio.sleep(TIDY_SECONDS)

    def _obey(self, gatekeeper: Gatekeeper, stores: Stores) -> Callable[[Message], Awaitable[None]]:
        async def obey(message: Message) -> None:
            if message.judgement is not None:
                judgement: Judgement = pickle.loads(message.judgement)  # noqa: S301 - from our own parent
                try:
                    await self._zygote.renew(judgement.lexicon)
                except Unavailable:
                    self._stopping.set()  # whoever comes after has the new policies from the parent
                    return
                gatekeeper.policy = judgement.policy
                stores.desk.templates = judgement.letters
                self._recent.forget()
                del judgement
                self._renew_certificate()
                asyncio.get_running_loop().call_soon(thrift.tidy)  # when the message is gone, too
            if message.observed is not None:
                gatekeeper.observed = message.observed

        return obey

    def _renew_certificate(self) -> None:
        tls = self._settings.tls
        if self._tls is None or tls.certificate is None or tls.private_key is None:
            return
        try:
            renew(self._tls, tls.certificate, tls.private_key)
        except InvalidConfiguration as error:
            _LOG.error("certificate_kept", problem=error.problems[0].text)

    async def _drain(self, front: Front, doors: list[Door], gatekeeper: Gatekeeper, milter: MilterServer) -> None:
        self._metrics.beat(RowState.DRAINING)
        front.draining = True
        for door in doors:
            door.close()
        for session in tuple(front.sessions):
            session.drain()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._settings.timeouts.drain):
                while front.sessions or milter.connections:  # noqa: ASYNC110 - a set that empties, looked at for some seconds of a life
                    await asyncio.sleep(0.02)
                await gatekeeper.quiet()
        _LOG.info("drained", sessions=len(front.sessions))
