"""All policy files together: each checked for itself, then against each other, then made one ``Policy``."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from gateway.model import InvalidConfiguration, Mode, PartState, Problem
from gateway.policy.load.people import build_people
from gateway.policy.load.reading import Source, check, parse
from gateway.policy.load.schema import (
    ConsequencesTable,
    ExampleTable,
    GroupsFile,
    HandlingFile,
    RuleFile,
    ThresholdsTable,
    action_of,
)
from gateway.policy.load.tree import Tree
from gateway.policy.persons import person_of
from gateway.policy.rules import (
    JUDGED_HERE,
    MASS_MAILING,
    NAMES,
    NOT_INSPECTED,
    VISIBLE_RECIPIENTS,
    Consequences,
    Example,
    Exemption,
    Handling,
    OnError,
    People,
    PersonLimit,
    Policy,
    Rule,
    Thresholds,
)

HANDLING: Final = "handling.toml"
GROUPS: Final = "groups.toml"
RULES: Final = "rules/"

_FINDINGS: Final = ("own", "returned", "third_party")
_SHAPES: Final[Mapping[str, tuple[str, ...]]] = {
    MASS_MAILING: ("persons",),
    VISIBLE_RECIPIENTS: ("visible",),
    NOT_INSPECTED: ("states",),
}
_TABLES: Final = frozenset({*_FINDINGS, "instances", "persons", "visible", "states"})
_NEVER_IN_LANE: Final = frozenset({MASS_MAILING, VISIBLE_RECIPIENTS, "malware"})


def load_policy(
    tree: Tree, known_rules: Collection[str], detectors: Mapping[str, Collection[str]] | None = None
) -> Policy:
    """Make the policy of ``tree``. Raises InvalidConfiguration with every mistake in rules, lane and groups.

    ``known_rules`` are the rules that detectors speak for, without kinds: each needs its file, so that nothing that
    is found goes unjudged by accident. ``detectors`` maps a detector to its rules, for when it crashes.
    """
    known = frozenset(map(_without_kind, known_rules)) | JUDGED_HERE
    sources = {name: parse(name, text) for name, text in sorted(tree.files.items()) if _is_ours(name)}
    problems = list(_missing(sources, known))
    people = _people(sources, tree)
    handling = _handling(sources, people)
    rules: dict[str, Rule] = {}
    for name, source in sources.items():
        if name.startswith(RULES):
            rule = _rule(source, known | NAMES, people)
            if rule is not None:
                rules[rule.name] = rule
    problems += [problem for source in sources.values() for problem in source.problems]
    if problems:
        raise InvalidConfiguration(sorted(problems, key=lambda p: (p.file, p.line or 0)))
    return Policy(
        version=tree.version,
        rules=dict(sorted(rules.items())),
        handling=handling,
        people=people,
        detectors={name: frozenset(map(_without_kind, spoken)) for name, spoken in (detectors or {}).items()},
    )


def _without_kind(rule: str) -> str:
    return rule.partition(":")[0]


def _is_ours(name: str) -> bool:
    return name in {HANDLING, GROUPS} or (name.startswith(RULES) and name.endswith(".toml"))


def _missing(sources: Collection[str], known: Collection[str]) -> Iterator[Problem]:
    needed = [HANDLING, GROUPS, *(f"{RULES}{rule}.toml" for rule in sorted(known))]
    for name in needed:
        if name not in sources:
            hint = '; a rule that is not wanted has mode = "off"' if name.startswith(RULES) else ""
            yield Problem(file=name, key="", text=f"is missing{hint}")


def _people(sources: Mapping[str, Source], tree: Tree) -> People:
    source = sources.get(GROUPS)
    file = check(source, GroupsFile) if source else None
    return build_people(source, file, tree.files) if source and file else People()


def _handling(sources: Mapping[str, Source], people: People) -> Handling:
    source = sources.get(HANDLING)
    file = check(source, HandlingFile) if source else None
    if source is None or file is None:
        return Handling()
    for key in ("registry", "security", "managers"):
        for number, address in enumerate(getattr(file, key)):
            if person_of(address, people) in people.groups:
                source.complain((key, number), "is a group in groups.toml, and functions of the lane are not counted")

    def persons(addresses: Collection[str]) -> frozenset[str]:
        return frozenset(person_of(address, people) for address in addresses)

    return Handling(
        registry=persons(file.registry),
        security=persons(file.security),
        managers=persons(file.managers),
        staff_domains=frozenset(people.equal_domains.get(d, d) for d in file.staff_domains),
        payroll=persons(file.payroll),
        party_domains=frozenset(file.party.domains),
    )


# --- rules ---------------------------------------------------------------------------------------


def _rule(source: Source, names: Collection[str], people: People) -> Rule | None:
    name = source.file.removeprefix(RULES).removesuffix(".toml")
    if name not in names:
        source.complain((), f"there is no rule {name}; there are: {', '.join(sorted(names))}")
    file = check(source, RuleFile)
    _check_shape(source, name)
    _check_names(source, name, names)
    if file is None or source.problems:
        return None
    return Rule(
        name=name,
        section=file.section,
        title_sv=file.title_sv,
        title_en=file.title_en,
        summary_sv=file.summary_sv,
        summary_en=file.summary_en,
        mode=Mode(file.mode),
        on_error=OnError(file.on_error),
        lane=file.lane,
        payroll=file.payroll,
        own=_consequences(file.own),
        returned=_consequences(file.returned),
        third_party=_consequences(file.third_party),
        instances=_thresholds(file.instances),
        visible=_thresholds(file.visible),
        persons=_person_limit(file),
        states={PartState(s): action_of(w) for s, w in file.states.model_dump().items()} if file.states else {},
        exemptions=_exemptions(file, people),
        examples=tuple(_example(source, name, number, table) for number, table in enumerate(file.example)),
    )


def _check_shape(source: Source, name: str) -> None:
    """Note tables that a rule of this kind cannot have, and those that it lacks."""
    raw = source.raw
    if not raw:
        return
    wanted = _SHAPES.get(name, _FINDINGS)
    allowed = {*wanted, "instances"} if wanted is _FINDINGS else set(wanted)
    for table in sorted(_TABLES & raw.keys() - allowed):
        source.complain((table,), f"does not fit {name}, which is about {' and '.join(wanted)}")
    for table in wanted:
        if table not in raw:
            source.complain((), f"needs a table [{table}]")
    if raw.get("lane") is True and name in _NEVER_IN_LANE:
        source.complain(("lane",), f"cannot be true: the handling lane never lifts {name}")
    if raw.get("payroll") is True and wanted is not _FINDINGS:
        source.complain(("payroll",), f"does not fit {name}: it is about numbers in the text")


def _check_names(source: Source, name: str, names: Collection[str]) -> None:
    """Note rules that are named and do not exist, and exemptions that cannot be meant."""
    raw = source.raw
    for place, named in _named_rules(raw):
        if named not in names:
            source.complain(place, f"there is no rule {named}")
    for number, exemption in enumerate(raw.get("exemption", ())):
        if name == MASS_MAILING and isinstance(exemption, dict) and exemption.get("recipients"):
            place = ("exemption", number, "recipients")
            source.complain(place, f"does not fit {name}: the exemption is for a sender; declare lists in groups.toml")


def _named_rules(raw: Mapping[str, object]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    instances = raw.get("instances")
    if isinstance(instances, dict):
        yield from ((("instances", "block_with"), n) for n in _texts(instances.get("block_with")))
    examples = raw.get("example")
    for number, example in enumerate(examples if isinstance(examples, list) else ()):
        if isinstance(example, dict):
            yield from ((("example", number, "rules"), n) for n in _texts(example.get("rules")))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, str))


def _consequences(table: ConsequencesTable | None) -> Consequences:
    if table is None:
        return Consequences()
    return Consequences(high=action_of(table.high), medium=action_of(table.medium), low=action_of(table.low))


def _thresholds(table: ThresholdsTable | None) -> Thresholds | None:
    return None if table is None else Thresholds(**{**table.model_dump(), **_block_with(table)})


def _block_with(table: ThresholdsTable) -> dict[str, frozenset[str]]:
    return {"block_with": frozenset(getattr(table, "block_with", ()))}


def _person_limit(file: RuleFile) -> PersonLimit | None:
    table = file.persons
    if table is None:
        return None
    return PersonLimit(block_above=table.block_above, unknown_list=action_of(table.unknown_list))


def _exemptions(file: RuleFile, people: People) -> tuple[Exemption, ...]:
    return tuple(
        Exemption(
            name=table.name,
            reason=table.reason,
            until=table.until,
            senders=frozenset(person_of(s, people) for s in table.senders),
            recipients=frozenset(_exempted(r, people) for r in table.recipients),
        )
        for table in file.exemption
    )


def _exempted(recipient: str, people: People) -> str:
    if not recipient.startswith("@"):
        return person_of(recipient, people)
    return f"@{people.equal_domains.get(recipient[1:], recipient[1:])}"


def _example(source: Source, name: str, number: int, table: ExampleTable) -> Example:
    invented = (f"invanare{n:03}@example.com" for n in range(1, table.to_count + 1))
    return Example(
        name=table.name,
        rule=name,
        sender=table.from_,
        recipients=(*table.to, *invented),
        subject=table.subject,
        text=table.text,
        expect=action_of(table.expect),
        rules=frozenset(table.rules),
        hidden=table.hidden,
        attachment=(table.attachment, table.attachment_base64) if table.attachment else None,
        pending=table.pending,
        file=source.file,
        line=source.lines.of(("example", number)),
    )
