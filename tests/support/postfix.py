"""A real Postfix with configuration, queue and ports of its own; what it delivers is kept octet for octet."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self

from tests.support.relay import ScriptedRelay
from tests.support.tools import need_root, program

START_SECONDS: Final = 30.0

_SERVICES: Final = """\
pickup    unix       n - n 1 1   pickup
cleanup   unix       n - n - 0   cleanup
qmgr      unix       n - n 300 1 qmgr
rewrite   unix       - - n - -   trivial-rewrite
bounce    unix       - - n - 0   bounce
defer     unix       - - n - 0   bounce
trace     unix       - - n - 0   bounce
verify    unix       - - n - 1   verify
proxymap  unix       - - n - -   proxymap
smtp      unix       - - n - -   smtp
relay     unix       - - n - -   smtp
error     unix       - - n - -   error
retry     unix       - - n - -   error
discard   unix       - - n - -   discard
anvil     unix       - - n - 1   anvil
scache    unix       - - n - 1   scache
flush     unix       n - n - 0   flush
showq     unix       n - n - -   showq
postlog   unix-dgram n - n - 1   postlogd
"""


class Postfix:
    """A Postfix on a free port of 127.0.0.1 that hands on what it accepts to ``target`` (a scripted relay).

    Only its daemons' own user touches the queue; nothing of the machine's mail system is used or changed. Needs root.
    """

    def __init__(self, folder: Path, target: ScriptedRelay, *, settings: Mapping[str, str] | None = None) -> None:
        """Write its configuration below ``folder``; nothing is started yet."""
        self._binary = program("postfix")
        need_root("Postfix")
        self.folder = folder
        self.target = target
        self.port = _free_port()
        self.settings = {**self._defaults(), **(settings or {})}
        self.smtpd_options: tuple[str, ...] = ()
        """Further options of its smtpd in master.cf, for instance ``-o smtpd_proxy_filter=…``."""
        self.more_services = ""
        """Further services for master.cf."""
        self._process: subprocess.Popen[bytes] | None = None

    def _defaults(self) -> dict[str, str]:
        return {
            "compatibility_level": "3.6",
            "queue_directory": str(self.folder / "queue"),
            "data_directory": str(self.folder / "data"),
            "maillog_file": str(self.folder / "log"),
            "maillog_file_prefixes": str(self.folder),
            "mail_owner": "postfix",
            "inet_interfaces": "127.0.0.1",
            "inet_protocols": "ipv4",
            "myhostname": "postfix.example",
            "mydestination": "",
            "local_recipient_maps": "",
            "alias_maps": "",
            "alias_database": "",
            "mynetworks": "127.0.0.0/8",
            "smtpd_relay_restrictions": "permit_mynetworks, reject",
            "smtpd_peername_lookup": "no",
            "disable_dns_lookups": "yes",
            "smtp_host_lookup": "native",
            "relayhost": f"[127.0.0.1]:{self.target.address.rpartition(':')[2]}",
            "minimal_backoff_time": "2s",
            "queue_run_delay": "2s",
            "message_size_limit": "60000000",
            "mailbox_size_limit": "0",
        }

    @property
    def address(self) -> str:
        """Return HOST:PORT of its smtpd."""
        return f"127.0.0.1:{self.port}"

    def start(self) -> Self:
        """Start and wait for its greeting."""
        self._prepare()
        self._run()
        return self

    def restart(self) -> None:
        """End it at once and start it again on its queue."""
        self._end()
        self._run()

    def _run(self) -> None:
        quiet = subprocess.DEVNULL
        command = [self._binary, "-c", str(self.folder / "etc"), "start-fg"]
        self._process = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)
        deadline = time.monotonic() + START_SECONDS
        while not _greets(self.port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise AssertionError(f"Postfix did not start:\n{self.log}")
            time.sleep(0.05)

    def _prepare(self) -> None:
        owner = pwd.getpwnam("postfix")
        etc = self.folder / "etc"
        etc.mkdir(parents=True)
        _open_way(self.folder)
        for name in ("queue", "data"):
            (self.folder / name).mkdir()
        os.chown(self.folder / "data", owner.pw_uid, owner.pw_gid)
        (etc / "main.cf").write_text("".join(f"{key} = {value}\n" for key, value in self.settings.items()))
        options = "".join(f"    {option}\n" for option in self.smtpd_options)
        (etc / "master.cf").write_text(f"{self.address} inet n - n - - smtpd\n{options}{self.more_services}{_SERVICES}")

    def stop(self) -> None:
        """End it and everything it started, and forget its queue."""
        if self._process is not None:
            self._end()
            shutil.rmtree(self.folder / "queue", ignore_errors=True)

    @property
    def master(self) -> int | None:
        """Return the process that keeps all the others, while it lives: not the one that ``postfix`` began as."""
        try:
            words = (self.folder / "queue/pid/master.pid").read_text().split()
            running = Path(f"/proc/{words[0]}/comm").read_text().strip()
        except (OSError, IndexError):
            return None
        return int(words[0]) if running == "master" else None

    def _end(self) -> None:
        # The script that was started waits for a master with a session of its own, which a signal to the script spares.
        if self._process is None:
            return
        master = self.master
        if master is not None:
            os.kill(master, signal.SIGTERM)
        else:
            self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            for group in (master, self._process.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(group or self._process.pid, signal.SIGKILL)
            self._process.wait()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def log(self) -> str:
        """Return its log so far."""
        path = self.folder / "log"
        return path.read_text("utf-8", "replace") if path.exists() else ""


def _free_port() -> int:
    """Return a port that was free just now: Postfix cannot be told to choose one."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def _greets(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as sock:
            sock.settimeout(5)
            return sock.recv(3) == b"220"
    except OSError:
        return False


def _open_way(folder: Path) -> None:
    """Let Postfix's own user reach the folder: pytest keeps its directories to ourselves."""
    for directory in (folder, *folder.parents):
        mode = directory.stat().st_mode
        if directory.owner() == pwd.getpwuid(os.geteuid()).pw_name and not mode & 0o001:
            directory.chmod(mode | 0o011)
