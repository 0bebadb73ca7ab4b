"""The metrics' server: one thread and few descriptors, whatever its clients do."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from vfiotui.cli.live import metrics_server
from vfiotui.cli.live.metrics_server import CONNECTIONS, MetricsServer

TEXT = "a_metric 1\n# EOF\n"


class Served:
    def __init__(self, text: str = TEXT) -> None:
        self.server = MetricsServer("127.0.0.1", 0, "text/plain", lambda: text)
        self.port = self.server._listening.getsockname()[1]

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), 20)

    def scrape(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=20) as answer:
            return str(answer.read().decode())


@pytest.fixture
def served() -> Iterator[Served]:
    made = Served()
    yield made
    made.server.close()


def answer_to(served: Served, request: bytes) -> bytes:
    with served.connect() as client:
        client.sendall(request)
        found = b""
        with contextlib.suppress(ConnectionResetError):
            while data := client.recv(1 << 16):
                found += data
        return found


def test_slow_clients_keep_nobody_waiting_and_cost_no_thread(served: Served) -> None:
    threads = threading.active_count()
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(served.connect()) for _ in range(200)]
        for client in slow:
            with contextlib.suppress(OSError):
                client.send(b"GET / HTTP/1.1\r\nX: ")
        assert served.scrape() == TEXT
        assert len(served.server._clients) <= CONNECTIONS and threading.active_count() == threads
    assert served.scrape() == TEXT


def test_a_client_that_does_not_go_on_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics_server, "DEADLINE", 0.1)
    # More than the kernel's buffers hold.
    served = Served("x" * (64 << 20))
    with served.connect() as silent, served.connect() as greedy:
        greedy.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert silent.recv(1) == b"", "ended without an answer"
        found = 0
        with contextlib.suppress(ConnectionResetError):
            while data := greedy.recv(1):
                found += len(data)
                if not served.server._clients:
                    break
    assert not served.server._clients
    served.server.close()


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /../../etc/passwd HTTP/1.1\r\n\r\n", b"200 OK"),
        (b"HEAD / HTTP/1.0\r\n\r\n", b"200 OK"),
        (b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", b"405 Method Not Allowed"),
        (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", b"400 Bad Request"),
        (b"GET /\r\n\r\n", b"400 Bad Request"),
        (b"x" * 8192, b"400 Bad Request"),
        (b"\r\n\r\n", b"400 Bad Request"),
    ],
)
def test_what_is_asked_gets_its_status(served: Served, request_: bytes, status: bytes) -> None:
    answer = answer_to(served, request_)
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert (TEXT.encode() in answer) == request_.startswith(b"GET /.")
    assert served.scrape() == TEXT


def test_a_request_may_come_byte_by_byte(served: Served) -> None:
    with served.connect() as client:
        for byte in b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n":
            client.send(bytes([byte]))
        assert b"a_metric 1" in client.recv(1 << 16)


def test_without_a_descriptor_left_it_waits_and_serves_again() -> None:
    """In a process of its own that may hold few files."""
    code = f"""
import resource, socket, sys
sys.path.insert(0, {str(Path(__file__).parents[3])!r})
from vfiotui.cli.live.metrics_server import MetricsServer
resource.setrlimit(resource.RLIMIT_NOFILE, (24, 24))
server = MetricsServer("127.0.0.1", 0, "text/plain", lambda: "a 1\\n")
print(server._listening.getsockname()[1], flush=True)
sys.stdin.read()
server.close()
"""
    with subprocess.Popen([sys.executable, "-c", code], stdin=-1, stdout=-1, text=True) as child:
        assert child.stdout is not None and child.stdin is not None
        port = int(child.stdout.readline())
        held = [socket.create_connection(("127.0.0.1", port), 20) for _ in range(40)]
        # All that were accepted are dropped in turn for those that wait: the last ones reach it too.
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30) as answer:
            assert answer.read() == b"a 1\n"
        for client in held:
            client.close()
        child.stdin.close()
        assert child.wait(20) == 0
