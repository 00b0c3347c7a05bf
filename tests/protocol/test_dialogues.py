"""Every dialogue file: line by line, in one segment, octet by octet."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.dialogue import MODES, Mode, compare_relay, play, read_dialogue
from tests.support.fleet import Fleet
from tests.support.smtp import RawClient

FILES = sorted(Path(__file__).with_name("dialogues").glob("*.smtp"))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
async def test_dialogue(path: Path, mode: Mode, fleet: Fleet) -> None:
    dialogue = read_dialogue(path)
    if mode not in dialogue.modes:
        pytest.skip(f"{path.name} is only played in {', '.join(dialogue.modes)}")
    utpost, relay = fleet.lend(*dialogue.settings)
    dialogue.prepare(relay)
    async with await RawClient.connect(utpost.smtp) as client:
        await play(dialogue, client, mode)
        await client.close()
    await relay.until(lambda: not relay.standing, "the relay is let go when the client has left")
    compare_relay(dialogue, relay)
