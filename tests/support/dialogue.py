"""Dialogue files: what a client says, what it must hear, and what the relay must have seen.

The format is described in tests/protocol/dialogues/README.md.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from tests.support.relay import FULL, Answer, ScriptedRelay
from tests.support.smtp import RawClient

Mode = Literal["lines", "whole", "octets"]
MODES: Final[tuple[Mode, ...]] = ("lines", "whole", "octets")

_PIECES: Final = 2000
"""Into so many pieces at most is a dialogue cut: long ones are not sent quite octet by octet."""
_ESCAPE: Final = re.compile(r"\\(x[0-9A-Fa-f]{2}|.)", re.DOTALL)
_NAMED: Final = {"r": "\r", "n": "\n", "t": "\t", "0": "\0", "s": " ", "\\": "\\"}
_STEP: Final = re.compile(r"(C|c|S|S=|S~|S\*|E|R|R~)[: ] ?(.*)")
_DIRECTIVE: Final = re.compile(r"(offers|answer|leave|drop|crumbs|set|modes)\b ?([a-z]*): ?(.*)")
_GREETINGS: Final = (b"EHLO", b"HELO")


class BadDialogue(Exception):
    """A dialogue file that cannot be read."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a dialogue: ``kind`` as in the file (C, c, S, S=, S~, S*, E, closed, relay gone)."""

    kind: str
    octets: bytes
    line: int


@dataclass(slots=True, kw_only=True)
class Dialogue:
    """One file."""

    name: str
    title: str = ""
    offers: tuple[str, ...] | None = FULL
    answers: list[tuple[str, Answer]] = field(default_factory=list)
    settings: tuple[str, ...] = ()
    modes: tuple[Mode, ...] = MODES
    crumbs: bool = False
    steps: list[Step] = field(default_factory=list)
    relay: list[tuple[str, bytes]] = field(default_factory=list)
    """(``R`` or ``R~``, octets): the relay's log, in order."""

    def prepare(self, relay: ScriptedRelay) -> None:
        """Make the relay behave as the file says."""
        relay.offers = self.offers
        for stage, answer in self.answers:
            relay.answer(stage, answer)


def read_dialogue(path: Path) -> Dialogue:
    """Read one file. Raises BadDialogue with its line."""
    dialogue = Dialogue(name=path.stem)
    for number, text in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
        try:
            _take(dialogue, number, text)
        except ValueError as error:
            raise BadDialogue(f"{path.name}:{number}: {error}") from None
    if not dialogue.title or not dialogue.steps:
        raise BadDialogue(f"{path.name}: the first line must be a comment that says what is shown, and steps follow")
    return dialogue


def _take(dialogue: Dialogue, number: int, text: str) -> None:
    if text.startswith("#"):
        dialogue.title = dialogue.title or text.lstrip("# ")
    elif text in {"closed", "relay gone"}:
        dialogue.steps.append(Step(text, b"", number))
    elif found := _STEP.fullmatch(text):
        kind, octets = found.group(1), unescape(found.group(2), regex=found.group(1).endswith("~"))
        if kind.startswith("R"):
            dialogue.relay.append((kind, octets))
        else:
            dialogue.steps.append(Step(kind, octets, number))
    elif found := _DIRECTIVE.fullmatch(text):
        _direct(dialogue, *found.groups())
    elif text:
        raise ValueError(f"cannot be read: {text!r}")


def _direct(dialogue: Dialogue, word: str, stage: str, value: str) -> None:
    if word == "offers":
        known: tuple[str, ...] | None = () if dialogue.offers is FULL or dialogue.offers is None else dialogue.offers
        dialogue.offers = None if value == "helo" else () if value == "none" else (*(known or ()), value)
    elif word == "set":
        dialogue.settings += (value,)
    elif word == "modes":
        dialogue.modes = tuple(mode for mode in MODES if mode in value.split())
    elif word == "crumbs":
        dialogue.crumbs = True
    else:
        _script(dialogue, word, stage, unescape(value))


def _script(dialogue: Dialogue, word: str, stage: str, octets: bytes) -> None:
    """Add an answer; a line after ``250-…`` of the same stage continues that reply."""
    answers = dialogue.answers
    octets += b"\r\n" if word != "drop" else b""
    if answers and answers[-1][0] == stage and re.search(rb"(?:^|\n)[0-9]{3}-[^\n]*\n\Z", answers[-1][1].octets):
        octets = answers.pop()[1].octets + octets
    answers.append((stage, Answer(octets=octets, crumbs=dialogue.crumbs, then="on" if word == "answer" else "close")))


def unescape(text: str, *, regex: bool = False) -> bytes:
    r"""Return the octets of a line: UTF-8 with ``\r \n \t \0 \s \\ \xHH``; regular expressions keep theirs."""
    if regex:
        return text.encode()
    out, position = bytearray(), 0
    for found in _ESCAPE.finditer(text):
        out += text[position : found.start()].encode()
        word = found.group(1)
        if word.startswith("x") and len(word) > 1:
            out.append(int(word[1:], 16))
        elif word in _NAMED:
            out += _NAMED[word].encode()
        else:
            raise ValueError(f"unknown escape \\{word}")
        position = found.end()
    return bytes(out + text[position:].encode())


# --- playing -----------------------------------------------------------------------------------


class Mismatch(AssertionError):
    """Something else was heard, or seen, than the file says."""


async def play(dialogue: Dialogue, client: RawClient, relay: ScriptedRelay, mode: Mode) -> None:
    """Play the client's side; raises Mismatch with the line of the file."""
    steps = dialogue.steps
    if mode != "lines":
        sent = b"".join(_sent(step) for step in steps)
        await (client.send(sent) if mode == "whole" else client.drip(sent, size=max(1, len(sent) // _PIECES)))
    position = 0
    while position < len(steps):
        step = steps[position]
        position += 1
        if step.kind in {"C", "c"}:
            if mode == "lines":
                await client.send(_sent(step))
        elif step.kind == "relay gone":
            await relay.until(lambda: not relay.standing)
            await asyncio.sleep(0.1)
        elif step.kind == "E":
            offers = [step.octets]
            while position < len(steps) and steps[position].kind == "E":
                offers.append(steps[position].octets)
                position += 1
            await _hear_offers(dialogue, client, step, offers)
        else:
            await _hear(dialogue, client, step)


def _sent(step: Step) -> bytes:
    return {"C": step.octets + b"\r\n", "c": step.octets}.get(step.kind, b"")


async def _hear(dialogue: Dialogue, client: RawClient, step: Step) -> None:
    try:
        got = await (client.reply() if step.kind == "S*" else client.line())
    except (TimeoutError, EOFError, ConnectionResetError) as error:
        got = b"" if step.kind == "closed" else f"({type(error).__name__})".encode()
    wanted = step.octets
    agrees = {
        "closed": lambda: not got,
        "S": lambda: got.startswith(wanted) and got.endswith(b"\r\n"),
        "S=": lambda: got == wanted + b"\r\n",
        "S~": lambda: re.fullmatch(wanted + rb"\r\n", got) is not None,
        "S*": lambda: got.endswith(b"\r\n") and all(part.startswith(wanted) for part in got.split(b"\r\n")[:-1]),
    }[step.kind]()
    if not agrees:
        raise Mismatch(
            f"{dialogue.name}.smtp:{step.line}: expected {step.kind} {wanted!r}, heard {got!r}"
            f"\nheard in all: {bytes(client.transcript)!r}"
        )


async def _hear_offers(dialogue: Dialogue, client: RawClient, step: Step, offers: list[bytes]) -> None:
    reply = await client.reply()
    heard = sorted(line[4:] for line in reply.split(b"\r\n")[1:-1])
    if not reply.startswith(b"250") or heard != sorted(offer for offer in offers if offer):
        raise Mismatch(f"{dialogue.name}.smtp:{step.line}: expected the offers {offers!r}, heard {reply!r}")


def compare_relay(dialogue: Dialogue, relay: ScriptedRelay) -> None:
    """Compare what the relay saw with the R lines; raises Mismatch.

    QUIT is left out; EHLO and HELO too, unless the file names one.
    """
    log = [line for connection in relay.connections for line in connection.log]
    seen = log if _names_greeting(dialogue) else [line for line in log if not line.startswith(_GREETINGS)]
    fits = len(seen) == len(dialogue.relay) and all(
        re.fullmatch(wanted, line) if kind == "R~" else wanted == line
        for (kind, wanted), line in zip(dialogue.relay, seen, strict=True)
    )
    if not fits:
        expected = [wanted for _, wanted in dialogue.relay]
        raise Mismatch(f"{dialogue.name}.smtp: the relay should have seen\n  {expected!r}\nand saw\n  {seen!r}")


def _names_greeting(dialogue: Dialogue) -> bool:
    return any(wanted.startswith(_GREETINGS) for _, wanted in dialogue.relay)
