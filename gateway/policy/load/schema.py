"""What a policy file may hold: one strict model for each kind of file and table.

Every check says in one sentence what is wrong, and never repeats an address: what it says may end in a log.
"""

from __future__ import annotations

import base64
import itertools
import re
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal, Self

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from gateway.model import Action


def canonical_spelling(text: str) -> str:
    """Return a mail address in lower case with its domain as A-labels. Raises ValueError when it is none."""
    try:
        checked = validate_email(text, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        raise ValueError("is not a mail address") from None
    if "." not in checked.ascii_domain:
        raise ValueError("is not a mail address: its domain has no dot")
    return f"{checked.local_part.casefold()}@{checked.ascii_domain.lower()}"


def _domain(text: str) -> str:
    try:
        return canonical_spelling(f"x@{text}").partition("@")[2]
    except ValueError:
        raise ValueError("is not a mail domain, for instance orkelljunga.se") from None


def _address_or_domain(text: str) -> str:
    if text.startswith("@"):
        return f"@{_domain(text[1:])}"
    if "*" in text:
        raise ValueError("has no wildcards: write an address, or @ and a domain")
    return canonical_spelling(text)


def _sender(text: str) -> str:
    if text.startswith("@") or "*" in text:
        raise ValueError("must name one sender: to let everybody pass, set mode instead")
    return canonical_spelling(text)


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must be one line without control characters")
    return text


def _base64(text: str) -> str:
    try:
        base64.b64decode(text, validate=True)
    except ValueError:
        raise ValueError("is not base64") from None
    return text


def _identifier(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{1,47}", text):
        raise ValueError("must be a short name of small letters a-z, digits and hyphens")
    return text


def _section(text: str) -> str:
    if not re.fullmatch(r"[1-9]\.[1-9][0-9]?", text):
        raise ValueError("must be a section of the guideline, for instance 2.7")
    return text


def _list_name(text: str) -> str:
    if not text or not text.replace("-", "").isalnum() or text != text.casefold():
        raise ValueError("must be a word in lower case")
    return text


ActionWord = Literal["pass", "observe", "warn", "block"]
Mailbox = Annotated[str, AfterValidator(canonical_spelling)]
Domain = Annotated[str, AfterValidator(_domain)]
Sender = Annotated[str, AfterValidator(_sender)]
AddressOrDomain = Annotated[str, AfterValidator(_address_or_domain)]
ListName = Annotated[str, AfterValidator(_list_name)]
Title = Annotated[str, Field(min_length=3, max_length=60), AfterValidator(_one_line)]
Sentence = Annotated[str, Field(min_length=3, max_length=240), AfterValidator(_one_line)]
Identifier = Annotated[str, AfterValidator(_identifier)]
Section = Annotated[str, AfterValidator(_section)]
Number = Annotated[int, Field(ge=1, le=1_000_000)]


class Table(BaseModel):
    """A table of a policy file: unknown keys and wrong types are mistakes."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


def action_of(word: ActionWord) -> Action:
    """Return the action that a file names."""
    return Action[word.upper()]


class ConsequencesTable(Table):
    """What follows from a finding, by confidence."""

    high: ActionWord
    medium: ActionWord
    low: ActionWord

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not action_of(self.high) >= action_of(self.medium) >= action_of(self.low):
            raise ValueError("less certain findings must not lead to more than certain ones")
        return self


class ThresholdsTable(Table):
    """From how many on something follows."""

    observe_at: Number | None = None
    warn_at: Number | None = None
    block_at: Number | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        given = [n for n in (self.observe_at, self.warn_at, self.block_at) if n is not None]
        if not given:
            raise ValueError("needs at least one of observe_at, warn_at, block_at")
        if any(later <= earlier for earlier, later in itertools.pairwise(given)):
            raise ValueError("contradicts itself: observe_at must be less than warn_at, warn_at less than block_at")
        return self


class InstancesTable(ThresholdsTable):
    """How many instances in the findings it takes."""

    block_with: list[str] = []

    @model_validator(mode="after")
    def _warns(self) -> Self:
        if self.block_with and self.warn_at is None:
            raise ValueError("block_with needs warn_at: it turns a warning into a block")
        return self


class PersonsTable(Table):
    """How many persons a mailing may reach."""

    block_above: Number
    unknown_list: ActionWord


class StatesTable(Table):
    """What follows from parts that could not be inspected."""

    encrypted: ActionWord
    too_big: ActionWord
    timed_out: ActionWord
    truncated: ActionWord
    unreadable: ActionWord
    unknown: ActionWord


class ExemptionTable(Table):
    """What passes for a time."""

    name: Identifier
    reason: Sentence
    until: date
    senders: list[Sender] = []
    recipients: list[AddressOrDomain] = []

    @model_validator(mode="after")
    def _narrow(self) -> Self:
        if not self.senders and not self.recipients:
            raise ValueError("needs senders or recipients: to let everything pass, set mode instead")
        return self


class ExampleTable(Table):
    """A message and what must become of it."""

    name: Identifier
    from_: Mailbox = Field(default="anna.berg@politik.orkelljunga.se", alias="from")
    to: list[Mailbox] = []
    to_count: Annotated[int, Field(ge=0, le=1000)] = 0
    hidden: bool = False
    subject: Annotated[str, AfterValidator(_one_line)]
    text: str
    attachment: Annotated[str, AfterValidator(_one_line)] = ""
    attachment_base64: Annotated[str, AfterValidator(_base64)] = ""
    expect: ActionWord
    rules: list[str] = []
    pending: bool = False

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not self.to and not self.to_count:
            raise ValueError("needs recipients: to, or to_count for so many invented ones")
        if (self.expect in {"warn", "block"}) != bool(self.rules):
            raise ValueError("rules names what warns or blocks, and is left out where nothing does")
        return self


class RuleFile(Table):
    """A file under ``rules/``."""

    section: Section
    title_sv: Title
    title_en: Title
    summary_sv: Sentence
    summary_en: Sentence
    mode: Literal["off", "observe", "warn", "block"]
    on_error: Literal["defer", "pass"]
    lane: bool = False
    payroll: bool = False
    own: ConsequencesTable | None = None
    returned: ConsequencesTable | None = None
    third_party: ConsequencesTable | None = None
    instances: InstancesTable | None = None
    visible: ThresholdsTable | None = None
    persons: PersonsTable | None = None
    states: StatesTable | None = None
    exemption: list[ExemptionTable] = []
    example: list[ExampleTable] = []

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        for names in ([e.name for e in self.exemption], [e.name for e in self.example]):
            if twice := _repeated(names):
                raise ValueError(f"has more than one exemption or example named {twice}")
        return self


class PartyTable(Table):
    """Domains of parties."""

    domains: list[Domain] = []


class HandlingFile(Table):
    """``handling.toml``."""

    registry: Annotated[list[Mailbox], Field(min_length=1)]
    security: list[Mailbox]
    managers: list[Mailbox]
    staff_domains: list[Domain]
    payroll: list[Mailbox]
    party: PartyTable = PartyTable()


class GroupTable(Table):
    """An address that stands for several persons."""

    address: Mailbox
    size: Number | None = None
    members: list[Mailbox] | None = None
    members_file: Annotated[str, Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if sum(x is not None for x in (self.size, self.members, self.members_file)) != 1:
            raise ValueError("needs exactly one of size, members, members_file")
        return self


class GroupsFile(Table):
    """``groups.toml``."""

    domains: list[Domain]
    list_names: list[ListName] = []
    small_names: list[ListName] = []
    small_domains: list[Domain] = []
    equal_domains: list[Annotated[list[Domain], Field(min_length=2)]] = []
    aliases: dict[Mailbox, Mailbox] = {}
    group: list[GroupTable] = []

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if _repeated([domain for equal in self.equal_domains for domain in equal]):
            raise ValueError("equal_domains has one domain in two places")
        if _repeated([group.address for group in self.group]):
            raise ValueError("has two groups with the same address")
        if strange := [domain for domain in self.small_domains if domain not in self.domains]:
            raise ValueError(f"small_domains names {', '.join(strange)}, which is not among domains")
        return self


def _repeated(names: Sequence[str]) -> str | None:
    return next((name for i, name in enumerate(names) if name in names[:i]), None)
