"""Somebody's running cluster in place of a control plane of our own."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import tempfile
from pathlib import Path

from support import binaries
from support.cluster import Cluster


class RestartImpossibleError(Exception):
    """The API server belongs to somebody else's cluster."""


class GivenCluster(Cluster):
    """The cluster of the user's current kubeconfig context, with whatever rights that has.

    `admin_token` is empty when the context authenticates by other means, such as a client certificate.
    """

    def __init__(self) -> None:
        view = ("config", "view", "--raw", "--minify", "--flatten", "-o", "json")
        shown = subprocess.run([str(binaries.find("kubectl")), *view], capture_output=True, check=True)
        config = json.loads(shown.stdout)
        server = config["clusters"][0]["cluster"]
        workspace = Path(tempfile.mkdtemp(prefix="mailseal-cluster-"))
        kubeconfig = workspace / "kubeconfig.json"
        kubeconfig.touch(mode=0o600)
        kubeconfig.write_text(json.dumps(config))
        ca_file = workspace / "ca.crt"
        ca_file.write_bytes(base64.b64decode(server["certificate-authority-data"]))
        super().__init__(
            kubeconfig=kubeconfig,
            url=server["server"],
            ca_file=ca_file,
            admin_token=config["users"][0]["user"].get("token", ""),
            workspace=workspace,
        )

    def restart_apiserver(self) -> None:
        """Refuse: the API server is not ours."""
        raise RestartImpossibleError(
            f"The API server at {self.url} is not ours to restart: unset MAILSEAL_TEST_USE_KUBECONFIG."
        )

    def stop(self) -> None:
        """Remove the files that were made for it; the cluster runs on."""
        shutil.rmtree(self.workspace, ignore_errors=True)
