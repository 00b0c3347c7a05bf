"""A message as a front end hands it in, and what is found out about it on the way to a verdict."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.content import Content
from gateway.message.headers import HEADER_BLOCK, scan_headers
from gateway.model import (
    Address,
    Client,
    Envelope,
    Facts,
    Fingerprint,
    Inspection,
    Message,
    Occasion,
    Origin,
    Part,
    PartState,
    Responsible,
    Usage,
)
from gateway.policy.persons import count_announced
from gateway.policy.rules import Policy
from gateway.policy.sender import is_answer, is_automatic


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One message as a front end hands it in."""

    occasion: Occasion
    client: Client
    envelope: Envelope
    content: Content
    terminal: tuple[Address, ...] = ()
    """Recipients that Utpost itself receives for; they are not in the envelope."""
    reports: bool = True
    """False where the client wants no delivery status of those (NOTIFY=NEVER, RFC 3461 4.1)."""
    envid: str = ""
    """As written (RFC 3461 4.4)."""


@dataclass(slots=True, kw_only=True)
class Case:
    """What is known of one submission while it is being decided on."""

    submission: Submission
    responsible: Responsible
    policy: Policy
    inspection: Inspection | None = None
    persons: dict[str, int] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    seconds: dict[str, float] = field(default_factory=dict)

    def is_counted(self) -> bool:
        """Tell whether this message may be part of a mailing."""
        if self.inspection is None or not self.responsible.answerable or not self.persons:
            return False
        return not is_automatic(self.inspection.message.headers, self.submission.envelope)

    def mailing(self) -> tuple[tuple[str, ...], Fingerprint, int]:
        """Return what makes messages one mailing: identities, the look of the content, persons named in the open.

        An answer to one person is known by what it answers and by nothing else: many alike are no mailing.
        """
        if self.inspection is None:
            return (), Fingerprint(), 0
        headers = self.inspection.message.headers
        if is_answer(self.inspection.message, self.submission.envelope, self.policy.handling.uncounted):
            return (f"in-reply-to:{headers.in_reply_to}",), Fingerprint(), 0
        ident = self.submission.client.ident
        named = (("ident", ident), ("message-id", headers.message_id))
        identities = tuple(f"{kind}:{value}" for kind, value in named if value)
        return identities, self.inspection.fingerprint, count_announced(headers, self.policy)

    def facts(self, usage: Usage | None) -> Facts:
        """Return all that the rules may look at."""
        return Facts(
            occasion=self.submission.occasion,
            responsible=self.responsible,
            envelope=self.submission.envelope,
            inspection=self.inspection,
            usage=usage,
            persons=self.persons,
            failed=frozenset(self.failed),
        )


def uninspected(content: Content) -> Inspection:
    """Return what is known of content that could not be inspected in time or without harm."""
    headers = scan_headers(content.read(0, HEADER_BLOCK))
    part = Part(
        path="1",
        media_type="message/rfc822",
        filename=None,
        origin=Origin.UNKNOWN,
        state=PartState.TIMED_OUT,
        body=True,
    )
    return Inspection(message=Message(headers=headers, parts=(part,), size=len(content)), findings=())
