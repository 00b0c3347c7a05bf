"""Judge stored mail offline: what ``utpost check`` does, without a ledger, a letter or any file written."""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from gateway.inspection import inspect_apart
from gateway.judgement import Judgement
from gateway.message.headers import HEADER_BLOCK, scan_headers
from gateway.model import (
    Action,
    Address,
    Circumstances,
    Client,
    Envelope,
    Facts,
    Finding,
    Headers,
    Occasion,
    Part,
    Recipient,
    Refused,
    RuleHit,
    Verdict,
)
from gateway.policy.judge import judge
from gateway.policy.persons import count_persons
from gateway.policy.sender import Scope, responsible_sender
from gateway.smtp.params import read_address

WORDS: Mapping[Action, str] = {
    Action.PASS: "pass",
    Action.OBSERVE: "pass",
    Action.WARN: "warn",
    Action.BLOCK: "block",
    Action.DEFER: "block",
}


class Unreadable(Refused):
    """A file or folder cannot be judged; the text says which and why."""


_SECONDS: Final = 30.0
"""For one message, as the service has it by default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    """The envelope given on the command line; used where no sidecar file is."""

    mail_from: str | None = None
    rcpt_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What came of one message."""

    id: str
    verdict: Verdict
    in_scope: bool
    findings: tuple[Finding, ...]
    parts: tuple[Part, ...]

    @property
    def word(self) -> str:
        """Return ``pass``, ``warn`` or ``block``."""
        return WORDS[self.verdict.action]

    def as_object(self) -> dict[str, Any]:
        """Return the object that ``--json`` prints; its keys are stable."""
        loud = [h for h in self.verdict.hits if h.action >= Action.WARN and h.exempted_by is None]
        quiet = [h for h in self.verdict.hits if h not in loud]
        return {
            "id": self.id,
            "verdict": self.word,
            "rules": names_of(loud),
            "observed": names_of(quiet),
            "findings": [_finding(f) for f in self.findings],
            "parts": [_part(p) for p in self.parts],
        }


def names_of(hits: Iterable[RuleHit]) -> list[str]:
    """Return the rule names of hits, with the kind where findings know one (``special_category:health``)."""
    names: dict[str, None] = {}
    for hit in hits:
        kinds = [f.rule for f in hit.findings if ":" in f.rule]
        names |= dict.fromkeys(kinds or [hit.rule])
    return list(names)


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "detector": finding.detector,
        "confidence": finding.confidence.name.lower(),
        "part": finding.part,
        "segment": finding.segment.value,
        "evidence": finding.evidence,
        "reason": finding.reason,
    }


def _part(part: Part) -> dict[str, Any]:
    return {
        "path": part.path,
        "media_type": part.media_type,
        "filename": part.filename,
        "origin": part.origin.value,
        "state": part.state.value,
    }


# --- finding messages ------------------------------------------------------------------------


def find_messages(paths: Iterable[Path]) -> list[Path]:
    """Return the .eml files named or below the folders named, in order. Raises Unreadable."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(path.rglob("*.eml"))
            if not inside:
                raise Unreadable(f"{path}: no .eml file in this folder")
            found += inside
        elif path.is_file():
            found.append(path)
        else:
            raise Unreadable(f"{path}: no such file or folder")
    return found


def read_envelope(path: Path, flags: Flags, headers: Headers) -> Envelope:
    """Return the envelope from NAME.envelope.json, else the flags, else the header. Raises Unreadable."""
    sidecar = path.with_suffix(".envelope.json")
    mail_from, rcpt_to = flags.mail_from, list(flags.rcpt_to)
    if sidecar.is_file():
        mail_from, rcpt_to = _read_sidecar(sidecar)
    if mail_from is None:
        mail_from = str(headers.from_) if headers.from_ else ""
    if not rcpt_to:
        rcpt_to = [str(a) for a in headers.visible]
    recipients = tuple(Recipient(path=_path(r), address=read_address(_path(r))) for r in rcpt_to)
    return Envelope(sender=read_address(_path(mail_from)), recipients=recipients)


def _read_sidecar(sidecar: Path) -> tuple[str, list[str]]:
    try:
        data = json.loads(sidecar.read_text("utf-8"))
        mail_from, rcpt_to = data["mail_from"], data["rcpt_to"]
    except OSError as error:
        raise Unreadable(f"{sidecar}: cannot be read ({error.strerror})") from None
    except (ValueError, TypeError, KeyError):
        mail_from = rcpt_to = None
    if not isinstance(mail_from, str) or not isinstance(rcpt_to, list) or not all(isinstance(r, str) for r in rcpt_to):
        raise Unreadable(f'{sidecar}: must be {{"mail_from": "address", "rcpt_to": ["address", …]}}')
    return mail_from, rcpt_to


def _path(address: str) -> bytes:
    return f"<{address.strip().removeprefix('<').removesuffix('>')}>".encode("utf-8", "surrogateescape")


def _as_sent(octets: bytes) -> bytes:
    """Give a stored message the line ends it had on the wire."""
    return octets if b"\r\n" in octets[:4096] else octets.replace(b"\n", b"\r\n")


# --- judging ---------------------------------------------------------------------------------


class Checker:
    """Judge one message after another with one set of policies."""

    def __init__(self, judgement: Judgement, scope: Scope, flags: Flags) -> None:
        """Keep what does not change from message to message."""
        self._judgement = judgement
        self._scope = scope
        self._flags = flags

    def check(self, path: Path) -> Checked:
        """Judge a file. Raises Unreadable."""
        try:
            octets = _as_sent(path.read_bytes())
        except OSError as error:
            raise Unreadable(f"{path}: cannot be read ({error.strerror})") from None
        headers = scan_headers(octets[:HEADER_BLOCK])
        return self.check_octets(path.stem, octets, read_envelope(path, self._flags, headers))

    def judge(self, envelope: Envelope, octets: bytes) -> Verdict:
        """Return the verdict alone."""
        return self.check_octets("", octets, envelope).verdict

    def check_octets(self, name: str, octets: bytes, envelope: Envelope) -> Checked:
        """Judge a message that is at hand (CRLF line ends)."""
        circumstances = Circumstances(
            sender=envelope.sender,
            recipients=tuple(r.address for r in envelope.recipients if isinstance(r.address, Address)),
        )
        inspection = inspect_apart(octets, circumstances, self._judgement.lexicon, _SECONDS)
        client = Client(address="")
        responsible = responsible_sender(client, envelope, inspection.message.headers, self._scope)
        verdict = Verdict(action=Action.PASS, hits=())
        if responsible is not None:
            facts = Facts(
                occasion=Occasion(reference="", received_at=datetime.now(UTC), front="check"),
                responsible=responsible,
                envelope=envelope,
                inspection=inspection,
                usage=None,
                persons=count_persons(envelope, self._judgement.policy),
            )
            verdict = judge(self._judgement.policy, facts)
        return Checked(
            id=name,
            verdict=verdict,
            in_scope=responsible is not None,
            findings=inspection.findings,
            parts=inspection.message.parts,
        )


_CHECKER: list[Checker] = []
"""The worker processes' own checker, set once after the fork."""


def _begin(checker: Checker) -> None:
    _CHECKER[:] = [checker]


def _check(path: Path) -> Checked | str:
    try:
        return _CHECKER[0].check(path)
    except Unreadable as error:
        return str(error)


def check_all(checker: Checker, paths: list[Path]) -> Iterator[Checked | str]:
    """Judge many files in order, on all cores; a text stands for a file that cannot be judged."""
    cores = min(os.cpu_count() or 1, len(paths))
    if cores < 2:  # noqa: PLR2004
        _begin(checker)
        yield from map(_check, paths)
        return
    context = multiprocessing.get_context("fork")
    with context.Pool(cores, _begin, (checker,)) as pool:
        yield from pool.imap(_check, paths, chunksize=max(1, min(16, len(paths) // cores)))
