"""The situation in which a message is judged: whose words a finding is about, and where they go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date
from typing import Final

from gateway.model import Facts, Finding, Headers, Origin, SegmentKind
from gateway.policy.persons import looks_like_list, person_of
from gateway.policy.rules import Exemption, Policy
from gateway.policy.sender import has_received_subject, is_forward, is_reply

SUBJECT: Final = "subject"
"""The path of the part that is the subject."""

_RECEIVED: Final = frozenset({SegmentKind.QUOTED, SegmentKind.FORWARDED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What about sender and recipients matters to every rule."""

    sender: str
    """Canonical address of the responsible sender."""
    recipients: frozenset[str]
    """Canonical persons."""
    today: date
    """In UTC."""
    lane: bool = False
    """Every recipient belongs to the handling lane."""
    payroll: bool = False
    """Every recipient is a payroll address."""
    reply: bool = False
    """The message answers somebody and goes back to that one person only."""
    forward: bool = False
    """The subject says that something is passed on."""
    subject: bool = False
    """The subject is that of the message which is answered or passed on."""

    def received(self, finding: Finding) -> bool:
        """Tell whether a finding is in somebody else's words."""
        if finding.segment in _RECEIVED or (self.subject and finding.part == SUBJECT):
            return True
        return self.received_part(finding.origin)

    def received_part(self, origin: Origin) -> bool:
        """Tell whether a part came from somebody else.

        One of unknown origin counts as received only where the message says that it passes something on.
        """
        return origin is Origin.FORWARDED or (origin is Origin.UNKNOWN and self.forward)

    def returned(self, finding: Finding) -> bool:
        """Tell whether received words go back to whoever wrote them; attachments are not sent back as a rule."""
        return self.reply and (finding.segment in _RECEIVED or finding.part == SUBJECT) and finding.origin is Origin.OWN

    def exempts(self, exemption: Exemption) -> bool:
        """Tell whether an exemption holds here and today."""
        if self.today > exemption.until or (exemption.senders and self.sender not in exemption.senders):
            return False
        return not exemption.recipients or all(
            r in exemption.recipients or f"@{r.rpartition('@')[2]}" in exemption.recipients for r in self.recipients
        )


def situation_of(policy: Policy, facts: Facts) -> Situation:
    """Look at sender and recipients once, for all rules."""
    people, handling = policy.people, policy.handling
    sender = person_of(facts.responsible.address, people)
    recipients = frozenset(
        person_of(r.address, people) if r.address else r.path.decode("utf-8", "replace")
        for r in facts.envelope.recipients
    )
    headers = facts.inspection.message.headers if facts.inspection else Headers()
    others = [r for r in recipients if r != sender and not in_lane(r, policy)]
    return Situation(
        sender=sender,
        recipients=recipients,
        today=facts.occasion.received_at.astimezone(UTC).date(),
        lane=bool(recipients) and all(in_lane(r, policy) for r in recipients),
        payroll=bool(recipients) and recipients <= handling.payroll,
        reply=len(others) == 1 and is_reply(headers),
        forward=is_forward(headers),
        subject=has_received_subject(headers),
    )


def in_lane(person: str, policy: Policy) -> bool:
    """Tell whether received data may be passed on to this recipient.

    A group or list is not part of the lane by its domain alone: passing on to everybody is no handling.
    """
    handling, people = policy.handling, policy.people
    if person in handling.uncounted or person in handling.payroll:
        return True
    if person.rpartition("@")[2] not in handling.staff_domains:
        return False
    return person not in people.groups and not looks_like_list(person, people)
