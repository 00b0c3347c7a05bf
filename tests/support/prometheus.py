"""A real Prometheus and a real Alertmanager on free ports of 127.0.0.1, with the shipped rules made quick."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Self

from tests.support.tools import program

DEPLOY: Final = Path(__file__).parents[2] / "deploy"
RULES: Final = DEPLOY / "prometheus" / "utpost.rules.yml"
_START_SECONDS: Final = 30.0


def quick(rules: str) -> str:
    """Return rules whose windows are short and whose alerts do not wait; all else is as shipped."""
    rules = rules.replace("[1m]", "[6s]")
    rules = re.sub(r"\[\d+[mhd]\]", "[30s]", rules)
    return re.sub(r"(?m)^( +for:) .*$", r"\1 0s", rules)


class Server:
    """A program that answers HTTP on a port of its own."""

    def __init__(self, folder: Path) -> None:
        """Choose a port; nothing is started yet."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{probe.getsockname()[1]}"
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        """Return how it is started in the foreground; for the subclass."""
        raise NotImplementedError

    def start(self) -> Self:
        """Start it and wait until it is ready."""
        with (self.folder / "output").open("wb") as output:
            self._process = subprocess.Popen(self.command(), stdout=output, stderr=output, cwd=self.folder)
        deadline = time.monotonic() + _START_SECONDS
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError((self.folder / "output").read_text()[-2000:])
            time.sleep(0.1)
        return self

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
            self._process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def ask(self, path: str, **query: str) -> Any:
        """Return the JSON answer to a question."""
        words = f"?{urllib.parse.urlencode(query)}" if query else ""
        with urllib.request.urlopen(f"http://{self.address}{path}{words}", timeout=10) as answer:
            return json.load(answer)

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://{self.address}/-/ready", timeout=1) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


class Alertmanager(Server):
    """Takes alerts and tells nobody."""

    def command(self) -> list[str]:
        """Return how it is started."""
        config = self.folder / "alertmanager.yml"
        config.write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
        return [
            program("prometheus-alertmanager"),
            f"--config.file={config}",
            f"--storage.path={self.folder / 'data'}",
            f"--web.listen-address={self.address}",
            "--cluster.listen-address=",
        ]

    def alerts(self) -> dict[str, dict[str, str]]:
        """Return alerts by name, with their annotations."""
        return {alert["labels"]["alertname"]: alert["annotations"] for alert in self.ask("/api/v2/alerts")}


class Prometheus(Server):
    """Scrapes ``targets`` (HOST:PORT) twice a second as the job ``utpost``."""

    def __init__(self, folder: Path, targets: Sequence[str], alertmanager: str, rules: str) -> None:
        """``alertmanager`` is its HOST:PORT; ``rules`` the text of a rule file."""
        super().__init__(folder)
        self._targets, self._alertmanager, self._rules = targets, alertmanager, rules

    def command(self) -> list[str]:
        """Return how it is started."""
        (self.folder / "utpost.rules.yml").write_text(self._rules)
        shipped = (DEPLOY / "prometheus" / "prometheus.yml").read_text()
        config = shipped.replace("15s", "500ms").replace("10s", "500ms")
        config = config.replace('"127.0.0.1:9925"', ", ".join(f'"{target}"' for target in self._targets))
        (self.folder / "prometheus.yml").write_text(config.replace("127.0.0.1:9093", self._alertmanager))
        return [
            program("prometheus"),
            f"--config.file={self.folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={self.folder / 'data'}",
            f"--web.listen-address={self.address}",
        ]

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return the instant vector of an expression."""
        found: list[dict[str, Any]] = self.ask("/api/v1/query", query=expression)["data"]["result"]
        return found
