"""What makes Utpost unready, and what is only told."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.telemetry import readiness as module
from gateway.telemetry.board import Board, Metrics, RowState
from gateway.telemetry.readiness import Checks, Degraded, livez, readiness

NOW = 1_800_000_000.0


@dataclass(frozen=True)
class Place:
    host: str = "127.0.0.1"
    port: int = 9
    path: str = ""


@dataclass(frozen=True)
class Directory:
    directory: Path


@dataclass(frozen=True)
class Relay:
    endpoints: tuple[Place, ...]


@dataclass(frozen=True)
class Asked:
    state: Directory
    relay: Relay


@contextlib.contextmanager
def relay(greeting: bytes) -> Iterator[Place]:
    """A relay that greets whoever comes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    connection.sendall(greeting)
                    connection.close()

        thread = threading.Thread(target=greet, daemon=True)
        thread.start()
        yield Place(port=listener.getsockname()[1])
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def well(board: Board) -> tuple[Metrics, Metrics]:
    """Make a board look as it does in a healthy service."""
    parent, worker = board.row(0), board.row(1)
    parent.beat(RowState.READY)
    parent.set("policy_reload_success", 1)
    parent.set("policy_reload_timestamp_seconds", NOW - 5)
    worker.beat(RowState.READY)
    worker.set("relay_up", 1)
    worker.set("relay_answered_timestamp_seconds", NOW - 5)
    worker.set("ledger_up", 1)
    worker.set("outbox_up", 1)
    return parent, worker


def ask(board: Board, directory: Path, *places: Place) -> Checks:
    settings = Asked(Directory(directory), Relay(places or (Place(port=closed_port()),)))
    return readiness(settings, board, lambda: NOW)()


def test_all_is_well(tmp_path: Path) -> None:
    board = Board(1)
    well(board)
    checks = ask(board, tmp_path)
    assert list(checks) == ["workers", "policies", "relay", "ledger", "outbox", "disk"]
    assert all(state is True for state in checks.values())


def test_nothing_has_started(tmp_path: Path) -> None:
    checks = ask(Board(1), tmp_path)
    assert checks["workers"] == "none is ready"
    assert checks["policies"] == "are not loaded"
    assert checks["relay"] == "does not answer"


def test_one_worker_is_enough_and_the_lack_is_told(tmp_path: Path) -> None:
    board = Board(2)
    well(board)
    assert ask(board, tmp_path)["workers"] == Degraded("1 of 2 are ready")
    assert isinstance(ask(board, tmp_path)["workers"], Degraded)


def test_a_service_that_stops_is_not_ready(tmp_path: Path) -> None:
    board = Board(1)
    parent, _ = well(board)
    parent.beat(RowState.DRAINING)
    assert ask(board, tmp_path)["workers"] == "the service is stopping"


def test_a_failed_reload_is_told_and_no_more(tmp_path: Path) -> None:
    board = Board(1)
    parent, _ = well(board)
    parent.set("policy_reload_success", 0)
    assert isinstance(ask(board, tmp_path)["policies"], Degraded)


@pytest.mark.parametrize("key", ["ledger_up", "outbox_up"])
def test_a_dead_store_is_told_and_no_more_since_mail_out_of_scope_flows(tmp_path: Path, key: str) -> None:
    board = Board(1)
    _, worker = well(board)
    worker.set(key, 0)
    assert isinstance(ask(board, tmp_path)[key.removesuffix("_up")], Degraded)


def test_a_state_folder_that_is_away_is_told_and_no_more(tmp_path: Path) -> None:
    board = Board(1)
    well(board)
    assert isinstance(ask(board, tmp_path / "away")["disk"], Degraded)


def test_a_full_disk_is_told_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FREE_OCTETS", 2**80)
    board = Board(1)
    well(board)
    assert isinstance(ask(board, tmp_path)["disk"], Degraded)


def test_a_read_only_file_system_is_told_and_no_more() -> None:
    board = Board(1)
    well(board)
    assert ask(board, Path("/proc/sys"))["disk"] is not True


@pytest.mark.parametrize(("up", "age"), [(0, 5), (1, 3600)])
def test_a_relay_of_which_traffic_tells_nothing_good_is_asked(tmp_path: Path, up: int, age: int) -> None:
    board = Board(1)
    _, worker = well(board)
    worker.set("relay_up", up)
    worker.set("relay_answered_timestamp_seconds", NOW - age)
    assert ask(board, tmp_path)["relay"] == "does not answer"
    with relay(b"220 relay.example.org ESMTP\r\n") as place:
        assert ask(board, tmp_path, place)["relay"] is True
        assert ask(board, tmp_path, Place(port=closed_port()), place)["relay"] is True
    with relay(b"421 4.3.2 later\r\n") as place:
        assert ask(board, tmp_path, place)["relay"] == "does not answer"


# --- livez ---------------------------------------------------------------------------------------


def test_living_processes() -> None:
    board = Board(1)
    well(board)
    assert livez(board) == {"parent": True, "worker 1": True}


def test_a_worker_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    board = Board(1)
    well(board)
    monkeypatch.setattr(module, "STALE_SECONDS", 0.0)
    checks = livez(board)
    assert str(checks["worker 1"]).startswith("gave no sign of life")
    assert not isinstance(checks["worker 1"], Degraded)


def test_a_worker_that_is_started_again_is_no_failure_of_the_whole() -> None:
    board = Board(2)
    well(board)
    assert isinstance(livez(board)["worker 2"], Degraded)
    assert "workers" not in livez(board)


def test_no_worker_at_all() -> None:
    board = Board(1)
    well(board)
    board.clear_row(1)
    assert livez(board)["workers"] == "none is running"
