"""The site builds without a warning, and what is made from the program is as the program is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.config import Section, Settings
from gateway.judgement import load_judgement

ROOT = Path(__file__).resolve().parents[2]


def test_generated_pages_are_current() -> None:
    command = [sys.executable, "docs/generate.py", "--check"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False, env=environment)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_site_builds_strictly(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "WARNING" not in done.stderr
    assert (tmp_path / "site" / "fragor-och-svar.html").is_file()


def test_every_key_is_in_the_reference() -> None:
    text = (ROOT / "docs" / "reference.md").read_text("utf-8")
    for name, value in Settings():
        if isinstance(value, Section):
            section = text.partition(f"\n## [{name}]\n")[2].partition("\n## ")[0]
            assert [key for key in type(value).model_fields if f"| `{key}` |" not in section] == []


def test_every_rule_stands_under_its_section_in_the_guide() -> None:
    text = (ROOT / "docs" / "regler.md").read_text("utf-8")
    for rule in load_judgement(ROOT / "policies").policy.rules.values():
        part = text.partition(f'<a id="{rule.name}"></a>')[2].partition("<a id=")[0]
        assert f"punkt {rule.section}." in part


@pytest.mark.parametrize("name", ["README.md", "README.sv.md", "SECURITY.md", "deploy/systemd/README.md"])
def test_links_to_files_lead_somewhere(name: str) -> None:
    page = ROOT / name
    links = [part.partition(")")[0] for part in page.read_text("utf-8").split("](")[1:]]
    assert [link for link in links if "://" not in link and not (page.parent / link.partition("#")[0]).exists()] == []
