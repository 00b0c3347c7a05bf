"""Letters for operators: the outbox without words, previews, and keys that are published as they are."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import dkim
import pytest

from gateway.cli import main
from gateway.letters.compose import compose
from gateway.letters.dkim import Signer, load_key
from gateway.letters.letter import LetterKind
from gateway.letters.outbox import Outbox
from gateway.letters.samples import SAMPLE_HOUSE, samples
from gateway.secret import installation_secret
from tests.unit.letters.test_preview import TEMPLATES

Told = tuple[int, str, str]
Command = Callable[..., Told]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir()
    return folder


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    def run(*words: str) -> Told:
        try:
            code = main(list(words))
        except SystemExit as end:
            code = int(end.code or 0)
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


@pytest.fixture
def letters(state: Path) -> int:
    """How many letters wait in the outbox of ``state``."""
    matters = [m for m in samples(TEMPLATES.texts.rules) if m.kind is LetterKind.BLOCKED][:3]

    async def fill() -> None:
        outbox = Outbox(state / "outbox.db", key=installation_secret(state))
        for number, matter in enumerate(matters):
            letter = compose(matter.kind, matter.context, TEMPLATES, SAMPLE_HOUSE)
            await outbox.put(replace(letter, written_at=datetime.now(UTC), topics=(f"t{number}",)))
        await outbox.close()

    asyncio.run(fill())
    return len(matters)


def test_the_outbox_is_listed_without_words(state: Path, command: Command, letters: int) -> None:
    code, out, _ = command("outbox", "list", "--state", str(state))
    assert code == 0
    assert len(out.splitlines()) == letters + 1
    assert "anna.svensson@politik.orkelljunga.se" in out
    assert "personnummer" not in out.lower()
    rows = [json.loads(line) for line in command("outbox", "list", "--state", str(state), "--json")[1].splitlines()]
    assert {row["state"] for row in rows} == {"ready"}


def test_letters_are_retried_and_dropped(state: Path, command: Command, letters: int) -> None:
    assert command("outbox", "retry", "--state", str(state))[1] == f"{letters} letters are due now\n"
    first = json.loads(command("outbox", "list", "--state", str(state), "--json")[1].splitlines()[0])["id"]
    assert command("outbox", "retry", "--state", str(state), str(first))[1] == "1 letter is due now\n"
    assert command("outbox", "drop", "--state", str(state), str(first))[0] == 0
    assert len(command("outbox", "list", "--state", str(state))[1].splitlines()) == letters
    code, _, err = command("outbox", "drop", "--state", str(state), str(first))
    assert (code, err.startswith(f"utpost: there is no letter {first}")) == (2, True)
    assert command("outbox", "retry", "--state", str(state), str(first))[0] == 2


def test_a_state_folder_that_is_not_there(tmp_path: Path, command: Command) -> None:
    code, _, err = command("outbox", "list", "--state", str(tmp_path / "none"))
    assert code == 2
    assert "is not there" in err


def test_previews_of_every_kind(tmp_path: Path, command: Command) -> None:
    code, out, _ = command("letters", "preview")
    assert code == 0
    assert [line for line in out.splitlines() if line.startswith("--- ")] == [f"--- {k.value} ---" for k in LetterKind]
    assert command("letters", "preview", "--html", str(tmp_path / "pages"))[0] == 0
    assert {p.stem for p in (tmp_path / "pages").iterdir()} == {k.value for k in LetterKind}
    assert command("letters", "preview", "blocked", "--html", str(tmp_path / "one.html"))[0] == 0
    assert (tmp_path / "one.html").read_text("utf-8").startswith("<!DOCTYPE html>")
    code, _, err = command("letters", "preview", "postcard")
    assert code == 2
    assert "there is no letter 'postcard'; there are: blocked" in err


@pytest.mark.parametrize("algorithm", ["rsa-sha256", "ed25519-sha256"])
def test_a_key_is_made_recorded_and_signs(tmp_path: Path, command: Command, algorithm: str) -> None:
    file = tmp_path / "key.pem"
    assert command("dkim", "keygen", str(file), "--algorithm", algorithm)[0] == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    code, _, err = command("dkim", "keygen", str(file))
    assert code == 2
    assert "never overwritten" in err
    setting = f'dkim.keys=["u1._domainkey.orkelljunga.se={file}"]'
    code, out, _ = command("dkim", "record", "--set", setting)
    assert code == 0
    name, _, strings = out.strip().partition(" IN TXT ")
    assert name == "u1._domainkey.orkelljunga.se."
    record = "".join(strings.split('"')[1::2])
    assert all(len(part) <= 255 for part in strings.split('"')[1::2])
    signed = Signer([load_key(file, "orkelljunga.se", "u1")]).sign(
        b"From: a@orkelljunga.se\r\nSubject: x\r\n\r\nhej\r\n"
    )
    assert dkim.verify(signed, dnsfunc=lambda *_, **__: record.encode())


def test_published_records_are_compared(tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "key.pem"
    command("dkim", "keygen", str(file))
    setting = f'dkim.keys=["u1._domainkey.orkelljunga.se={file}"]'
    record = command("dkim", "record", "--set", setting)[1].partition(" IN TXT (")[2].strip()[:-1]
    resolver = tmp_path / "dig"
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    for answer, code, told in (
        (record, 0, "is published"),
        ('"v=DKIM1; k=rsa; p=AAAA"', 1, "holds another key"),
        ("", 1, "is missing"),
    ):
        resolver.write_text(f"#!/bin/sh\ncat <<'END'\n{answer}\nEND\n")
        resolver.chmod(0o755)
        got, out, _ = command("dkim", "check", "--set", setting)
        assert (got, out) == (code, f"u1._domainkey.orkelljunga.se: {told}\n")


def test_no_keys_is_said(command: Command) -> None:
    code, _, err = command("dkim", "record")
    assert code == 2
    assert "dkim.keys is empty" in err


def test_a_key_that_cannot_be_read_is_a_mistake_of_the_configuration(command: Command) -> None:
    code, _, err = command("dkim", "record", "--set", 'dkim.keys=["u1._domainkey.orkelljunga.se=/nowhere/key"]')
    assert code == 2
    assert "cannot be read" in err
    code, _, err = command("dkim", "record", "--set", 'dkim.keys=["/nowhere/key"]')
    assert code == 2
    assert "SELECTOR._domainkey.DOMAIN=FILE" in err
