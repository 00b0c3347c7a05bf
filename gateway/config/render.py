"""Settings as TOML: what is in force, and the example file made from the models' own documentation."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from gateway.config.settings import Section, Settings
from gateway.config.toml import to_toml

_WIDTH: Final = 100
_NOTHING: Final[Mapping[str, object]] = MappingProxyType({})
_HEAD: Final = """\
# The configuration of Utpost: every key with its default.
# A line that begins with # is a comment: take the # away to set the key.
# Check with: utpost config show --config FILE
"""


def render_settings(settings: Settings) -> str:
    """Return TOML that loads to the same settings; passwords are replaced by ``***``."""
    lines = ["# Settings in force."]
    for title, section in _tables(settings):
        lines += ["", f"[{title}]"] if title else []
        for name in _plain_keys(section):
            lines.append(f"{name} = {to_toml(_redacted(getattr(section, name)))}")
    return "\n".join(lines) + "\n"


def example(chosen: Mapping[str, object] = _NOTHING) -> str:
    """Return the example file: every key documented, its default commented out.

    ``chosen`` maps dotted keys to values that are set instead.
    """
    blocks = [_HEAD]
    for title, section in _tables(Settings()):
        if title:
            blocks.append(f"\n{_comment(type(section).__doc__ or '')}\n[{title}]\n")
        blocks += [_documented(section, name, f"{title}.{name}", chosen) for name in _plain_keys(section)]
    return "\n".join(block.rstrip("\n") + "\n" for block in blocks).replace("\n\n\n", "\n\n")


def _tables(settings: Settings) -> Iterator[tuple[str, Section]]:
    yield "", settings
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, Section):
            yield name, value


def _plain_keys(section: Section) -> list[str]:
    return [name for name in type(section).model_fields if not isinstance(getattr(section, name), Section)]


def _documented(section: Section, name: str, key: str, chosen: Mapping[str, object]) -> str:
    words = type(section).model_fields[name].description or ""
    if key in chosen:
        return f"{_comment(words)}\n{name} = {to_toml(chosen[key])}"
    return f"{_comment(words)}\n#{name} = {to_toml(getattr(section, name))}"


def _comment(words: str) -> str:
    return textwrap.fill(" ".join(words.replace("``", "").split()), _WIDTH, initial_indent="# ", subsequent_indent="# ")


def _redacted(value: object) -> object:
    if not isinstance(value, str) or "://" not in value or "@" not in value:
        return value
    parts = urlsplit(value)
    if parts.password is None:
        return value
    user, place = parts.username or "", parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{user}:***@{place}").geturl()
