"""A real Kubernetes control plane on loopback, without containers: etcd and kube-apiserver as processes.

What it is: the released API server with its storage, RBAC, admission, CRD validation (CEL), watches,
server-side apply and the TokenRequest API. What it is not: a cluster. There are no nodes, no scheduler and
no controller-manager, therefore

- no Pod runs: a Deployment is stored and nothing more;
- no garbage collector: objects with an ownerReference outlive their owner;
- no namespace controller: a deleted Namespace stays `Terminating` with all that is in it, so tests use
  fresh namespaces and leave them;
- no ServiceAccount controller: a namespace has no `default` ServiceAccount, and the ServiceAccount admission
  plugin, which would refuse Pods for that, is off.

With MAILSEAL_TEST_USE_KUBECONFIG=1 the cluster of KUBECONFIG is used instead and left running; the tests
create and change cluster-wide objects in it (CRDs, ClusterRoles).

Nothing here needs pytest: `with controlplane.running() as cluster: ...`
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from support import binaries
from support.certificates import issue_server_certificate, write_private_key
from support.cluster import Cluster, write_kubeconfig
from support.givencluster import GivenCluster
from support.processes import bound_to_parent, end

_START_SECONDS = 90
_POLL_SECONDS = 0.05
_LOG_TAIL_LINES = 30
_LOOPBACK = "127.0.0.1"
_ETCD_SOCKET = "unix://etcd.sock"
"""In the working directory of both processes: an absolute path may be longer than a socket's name can be."""


class ControlPlaneFailedError(Exception):
    """The control plane did not start; the message holds the end of the process's log."""


@contextmanager
def running(report: binaries.Report = binaries.to_stderr) -> Iterator[Cluster]:
    """A control plane for the length of a block. See the module's docstring for what it can do."""
    cluster = start(report)
    try:
        yield cluster
    finally:
        cluster.stop()


def start(report: binaries.Report = binaries.to_stderr) -> Cluster:
    """Start a control plane, or use the given one, and return when it is ready to serve.

    Raises `BinaryUnavailableError` when a program cannot be had, `ControlPlaneFailedError` when one fails.
    """
    if os.environ.get("MAILSEAL_TEST_USE_KUBECONFIG") == "1":
        return GivenCluster()
    programs = {name: binaries.find(name, report) for name in ("etcd", "kube-apiserver", "kubectl")}
    return ControlPlane(etcd=programs["etcd"], apiserver=programs["kube-apiserver"])


class ControlPlane(Cluster):
    """An etcd and a kube-apiserver of our own, which end with this process however it ends."""

    def __init__(self, *, etcd: Path, apiserver: Path) -> None:
        workspace = Path(tempfile.mkdtemp(prefix="mailseal-controlplane-"))
        self._reservation = _reserve_port()
        self._port = self._reservation.getsockname()[1]
        self._certificate = issue_server_certificate(
            workspace, _LOOPBACK, "localhost", "kubernetes.default.svc"
        )
        url = f"https://{_LOOPBACK}:{self._port}"
        token = secrets.token_urlsafe(32)
        super().__init__(
            kubeconfig=write_kubeconfig(
                workspace / "kubeconfig.json", url=url, ca_file=self._certificate.ca_file, token=token
            ),
            url=url,
            ca_file=self._certificate.ca_file,
            admin_token=token,
            workspace=workspace,
        )
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._apiserver_command = [str(apiserver), *self._apiserver_flags()]
        try:
            self._launch("etcd", [str(etcd), *self._etcd_flags()])
            self._start_apiserver()
        except BaseException:
            self.stop()
            raise

    def restart_apiserver(self) -> None:
        """Stop the API server, which cuts every watch, and start it again on the same port and data."""
        end(self._processes.pop("kube-apiserver"))
        self._start_apiserver()

    def stop(self) -> None:
        """End both processes and remove their data."""
        for process in reversed(self._processes.values()):
            end(process)
        self._processes.clear()
        self._reservation.close()
        shutil.rmtree(self.workspace, ignore_errors=True)

    def _etcd_flags(self) -> list[str]:
        return [
            "--data-dir=etcd",
            f"--listen-client-urls={_ETCD_SOCKET}",
            f"--advertise-client-urls={_ETCD_SOCKET}",
            f"--listen-peer-urls=http://{_LOOPBACK}:0",
            "--unsafe-no-fsync",
            "--log-level=warn",
        ]

    def _apiserver_flags(self) -> list[str]:
        tokens = self.workspace / "tokens.csv"
        tokens.touch(mode=0o600)
        tokens.write_text(f"{self.admin_token},admin,admin,system:masters\n")
        account_key = self.workspace / "service-account.key"
        write_private_key(account_key, ec.generate_private_key(ec.SECP256R1()))
        return [
            f"--etcd-servers={_ETCD_SOCKET}",
            f"--bind-address={_LOOPBACK}",
            f"--secure-port={self._port}",
            "--permit-port-sharing",
            f"--tls-cert-file={self._certificate.cert_file}",
            f"--tls-private-key-file={self._certificate.key_file}",
            f"--token-auth-file={tokens}",
            f"--service-account-key-file={account_key}",
            f"--service-account-signing-key-file={account_key}",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--service-cluster-ip-range=10.0.0.0/24",
            "--authorization-mode=RBAC",
            "--disable-admission-plugins=ServiceAccount",
        ]

    def _start_apiserver(self) -> None:
        self._launch("kube-apiserver", self._apiserver_command)
        deadline = time.monotonic() + _START_SECONDS
        while not (self._answers("/readyz") and self._answers("/api/v1/namespaces/default")):
            self._require_alive()
            if time.monotonic() > deadline:
                tail = self._log_tail("kube-apiserver")
                raise ControlPlaneFailedError(
                    f"kube-apiserver is not ready after {_START_SECONDS} s:\n{tail}"
                )
            time.sleep(_POLL_SECONDS)

    def _launch(self, name: str, command: list[str]) -> None:
        with self._log(name).open("ab") as log:
            self._processes[name] = subprocess.Popen(
                bound_to_parent(command),
                cwd=self.workspace,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def _answers(self, path: str) -> bool:
        request = urllib.request.Request(
            f"{self.url}{path}", headers={"Authorization": f"Bearer {self.admin_token}"}
        )
        context = ssl.create_default_context(cafile=str(self.ca_file))
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )
        try:
            with opener.open(request, timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            return False

    def _require_alive(self) -> None:
        for name, process in self._processes.items():
            if process.poll() is not None:
                raise ControlPlaneFailedError(
                    f"{name} ended with {process.returncode}:\n{self._log_tail(name)}"
                )

    def _log(self, name: str) -> Path:
        return self.workspace / f"{name}.log"

    def _log_tail(self, name: str) -> str:
        return "\n".join(self._log(name).read_text(errors="replace").splitlines()[-_LOG_TAIL_LINES:])


def _reserve_port() -> socket.socket:
    """Hold a free loopback port without listening, shared by SO_REUSEPORT with the API server alone.

    It stays held while the server restarts, and no other process can be given the same port meanwhile.
    """
    reservation = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    reservation.bind((_LOOPBACK, 0))
    return reservation
