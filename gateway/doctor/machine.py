"""The machine that Utpost runs on: files, ports, clock, kernel."""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509

from gateway.config import Endpoint, Settings, parse_endpoint
from gateway.doctor.sign import Sign, failure, note, warning, well
from gateway.health import probe
from gateway.model import InvalidConfiguration
from gateway.sandbox import available, enclose
from gateway.telemetry.protection import load_protection
from gateway.telemetry.readiness import FREE_OCTETS
from gateway.tls import client_context, relay_tls

_SOON: Final = timedelta(days=21)
_ROOM: Final = 1024**3
_TIME_ERROR: Final = 5
"""adjtimex(2): the clock is not kept by anybody."""
_TIMEX_OCTETS: Final = 512
_SANE: Final = 2026


def certificates(settings: Settings) -> Iterator[Sign]:
    """Examine what is shown to clients and to Prometheus, and what the relay's certificate is held against."""
    for name, certificate, load in (
        ("tls", settings.tls.certificate, lambda: client_context(settings.tls)),
        ("metrics.certificate", settings.metrics.certificate, lambda: load_protection(settings.metrics)),
        ("relay.tls", settings.relay.ca_file, lambda: relay_tls(settings)),
    ):
        try:
            load()
        except InvalidConfiguration as error:
            yield from (
                failure(name, p.text, "renew certificate and key together, readable by utpost") for p in error.problems
            )
        else:
            if certificate is not None:
                yield _validity(name, certificate)
    if settings.tls.certificate is None:
        yield note("tls", "clients cannot encrypt, so AUTH is not offered", "set tls.certificate and tls.private_key")


def _validity(name: str, file: Path) -> Sign:
    try:
        until = min(c.not_valid_after_utc for c in x509.load_pem_x509_certificates(file.read_bytes()))
    except (OSError, ValueError):
        return failure(name, f"{file} holds no certificate in PEM", "write the chain there, leaf first")
    left = until - datetime.now(UTC)
    if left < timedelta(0):
        return failure(name, f"{file} ended {until:%Y-%m-%d}", "renew it, then: systemctl reload utpost")
    if left < _SOON:
        return warning(name, f"{file} ends in {left.days} days", "renew it, then: systemctl reload utpost")
    return well(name, f"{file} is valid until {until:%Y-%m-%d}")


def permissions(settings: Settings) -> Iterator[Sign]:
    """Examine who may read what the service alone should."""
    state = settings.state.directory
    if not state.exists():
        yield note("state", f"{state} is not there yet", "it is made at the first start, mode 700")
    elif not os.access(state, os.R_OK | os.W_OK | os.X_OK):
        yield failure("state", f"{state} cannot be written by this user", f"chown -R utpost: {state}")
    elif strange := _of_others(state):
        yield failure("state", f"{', '.join(strange)} in {state} belong to another user", f"chown -R utpost: {state}")
    else:
        yield _closed("state", state, 0o700)
    for key, file in _secrets(settings):
        if not file.exists():
            yield failure(key, f"{file} is not there", "write it, or take the key out of the configuration")
        elif not os.access(file, os.R_OK):
            yield failure(key, f"{file} cannot be read by this user", f"chown utpost: {file}")
        else:
            yield _closed(key, file, 0o600)


def _of_others(state: Path) -> list[str]:
    """Return the files that whoever owns the folder cannot be sure to write, for instance left by root."""
    owner = state.stat().st_uid
    return sorted(path.name for path in state.iterdir() if path.lstat().st_uid != owner)


def _secrets(settings: Settings) -> Iterator[tuple[str, Path]]:
    for key, file in (
        ("tls.private_key", settings.tls.private_key),
        ("metrics.private_key", settings.metrics.private_key),
        ("metrics.password_file", settings.metrics.password_file),
        ("ledger.key_file", settings.ledger.key_file),
        ("records.key_file", settings.records.key_file),
        *(("dkim.keys", file) for _, _, file in settings.dkim.parts),
    ):
        if file is not None:
            yield key, file
    if (secret := settings.state.directory / "secret").exists():
        yield "secret", secret


def _closed(name: str, path: Path, mode: int) -> Sign:
    now = stat.S_IMODE(path.stat().st_mode)
    if now & stat.S_IRWXO:
        return failure(name, f"{path} is open to every user (mode {now:o})", f"chmod {mode:o} {path}")
    return well(name, f"{path} is closed to others (mode {now:o})")


def disk(directory: Path) -> Iterator[Sign]:
    """Examine the file system of the state folder, or of the first folder above it that is there."""
    place = next(p for p in (directory.absolute(), *directory.absolute().parents) if p.exists())
    system = os.statvfs(place)
    free = system.f_bavail * system.f_frsize
    if system.f_flag & os.ST_RDONLY:
        yield failure("disk", f"{place} is read-only", "let state.directory be on a writable file system")
    elif free < FREE_OCTETS:
        yield failure("disk", f"{free // 1024**2} MiB are left at {place}", "make room: letters and counts need it")
    elif free < _ROOM:
        yield warning("disk", f"{free // 1024**2} MiB are left at {place}", "give it 1 GiB")
    else:
        yield well("disk", f"{free // 1024**3} GiB are left at {place}")


def clock() -> Iterator[Sign]:
    """Ask the kernel whether somebody keeps its clock (adjtimex(2)); counting within 24 hours leans on it."""
    now = datetime.now(UTC)
    if now.year < _SANE:
        yield failure("clock", f"it says {now:%Y-%m-%d}", "set it, and run chrony or systemd-timesyncd")
        return
    state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_OCTETS))
    if state == _TIME_ERROR:
        yield warning(
            "clock", f"{now:%Y-%m-%dT%H:%M:%SZ}, kept by nobody", "run chrony or systemd-timesyncd here or on the host"
        )
    else:
        yield well("clock", f"{now:%Y-%m-%dT%H:%M:%SZ}")


def sandbox() -> Iterator[Sign]:
    """Try the fence around processes that open files, in one."""
    there = available()
    missing = [name for name, is_there in (("Landlock", there.landlock), ("seccomp", there.seccomp)) if not is_there]
    if missing:
        yield warning(
            "sandbox", f"no {' and no '.join(missing)} here", "use Linux 5.13 or newer, x86_64 or aarch64, with both"
        )
    elif not _holds():
        yield failure(
            "sandbox",
            "the fence was put up and does not hold",
            "look for a seccomp profile of the container that forbids Landlock",
        )
    else:
        yield well("sandbox", "what opens files is enclosed by Landlock and seccomp")


def _holds() -> bool:
    """Tell whether an enclosed process is kept from a file and from a socket."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            enclose()
            code = (
                0 if _refused(lambda: os.close(os.open("/etc/passwd", os.O_RDONLY))) and _refused(socket.socket) else 1
            )
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def _refused(attempt: object) -> bool:
    try:
        attempt()  # type: ignore[operator]
    except PermissionError:
        return True
    return False


def ports(settings: Settings) -> Iterator[Sign]:
    """Try to listen where the service will; a port in use is well where Utpost itself is using it."""
    places = [("listen.smtp", e) for e in settings.listen.endpoints]
    places += [("listen.smtps", e) for e in settings.listen.tls_endpoints]
    places += [("milter.listen", e) for e in settings.milter.endpoints]
    if settings.metrics.endpoint is not None:
        places.append(("metrics.listen", parse_endpoint(settings.metrics.listen)))
    running = settings.metrics.endpoint is not None and "no answer" not in probe(settings.metrics)[0]
    for key, endpoint in places:
        yield _path(key, endpoint) if endpoint.path else _port(key, endpoint, running=running)


def _path(key: str, endpoint: Endpoint) -> Sign:
    folder = Path(endpoint.path).parent
    if os.access(folder, os.W_OK | os.X_OK):
        return well(key, f"{endpoint} can be made")
    return failure(key, f"{folder} is missing or cannot be written", f"install -d -o utpost -g utpost -m 750 {folder}")


def _port(key: str, endpoint: Endpoint, *, running: bool) -> Sign:
    family = socket.AF_INET6 if ":" in endpoint.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((endpoint.host, endpoint.port))
        except OSError as error:
            return _not_bound(key, endpoint, error, running=running)
    return well(key, f"{endpoint} is free")


def _not_bound(key: str, endpoint: Endpoint, error: OSError, *, running: bool) -> Sign:
    if error.errno == errno.EADDRINUSE and running:
        return well(key, f"{endpoint} is in use, and an Utpost is running")
    if error.errno == errno.EADDRINUSE:
        return failure(key, f"{endpoint} is in use by another program", f"find it: ss -ltnp sport = :{endpoint.port}")
    if error.errno == errno.EACCES:
        return failure(
            key, f"{endpoint} needs privileges", "let systemd listen (utpost.socket), or choose a port above 1023"
        )
    return failure(key, f"{endpoint}: {error.strerror}", "choose an address of this machine")
