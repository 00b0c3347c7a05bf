"""The settings and their defaults: one frozen model for each table of the file."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from gateway.config.endpoint import Endpoint, parse_endpoint
from gateway.config.kinds import (
    AnyListener,
    Count,
    DkimKey,
    Domain,
    FromList,
    HostName,
    Hours,
    Line,
    Listener,
    ListenerOrOff,
    Location,
    Mailbox,
    MailboxOrNone,
    MaybeLocation,
    Network,
    Octets,
    Peer,
    PeerOrNone,
    Seconds,
    Store,
    Web,
    ascii_domain,
    dkim_key_parts,
)

Pauses = Annotated[tuple[Seconds, ...], FromList, Field(min_length=1)]


class Section(BaseModel):
    """A table of the configuration file: unknown keys and wrong types are mistakes."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, use_attribute_docstrings=True)


class Listen(Section):
    """Where clients reach Utpost."""

    smtp: Annotated[tuple[Listener, ...], FromList] = ("127.0.0.1:2525",)
    """HOST:PORT, IPv6 in brackets. Sockets that systemd hands over come on top."""
    smtps: Annotated[tuple[Listener, ...], FromList] = ()
    """HOST:PORT where TLS comes before the greeting (RFC 8314); needs ``tls``."""
    hostname: HostName = ""
    """The name in greetings and letters; empty: the machine's own."""

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return ``smtp`` taken apart."""
        return tuple(map(parse_endpoint, self.smtp))

    @property
    def tls_endpoints(self) -> tuple[Endpoint, ...]:
        """Return ``smtps`` taken apart."""
        return tuple(map(parse_endpoint, self.smtps))


class Tls(Section):
    """Encryption towards clients: STARTTLS is offered when a certificate is given."""

    certificate: MaybeLocation = None
    """PEM file with the certificate chain; read again at reload."""
    private_key: MaybeLocation = None
    """PEM file with the key to it."""
    minimum: Literal["TLSv1.2", "TLSv1.3"] = "TLSv1.2"
    """Oldest version spoken with clients."""


class Relay(Section):
    """The municipal relay behind Utpost."""

    address: Peer = "127.0.0.1:25"
    """HOST:PORT, or unix:/path."""
    connect_seconds: Seconds = 30.0
    """How long a connection, its greeting included, may take."""
    idle_seconds: Seconds = 5.0
    """A session between transactions gives its relay connection back after this."""
    fallback: Annotated[tuple[Peer, ...], FromList] = ()
    """Relays to try, in order, when the first cannot be reached; never after the final dot."""
    tls: Literal["off", "opportunistic", "required"] = "off"
    """``required`` verifies name and chain; ``opportunistic`` encrypts where it can."""
    ca_file: MaybeLocation = None
    """PEM file of the authorities that the relay's certificate may come from; empty: the system's."""
    server_name: HostName = ""
    """The name that the certificate must carry; empty: the host of the address."""
    xclient: bool = False
    """Tell a relay that offers XCLIENT whose connection this is, as if the client had connected itself."""

    @property
    def endpoint(self) -> Endpoint:
        """Return ``address`` taken apart."""
        return parse_endpoint(self.address)

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return ``address`` and then ``fallback`` taken apart."""
        return tuple(map(parse_endpoint, (self.address, *self.fallback)))


class MilterSettings(Section):
    """The milter, beside or instead of the SMTP proxy: an MTA asks about each message before it takes it."""

    listen: Annotated[tuple[AnyListener, ...], FromList] = ()
    """HOST:PORT or unix:/PATH, any number. Only the MTA itself may reach it."""
    sessions: Annotated[int, Field(gt=0, le=100_000)] = 500
    """Connections at one time, for each worker."""
    hold_rules: Annotated[tuple[Line, ...], FromList] = ()
    """Rules whose refusals the MTA holds (HOLD) instead of refusing them."""
    add_reference: bool = False
    """Whether passing messages get a header with our reference."""

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return ``listen`` taken apart."""
        return tuple(map(parse_endpoint, self.listen))


class AntivirusSettings(Section):
    """A virus scanner that is asked about each message in scope; the rule ``malware`` says what follows."""

    clamd: PeerOrNone = ""
    """HOST:PORT or unix:/PATH of clamd (its StreamMaxLength above ``limits.message_octets``); empty: none is asked."""
    seconds: Seconds = 10.0
    """How long it may take; then the rule's ``on_error`` decides."""

    @property
    def endpoint(self) -> Endpoint | None:
        """Return ``clamd`` taken apart."""
        return parse_endpoint(self.clamd) if self.clamd else None


class Access(Section):
    """Who may reach Utpost: whoever may, may relay."""

    networks: Annotated[tuple[Network, ...], FromList] = ("127.0.0.0/8", "::1/128")
    """Networks of clients, for instance 192.0.2.0/24. All others are refused."""
    proxy_peers: Annotated[tuple[Network, ...], FromList] = ()
    """Load balancers: each of their connections must begin with a PROXY header, whose address is judged."""
    xforward_peers: Annotated[tuple[Network, ...], FromList] = ()
    """Mail servers whose XFORWARD is believed (a Postfix that speaks to Utpost)."""

    @property
    def parsed(self) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        """Return ``networks`` as networks."""
        return tuple(map(ipaddress.ip_network, self.networks))

    @property
    def parsed_proxy_peers(self) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        """Return ``proxy_peers`` as networks."""
        return tuple(map(ipaddress.ip_network, self.proxy_peers))

    @property
    def parsed_xforward_peers(self) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        """Return ``xforward_peers`` as networks."""
        return tuple(map(ipaddress.ip_network, self.xforward_peers))


class Scope(Section):
    """Whose mail is judged."""

    domains: Annotated[tuple[Domain, ...], FromList, Field(min_length=1)] = ("politik.orkelljunga.se",)
    """Mail domains of the senders that the guideline binds; not their subdomains."""

    @property
    def folded(self) -> frozenset[str]:
        """Return ``domains`` as A-labels in lower case, as ``model.Address`` has them."""
        return frozenset(map(ascii_domain, self.domains))


class Policies(Section):
    """Where the rules are."""

    directory: MaybeLocation = None
    """Folder with rules, lexicons and letters; empty: the policies that came with the program."""


class State(Section):
    """What outlives a restart: ledger, outbox, journal, switches."""

    directory: Location = Path("var/state")
    """Folder, made when it is missing; readable by the service alone."""


class LedgerSettings(Section):
    """Where reached persons are counted."""

    url: Store = "sqlite"
    """``sqlite`` (a file in the state directory), ``memory`` (one worker only), or ``redis://…``."""
    key_file: MaybeLocation = None
    """The key that turns addresses into ids, 32 octets or more; else one is made and kept in the ledger."""
    window_hours: Annotated[float, Field(gt=0, le=24 * 31)] = 24.0
    """How long a mailing is remembered: its persons add up within this."""
    hold_seconds: Seconds = 900.0
    """When a reservation expires by itself; longer than a message can take."""
    wait_seconds: Annotated[float, Field(ge=0, le=30)] = 10.0
    """How long a message waits for the reservations of others before 451."""


class LettersSettings(Section):
    """The letters that Utpost writes to senders."""

    sender: Mailbox = "utpost@orkelljunga.se"
    """The address in From."""
    sender_name: Line = "Utpost, Örkelljunga kommun"
    """The name in From."""
    reply_to: Mailbox = "kommunkontor@orkelljunga.se"
    """Where answers to letters go."""
    contact: Mailbox = "kommunkontor@orkelljunga.se"
    """Whom the letter names for questions."""
    guideline_url: Web = "https://www.orkelljunga.se/"
    """Where the guideline can be read."""
    relay: PeerOrNone = ""
    """HOST:PORT for letters alone; empty: the relay."""
    retry_seconds: Pauses = (5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0)
    """Pauses between the attempts to deliver a letter; the last one repeats."""
    expire_hours: Hours = 48.0
    """A letter that could not be delivered for so long is given up."""
    repeat_hours: Annotated[float, Field(ge=0, le=24 * 366)] = 24.0
    """One letter per (sender, rule, mailing) within this."""
    per_day: Annotated[int, Field(gt=0, le=10_000)] = 20
    """Letters to one sender within 24 hours; what exceeds it is told in one digest."""
    per_rule: Annotated[int, Field(gt=0, le=10_000)] = 5
    """Letters to one sender about the same rules within 24 hours; the rest is told in the digest too."""
    show_subject: bool = False
    """Whether letters name the subject of the message that they are about."""
    advice_days: Annotated[float, Field(ge=0, le=366)] = 7.0
    """One letter of advice per (sender, rule) within this."""

    @property
    def endpoint(self) -> Endpoint | None:
        """Return ``relay`` taken apart; None where letters leave through the relay of all mail."""
        return parse_endpoint(self.relay) if self.relay else None


class DkimSettings(Section):
    """DKIM signatures on our letters (RFC 6376)."""

    keys: Annotated[tuple[DkimKey, ...], FromList] = ()
    """SELECTOR._domainkey.DOMAIN=FILE for each key; all sign. Make one with: utpost dkim keygen."""
    sign_passing: bool = False
    """Whether representatives' messages that pass are signed too, above octets that stay as they are."""

    @property
    def parts(self) -> tuple[tuple[str, str, Path], ...]:
        """Return domain, selector and file of each key."""
        return tuple(map(dkim_key_parts, self.keys))


class MotivationSettings(Section):
    """The motivated exception (2.3): answers to letters about a mailing."""

    address: MailboxOrNone = ""
    """Where answers are received, by Utpost itself; mail to it must be routed here. Empty: reasons are not received."""
    ceiling: Annotated[int, Field(gt=0, le=1_000_000)] = 500
    """Persons that a mailing may reach besides those it has reached, without an approver."""
    per_week: Annotated[int, Field(ge=0, le=1000)] = 3
    """Permits for one sender within a week, without an approver."""
    answer_hours: Annotated[float, Field(gt=0, le=24 * 14)] = 24.0
    """How long a letter about a mailing can be answered."""
    permit_hours: Annotated[float, Field(gt=0, le=24 * 14)] = 24.0
    """How long a permit is good."""
    approver: MailboxOrNone = ""
    """Who answers yes or no above the ceiling, or when it happens often. Empty: such reasons are turned down."""
    retention_days: Annotated[int, Field(gt=0, le=36_500)] = 730
    """How long reasons are kept, with sender and time."""

    @property
    def folded(self) -> str:
        """Return the address as it is compared."""
        return self.address.casefold()


class MetricsSettings(Section):
    """The operations port."""

    listen: ListenerOrOff = "127.0.0.1:9925"
    """HOST:PORT, or ``off``."""
    certificate: MaybeLocation = None
    """PEM file with the certificate chain; empty: without TLS."""
    private_key: MaybeLocation = None
    """PEM file with the key to it."""
    password_file: MaybeLocation = None
    """File with lines ``user:password``; empty: everybody who reaches the port may read."""

    @property
    def endpoint(self) -> Endpoint | None:
        """Return ``listen`` taken apart; None for off."""
        return None if self.listen == "off" else parse_endpoint(self.listen)


class JournalSettings(Section):
    """One content-free record per message."""

    retention_days: Annotated[int, Field(ge=1, le=3650)] = 30
    """Records older than this are deleted."""


class RecordsSettings(Section):
    """Who wrote to whom and when, for requests for public records (2.8): off without a key."""

    key_file: MaybeLocation = None
    """The key that seals the register, 32 octets or more, mode 600 (``openssl rand -hex 32``); none: no register."""
    retention_days: Annotated[int, Field(ge=1, le=3650)] = 730
    """Rows older than this are deleted."""


class Limits(Section):
    """What one client, and all together, may ask for."""

    message_octets: Octets = 50 * 1024 * 1024
    """Largest message; lowered by the relay's own SIZE."""
    in_flight_octets: Octets = 1024 * 1024 * 1024
    """Content held at one time by one worker; over it DATA waits, then 452 4.3.1."""
    sessions: Count = 4000
    """Per worker."""
    sessions_per_address: Count = 2000
    """Per worker and client address."""
    recipients: Count = 50_000
    """Of one transaction."""
    command_octets: Annotated[int, Field(ge=1024, le=65536)] = 4096
    """Longest command line."""
    judging: Count = 8
    """In-scope messages judged at one time by one worker."""


class Timeouts(Section):
    """Seconds without progress (RFC 5321 4.5.3.2)."""

    command: Seconds = 300.0
    """For the client's next command."""
    data_block: Seconds = 180.0
    """For the client's next block of content."""
    relay_reply: Seconds = 300.0
    """For a reply of the relay."""
    relay_final: Seconds = 600.0
    """For the relay's reply to the content."""
    decision: Annotated[float, Field(gt=0, le=90)] = 30.0
    """For judging one message; a before-queue proxy is given 100 seconds in all."""
    drain: Seconds = 30.0
    """For messages under way when the service stops."""


class Settings(Section):
    """The whole configuration."""

    workers: Annotated[int, Field(ge=0, le=256)] = 0
    """Processes that serve clients; 0: one per core."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The mildest lines that are logged."""
    log_format: Literal["json", "console"] = "json"
    """``console`` is for people at a terminal."""
    listen: Listen = Listen()
    tls: Tls = Tls()
    relay: Relay = Relay()
    milter: MilterSettings = MilterSettings()
    antivirus: AntivirusSettings = AntivirusSettings()
    access: Access = Access()
    scope: Scope = Scope()
    policies: Policies = Policies()
    state: State = State()
    ledger: LedgerSettings = LedgerSettings()
    letters: LettersSettings = LettersSettings()
    dkim: DkimSettings = DkimSettings()
    motivation: MotivationSettings = MotivationSettings()
    metrics: MetricsSettings = MetricsSettings()
    journal: JournalSettings = JournalSettings()
    records: RecordsSettings = RecordsSettings()
    limits: Limits = Limits()
    timeouts: Timeouts = Timeouts()

    @property
    def processes(self) -> int:
        """Return how many workers to start."""
        return self.workers or len(os.sched_getaffinity(0))
