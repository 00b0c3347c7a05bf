"""What a letter is: its kinds, the facts it tells, whose name is on it, and the finished octets."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from enum import Enum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


class LetterKind(Enum):
    """Why a letter is written; each has a file of texts under ``policies/letters``."""

    BLOCKED = "blocked"
    WARNED = "warned"
    ADVICE = "advice"
    NOT_INSPECTED = "not_inspected"
    DIGEST = "digest"
    MOTIVATED = "motivated"
    """A reason for a mailing was received: it is permitted, or an approver has been asked."""
    NOT_MOTIVATED = "not_motivated"
    """A reason could not be used, or was turned down."""
    APPROVAL = "approval"
    """Asks the approver for a yes or no."""
    REPORT = "report"
    """A delivery status notification: we ourselves did not take a message for a recipient of ours."""

    @property
    def answers(self) -> bool:
        """Tell whether it is about mail to Utpost itself, and not about what rules say of a message."""
        return self in (LetterKind.MOTIVATED, LetterKind.NOT_MOTIVATED, LetterKind.APPROVAL, LetterKind.REPORT)


class Where(Enum):
    """Where in a message something was found; each has its phrase in ``policies/letters/common.toml``."""

    SUBJECT = "subject"
    BODY = "body"
    QUOTED = "quoted"
    FORWARDED = "forwarded"
    SIGNATURE = "signature"
    ATTACHMENT = "attachment"
    MEMBER = "member"
    """A file inside an attachment."""
    FILENAME = "filename"
    """The name of an attachment, not what is in it."""
    MESSAGE = "message"
    """Somewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Something found in one place of the message, fit to be told."""

    where: Where
    number: int = 0
    """The attachment's, in the order of the message, from 1; 0 outside attachments."""
    name: str = ""
    """The attachment's; empty where it has none or must not be told."""
    suffix: str = ""
    """The attachment's kind where the name must not be told, for instance ``pdf``."""
    member: str = ""
    """The file inside the attachment, where that may be told."""
    evidence: tuple[str, ...] = ()
    """Masked, distinct, a few at most."""
    count: int = 1
    """Instances in this place."""
    reason: str = ""
    """One Swedish sentence of the detector."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One rule's part of a letter."""

    rule: str
    """Without its kind."""
    section: str
    title_sv: str
    title_en: str
    summary_sv: str
    summary_en: str
    measured: int | None = None
    """The number of persons that crossed a line."""
    reached: int = 0
    """How many of them earlier messages of the same mailing have reached."""
    permitted: int = 0
    """Persons beyond the line that a permit allowed for, which was not enough."""
    found: tuple[Found, ...] = ()
    left_out: int = 0
    """Places that are not listed, to keep the letter short."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One letter that was not sent by itself because its reader had already got so many."""

    reference: str
    at: datetime
    delivered: bool
    """Whether the message that it is about was delivered."""
    rules: tuple[str, ...]


class Fault(Enum):
    """Why a reason could not be used."""

    WRONG = "wrong"
    """The code is not one that we wrote to this sender."""
    LATE = "late"
    USED = "used"
    EMPTY = "empty"
    LONG = "long"
    """The answer is too large to be read."""
    LARGE = "large"
    """More persons than may be permitted, and there is nobody to ask."""
    OFTEN = "often"
    """Too many permits lately, and there is nobody to ask."""
    DENIED = "denied"
    """The approver said no."""
    UNCLEAR = "unclear"
    """The approver said neither yes nor no."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plea:
    """A reason for a mailing, and what became of it."""

    sender: str = ""
    reason: str = field(default="", repr=False)
    persons: int = 0
    """That the mailing wishes to reach, or may reach besides those reached already."""
    hours: int = 24
    """How long the permit is good."""
    waiting: bool = False
    """An approver has been asked."""
    fault: Fault | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryStatus:
    """What a report says to machines (RFC 3464)."""

    recipient: str
    """The one that failed."""
    code: int
    enhanced: str
    text: str
    """Of the reply that would have said so, had there been no other recipients."""
    envid: str = ""
    """The client's ENVID as written (RFC 3461 4.4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterContext:
    """The facts of one letter. Nothing here is trusted: names and ids come from the message itself."""

    recipient: str
    """The address that the letter goes to."""
    reference: str
    written_at: datetime
    """Aware; the letter's Date."""
    occurred_at: datetime
    """Aware; when the message came."""
    recipients: int = 0
    """Recipients of the message."""
    reasons: tuple[Reason, ...] = ()
    """Strongest first; of several about one rule the first is told."""
    mailing: str = ""
    """What makes two letters repeat each other; see ``Letter.topics``."""
    message_id: str = ""
    """Of the message, as it came."""
    references: tuple[str, ...] = ()
    subject: str = field(default="", repr=False)
    """Of the message; told only where ``Letterhead.show_subject`` says so."""
    code: str = ""
    """One-time code with which the reader may answer; empty where no answer is awaited."""
    answer_to: str = ""
    """The address that an answer with the code goes to."""
    plea: Plea = Plea()
    """For letters about a reason."""
    status: DeliveryStatus | None = None
    """For reports."""
    held: tuple[Held, ...] = ()
    """For a digest."""


def local_time() -> tzinfo:
    """Return the time of Swedish clocks; UTC where the machine has no table of time zones."""
    try:
        return ZoneInfo("Europe/Stockholm")
    except ZoneInfoNotFoundError:
        return UTC


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterhead:
    """Whose letters these are, and what every letter says about the house."""

    sender: str
    """Address in From."""
    sender_name: str
    reply_to: str
    contact: str
    """Address for questions."""
    guideline_url: str
    """Empty where there is no page to link to."""
    hostname: str
    """Right side of Message-IDs."""
    key: bytes = field(repr=False)
    """Secret of the marks in ``X-Utpost-Letter`` and of Message-IDs."""
    registry: str = ""
    """Address of the registry, where received data may be forwarded to; empty: ``contact``."""
    retention_days: int = 30
    """How long the journal keeps what the letter is about."""
    reason_days: int = 730
    """How long reasons for mailings are kept."""
    show_subject: bool = False
    """Whether letters name the subject of the message."""
    zone: tzinfo = field(default_factory=local_time)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A finished letter."""

    kind: LetterKind
    recipient: str
    """Of the envelope; the reverse-path is ``<>`` (RFC 3834 3.3)."""
    message_id: str
    octets: bytes = field(repr=False)
    """RFC 5322, CRLF, 7-bit but for a recipient outside ASCII; not dot-stuffed."""
    reference: str
    written_at: datetime
    rules: tuple[str, ...] = ()
    delivered: bool = False
    """Whether the message that it is about was delivered."""
    topics: tuple[str, ...] = ()
    """What it is about, one for each rule and mailing: a letter whose topics were all told lately is a repetition.

    Advice has one for each rule.
    """
