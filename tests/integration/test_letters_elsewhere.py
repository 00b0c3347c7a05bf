"""Letters as the MIME library of another house reads them: mblaze, written in C, shares nothing with Python's."""

from __future__ import annotations

import re
import subprocess
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from gateway.letters.compose import compose
from gateway.letters.letter import LetterKind
from gateway.letters.samples import samples
from tests.support.tools import program
from tests.unit.letters.test_preview import TEMPLATES

_PART = re.compile(r"^ +(\d+): (\S+) size=", re.MULTILINE)
REPORTED = ["multipart/report", "multipart/alternative", "text/plain", "text/html"]
REPORTED += ["message/delivery-status", "text/rfc822-headers"]


def told(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    assert done.stderr == b"", done.stderr
    return done.stdout.decode()


@pytest.mark.parametrize("kind", LetterKind)
def test_every_letter_is_read_alike_and_without_a_complaint(tmp_path: Path, kind: LetterKind) -> None:
    mshow = program("mshow")
    letter = tmp_path / "letter"
    for matter in [m for m in samples(TEMPLATES.texts.rules) if m.kind is kind][:6]:
        octets = compose(kind, matter.context, TEMPLATES, matter.house).octets
        letter.write_bytes(octets)
        ours = message_from_bytes(octets, policy=default)
        parts = _PART.findall(told(mshow, "-t", str(letter)))
        report = kind is LetterKind.REPORT and matter.context.status is not None
        assert [type_ for _, type_ in parts] == (REPORTED if report else ["multipart/alternative", *REPORTED[2:4]])
        for wanted in ("plain", "html"):
            number = next(number for number, type_ in parts if type_ == f"text/{wanted}")
            body = ours.get_body((wanted,))
            assert body is not None
            assert told(mshow, "-O", str(letter), number).split() == body.get_content().split()
        for name in ("subject", "message-id", "auto-submitted", "x-utpost-letter"):
            assert told("mhdr", "-d", "-h", name, str(letter)).strip() == str(ours[name])
