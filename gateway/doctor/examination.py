"""The order in which the doctor looks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gateway.config import Settings
from gateway.doctor import machine, mailflow, names, neighbours
from gateway.doctor.sign import Sign, failure, note, warning, well
from gateway.judgement import Judgement, load_judgement, policies_directory
from gateway.model import InvalidConfiguration, Mode
from gateway.policy.load import warnings


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the operator asks for beyond looking."""

    dns: bool = True
    message: mailflow.TestMessage | None = None
    """A message to send; nothing is sent without it."""


def examine(settings: Settings, file: Path | None, wishes: Wishes) -> Iterator[Sign]:
    """Yield what is found, one sign after the other. Nothing is changed and, but for ``wishes.message``, sent."""
    yield from _configuration(settings, file)
    yield from _policies(policies_directory(settings))
    yield from machine.certificates(settings)
    yield from machine.permissions(settings)
    yield from machine.disk(settings.state.directory)
    yield from machine.clock()
    yield from machine.sandbox()
    yield from machine.ports(settings)
    yield from neighbours.relays(settings)
    yield from neighbours.ledger(settings)
    yield from neighbours.clamd(settings)
    yield from neighbours.pictures()
    if wishes.dns:
        yield from names.domains(settings)
    yield from mailflow.motivation(settings, dns=wishes.dns)
    if wishes.message is not None:
        yield from mailflow.journey(settings, wishes.message)


def _configuration(settings: Settings, file: Path | None) -> Iterator[Sign]:
    if file is None:
        yield note("configuration", "no file was given: these are the defaults", "utpost init DIR writes a file")
    else:
        yield well("configuration", f"{file} is valid")
    everywhere = settings.access.networks == type(settings.access)().networks
    outside = [e for e in settings.listen.endpoints if e.host not in {"127.0.0.1", "::1", "localhost"}]
    if everywhere and outside:
        yield warning(
            "access",
            f"listens at {outside[0]}, but only this machine may connect",
            "name the mail servers' networks in access.networks",
        )


def _policies(directory: Path) -> Iterator[Sign]:
    try:
        judgement = load_judgement(directory)
    except InvalidConfiguration as error:
        for problem in error.problems:
            yield failure("policies", str(problem), "correct the file; then: utpost policies lint")
        return
    yield _modes(judgement, directory)
    for problem in warnings(judgement.policy, datetime.now(UTC).date()):
        yield warning("policies", str(problem), "renew or remove it in the rule's file")


def _modes(judgement: Judgement, directory: Path) -> Sign:
    rules = judgement.policy.rules.values()
    strict = [rule.name for rule in rules if rule.mode in {Mode.WARN, Mode.BLOCK}]
    acting = f"{len(strict)} of them warn or block" if strict else "all of them only observe"
    return well("policies", f"{directory}: {len(rules)} rules, {acting}, version {judgement.policy.version}")
