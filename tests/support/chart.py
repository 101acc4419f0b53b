"""The Helm chart as Kubernetes would get it: rendered by the real helm and applied to a control plane."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

from support import binaries
from support.cluster import Cluster

CHART = Path(__file__).resolve().parent.parent.parent / "charts" / "mailseal"
RELEASE = "mailseal"
NAMESPACE = "mailseal-system"
SERVICE_ACCOUNT = "mailseal"

Manifest = dict[str, Any]


class HelmFailedError(AssertionError):
    """helm refused the chart or its values; the message is helm's."""


def helm(*args: str) -> str:
    """Run the pinned helm, with the Kubernetes version that the tests have, and return its output."""
    version = binaries.PROGRAMS["kube-apiserver"].version
    command = [str(binaries.find("helm")), *args, "--kube-version", version]
    done = subprocess.run(command, text=True, capture_output=True, timeout=60, check=False)
    if done.returncode != 0:
        raise HelmFailedError(
            f"helm {' '.join(args)} ended with {done.returncode}:\n{done.stderr}{done.stdout}"
        )
    return done.stdout


def render_text(*args: str, release: str = RELEASE, namespace: str = NAMESPACE) -> str:
    """The chart's templates as YAML; `args` are further helm arguments such as `--set`."""
    return helm("template", release, str(CHART), "--namespace", namespace, *args)


def render(*args: str, release: str = RELEASE, namespace: str = NAMESPACE) -> list[Manifest]:
    """The chart's templates as objects."""
    documents = yaml.safe_load_all(render_text(*args, release=release, namespace=namespace))
    return [document for document in documents if document]


def notes(directory: Path, *args: str) -> str:
    """What helm tells who installs the chart, rendered by a copy of the chart in the new `directory`."""
    shutil.copytree(CHART, directory)
    including = 'notes: |\n{{ include (print $.Template.BasePath "/NOTES.txt") . | indent 2 }}\n'
    (directory / "templates" / "shown.yaml").write_text(including)
    where = ("--namespace", NAMESPACE, "--show-only", "templates/shown.yaml")
    return str(yaml.safe_load(helm("template", RELEASE, str(directory), *where, *args))["notes"])


def install(cluster: Cluster, *args: str, release: str = RELEASE, namespace: str = NAMESPACE) -> Path:
    """Apply the rendered chart and return a kubeconfig of its ServiceAccount.

    The namespace is made when it is not there. No Pod starts on the test control plane: the caller runs the
    operator as a process, with exactly the rights that the chart grants.
    """
    if cluster.kubectl("get", "namespace", namespace, check=False).returncode != 0:
        cluster.kubectl("create", "namespace", namespace)
    cluster.kubectl(
        "apply",
        "--server-side",
        "--filename",
        "-",
        input=render_text(*args, release=release, namespace=namespace),
    )
    (account,) = (
        item
        for item in render(*args, release=release, namespace=namespace)
        if item["kind"] == "ServiceAccount"
    )
    return cluster.kubeconfig_for(cluster.token_for(account["metadata"]["name"], namespace))
