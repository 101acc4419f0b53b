"""The Kubernetes API over HTTP with an administrator's rights: quick enough to ask many times a second."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from support import binaries
from support.cluster import Cluster
from support.processes import bound_to_parent, end
from support.servers.process import wait_until

_START_SECONDS = 20
_ANSWER_SECONDS = 20

Body = dict[str, Any]


class ApiCallFailedError(AssertionError):
    """The API server answered something else than success or 404; the message shows both sides."""


class KubeHttp:
    """Calls through `kubectl proxy` on a socket file, so that any kind of credentials works."""

    def __init__(self, cluster: Cluster) -> None:
        self._socket = cluster.workspace / "proxy.sock"
        command = [str(binaries.find("kubectl")), "--kubeconfig", str(cluster.kubeconfig), "proxy"]
        self._process = subprocess.Popen(
            bound_to_parent([*command, "--unix-socket", str(self._socket)]),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def get(self, path: str) -> Body | None:
        """The object or list at `path`; None when there is none."""
        return self._call("GET", path)

    def delete(self, path: str) -> None:
        """Ask for the deletion of what is at `path`, an object or all of a collection, without waiting."""
        self._call("DELETE", path)

    def patch(self, path: str, change: Body) -> Body | None:
        """Merge `change` into the object at `path` (RFC 7396)."""
        return self._call("PATCH", path, change)

    def _call(self, method: str, path: str, body: Body | None = None) -> Body | None:
        connection = _SocketConnection(self._socket)
        try:
            headers = {"Content-Type": "application/merge-patch+json"} if body is not None else {}
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            response = connection.getresponse()
            content = response.read().decode()
        finally:
            connection.close()
        if response.status == http.client.NOT_FOUND:
            return None
        if not 200 <= response.status < 300:
            raise ApiCallFailedError(f"{method} {path} {body}: {response.status} {content}")
        return dict(json.loads(content))

    def __enter__(self) -> Self:
        wait_until(self._answers, _START_SECONDS, "kubectl proxy")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        end(self._process)
        self._socket.unlink(missing_ok=True)

    def _answers(self) -> bool:
        try:
            return self.get("/version") is not None
        except OSError:
            return False


class _SocketConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=_ANSWER_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))
