"""The shipped rules and dashboard on a real Prometheus and Alertmanager, before a Utpost in every kind of trouble."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from tests.support.process import UTPOST, Utpost
from tests.support.prometheus import DEPLOY, RULES, Alertmanager, Prometheus, quick
from tests.support.relay import ScriptedRelay
from tests.support.smtp import RawClient
from tests.support.tools import program

ROOT: Final = Path(__file__).parents[2]
RUNBOOK: Final = ROOT / "docs" / "runbook.md"
SENDER: Final = b"anna.berg@politik.orkelljunga.se"
MESSAGE: Final = (
    b"From: <anna.berg@politik.orkelljunga.se>\r\nSubject: Protokoll\r\n\r\nProtokollet skickas i morgon.\r\n"
)
CROWD: Final = [f"person{number}@example.org".encode() for number in range(101)]
PATIENCE: Final = 60.0
HOUR: Final = 3600


def alerts() -> list[str]:
    return re.findall(r"(?m)^ +- alert: (\w+)$", RULES.read_text("utf-8"))


def chapters() -> dict[str, str]:
    parts = re.split(r"(?m)^### (\w+)$", RUNBOOK.read_text("utf-8"))
    return dict(zip(parts[1::2], parts[2::2], strict=True))


# --- the files themselves ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ("check", "config", "prometheus.yml"),
        ("check", "rules", "utpost.rules.yml"),
        ("test", "rules", "utpost.test.yml", "utpost.days.test.yml"),
    ],
)
def test_promtool_agrees(words: tuple[str, ...]) -> None:
    command = [program("promtool"), *words]
    done = subprocess.run(command, cwd=DEPLOY / "prometheus", capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_is_tried_on_numbers_that_fire_and_on_numbers_that_do_not() -> None:
    tests = "".join(file.read_text("utf-8") for file in (DEPLOY / "prometheus").glob("*.test.yml"))
    named = re.findall(r"(?m)^  - name: (\w+) (speaks|keeps quiet)$", tests)
    assert sorted(named) == sorted((alert, way) for alert in alerts() for way in ("speaks", "keeps quiet"))
    for block in tests.split("  - name: ")[1:]:
        assert ("exp_alerts: []" in block) is ("keeps quiet\n" in block)


def test_each_alert_has_its_chapter_in_the_runbook() -> None:
    assert list(chapters()) == alerts()
    links = re.findall(r'runbook_url: "docs/runbook\.md#(\w+)"', RULES.read_text("utf-8"))
    assert links == [alert.lower() for alert in alerts()]
    for alert, text in chapters().items():
        for part in ("**Meaning:**", "**First look:**", "**Remedy:**"):
            assert text.count(part) == 1, (alert, part)


def test_the_rules_ask_for_nothing_that_utpost_does_not_show(shared: tuple[Utpost, ScriptedRelay]) -> None:
    shown = set(re.findall(r"(?m)^(utpost_\w+)[ {]", shared[0].get("/metrics")[1]))
    assert set(re.findall(r"utpost_\w+", re.sub(r"(?m)^ *#.*$", "", RULES.read_text("utf-8")))) <= shown


# --- in operation -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scene:
    """Two Utposts, watched: ``strict`` has the policies as shipped, ``lenient`` lets pass what it cannot judge."""

    strict: Utpost
    lenient: Utpost
    relay: ScriptedRelay
    prometheus: Prometheus
    alertmanager: Alertmanager
    told: dict[str, dict[str, str]] = field(default_factory=dict)

    def heard(self) -> dict[str, dict[str, str]]:
        """Return every alert that the Alertmanager has held so far, with its annotations."""
        self.told.update(self.alertmanager.alerts())
        return self.told

    def trace(self) -> None:
        """Wait until everything has been scraped often enough for a rate."""
        wait_for(lambda: bool(self.prometheus.query("min(count_over_time(utpost_build_info[6s])) > 4")))


def wait_for(condition: Callable[[], bool], told: Callable[[], str] = str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, told()
        time.sleep(0.2)


def lenient_policies(folder: Path) -> Path:
    shutil.copytree(ROOT / "policies", folder)
    for rule in (folder / "rules").glob("*.toml"):
        rule.write_text(re.sub(r"(?m)^on_error = .*$", 'on_error = "pass"', rule.read_text("utf-8")), "utf-8")
    return folder


async def send(utpost: Utpost, *recipients: bytes, message: bytes = MESSAGE) -> bytes:
    async with await RawClient.greeted(utpost.smtp) as client:
        return await client.deliver(SENDER, list(recipients or (b"info@example.org",)), message)


def nobody() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


@contextlib.contextmanager
def with_an_old_letter(relay: ScriptedRelay, state: Path, *settings: str) -> Iterator[Utpost]:
    """Let a letter wait that was written an hour ago and whose relay is away."""
    import asyncio  # noqa: PLC0415 - a fixture that is no coroutine

    settings = (f'letters.relay="{nobody()}"', *settings)
    with Utpost(relay.address, state=state, settings=settings) as utpost:
        assert asyncio.run(send(utpost, *CROWD)).startswith(b"550")
    with contextlib.closing(sqlite3.connect(state / "outbox.db")) as outbox, outbox:
        written = outbox.execute("SELECT written_at FROM letters").fetchall()
        assert len(written) == 1
        unit = 10 ** (len(str(written[0][0])) - 10)
        outbox.execute("UPDATE letters SET written_at = written_at - ?", (HOUR * unit,))
    with Utpost(relay.address, state=state, settings=settings) as utpost:
        yield utpost


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("scene")
    policies = lenient_policies(folder / "policies")
    with contextlib.ExitStack() as stack:
        relay = stack.enter_context(ScriptedRelay())
        strict = stack.enter_context(Utpost(relay.address, state=folder / "strict"))
        wish = f'policies.directory="{policies}"'
        lenient = stack.enter_context(with_an_old_letter(relay, folder / "lenient", wish))
        alertmanager = stack.enter_context(Alertmanager(folder / "alertmanager"))
        places = [f"{host}:{port}" for host, port in (strict.metrics, lenient.metrics)]
        prometheus = Prometheus(
            folder / "prometheus", [*places, nobody()], alertmanager.address, quick(RULES.read_text("utf-8"))
        )
        stack.enter_context(prometheus)
        yield Scene(strict, lenient, relay, prometheus, alertmanager)


def observe_everything(utpost: Utpost) -> None:
    subprocess.run([UTPOST, "observe", "--all", "--state", utpost.state], check=True, timeout=30, capture_output=True)


@contextlib.contextmanager
def locked(file: Path) -> Iterator[None]:
    """Keep everybody else from writing into a database."""
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as held:
        held.execute("BEGIN IMMEDIATE")
        yield
        held.rollback()


async def test_trouble_that_is_real_reaches_the_alertmanager(scene: Scene) -> None:
    scene.trace()
    strict, lenient = scene.strict, scene.lenient
    assert (await send(strict)).startswith(b"250")
    expected = {"UtpostDown", "UtpostOutboxStuck"}

    with locked(strict.state / "ledger.sqlite"), locked(lenient.state / "ledger.sqlite"):
        assert (await send(strict)).startswith(b"451")
        scene.heard()
        assert (await send(lenient)).startswith(b"250")
        scene.heard()
        expected |= {"UtpostLedgerDown", "UtpostDeferring", "UtpostFailOpen"}

        rule = Path(next(s for s in lenient.command if "policies.directory" in s).split('"')[1]) / "rules/private.toml"
        rule.write_text('mode = "sometimes"\n')
        lenient.signal(signal.SIGHUP)
        observe_everything(strict)
        scene.relay.refuse()
        for utpost in (strict, lenient):
            async with await RawClient.connect(utpost.smtp) as client:
                await client.expect(b"220")
                await client.command(b"EHLO client.example", b"421")
        expected |= {"UtpostPolicyReloadFailed", "UtpostRulesObserved", "UtpostRelayDown"}

        scene.heard()
        wait_for(lambda: not expected - set(scene.heard()), lambda: f"not heard of: {expected - set(scene.heard())}")
    for name in expected:
        assert scene.heard()[name]["runbook_url"] == f"docs/runbook.md#{name.lower()}"


# --- the dashboard ----------------------------------------------------------------------------------

DASHBOARD: Final = json.loads((DEPLOY / "grafana" / "utpost.json").read_text("utf-8"))
QUERIES: Final = [
    (panel["title"], target["expr"]) for panel in DASHBOARD["panels"] for target in panel.get("targets", ())
]


def as_asked(expression: str) -> str:
    """Return what Grafana would ask: its variables filled in, windows short."""
    return re.sub(r"\[(\$__rate_interval|\d+[mhd])\]", "[6s]", expression).replace("$instance", ".*")


def test_every_panel_of_the_dashboard_has_data(scene: Scene) -> None:
    scene.trace()
    empty = [title for title, expression in QUERIES if not scene.prometheus.query(as_asked(expression))]
    assert not empty
    for note in DASHBOARD["annotations"]["list"]:
        scene.prometheus.query(as_asked(note["expr"]))  # is answered with an error where it is wrong


def test_the_dashboard_is_whole() -> None:
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = [
        (p["gridPos"]["x"] + dx, p["gridPos"]["y"] + dy)
        for p in panels
        for dx in range(p["gridPos"]["w"])
        for dy in range(p["gridPos"]["h"])
    ]
    assert len(set(taken)) == len(taken), "panels lie on each other"
    assert max(x for x, _ in taken) < 24
    assert [variable["name"] for variable in DASHBOARD["templating"]["list"]] == ["datasource", "instance"]
