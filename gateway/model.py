"""The vocabulary of the gateway: frozen values that every room speaks in; imports nothing of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, IntEnum
from functools import lru_cache
from typing import Literal

# --- who and to whom -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A mail address for judging: never for relaying, which uses the client's own octets.

    ``local`` and ``domain`` are case-folded; ``domain`` is an A-label or an address literal.
    """

    local: str
    domain: str

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}" if self.domain else self.local


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """The peer of a transaction, from the socket, the PROXY header, XFORWARD or milter macros."""

    address: str
    port: int = 0
    helo: str = ""
    tls: bool = False
    user: str | None = None
    """The authenticated identity (RFC 4954), or None."""
    ident: str | None = None
    """XFORWARD IDENT from a trusted peer: the queue id that ties split transactions together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One RCPT of the transaction that the relay accepted."""

    path: bytes
    """The forward-path as the client wrote it, angle brackets included (RFC 5321 4.1.2)."""
    address: Address | None
    """The same for judging; None where it cannot be read as an address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """MAIL and the accepted RCPTs of one transaction."""

    sender: Address | None
    """None is the null reverse-path ``<>``."""
    recipients: tuple[Recipient, ...]
    smtputf8: bool = False


class SenderSource(Enum):
    """What names the responsible sender, strongest first."""

    AUTHENTICATED = "authenticated"
    ENVELOPE = "envelope"
    HEADER = "header"


@dataclass(frozen=True, slots=True, kw_only=True)
class Responsible:
    """The in-scope person who answers for a message."""

    address: Address
    """Folded: aliases resolved, plus-tag gone."""
    source: SenderSource

    @property
    def answerable(self) -> bool:
        """Tell whether letters and counting may concern this person (not when merely named in From)."""
        return self.source is not SenderSource.HEADER


# --- what is inside --------------------------------------------------------------------------


class Origin(Enum):
    """Whose words a part carries."""

    OWN = "own"
    FORWARDED = "forwarded"
    UNKNOWN = "unknown"


class PartState(Enum):
    """What became of a part when it was opened; everything but SCANNED is 'not (wholly) inspected'."""

    SCANNED = "scanned"
    TRUNCATED = "truncated"
    UNREADABLE = "unreadable"
    ENCRYPTED = "encrypted"
    TOO_BIG = "too_big"
    TIMED_OUT = "timed_out"
    UNKNOWN = "unknown"


class SegmentKind(Enum):
    """Whose words a stretch of text is, and in which role."""

    OWN = "own"
    QUOTED = "quoted"
    FORWARDED = "forwarded"
    SIGNATURE = "signature"
    DISCLAIMER = "disclaimer"
    CALENDAR = "calendar"


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A half-open range ``[start, end)`` of characters of ``Part.text``; a part's segments cover it in order."""

    kind: SegmentKind
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One leaf of a message: its subject, a body, an attachment, or a file inside one."""

    path: str
    """``subject``, MIME numbering (``1``, ``1.2``, RFC 3501 6.4.5), then ``/member`` for files inside a part."""
    media_type: str
    filename: str | None
    origin: Origin
    state: PartState
    text: str = field(repr=False, default="")
    """All text obtained, decoded. Empty when nothing could be."""
    segments: tuple[Segment, ...] = ()
    body: bool = False
    """True for the displayed message text (not an attachment)."""
    alternative: bool = False
    """True for a second rendering of a body already present (the HTML beside its plain text)."""
    digest: bytes = field(repr=False, default=b"")
    """Of the decoded octets of an attachment, to recognise it again; empty for texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Headers:
    """The header facts that judging needs, decoded; all from the outermost message."""

    from_: Address | None = None
    from_name: str = ""
    subject: str = field(repr=False, default="")
    message_id: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    visible: tuple[Address, ...] = ()
    """Distinct addresses in To and Cc."""
    automatic: bool = False
    """Auto-Submitted other than ``no``, or an automatic reply by structure (RFC 3834)."""
    report: bool = False
    """A true report by structure: multipart/report (RFC 6522)."""
    bulk: bool = False
    """List-Id or List-Unsubscribe, or Precedence bulk, list, junk."""
    own_letter: str = ""
    """The value of our own letter's mark, unverified."""
    hops: int = 0
    """Received fields (RFC 5321 6.3), sixteen at most."""
    defects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message opened for judging; what is relayed is always the raw octets instead."""

    headers: Headers
    parts: tuple[Part, ...]
    size: int
    """Octets of the unstuffed content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What surrounds a message and detectors may look at beside its text."""

    sender: Address | None
    recipients: tuple[Address, ...]


# --- what was seen ---------------------------------------------------------------------------


class Confidence(IntEnum):
    """How sure a detector is; the rule file says what follows."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something a detector saw. Never carries the sensitive text itself."""

    rule: str
    """``personnummer``, or with a kind: ``special_category:health``."""
    detector: str
    confidence: Confidence
    part: str
    """The part's path."""
    segment: SegmentKind
    origin: Origin
    evidence: str
    """Masked, for instance ``19••••••-••••``; safe for logs and letters."""
    reason: str
    """One Swedish sentence for the sender."""
    start: int = 0
    end: int = 0
    count: int = 1
    """How many instances this finding stands for (persons in a list, numbers in a column)."""

    @property
    def rule_name(self) -> str:
        """Return the rule without its kind."""
        return self.rule.partition(":")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """What the content looks like, to recognise one mailing in many messages; empty where nothing can be compared."""

    exact: bytes = b""
    """Digest of the normalised own text, its attachments included."""
    minhash: tuple[int, ...] = ()
    """64 minima over 3-word shingles; empty for short texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """Everything learnt from the content alone; picklable."""

    message: Message
    findings: tuple[Finding, ...]
    fingerprint: Fingerprint = Fingerprint()
    crashed: tuple[str, ...] = ()
    """Names of the detectors that failed; their rules are judged by ``on_error``."""


# --- counting persons ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """The ledger's answer: distinct persons of one mailing inside the window."""

    mailing: str
    """Opaque id of the mailing, fit for logs and letters."""
    reached: int
    """Persons that the relay has accepted before this message."""
    own: int
    """Persons of this message not reached before."""
    reserved: int
    """Persons held by other messages in flight."""
    announced: int
    """Persons named in the open (To, Cc, declared group sizes)."""
    permitted: int = 0
    """Persons beyond the limit that a permit allows."""

    @property
    def total(self) -> int:
        """Return reached and own persons together, the number that the limit is about."""
        return self.reached + self.own


# --- what follows ----------------------------------------------------------------------------


class Mode(Enum):
    """What a rule may do at most."""

    OFF = "off"
    OBSERVE = "observe"
    WARN = "warn"
    BLOCK = "block"


class Action(IntEnum):
    """What a verdict does, mildest first."""

    PASS = 0
    OBSERVE = 1
    WARN = 2
    DEFER = 3
    BLOCK = 4
    """Strictest: what must be stopped in any case is stopped now, whatever else could not be judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleHit:
    """One rule's word on a message."""

    rule: str
    section: str
    """Of the guideline, for instance ``2.7``."""
    action: Action
    findings: tuple[Finding, ...] = ()
    measured: int | None = None
    """The number that crossed the line, where the rule counts."""
    exempted_by: str | None = None
    """The exemption that made it harmless; kept for the journal."""
    unknown: bool = False
    """True when infrastructure failed and ``on_error`` spoke."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the rules make of all facts."""

    action: Action
    hits: tuple[RuleHit, ...]

    @property
    def deciding(self) -> tuple[RuleHit, ...]:
        """Return the hits that made the verdict, strongest first."""
        return tuple(
            sorted(
                (h for h in self.hits if h.action >= Action.WARN and h.exempted_by is None),
                key=lambda h: -h.action,
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An SMTP reply of our own (RFC 5321 4.2, RFC 3463)."""

    code: int
    enhanced: str
    lines: tuple[str, ...]

    def encode(self, *, enhanced: bool = True, utf8: bool = False) -> bytes:
        """Return the octets with CRLF, each line under 512 octets.

        ``enhanced`` is whether the peer was offered ENHANCEDSTATUSCODES (RFC 2034); text outside
        ASCII is only kept under ``utf8`` (RFC 6531 3.7.4.2) and folded to base letters otherwise.
        """
        return _encoded(self, enhanced, utf8)


@lru_cache(maxsize=32)
def _encoded(reply: Reply, enhanced: bool, utf8: bool) -> bytes:  # noqa: FBT001 - what a cache tells apart
    """Return the octets of a reply; most that we say we have said just before."""
    prefix = f"{reply.enhanced} " if enhanced and reply.enhanced else ""
    out = bytearray()
    last = len(reply.lines) - 1
    for number, text in enumerate(reply.lines):
        words = text if utf8 else _to_ascii(text)
        line = f"{reply.code}{'-' if number < last else ' '}{prefix}{words}"
        out += _cut(line.replace("\r", " ").replace("\n", " "), 510) + b"\r\n"
    return bytes(out)


def _cut(line: str, octets: int) -> bytes:
    if line.isascii():
        return line[:octets].encode()
    return line.encode("utf-8", "replace")[:octets].decode("utf-8", "ignore").encode()


_FOLD = str.maketrans(
    {"å": "a", "ä": "a", "ö": "o", "Å": "A", "Ä": "A", "Ö": "O", "é": "e", "É": "E", "–": "-", "”": '"', "’": "'"}
)


def _to_ascii(text: str) -> str:
    return text if text.isascii() else text.translate(_FOLD).encode("ascii", "replace").decode()


# --- broken promises -------------------------------------------------------------------------


class PeerViolation(Exception):
    """The client broke the protocol; carries the answer it gets."""

    def __init__(self, reply: Reply, *, close: bool = False) -> None:
        """Keep the reply, and whether the connection ends after it."""
        super().__init__(reply.code)
        self.reply = reply
        self.close = close


class Unavailable(Exception):
    """A store, the relay or a worker could not do its part; nothing was acknowledged."""

    def __init__(
        self,
        what: Literal["relay", "ledger", "outbox", "journal", "records", "inspection", "policy", "motivations"],
        why: str,
    ) -> None:
        """Name the part and a reason without personal data."""
        super().__init__(f"{what}: {why}")
        self.what = what
        self.why = why


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake in a file that a person can edit."""

    file: str
    key: str
    text: str
    line: int | None = None

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.key}: {self.text}" if self.key else f"{place}: {self.text}"


class InvalidConfiguration(Exception):
    """Configuration or policies hold mistakes; all of them are listed."""

    def __init__(self, problems: list[Problem]) -> None:
        """Keep every problem found."""
        super().__init__("\n".join(str(p) for p in problems))
        self.problems = problems


class Refused(Exception):
    """What an operator asked for cannot be done; the text says why and what can."""


# --- whole submission, facts -----------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """When and under which reference a message came."""

    reference: str
    """Ours, 12 characters, in replies, letters, journal and logs."""
    received_at: datetime
    """Aware, UTC."""
    front: Literal["smtp", "milter", "check"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that ``judge`` may look at."""

    occasion: Occasion
    responsible: Responsible
    envelope: Envelope
    inspection: Inspection | None
    """None when inspection failed or ran out of time."""
    usage: Usage | None
    """None when the ledger was not asked (``persons`` stands alone) or was away."""
    persons: Mapping[str, int]
    """Canonical person → how many persons it stands for (a declared group: its size)."""
    failed: frozenset[str] = frozenset()
    """Infrastructure that failed: ``ledger``, ``inspection``."""
