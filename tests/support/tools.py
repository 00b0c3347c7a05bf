"""Programs that some tests need: absent, those tests are skipped by name; under CI they fail instead."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final, NoReturn

import pytest

PACKAGES: Final = {
    "postfix": "postfix",
    "sendmail": "postfix",
    "redis-server": "redis-server",
    "prometheus": "prometheus",
    "promtool": "prometheus",
    "prometheus-alertmanager": "prometheus-alertmanager",
    "swaks": "swaks",
    "msmtp": "msmtp",
    "s-nail": "s-nail",
    "curl": "curl",
    "openssl": "openssl",
    "mshow": "mblaze",
    "miltertest": "miltertest",
    "tesseract": "tesseract-ocr tesseract-ocr-swe",
    "clamd": "clamav-daemon",
    "chromium": "chromium",
    "npm": "npm",
    "systemd-analyze": "systemd",
    "systemd-socket-activate": "systemd",
    "systemd-sysusers": "systemd",
    "systemd-tmpfiles": "systemd",
    "strace": "strace",
    "buildah": "buildah",
    "debootstrap": "debootstrap",
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "ip": "iproute2",
}
"""Program → the Debian package it comes from (tests/setup/packages.txt)."""

_PLACES: Final = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))


def program(name: str) -> str:
    """Return the path of a program; where it is missing, skip the test by name, or fail under CI=true."""
    found = shutil.which(name, path=_PLACES)
    if found is None:
        unavailable(f"{name} is not installed (Debian package {PACKAGES[name]})")
    return found


def folder(path: Path) -> Path:
    """Return a folder of material that lies beside the repository; where it is missing, skip the test by name."""
    if not path.is_dir():
        pytest.skip(f"{path.name} is not there")
    return path


def need_root(what: str) -> None:
    """Skip the test by name where we are not root, or fail under CI=true."""
    if os.geteuid() != 0:
        unavailable(f"{what} can only be started by root")


def unavailable(why: str) -> NoReturn:
    """Skip with a reason, or fail under CI=true, where nothing may be missing."""
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(why, pytrace=False)
    pytest.skip(why)
