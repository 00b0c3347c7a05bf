"""Running the gateway: ``utpost serve``."""

from __future__ import annotations

import argparse
from pathlib import Path

from gateway.commands.arguments import settings_of, settings_options
from gateway.service import serve
from gateway.telemetry.logs import configure


def add_serve(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``serve``."""
    settings_options(parser)
    parser.add_argument("--listen", action="append", metavar="HOST:PORT", help="where clients connect (repeatable)")
    parser.add_argument("--relay", metavar="HOST:PORT", help="the municipal relay")
    parser.add_argument("--state", type=Path, metavar="DIR", help="where outbox, ledger and journal live")
    parser.add_argument("--metrics", metavar="HOST:PORT|off", help="where /metrics, /livez and /readyz are served")
    parser.add_argument("--log-format", choices=("json", "console"), help="json for machines, console for people")
    parser.set_defaults(command=_serve)


def _serve(options: argparse.Namespace) -> int:
    flags = {
        "listen.smtp": tuple(options.listen) if options.listen else None,
        "relay.address": options.relay,
        "state.directory": options.state,
        "metrics.listen": options.metrics,
        "log_format": options.log_format,
    }
    settings = settings_of(options, **flags)
    configure(settings.log_level, settings.log_format)
    return serve(settings, lambda line: print(line, flush=True))
