"""The image, built and run with buildah.

Not run, since only an engine could: the health check, a read-only root, tini as process 1. ``UTPOST_BUILDAH`` names a
folder in which the base is kept between runs.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.examples import read_examples, send
from tests.support.relay import ScriptedRelay
from tests.support.tools import need_root, program

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = ("/etc/pip.conf", "/etc/xdg/pip")
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


class Store:
    """A buildah store of our own, with the image in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.words = [program("buildah"), "--root", f"{folder}/root", "--runroot", f"{folder}/run"]
        self.words += ["--storage-driver", "vfs"]

    def __call__(self, *words: str) -> str:
        done = subprocess.run([*self.words, *words], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout.strip()


def places() -> list[str]:
    """Return where this machine's pip finds its settings, and folders of packages that they name."""
    told = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False)
    folders = re.findall(r"(?:file://|(?<=[\s'\"]))(/[^\s'\"\\]+)", told.stdout)
    found = [p.removesuffix("/simple") for p in (AUTHORITIES, *SETTINGS, *folders) if Path(p).exists()]
    return [p for p in dict.fromkeys(found) if not any(str(above) in found for above in Path(p).parents)]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    need_root("buildah with isolation chroot")
    program("debootstrap")
    kept = os.environ.get("UTPOST_BUILDAH")
    store = Store(Path(kept) if kept else tmp_path_factory.mktemp("buildah"))
    subprocess.run([ROOT / "tests" / "setup" / "image-base.sh", store.folder, sys.executable], check=True)
    volumes = [word for place in places() for word in ("-v", f"{place}:{place}:ro")]
    words = ["--isolation", "chroot", "--network", "host", "--pull-never", "--format", "docker", *volumes]
    store("bud", *words, "-t", "utpost-test", ".")
    yield store
    store("rmi", "-f", "utpost-test")


@pytest.fixture
def container(store: Store) -> Iterator[list[str]]:
    name = store("from", "--pull-never", "localhost/utpost-test")
    yield [*store.words, "run", "--isolation", "chroot", "--network", "host", name, "--"]
    store("rm", name)


def test_it_is_nobody_and_has_no_tools(container: list[str]) -> None:
    script = "id -u; for p in gcc cc make pip; do command -v $p; done; touch /opt/utpost/x 2>/dev/null && echo writable"
    done = subprocess.run([*container, "sh", "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.split() == ["10001"]


def test_its_doctor_finds_the_fence_and_tesseract(container: list[str]) -> None:
    command = [*container, "utpost", "doctor", "--json", "--no-dns"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    signs = {sign["name"]: sign["level"] for sign in map(json.loads, done.stdout.splitlines())}
    assert signs["sandbox"] == signs["tesseract"] == signs["policies"] == "well"


def test_it_says_what_it_is_made_of(container: list[str]) -> None:
    command = [*container, "cat", "/opt/utpost/sbom.json"]
    bill = json.loads(subprocess.run(command, capture_output=True, timeout=60, check=True).stdout)
    assert bill["bomFormat"] == "CycloneDX"
    named = {component["name"].lower() for component in bill["components"]}
    assert {"utpost", "aiosmtpd", "dkimpy", "cryptography"} <= named
    assert not {"pip", "cyclonedx-bom"} & named


def test_what_it_declares(store: Store) -> None:
    told = json.loads(store("inspect", "--type", "image", "localhost/utpost-test"))["Docker"]["config"]
    assert told["User"] == "10001:10001"
    assert told["Entrypoint"] == ["/usr/bin/tini", "--", "utpost"]
    assert told["Healthcheck"]["Test"] == ["CMD", "utpost", "health"]
    assert told["Labels"]["org.opencontainers.image.licenses"] == "EUPL-1.2"


def test_the_example_messages_go_through_it_as_their_files_say(container: list[str]) -> None:
    with ScriptedRelay() as relay:
        command = [*container, "utpost", "serve", "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0"]
        command += ["--relay", relay.address, "--state", "/var/lib/utpost", "--set", "workers=1"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            host, _, port = ready["smtp"][0].rpartition(":")
            for example in read_examples():
                code = 550 if example.verdict == "block" else 250
                answer = send(example, host, int(port))
                assert answer.code == code, (example.name, answer)
                taken = [transaction.content for transaction in relay.transactions]
                assert (example.octets in taken) == (code == 250), example.name
            relay.wait(lambda: any(t.mail.startswith(b"MAIL FROM:<>") for t in relay.deliveries), "a letter came")
            os.kill(ready["pid"], signal.SIGTERM)
            process.wait(60)
        finally:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
