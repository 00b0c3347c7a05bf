"""One worker process: its own event loop, sessions, gatekeeper and stores, on sockets inherited from the parent."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import pickle
import signal
import socket
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Final

import structlog

from gateway.config import Endpoint, Settings, parse_endpoint
from gateway.control import Control, Message
from gateway.decision import Gatekeeper, Terms
from gateway.judgement import Judgement
from gateway.letters.courier import Courier
from gateway.letters.desk import Desk
from gateway.observer import GateObserver, SessionMeters
from gateway.offload import Zygote, start_zygote
from gateway.policy.sender import Scope
from gateway.smtp.front import Bounds, Front
from gateway.smtp.secure import GateSession
from gateway.stores import Stores, open_stores
from gateway.telemetry.board import Board, Metrics, RowState
from gateway.upstream.client import RelayPoint, RelayRefusal, RelaySession, open_relay

BEAT_SECONDS: Final = 0.5
_LOG = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Birth:
    """What a worker is given by the parent that forks it."""

    number: int
    settings: Settings
    judgement: Judgement
    observed: frozenset[str]
    sockets: tuple[socket.socket, ...]
    control: socket.socket
    board: Board


def run_worker(birth: Birth) -> int:
    """Serve until drained; return the exit code."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    zygote = start_zygote(birth.judgement.lexicon, lambda: _close_all(birth))
    gc.collect()
    gc.freeze()
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(Worker(birth, zygote).run())
    return 0


def _close_all(birth: Birth) -> None:
    for sock in (*birth.sockets, birth.control):
        sock.close()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        import uvloop  # noqa: PLC0415 - optional: the plain loop serves where it does not install
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


class Worker:
    """The composition root of one process."""

    def __init__(self, birth: Birth, zygote: Zygote) -> None:
        """Keep what was inherited; everything else is opened in ``run``."""
        self._birth = birth
        self._settings = birth.settings
        self._zygote = zygote
        self._metrics: Metrics = birth.board.row(birth.number)
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Serve until SIGTERM, then drain."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._stopping.set)
        self._zygote.dead = self._stopping.set
        stores = await open_stores(self._settings)
        observer = GateObserver(self._metrics, stores.journal, self._birth.judgement.policy.version)
        desk = Desk(stores.outbox, self._birth.judgement.letters, self._letter_facts())
        gatekeeper = self._gatekeeper(stores, desk, observer)
        courier = Courier(stores.outbox, self._deliver_letter, clock=_now, observe=observer.letter)
        desk.on_release = courier.kick
        front = self._front(gatekeeper)
        control = Control(self._birth.control, self._obey(gatekeeper, desk, observer))
        chores = [loop.create_task(w) for w in (courier.run(), self._beat(stores), control.run())]
        servers = [await loop.create_server(lambda: GateSession(front), sock=s) for s in self._birth.sockets]
        self._metrics.beat(RowState.READY)
        await self._stopping.wait()
        await self._drain(front, servers, gatekeeper)
        for chore in chores:
            chore.cancel()
        await asyncio.gather(*chores, return_exceptions=True)
        await stores.close()
        self._zygote.close()

    def _front(self, gatekeeper: Gatekeeper) -> Front:
        settings = self._settings
        return Front(
            hostname=settings.listen.hostname or socket.gethostname(),
            bounds=Bounds(
                message=settings.limits.message_octets,
                in_flight=settings.limits.in_flight_octets,
                sessions=settings.limits.sessions,
                sessions_per_address=settings.limits.sessions_per_address,
                recipients=settings.limits.recipients,
                line=settings.limits.command_octets,
                command_seconds=settings.timeouts.command,
                block_seconds=settings.timeouts.data_block,
                relay_idle_seconds=settings.relay.idle_seconds,
            ),
            networks=tuple(ip_network(n) for n in settings.access.networks),
            open_relay=self._open_relay(parse_endpoint(settings.relay.address)),
            gatekeeper=gatekeeper,
            meters=SessionMeters(self._metrics),
        )

    def _gatekeeper(self, stores: Stores, desk: Desk, observer: GateObserver) -> Gatekeeper:
        settings = self._settings
        keeper = Gatekeeper(
            policy=self._birth.judgement.policy,
            scope=Scope(domains=frozenset(settings.scope.domains)),
            inspector=self._zygote,
            ledger=stores.ledger,
            desk=desk,
            observer=observer,
            terms=Terms(
                budget=settings.timeouts.decision,
                window=timedelta(hours=settings.ledger.window_hours),
                hold=timedelta(seconds=settings.ledger.hold_seconds),
                wait=settings.ledger.wait_seconds,
                judging=settings.limits.judging,
                guideline_url=settings.letters.guideline_url,
            ),
        )
        keeper.observed = self._birth.observed
        return keeper

    # --- relay -----------------------------------------------------------------------------------

    def _open_relay(self, endpoint: Endpoint) -> Callable[[bytes, bool], Awaitable[RelaySession]]:
        timeouts = self._settings.timeouts
        point = RelayPoint(
            host=endpoint.host,
            port=endpoint.port,
            path=endpoint.path,
            connect=self._settings.relay.connect_seconds,
            reply=timeouts.relay_reply,
            final=timeouts.relay_final,
            block=timeouts.data_block,
        )
        connect = self._metrics.histogram("relay_connect_seconds")
        up, answered = self._metrics.gauge("relay_up"), self._metrics.gauge("relay_answered_timestamp_seconds")

        async def opened(name: bytes, extended: bool) -> RelaySession:  # noqa: FBT001 - the leg's signature
            started = time.perf_counter()
            try:
                session = await open_relay(point, name, extended=extended)
            except RelayRefusal:
                answered.set(time.time())
                raise
            except Exception:
                up.set(0)
                raise
            connect.observe(time.perf_counter() - started)
            up.set(1)
            answered.set(time.time())
            return session

        return opened

    async def _deliver_letter(self, sender: str, recipient: str, octets: bytes) -> tuple[int, str]:
        settings = self._settings
        endpoint = parse_endpoint(settings.letters.relay or settings.relay.address)
        name = (settings.listen.hostname or socket.gethostname()).encode("ascii", "replace")
        session = await self._open_relay(endpoint)(name, True)  # noqa: FBT003
        try:
            return await send_letter(session, sender, recipient, octets)
        finally:
            await session.quit()

    # --- chores ----------------------------------------------------------------------------------

    async def _beat(self, stores: Stores) -> None:
        lag = self._metrics.histogram("event_loop_lag_seconds")
        loop = asyncio.get_running_loop()
        swept = 0.0
        while True:
            due = loop.time() + BEAT_SECONDS
            await asyncio.sleep(BEAT_SECONDS)
            lag.observe(max(0.0, loop.time() - due))
            self._metrics.beat()
            if loop.time() - swept > 60:  # noqa: PLR2004 - a minute
                swept = loop.time()
                await stores.tidy(self._metrics)

    def _obey(self, gatekeeper: Gatekeeper, desk: Desk, observer: GateObserver) -> Callable[[Message], Awaitable[None]]:
        async def obey(message: Message) -> None:
            if message.judgement is not None:
                judgement: Judgement = pickle.loads(message.judgement)  # noqa: S301 - from our own parent
                gatekeeper.policy = judgement.policy
                desk.templates = judgement.letters
                observer.policy_version = judgement.policy.version
                await self._zygote.renew(judgement.lexicon)
            if message.observed is not None:
                gatekeeper.observed = message.observed
                self._metrics.set("rules_observed", len(message.observed))

        return obey

    async def _drain(self, front: Front, servers: list[asyncio.Server], gatekeeper: Gatekeeper) -> None:
        self._metrics.beat(RowState.DRAINING)
        front.draining = True
        for server in servers:
            server.close()
        for session in tuple(front.sessions):
            session.drain()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._settings.timeouts.drain):
                while front.sessions:
                    await asyncio.sleep(0.02)
                await gatekeeper.quiet()
                if front.tasks:
                    await asyncio.wait(set(front.tasks))
        _LOG.info("drained", sessions=len(front.sessions))
