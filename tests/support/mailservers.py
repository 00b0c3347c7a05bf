"""Exim, OpenSMTPD and Sendmail, real ones, unpacked and not installed, with configuration, spool and port of their own.

They want users of their own and fixed places; they are started in a mount namespace where only they see such, so that
nothing of the machine changes.
"""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import ClassVar, Final, Self

import pytest

START_SECONDS: Final = 20.0

_EXIM: Final = """\
exim_path = {binary}
spool_directory = {folder}/spool
log_file_path = {folder}/log/%slog
pid_file_path = {folder}/exim.pid
primary_hostname = exim.example
local_interfaces = 127.0.0.1
disable_ipv6 = true
tls_advertise_hosts =
host_lookup =
rfc1413_query_timeout = 0s
acl_smtp_rcpt = accept
acl_smtp_data = accept
dsn_advertise_hosts = *
accept_8bitmime = true
message_size_limit = 60M
smtp_accept_max = 100
begin routers
onwards:
  driver = manualroute
  route_list = * 127.0.0.1
  self = send
  transport = onwards
begin transports
onwards:
  driver = smtp
  port = {target}
  allow_localhost = true
  connection_max_messages = 500
begin retry
* * F,1h,2s
"""

_OPENSMTPD: Final = """\
listen on 127.0.0.1 port {port}
action "onwards" relay host smtp://127.0.0.1:{target}
match from any for any action "onwards"
"""


_SENDMAIL: Final = """\
include(`{cf}/m4/cf.m4')
OSTYPE(`linux')
define(`confDOMAIN_NAME', `sendmail.example')
define(`confPID_FILE', `{folder}/sendmail.pid')
define(`QUEUE_DIR', `{folder}/queue')
define(`ALIAS_FILE', `')
define(`STATUS_FILE', `')
define(`HELP_FILE', `')
define(`confDONT_BLAME_SENDMAIL', `GroupWritableDirPathSafe')
define(`confDEF_USER_ID', `root:root')
define(`confRUN_AS_USER', `root')
define(`confDELIVERY_MODE', `i')
define(`confTO_IDENT', `0s')
define(`SMART_HOST', `relay:[127.0.0.1]')
define(`RELAY_MAILER_ARGS', `TCP $h {target}')
FEATURE(`nocanonify')
FEATURE(`accept_unresolvable_domains')
FEATURE(`promiscuous_relay')
FEATURE(`no_default_msa')
DAEMON_OPTIONS(`Port={port}, Addr=127.0.0.1, Name=MTA')
INPUT_MAIL_FILTER(`utpost', `S={milter}, F=T, T=C:10s;S:10s;R:10s;E:60s')
MAILER(`smtp')
"""


def fetched(package: str, cache: Path) -> Path:
    """Return a folder with a Debian package unpacked, fetched once; where that cannot be, skip the test by name."""
    place = cache / package
    if (place / "usr").is_dir():
        return place
    place.mkdir(parents=True, exist_ok=True)
    for command in (["apt-get", "download", package], ["sh", "-c", f"dpkg -x {package}_*.deb ."]):
        try:
            done = subprocess.run(command, cwd=place, capture_output=True, timeout=60, check=False)
        except (OSError, subprocess.TimeoutExpired):
            pytest.skip(f"{package} is not there, and cannot be fetched")
        if done.returncode != 0:
            pytest.skip(f"{package} is not there, and cannot be fetched")
    return place


class MailServer:
    """A mail server on a free port of 127.0.0.1 that hands on what it accepts to ``target``, a port of 127.0.0.1."""

    package: ClassVar[str]
    binary: ClassVar[str]
    users: ClassVar[tuple[tuple[str, int], ...]]
    configuration: ClassVar[str]
    before: ClassVar[tuple[str, ...]] = ()
    """Shell commands in its own view of the machine, before it starts."""

    def __init__(self, cache: Path, folder: Path, target: int) -> None:
        """Write its configuration below ``folder``; nothing is started yet."""
        if os.geteuid() != 0 or shutil.which("unshare") is None:
            pytest.skip(f"{self.package} can only be started by root, with unshare")
        self._folder = folder
        self._binary = fetched(self.package, cache) / self.binary
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            self.port: int = sock.getsockname()[1]
        self._file = folder / "configuration"
        self._file.write_text(
            self.configuration.format(binary=self._binary, folder=folder, port=self.port, target=target)
        )
        for directory in (folder, *folder.parents):
            if directory.stat().st_uid == os.geteuid() and not directory.stat().st_mode & 0o001:
                directory.chmod(directory.stat().st_mode | 0o011)
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        """Return how it is started in the foreground; for the subclass."""
        raise NotImplementedError

    def _own_view(self, command: list[str]) -> list[str]:
        steps = []
        for file in ("passwd", "group"):
            own = self._folder / file
            rest = "::/:/usr/sbin/nologin" if file == "passwd" else ""
            more = [f"{name}:x:{n}:{f'{n}{rest}' if rest else ''}" for name, n in self.users]
            own.write_text("\n".join([Path(f"/etc/{file}").read_text().rstrip("\n"), *more, ""]))
            steps.append(f"mount --bind {shlex.quote(str(own))} /etc/{file}")
        script = " && ".join([*steps, *self.before, f"exec {shlex.join(command)}"])
        return ["unshare", "--mount", "sh", "-c", script]

    def start(self) -> Self:
        """Start and wait for its greeting; where the machine does not allow it, skip the test by name."""
        with (self._folder / "output").open("wb") as output:
            self._process = subprocess.Popen(
                self._own_view(self.command()), stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._greets():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                pytest.skip(f"{self.package} does not start here: {self.output[-300:]}")
            time.sleep(0.05)
        return self

    def _greets(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 5) as sock:
                sock.settimeout(5)
                return sock.recv(3) == b"220"
        except OSError:
            return False

    @property
    def address(self) -> tuple[str, int]:
        """Return where it listens."""
        return "127.0.0.1", self.port

    @property
    def output(self) -> str:
        """Return what it has said so far."""
        return (self._folder / "output").read_text("utf-8", "replace")

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


class Exim(MailServer):
    """Exim 4 as Debian builds it."""

    package = "exim4-daemon-light"
    binary = "usr/sbin/exim4"
    users = (("Debian-exim", 64_000),)
    configuration = _EXIM

    def command(self) -> list[str]:
        """Run the daemon in the foreground, with a queue runner every two seconds."""
        for name in ("spool", "log"):
            (self._folder / name).mkdir(exist_ok=True)
            os.chown(self._folder / name, 64_000, 64_000)
        for name in ("mainlog", "rejectlog", "paniclog"):
            # Made beforehand: where two of its processes make one at once, Exim gives up with 421.
            log = self._folder / "log" / name
            log.touch(0o640)
            os.chown(log, 64_000, 64_000)
        return [str(self._binary), "-C", str(self._file), "-bdf", "-q2s", "-oX", str(self.port)]


class Sendmail(MailServer):
    """Sendmail 8 as Debian builds it, which asks a milter, in its own notation of places (``inet:PORT@HOST``)."""

    package = "sendmail-bin"
    binary = "usr/libexec/sendmail/sendmail"
    users = ()
    configuration = _SENDMAIL

    def __init__(self, cache: Path, folder: Path, target: int, milter: str) -> None:
        """Write its configuration, made by its own macros."""
        cf = fetched("sendmail-cf", cache) / "usr/share/sendmail/cf"
        m4 = fetched("m4", cache) / "usr/bin/m4"
        self._libraries = [fetched(name, cache) for name in ("libwrap0", "liblockfile1")]
        self.configuration = self.configuration.replace("{cf}", str(cf)).replace("{milter}", milter)  # type: ignore[misc]
        super().__init__(cache, folder, target)
        made = subprocess.run([m4, self._file], capture_output=True, check=True)
        self._file.write_bytes(made.stdout)
        self._file.chmod(0o644)
        (folder / "queue").mkdir(mode=0o700)
        # It waits a minute where the machine's name has no domain.
        hosts = folder / "hosts"
        hosts.write_text(f"127.0.0.1 {socket.gethostname()}.example {socket.gethostname()} localhost\n")
        self.before = (f"mount --bind {shlex.quote(str(hosts))} /etc/hosts",)  # type: ignore[misc]

    def command(self) -> list[str]:
        """Run the daemon in the foreground, with a queue runner."""
        # Libraries stand in a folder named after the processor. Of a program that changes its group the loader takes no
        # advice on where they are, and nothing here needs the group.
        self._binary.chmod(0o755)
        places = ":".join(str(found) for place in self._libraries for found in place.glob("**/lib/*-linux-gnu"))
        return ["env", f"LD_LIBRARY_PATH={places}", str(self._binary), "-C", str(self._file), "-bD", "-q1s"]


class OpenSmtpd(MailServer):
    """OpenSMTPD as Debian builds it; it offers no PIPELINING."""

    package = "opensmtpd"
    binary = "usr/sbin/smtpd"
    users = (("opensmtpd", 64_001), ("opensmtpq", 64_002))
    configuration = _OPENSMTPD
    before = (
        *("mount -t tmpfs none /var/spool", "mount -t tmpfs none /var/lib", "mount -t tmpfs none /run"),
        "mkdir -p /var/lib/opensmtpd/empty",
    )

    def command(self) -> list[str]:
        """Run it in the foreground."""
        return [str(self._binary), "-d", "-f", str(self._file)]
