"""The operations page of a real Utpost: what it counts, who may see it, and how a browser and axe-core find it.

With ``UTPOST_PICTURES=FOLDER`` the pictures of the page are kept there.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import tarfile
import time
import urllib.request
from pathlib import Path

import pytest

from tests.conftest import StartUtpost
from tests.support.process import Utpost
from tests.support.relay import ScriptedRelay
from tests.support.smtp import RawClient
from tests.support.tools import program, unavailable

SENDER = b"anna.berg@politik.orkelljunga.se"
CROWD = [f"person{number}@example.org".encode() for number in range(101)]
MESSAGE = b"From: <anna.berg@politik.orkelljunga.se>\r\nSubject: Protokoll\r\n\r\nProtokollet skickas i morgon.\r\n"
WIDEST = """<script>
  const ends = [...document.querySelectorAll("*")].map(e => e.getBoundingClientRect().right);
  const told = {wide: Math.max(...ends), fetched: performance.getEntriesByType("resource").length};
  axe.run().then(result => {
    told.violations = result.violations.map(v => [v.id, v.nodes.map(n => n.html.slice(0, 100))]);
    told.passes = result.passes.length;
    const pre = document.createElement("pre");
    pre.id = "told";
    pre.textContent = JSON.stringify(told);
    document.body.append(pre);
  });
</script>"""


async def some_traffic(utpost: Utpost) -> None:
    for _ in range(6):
        async with await RawClient.greeted(utpost.smtp) as client:
            assert (await client.deliver(SENDER, CROWD, MESSAGE)).startswith(b"550")
    for number in range(7):
        async with await RawClient.greeted(utpost.smtp) as client:
            message = MESSAGE.replace(b"Protokollet", b"Protokollet nummer %d" % number)
            assert (await client.deliver(SENDER, [b"info@example.org"], message)).startswith(b"250")
    deadline = time.monotonic() + 20
    with contextlib.closing(sqlite3.connect(utpost.state / "journal.db")) as journal:
        while journal.execute("SELECT count(*) FROM records").fetchone()[0] < 13:
            assert time.monotonic() < deadline


async def test_the_page_counts_what_was_judged_also_after_a_restart(
    start_utpost: StartUtpost, relay: ScriptedRelay
) -> None:
    utpost = start_utpost(relay.address)
    await some_traffic(utpost)
    first = utpost.get("/?lang=en")[1]
    utpost.stop()
    again = start_utpost(relay.address, state=utpost.state).get("/?lang=en")[1]
    for page in (first, again):
        assert re.findall(
            r">(passed|blocked|Mailing to too many persons)</text>\s*<rect[^>]*>\s*<text[^>]*>([^<]+)<", page
        ) == [*(("blocked", "≈ 5"), ("passed", "≈ 5"), ("Mailing to too many persons", "≈ 5")) * 2]
        assert "anna" not in page
        assert "example.org" not in page


def test_a_journal_that_is_broken_costs_the_page_its_plots_alone(
    start_utpost: StartUtpost, relay: ScriptedRelay, tmp_path: Path
) -> None:
    state = tmp_path / "broken"
    (state / "journal.db").mkdir(parents=True)
    status, page = start_utpost(relay.address, state=state).get("/?lang=en")
    assert status == 200
    assert "The journal cannot be read just now." in page
    assert "Workers that take mail" in page


def test_the_page_asks_for_the_same_password_as_the_metrics(
    start_utpost: StartUtpost, relay: ScriptedRelay, tmp_path: Path
) -> None:
    users = tmp_path / "users"
    users.write_text("drift:hemligt\n")
    utpost = start_utpost(relay.address, settings=(f'metrics.password_file="{users}"',))
    assert {path: utpost.get(path)[0] for path in ("/", "/?lang=en", "/metrics", "/livez")} == {
        "/": 401,
        "/?lang=en": 401,
        "/metrics": 401,
        "/livez": 200,
    }
    token = base64.b64encode(b"drift:hemligt").decode()
    host, port = utpost.metrics
    asked = urllib.request.Request(f"http://{host}:{port}/", headers={"Authorization": f"Basic {token}"})
    with urllib.request.urlopen(asked, timeout=20) as answer:
        assert answer.headers["Content-Language"] == "sv"
        assert "<h1>Utpost</h1>" in answer.read().decode()


# --- in a browser -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """axe-core from npm, or a skip by name."""
    folder = tmp_path_factory.mktemp("axe")
    packed = subprocess.run(
        [program("npm"), "pack", "--silent", "axe-core@4"], cwd=folder, capture_output=True, timeout=100, check=False
    )
    if packed.returncode:
        unavailable("axe-core cannot be fetched from npm")
    with tarfile.open(next(folder.glob("*.tgz"))) as archive:
        member = archive.extractfile("package/axe.min.js")
        assert member is not None
        return member.read().decode()


def browse(folder: Path, file: str, *arguments: str) -> str:
    command = [
        program("chromium"),
        *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
        *("--disable-component-update", "--disable-sync", "--hide-scrollbars", f"--user-data-dir={folder / 'profile'}"),
        *arguments,
        f"file://{folder / file}",
    ]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=100).stdout


def photograph(folder: Path, lang: str) -> None:
    """Make a picture, kept where somebody asked for it."""
    kept = Path(os.environ.get("UTPOST_PICTURES", folder))
    kept.mkdir(parents=True, exist_ok=True)
    picture = folder / "page.png"
    browse(folder, "page.html", "--window-size=900,2600", f"--screenshot={picture}")
    assert picture.read_bytes().startswith(b"\x89PNG")
    shutil.copy(picture, kept / f"operations-{lang}.png")


@pytest.mark.long
@pytest.mark.parametrize("lang", ["sv", "en"])
async def test_axe_has_nothing_to_say_and_nothing_is_fetched_or_sticks_out(
    start_utpost: StartUtpost, relay: ScriptedRelay, tmp_path: Path, axe: str, lang: str
) -> None:
    utpost = start_utpost(relay.address)
    await some_traffic(utpost)
    page = utpost.get(f"/?lang={lang}")[1]
    (tmp_path / "page.html").write_text(page, "utf-8")
    (tmp_path / "axe.html").write_text(page.replace("</body>", f"<script>{axe}</script>{WIDEST}</body>"), "utf-8")
    for width in (500, 1200):
        size = f"--window-size={width},2000"
        for scheme in ("--enable-features=x", "--blink-settings=preferredColorScheme=0"):
            dumped = browse(tmp_path, "axe.html", "--virtual-time-budget=8000", "--dump-dom", size, scheme)
            found = re.search(r'<pre id="told">(.*?)</pre>', dumped)
            assert found is not None
            told = json.loads(found[1])
            assert told["violations"] == []
            assert told["passes"] > 10
            assert told["wide"] <= width
            assert told["fetched"] == 0
    photograph(tmp_path, lang)
