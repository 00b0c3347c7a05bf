"""The machine, examined: ports in use, files open to everybody, certificates that end."""

from __future__ import annotations

import os
import socket
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.config import Settings, load_settings
from gateway.doctor import machine
from gateway.doctor.sign import Level, Sign
from gateway.sandbox import Protection, available
from tests.support.certificates import Authority
from tests.support.tools import need_root


def by_name(signs: list[Sign]) -> dict[str, Sign]:
    return {sign.name: sign for sign in signs}


def settings(tmp_path: Path, *more: str) -> Settings:
    return load_settings(None, [f'state.directory="{tmp_path / "state"}"', *more])


def test_a_port_in_use_is_a_failure_with_a_remedy(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        signs = list(machine.ports(settings(tmp_path, f'listen.smtp=["127.0.0.1:{port}"]', 'metrics.listen="off"')))
    assert [sign.level for sign in signs] == [Level.FAILURE]
    assert f":{port}" in signs[0].remedy
    signs = list(machine.ports(settings(tmp_path, f'listen.smtp=["127.0.0.1:{port}"]', 'metrics.listen="off"')))
    assert [sign.level for sign in signs] == [Level.WELL]


def test_a_socket_path_without_its_folder_is_a_failure(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as short:  # a socket's path has 107 octets at most
        run = Path(short, "run")
        more = (f'milter.listen=["unix:{run}/milter.sock"]', "listen.smtp=[]", 'metrics.listen="off"')
        assert [sign.level for sign in machine.ports(settings(tmp_path, *more))] == [Level.FAILURE]
        run.mkdir()
        assert [sign.level for sign in machine.ports(settings(tmp_path, *more))] == [Level.WELL]


@pytest.mark.parametrize(("mode", "expected"), [(0o600, Level.WELL), (0o640, Level.WELL), (0o644, Level.FAILURE)])
def test_a_secret_is_closed_to_others(tmp_path: Path, mode: int, expected: Level) -> None:
    key = tmp_path / "key"
    key.write_bytes(b"k" * 32)
    key.chmod(mode)
    signs = by_name(list(machine.permissions(settings(tmp_path, f'ledger.key_file="{key}"'))))
    assert signs["ledger.key_file"].level is expected
    assert signs["state"].level is Level.NOTE


def test_a_secret_that_is_missing_is_a_failure(tmp_path: Path) -> None:
    signs = by_name(list(machine.permissions(settings(tmp_path, f'ledger.key_file="{tmp_path}/none"'))))
    assert signs["ledger.key_file"].level is Level.FAILURE


def test_a_file_that_root_left_in_the_state_folder_is_a_failure(tmp_path: Path) -> None:
    need_root("a file of another user")
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    (state / "ledger.sqlite").touch()
    assert by_name(list(machine.permissions(settings(tmp_path))))["state"].level is Level.WELL
    os.chown(state, 65534, 65534)
    sign = by_name(list(machine.permissions(settings(tmp_path))))["state"]
    assert sign.level is Level.FAILURE
    assert "ledger.sqlite" in sign.text


def test_a_state_folder_open_to_everybody_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state").chmod(0o755)
    assert by_name(list(machine.permissions(settings(tmp_path))))["state"].level is Level.FAILURE


def test_a_file_that_is_no_certificate_is_a_failure(tmp_path: Path) -> None:
    bad = tmp_path / "bad.pem"
    bad.write_text("nothing")
    found = list(machine.certificates(settings(tmp_path, f'tls.certificate="{bad}"', f'tls.private_key="{bad}"')))
    assert by_name(found)["tls"].level is Level.FAILURE


def test_the_disk_is_looked_at_above_a_folder_that_is_still_to_be_made(tmp_path: Path) -> None:
    (sign,) = machine.disk(tmp_path / "not" / "yet")
    assert str(tmp_path) in sign.text


def test_the_clock_is_asked_for() -> None:
    (sign,) = machine.clock()
    assert sign.level in {Level.WELL, Level.WARNING}


def test_the_fence_is_tried() -> None:
    (sign,) = machine.sandbox()
    both = available() == Protection(landlock=True, seccomp=True)
    assert sign.level is (Level.WELL if both else Level.WARNING)


def test_a_good_certificate_is_told_with_its_end_and_one_that_ends_soon_is_warned_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = Authority(tmp_path).issue("utpost.example")
    told = settings(tmp_path, *pair.settings)
    assert by_name(list(machine.certificates(told)))["tls"].level in {Level.WELL, Level.WARNING}
    monkeypatch.setattr(machine, "_SOON", timedelta(0))
    assert by_name(list(machine.certificates(told)))["tls"].level is Level.WELL
    monkeypatch.setattr(machine, "_SOON", timedelta(days=100_000))
    assert by_name(list(machine.certificates(told)))["tls"].level is Level.WARNING
