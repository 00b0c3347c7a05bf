"""Settings as plain values: the same attributes, and nothing of what has checked them."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

from pydantic import BaseModel

from gateway.config import Settings, load_settings
from gateway.config.plain import plain

WRITTEN = """
[relay]
address = "[::1]:25"
fallback = ["127.0.0.1:26"]
[access]
networks = ["10.0.0.0/8"]
[listen]
smtp = ["127.0.0.1:2526", "[::1]:2526"]
"""


def attributes(section: BaseModel) -> dict[str, object]:
    names = set(dir(type(section))) - set(dir(BaseModel))
    worked_out = {name for name in names if isinstance(getattr(type(section), name), property)}
    return {name: getattr(section, name) for name in worked_out | set(type(section).model_fields)}


def assert_alike(section: BaseModel, other: object) -> None:
    for name, value in attributes(section).items():
        if isinstance(value, BaseModel):
            assert_alike(value, getattr(other, name))
        else:
            assert getattr(other, name) == value, name


def test_every_attribute_and_what_is_worked_out_of_it_stays(tmp_path: Path) -> None:
    file = tmp_path / "utpost.toml"
    file.write_text(WRITTEN, encoding="utf-8")
    settings = load_settings(file, [], {}, lambda _: None)
    again: Settings = pickle.loads(pickle.dumps(plain(settings)))  # noqa: S301 - our own octets
    assert_alike(settings, again)
    assert again.relay.endpoints == settings.relay.endpoints
    assert again.access.parsed == settings.access.parsed
    assert b"pydantic" not in pickle.dumps(plain(settings))


def test_a_running_gateway_has_loaded_nothing_that_checks_files() -> None:
    told = (
        "import sys; from gateway import cli; cli._of_commands('serving', 'add_serve');"
        "print([name for name in ('pydantic', 'email_validator', 'rich') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
