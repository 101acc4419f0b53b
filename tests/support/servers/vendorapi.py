"""An HTTP API of a vendor, served on loopback by this process, with faults put in between."""

from __future__ import annotations

import json
import ssl
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asked."""

    method: str
    path: str
    """Without query, percent-encoding undone."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Names in lower case."""
    content: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.content)


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server answers; bytes as they are, all else as JSON."""

    status: int
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)


Answering: TypeAlias = Callable[[Request], Reply]
Fault: TypeAlias = Callable[[Answering, Request], Reply | None]
"""Stands between a request and its answer; None cuts the connection."""


def instead(status: int, body: object = None, **headers: str) -> Fault:
    """Answer this and do nothing; `Retry_After` is the header Retry-After."""
    reply = Reply(status, body, {name.replace("_", "-"): value for name, value in headers.items()})
    return lambda _answering, _request: reply


def cut(_answering: Answering, _request: Request) -> None:
    """Close the connection and do nothing."""


def lose_the_reply(answering: Answering, request: Request) -> None:
    """Do what is asked, then close the connection without an answer."""
    answering(request)


def hold(until: threading.Event) -> Fault:
    """Answer only when the event is set."""

    def held(answering: Answering, request: Request) -> Reply:
        until.wait(30)
        return answering(request)

    return held


class VendorServer:
    """Answers with `answering`; `faults` are used up one for each request, in order."""

    def __init__(self, answering: Answering, tls: ssl.SSLContext | None = None) -> None:
        self.faults: deque[Fault] = deque()
        self.requests: list[Request] = []
        self.answering = answering
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._scheme = "http" if tls is None else "https"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Base URL."""
        return f"{self._scheme}://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._server.server_address[1])

    def reply(self, request: Request) -> Reply | None:
        """The answer to one request, or None for none."""
        with self._lock:
            self.requests.append(request)
            fault = self.faults.popleft() if self.faults else None
        return self._serialised(request) if fault is None else fault(self._serialised, request)

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def _serialised(self, request: Request) -> Reply:
        with self._lock:
            return self.answering(request)


def _handler(server: VendorServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60
        wbufsize = -1  # head and body in one packet: in two, the second waits for an acknowledgement

        def _serve(self) -> None:
            target = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            request = Request(
                method=self.command,
                path=unquote(target.path),
                query=dict(parse_qsl(target.query, keep_blank_values=True)),
                headers={name.lower(): value for name, value in self.headers.items()},
                content=self.rfile.read(length),
            )
            reply = server.reply(request)
            if reply is None:
                self.close_connection = True
                return
            content = reply.body if isinstance(reply.body, bytes) else _json(reply.body)
            self.send_response(reply.status)
            for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def __getattr__(self, name: str) -> Callable[[], None]:
            if name in {"do_GET", "do_POST", "do_PUT", "do_PATCH", "do_DELETE"}:
                return self._serve
            raise AttributeError(name)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
            """Nobody reads it."""

    return Handler


def _json(body: object) -> bytes:
    return b"" if body is None else json.dumps(body).encode()
