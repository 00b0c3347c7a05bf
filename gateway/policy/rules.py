"""The rules as frozen values: what follows from which finding, how much is too much, and who is excepted.

Everything here is made by ``gateway.policy.load`` from the files under ``policies/`` and never changes afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Final

from gateway.model import Action, Confidence, Mode, PartState

MASS_MAILING: Final = "mass_mailing"
VISIBLE_RECIPIENTS: Final = "visible_recipients"
NOT_INSPECTED: Final = "not_inspected"

JUDGED_HERE: Final = frozenset({MASS_MAILING, VISIBLE_RECIPIENTS, NOT_INSPECTED})
"""Rules that follow from envelope, header and the state of parts, without a detector."""

NAMES: Final = JUDGED_HERE | frozenset(
    {
        "personnummer",
        "samordningsnummer",
        "special_category",
        "protected_identity",
        "bulk_personal_data",
        "financial",
        "credentials",
        "solicitation",
        "private",
        "business_or_association",
        "party_internal",
        "capacity_unclear",
        "malware",
    }
)
"""The stable names of rules; a finding and a rule file meet by them."""

EVERY_RULE: Final = "*"
"""In a set of observed rules: all of them."""


class OnError(Enum):
    """What a rule says when infrastructure failed and it could not be judged."""

    DEFER = "defer"
    PASS = "pass"  # noqa: S105 - not a password


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequences:
    """What follows from a finding, by how sure the detector is."""

    high: Action = Action.PASS
    medium: Action = Action.PASS
    low: Action = Action.PASS

    def of(self, confidence: Confidence) -> Action:
        """Return what follows from a finding of this confidence."""
        if confidence is Confidence.HIGH:
            return self.high
        return self.medium if confidence is Confidence.MEDIUM else self.low


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """From how many on something follows; None where it never does."""

    observe_at: int | None = None
    warn_at: int | None = None
    block_at: int | None = None
    block_with: frozenset[str] = frozenset()
    """Rules whose findings in the same message turn a warning into a block."""

    def of(self, count: int, *, aggravated: bool = False) -> Action:
        """Return what follows from ``count``; ``aggravated`` when a rule of ``block_with`` has spoken too."""
        if self.block_at is not None and count >= self.block_at:
            return Action.BLOCK
        if self.warn_at is not None and count >= self.warn_at:
            return Action.BLOCK if aggravated else Action.WARN
        if self.observe_at is not None and count >= self.observe_at:
            return Action.OBSERVE
        return Action.PASS


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonLimit:
    """How many persons a mailing may reach."""

    block_above: int
    """One more than this is too many."""
    unknown_list: Action = Action.WARN
    """What follows from a recipient that looks like a list of unknown size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemption:
    """What a rule lets pass for a time; matches when every list that is given matches."""

    name: str
    """For journal and explanations; names no person."""
    reason: str
    until: date
    """The last day on which it holds, in UTC."""
    senders: frozenset[str] = frozenset()
    """Canonical addresses of responsible senders; empty fits all."""
    recipients: frozenset[str] = frozenset()
    """Canonical addresses, or ``@domain``; each recipient must be among them; empty fits all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A message and what the rules must make of it."""

    name: str
    rule: str
    """The rule whose file it stands in."""
    sender: str
    recipients: tuple[str, ...]
    subject: str
    text: str
    expect: Action
    rules: frozenset[str]
    """The rules that must make the verdict; kinds left out."""
    hidden: bool = False
    """True when the recipients are in no header (Bcc)."""
    attachment: tuple[str, str] | None = None
    """File name and content in base64."""
    pending: bool = False
    """True while its detector is still to come: runners skip it by name."""
    file: str = ""
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of the guideline: one file under ``policies/rules``."""

    name: str
    section: str
    """Of the guideline, for instance ``2.7``."""
    title_sv: str
    title_en: str
    summary_sv: str
    """One sentence for letters."""
    summary_en: str
    mode: Mode
    on_error: OnError
    lane: bool = False
    """Whether received data may be passed on to the handling lane."""
    payroll: bool = False
    """Whether the sender's own number may go to payroll."""
    own: Consequences = Consequences()
    """The sender's own words."""
    returned: Consequences = Consequences()
    """A quote that goes back to whoever wrote it."""
    third_party: Consequences = Consequences()
    """Quoted or forwarded words that go to somebody else."""
    instances: Thresholds | None = None
    """How many instances (persons in a list) it takes; None: one finding is enough."""
    visible: Thresholds | None = None
    """How many visible recipients it takes."""
    persons: PersonLimit | None = None
    states: Mapping[PartState, Action] = field(default_factory=dict)
    """What follows from parts that were not wholly inspected."""
    exemptions: tuple[Exemption, ...] = ()
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A recipient address that stands for several persons."""

    address: str
    weights: Mapping[str, int] = field(default_factory=dict)
    """Canonical person → 1, groups inside opened; a group of which only the size is known → its size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Which addresses are one person, and which are many."""

    domains: frozenset[str] = frozenset()
    """Our own domains."""
    equal_domains: Mapping[str, str] = field(default_factory=dict)
    """Domain → the domain that means the same."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Folded address → canonical address; chains already resolved."""
    groups: Mapping[str, Group] = field(default_factory=dict)
    """By canonical address."""
    list_names: frozenset[str] = frozenset()
    """Words of local parts that give a distribution list away, for instance ``alla``."""
    small_names: frozenset[str] = frozenset()
    """Words beside them that tell a list of few, for instance a board: ``alla.sn``."""
    small_domains: frozenset[str] = frozenset()
    """Our domains in which they do; where staff has addresses, ``alla.sn`` may be everybody who works there."""
    folded: dict[str, str] = field(init=False, repr=False, compare=False, default_factory=dict)
    """Addresses that were looked at lately and the person behind each; ``persons.person_of`` keeps it short."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handling:
    """The handling lane: to whom received data may be passed on; all addresses canonical."""

    registry: frozenset[str] = frozenset()
    security: frozenset[str] = frozenset()
    managers: frozenset[str] = frozenset()
    staff_domains: frozenset[str] = frozenset()
    payroll: frozenset[str] = frozenset()
    party_domains: frozenset[str] = frozenset()
    uncounted: frozenset[str] = field(init=False)
    """The addresses that are no persons of a mailing: functions that must be written to."""

    def __post_init__(self) -> None:
        """Put them together once: every recipient of every message is looked for among them."""
        object.__setattr__(self, "uncounted", self.registry | self.security | self.managers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """All rules in force."""

    version: str
    """Short digest of every policy file; the same files give the same version anywhere."""
    rules: Mapping[str, Rule]
    """By name, in alphabetical order."""
    handling: Handling = Handling()
    people: People = People()
    detectors: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Detector → the rules it speaks for."""
