"""A small HTTP server for one text: one thread, few connections, and no client that can hold it up.

It speaks as much of HTTP/1.1 (RFC 9112) as Prometheus and curl need: one GET or HEAD, one answer, the end.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

CONNECTIONS = 32
"""Clients at the same time; one more makes the oldest lose its connection."""
DEADLINE = 10.0
"""Seconds in which a client must have asked and taken its answer."""
REQUEST = 8192
"""Bytes of a request; Prometheus sends some hundreds."""
PAUSE = 0.5
"""Seconds in which no connection is accepted after the process had no descriptor for one."""


@dataclass(slots=True, eq=False)
class _Client:
    connection: socket.socket
    until: float
    asked: bytearray = field(default_factory=bytearray)
    answer: memoryview | None = None


class MetricsServer:
    """Serves what `text` gives at the moment of each request."""

    def __init__(self, host: str, port: int, kind: str, text: Callable[[], str]) -> None:
        """Listens at once; raises OSError or OverflowError where it cannot. `kind` is the content's MIME type."""
        self._kind = kind
        self._text = text
        self._clients: list[_Client] = []
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listening = socket.create_server((host.strip("[]"), port), family=family, backlog=CONNECTIONS)
        self._listening.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._end, self._ring = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._selector.register(self._end, selectors.EVENT_READ)
        self._selector.register(self._listening, selectors.EVENT_READ)
        self._paused_until = 0.0
        self._thread = threading.Thread(target=self._run, daemon=True, name="openmetrics")
        self._thread.start()

    def close(self) -> None:
        """Ends all connections and the thread."""
        os.write(self._ring, b"\0")
        self._thread.join()
        for client in list(self._clients):
            self._drop(client)
        self._selector.close()
        self._listening.close()
        os.close(self._end)
        os.close(self._ring)

    def _run(self) -> None:
        while True:
            ends = [c.until for c in self._clients] + ([self._paused_until] if self._paused_until else [])
            ready = self._selector.select(max(0.0, min(ends) - time.monotonic()) if ends else None)
            for key, _ in ready:
                if key.fd == self._end:
                    return
                if key.fileobj is self._listening:
                    self._accept()
                elif key.data in self._clients:
                    self._go_on(key.data)
            now = time.monotonic()
            for late in [c for c in self._clients if c.until <= now]:
                self._drop(late)
            if self._paused_until and self._paused_until <= now:
                self._paused_until = 0.0
                self._selector.register(self._listening, selectors.EVENT_READ)

    def _accept(self) -> None:
        try:
            connection, _ = self._listening.accept()
        except (BlockingIOError, ConnectionError):
            return
        except OSError:
            # No descriptor is left: the waiting client would wake this threfresh and again.
            if self._clients:
                self._drop(self._clients[0])
            self._selector.unregister(self._listening)
            self._paused_until = time.monotonic() + PAUSE
            return
        connection.setblocking(False)
        if len(self._clients) == CONNECTIONS:
            self._drop(self._clients[0])
        client = _Client(connection, time.monotonic() + DEADLINE)
        self._clients.append(client)
        self._selector.register(connection, selectors.EVENT_READ, client)

    def _go_on(self, client: _Client) -> None:
        try:
            if client.answer is None:
                self._hear(client)
            if client.answer is not None:
                client.answer = client.answer[client.connection.send(client.answer) :]
                if not client.answer:
                    with contextlib.suppress(OSError):
                        client.connection.shutdown(socket.SHUT_WR)
                    self._drop(client)
        except BlockingIOError:
            return
        except OSError:
            self._drop(client)

    def _hear(self, client: _Client) -> None:
        """Takes what a client asks; once that is whole, or no request, the answer is there."""
        data = client.connection.recv(REQUEST)
        if not data:
            raise ConnectionResetError
        client.asked += data
        head, whole, _ = bytes(client.asked).partition(b"\r\n\r\n")
        if not whole and len(client.asked) < REQUEST:
            return
        words = head.split(b"\r\n", 1)[0].split()
        if not whole or len(words) != 3 or not words[2].startswith(b"HTTP/1."):
            client.answer = self._answer("400 Bad Request", "text/plain", b"")
        elif words[0] not in (b"GET", b"HEAD"):
            client.answer = self._answer("405 Method Not Allowed", "text/plain", b"", "Allow: GET, HEAD")
        else:
            body = self._text().encode()
            client.answer = self._answer("200 OK", self._kind, body, body_too=words[0] == b"GET")
        self._selector.modify(client.connection, selectors.EVENT_WRITE, client)

    def _answer(self, status: str, kind: str, body: bytes, *more: str, body_too: bool = True) -> memoryview:
        lines = (f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *more)
        head = "\r\n".join([*lines, "Connection: close", "", ""])
        return memoryview(head.encode() + (body if body_too else b""))

    def _drop(self, client: _Client) -> None:
        self._clients.remove(client)
        with contextlib.suppress(OSError, KeyError, ValueError):
            self._selector.unregister(client.connection)
        client.connection.close()
