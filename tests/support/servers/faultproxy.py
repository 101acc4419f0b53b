"""An HTTP proxy on loopback that puts faults between a client and a server of ours, one request each."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class Kind(Enum):
    """What goes wrong."""

    ANSWER = auto()
    """The proxy answers by itself; the server never sees the request."""
    SLOW = auto()
    """The request passes after a while."""
    CUT = auto()
    """The connection is cut; the server never sees the request."""
    LOSE_REPLY = auto()
    """The server acts on the request, then the connection is cut."""


@dataclass(frozen=True)
class Request:
    """What a fault may be chosen by."""

    method: str
    path: str
    body: bytes
    headers: Mapping[str, str]


@dataclass
class Fault:
    """One fault, for the next `times` requests that it concerns."""

    kind: Kind
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    times: int = 1
    concerns: Callable[[Request], bool] = lambda _request: True


class FaultProxy:
    """Passes everything on to one server but for the faults. `headers` are added to what it passes on."""

    def __init__(self, upstream: tuple[str, int], headers: Mapping[str, str] | None = None) -> None:
        self.requests: list[Request] = []
        """All that arrived, also what faults kept back."""
        self._upstream = upstream
        self._headers = dict(headers or {})
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._connections: set[socket.socket] = set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where clients connect to."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def add(self, fault: Fault) -> None:
        """Put a fault behind those that wait."""
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Forget faults and requests."""
        with self._lock:
            self._faults.clear()
            self.requests.clear()

    def close(self) -> None:
        """End the proxy with its connections; slow requests end at once. A second time does nothing."""
        if self._closing.is_set():
            return
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        with self._lock:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _next_fault(self, request: Request) -> Fault | None:
        with self._lock:
            self.requests.append(request)
            fault = next((fault for fault in self._faults if fault.concerns(request)), None)
            if fault is not None:
                fault.times -= 1
                if not fault.times:
                    self._faults.remove(fault)
            return fault

    def _forward(self, request: Request) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(*self._upstream, timeout=60)
        try:
            connection.request(
                request.method, request.path, request.body, {**request.headers, **self._headers}
            )
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()
        finally:
            connection.close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one packet: in two, the second waits for an acknowledgement

            def handle(self) -> None:
                with proxy._lock:
                    proxy._connections.add(self.connection)
                with contextlib.suppress(OSError):
                    super().handle()
                with proxy._lock:
                    proxy._connections.discard(self.connection)

            def _handle(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                request = Request(self.command, self.path, body, dict(self.headers))
                fault = proxy._next_fault(request)
                if fault is None or fault.kind is Kind.SLOW:
                    proxy._closing.wait(fault.seconds if fault else 0)
                    self._answer(*proxy._forward(request))
                elif fault.kind is Kind.ANSWER:
                    self._answer(fault.status, dict(fault.headers), fault.body)
                else:
                    if fault.kind is Kind.LOSE_REPLY:
                        proxy._forward(request)
                    self.connection.shutdown(socket.SHUT_RDWR)
                    self.close_connection = True

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _handle  # noqa: N815 - names of http.server

            def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
                kept = {
                    name: value
                    for name, value in headers.items()
                    if name.lower() not in {"content-length", "transfer-encoding", "connection"}
                }
                try:
                    self.send_response(status)
                    for name, value in kept.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    self.close_connection = True  # the client did not wait

            def log_message(self, *_: Any) -> None:
                pass

        return Handler
