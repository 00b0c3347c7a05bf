"""The player of dialogues itself, played against the scripted relay as the server: it must notice what differs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.dialogue import MODES, BadDialogue, Mismatch, Mode, compare_relay, play, read_dialogue, unescape
from tests.support.relay import ScriptedRelay
from tests.support.smtp import RawClient

TALK = """# A short talk.
answer mail: 250-2.1.0 one
answer mail: 250 2.1.0 two
C: EHLO client.example
S: 220 relay
S* 250
C: MAIL FROM:<a@sender.example>
S= 250-2.1.0 one
S~ 250 2\\.1\\.0 t.o
C: QUIT
S: 221
closed
R: EHLO client.example
R~ MAIL .*
"""


async def played(text: str, mode: Mode, folder: Path, relay: ScriptedRelay) -> None:
    file = folder / "talk.smtp"
    file.write_text(text, encoding="utf-8")
    dialogue = read_dialogue(file)
    dialogue.prepare(relay)
    host, _, port = relay.address.rpartition(":")
    async with await RawClient.connect((host, int(port))) as client:
        await play(dialogue, client, relay, mode)
    await relay.until(lambda: not relay.standing)
    compare_relay(dialogue, relay)


@pytest.mark.parametrize("mode", MODES)
async def test_what_agrees_is_let_pass(mode: Mode, tmp_path: Path, relay: ScriptedRelay) -> None:
    await played(TALK, mode, tmp_path, relay)


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ("S= 250-2.1.0 one", "S= 250-2.1.0 on"),
        ("S: 220 relay", "S: 220 other"),
        ("S* 250", "S* 251"),
        ("S* 250", "E: PIPELINING"),
        ("S~ 250 2\\.1\\.0 t.o", "S~ 250 2\\.1\\.0 t"),
        ("S: 221", "closed"),
        ("closed", "S: 221"),
        ("R~ MAIL .*\n", ""),
        ("R~ MAIL .*", "R~ MAIL"),
        ("R~ MAIL .*", "R~ MAIL .*\nR: DATA"),
    ],
)
@pytest.mark.parametrize("mode", MODES)
async def test_what_differs_is_noticed(
    line: str, instead: str, mode: Mode, tmp_path: Path, relay: ScriptedRelay
) -> None:
    assert line in TALK
    with pytest.raises(Mismatch):
        await played(TALK.replace(line, instead, 1), mode, tmp_path, relay)


@pytest.mark.parametrize("text", ["# Title\nX: what\n", "# Title\nC: \\q\n", "C: no title\n", "# no steps\n"])
def test_a_file_that_cannot_be_read_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "bad.smtp"
    file.write_text(text)
    with pytest.raises(BadDialogue):
        read_dialogue(file)


def test_escapes_are_octets() -> None:
    assert unescape(r"å\xe5\0\r\n\t\s\\x") == b"\xc3\xa5\xe5\0\r\n\t \\x"
