"""A Kubernetes API that the tests may use: what can be asked of it, whoever started it."""

from __future__ import annotations

import itertools
import json
import subprocess
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

from support import binaries

CRDS = Path(__file__).resolve().parent.parent.parent / "crds"
_KUBECTL_SECONDS = 120


class KubectlFailedError(AssertionError):
    """kubectl ended with an error; the message shows the command and its output."""

    def __init__(self, args: tuple[str, ...], done: subprocess.CompletedProcess[str]) -> None:
        super().__init__(
            f"kubectl {' '.join(args)} ended with {done.returncode}:\n{done.stderr}{done.stdout}"
        )
        self.stderr = done.stderr


class Cluster(ABC):
    """An API server that `kubeconfig` reaches with an administrator's rights."""

    def __init__(
        self, *, kubeconfig: Path, url: str, ca_file: Path, admin_token: str, workspace: Path
    ) -> None:
        self.kubeconfig = kubeconfig
        self.url = url
        self.ca_file = ca_file
        """The PEM bundle that the API server's certificate verifies against."""
        self.admin_token = admin_token
        """A bearer token with an administrator's rights."""
        self.workspace = workspace
        """A directory for files made on demand; it goes away with the cluster."""
        self._numbers = itertools.count(1)

    def kubectl(
        self,
        *args: str,
        input: str | None = None,  # noqa: A002 - the name that subprocess.run has for it
        check: bool = True,
        kubeconfig: Path | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run the pinned kubectl as administrator, or as whoever `kubeconfig` names.

        Raises `KubectlFailedError` when `check` is on and the command fails.
        """
        command = [str(binaries.find("kubectl")), "--kubeconfig", str(kubeconfig or self.kubeconfig), *args]
        done = subprocess.run(
            command, input=input, text=True, capture_output=True, timeout=_KUBECTL_SECONDS, check=False
        )
        if check and done.returncode != 0:
            raise KubectlFailedError(args, done)
        return done

    def get(self, *args: str) -> Any:
        """What `kubectl get ... -o json` answers, parsed."""
        return json.loads(self.kubectl("get", *args, "-o", "json").stdout)

    def token_for(self, service_account: str, namespace: str) -> str:
        """A token of an existing ServiceAccount, valid for an hour, from the TokenRequest API."""
        return self.kubectl("create", "token", service_account, "--namespace", namespace).stdout.strip()

    def kubeconfig_for(self, token: str) -> Path:
        """A new kubeconfig for the same API server that authenticates with this token and nothing else."""
        return write_kubeconfig(
            self.workspace / f"kubeconfig-{next(self._numbers)}.json",
            url=self.url,
            ca_file=self.ca_file,
            token=token,
        )

    def install_crds(self) -> None:
        """Apply every CRD in `crds/` and wait until the API server serves them."""
        self.kubectl("apply", "--server-side", "--force-conflicts", "--filename", str(CRDS))
        self.kubectl("wait", "--for=condition=Established", "--timeout=60s", "--filename", str(CRDS))

    @abstractmethod
    def restart_apiserver(self) -> None:
        """Stop the API server and start it again with the same address and data."""

    @abstractmethod
    def stop(self) -> None:
        """Release what was started."""


def write_kubeconfig(path: Path, *, url: str, ca_file: Path, token: str) -> Path:
    """Write a kubeconfig, readable by its owner only, with one context that uses a bearer token."""
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "test", "cluster": {"server": url, "certificate-authority": str(ca_file)}}],
        "users": [{"name": "test", "user": {"token": token}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
        "current-context": "test",
    }
    path.touch(mode=0o600)
    path.write_text(json.dumps(config, indent=2))
    return path
