"""Which recipients are one person, and how many persons a message would reach."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from gateway.model import Address, Envelope, Headers
from gateway.policy.rules import People, Policy

_FOLDED: Final = 1000
"""Addresses whose persons are remembered; all are forgotten when there are more."""
_WORD_END: Final = re.compile(r"[.\-_]")


def fold_text(address: str, people: People) -> str:
    """Return an address in the form in which people are compared, before aliases: case, plus-tag, equal domains."""
    local, at, domain = address.strip().casefold().rpartition("@")
    if not at:
        return domain
    plain = local.partition("+")[0] or local
    return f"{plain}@{people.equal_domains.get(domain, domain)}"


def person_of(address: Address | str, people: People) -> str:
    """Return the canonical address of the person behind an address."""
    if isinstance(address, str):
        text = address
    else:
        text = f"{address.local}@{address.domain}" if address.domain else address.local
    known = people.folded.get(text)
    if known is None:
        folded = fold_text(text, people)
        if len(people.folded) >= _FOLDED:
            people.folded.clear()
        known = people.folded[text] = people.aliases.get(folded, folded)
    return known


def persons_among(addresses: Iterable[Address | str], policy: Policy) -> dict[str, int]:
    """Return canonical person → how many persons it stands for; groups are opened where their members are known."""
    people, uncounted = policy.people, policy.handling.uncounted
    counted: dict[str, int] = {}
    for address in addresses:
        person = person_of(address, people)
        if person in uncounted:
            continue
        group = people.groups.get(person)
        for member, weight in group.weights.items() if group else ((person, 1),):
            if member not in uncounted:
                counted.setdefault(member, weight)
    return counted


def count_persons(envelope: Envelope, policy: Policy) -> dict[str, int]:
    """Return the persons that the accepted recipients stand for; functions of the handling lane are none."""
    return persons_among(
        (r.address if r.address is not None else r.path.decode("utf-8", "replace") for r in envelope.recipients),
        policy,
    )


def count_announced(headers: Headers, policy: Policy) -> int:
    """Return how many persons To and Cc name in the open, declared groups with their size."""
    return sum(persons_among(headers.visible, policy).values())


def unknown_lists(envelope: Envelope, policy: Policy) -> tuple[str, ...]:
    """Return the recipients in our domains that look like a list and are declared nowhere."""
    people = policy.people
    found: dict[str, None] = {}
    for recipient in envelope.recipients:
        if recipient.address is None:
            continue
        person = person_of(recipient.address, people)
        if looks_like_list(person, people) and person not in people.groups and person not in policy.handling.uncounted:
            found[person] = None
    return tuple(found)


def looks_like_list(person: str, people: People) -> bool:
    """Tell whether an address in our domains begins or ends with a word that gives a distribution list of many away."""
    local, _, domain = person.rpartition("@")
    if domain not in people.domains:
        return False
    words = _WORD_END.split(local)
    if domain in people.small_domains and not people.small_names.isdisjoint(words):
        return False
    return not people.list_names.isdisjoint((local, words[0], words[-1]))
