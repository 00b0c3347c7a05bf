"""Sockets handed over by systemd, and what it hears."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from gateway.activation import ServiceManager, inherited_sockets
from gateway.model import InvalidConfiguration


def handed(names: str | None, count: int = 1) -> dict[str, str]:
    told = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": str(count), "OTHER": "stays"}
    return told if names is None else told | {"LISTEN_FDNAMES": names}


@pytest.mark.parametrize(
    ("names", "door"),
    [("smtp", "smtp"), ("milter", "milter"), ("metrics", "metrics"), (None, "smtp"), ("utpost.socket", "smtp")],
)
def test_a_socket_goes_to_the_door_of_its_name(names: str | None, door: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        environment = handed(names)
        found = inherited_sockets(environment, first=os.dup(server.fileno()))
        assert environment == {"OTHER": "stays"}
        (sock,) = found[door]
        with sock:
            assert sock.getsockname() == server.getsockname()
            assert not sock.get_inheritable()
            assert not sock.getblocking()


def test_what_is_meant_for_another_process_is_left_alone() -> None:
    environment = handed("smtp") | {"LISTEN_PID": "1"}
    assert not any(inherited_sockets(environment).values())
    assert environment == {"OTHER": "stays"}


def test_without_a_manager_there_is_nothing() -> None:
    assert not any(inherited_sockets({}).values())


@pytest.mark.parametrize(
    ("names", "count", "word"), [("web", 1, "FileDescriptorName"), ("smtp:milter", 1, "LISTEN_FDNAMES")]
)
def test_names_that_do_not_fit_are_mistakes(names: str, count: int, word: str) -> None:
    with pytest.raises(InvalidConfiguration, match=word):
        inherited_sockets(handed(names, count))


def test_a_socket_that_does_not_listen_is_a_mistake() -> None:
    one, other = socket.socketpair()
    with one, other, pytest.raises(InvalidConfiguration, match="does not listen"):
        inherited_sockets(handed("smtp"), first=one.fileno())


def test_readiness_and_signs_of_life_are_told(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.setblocking(False)
        environment = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "60000000"}
        manager = ServiceManager(environment)
        assert not environment, "a child must not speak for the service"
        manager.tell("READY=1", "STATUS=well")
        manager.alive()
        manager.alive()
        assert listener.recv(1000) == b"READY=1\nSTATUS=well"
        assert listener.recv(1000) == b"WATCHDOG=1"
        with pytest.raises(BlockingIOError):
            listener.recv(1000)


def test_a_manager_that_is_gone_or_was_never_there_changes_nothing(tmp_path: Path) -> None:
    ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "gone"), "WATCHDOG_USEC": "1"}).alive()
    ServiceManager({}).tell("READY=1")
