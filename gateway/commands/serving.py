"""Running the gateway: ``utpost serve``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.commands.arguments import settings_of, settings_options
from gateway.errand import Errand
from gateway.judgement import Judgement, load_judgement, policies_directory
from gateway.service import serve
from gateway.telemetry.logs import configure

if TYPE_CHECKING:
    from gateway.config import Settings


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
    return serve(lambda: _loaded(options, flags), lambda line: print(line, flush=True))


def _loaded(options: argparse.Namespace, flags: dict[str, object]) -> tuple[Settings, Judgement]:
    """Return settings and policies: what reads and checks them is loaded in a process that ends afterwards."""
    settings, judgement = Errand(lambda: _read(options, flags)).result()
    configure(settings.log_level, settings.log_format)
    return settings, judgement


def _read(options: argparse.Namespace, flags: dict[str, object]) -> tuple[Settings, Judgement]:
    from gateway.config.plain import plain  # noqa: PLC0415

    settings = settings_of(options, **flags)
    return plain(settings), load_judgement(policies_directory(settings))
