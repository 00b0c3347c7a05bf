"""Settings: strict TOML on top of defaults; every mistake is listed at once with file, key and line.

A name is loaded when it is asked for: a running gateway needs none of what reads and checks configuration.
"""

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from gateway.config.endpoint import Endpoint, parse_endpoint
    from gateway.config.load import load_settings
    from gateway.config.render import example, render_settings
    from gateway.config.settings import (
        Access,
        JournalSettings,
        LedgerSettings,
        LettersSettings,
        Limits,
        Listen,
        MetricsSettings,
        Policies,
        Relay,
        Scope,
        Section,
        Settings,
        State,
        Timeouts,
        Tls,
    )

__all__ = [
    "Access",
    "Endpoint",
    "JournalSettings",
    "LedgerSettings",
    "LettersSettings",
    "Limits",
    "Listen",
    "MetricsSettings",
    "Policies",
    "Relay",
    "Scope",
    "Section",
    "Settings",
    "State",
    "Timeouts",
    "Tls",
    "example",
    "load_settings",
    "parse_endpoint",
    "render_settings",
]

_ELSEWHERE: Final = {
    "Endpoint": "endpoint",
    "parse_endpoint": "endpoint",
    "load_settings": "load",
    "example": "render",
    "render_settings": "render",
}
"""Name → its module, where that is not ``settings``."""


def __getattr__(name: str) -> Any:
    """Load what was asked for."""
    if name not in __all__:
        raise AttributeError(name)
    return getattr(importlib.import_module(f"{__name__}.{_ELSEWHERE.get(name, 'settings')}"), name)
