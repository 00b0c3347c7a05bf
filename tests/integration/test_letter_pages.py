"""Letters in a real browser: nothing sticks out on a narrow telephone, nothing is fetched, and pictures to look at.

With ``UTPOST_PICTURES=FOLDER`` the pictures are kept there: each kind at 320 and 900 pixels, light and dark.
"""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from gateway.letters.compose import typeset
from gateway.letters.draft import Matter
from gateway.letters.letter import LetterKind
from gateway.letters.preview import preview
from gateway.letters.samples import SAMPLE_HOUSE, samples
from tests.unit.letters.test_preview import POLICY, TEMPLATES

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [pytest.mark.long, pytest.mark.skipif(CHROMIUM is None, reason="chromium is missing")]
DARK = "--blink-settings=preferredColorScheme=0"
FRAME = """<!DOCTYPE html><iframe id="page" src="letter.html" style="width:320px;height:4000px;border:0"></iframe>
<pre id="told"></pre><script>onload = () => {
  const page = document.getElementById("page");
  const ends = [...page.contentDocument.querySelectorAll("*")].map(e => e.getBoundingClientRect().right);
  const fetched = page.contentWindow.performance.getEntriesByType("resource").length;
  document.getElementById("told").textContent = Math.max(...ends) + " " + fetched;
}</script>"""


def browse(folder: Path, page: str, arguments: Sequence[str]) -> str:
    command = [
        str(CHROMIUM),
        *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
        *("--disable-component-update", "--disable-sync", "--hide-scrollbars", "--allow-file-access-from-files"),
        f"--user-data-dir={folder / 'profile'}",
        *arguments,
        f"file://{folder / page}",
    ]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=100).stdout


def size_of(picture: Path) -> tuple[int, int]:
    """Return width and height from the head of a PNG file."""
    width, height = struct.unpack(">II", picture.read_bytes()[16:24])
    return width, height


@pytest.mark.parametrize("kind", LetterKind)
def test_on_a_narrow_telephone_nothing_sticks_out_and_nothing_is_fetched(tmp_path: Path, kind: LetterKind) -> None:
    full: Matter = [m for m in samples(TEMPLATES.texts.rules) if m.kind is kind][-1]
    pages = (preview(kind, TEMPLATES, SAMPLE_HOUSE, POLICY.rules), typeset(full, TEMPLATES))
    (tmp_path / "frame.html").write_text(FRAME, "utf-8")
    for page in pages:
        (tmp_path / "letter.html").write_text(page.html, "utf-8")
        dumped = browse(tmp_path, "frame.html", ["--virtual-time-budget=5000", "--dump-dom"])
        told = re.search(r'<pre id="told">([0-9.]+) ([0-9]+)</pre>', dumped)
        assert told is not None
        assert float(told[1]) <= 320
        assert told[2] == "0"


@pytest.mark.parametrize("kind", LetterKind)
def test_pictures_are_made_to_be_looked_at(tmp_path: Path, kind: LetterKind) -> None:
    folder = Path(os.environ.get("UTPOST_PICTURES", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    (tmp_path / "letter.html").write_text(preview(kind, TEMPLATES, SAMPLE_HOUSE, POLICY.rules).html, "utf-8")
    pictures: dict[str, bytes] = {}
    for width, height in ((320, 3200), (900, 1900)):
        for name, arguments in (("light", []), ("dark", [DARK])):
            picture = folder / f"{kind.value}-{width}-{name}.png"
            browse(tmp_path, "letter.html", [f"--window-size={width},{height}", f"--screenshot={picture}", *arguments])
            assert size_of(picture) == (width, height)
            pictures[f"{width} {name}"] = picture.read_bytes()
    assert pictures["320 light"] != pictures["320 dark"]
    assert pictures["900 light"] != pictures["900 dark"]
