"""The operations port as Prometheus, probes and ill-mannered visitors meet it: a forked process on loopback."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import select
import signal
import socket
import ssl
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from shutil import which

import pytest

from gateway.telemetry.board import Board, Metrics, RowState
from gateway.telemetry.monitor import Patience, serve_monitor
from gateway.telemetry.protection import Protection, load_protection
from gateway.telemetry.readiness import Checks, Degraded

LONG = 30.0
"""More than anything here may take."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def checks(self) -> dict[str, str]:
        return dict(json.loads(self.body)["checks"])


@dataclass
class Port:
    """A monitor in its own process."""

    board: Board
    worker: Metrics
    number: int
    pid: int
    tls: ssl.SSLContext | None = None

    def get(self, path: str, *, method: str = "GET", **headers: str) -> Answer:
        if self.tls is None:
            connection = http.client.HTTPConnection("127.0.0.1", self.number, timeout=LONG)
        else:
            connection = http.client.HTTPSConnection("127.0.0.1", self.number, timeout=LONG, context=self.tls)
        with contextlib.closing(connection):
            connection.request(method, path, headers={k.replace("_", "-"): v for k, v in headers.items()})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())

    def raw(self, octets: bytes) -> bytes:
        with self.connect() as sock:
            sock.sendall(octets)
            return b"".join(iter(lambda: sock.recv(65536), b""))

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.number), LONG)

    def descriptors(self) -> int:
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))

    def at_rest(self) -> int:
        """Return the descriptors that are open when nobody visits."""
        self.get("/livez")
        last = -1
        while last != self.descriptors():
            last = self.descriptors()
            time.sleep(0.2)
        return last

    def threads(self) -> int:
        return len(list(Path(f"/proc/{self.pid}/task").iterdir()))


@contextlib.contextmanager
def serving(
    readiness: Callable[[Board], Checks] = lambda _: {},
    protection: Protection = Protection(),  # noqa: B008 - frozen
    patience: Patience = Patience(),  # noqa: B008 - frozen
) -> Iterator[Port]:
    board = Board(1, version="1.2.3")
    board.row(0).beat(RowState.READY)
    worker = board.row(1)
    worker.beat(RowState.READY)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        pid = os.fork()
        if pid == 0:
            try:
                serve_monitor([listener], board, lambda: readiness(board), protection, patience)
            finally:
                os._exit(0)
        number = listener.getsockname()[1]
    try:
        yield Port(board, worker, number, pid)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


@pytest.fixture(scope="module")
def port() -> Iterator[Port]:
    with serving(lambda board: {"relay": board.value("outbox_depth") == 0}) as running:
        yield running


def eventually(condition: Callable[[], bool]) -> bool:
    """Wait for ``condition``; tell whether it came."""
    deadline = time.monotonic() + LONG
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


# --- what is answered --------------------------------------------------------------------------


def test_metrics_show_what_another_process_counted(port: Port) -> None:
    port.worker.inc("judged", 41, front="milter")
    answer = port.get("/metrics")
    assert answer.status == 200
    assert b'utpost_judged_total{front="milter"} 41.0\n' in answer.body
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")


def test_openmetrics_where_it_is_accepted(port: Port) -> None:
    answer = port.get("/metrics", Accept="application/openmetrics-text;version=1.0.0;q=0.6,*/*;q=0.1")
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    assert answer.body.endswith(b"# EOF\n")


@pytest.mark.skipif(which("promtool") is None, reason="promtool (Debian package prometheus) is not installed")
def test_promtool_finds_nothing_to_say(port: Port) -> None:
    body = port.get("/metrics").body
    done = subprocess.run(["promtool", "check", "metrics"], input=body, capture_output=True, timeout=LONG, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")


def test_ready_and_unready_with_each_check() -> None:
    def readiness(board: Board) -> Checks:
        depth = board.value("outbox_depth")
        return {"relay": depth < 2 or "does not answer", "workers": depth < 3, "ledger": depth < 1 or Degraded("away")}

    wanted = [
        (200, "ready", {"relay": "ok", "workers": "ok", "ledger": "ok"}),
        (200, "degraded", {"relay": "ok", "workers": "ok", "ledger": "away"}),
        (503, "unready", {"relay": "does not answer", "workers": "ok", "ledger": "away"}),
        (503, "unready", {"relay": "does not answer", "workers": "failed", "ledger": "away"}),
    ]
    for depth, (status, word, checks) in enumerate(wanted):
        with serving(readiness) as port:
            port.worker.set("outbox_depth", depth)
            answer = port.get("/readyz")
            assert (answer.status, json.loads(answer.body)["status"]) == (status, word)
            assert answer.checks == checks
            assert answer.headers["Content-Type"] == "application/json"


def test_readiness_is_asked_anew_after_a_moment() -> None:
    with serving(lambda board: {"outbox": board.value("outbox_depth") == 0}) as port:
        assert port.get("/readyz").status == 200
        port.worker.set("outbox_depth", 1)
        assert eventually(lambda: port.get("/readyz").status == 503)


def test_alive(port: Port) -> None:
    answer = port.get("/livez")
    assert (answer.status, answer.checks) == (200, {"parent": "ok", "worker 1": "ok"})


def test_not_alive_when_no_worker_is_left() -> None:
    with serving() as port:
        port.board.clear_row(1)
        answer = port.get("/livez")
        assert (answer.status, answer.checks["workers"]) == (503, "none is running")


def test_an_index_for_people(port: Port) -> None:
    answer = port.get("/")
    assert answer.status == 200
    assert b"/metrics" in answer.body
    assert b"1.2.3" in answer.body
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; ")
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


def test_a_query_is_ignored(port: Port) -> None:
    assert port.get("/livez?verbose=1").status == 200


@pytest.mark.parametrize("path", ["/nothing", "/metrics/", "/../etc/passwd", "/%2e%2e/", "//metrics/x", "/livez%00"])
def test_all_else_is_404_and_is_not_repeated(port: Port, path: str) -> None:
    answer = port.get(path)
    assert (answer.status, answer.body) == (404, b"404 Not Found\n")


@pytest.mark.parametrize("path", ["/metrics", "/livez", "/readyz", "/", "/nothing"])
def test_head_is_get_without_a_body(port: Port, path: str) -> None:
    full, head = port.get(path), port.get(path, method="HEAD")
    assert (head.status, head.body) == (full.status, b"")
    assert head.headers["Content-Type"] == full.headers["Content-Type"]
    assert int(head.headers["Content-Length"]) > 0


def test_an_answer_tells_nothing_about_the_server(port: Port) -> None:
    for path in ("/metrics", "/nothing"):
        answer = port.get(path)
        assert "Server" not in answer.headers
        assert b"Python" not in answer.body
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (b"POST /metrics HTTP/1.1\r\nContent-Length: 5\r\n\r\nhallo", b"501"),
        (b"BREW / HTTP/1.1\r\n\r\n", b"501"),
        (b"GET / HTTP/9.9\r\n\r\n", b"505"),
        (b"nonsense\r\n", b"400"),
        (b"GET /" + b"x" * 70000 + b" HTTP/1.1\r\n\r\n", b"414"),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n", b"431"),
        (b"GET / HTTP/1.1\r\nA: " + b"b" * 70000 + b"\r\n\r\n", b"431"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n", b"400"),
    ],
)
def test_what_is_no_request_is_refused_without_repeating_it(port: Port, octets: bytes, code: bytes) -> None:
    answer = port.raw(octets)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith((b"HTTP/1.1 " + code, b""))
    assert code in answer
    assert b"xxx" not in answer
    assert b"BREW" not in answer
    assert len(body) < 100
    assert port.get("/livez").status == 200


def test_a_check_that_fails_by_itself_shows_nothing_of_its_inside() -> None:
    def readiness(_: Board) -> Checks:
        raise RuntimeError("hemligt")

    with serving(readiness) as port:
        for _ in range(2):
            answer = port.get("/readyz")
            assert (answer.status, answer.body) == (500, b"500 Internal Server Error\n")
        assert port.get("/metrics").status == 200


# --- who may read ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wishes:
    certificate: Path | None = None
    private_key: Path | None = None
    password_file: Path | None = None


def test_a_password_where_one_is_asked_and_none_for_probes(tmp_path: Path) -> None:
    users = tmp_path / "users"
    users.write_text("prometheus:hemligt\n")
    token = base64.b64encode(b"prometheus:hemligt").decode()
    with serving(protection=load_protection(Wishes(password_file=users))) as port:
        for path in ("/metrics", "/", "/nothing"):
            refused = port.get(path)
            assert refused.status == 401
            assert refused.headers["WWW-Authenticate"].startswith("Basic")
        assert port.get("/metrics", Authorization=f"Basic {token}").status == 200
        assert port.get("/metrics", Authorization="Basic bm9ib2R5Ong=").status == 401
        assert [port.get(path).status for path in ("/livez", "/readyz")] == [200, 200]


@pytest.fixture
def certificate(tmp_path: Path) -> Wishes:
    if which("openssl") is None:
        pytest.skip("openssl is not installed")
    wishes = Wishes(certificate=tmp_path / "cert.pem", private_key=tmp_path / "key.pem")
    subprocess.run(
        [
            *(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-days",
                "1",
            ),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-out", str(wishes.certificate), "-keyout", str(wishes.private_key)),
        ],
        check=True,
        capture_output=True,
        timeout=LONG,
    )
    return wishes


def test_tls_where_it_is_wished(certificate: Wishes) -> None:
    patience = Patience(read=0.5, visit=1.0)
    with serving(protection=load_protection(certificate), patience=patience) as port:
        port.tls = ssl.create_default_context(cafile=str(certificate.certificate))
        assert port.get("/metrics").status == 200
        with contextlib.suppress(ConnectionResetError):
            assert b"utpost_" not in port.raw(b"GET /metrics HTTP/1.1\r\n\r\n")
        with port.connect() as silent:  # never begins its handshake
            assert silent.recv(100) == b""
        assert port.get("/livez").status == 200


# --- visitors without manners ------------------------------------------------------------------------


def test_a_silent_visitor_is_shown_out() -> None:
    with serving(patience=Patience(read=0.3)) as port, port.connect() as silent:
        assert silent.recv(100) == b""


def test_a_visitor_who_sends_one_octet_now_and_then_is_shown_out_all_the_same() -> None:
    with serving(patience=Patience(read=30, visit=0.5)) as port, port.connect() as slow:
        deadline = time.monotonic() + LONG
        with contextlib.suppress(ConnectionError):
            while time.monotonic() < deadline and not select.select([slow], [], [], 0.1)[0]:
                slow.sendall(b"G")
            slow.recv(100)
        assert time.monotonic() < deadline


def test_a_visitor_who_never_takes_the_answer_is_shown_out() -> None:
    with serving(patience=Patience(read=0.5, visit=1.0)) as port:
        before = port.at_rest()
        with socket.socket() as greedy:
            greedy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            greedy.connect(("127.0.0.1", port.number))
            greedy.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
            assert eventually(lambda: port.descriptors() > before)
            assert eventually(lambda: port.descriptors() <= before)


def test_visitors_who_hang_cannot_keep_others_out_and_threads_stay_few() -> None:
    with serving(patience=Patience(places=4, read=60, visit=60)) as port:
        hanging = [port.connect() for _ in range(40)]
        assert port.get("/metrics").status == 200
        assert port.get("/livez").status == 200
        assert port.threads() <= 8
        for sock in hanging:
            sock.close()


def test_visitors_who_break_off_leave_nothing_behind() -> None:
    with serving() as port:
        before = port.at_rest()
        for octets in (b"", b"GET", b"GET /metrics HTTP/1.1\r\n\r\n") * 20:
            with contextlib.suppress(ConnectionError), port.connect() as sock:
                sock.sendall(octets)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        assert eventually(lambda: port.descriptors() <= before)
        assert port.get("/metrics").status == 200


def test_a_readiness_that_hangs_is_told_and_hurts_nothing_else() -> None:
    def readiness(_: Board) -> Checks:
        time.sleep(600)
        return {}

    with serving(readiness, patience=Patience(readiness=0.3)) as port:
        for _ in range(2):
            answer = port.get("/readyz")
            assert (answer.status, answer.checks) == (503, {"readiness": "does not answer"})
        assert port.get("/metrics").status == 200


def test_many_ask_at_once(port: Port) -> None:
    def ask(_: int) -> list[int]:
        return [port.get(path).status for path in ("/metrics", "/livez", "/readyz") * 3]

    with ThreadPoolExecutor(8) as visitors:
        assert list(visitors.map(ask, range(8))) == [[200] * 9] * 8


# --- the end -----------------------------------------------------------------------------------------


def ended(pid: int, seconds: float = LONG) -> int | None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    return None


def test_sigterm_ends_it_although_visitors_hang_and_readiness_does_too() -> None:
    def readiness(_: Board) -> Checks:
        time.sleep(600)
        return {}

    with serving(readiness, patience=Patience(readiness=0.2, read=600, visit=600)) as port:
        hanging = [port.connect() for _ in range(3)]
        assert port.get("/readyz").status == 503
        os.kill(port.pid, signal.SIGTERM)
        assert ended(port.pid) == 0
        for sock in hanging:
            sock.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_what_is_meant_for_the_parent_does_not_end_it(number: signal.Signals) -> None:
    with serving() as port:
        assert port.get("/livez").status == 200
        os.kill(port.pid, number)
        assert port.get("/livez").status == 200


def test_it_does_not_outlive_its_parent() -> None:
    reading, writing = os.pipe()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        parent = os.fork()
        if parent == 0:
            if os.fork() == 0:
                os.close(reading)
                serve_monitor([listener], Board(1), dict)
                os._exit(0)
            time.sleep(0.5)
            os._exit(0)
    os.close(writing)
    assert ended(parent) == 0
    # The pipe has no writer when the monitor is gone.
    assert select.select([reading], [], [], LONG)[0]
    assert os.read(reading, 1) == b""
    os.close(reading)
