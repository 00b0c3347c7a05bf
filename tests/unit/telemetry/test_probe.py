"""Asking the relay for its greeting."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.telemetry.probe import relay_greets


@dataclass(frozen=True)
class Place:
    host: str = "127.0.0.1"
    port: int = 0
    path: str = ""


def with_relay(chunks: list[bytes], ask: Callable[[Place], bool], *, hang: bool = False) -> tuple[bool, bytes]:
    """Return what the probe said, and what it sent."""
    heard = b""
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def relay() -> None:
            nonlocal heard
            connection, _ = listener.accept()
            with connection:
                for chunk in chunks:
                    connection.sendall(chunk)
                if hang:
                    done.wait(10)
                else:
                    connection.settimeout(5)
                    heard = connection.recv(100)

        thread = threading.Thread(target=relay)
        thread.start()
        said = ask(Place(port=listener.getsockname()[1]))
        done.set()
        thread.join(10)
    return said, heard


@pytest.mark.parametrize(
    "chunks",
    [
        [b"220 relay.example.org\r\n"],
        [b"220-one\r\n220-two\r\n220 three\r\n"],
        [b"220-one\r\n220-tw", b"o\r\n220", b" three\r", b"\n"],
        [b"220\r\n"],
    ],
)
def test_a_relay_that_greets(chunks: list[bytes]) -> None:
    assert with_relay(chunks, relay_greets) == (True, b"QUIT\r\n")


@pytest.mark.parametrize("greeting", [b"554 no service\r\n", b"421 4.3.2 later\r\n", b"SSH-2.0-OpenSSH\r\n", b"\r\n"])
def test_a_relay_that_refuses_or_is_none(greeting: bytes) -> None:
    assert with_relay([greeting], relay_greets)[0] is False


@pytest.mark.parametrize("chunks", [[], [b"220-one\r\n"], [b"220 half"]])
def test_a_relay_that_stalls(chunks: list[bytes]) -> None:
    assert with_relay(chunks, lambda place: relay_greets(place, 0.2), hang=True)[0] is False


def test_a_greeting_without_end() -> None:
    assert with_relay([b"x" * 5000], lambda place: relay_greets(place, 5), hang=True)[0] is False


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert relay_greets(Place(port=port)) is False


def test_a_path(tmp_path: Path) -> None:
    path = str(tmp_path / "relay")
    assert relay_greets(Place(path=path)) is False
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()

        def greet() -> None:
            with listener.accept()[0] as visitor:
                visitor.sendall(b"220 hello\r\n")

        thread = threading.Thread(target=greet)
        thread.start()
        assert relay_greets(Place(path=path)) is True
        thread.join(5)
