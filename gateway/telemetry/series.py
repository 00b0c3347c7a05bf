"""The declaration of every series that Utpost exports: name, meaning, closed label sets, histogram edges.

Nothing that names a person, an address, a domain or words of a message may become a label value. Every set of
values is therefore written here, or handed in at start (rules, detectors), and a value outside its set is counted
under the set's fallback.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import product
from types import MappingProxyType
from typing import Final

PREFIX: Final = "utpost_"

RULES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "mass_mailing": "2.3",
        "visible_recipients": "2.3",
        "personnummer": "2.7",
        "samordningsnummer": "2.7",
        "special_category": "2.7",
        "protected_identity": "2.7",
        "bulk_personal_data": "2.7",
        "financial": "2.7",
        "credentials": "2.7",
        "solicitation": "2.7",
        "private": "2.2",
        "business_or_association": "2.2",
        "party_internal": "2.2",
        "capacity_unclear": "2.2",
        "not_inspected": "2.7",
        "malware": "2.4",
    }
)
"""Rule → section of the guideline, where no policies are at hand."""


class Kind(Enum):
    """What a series measures."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Fold(Enum):
    """How the gauges of several processes become one number."""

    SUM = "sum"
    MAX = "max"
    MIN = "min"
    """Processes that have not spoken are left out; not a number while none has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """One label with its closed set of values, and labels that follow from it."""

    names: tuple[str, ...]
    """The label that callers choose by; then those derived from it."""
    values: tuple[tuple[str, ...], ...]
    """One tuple of label values, as long as ``names``, for each choice."""
    fallback: str | None = None
    """The choice for values outside the set; None: they are a mistake of the caller."""

    def index(self, value: str) -> int:
        """Return the position of ``value``; of the fallback when it is unknown. Raises ValueError without one.

        A kind behind a colon is left out: which special category a message touched is no label.
        """
        choices = [v[0] for v in self.values]
        for candidate in (value, value.partition(":")[0], self.fallback):
            if candidate in choices:
                return choices.index(candidate)
        raise ValueError(f"label {self.names[0]}: no value {value!r}; there are {', '.join(choices)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One metric: a cell for every combination of its label values."""

    key: str
    """The name without prefix and without ``_total``."""
    kind: Kind
    help: str
    axes: tuple[Axis, ...] = ()
    edges: tuple[float, ...] = ()
    """Upper bounds (inclusive) of a histogram's buckets, without the last, endless one."""
    fold: Fold = Fold.SUM

    @property
    def name(self) -> str:
        """Return the exported name; a counter's ``_total`` is left to the exposition."""
        return PREFIX + self.key

    @property
    def label_names(self) -> tuple[str, ...]:
        """Return all labels in order."""
        return tuple(name for axis in self.axes for name in axis.names)

    @property
    def combinations(self) -> list[tuple[str, ...]]:
        """Return the values of ``label_names`` for every cell, in the order of the cells."""
        return [tuple(v for choice in combo for v in choice) for combo in product(*(a.values for a in self.axes))]

    @property
    def width(self) -> int:
        """Return the slots of one cell: a histogram has its buckets, the endless one, and the sum."""
        return len(self.edges) + 2 if self.kind is Kind.HISTOGRAM else 1

    def cell(self, labels: Mapping[str, str]) -> int:
        """Return the number of the cell that ``labels`` choose. Raises ValueError for labels that are not declared."""
        wanted = {axis.names[0] for axis in self.axes}
        if labels.keys() != wanted:
            raise ValueError(f"{self.key}: labels are {sorted(wanted)}, not {sorted(labels)}")
        number = 0
        for axis in self.axes:
            number = number * len(axis.values) + axis.index(labels[axis.names[0]])
        return number


def _axis(name: str, *values: str, other: str | None = None) -> Axis:
    choices = values if other is None or other in values else (*values, other)
    return Axis(names=(name,), values=tuple((v,) for v in choices), fallback=other)


_FRONT: Final = _axis("front", "smtp", "milter")
_CAUSE: Final = _axis(
    "cause",
    "ledger",
    "inspection",
    "detector",
    "outbox",
    "journal",
    "policy",
    "relay",
    "budget",
    "memory",
    "drain",
    other="other",
)
_STAGE: Final = ("connect", "ehlo", "auth", "mail", "rcpt", "data", "end")
_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


def _counter(key: str, text: str, *axes: Axis) -> Series:
    return Series(key=key, kind=Kind.COUNTER, help=text, axes=axes)


def _gauge(key: str, text: str, *axes: Axis, fold: Fold = Fold.SUM) -> Series:
    return Series(key=key, kind=Kind.GAUGE, help=text, axes=axes, fold=fold)


def _histogram(key: str, text: str, *axes: Axis, edges: tuple[float, ...] = _SECONDS) -> Series:
    return Series(key=key, kind=Kind.HISTOGRAM, help=text, axes=axes, edges=edges)


def declare(rules: Mapping[str, str] = RULES, detectors: Collection[str] = ()) -> tuple[Series, ...]:
    """Return every series of a running gateway.

    ``rules`` names the rules and their sections; rules that come later are counted as ``other``.
    ``detectors`` must not tell special categories apart; by default findings are told by rule.
    """
    names = tuple(detectors) or tuple(rules)
    return (*_traffic(), *_judging(rules, names), *_relay(), *_stores(), *_processes())


def _traffic() -> tuple[Series, ...]:
    return (
        _counter(
            "messages",
            "Messages that were answered, by what was made of them; bypass: nobody in scope answers for it.",
            _FRONT,
            _axis("verdict", "pass", "observe", "warn", "block", "defer", "bypass"),
            _axis("direction", "internal", "external", "mixed", other="unknown"),
        ),
        _histogram(
            "recipients",
            "Recipients of one message.",
            _FRONT,
            edges=(1, 2, 5, 10, 25, 50, 75, 100, 101, 150, 250, 500, 1000),
        ),
        _histogram(
            "message_octets",
            "Size of one message.",
            _FRONT,
            edges=tuple(float(1024 * 4**power) for power in range(9)),
        ),
        _counter(
            "smtp_replies",
            "Replies to clients.",
            _axis("stage", *_STAGE, other="other"),
            _axis("class", "2xx", "3xx", "4xx", "5xx", other="other"),
        ),
        _counter(
            "connections",
            "Connections of clients; refused: the address may not, or too many sessions.",
            _FRONT,
            _axis("result", "accepted", "refused"),
        ),
        _counter("loops", "Messages in scope with so many Received fields that they seem to go in circles."),
        _gauge("sessions", "Sessions open now.", _FRONT),
        _gauge("in_flight_octets", "Message content held now."),
        _histogram(
            "stage_seconds",
            "Time of one message in one stage; receive: until its end, total: from its end to the reply, in scope.",
            _axis("stage", "receive", "inspect", "ledger", "judge", "letter", "relay", "total"),
        ),
    )


def _judging(rules: Mapping[str, str], detectors: tuple[str, ...]) -> tuple[Series, ...]:
    rule = Axis(names=("rule", "section"), values=(*rules.items(), ("other", "other")), fallback="other")
    return (
        _counter("judged", "Messages in scope that the rules were asked about.", _FRONT),
        _counter(
            "rule_hits",
            "Rules that spoke on a message; unknown: infrastructure failed and on_error spoke.",
            rule,
            _axis("mode", "observe", "warn", "block"),
            _axis("outcome", "observe", "warn", "block", "defer", "exempted", "unknown"),
        ),
        _counter(
            "findings",
            "Findings of detectors, one for each place in a message.",
            _axis("detector", *detectors, other="other"),
            _axis("confidence", "low", "medium", "high"),
            _axis("segment", "own", "quoted", "forwarded", "signature", "disclaimer", "calendar"),
        ),
        _counter(
            "parts",
            "Parts of messages in scope, by what became of them when opened.",
            _axis("kind", "subject", "body", "attachment", "member", other="other"),
            _axis("state", "scanned", "truncated", "unreadable", "encrypted", "too_big", "timed_out", other="unknown"),
        ),
        _counter(
            "antivirus",
            "Messages that clamd was asked about; silent: it did not say.",
            _axis("result", "clean", "malware", "silent"),
        ),
        _counter("failopen", "Messages that passed although something that judges them had failed.", _CAUSE),
        _counter("deferred", "Messages answered 451 because something had failed.", _CAUSE),
        _gauge("judging", "Messages in scope inspected now, those that wait for a place included."),
        _gauge(
            "sandbox",
            "1 where the kernel encloses the processes that open files, 0 where it cannot.",
            _axis("control", "landlock", "seccomp"),
            fold=Fold.MIN,
        ),
        _counter(
            "judging_failures",
            "Processes opening a message that died, or were ended because they took too long.",
            _axis("cause", "died", "timed_out"),
        ),
        _counter(
            "motivations",
            "Reasons for a mailing that senders handed in.",
            _axis("result", "granted", "waiting", "denied", "refused", other="other"),
        ),
    )


def _relay() -> tuple[Series, ...]:
    return (
        _counter(
            "relay_replies",
            "Replies of the relay to a connection, to a message, to a letter; lost: none came.",
            _axis("stage", "connect", "end", "letter"),
            _axis("class", "2xx", "4xx", "5xx", "lost", other="other"),
        ),
        _histogram("relay_connect_seconds", "Time from the wish for a relay connection to its greeting."),
        _gauge("relay_up", "1 when the relay answered last time, 0 when not; not a number before.", fold=Fold.MIN),
        _gauge("relay_answered_timestamp_seconds", "When the relay last answered.", fold=Fold.MAX),
    )


def _stores() -> tuple[Series, ...]:
    return (
        _gauge("ledger_up", "1 when the ledger answered last time, 0 when not; not a number before.", fold=Fold.MIN),
        _counter(
            "claims",
            "Answers of the ledger to the wish to reach persons.",
            _axis("outcome", "granted", "over", "contended", "unavailable"),
        ),
        _gauge("outbox_up", "1 when the outbox could be written last time, 0 when not.", fold=Fold.MIN),
        _gauge("outbox_depth", "Letters that wait.", fold=Fold.MAX),
        _gauge("outbox_oldest_seconds", "Age of the letter that has waited longest.", fold=Fold.MAX),
        _counter(
            "letters",
            "Letters by what became of them.",
            _axis(
                "kind",
                *(
                    "blocked",
                    "warned",
                    "advice",
                    "not_inspected",
                    "digest",
                    "motivated",
                    "not_motivated",
                    "approval",
                    "report",
                ),
                other="other",
            ),
            _axis("result", "written", "sent", "retried", "refused", "expired", "dropped", "suppressed", "failed"),
        ),
        _counter("journal_dropped", "Journal records that could not be written."),
        _counter("records_dropped", "Rows of the public-records register that could not be written."),
    )


def _processes() -> tuple[Series, ...]:
    return (
        _histogram(
            "event_loop_lag_seconds",
            "How late the event loop of a worker ran a timer.",
            edges=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5),
        ),
        _counter("worker_restarts", "Workers that ended by themselves and were started again."),
        _counter("cpu_seconds", "Processor time of the parent and its workers."),
        _gauge(
            "certificate_expiry_timestamp_seconds",
            "When the certificate of a port ends; not a number without one.",
            _axis("port", "smtp", "metrics"),
            fold=Fold.MIN,
        ),
        _gauge("policy_reload_success", "1 when the last load of the policies succeeded, 0 when not.", fold=Fold.MIN),
        _gauge("policy_reload_timestamp_seconds", "When policies were last loaded with success.", fold=Fold.MAX),
        _counter("policy_reloads", "Loads of the policies.", _axis("result", "success", "failure")),
        _gauge("rules_observed", "Rules that the emergency switch holds in observe.", fold=Fold.MAX),
    )
