"""Settings: strict TOML on top of defaults; every mistake is listed at once with file, key and line."""

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
