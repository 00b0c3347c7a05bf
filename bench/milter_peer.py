"""A peer for the black-box harness: Postfix with its defaults that asks Utpost's milter over a Unix socket.

usage: milter_peer.py PORT UPSTREAM_PORT METRICS_PORT DIRECTORY
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

_SERVICES = """cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


def configure(folder: Path, port: str, upstream: str, sock: Path) -> Path:
    """Write Postfix's configuration and return its folder."""
    etc = folder / "etc"
    for path in (etc, folder / "queue", folder / "data"):
        path.mkdir(parents=True)
    owner = pwd.getpwnam("postfix")
    os.chown(folder / "data", owner.pw_uid, owner.pw_gid)
    (etc / "main.cf").write_text(
        f"compatibility_level = 3.6\nqueue_directory = {folder}/queue\ndata_directory = {folder}/data\n"
        "mail_owner = postfix\ninet_interfaces = 127.0.0.1\ninet_protocols = ipv4\nmyhostname = postfix.example\n"
        "mydestination =\nlocal_recipient_maps =\nalias_maps =\nalias_database =\nmynetworks = 127.0.0.0/8\n"
        "smtpd_relay_restrictions = permit_mynetworks, reject\nsmtpd_peername_lookup = no\ndisable_dns_lookups = yes\n"
        f"smtp_host_lookup = native\nrelayhost = [127.0.0.1]:{upstream}\nmessage_size_limit = 60000000\n"
        f"mailbox_size_limit = 0\nmaillog_file = {folder}/mail.log\nmaillog_file_prefixes = {folder}\n"
        f"smtpd_milters = unix:{sock}\nmilter_protocol = 6\nmilter_default_action = tempfail\n"
    )
    (etc / "master.cf").write_text(f"127.0.0.1:{port} inet n - n - - smtpd\n{_SERVICES}")
    return etc


def main() -> int:
    """Serve until SIGTERM, then tell what was judged."""
    port, upstream, metrics, directory = sys.argv[1:5]
    folder = Path(directory) / "milter-peer"
    folder.mkdir(parents=True)
    sock = folder / "m"
    for path in (folder, *folder.parents):
        if not path.stat().st_mode & 0o001:
            path.chmod(path.stat().st_mode | 0o011)
    utpost = subprocess.Popen(
        [
            str(Path(sys.executable).parent / "utpost"), "serve", "--relay", f"127.0.0.1:{upstream}",
            "--state", str(folder / "state"), "--metrics", f"127.0.0.1:{metrics}",
            "--set", "listen.smtp=[]", "--set", f'milter.listen=["unix:{sock}"]',
            "--set", "limits.message_octets=99999999",
        ],
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    while not sock.exists():
        time.sleep(0.05)
    sock.chmod(0o666)
    postfix = subprocess.Popen(["postfix", "-c", str(configure(folder, port, upstream, sock)), "start-fg"])
    stopped: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: stopped.append(number))
    while not stopped and postfix.poll() is None:
        signal.pause()
    with urllib.request.urlopen(f"http://127.0.0.1:{metrics}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    judged = sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith("utpost_judged_total"))
    print(f"milter judged={judged:.0f}", file=sys.stderr, flush=True)
    # A master with a session of its own does the work; a signal to what was started would spare it.
    os.kill(int((folder / "queue/pid/master.pid").read_text()), signal.SIGTERM)
    utpost.terminate()
    code = utpost.wait()
    postfix.wait()
    shutil.rmtree(folder / "queue", ignore_errors=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
