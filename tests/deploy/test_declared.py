"""Image, compose and Kubernetes files as their own tools read them; what they tell Utpost, Utpost understands."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from gateway.config import load_settings

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
TOOLS = Path(sys.executable).parent
MANIFESTS = sorted(p for p in (DEPLOY / "kubernetes").glob("*.yaml") if p.name != "kustomization.yaml")
DRAIN = 30.0


def run(*command: str | Path) -> tuple[int, str]:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


def documents(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(path.read_text("utf-8")))


def test_hadolint_has_nothing_to_say() -> None:
    assert run(TOOLS / "hadolint", "Dockerfile") == (0, "")


def test_every_dependency_is_locked_and_its_licence_allowed() -> None:
    code, told = run(sys.executable, "deploy/lock.py", "--check")
    assert code == 0, told


def test_a_licence_that_nobody_allowed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(DEPLOY))
    import lock  # noqa: PLC0415 - a program, found by path

    monkeypatch.setattr(lock, "ALLOWED", ("EUPL",))
    assert len(lock.unfit(lock.needed())) == len(lock.needed())


def test_compose_file_is_one() -> None:
    compose = DEPLOY / "compose" / "compose.yaml"
    told = run(TOOLS / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", compose)
    assert told[0] == 0, told[1]
    service = documents(compose)[0]["services"]["utpost"]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert float(service["stop_grace_period"].removesuffix("s")) > DRAIN


def test_what_compose_sets_is_a_configuration() -> None:
    words = documents(DEPLOY / "compose" / "compose.yaml")[0]["services"]["utpost"]["command"]
    pairs = [after for word, after in itertools.pairwise(words) if word == "--set"]
    assert load_settings(None, pairs).ledger.url == "redis://redis:6379/0"


@pytest.mark.parametrize("path", MANIFESTS, ids=[p.name for p in MANIFESTS])
def test_kubernetes_knows_every_field(path: Path) -> None:
    for document in documents(path):
        kubernetes_validate.validate(document, "1.29", strict=True)


def test_kustomization_names_every_file() -> None:
    (told,) = documents(DEPLOY / "kubernetes" / "kustomization.yaml")
    assert sorted(told["resources"]) == sorted(p.name for p in MANIFESTS)


def test_probes_and_ports_are_those_of_the_configuration() -> None:
    settings = load_settings(DEPLOY / "kubernetes" / "utpost.toml")
    (told,) = documents(DEPLOY / "kubernetes" / "statefulset.yaml")
    pod = told["spec"]["template"]["spec"]
    ports = {port["name"]: port["containerPort"] for port in pod["containers"][0]["ports"]}
    assert settings.metrics.endpoint is not None
    assert ports == {"smtp": settings.listen.endpoints[0].port, "metrics": settings.metrics.endpoint.port}
    assert pod["terminationGracePeriodSeconds"] > settings.timeouts.drain
