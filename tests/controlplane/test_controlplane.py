"""The test control plane itself: what the end-to-end tests, the demo and the benchmark lean on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support import binaries
from support import controlplane as control_planes
from support.cluster import Cluster, KubectlFailedError
from support.givencluster import RestartImpossibleError

TESTS = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def account_kubeconfig(controlplane: Cluster) -> Path:
    controlplane.kubectl("create", "serviceaccount", "nobody", "--namespace", "default")
    return controlplane.kubeconfig_for(controlplane.token_for("nobody", "default"))


def test_the_api_server_is_the_pinned_version(controlplane: Cluster) -> None:
    version = controlplane.kubectl("version", "--output=yaml").stdout
    assert (
        f"gitVersion: {binaries.PROGRAMS['kube-apiserver'].version}" in version.partition("serverVersion")[2]
    )


def test_a_service_account_token_authenticates_as_that_account(
    controlplane: Cluster, account_kubeconfig: Path
) -> None:
    whoami = controlplane.kubectl("auth", "whoami", kubeconfig=account_kubeconfig).stdout
    assert "system:serviceaccount:default:nobody" in whoami


def test_rbac_denies_what_was_never_granted(controlplane: Cluster, account_kubeconfig: Path) -> None:
    with pytest.raises(KubectlFailedError, match="Forbidden"):
        controlplane.kubectl("get", "secrets", "--namespace", "default", kubeconfig=account_kubeconfig)


def test_data_survives_a_restart_at_the_same_address(controlplane: Cluster) -> None:
    controlplane.kubectl("create", "configmap", "kept", "--namespace", "default", "--from-literal=a=b")
    controlplane.restart_apiserver()
    assert controlplane.get("configmap", "kept", "--namespace", "default")["data"] == {"a": "b"}


def test_a_given_cluster_is_used_and_left_running(
    controlplane: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAILSEAL_TEST_USE_KUBECONFIG", "1")
    monkeypatch.setenv("KUBECONFIG", str(controlplane.kubeconfig))
    with control_planes.running() as given:
        assert given.get("namespace", "default")["status"]["phase"] == "Active"
        with pytest.raises(RestartImpossibleError, match="not ours"):
            given.restart_apiserver()
    assert controlplane.get("namespace", "default")["status"]["phase"] == "Active"


def test_the_processes_end_when_their_owner_is_killed(tmp_path: Path) -> None:
    """Not even SIGKILL, which runs no clean-up, leaves an API server or an etcd behind."""
    script = (
        "import time\n"
        "from support import controlplane\n"
        "cluster = controlplane.start()\n"
        "print(*(process.pid for process in cluster._processes.values()), flush=True)\n"
        "time.sleep(600)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(TESTS), "TMPDIR": str(tmp_path)}
    owner = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert owner.stdout is not None
    with owner, owner.stdout:
        pids = [int(word) for word in owner.stdout.readline().split()]
        owner.send_signal(signal.SIGKILL)
    assert len(pids) == 2
    deadline = time.monotonic() + 10
    while remaining := [pid for pid in pids if _runs(pid)]:
        assert time.monotonic() < deadline, f"still running: {remaining}"
        time.sleep(0.05)


def test_a_failed_start_shows_the_end_of_the_log(tmp_path: Path) -> None:
    broken = tmp_path / "kube-apiserver"
    broken.write_text("#!/bin/sh\necho 'no such storage' >&2\nexit 3\n")
    broken.chmod(0o755)
    with pytest.raises(control_planes.ControlPlaneFailedError, match=r"(?s)ended with 3.*no such storage"):
        control_planes.ControlPlane(etcd=binaries.find("etcd"), apiserver=broken)


def _runs(pid: int) -> bool:
    """Whether the process exists and is more than a zombie that its new parent has not collected yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
