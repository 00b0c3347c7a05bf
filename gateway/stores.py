"""Everything of a worker that outlives a message: ledger, outbox with its desk and courier, journal."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import structlog

from gateway.desk import Desk
from gateway.journal.journal import Journal
from gateway.journal.sent import FILE, SentRegister
from gateway.judgement import Judgement
from gateway.ledger import KeyMismatch, Ledger
from gateway.ledger.open import open_ledger
from gateway.letters.courier import Courier, CourierTerms
from gateway.letters.items import OutboxTerms
from gateway.letters.letter import Letterhead
from gateway.letters.outbox import Outbox
from gateway.model import InvalidConfiguration, Problem, Unavailable
from gateway.motivation.register import Register
from gateway.policy.rules import Rule
from gateway.relay import LetterCarrier, RelayDoor, relay_points
from gateway.secret import installation_secret, read_secret
from gateway.telemetry.board import Metrics
from gateway.telemetry.operations import History, Span
from gateway.terminus import NoTerminus, Office, OfficeTerms
from gateway.terms import Terminus

if TYPE_CHECKING:
    from gateway.config import Settings

_KINDS: Final = ("consequence", "observed")
_LOG = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """The stores of one process, opened lazily: a dead one stops nobody from starting."""

    ledger: Ledger
    outbox: Outbox
    desk: Desk
    courier: Courier
    journal: Journal
    register: Register
    sent: SentRegister | None
    """None where no key is configured."""
    secret: bytes
    metrics: Metrics

    def office(self, settings: Settings) -> Terminus:
        """Return where mail to Utpost itself ends, and let refusals say so."""
        motivation = settings.motivation
        if not motivation.address:
            return NoTerminus()
        office = Office(
            terms=OfficeTerms(
                address=motivation.folded,
                ceiling=motivation.ceiling,
                per_week=motivation.per_week,
                answer_within=timedelta(hours=motivation.answer_hours),
                permit=timedelta(hours=motivation.permit_hours),
                approver=motivation.approver.casefold(),
            ),
            desk=self.desk,
            ledger=self.ledger,
            register=self.register,
            key=self.secret,
            count=lambda result: self.metrics.inc("motivations", result=result),
        )
        self.desk.invite = office.invite
        return office

    async def tidy(self) -> None:
        """Delete what is past its time, a bounded batch of each, and tell the metrics how the stores are."""
        now = datetime.now(UTC)
        await self._tidy_ledger(now)
        await self._tidy_outbox(now)
        with contextlib.suppress(Unavailable):
            await self.journal.prune(now)
        with contextlib.suppress(Unavailable):
            await self.register.prune(now)
        if self.sent is not None:
            with contextlib.suppress(Unavailable):
                await self.sent.prune(now)

    async def _tidy_ledger(self, now: datetime) -> None:
        try:
            await self.ledger.ping()
            await self.ledger.sweep(now)
        except Unavailable as error:
            _LOG.warning("ledger_unavailable", why=error.why)
            self.metrics.set("ledger_up", 0)
        else:
            self.metrics.set("ledger_up", 1)

    async def _tidy_outbox(self, now: datetime) -> None:
        try:
            await self.outbox.tidy(now)
            depth, oldest = await self.outbox.depth(), await self.outbox.oldest()
        except Unavailable as error:
            _LOG.warning("outbox_unavailable", why=error.why)
            self.metrics.set("outbox_up", 0)
            return
        self.metrics.set("outbox_up", 1)
        self.metrics.set("outbox_depth", depth)
        self.metrics.set("outbox_oldest_seconds", time.time() - oldest.timestamp() if oldest else 0.0)

    async def close(self) -> None:
        """Finish what waits and let go."""
        await self.journal.close()
        if self.sent is not None:
            await self.sent.close()
        await self.outbox.close()
        await self.register.close()
        await self.ledger.close()


def letterhead(settings: Settings, secret: bytes, hostname: str) -> Letterhead:
    """Return whose letters these are."""
    letters = settings.letters
    return Letterhead(
        sender=letters.sender,
        sender_name=letters.sender_name,
        reply_to=letters.reply_to,
        contact=letters.contact,
        guideline_url=letters.guideline_url,
        hostname=letters.sender.rpartition("@")[2] or hostname,
        key=secret,
        retention_days=settings.journal.retention_days,
        reason_days=settings.motivation.retention_days,
        show_subject=letters.show_subject,
    )


def letter_signer(settings: Settings) -> Callable[[bytes], bytes] | None:
    """Return what signs letters, where keys are configured. Raises InvalidConfiguration where one is unfit."""
    if not settings.dkim.keys:
        return None
    from gateway.letters.dkim import Signer, load_key  # noqa: PLC0415 - eight megabytes that many never use

    return Signer([load_key(file, domain, selector) for domain, selector, file in settings.dkim.parts]).sign


def passing_signer(settings: Settings) -> Callable[[bytes, str], bytes] | None:
    """Return what signs passing messages, where that is wished. Raises InvalidConfiguration where a key is unfit."""
    if not settings.dkim.sign_passing:
        return None
    from gateway.letters.dkim import load_key  # noqa: PLC0415 - as above
    from gateway.letters.passing import PassingSigner  # noqa: PLC0415

    return PassingSigner([load_key(file, domain, selector) for domain, selector, file in settings.dkim.parts]).sign


def open_outbox(settings: Settings, secret: bytes) -> Outbox:
    """Return the outbox of the state directory."""
    letters = settings.letters
    terms = OutboxTerms(
        repeat=timedelta(hours=letters.repeat_hours),
        advice=timedelta(days=letters.advice_days),
        daily=letters.per_day,
        per_rule=letters.per_rule,
    )
    return Outbox(settings.state.directory / "outbox.db", key=secret, terms=terms)


def open_journal(settings: Settings, secret: bytes) -> Journal:
    """Return the journal of the state directory."""
    retention = timedelta(days=settings.journal.retention_days)
    return Journal(settings.state.directory / "journal.db", key=secret, retention=retention)


def read_history(settings: Settings, rules: Mapping[str, Rule]) -> Callable[[], History]:
    """Return what counts the journal's last day and month, each time anew. That raises Unavailable."""
    titles = {
        "sv": {name: rule.title_sv for name, rule in rules.items()},
        "en": {name: rule.title_en for name, rule in rules.items()},
    }

    async def span(journal: Journal, days: int) -> Span:
        tally = await journal.tally(datetime.now(UTC) - timedelta(days=days))
        verdicts: Counter[str] = Counter()
        for day in tally.days.values():
            verdicts.update(day)
        rules = {kind: {rule: n for rule, of in tally.rules.items() if (n := of.get(kind, 0))} for kind in _KINDS}
        return Span(verdicts=verdicts, rules=rules["consequence"], observed=rules["observed"])

    async def both() -> History:
        journal = open_journal(settings, installation_secret(settings.state.directory))
        try:
            return History(day=await span(journal, 1), month=await span(journal, 30), titles=titles)
        finally:
            await journal.close()

    return lambda: asyncio.run(both())


def open_sent(settings: Settings) -> SentRegister | None:
    """Return the register of who wrote to whom; None where no key is configured. Raises InvalidConfiguration."""
    records = settings.records
    if records.key_file is None:
        return None
    secret = read_secret(records.key_file, "records.key_file")
    retention = timedelta(days=records.retention_days)
    return SentRegister(settings.state.directory / FILE, secret=secret, retention=retention)


def _sent_or_none(settings: Settings) -> SentRegister | None:
    """Open the register for a worker: the key was fit at the start, and mail flows without it where it no longer is."""
    try:
        return open_sent(settings)
    except InvalidConfiguration:
        _LOG.error("records_off", why="records.key_file cannot be used")
        return None


def open_register(settings: Settings) -> Register:
    """Return the register of motivated exceptions."""
    return Register(settings.state.directory, retention=timedelta(days=settings.motivation.retention_days))


def check_key(settings: Settings) -> None:
    """Raise InvalidConfiguration where the ledger was written with another key; one that is away stops nobody."""

    async def ask() -> None:
        ledger = open_ledger(settings.ledger.url, state=settings.state.directory, key_file=settings.ledger.key_file)
        try:
            await ledger.ping()
        finally:
            await ledger.close()

    try:
        asyncio.run(ask())
    except KeyMismatch as error:
        raise InvalidConfiguration([Problem(file="ledger", key="ledger.key_file", text=error.why)]) from None
    except Unavailable as error:
        _LOG.warning("ledger_unavailable", why=error.why)


def open_stores(
    settings: Settings, judgement: Judgement, metrics: Metrics, hostname: str, books: socket.socket | None = None
) -> Stores:
    """Return the stores of a worker. Raises InvalidConfiguration."""
    secret = installation_secret(settings.state.directory)
    outbox = open_outbox(settings, secret)
    desk = Desk(outbox, judgement.letters, letterhead(settings, secret, hostname))
    endpoint = settings.letters.endpoint
    endpoints = (endpoint,) if endpoint else settings.relay.endpoints
    carrier = LetterCarrier(RelayDoor(relay_points(settings, endpoints), metrics), hostname, letter_signer(settings))

    def observe(kind: str, result: str, reference: str, code: int) -> None:
        metrics.inc("letters", kind=kind, result=result)
        _LOG.info("letter", kind=kind, result=result, reference=reference, relay_code=code)

    courier = Courier(
        outbox,
        carrier.deliver,
        clock=lambda: datetime.now(UTC),
        observe=observe,
        terms=CourierTerms(pauses=settings.letters.retry_seconds, expire=settings.letters.expire_hours * 3600),
        digest=desk.digest,
    )
    desk.on_release = courier.kick
    desk.observe = lambda kind, result: metrics.inc("letters", kind=kind, result=result)
    journal = open_journal(settings, secret)
    journal.on_drop = lambda count: metrics.inc("journal_dropped", count)
    sent = _sent_or_none(settings)
    if sent is not None:
        sent.on_drop = lambda count: metrics.inc("records_dropped", count)
    ledger = open_ledger(
        settings.ledger.url, state=settings.state.directory, key_file=settings.ledger.key_file, hub=books
    )
    return Stores(
        ledger=ledger,
        outbox=outbox,
        desk=desk,
        courier=courier,
        journal=journal,
        register=open_register(settings),
        sent=sent,
        secret=secret,
        metrics=metrics,
    )
