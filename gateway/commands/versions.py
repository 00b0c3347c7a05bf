"""What ``utpost --version`` says."""

from __future__ import annotations

from gateway import __version__
from gateway.config import Settings
from gateway.judgement import load_judgement, policies_directory


def versions() -> str:
    """Return the versions of the program and of the policies that came with it."""
    return f"utpost {__version__} (policies {load_judgement(policies_directory(Settings())).policy.version})"
