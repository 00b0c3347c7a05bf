"""As a new administrator: the commands of the documentation, line by line, on a bare Debian that boots systemd.

``UTPOST_MACHINE`` names a folder in which that Debian and the packages are kept between runs.
"""

from __future__ import annotations

import os
import re
import shutil
import smtplib
import socket
import sqlite3
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from tests.integration.test_mass_mailing import addresses, mailing
from tests.support.certificates import Authority
from tests.support.machine import Machine, bare_debian
from tests.support.postfix import Postfix
from tests.support.relay import ScriptedRelay
from tests.support.tools import need_root
from tests.unit.extract.documents import zipped

ROOT = Path(__file__).resolve().parents[2]
SENDER, TO = "anna.berg@politik.orkelljunga.se", "bo.lind@example.com"
SENSITIVE = "Hans personnummer är 19811218-9876.\n"
FILES = {"outbox.db": "letters", "journal.db": "records", "ledger.sqlite": "mailing", "motivations.db": "motivation"}
EXPECTED = {"dns", "clock", "tls", "clamd", "motivation", "letters.relay"}
"""What doctor has to say on a machine without a network, without what is optional, and while a letter is to wait."""

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800), pytest.mark.xdist_group("machine")]


# --- what is carried to the machine -------------------------------------------------------------


def next_version(package: Path, out: Path) -> Path:
    """Return a package as the next version may be: a key renamed, and every file of the state folder in a new form."""
    tree = out / "tree"
    subprocess.run(["dpkg-deb", "-R", package, tree], check=True)
    code = tree / "usr/lib/utpost/gateway"
    change(tree / "DEBIAN/control", r"Version: .*", "Version: 0.99.0")
    change(code / "__init__.py", r'"\d.*"', '"0.99.0"')
    change(code / "config/settings.py", r"\bconnect_seconds\b", "greeting_seconds")
    change(code / "relay.py", r"relay\.connect_seconds", "relay.greeting_seconds")
    renamed = 'MappingProxyType({"relay.connect_seconds": "relay.greeting_seconds"})'
    change(code / "config/renamed.py", r"MappingProxyType\(\{\}\)", renamed)
    rooms = ("letters/outbox", "journal/journal", "ledger/tables", "motivation/register")
    for room, table in zip(rooms, FILES.values(), strict=True):
        new = f'    "ALTER TABLE {table} ADD COLUMN later INTEGER NOT NULL DEFAULT 7",\n)\n'
        change(code / f"{room}.py", r'(?s)(MIGRATIONS: Final = \(\n    """.*?""",\n)\)\n', rf"\g<1>{new}")
    made = out / "utpost_0.99.0_all.deb"
    subprocess.run(
        ["dpkg-deb", "-Zgzip", "-z1", "--root-owner-group", "--build", tree, made], check=True, capture_output=True
    )
    shutil.rmtree(tree)
    return made


def change(file: Path, old: str, new: str) -> None:
    text, times = re.subn(old, new, file.read_text("utf-8"))
    assert times, f"{file.name}: {old}"
    file.write_text(text, "utf-8")


def _build(folder: Path) -> None:
    build = [str(ROOT / "deploy" / "deb" / "build.sh"), str(folder / "making")]
    subprocess.run(build, capture_output=True, check=True)


def _build_next(folder: Path) -> None:
    (package,) = (folder / "old").glob("*.deb")
    next_version(package, folder / "making")


def _build_wheels(folder: Path) -> None:
    pip = f"-m pip --python /usr/bin/python3 -q wheel -c deploy/constraints.txt -w {folder / 'making'} .".split()
    subprocess.run([sys.executable, *pip], cwd=ROOT, capture_output=True, check=True)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with ``debian`` (bare), ``old`` and ``new`` (packages), ``pip`` (wheel and all that it needs)."""
    need_root("a Debian of its own")
    given = os.environ.get("UTPOST_MACHINE")
    folder = Path(given) if given else tmp_path_factory.mktemp("machine")
    for name, make in (("old", _build), ("new", _build_next), ("pip", _build_wheels)):
        if not (folder / name).exists():
            shutil.rmtree(folder / "making", ignore_errors=True)
            (folder / "making").mkdir(parents=True)
            make(folder)
            (folder / "making").rename(folder / name)
    if not (folder / "debian").exists():
        shutil.rmtree(folder / "fresh", ignore_errors=True)
        bare_debian(folder / "fresh", *(folder / "old").glob("*.deb"), "python3-venv")
        (folder / "fresh").rename(folder / "debian")
    return folder


@pytest.fixture
def machine(kept: Path, tmp_path: Path) -> Iterator[Machine]:
    root = tmp_path / "root"
    subprocess.run(["cp", "-a", kept / "debian", root], check=True)
    for name in ("old", "new", "pip"):
        shutil.copytree(kept / name, root / "root" / name)
    shutil.copytree(ROOT / "deploy", root / "root/pip/deploy")
    with Machine(root) as booted:
        yield booted


@pytest.fixture
def mailbox(machine: Machine) -> Iterator[ScriptedRelay]:
    """Whatever the relay delivers, on the machine's network."""
    with machine.network(), ScriptedRelay() as scripted:
        yield scripted


@pytest.fixture
def relay(machine: Machine, mailbox: ScriptedRelay, tmp_path: Path) -> Iterator[Postfix]:
    """A real Postfix, on the machine's network."""
    with machine.network(), Postfix(tmp_path / "postfix", mailbox) as postfix:
        yield postfix


# --- what the administrator does ----------------------------------------------------------------


def lines(page: str, heading: str) -> list[str]:
    """Return the commands of the documentation under a heading, without their comments."""
    text = (ROOT / "docs" / page).read_text("utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    block = text.partition("```sh\n")[2].partition("```")[0]
    found = [line.partition("  #")[0].strip() for line in block.splitlines()]
    assert found, f"{page} tells nothing to do under {heading}"
    return found


EVERY_MODULE = """
import importlib, pkgutil, sys
sys.path.insert(0, "/usr/lib/utpost")
import gateway
names = [found.name for found in pkgutil.walk_packages(gateway.__path__, "gateway.") if "__main__" not in found.name]
print(len([importlib.import_module(name) for name in names]))
"""
"""Redis, for one, leans on something more where Python is Debian's own."""


def follow(machine: Machine, commands: list[str], folder: str, *, answers: str = "") -> str:
    """Carry the commands out; doctor may complain about what only a network would mend."""
    told = ""
    for command in commands:
        doctor = " doctor " in command
        # Questions are asked at a terminal alone.
        shell = ["script", "-qec", command, "/dev/null"] if " init " in command else ["bash", "-ec", command]
        told += (said := machine.run(*shell, told=answers, check=not doctor, folder=folder))
        if doctor:
            faults = re.findall(r"^(?:FAIL|warn|note) ([\w.]+):.*$", said, re.MULTILINE)
            assert set(faults) <= EXPECTED, said
            assert "ok   relay: " in said, said
    return told


def send(machine: Machine, message: EmailMessage, sender: str = SENDER) -> tuple[int, bytes]:
    with machine.network(), smtplib.SMTP("127.0.0.1", 2525, timeout=60) as client:
        client.ehlo("client.example")
        client.mail(sender)
        client.rcpt(TO)
        return client.data(message.as_bytes(policy=SMTP))


def written(text: str, **files: bytes) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = SENDER, TO, "Underlag"
    message.set_content(text)
    for name, octets in files.items():
        message.add_attachment(octets, maintype="application", subtype="octet-stream", filename=name.replace("_", "."))
    return message


def wait_for(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.2)


def letters(mailbox: ScriptedRelay) -> list[bytes]:
    return [t.content for t in mailbox.deliveries if b"\nAuto-Submitted: auto-" in t.content]


def block(machine: Machine) -> None:
    """Let the first rule block, and wait until the reload is through."""
    follow(machine, lines("getting-started.md", "The first refusal"), "/root")
    wait_for(lambda: send(machine, written(SENSITIVE))[0] == 550, "nothing is refused")


def to_the_first_refusal(machine: Machine, mailbox: ScriptedRelay, relay: Postfix, install: list[str], at: str) -> None:
    steps = lines("getting-started.md", "By package")[1:]
    answers = f"\n\n\n{relay.address}\n\n\n\n\n\n"
    told = follow(machine, [*install, *steps], at, answers=answers)
    assert '"ready"' in told
    assert send(machine, written("Hej Bo, vi ses på mötet.\n"))[0] == 250
    mailbox.wait(lambda: mailbox.deliveries)
    assert "vi ses p" in mailbox.deliveries[0].content.decode()
    block(machine)
    filed = written("Se filen.\n", a_zip=zipped({"a.txt": SENSITIVE.encode()}))
    wait_for(lambda: send(machine, filed)[0] == 550, "files are not opened")  # each worker reloads in its own time
    mailbox.wait(lambda: letters(mailbox))
    assert f"To: {SENDER}".encode() in letters(mailbox)[0]


def state(machine: Machine, file: str, sql: str) -> int:
    path = machine.root / "var/lib/utpost" / file
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        (number,) = connection.execute(sql).fetchone()
    return int(number)


def log(machine: Machine) -> str:
    return machine.run("journalctl", "--no-pager", "-o", "cat", "-u", "utpost.service")


# --- the stories --------------------------------------------------------------------------------


def test_the_package_from_a_bare_machine_over_an_upgrade_to_its_purge(
    machine: Machine, mailbox: ScriptedRelay, relay: Postfix, tmp_path: Path
) -> None:
    install = lines("getting-started.md", "By package")[:1]
    to_the_first_refusal(machine, mailbox, relay, install, "/root/old")
    assert int(machine.run("python3", "-I", "-c", EVERY_MODULE)) > 100
    a_restart_refuses_nobody(machine, mailbox)
    the_watchdog_bites(machine)
    encrypts_with_a_credential(machine, tmp_path)
    reference = leave_something_behind(machine)
    with machine.network(), ScriptedRelay() as later:
        later.refuse()
        a_letter_waits(machine, later)
        upgrade(machine, reference)
        later.return_()
        wait_for(lambda: letters(later), "the letter that waited never came")
    counts_and_refuses_as_before(machine)
    an_older_program_refuses_newer_files(machine)
    assert "Traceback" not in log(machine)
    nothing_is_left(machine)


def a_restart_refuses_nobody(machine: Machine, mailbox: ScriptedRelay) -> None:
    """Half a message stands in DATA while systemd restarts the service; whoever comes meanwhile waits at the socket."""
    with machine.network(), closing(smtplib.SMTP("127.0.0.1", 2525, timeout=60)) as client:
        client.ehlo("client.example")
        client.mail(SENDER)
        client.rcpt(TO)
        assert client.docmd("DATA")[0] == 354
        client.send(b"Subject: Protokoll\r\n\r\nProtokollet ")
        with ThreadPoolExecutor(1) as beside:
            restarting = beside.submit(machine.run, "systemctl", "restart", "utpost.service")
            wait_for(lambda: "deactivating" in unit(machine, "ActiveState"), "it does not stop")
            with smtplib.SMTP(timeout=60) as other:
                waiting = socket.create_connection(("127.0.0.1", 2525))
                client.send(b"kommer.\r\n.\r\n")
                assert client.getreply()[0] == 250
                restarting.result()
                other.sock, other.file = waiting, None
                assert other.getreply()[0] == 220
    mailbox.wait(lambda: any(b"Protokollet kommer." in t.content for t in mailbox.deliveries))


def unit(machine: Machine, name: str) -> str:
    return machine.run("systemctl", "show", "-P", name, "utpost.service").strip()


def the_watchdog_bites(machine: Machine) -> None:
    """A parent that hangs is replaced."""
    before = unit(machine, "MainPID")
    machine.run("bash", "-c", f"kill -STOP {before}")
    deadline = time.monotonic() + 120
    while unit(machine, "MainPID") in {before, "0"} or unit(machine, "ActiveState") != "active":
        assert time.monotonic() < deadline, "nobody replaced it"
        time.sleep(1)
    assert "watchdog" in machine.run("journalctl", "--no-pager", "-o", "cat", "_PID=1")


def encrypts_with_a_credential(machine: Machine, tmp_path: Path) -> None:
    """The drop-in of the package, its lines for TLS kept: the service reads what root alone owns."""
    pair = Authority(tmp_path).issue("localhost", "127.0.0.1")
    secrets = machine.root / "etc/utpost/credentials"
    for source, name in ((pair.certificate, "tls.pem"), (pair.key, "tls.key")):
        shutil.copy(source, secrets / name)
        (secrets / name).chmod(0o600)
    drop_in = machine.root / "etc/systemd/system/utpost.service.d/credentials.conf"
    drop_in.parent.mkdir(parents=True)
    given = (machine.root / "usr/share/doc/utpost/credentials.conf").read_text("utf-8")
    drop_in.write_text("".join(line for line in given.splitlines(keepends=True) if "ledger" not in line), "utf-8")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "restart", "utpost.service")
    with machine.network(), smtplib.SMTP("127.0.0.1", 2525, timeout=60) as client:
        client.starttls(context=ssl.create_default_context(cafile=tmp_path / "authority.pem"))
        assert client.ehlo("client.example")[0] == 250


def leave_something_behind(machine: Machine) -> str:
    """Let a mailing reach 60 persons, change the configuration, and return the reference of a message."""
    follow(machine, ["sed -i 's/observe/block/' /etc/utpost/policies/rules/mass_mailing.toml"], "/root")
    change(machine.root / "etc/utpost/utpost.toml", r"#connect_seconds = .*", "connect_seconds = 20.0")
    machine.run("systemctl", "restart", "utpost.service")
    assert mass_mailing(machine, 1, 60)[0] == 250
    code, reply = send(machine, written(SENSITIVE))
    assert code == 550
    found = re.search(rb"[0-9A-Z]{4}(?:-?[0-9A-Z]{4})+", reply)
    assert found, reply
    return found[0].decode()


def mass_mailing(machine: Machine, first: int, last: int) -> tuple[int, bytes]:
    with machine.network(), smtplib.SMTP("127.0.0.1", 2525, timeout=60) as client:
        client.ehlo("client.example")
        client.mail(SENDER)
        for address in addresses(first, last):
            client.rcpt(address.decode())
        return client.data(mailing())


def a_letter_waits(machine: Machine, later: ScriptedRelay) -> None:
    change(machine.root / "etc/utpost/utpost.toml", r'(?m)^#relay = ""', f'relay = "{later.address}"')
    machine.run("systemctl", "restart", "utpost.service")
    other = written("Hennes personnummer är 19590714-9982, ring henne.\n")
    assert send(machine, other)[0] == 550
    wait_for(lambda: state(machine, "outbox.db", "SELECT count(*) FROM letters WHERE state = 'ready'"), "no letter")


def upgrade(machine: Machine, reference: str) -> None:
    """Install the next version as the documentation says, and look at what became of everything."""
    before = {
        file: (machine.root / "etc/utpost" / file).read_bytes() for file in ("utpost.toml", "policies/groups.toml")
    }
    records = state(machine, "journal.db", "SELECT count(*) FROM records")
    told = follow(machine, lines("upgrades.md", "Upgrading"), "/root/new")
    assert {file: (machine.root / "etc/utpost" / file).read_bytes() for file in before} == before
    assert re.search(r"utpost\.toml.*relay\.connect_seconds: is called relay\.greeting_seconds now", told), told
    wait_for(lambda: '"version": "0.99.0"' in log(machine), "the new version was not started")
    assert "is called relay.greeting_seconds now" in log(machine)
    machine.run("utpost", "mailings", "reasons", "--config", "/etc/utpost/utpost.toml")
    for file, table in FILES.items():
        assert state(machine, file, "PRAGMA user_version") == 2, file
        assert state(machine, file, f"SELECT count(*) FROM {table} WHERE later <> 7") == 0  # noqa: S608 - our own names
    assert state(machine, "journal.db", "SELECT count(*) FROM records") >= records
    found = ["utpost", "journal", "search", "--config", "/etc/utpost/utpost.toml", "--reference", reference]
    assert "personnummer" in machine.run(*found)


def counts_and_refuses_as_before(machine: Machine) -> None:
    assert mass_mailing(machine, 61, 101)[0] == 550, "the 60 of the old version count"
    assert send(machine, written(SENSITIVE))[0] == 550


def an_older_program_refuses_newer_files(machine: Machine) -> None:
    """A step back: mail out of scope flows, the rest waits, and the text says why; a step forward mends it."""
    package = next((machine.root / "root/old").glob("*.deb"))
    machine.run("sed", "-i", "/^connect_seconds/d", "/etc/utpost/utpost.toml")
    machine.run("apt", "install", "--allow-downgrades", f"./old/{package.name}")
    stranger = written("Hej.\n")
    stranger.replace_header("From", "bo@elsewhere.example")
    wait_for(lambda: send(machine, stranger, "bo@elsewhere.example")[0] == 250, "mail out of scope does not flow")
    assert send(machine, written("Hej.\n"))[0] == 451
    doctor = machine.run("utpost", "doctor", "--config", "/etc/utpost/utpost.toml", check=False)
    assert "newer version (schema 2, this program knows 1)" in doctor
    assert [state(machine, file, "PRAGMA user_version") for file in FILES] == [2] * len(FILES)
    machine.run("apt", "install", "./new/utpost_0.99.0_all.deb")
    wait_for(lambda: send(machine, written(SENSITIVE))[0] == 550, "it did not come back")


def nothing_is_left(machine: Machine) -> None:
    machine.run("apt", "remove", "utpost")
    assert "inactive" in machine.run("systemctl", "is-active", "utpost.service", check=False)
    assert (machine.root / "etc/utpost/utpost.toml").is_file(), "removing keeps decisions and state"
    assert (machine.root / "var/lib/utpost/secret").is_file()
    machine.run("apt", "purge", "utpost")
    places = ("usr/bin/utpost", "usr/lib/utpost", "etc/utpost", "var/lib/utpost", "lib/systemd/system/utpost.service")
    assert [p for p in places if (machine.root / p).exists()] == []


def test_by_pip(machine: Machine, mailbox: ScriptedRelay, relay: Postfix) -> None:
    settings = "[global]\nno-index = true\nfind-links = /root/pip\n"
    (machine.root / "etc/pip.conf").write_text(settings)  # the machine has no network
    to_the_first_refusal(machine, mailbox, relay, lines("getting-started.md", "By pip"), "/root/pip")
    assert int(machine.run("/opt/utpost/bin/python", "-c", EVERY_MODULE)) > 100
    assert "Traceback" not in log(machine)
