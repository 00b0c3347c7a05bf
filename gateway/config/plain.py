"""Settings as plain values: what a running gateway reads, without what has checked it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

from pydantic import BaseModel

from gateway.config.settings import Settings


def plain(settings: Settings) -> Settings:
    """Return something with the same attributes that needs no library; what is worked out has been, once for all."""
    return cast("Settings", _plain(settings))


def _plain(section: BaseModel) -> SimpleNamespace:
    """Return the fields of a section, and its properties worked out."""
    kind = type(section)
    values = {name: getattr(section, name) for name in kind.model_fields}
    for one in kind.__mro__[: kind.__mro__.index(BaseModel)]:
        values |= {name: getattr(section, name) for name, what in vars(one).items() if isinstance(what, property)}
    return SimpleNamespace(**{n: _plain(v) if isinstance(v, BaseModel) else v for n, v in values.items()})
