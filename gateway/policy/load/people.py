"""``groups.toml`` and its member files: which addresses are one person, and which are many."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from typing import Final

from gateway.policy.load.reading import Source
from gateway.policy.load.schema import GroupsFile, GroupTable, canonical_spelling
from gateway.policy.persons import fold_text, person_of
from gateway.policy.rules import Group, People

_CELLS: Final = re.compile(r"[;,\t]")
_FOLDED: Final = re.compile(r"\n ")
_MOST_COMPLAINTS: Final = 10


def build_people(source: Source, file: GroupsFile, files: Mapping[str, str]) -> People:
    """Return the people; mistakes are noted in ``source``."""
    equal = {domain: names[0] for names in file.equal_domains for domain in names[1:]}
    plain = People(
        domains=frozenset(file.domains),
        equal_domains=equal,
        list_names=frozenset(file.list_names),
        small_names=frozenset(file.small_names),
        small_domains=frozenset(file.small_domains),
    )
    known = replace(plain, aliases=_resolve_aliases(source, file.aliases, plain))
    groups = _Groups(source, known, files)
    for number, table in enumerate(file.group):
        groups.declare(number, table)
    return replace(known, groups=groups.opened())


def _resolve_aliases(source: Source, aliases: Mapping[str, str], plain: People) -> dict[str, str]:
    steps = {fold_text(alias, plain): fold_text(person, plain) for alias, person in aliases.items()}
    resolved: dict[str, str] = {}
    for alias in steps:
        person, seen = alias, {alias}
        while person in steps:
            person = steps[person]
            if person in seen:
                source.complain(("aliases",), "has an alias that leads back to itself")
                return {}
            seen.add(person)
        resolved[alias] = person
    return resolved


class _Groups:
    """Groups while they are read: declared first, opened when all are known."""

    def __init__(self, source: Source, people: People, files: Mapping[str, str]) -> None:
        self._source = source
        self._people = people
        self._files = files
        self._number: dict[str, int] = {}
        self._sizes: dict[str, int] = {}
        self._members: dict[str, tuple[str, ...]] = {}

    def declare(self, number: int, table: GroupTable) -> None:
        """Take note of a group and its members."""
        address = person_of(table.address, self._people)
        if address in self._number:
            text = "is the same as another group once aliases are resolved"
            self._source.complain(("group", number, "address"), text)
        self._number[address] = number
        if table.size is not None:
            self._sizes[address] = table.size
            return
        members = table.members if table.members is not None else self._read(number, table.members_file or "")
        self._members[address] = tuple(person_of(m, self._people) for m in members)
        if not members:
            self._source.complain(("group", number), "has no members")

    def _read(self, number: int, name: str) -> list[str]:
        place = ("group", number, "members_file")
        text = self._files.get(name)
        if text is None:
            self._source.complain(place, "names no file below the policies folder")
            return []
        found: list[str] = []
        broken: list[int] = []
        for line, entry in _entries(name, text):
            try:
                found.append(canonical_spelling(entry))
            except ValueError:
                broken.append(line)
        if broken:
            lines = ", ".join(map(str, broken[:_MOST_COMPLAINTS]))
            self._source.complain(place, f"{name} has no mail address in line {lines}; {len(broken)} in all")
        return found

    def opened(self) -> dict[str, Group]:
        """Return the groups with the groups inside them opened, innermost first."""
        inside = {a: [m for m in self._members.get(a, ()) if m in self._number] for a in self._number}
        try:
            order = list(TopologicalSorter(inside).static_order())
        except CycleError as error:
            number = min(self._number[address] for address in error.args[1])
            self._source.complain(("group", number), "contains itself by way of its members")
            return {}
        groups: dict[str, Group] = {}
        for address in order:
            groups[address] = Group(address=address, weights=self._weights(address, groups))
        return groups

    def _weights(self, address: str, opened: Mapping[str, Group]) -> dict[str, int]:
        if address in self._sizes:
            return {address: self._sizes[address]}
        weights: dict[str, int] = {}
        for member in self._members[address]:
            weights |= opened[member].weights if member in opened else {member: 1}
        return weights


def _entries(name: str, text: str) -> Iterator[tuple[int, str]]:
    """Return the addresses of a member file with their lines: LDIF (RFC 2849), else CSV or one address a line."""
    if name.endswith(".ldif"):
        yield from _ldif(text)
        return
    for number, line in enumerate(text.splitlines(), start=1):
        cells = [cell.strip().strip('"').strip() for cell in _CELLS.split(line)]
        if not any(cells) or line.lstrip().startswith("#"):
            continue
        address = next((cell for cell in cells if "@" in cell), "")
        if address or number > 1:  # the first line may be a heading
            yield number, address


def _ldif(text: str) -> Iterator[tuple[int, str]]:
    number = 1
    for line in _FOLDED.sub("\r", text).split("\n"):
        whole = line.replace("\r", "")
        key, colon, value = whole.partition(":")
        if colon and key.lower() == "mail":
            yield number, _ldif_value(value)
        number += 1 + line.count("\r")


def _ldif_value(value: str) -> str:
    if not value.startswith(":"):
        return value.strip()
    try:
        return base64.b64decode(value[1:].strip(), validate=True).decode()
    except ValueError:  # not base64, or not UTF-8
        return ""
