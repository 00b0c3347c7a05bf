"""Every dialogue file: line by line, in one segment, octet by octet."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.dialogue import Dialogue, Mode, compare_relay, play, read_dialogue
from tests.support.fleet import Fleet
from tests.support.smtp import RawClient

DIALOGUES = [read_dialogue(path) for path in sorted(Path(__file__).with_name("dialogues").glob("*.smtp"))]
CASES = [
    pytest.param(dialogue, mode, id=f"{dialogue.name}-{mode}") for dialogue in DIALOGUES for mode in dialogue.modes
]


@pytest.mark.parametrize(("dialogue", "mode"), CASES)
async def test_dialogue(dialogue: Dialogue, mode: Mode, fleet: Fleet) -> None:
    utpost, relay = fleet.lend(*dialogue.settings)
    dialogue.prepare(relay)
    async with await RawClient.connect(utpost.smtp) as client:
        await play(dialogue, client, relay, mode)
        await client.close()
    await relay.until(lambda: not relay.standing, "the relay is let go when the client has left")
    compare_relay(dialogue, relay)
