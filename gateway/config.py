"""Settings: strict TOML on top of defaults; every mistake is listed at once with file and key."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    """A table of the configuration file: unknown keys and wrong types are mistakes."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


Seconds = Annotated[float, Field(gt=0)]
Octets = Annotated[int, Field(gt=0)]
Count = Annotated[int, Field(gt=0)]


class Listen(Section):
    """Where clients reach Utpost."""

    smtp: tuple[str, ...] = ("127.0.0.1:2525",)
    """HOST:PORT, IPv6 in brackets. Sockets that systemd hands over come on top."""
    hostname: str = ""
    """The name in greetings and letters; empty: the machine's own."""


class Relay(Section):
    """The municipal relay behind Utpost."""

    address: str = "127.0.0.1:25"
    """HOST:PORT, or unix:/path."""
    connect_seconds: Seconds = 30.0
    idle_seconds: Seconds = 5.0
    """A session between transactions gives its relay connection back after this."""


class Access(Section):
    """Who may reach Utpost: whoever may, may relay."""

    networks: tuple[str, ...] = ("127.0.0.0/8", "::1/128")


class Scope(Section):
    """Whose mail is judged."""

    domains: tuple[str, ...] = ("politik.orkelljunga.se",)


class Policies(Section):
    """Where the rules are."""

    directory: Path | None = None
    """None: the policies that came with the program."""


class State(Section):
    """What outlives a restart: ledger, outbox, journal, switches."""

    directory: Path = Path("var/state")


class LedgerSettings(Section):
    """Where reached persons are counted."""

    url: str = "sqlite"
    """``sqlite`` (a file in the state directory), ``memory`` (one worker only), or ``redis://…``."""
    window_hours: Annotated[float, Field(gt=0, le=24 * 31)] = 24.0
    hold_seconds: Seconds = 900.0
    wait_seconds: Annotated[float, Field(ge=0, le=30)] = 10.0
    """How long a message waits for the reservations of others before 451."""


class LettersSettings(Section):
    """The letters that Utpost writes to senders."""

    sender: str = "utpost@orkelljunga.se"
    sender_name: str = "Utpost, Örkelljunga kommun"
    reply_to: str = "kommunkontor@orkelljunga.se"
    contact: str = "kommunkontor@orkelljunga.se"
    """Whom the letter names for questions."""
    guideline_url: str = "https://www.orkelljunga.se/"
    relay: str = ""
    """HOST:PORT for letters alone; empty: the relay."""
    retry_seconds: tuple[Seconds, ...] = (5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0)
    expire_hours: Annotated[float, Field(gt=0)] = 48.0
    repeat_hours: Annotated[float, Field(ge=0)] = 24.0
    """One letter per (sender, rule, mailing) within this."""


class MetricsSettings(Section):
    """The operations port."""

    listen: str = "127.0.0.1:9925"
    """HOST:PORT, or ``off``."""


class JournalSettings(Section):
    """One content-free record per message."""

    retention_days: Annotated[int, Field(ge=1, le=3650)] = 30


class Limits(Section):
    """What one client, and all together, may ask for."""

    message_octets: Octets = 50 * 1024 * 1024
    """Lowered by the relay's own SIZE."""
    in_flight_octets: Octets = 1024 * 1024 * 1024
    """Content held at one time by one worker; over it DATA waits, then 452 4.3.1."""
    sessions: Count = 4000
    """Per worker."""
    sessions_per_address: Count = 2000
    recipients: Count = 50_000
    command_octets: Annotated[int, Field(ge=1024, le=65536)] = 4096
    judging: Count = 8
    """In-scope messages judged at one time by one worker."""


class Timeouts(Section):
    """RFC 5321 4.5.3.2, counted by progress."""

    command: Seconds = 300.0
    data_block: Seconds = 180.0
    relay_reply: Seconds = 300.0
    relay_final: Seconds = 600.0
    decision: Annotated[float, Field(gt=0, le=90)] = 30.0
    drain: Seconds = 30.0


class Settings(Section):
    """The whole configuration."""

    workers: Annotated[int, Field(ge=0, le=256)] = 0
    """0: one per core."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    listen: Listen = Listen()
    relay: Relay = Relay()
    access: Access = Access()
    scope: Scope = Scope()
    policies: Policies = Policies()
    state: State = State()
    ledger: LedgerSettings = LedgerSettings()
    letters: LettersSettings = LettersSettings()
    metrics: MetricsSettings = MetricsSettings()
    journal: JournalSettings = JournalSettings()
    limits: Limits = Limits()
    timeouts: Timeouts = Timeouts()
